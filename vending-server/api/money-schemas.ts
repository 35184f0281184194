/** What goes over the wire about the vendors' money, its limits and what was noticed. */
import { z } from 'zod';
import { ROUNDINGS } from '../tariff/money.ts';
import { Page } from './people-schemas.ts';
import { Currency, Decimal, Id, Minor, MOST_MINOR, Rate, Text } from './schemas.ts';

const Time = z.iso.datetime();
const Reason = Text.default('no reason given');
const Count = z.int().min(0);
const SignedMinor = z.int();
export const Month = z.string().regex(/^[0-9]{4}-(0[1-9]|1[0-2])$/);
export const Day = z.iso.date();
const SupplyGroup = z.string().regex(/^[0-9]{6}$/);

export const ReversalBody = z.strictObject({ reason: Reason });
export const FloatAnswer = z.strictObject({ vendorId: Id, floatMinor: SignedMinor });
export const CreditLimitBody = z.strictObject({ creditLimitMinor: Minor, reason: Reason });
export const CreditLimitAnswer = z.strictObject({ vendorId: Id, creditLimitMinor: Minor });

export const StatementAnswer = z.strictObject({
  entries: z.array(
    z.strictObject({
      entryId: z.int(),
      kind: z.enum(['sale', 'saleReversal', 'deposit', 'depositReversal', 'commission']),
      /** Sale id, also of what was taken back, request id of the deposit, or month of the commission. */
      reference: z.string(),
      at: Time,
      /** Below 0 for what leaves the float. */
      amountMinor: SignedMinor,
      /** The float after it. */
      balanceMinor: SignedMinor,
    }),
  ),
  next: z.int().nullable(),
});

/** Less what was taken back in the same span; below 0 where that is more. */
const totals = {
  sales: Count,
  reversals: Count,
  paidMinor: SignedMinor,
  energyMinor: SignedMinor,
  taxMinor: SignedMinor,
  arrearsMinor: SignedMinor,
  chargesMinor: SignedMinor,
  feesMinor: SignedMinor,
  amountDeciKwh: z.int(),
  /** What drawers took beyond `paidMinor` for want of small coins; below 0 in the customers' favour. */
  roundingMinor: SignedMinor,
};
const Totals = z.strictObject({
  all: z.strictObject(totals),
  rows: z.array(
    z.strictObject({ tender: z.string(), saleKind: z.string(), operatorId: z.string(), ...totals }),
  ),
});

export const ShiftBody = z.strictObject({
  shiftId: Id,
  tillId: Id,
  /** Whoever is signed in; a machine names him. */
  operatorId: Id.optional(),
});
const Shift = z.strictObject({
  shiftId: Id,
  vendorId: Id,
  operatorId: Id,
  tillId: Id,
  openedAt: Time,
  closedAt: Time.nullable(),
  closedBy: z.string().nullable(),
  countedMinor: Minor.nullable(),
});
export const ShiftAnswer = z.strictObject({
  shift: Shift,
  totals: Totals,
  /** What the drawer should hold of the shift: cash sold, as it was rounded to coins. */
  expectedMinor: SignedMinor,
  /** Cash counted less what is expected. */
  differenceMinor: SignedMinor.nullable(),
});
export const CloseShiftBody = z.strictObject({ countedMinor: Minor.nullable().default(null) });

const BatchKind = z.enum(['sales', 'banking']);
export const BatchBody = z.strictObject({
  batchId: Id,
  kind: BatchKind,
  /** The slip of the bank. */
  reference: z.string().max(200).default(''),
});
const Batch = z.strictObject({
  batchId: Id,
  kind: BatchKind,
  vendorId: Id,
  closedAt: Time,
  closedBy: z.string(),
  /** It holds what the statement shows after the one entry and through the other. */
  afterEntry: Count,
  throughEntry: Count,
  reference: z.string(),
});
export const BatchAnswer = z.strictObject({ batch: Batch, totals: Totals });
export const BatchesAnswer = z.strictObject({ batches: z.array(Batch), next: z.int().nullable() });
export const BatchQuery = z.strictObject({
  kind: BatchKind.default('sales'),
  before: z.coerce.number().int().min(0).max(Number.MAX_SAFE_INTEGER).optional(),
  ...Page,
});

