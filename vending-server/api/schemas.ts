/**
 * What goes over the wire, once: these schemas check requests, and the OpenAPI document is made of them. Unknown fields are
 * refused, because a misspelt field that is ignored is a sale under other terms than the vendor meant.
 */
import { z } from 'zod';
import { FAULTS, type FaultCode } from '../../lib/faults.ts';
import { DECIMAL, ROUNDINGS } from '../tariff/money.ts';

/** Most that one request may move, minor units: far above any payment and far below 2^53. */
export const MOST_MINOR = 1_000_000_000_000;

const Id = z.string().regex(/^[A-Za-z0-9._-]{1,64}$/);
const Currency = z.string().regex(/^[A-Z]{3}$/);
const Hex64 = z.string().regex(/^[0-9a-f]{64}$/);
const MeterNumber = z.string().min(11).max(40);
const Decimal = z.string().regex(DECIMAL);
/** Printable text of people; control characters and halves of a surrogate pair have no place in a book of accounts. */
const Text = z.string().regex(/^[^\p{Cc}\p{Cs}]{1,200}$/u);
const Minor = z.int().min(0).max(MOST_MINOR);

export const SaleBody = z.strictObject({
  requestId: Id,
  meter: MeterNumber,
  paidMinor: z.int().min(1).max(MOST_MINOR),
  currency: Currency,
});

const EnergyLine = z.strictObject({
  kind: z.literal('energy'),
  amountMinor: Minor,
  amountDeciKwh: z.int().min(1),
  pricePerKwh: Decimal,
});
const TaxLine = z.strictObject({ kind: z.literal('tax'), rate: Decimal, amountMinor: Minor });

export const SaleAnswer = z.strictObject({
  saleId: z.string(),
  requestId: Id,
  soldAt: z.iso.datetime(),
  vendorId: Id,
  meter: z.strictObject({
    drn: z.string(),
    meterPan: z.string().length(18),
    supplyGroupCode: z.string().length(6),
    tariffIndex: z.int(),
    keyRevision: z.int(),
  }),
  currency: Currency,
  paidMinor: Minor,
  lines: z.array(z.union([EnergyLine, TaxLine])),
  tokens: z.array(
    z.strictObject({
      kind: z.literal('creditElectricity'),
      tokenNo: z.string().regex(/^[0-9]{20}$/),
      tokenNoGrouped: z.string(),
      amountDeciKwh: z.int(),
      amountKwh: Decimal,
      tidMinutes: z.int().min(0).max(0xff_ffff),
    }),
  ),
  ledger: z.strictObject({ moduleId: z.string(), counter: z.int().min(1), entryHash: Hex64 }),
});

const meterAttributes = {
  /** 7 STA, 11 MISTY1; others are refused by name. */
  encryptionAlgorithm: z.int().min(0).max(99),
  /** 2 or 4; others are refused by name. */
  decoderKeyAlgorithm: z.int().min(0).max(99),
  supplyGroupCode: z.string().max(40),
  tariffIndex: z.int().min(0).max(99),
  keyRevision: z.int().min(1).max(9),
  keyType: z.int().min(0).max(3),
  baseDate: z.enum(['93', '14', '35']),
  tariffId: Id,
};
export const MeterBody = z.strictObject({ meter: MeterNumber, ...meterAttributes });
export const MeterAnswer = z.strictObject({
  meterPan: z.string().length(18),
  drn: z.string(),
  ...meterAttributes,
});

export const FlatTermsBody = z.strictObject({
  kind: z.literal('flat'),
  currency: Currency,
  pricePerKwh: Decimal.refine((text) => /[1-9]/.test(text), 'Invalid price: expected more than 0'),
  vatRate: z.string().regex(/^(0(\.[0-9]{1,8})?|1(\.0{1,8})?)$/),
  energyRounding: z.enum(ROUNDINGS).default('down'),
  taxRounding: z.enum(ROUNDINGS).default('nearest'),
  minimumMinor: z.int().min(1).max(MOST_MINOR).default(1),
  maximumMinor: z.int().min(1).max(MOST_MINOR).default(1_000_000_000),
});
export const TariffBody = z.strictObject({ tariffId: Id, terms: FlatTermsBody });
export const TariffAnswer = TariffBody;

export const VendorBody = z.strictObject({
  vendorId: Id,
  name: Text,
  currency: Currency,
  creditLimitMinor: Minor.default(0),
});
export const VendorAnswer = z.strictObject({
  vendorId: Id,
  name: Text,
  currency: Currency,
  creditLimitMinor: Minor,
  floatMinor: z.int(),
  /** Present once, when the vendor was opened by this request. */
  apiKey: z.string().optional(),
});

export const VendorKeyBody = z.strictObject({ label: Text });
export const VendorKeyAnswer = z.strictObject({ vendorId: Id, label: Text, apiKey: z.string() });

export const DepositBody = z.strictObject({
  requestId: Id,
  amountMinor: z.int().min(1).max(MOST_MINOR),
  currency: Currency,
  reference: Text,
});
export const DepositAnswer = z.strictObject({
  vendorId: Id,
  requestId: Id,
  amountMinor: Minor,
  currency: Currency,
  reference: Text,
  floatMinor: z.int(),
});

export const TokenQuestionBody = z.strictObject({ tokenNo: z.string().min(20).max(40) });
const LedgerStatement = z.strictObject({
  moduleId: z.string(),
  publicKey: z.string(),
  entries: z.int().min(0),
  headHash: Hex64,
});
const ChainEntry = z.strictObject({
  moduleId: z.string(),
  counter: z.int().min(1),
  saleDigest: Hex64,
  tokenDigest: Hex64,
  previousHash: Hex64,
  entryHash: Hex64,
  signature: z.string(),
});
const TokenSale = z.strictObject({
  saleId: z.string(),
  vendorId: Id,
  requestId: Id,
  soldAt: z.iso.datetime(),
  currency: Currency,
  paidMinor: Minor,
});
export const TokenVerdictAnswer = z.union([
  z.strictObject({
    ours: z.literal(true),
    state: z.enum(['released', 'unreleased']),
    counter: z.int().min(1),
    meterPan: z.string().length(18),
    tidMinutes: z.int().min(0).max(0xff_ffff),
    sale: TokenSale.nullable(),
    proof: z.array(ChainEntry),
    ledger: LedgerStatement,
  }),
  z.strictObject({ ours: z.literal(false), ledger: LedgerStatement }),
]);

export const HealthAnswer = z.strictObject({ status: z.literal('alive') });
export const ReadyAnswer = z.strictObject({
  status: z.literal('ready'),
  moduleId: z.string(),
  counter: z.int(),
});
export const OpenApiAnswer = z.looseObject({ openapi: z.string() });

export const ProblemAnswer = z.strictObject({
  type: z.string(),
  title: z.string(),
  status: z.int(),
  detail: z.string(),
  code: z.enum(Object.keys(FAULTS) as [FaultCode, ...FaultCode[]]),
  /** none: nothing happened; done: it is done already; unknown: ask again under the same request id. */
  outcome: z.enum(['none', 'done', 'unknown']),
  retry: z.enum(['never', 'same-key', 'later']),
  requestId: z.string(),
  param: z.string().optional(),
});
