/**
 * What goes over the wire, once: these schemas check requests, and the OpenAPI document is made of them. Unknown fields are
 * refused, because a misspelt field that is ignored is a sale under other terms than the vendor meant.
 */
import { z } from 'zod';
import { FAULTS, type FaultCode } from '../../lib/faults.ts';
import { AMOUNT_MAX } from '../../lib/token/amount.ts';
import { SALE_KINDS, TENDERS } from '../store/money-contract.ts';
import { DECIMAL, ROUNDINGS } from '../tariff/money.ts';
import { SendTo } from './send-to.ts';

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

/** Money or units: exactly one of the two. */
const purchase = {
  meter: MeterNumber,
  paidMinor: z.int().min(1).max(MOST_MINOR).optional(),
  amountDeciKwh: z.int().min(1).max(AMOUNT_MAX).optional(),
  currency: Currency,
  /** Free units of the month that are due come with the sale unless this is false. */
  freeUnits: z.boolean().optional(),
  lookUpCode: z.string().max(20).optional(),
};
/** Who stands at which till, and what the customer handed over. */
export const desk = {
  operatorId: Id.optional(),
  tillId: Id.optional(),
  shiftId: Id.optional(),
  tender: z.enum(TENDERS).optional(),
  tenderedMinor: z.int().min(0).max(MOST_MINOR).optional(),
};
const asksOnce = ({ paidMinor, amountDeciKwh }: { paidMinor?: unknown; amountDeciKwh?: unknown }) =>
  (paidMinor === undefined) !== (amountDeciKwh === undefined);
export const ONE_OF_TWO = {
  message: 'Invalid request: expected paidMinor or amountDeciKwh',
  path: ['paidMinor'],
};

export const SaleBody = z
  .strictObject({ requestId: Id, ...purchase, ...desk, sendTo: SendTo.optional() })
  .refine(asksOnce, ONE_OF_TWO);
export const TrialBody = z.strictObject(purchase).refine(asksOnce, ONE_OF_TWO);

const Parts = { amountMinor: Minor, taxMinor: Minor };
export const Line = z.discriminatedUnion('kind', [
  z.strictObject({
    kind: z.literal('energy'),
    ...Parts,
    amountDeciKwh: z.int().min(0),
    steps: z.array(
      z.strictObject({ fromDeciKwh: z.int().min(0), amountDeciKwh: z.int().min(1), pricePerKwh: Decimal }),
    ),
  }),
  z.strictObject({ kind: z.literal('currency'), ...Parts, amountHundredThousandth: z.int().min(1) }),
  z.strictObject({ kind: z.literal('paymentFee'), ...Parts }),
  z.strictObject({
    kind: z.literal('arrears'),
    debtId: Id,
    label: Text,
    balanceMinor: Minor,
    ...Parts,
  }),
  z.strictObject({
    kind: z.literal('fixedCharge'),
    chargeId: Id,
    label: Text,
    paidThrough: z.string(),
    ...Parts,
  }),
]);
export const Block = z.strictObject({
  block: z.int().min(1),
  pricePerKwh: Decimal,
  leftDeciKwh: z.int().min(0).nullable(),
});
const BaseDates = z.enum(['93', '14', '35']);
export const KeyName = z.strictObject({
  decoderKeyAlgorithm: z.int(),
  supplyGroupCode: z.string().length(6),
  tariffIndex: z.int().min(0).max(99),
  keyRevision: z.int().min(1).max(9),
  keyType: z.int().min(0).max(3),
  baseDate: BaseDates,
  keyExpiry: z.int().min(0).max(255),
});
const KeyChange = z.strictObject({
  from: KeyName,
  to: KeyName,
  sections: z.int().min(2).max(4),
  rollOver: z.boolean(),
  /** What of the key is new; empty where an earlier set is given once more. */
  reasons: z.array(
    z.enum([
      'supplyGroupCode',
      'tariffIndex',
      'keyRevision',
      'keyType',
      'keyExpiry',
      'baseDate',
      'decoderKeyAlgorithm',
      'keyChangeNotConfirmed',
    ]),
  ),
});
export const picture = {
  /** Under whose key credit is made: after the key change, if there is one. */
  meter: z.strictObject({
    drn: z.string(),
    meterPan: z.string().length(18),
    supplyGroupCode: z.string().length(6),
    tariffIndex: z.int(),
    keyRevision: z.int(),
  }),
  currency: Currency,
  paidMinor: Minor,
  lines: z.array(Line),
  amountDeciKwh: z.int().min(0),
  freeDeciKwh: z.int().min(0),
  month: z.strictObject({ unitsDeciKwh: z.int().min(0), blockBefore: Block, blockAfter: Block }).nullable(),
  carriedMinor: z.string(),
  keyChange: KeyChange.nullable(),
};

