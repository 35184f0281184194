/** Rows of what is said of sales as the two databases give them, and what a meter's key was before a sale. */
import type { AdviceState, MeterSale, SaleAdvice, SaleListEntry } from './advice-contract.ts';
import type { IssuedKeyChange, MeterKeyName, MeterRecord } from './contract.ts';

export interface AdviceRow {
  readonly state: AdviceState;
  readonly told_at: number;
  readonly told_by: string;
  readonly note: string;
}

export function adviceOf(row: AdviceRow): SaleAdvice {
  return { state: row.state, at: row.told_at, by: row.told_by, note: row.note };
}

export interface SaleListRow {
  readonly entry_id: number;
  readonly sale_id: string;
  readonly request_id: string;
  readonly sold_at: number;
  readonly meter_pan: string;
  readonly drn: string;
  readonly currency: string;
  readonly paid_minor: number;
  readonly amount_deci_kwh: number;
  readonly sale_kind: string;
  readonly operator_id: string | null;
  readonly till_id: string | null;
  readonly state: AdviceState | null;
}

export function saleListEntryOf(row: SaleListRow): SaleListEntry {
  return {
    entryId: row.entry_id,
    saleId: row.sale_id,
    requestId: row.request_id,
    soldAt: row.sold_at,
    meterPan: row.meter_pan,
    drn: row.drn,
    currency: row.currency,
    paidMinor: row.paid_minor,
    amountDeciKwh: row.amount_deci_kwh,
    saleKind: row.sale_kind,
    operatorId: row.operator_id,
    tillId: row.till_id,
    state: row.state,
  };
}

export interface MeterSaleRow {
  readonly sale_id: string;
  readonly vendor_id: string;
  readonly sold_at: number;
  readonly response_body: string;
  readonly state: AdviceState | null;
}

export function meterSaleOf(row: MeterSaleRow): MeterSale {
  return {
    saleId: row.sale_id,
    vendorId: row.vendor_id,
    soldAt: row.sold_at,
    responseBody: row.response_body,
    state: row.state,
  };
}

/** The columns of a history that a sale has set, as they were before it. */
export interface HistoryBefore {
  readonly month: string;
  readonly monthUnitsDeciKwh: number;
  readonly freeUnitsMonth: string;
  readonly carriedMinor: string;
  /** JSON text. */
  readonly charges: string;
  readonly lastAt: number | null;
}

const NOTHING_BEFORE = '["",0,"","0","{}",null]';

/** @param before - as the sale wrote it; null for the first sale to a meter. */
export function historyBefore(before: string | null): HistoryBefore {
  const [month, monthUnitsDeciKwh, freeUnitsMonth, carriedMinor, charges, lastAt] = JSON.parse(
    before ?? NOTHING_BEFORE,
  ) as [string, number, string, string, string, number | null];
  return { month, monthUnitsDeciKwh, freeUnitsMonth, carriedMinor, charges, lastAt };
}

export interface KeyChangeRow {
  readonly sale_id: string;
  readonly changed_at: number;
  readonly from_key: string;
  readonly to_key: string;
  readonly three_sections: number | boolean;
}

/**
 * The meter's record without the key change that a sale began with: nobody has seen its sections, so the meter is on the key of
 * before.
 * @param earlier - the meter's last set before it that nobody has confirmed.
 * @returns undefined when the sale began with none.
 */
export function keyBefore(
  meter: MeterRecord,
  saleId: string,
  earlier: KeyChangeRow | undefined,
): MeterRecord | undefined {
  const change = meter.issuedKeyChange;
  if (change?.saleId !== saleId) return undefined;
  const before = earlier && issuedOf(earlier);
  // A set that was given once more: the record named its new key before, and still does.
  if (before !== undefined && isSame(before.from, change.from) && isSame(before.to, change.to)) {
    return { ...meter, issuedKeyChange: before };
  }
  const { from, to } = change;
  const { keyExpiry, ...attributes } = from;
  const { supplyGroupCode, tariffIndex } = to;
  const isMoved = supplyGroupCode !== from.supplyGroupCode || tariffIndex !== from.tariffIndex;
  return {
    ...meter,
    ...attributes,
    keyExpiry,
    wantedKey: meter.wantedKey ?? (isMoved ? { supplyGroupCode, tariffIndex } : null),
    issuedKeyChange: before !== undefined && isSame(before.to, from) ? before : null,
  };
}

function issuedOf(row: KeyChangeRow): IssuedKeyChange {
  return {
    saleId: row.sale_id,
    changedAt: row.changed_at,
    from: JSON.parse(row.from_key) as MeterKeyName,
    to: JSON.parse(row.to_key) as MeterKeyName,
    threeSections: Boolean(row.three_sections),
  };
}

function isSame(left: MeterKeyName, right: MeterKeyName): boolean {
  return (Object.keys(left) as (keyof MeterKeyName)[]).every((name) => left[name] === right[name]);
}
