/** Rows of the vendors' money, of limits and of alarms as the two databases give them, and what they mean. */
import type {
  AlarmRecord,
  BatchRecord,
  DayEndRecord,
  FloatEntry,
  MinuteSales,
  SaleTotalsRow,
  ShiftRecord,
} from './money-contract.ts';

export interface TotalsRow {
  readonly tender: string;
  readonly sale_kind: string;
  readonly operator_id: string;
  readonly sales: number;
  readonly reversals: number;
  readonly paid_minor: number;
  readonly energy_minor: number;
  readonly tax_minor: number;
  readonly arrears_minor: number;
  readonly charges_minor: number;
  readonly fees_minor: number;
  readonly amount_deci_kwh: number;
  readonly rounding_minor: number;
}

export function saleTotalsOf(row: TotalsRow): SaleTotalsRow {
  return {
    tender: row.tender,
    saleKind: row.sale_kind,
    operatorId: row.operator_id,
    sales: row.sales,
    reversals: row.reversals,
    paidMinor: row.paid_minor,
    energyMinor: row.energy_minor,
    taxMinor: row.tax_minor,
    arrearsMinor: row.arrears_minor,
    chargesMinor: row.charges_minor,
    feesMinor: row.fees_minor,
    amountDeciKwh: row.amount_deci_kwh,
    roundingMinor: row.rounding_minor,
  };
}

export interface FloatEntryRow {
  readonly entry_id: number;
  readonly vendor_id: string;
  readonly kind: FloatEntry['kind'];
  readonly reference: string;
  readonly at: number;
  readonly amount_minor: number;
  readonly balance_minor: number;
}

export function floatEntryOf(row: FloatEntryRow): FloatEntry {
  return {
    entryId: row.entry_id,
    vendorId: row.vendor_id,
    kind: row.kind,
    reference: row.reference,
    at: row.at,
    amountMinor: row.amount_minor,
    balanceMinor: row.balance_minor,
  };
}

export interface MinuteRow {
  readonly minute: number;
  readonly currency: string;
  readonly sales: number;
  readonly reversals: number;
  readonly paid_minor: number;
  readonly amount_deci_kwh: number;
}

export function minuteSalesOf(row: MinuteRow): MinuteSales {
  const { minute, currency, sales, reversals, paid_minor: paidMinor, amount_deci_kwh: amountDeciKwh } = row;
  return { minute, currency, sales, reversals, paidMinor, amountDeciKwh };
}

export interface ShiftRow {
  readonly shift_id: string;
  readonly vendor_id: string;
  readonly operator_id: string;
  readonly till_id: string;
  readonly opened_at: number;
  readonly closed_at: number | null;
  readonly closed_by: string | null;
  readonly counted_minor: number | null;
}

export function shiftOf(row: ShiftRow): ShiftRecord {
  return {
    shiftId: row.shift_id,
    vendorId: row.vendor_id,
    operatorId: row.operator_id,
    tillId: row.till_id,
    openedAt: row.opened_at,
    closedAt: row.closed_at,
    closedBy: row.closed_by,
    countedMinor: row.counted_minor,
  };
}

export interface BatchRow {
  readonly batch_id: string;
  readonly kind: BatchRecord['kind'];
  readonly vendor_id: string;
  readonly closed_at: number;
  readonly closed_by: string;
  readonly after_entry: number;
  readonly through_entry: number;
  readonly reference: string;
}

export function batchOf(row: BatchRow): BatchRecord {
  return {
    batchId: row.batch_id,
    kind: row.kind,
    vendorId: row.vendor_id,
    closedAt: row.closed_at,
    closedBy: row.closed_by,
    afterEntry: row.after_entry,
    throughEntry: row.through_entry,
    reference: row.reference,
  };
}

export function dayEndOf(row: unknown): DayEndRecord | undefined {
  if (row === undefined) return undefined;
  const { day, closed_at, closed_by, figures } = row as {
    day: string;
    closed_at: number;
    closed_by: string;
    figures: string;
  };
  return { day, closedAt: closed_at, closedBy: closed_by, figures };
}

export interface AlarmRow {
  readonly alarm_id: number;
  readonly at: number;
  readonly rule_id: string;
  readonly vendor_id: string;
  readonly operator_id: string | null;
  readonly meter_pan: string | null;
  readonly detail: string;
  readonly acknowledged_by: string | null;
  readonly acknowledged_at: number | null;
  readonly note: string;
}

export function alarmOf(row: AlarmRow): AlarmRecord {
  return {
    alarmId: row.alarm_id,
    at: row.at,
    ruleId: row.rule_id,
    vendorId: row.vendor_id,
    operatorId: row.operator_id,
    meterPan: row.meter_pan,
    detail: row.detail,
    acknowledgedBy: row.acknowledged_by,
    acknowledgedAt: row.acknowledged_at,
    note: row.note,
  };
}