export const TrialAnswer = z.strictObject({
  vendorId: Id,
  ...picture,
  lookUpCode: z.string(),
  isCovered: z.boolean(),
});

const digits = { tokenNo: z.string().regex(/^[0-9]{20}$/), tokenNoGrouped: z.string() };
const tidMinutes = z.int().min(0).max(0xff_ffff);
const reason = z.enum(['paid', 'free', 'freeIssue', 'replacement', 'transfer']);
/** In the order in which they are keyed in: sections of a key change first. */
const Token = z.discriminatedUnion('kind', [
  z.strictObject({
    kind: z.literal('keyChange'),
    ...digits,
    section: z.int().min(1).max(4),
    of: z.int().min(2).max(4),
  }),
  z.strictObject({
    kind: z.literal('creditElectricity'),
    ...digits,
    reason,
    amountDeciKwh: z.int(),
    amountKwh: Decimal,
    tidMinutes,
  }),
  z.strictObject({
    kind: z.literal('currencyCredit'),
    ...digits,
    reason,
    amountHundredThousandth: z.int(),
    amount: Decimal,
    tidMinutes,
  }),
  z.strictObject({
    kind: z.literal('management'),
    ...digits,
    token: z.looseObject({ kind: z.string() }),
    tidMinutes,
  }),
]);

export const SaleAnswer = z.strictObject({
  saleId: z.string(),
  requestId: Id,
  soldAt: z.iso.datetime(),
  vendorId: z.string(),
  ...picture,
  kind: z.enum(SALE_KINDS),
  operator: z.string().nullable(),
  terminal: z.string().nullable(),
  shiftId: z.string().nullable(),
  tender: z.enum(TENDERS).nullable(),
  cash: z
    .strictObject({ roundingMinor: z.int(), tenderedMinor: Minor, changeMinor: z.int().min(0) })
    .nullable(),
  daysSinceLastPurchase: z.int().min(0).nullable(),
  debtsLeft: z.array(z.strictObject({ label: Text, balanceMinor: Minor })),
  reason: z.string().nullable(),
  approvedBy: z.string().nullable(),
  /** By one of the utility's own words; beside `reason`. */
  reasonCode: z.string().optional(),
  /** The token that a replacement stands for. */
  replaces: z
    .strictObject({
      saleId: z.string(),
      token: z.int().min(1),
      soldAt: z.iso.datetime(),
      receiptNumber: z.string(),
    })
    .optional(),
  /** Whose place the meter took, and what came with it. */
  changeOut: z
    .strictObject({
      oldMeter: z.strictObject({ drn: z.string(), meterPan: z.string().length(18) }),
      remaining: z.union([
        z.strictObject({ amountDeciKwh: z.int().min(0) }),
        z.strictObject({ amountMinor: Minor }),
      ]),
      isAboveSold: z.boolean(),
      debts: z.array(z.strictObject({ debtId: Id, from: Id, balanceMinor: Minor })),
    })
    .optional(),
  tokens: z.array(Token),
  /** The last entry of the sale in the chain; its other tokens have the counters before. */
  ledger: z.strictObject({ moduleId: z.string(), counter: z.int().min(1), entryHash: Hex64 }),
});