const Band = z.strictObject({
  untilDeciKwh: z.int().min(1).max(Number.MAX_SAFE_INTEGER).nullable(),
  ratePerKwh: Decimal,
});
const Shape = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('perKwh'), ratePerKwh: Decimal }),
  z.strictObject({
    kind: z.literal('slidingScale'),
    applies: z.enum(['band', 'whole']),
    bands: z.array(Band).max(32),
  }),
  z.strictObject({ kind: z.literal('perToken'), token: z.enum(['freeBasic', 'magnetic']), fee: Decimal }),
  z.strictObject({ kind: z.literal('arrearsShare'), share: Rate }),
  z.strictObject({ kind: z.literal('ruralIncentive'), share: Rate }),
]);
export const CommissionTermsBody = z.strictObject({
  currency: Currency,
  shapes: z.array(Shape).min(1).max(16),
  priceStep: z
    .strictObject({
      month: z.string().regex(/^(0[1-9]|1[0-2])$/),
      rises: z.record(z.string().regex(/^[0-9]{4}$/), Rate),
      baseMonth: Month,
    })
    .nullable()
    .default(null),
  rounding: z.enum(ROUNDINGS).default('down'),
});
export const CommissionBody = z.strictObject({
  fromMonth: Month,
  terms: CommissionTermsBody,
  reason: Reason,
});
export const CommissionTermsAnswer = z.strictObject({
  vendorId: Id,
  versions: z.array(z.strictObject({ fromMonth: Month, terms: CommissionTermsBody })),
});
export const CommissionAnswer = z.strictObject({
  vendorId: Id,
  month: Month,
  currency: Currency,
  isOver: z.boolean(),
  isPaid: z.boolean(),
  /** Less what was taken back in the month. */
  figures: z.strictObject({
    amountDeciKwh: z.int(),
    freeBasicTokens: z.int(),
    magneticTokens: z.int(),
    arrearsMinor: SignedMinor,
  }),
  priceFactor: z.string(),
  lines: z.array(z.strictObject({ kind: z.string(), exactMinor: z.string(), amountMinor: Count })),
  totalMinor: Count,
});

const Sum = z.string().regex(/^-?[0-9]+$/);
export const DayEndBody = z.strictObject({ day: Day });
export const DayEndAnswer = z.strictObject({
  day: Day,
  closedAt: Time,
  closedBy: z.string(),
  figures: z.strictObject({
    day: Day,
    timeZone: z.string(),
    accounts: z.array(
      z.strictObject({
        account: z.string(),
        openingMinor: Sum,
        lateMinor: Sum,
        debitMinor: Sum,
        creditMinor: Sum,
        closingMinor: Sum,
      }),
    ),
    sales: Totals,
    ties: z.strictObject({ balanced: z.boolean(), salesTie: z.boolean() }),
  }),
});

export const LastDayEndAnswer = z.strictObject({ last: DayEndAnswer.nullable() });

/** null: all of them. */
export const SupplyGroupsBody = z.strictObject({ supplyGroups: z.array(SupplyGroup).max(1000).nullable() });
export const SupplyGroupsAnswer = z.strictObject({
  vendorId: Id,
  supplyGroups: z.array(SupplyGroup).nullable(),
});

const ruleBase = { effect: z.enum(['refuse', 'alarm']), vendorId: Id.nullable().default(null) };
const Scope = z.enum(['vendor', 'operator', 'meter']);
const Most = z.int().min(0).max(MOST_MINOR).nullable().default(null);
const Minute = z.int().min(0).max(1440);
export const RuleBody = z.discriminatedUnion('kind', [
  z.strictObject({
    kind: z.literal('dayLimit'),
    ...ruleBase,
    scope: Scope,
    salesMax: Most,
    paidMinorMax: Most,
    amountDeciKwhMax: Most,
  }),
  z.strictObject({
    kind: z.literal('velocity'),
    ...ruleBase,
    scope: Scope,
    closerThanMillis: z.int().min(1).max(86_400_000),
    afterSales: z.int().min(1).max(1_000_000),
  }),
  z.strictObject({ kind: z.literal('largeSale'), ...ruleBase, paidMinorMax: Minor }),
  z.strictObject({ kind: z.literal('openHours'), ...ruleBase, fromMinute: Minute, untilMinute: Minute }),
]);
const Rule = z.strictObject({ ruleId: Id, rule: RuleBody });
export const RuleAnswer = Rule;
export const RulesAnswer = z.strictObject({ rules: z.array(Rule) });

export const AlarmQuery = z.strictObject({
  open: z.enum(['true', 'false']).default('false'),
  before: z.coerce.number().int().min(0).max(Number.MAX_SAFE_INTEGER).optional(),
  ...Page,
});
export const AlarmAnswer = z.strictObject({
  alarmId: z.int(),
  at: Time,
  ruleId: Id,
  vendorId: z.string(),
  operatorId: z.string().nullable(),
  meterPan: z.string().nullable(),
  detail: z.string(),
  acknowledgedBy: z.string().nullable(),
  acknowledgedAt: Time.nullable(),
  note: z.string(),
});
export const AlarmsAnswer = z.strictObject({ alarms: z.array(AlarmAnswer), next: z.int().nullable() });
export const AcknowledgeBody = z.strictObject({ note: z.string().max(200).default('') });
