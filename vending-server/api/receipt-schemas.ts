/** What goes over the wire about receipts. */
import { z } from 'zod';
import { LANGUAGES, type Language } from '../language/catalogue.ts';
import { GIVEN_KINDS, PURPOSES } from '../receipt/facts.ts';
import { Line } from './sale-schemas.ts';
import { Block, Currency, Hex64, Minor, Text } from './schemas.ts';

const Format = z.enum(['json', 'text32', 'text48', 'pdf']);
export type ReceiptFormat = z.output<typeof Format>;

export const ReceiptQuery = z.strictObject({
  format: Format.optional(),
  lang: z.enum(LANGUAGES as [Language, ...Language[]]).optional(),
  /** 'true' for every print after the first: the mark of a copy. */
  copy: z.enum(['true', 'false']).optional(),
  paper: z.enum(['roll80', 'a4']).optional(),
});

const KeyId = z.string().regex(/^[0-9a-f]{16}$/);
const TokenNo = z.string().regex(/^[0-9]{20}$/);
const Shown = z.string().nullable();
const SealedFields = {
  keyId: KeyId,
  receiptNumber: z.string(),
  currency: Currency,
  paidMinor: Minor,
  tokensDigest: Hex64,
  receiptHash: Hex64,
};

const Token = z.discriminatedUnion('kind', [
  z.strictObject({
    kind: z.literal('credit'),
    reason: z.enum(['paid', 'free', 'freeIssue', 'replacement', 'transfer']),
    tokenNo: TokenNo,
    amount: z.discriminatedUnion('unit', [
      z.strictObject({ unit: z.literal('kWh'), amountDeciKwh: z.int() }),
      z.strictObject({ unit: z.literal('money'), amountHundredThousandth: z.int() }),
    ]),
  }),
  z.strictObject({ kind: z.literal('keyChange'), tokenNo: TokenNo, section: z.int(), of: z.int() }),
  z.strictObject({
    kind: z.literal('management'),
    tokenNo: TokenNo,
    /** The command, and what it sets. */
    purpose: z.enum(PURPOSES),
    values: z.record(z.string(), z.union([z.int(), z.boolean()])),
  }),
]);

export const ReceiptFactsOut = z.strictObject({
  receiptNumber: z.string(),
  vatInvoiceNumber: Shown,
  saleId: z.string(),
  soldAt: z.iso.datetime(),
  /** When the sale was taken back; absent from all others. */
  reversedAt: z.iso.datetime().optional(),
  timeZone: z.string(),
  utility: z.strictObject({
    name: z.string(),
    addressLines: z.array(z.string()),
    taxNumber: Shown,
    supportNumber: Shown,
  }),
  vendor: z.strictObject({ vendorId: z.string(), name: z.string(), addressLines: z.array(z.string()) }),
  operator: Shown,
  terminal: Shown,
  customer: z
    .strictObject({
      name: Shown,
      addressLines: z.array(z.string()),
      account: Shown,
      locationReference: Shown,
    })
    .nullable(),
  meter: z.strictObject({
    drn: z.string(),
    meterPan: z.string(),
    supplyGroupCode: z.string(),
    keyRevision: z.int(),
    tariffIndex: z.int(),
    encryptionAlgorithm: z.int().nullable(),
    tokenTechnology: z.string(),
    daysSinceLastPurchase: z.int().nullable(),
  }),
  tokens: z.array(Token),
  currency: Currency,
  paidMinor: Minor,
  lines: z.array(
    z.union([Line, z.strictObject({ kind: z.literal('rounding'), amountMinor: z.int(), taxMinor: z.int() })]),
  ),
  tariffName: z.string(),
  pricesIncludeVat: z.boolean(),
  debtsLeft: z.array(z.strictObject({ label: z.string(), balanceMinor: Minor })),
  cash: z.strictObject({ roundingMinor: z.int(), tenderedMinor: z.int(), changeMinor: z.int() }).nullable(),
  month: z
    .strictObject({ unitsDeciKwh: z.int(), before: Block, after: Block, resetsOn: z.iso.date() })
    .nullable(),
  carriedMinor: z.string(),
  message: Shown,
  /** What was given without money; absent for a sale. */
  given: z
    .strictObject({
      kind: z.enum(GIVEN_KINDS),
      reasonCode: Shown,
      reason: Shown,
      approvedBy: Shown,
      originalReceipt: Shown,
      oldMeter: Shown,
      isAboveSold: z.boolean(),
    })
    .optional(),
});

export const ReceiptAnswer = z.strictObject({
  format: z.literal('wattoken-receipt-1'),
  isCopy: z.boolean(),
  receipt: ReceiptFactsOut,
  seal: z.strictObject({ ...SealedFields, signature: z.string() }),
  qrText: z.string(),
});
/** Text, or the bytes of a file. */
export const ReceiptFile = z.string();

export const VerifyQuery = z.strictObject({ code: z.string().max(600) });
export const VerifyAnswer = z.strictObject({
  result: z.enum(['genuine', 'forged', 'unknownKey']),
  /** What was signed; null unless genuine, because nobody vouches for it. */
  sealed: z.strictObject(SealedFields).nullable(),
});

/** Why: it stands in the audit trail. */
export const ReceiptKeyBody = z.strictObject({ reason: Text });
export const ReceiptKeyAnswer = z.strictObject({ keyId: KeyId, publicKey: z.string() });
export const ReceiptKeysAnswer = z.strictObject({ currentKeyId: KeyId, keys: z.array(ReceiptKeyAnswer) });