/** Of a token that is given to nobody any more. */
const withheld = { tokenNo: z.null(), tokenNoGrouped: z.null() };
const [KeyChangeToken, EnergyToken, MoneyToken, CommandToken] = Token.options;
export const ReversedSaleAnswer = SaleAnswer.extend({
  tokens: z.array(
    z.discriminatedUnion('kind', [
      KeyChangeToken.extend(withheld),
      EnergyToken.extend(withheld),
      MoneyToken.extend(withheld),
      CommandToken.extend(withheld),
    ]),
  ),
  reversed: z.strictObject({ at: z.iso.datetime(), reason: z.string() }),
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
  baseDate: BaseDates,
  tariffId: Id,
};
export const KeyExpiry = z.int().min(0).max(255);
export const MeterBody = z.strictObject({
  meter: MeterNumber,
  ...meterAttributes,
  /** TCT, 1 for a magnetic card; a keypad when left out. */
  tokenCarrierType: z.int().min(0).max(99).optional(),
  /** KEN that the meter is known to hold; that of its vending key when left out. */
  keyExpiry: KeyExpiry.nullable().optional(),
  /** Whether an EA07 meter keeps its supply group, and takes a third section of a key change. */
  storesSupplyGroup: z.boolean().optional(),
});
export const MeterAnswer = z.strictObject({
  meterPan: z.string().length(18),
  drn: z.string(),
  ...meterAttributes,
  tokenCarrierType: z.int().min(0).max(99),
  keyExpiry: KeyExpiry.nullable(),
  storesSupplyGroup: z.boolean(),
  /** What the key shall be made of from the next key change on. */
  wantedKey: z
    .strictObject({ supplyGroupCode: z.string().length(6), tariffIndex: z.int().min(0).max(99) })
    .nullable(),
  /** The last key change that was issued and that nobody has confirmed. */
  issuedKeyChange: z
    .strictObject({
      saleId: z.string(),
      changedAt: z.int(),
      from: KeyName,
      to: KeyName,
      threeSections: z.boolean(),
    })
    .nullable(),
  /** MeterPAN of the meter that took this one's place; nothing is sold to this one any more. */
  replacedBy: z.string().nullable(),
  /** MeterPAN of the meter whose place this one took. */
  replaces: z.string().nullable(),
});

export const LookUpAnswer = z.strictObject({
  meter: MeterAnswer,
  lookUpCode: z.string(),
  /** Masked: a guard against the wrong meter. null where nobody is registered. */
  customer: z.strictObject({ name: z.string().nullable(), addressLines: z.array(z.string()) }).nullable(),
  canVend: z.boolean(),
  /** The fault that a sale would be refused with. */
  cannotVendBecause: z.enum(Object.keys(FAULTS) as [FaultCode, ...FaultCode[]]).nullable(),
  currency: Currency,
  minimumMinor: Minor,
  maximumMinor: Minor,
  /** What the rules of the day leave to this vendor, operator and meter; null where none bounds. */
  limits: z.strictObject({
    sales: z.int().min(0).nullable(),
    paidMinor: z.int().min(0).nullable(),
    amountDeciKwh: z.int().min(0).nullable(),
  }),
  arrears: z.array(z.strictObject({ debtId: Id, label: Text, balanceMinor: Minor })),
  chargesDue: z.array(z.strictObject({ chargeId: Id, label: Text, dueMinor: Minor })),
  freeUnitsDueDeciKwh: z.int().min(0),
  /** Whether free units come with a purchase alone. */
  freeUnitsOnlyWithSale: z.boolean(),
  monthUnitsDeciKwh: z.int().min(0),
  block: Block.nullable(),
  /** Whether the next sale begins with a key change. */
  keyChangeDue: z.boolean(),
  lastPurchaseAt: z.iso.datetime().nullable(),
});

const Price = Decimal.refine((text) => /[1-9]/.test(text), 'Invalid price: expected more than 0');
/** A fraction from 0 to 1. */
export const Rate = z.string().regex(/^(0(\.[0-9]{1,8})?|1(\.0{1,8})?)$/);
const DayBands = z.array(z.strictObject({ minute: z.int().min(0).max(1439), bandId: Id })).max(96);
const DayKinds = z.enum(['weekday', 'saturday', 'sunday']);
const Calendar = z.strictObject({
  bands: z
    .array(z.strictObject({ bandId: Id, label: Text, pricePerKwh: Price }))
    .min(1)
    .max(16),
  seasons: z
    .array(
      z.strictObject({
        begins: z.string().regex(/^(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])$/),
        days: z.strictObject({ weekday: DayBands, saturday: DayBands, sunday: DayBands }),
      }),
    )
    .max(12),
  specialDays: z.record(z.iso.date(), DayKinds).default({}),
});
const Energy = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('flat'), pricePerKwh: Price }),
  z.strictObject({
    kind: z.literal('blocks'),
    blocks: z
      .array(
        z.strictObject({ untilDeciKwh: z.int().min(1).max(1_000_000_000).nullable(), pricePerKwh: Price }),
      )
      .max(32),
  }),
  z.strictObject({ kind: z.literal('timeOfUse'), calendar: Calendar }),
]);
const Deduction = z.enum(['paymentFee', 'arrears', 'fixedCharges']);

