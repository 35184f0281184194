/**
 * What the store keeps of the vendors' money beside sales and deposits: every movement of a float in order, shifts, batches,
 * commission terms, day ends, limits and alarms. Money is integer minor units, energy integer 0.1 kWh, times are
 * milliseconds since 1970 UTC.
 */
import type { AccountBalance, PutResult, Transfer } from './contract.ts';

export interface CreditLimitChange {
  readonly vendorId: string;
  readonly fromMinor: number;
  readonly toMinor: number;
}

/** A movement of a float that is neither a sale nor a deposit. */
export interface FloatChange {
  readonly kind: 'depositReversal' | 'commission';
  readonly vendorId: string;
  /** Makes it once: the request id of the deposit, the month of the commission. */
  readonly reference: string;
  /** Below 0 takes money from the float. */
  readonly amountMinor: number;
  readonly at: number;
  readonly transfers: readonly Transfer[];
}

export type FloatChangeResult =
  | { readonly kind: 'recorded' | 'exists'; readonly floatMinor: number }
  | { readonly kind: 'vendor_unknown' }
  | { readonly kind: 'float_exhausted'; readonly floatMinor: number }
  | { readonly kind: 'float_too_large' };

export interface DepositRecord {
  readonly vendorId: string;
  readonly requestId: string;
  readonly amountMinor: number;
  readonly reference: string;
  readonly at: number;
  readonly isReversed: boolean;
}

export const TENDERS = ['cash', 'card', 'cheque', 'eft', 'voucher', 'mobileMoney', 'account'] as const;
export type Tender = (typeof TENDERS)[number];

export const SALE_KINDS = [
  'credit',
  'freeBasic',
  'freeIssue',
  'replacement',
  'transfer',
  'keyChange',
  'engineering',
  'debtPayment',
] as const;
export type SaleKind = (typeof SALE_KINDS)[number];

/** Who sold, where and for what money; all of it optional, because a vendor's own till may not tell. */
export interface SaleDesk {
  readonly operatorId?: string;
  readonly tillId?: string;
  readonly shiftId?: string;
  readonly tender?: Tender;
  readonly saleKind?: SaleKind;
  /** Tokens on magnetic cards, and tokens of free basic units, for the commission. */
  readonly magneticTokens?: number;
  readonly freeBasicTokens?: number;
  /** What the drawer took beyond the sale for want of small coins; below 0 in the customer's favour. */
  readonly roundingMinor?: number;
  /** 'YYYY-MM-DD' where the utility is, for day limits; the day in UTC when absent. */
  readonly day?: string;
}

export type FloatEntryKind = 'sale' | 'saleReversal' | 'deposit' | 'depositReversal' | 'commission';

/** One movement of a float, in the order in which they became durable. */
export interface FloatEntry {
  readonly entryId: number;
  readonly vendorId: string;
  readonly kind: FloatEntryKind;
  /** Sale id, request id of a deposit, month of a commission. */
  readonly reference: string;
  readonly at: number;
  /** Below 0 for a sale. */
  readonly amountMinor: number;
  /** The float after it. */
  readonly balanceMinor: number;
}

/**
 * What a set of sales comes to. Amounts are less what went back, and below 0 where more went back in the span than was sold in
 * it; a reversal stands in the span in which it was made.
 */
export interface SaleTotals {
  readonly sales: number;
  /** How many sales were taken back. */
  readonly reversals: number;
  readonly paidMinor: number;
  readonly energyMinor: number;
  readonly taxMinor: number;
  readonly arrearsMinor: number;
  readonly chargesMinor: number;
  readonly feesMinor: number;
  readonly amountDeciKwh: number;
  /** What drawers took beyond `paidMinor` for want of small coins; below 0 in the customers' favour. */
  readonly roundingMinor: number;
}

/** What was sold in one minute in one currency, less what went back in it. */
export interface MinuteSales {
  /** When the minute begins. */
  readonly minute: number;
  readonly currency: string;
  readonly sales: number;
  readonly reversals: number;
  readonly paidMinor: number;
  readonly amountDeciKwh: number;
}

export interface SaleTotalsRow extends SaleTotals {
  readonly tender: string;
  readonly saleKind: string;
  readonly operatorId: string;
}

/** Which sales are added up: of one vendor, one of the three ways of bounding them. */
export type SaleSpan =
  | { readonly by: 'entries'; readonly vendorId: string; readonly after: number; readonly through: number }
  | { readonly by: 'shift'; readonly vendorId: string; readonly shiftId: string }
  | { readonly by: 'time'; readonly vendorId: string | null; readonly from: number; readonly until: number };

export interface ShiftRecord {
  readonly shiftId: string;
  readonly vendorId: string;
  readonly operatorId: string;
  readonly tillId: string;
  readonly openedAt: number;
  readonly closedAt: number | null;
  readonly closedBy: string | null;
  /** Cash that was counted at the close. */
  readonly countedMinor: number | null;
}

export type OpenShiftResult =
  | { readonly kind: 'opened' | 'same'; readonly shift: ShiftRecord }
  /** The till or the operator has another one open. */
  | { readonly kind: 'open_elsewhere'; readonly shift: ShiftRecord }
  | { readonly kind: 'exists_with_different_request' }
  | { readonly kind: 'vendor_unknown' };

export interface BatchRecord {
  readonly batchId: string;
  readonly kind: 'sales' | 'banking';
  readonly vendorId: string;
  readonly closedAt: number;
  readonly closedBy: string;
  /** It holds the sales of the entries after the one and through the other. */
  readonly afterEntry: number;
  readonly throughEntry: number;
  /** The slip of the bank; '' for a sales batch. */
  readonly reference: string;
}

