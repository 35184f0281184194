/** Rows of either database about keys, and the records they stand for. */
import type { MeterKeyName } from './contract.ts';
import type { KeyChangeRecord, MeterKeys } from './key-contract.ts';
import { type MeterRow, meterOf } from './rows.ts';

export interface KeyChangeRow {
  readonly sale_id: string;
  readonly meter_pan: string;
  readonly changed_at: number;
  /** JSON. */
  readonly from_key: string;
  readonly to_key: string;
  readonly three_sections: number | boolean;
  readonly vendor_id: string;
  readonly operator_id: string | null;
  readonly confirmed_at: number | null;
  readonly confirmed_by: string | null;
  readonly revoked_at: number | null;
  readonly revoked_by: string | null;
  readonly previous_sale_id: string | null;
  readonly last_sale_id: string | null;
}

export function keyChangeOf(row: KeyChangeRow): KeyChangeRecord {
  return {
    saleId: row.sale_id,
    meterPan: row.meter_pan,
    changedAt: row.changed_at,
    from: keyNameOf(row.from_key),
    to: keyNameOf(row.to_key),
    threeSections: Boolean(row.three_sections),
    vendorId: row.vendor_id,
    operatorId: row.operator_id,
    confirmedAt: row.confirmed_at,
    confirmedBy: row.confirmed_by,
    revokedAt: row.revoked_at,
    revokedBy: row.revoked_by,
    previousSaleId: row.previous_sale_id,
    lastSaleId: row.last_sale_id,
  };
}

export interface MeterKeysRow extends MeterRow {
  readonly last_at: number | null;
  readonly sale_id: string | null;
  readonly changed_at: number | null;
  readonly confirmed_at: number | null;
}

export function meterKeysOf(row: MeterKeysRow): MeterKeys {
  const { sale_id: saleId, changed_at: changedAt, confirmed_at: confirmedAt } = row;
  const isChanged = saleId !== null && changedAt !== null;
  return {
    meter: meterOf(row),
    lastPurchaseAt: row.last_at,
    lastChange: isChanged ? { saleId, changedAt, confirmedAt } : null,
  };
}

export interface HeldKeysRow {
  readonly meter_pan: string;
  readonly from_key: string;
  readonly to_key: string;
}

export function heldKeysOf(rows: readonly HeldKeysRow[]): ReadonlyMap<string, readonly MeterKeyName[]> {
  const texts = new Map<string, Set<string>>();
  for (const { meter_pan, from_key, to_key } of rows) {
    texts.set(meter_pan, (texts.get(meter_pan) ?? new Set()).add(from_key).add(to_key));
  }
  return new Map([...texts].map(([meterPan, keys]) => [meterPan, [...keys].map(keyNameOf)]));
}

function keyNameOf(text: string): MeterKeyName {
  return JSON.parse(text) as MeterKeyName;
}