export const TermsBody = z.strictObject({
  currency: Currency,
  /** IANA name; days and months are those of the wall clock there. */
  timeZone: z.string().min(1).max(60).default('UTC'),
  vatRate: Rate,
  pricesIncludeVat: z.boolean().default(false),
  energy: Energy,
  fixedCharges: z
    .array(
      z.strictObject({
        chargeId: Id,
        label: Text,
        per: z.enum(['day', 'month']),
        amountMinor: z.int().min(1).max(MOST_MINOR),
        isTaxed: z.boolean(),
      }),
    )
    .max(16)
    .default([]),
  paymentFeeMinor: Minor.default(0),
  freeUnitsDeciKwh: z.int().min(0).max(AMOUNT_MAX).default(0),
  freeUnitsFillBlocks: z.boolean().default(false),
  /** Free units come with a purchase alone; when left out they are also given by themselves. */
  freeUnitsOnlyWithSale: z.boolean().optional(),
  deductionOrder: z.array(Deduction).max(3).default(['paymentFee', 'arrears', 'fixedCharges']),
  deductionShare: Rate.default('1'),
  takesPaymentWithoutEnergy: z.boolean().default(false),
  energyRounding: z.enum(['carry', ...ROUNDINGS]).default('carry'),
  taxRounding: z.enum(ROUNDINGS).default('nearest'),
  minimumMinor: z.int().min(1).max(MOST_MINOR).default(1),
  maximumMinor: z.int().min(1).max(MOST_MINOR).default(1_000_000_000),
});
export const TariffBody = z.strictObject({
  tariffId: Id,
  /** From when on; a first version may leave it out and is in force at once. */
  validFrom: z.iso.datetime().optional(),
  terms: TermsBody,
});
export const TariffAnswer = z.strictObject({
  tariffId: Id,
  versions: z.array(z.strictObject({ validFrom: z.iso.datetime(), terms: TermsBody })),
});

export const TariffsAnswer = z.strictObject({
  tariffs: z.array(
    z.strictObject({
      tariffId: Id,
      currency: Currency,
      energy: z.enum(['flat', 'blocks', 'timeOfUse']),
      versions: z.int().min(1),
      /** Since when the version in force stands; null before the first one begins. */
      inForceSince: z.iso.datetime().nullable(),
      nextFrom: z.iso.datetime().nullable(),
    }),
  ),
  next: Id.nullable(),
});

export const DebtBody = z.strictObject({
  debtId: Id,
  label: Text,
  amountMinor: z.int().min(1).max(MOST_MINOR),
  currency: Currency,
  recovery: z.discriminatedUnion('kind', [
    z.strictObject({ kind: z.literal('fixed'), amountMinor: z.int().min(1).max(MOST_MINOR) }),
    z.strictObject({ kind: z.literal('percentage'), rate: Rate }),
    z.strictObject({ kind: z.literal('all') }),
  ]),
});
export const DebtAnswer = DebtBody;

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

/** A fingerprint names one certificate; a subject, by its common name, every one that the client authority issues to it. */
export const CertificateBody = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('fingerprint'), value: Hex64 }),
  z.strictObject({ kind: z.literal('subject'), value: Text }),
]);
export const CertificateAnswer = z.strictObject({
  vendorId: z.string(),
  certificates: z.array(CertificateBody),
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
  statement: z.string(),
  previousHash: Hex64,
  entryHash: Hex64,
  signature: z.string(),
});
const TokenSale = z.strictObject({
  saleId: z.string(),
  vendorId: z.string(),
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
    tidMinutes: z.int().min(0).max(0xff_ffff).nullable(),
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
  /** Fault codes of what somebody should look at while sales go on. */
  warnings: z.array(z.string()),
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
