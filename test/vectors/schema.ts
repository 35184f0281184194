/**
 * The shape of every file in `vectors/`: Wycheproof's skeleton, plus the clause a group is about, how much its source can
 * be trusted, and the middle values on the way to the result. The JSON Schemas beside the vectors are made from these.
 */
import { z } from 'zod';
import { meterFields } from './schema-of-meters.ts';
import { REQUEST_SCHEMAS, refused } from './schema-of-requests.ts';
import { common, digits, hex, keyAttributes, tokenNo } from './schema-parts.ts';

/** One test of each kind of file; the key is the schema's file name without its ending. */
export const TEST_SCHEMAS = {
  meter: z.strictObject({ ...common, ...meterFields }),
  ...REQUEST_SCHEMAS,
  'block-cipher': z.strictObject({
    ...common,
    key: z.string().regex(/^([0-9a-f]{16}){1,2}$/),
    msg: hex(16),
    ct: hex(16),
  }),
  'meter-number': z.strictObject({
    ...common,
    text: z.string(),
    meterPan: digits(18).optional(),
    drn: z.string().optional(),
    issuerNumber: z.string().optional(),
    manufacturerCode: z.string().optional(),
    ...refused,
  }),
  crc: z.strictObject({
    ...common,
    kind: z.enum(['crc', 'crcC']),
    tokenClass: z.int().min(0).max(3),
    /** Block bits 63-16. */
    msg: hex(12),
    /** The bytes that the CRC runs over. */
    input: z.string().regex(/^([0-9a-f]{2}){7,8}$/),
    crc: hex(4),
  }),
  amount: z.strictObject({
    ...common,
    units: z.number(),
    field: hex(4).optional(),
    /** What the field says, in the same units. */
    carried: z.int().optional(),
    ...refused,
  }),
  'token-identifier': z.strictObject({
    ...common,
    issued: z.string(),
    baseDate: z.string(),
    /** Of the last token of this meter, when that decides. */
    lastTidMinutes: z.int().optional(),
    tidMinutes: z.int().optional(),
    ...refused,
  }),
  'token-block': z.strictObject({
    ...common,
    encryptionAlgorithm: z.int(),
    /** Absent for class 1, which is never encrypted. */
    decoderKey: z.string().optional(),
    tokenClass: z.int().min(0).max(3),
    block: hex(16),
    encrypted: hex(16),
    crc: hex(4),
    token66: hex(17),
    tokenNo,
  }),
  'token-fields': z.strictObject({
    ...common,
    encryptionAlgorithm: z.int(),
    /** Absent for class 1, which is never encrypted. */
    decoderKey: z.string().optional(),
    /** The token's kind and fields in the names of `lib/token/kinds.ts`; amounts of currency as decimal text. */
    token: z.looseObject({ kind: z.string() }),
    block: hex(16),
    tokenNo,
  }),
  'key-change': z.strictObject({
    ...common,
    from: z.strictObject({ ...keyAttributes, decoderKey: z.string() }),
    to: z.strictObject({ ...keyAttributes, decoderKey: z.string() }),
    /** KEN of the new vending key. */
    keyExpiry: z.int().min(0).max(255),
    rollOver: z.boolean(),
    threeSections: z.boolean(),
    tokens: z
      .array(z.strictObject({ block: hex(16), tokenNo }))
      .min(2)
      .max(4),
  }),
  'credit-electricity': z.strictObject({
    ...common,
    ...keyAttributes,
    decoderKey: z.string(),
    issued: z.string(),
    tidMinutes: z.int(),
    rnd: z.int().min(0).max(15),
    /** kWh, as asked for. */
    amount: z.string(),
    amountDeciKwh: z.int(),
    carriedDeciKwh: z.int(),
    block: hex(16),
    crc: hex(4),
    token66: hex(17),
    tokenNo,
  }),
} as const;

export type SchemaName = keyof typeof TEST_SCHEMAS;
export type VectorTest<Name extends SchemaName> = z.infer<(typeof TEST_SCHEMAS)[Name]>;

/** Where a group comes from: printed by the owner of the document, agreed by a second implementation, or ours alone. */
const trust = z.enum(['published', 'second-implementation', 'ours-alone']);

function fileSchema(name: SchemaName) {
  return z.strictObject({
    algorithm: z.string(),
    schema: z.literal(`schemas/${name}.schema.json`),
    numberOfTests: z.int().min(1),
    notes: z.record(z.string(), z.strictObject({ description: z.string() })),
    testGroups: z.array(
      z.strictObject({
        clause: z.string(),
        source: z.strictObject({ name: z.string(), version: z.string(), trust }),
        tests: z.array(TEST_SCHEMAS[name]).min(1),
      }),
    ),
  });
}

export const FILE_SCHEMAS = Object.fromEntries(
  (Object.keys(TEST_SCHEMAS) as SchemaName[]).map((name) => [name, fileSchema(name)]),
) as Record<SchemaName, ReturnType<typeof fileSchema>>;

export interface VectorGroup<Name extends SchemaName> {
  readonly clause: string;
  readonly source: { readonly name: string; readonly version: string; readonly trust: z.infer<typeof trust> };
  readonly tests: readonly Omit<VectorTest<Name>, 'tcId'>[];
}

export interface VectorFile<Name extends SchemaName> {
  readonly algorithm: string;
  readonly schema: Name;
  readonly notes: Readonly<Record<string, string>>;
  readonly groups: readonly VectorGroup<Name>[];
}
