/**
 * What goes over the wire, once: the schemas of this folder check requests, and the OpenAPI document is made of them. Unknown
 * fields are refused, because a misspelt field that is ignored is a sale under other terms than the vendor meant.
 *
 * Here stands what several of them are made of, and what the service says of itself.
 */
import { z } from 'zod';
import { FAULTS, type FaultCode } from '../../lib/faults.ts';
import { DECIMAL } from '../tariff/money.ts';

/** Most that one request may move, minor units: far above any payment and far below 2^53. */
export const MOST_MINOR = 1_000_000_000_000;

export const Id = z.string().regex(/^[A-Za-z0-9._-]{1,64}$/);
export const Currency = z.string().regex(/^[A-Z]{3}$/);
export const Hex64 = z.string().regex(/^[0-9a-f]{64}$/);
export const MeterNumber = z.string().min(11).max(40);
export const Decimal = z.string().regex(DECIMAL);
/** Printable text of people; control characters and halves of a surrogate pair have no place in a book of accounts. */
export const Text = z.string().regex(/^[^\p{Cc}\p{Cs}]{1,200}$/u);
export const Minor = z.int().min(0).max(MOST_MINOR);
/** A fraction from 0 to 1. */
export const Rate = z.string().regex(/^(0(\.[0-9]{1,8})?|1(\.0{1,8})?)$/);
export const Fault = z.enum(Object.keys(FAULTS) as [FaultCode, ...FaultCode[]]);
export const BaseDates = z.enum(['93', '14', '35']);
export const KeyExpiry = z.int().min(0).max(255);
export const KeyName = z.strictObject({
  decoderKeyAlgorithm: z.int(),
  supplyGroupCode: z.string().length(6),
  tariffIndex: z.int().min(0).max(99),
  keyRevision: z.int().min(1).max(9),
  keyType: z.int().min(0).max(3),
  baseDate: BaseDates,
  keyExpiry: KeyExpiry,
});
export const Block = z.strictObject({
  block: z.int().min(1),
  pricePerKwh: Decimal,
  leftDeciKwh: z.int().min(0).nullable(),
});

export const HealthAnswer = z.strictObject({ status: z.literal('alive') });
export const ReadyAnswer = z.strictObject({
  status: z.literal('ready'),
  moduleId: z.string(),
  counter: z.int(),
  /** Fault codes of what somebody should look at while sales go on. */
  warnings: z.array(z.string()),
});
export const OpenApiAnswer = z.looseObject({ openapi: z.string() });

export const ProblemAnswer = z.strictObject({
  type: z.string(),
  title: z.string(),
  status: z.int(),
  detail: z.string(),
  code: Fault,
  /** none: nothing happened; done: it is done already; unknown: ask again under the same request id. */
  outcome: z.enum(['none', 'done', 'unknown']),
  retry: z.enum(['never', 'same-key', 'later']),
  requestId: z.string(),
  param: z.string().optional(),
});
