/** The shapes of the files that say what is made of a request or of digits, and what is refused. */
import { z } from 'zod';
import { common, hex, keyAttributes, tokenNo } from './schema-parts.ts';

/**
 * How an invalid test is refused: a code of the fault table, or `RangeError` and `TypeError` for an argument that no caller
 * should hand over; `argument` then names it.
 */
export const refused = { fault: z.string().optional(), argument: z.string().optional() };

/** As `keyAttributes`, with values that must be refused. */
const askedAttributes = {
  ...keyAttributes,
  vendingKey: z.string().regex(/^([0-9a-f]{2})*$/),
  meterPan: z.union([z.string(), z.number()]),
  supplyGroupCode: z.union([z.string(), z.number()]),
  tariffIndex: z.union([z.string(), z.number()]),
  keyRevision: z.union([z.string(), z.number()]),
  keyType: z.union([z.string(), z.number()]),
};

export const REQUEST_SCHEMAS = {
  'decoder-key': z.strictObject({
    ...common,
    ...askedAttributes,
    /** What the algorithm authenticates or encrypts: 49 bytes for DKGA04, X for DKGA02. */
    keyInput: z.string().optional(),
    decoderKey: z.string().optional(),
    ...refused,
  }),
  'token-number': z.strictObject({
    ...common,
    /** As people type it. */
    text: z.string(),
    tokenNo: tokenNo.optional(),
    token66: hex(17).optional(),
    ...refused,
  }),
  'token-refusal': z.strictObject({
    ...common,
    encryptionAlgorithm: z.int(),
    /** The key that reads, not always the one that made the token. Absent for classes 1 and 3, read as they are. */
    decoderKey: z.string().optional(),
    tokenClass: z.int().min(0).max(3),
    /** What this key makes of it. */
    block: hex(16),
    /** The checksum that these fields ask for; the block's last four digits are the one that it carries. */
    crc: hex(4),
    tokenNo,
    /** What reading finds; no meter carries out any of them. */
    outcome: z.enum(['crcError', 'malformed', 'unsupported']),
  }),
  'token-request': z.strictObject({
    ...common,
    encryptionAlgorithm: z.int(),
    decoderKey: z.string().optional(),
    /** What is asked for, before any rounding, in the names of `lib/token/kinds.ts`; amounts of currency as decimal text. */
    request: z.looseObject({ kind: z.string() }),
    /** What the token carries. */
    carried: z.looseObject({ kind: z.string() }).optional(),
    tokenClass: z.int().min(0).max(2).optional(),
    block: hex(16).optional(),
    token66: hex(17).optional(),
    tokenNo: tokenNo.optional(),
    ...refused,
  }),
  'currency-amount': z.strictObject({
    ...common,
    /** Whole 0.00001 of the currency unit. */
    amountHundredThousandth: z.string().regex(/^-?[0-9]+$/),
    /** Sign in bit 3, the high three bits of the exponent in bits 2-0. */
    signAndExponent: hex(1).optional(),
    field: hex(4).optional(),
    carriedHundredThousandth: z
      .string()
      .regex(/^-?[0-9]+$/)
      .optional(),
    ...refused,
  }),
  'key-change-refusal': z.strictObject({
    ...common,
    from: z.strictObject(askedAttributes),
    to: z.strictObject(askedAttributes),
    keyExpiry: z.union([z.string(), z.number()]),
    threeSections: z.boolean(),
    ...refused,
  }),
} as const;
