/**
 * The adapter protocol: one JSON object a line in, one a line out, in the same order, `id` echoed. The README beside this
 * file documents it for people; these schemas decide. Ranges that the library checks are left to it, so that a refusal
 * carries the library's name for it.
 */
import { z } from 'zod';
import type { FaultCode } from '../../lib/faults.ts';

const hex = z
  .string()
  .max(128)
  .regex(/^([0-9a-fA-F]{2})*$/);
const code = z.int().min(0).max(255);
const baseDate = z.enum(['93', '14', '35']);

/** What comes back as it was sent. */
export const idSchema = z.union([z.string().max(200), z.number(), z.null()]);
export type RequestId = z.infer<typeof idSchema>;

const envelope = { id: idSchema.optional(), op: z.string() };

const keyFields = {
  /** 2 or 4; others are refused by name. */
  dkga: code,
  encryptionAlgorithm: code,
  vendingKey: hex,
  meterPan: z.string().max(40),
  supplyGroupCode: z.string().max(40),
  tariffIndex: z.int(),
  keyRevision: z.int(),
  keyType: z.int(),
  baseDate,
};

/** The fields of a token, as `encode` takes them; which of them a subclass needs, the README tells. */
export const tokenFields = {
  class: z.int().min(0).max(3),
  subclass: z.int().min(0).max(15),
  /** UTC, whole minutes. */
  issued: z
    .string()
    .regex(/^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}$/)
    .optional(),
  baseDate: baseDate.optional(),
  tidMinutes: z.int().optional(),
  rnd: z.int().optional(),
  /** kWh, m3, minutes, or units of the currency. */
  amount: z
    .string()
    .regex(/^-?\d{1,40}(\.\d{1,20})?$/)
    .optional(),
  watts: z.int().optional(),
  register: z.int().optional(),
  /** 16 bits raw. */
  value: z.int().min(0).max(0xffff).optional(),
  control: z
    .string()
    .regex(/^[0-9a-fA-F]{1,9}$/)
    .optional(),
  manufacturerCode: z.int().optional(),
  newDecoderKey: hex.optional(),
  keyExpiry: z.int().optional(),
  keyRevision: z.int().optional(),
  keyType: z.int().optional(),
  tariffIndex: z.int().optional(),
  supplyGroupCode: z.string().max(40).optional(),
  rollOver: z.boolean().optional(),
  threeSections: z.boolean().optional(),
};
export type TokenFields = z.infer<z.ZodObject<typeof tokenFields>>;

const cipherFields = { encryptionAlgorithm: code, key: hex, block: z.string().regex(/^[0-9a-fA-F]{16}$/) };

export const REQUESTS = {
  decoderKey: z.strictObject({ ...envelope, ...keyFields }),
  encrypt: z.strictObject({ ...envelope, ...cipherFields }),
  decrypt: z.strictObject({ ...envelope, ...cipherFields }),
  encode: z.strictObject({
    ...envelope,
    ...tokenFields,
    encryptionAlgorithm: code,
    /** Class 1 is clear and needs none. */
    decoderKey: hex.optional(),
  }),
  keyChange: z.strictObject({
    ...envelope,
    from: z.strictObject(keyFields),
    to: z.strictObject(keyFields),
    keyExpiry: z.int(),
    threeSections: z.boolean(),
  }),
  decode: z.strictObject({
    ...envelope,
    encryptionAlgorithm: code,
    decoderKey: hex,
    tokenNo: z.string().max(200),
    baseDate: baseDate.optional(),
  }),
  meterNew: z.strictObject({
    ...envelope,
    meterPan: z.string().max(40),
    encryptionAlgorithm: code,
    decoderKey: hex,
    keyType: z.int(),
    keyRevision: z.int(),
    keyExpiry: z.int(),
    supplyGroupCode: z.string().max(40),
    tariffIndex: z.int(),
    baseDate,
    tidMemory: z.array(z.int().min(0).max(0xff_ffff)).max(1000).optional(),
  }),
  meterEnter: z.strictObject({
    ...envelope,
    meter: z.string().max(200),
    tokenNo: z.string().max(200),
    /** Seconds since the meter was made. */
    at: z.number().min(0).max(1e12),
  }),
} as const;

export type Operation = keyof typeof REQUESTS;
export type Request<Name extends Operation> = z.infer<(typeof REQUESTS)[Name]>;
export type DecoderKeyFields = z.infer<z.ZodObject<typeof keyFields>>;

export interface Refusal {
  readonly id: RequestId;
  readonly error: { readonly code: FaultCode; readonly message: string };
}

/** What any program may answer; everything but the two members is read where it is expected. */
export const answerSchema = z.looseObject({
  id: idSchema.optional(),
  error: z.looseObject({ code: z.string().max(200), message: z.string().optional() }).optional(),
});
export type Answer = z.infer<typeof answerSchema>;
