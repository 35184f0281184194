/** A sale, the picture of one that is not made yet, and the tokens it gives. */
import { z } from 'zod';
import { AMOUNT_MAX } from '../../lib/token/amount.ts';
import { KEY_CHANGE_REASONS } from '../../lib/token/issue-plan.ts';
import { SALE_KINDS, TENDERS } from '../store/money-contract.ts';
import {
  Block,
  Currency,
  Decimal,
  Hex64,
  Id,
  KeyName,
  MeterNumber,
  Minor,
  MOST_MINOR,
  Text,
} from './schemas.ts';
import { SendTo } from './send-to.ts';

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
const KeyChange = z.strictObject({
  from: KeyName,
  to: KeyName,
  sections: z.int().min(2).max(4),
  rollOver: z.boolean(),
  /** What of the key is new; empty where an earlier set is given once more. */
  reasons: z.array(z.enum(KEY_CHANGE_REASONS)),
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