export interface CommissionVersion {
  readonly vendorId: string;
  /** 'YYYY-MM' from which it stands. */
  readonly fromMonth: string;
  /** `CommissionTerms` as canonical JSON. */
  readonly terms: string;
}

export interface CommissionFigureRow {
  readonly amountDeciKwh: number;
  readonly arrearsMinor: number;
  readonly magneticTokens: number;
  readonly freeBasicTokens: number;
}

/** Closed for ever; `figures` is the exact answer. */
export interface DayEndRecord {
  readonly day: string;
  readonly closedAt: number;
  readonly closedBy: string;
  readonly figures: string;
}

export type CounterScope = 'vendor' | 'operator' | 'meter';

export interface CounterSubject {
  readonly scope: CounterScope;
  readonly subject: string;
}

/** What a subject has sold or bought on a day. */
export interface DayCount extends CounterSubject {
  readonly sales: number;
  readonly paidMinor: number;
  readonly amountDeciKwh: number;
  /** When the last of them was, or 0. */
  readonly lastAt: number;
}

export interface LimitRule {
  readonly ruleId: string;
  /** Canonical JSON of a rule of people/limits.ts. */
  readonly rule: string;
}

export interface AlarmRecord {
  readonly alarmId: number;
  readonly at: number;
  readonly ruleId: string;
  readonly vendorId: string;
  readonly operatorId: string | null;
  readonly meterPan: string | null;
  readonly detail: string;
  readonly acknowledgedBy: string | null;
  readonly acknowledgedAt: number | null;
  readonly note: string;
}

export type AlarmDraft = Pick<
  AlarmRecord,
  'at' | 'ruleId' | 'vendorId' | 'operatorId' | 'meterPan' | 'detail'
>;

export interface MoneyStore {
  findDeposit(vendorId: string, requestId: string): Promise<DepositRecord | undefined>;
  changeFloat(change: FloatChange): Promise<FloatChangeResult>;
  changeCreditLimit(
    change: CreditLimitChange,
  ): Promise<'changed' | 'vendor_unknown' | 'changed_meanwhile' | 'below_float'>;

  /** Newest first, before this entry, or from the newest for null. */
  floatEntries(vendorId: string, before: number | null, limit: number): Promise<readonly FloatEntry[]>;
  /** Grouped by tender, kind and operator, in this order. */
  saleTotals(span: SaleSpan): Promise<readonly SaleTotalsRow[]>;
  /** From this moment and before that one; minutes without a sale are left out. */
  salesByMinute(from: number, until: number): Promise<readonly MinuteSales[]>;

  openShift(
    shift: Pick<ShiftRecord, 'shiftId' | 'vendorId' | 'operatorId' | 'tillId' | 'openedAt'>,
  ): Promise<OpenShiftResult>;
  closeShift(close: {
    readonly vendorId: string;
    readonly shiftId: string;
    readonly at: number;
    readonly closedBy: string;
    readonly countedMinor: number | null;
  }): Promise<ShiftRecord | undefined>;
  findShift(vendorId: string, shiftId: string): Promise<ShiftRecord | undefined>;

  /** Takes all sales since the last batch of its kind; the same id again is the same batch. */
  closeBatch(
    batch: Pick<BatchRecord, 'batchId' | 'kind' | 'vendorId' | 'closedAt' | 'closedBy' | 'reference'>,
  ): Promise<BatchRecord | 'vendor_unknown' | 'exists_with_different_request' | 'empty'>;
  findBatch(vendorId: string, kind: BatchRecord['kind'], batchId: string): Promise<BatchRecord | undefined>;
  /** Newest first. */
  batches(
    vendorId: string,
    kind: BatchRecord['kind'],
    before: number | null,
    limit: number,
  ): Promise<readonly BatchRecord[]>;

  putCommission(version: CommissionVersion): Promise<PutResult | 'vendor_unknown'>;
  findCommission(vendorId: string): Promise<readonly CommissionVersion[]>;
  commissionFigures(vendorId: string, from: number, until: number): Promise<CommissionFigureRow>;
  findFloatChange(
    kind: FloatChange['kind'],
    vendorId: string,
    reference: string,
  ): Promise<FloatEntry | undefined>;

  /** Sums of the transfers booked before `until`, and since `from`. */
  accountsBetween(from: number, until: number): Promise<readonly AccountBalance[]>;
  findDayEnd(day: string): Promise<DayEndRecord | undefined>;
  lastDayEnd(): Promise<DayEndRecord | undefined>;
  /** @returns the record held for the day, this one or an earlier one. */
  closeDay(record: DayEndRecord): Promise<DayEndRecord>;
}

/** What vendors may sell and how much, and what was noticed. */
export interface LimitStore {
  supplyGroupsOf(vendorId: string): Promise<readonly string[] | null>;
  /** null lets the vendor sell to all of them. */
  setSupplyGroups(vendorId: string, codes: readonly string[] | null): Promise<'set' | 'vendor_unknown'>;
  limitRules(): Promise<readonly LimitRule[]>;
  putLimitRule(rule: LimitRule): Promise<void>;
  removeLimitRule(ruleId: string): Promise<boolean>;
  dayCounts(subjects: readonly CounterSubject[], day: string): Promise<readonly DayCount[]>;
  addAlarms(alarms: readonly AlarmDraft[]): Promise<void>;
  /** Newest first. */
  alarms(before: number | null, limit: number, openOnly: boolean): Promise<readonly AlarmRecord[]>;
  acknowledgeAlarm(alarmId: number, by: string, at: number, note: string): Promise<AlarmRecord | undefined>;
}
