/** What meters have bought and owe, in SQLite: read before a sale is reckoned, written in the sale's own commit. */
import { StsFault } from '../../lib/faults.ts';
import type { BaseDate } from '../../lib/identity/attributes.ts';
import type { DebtRecord, MeterPurchases, PutResult, VendClaim, VendRecord } from './contract.ts';
import { type DebtRow, type HistoryRow, purchasesOf } from './rows.ts';
import type { Statements } from './statements.ts';

export function readPurchases(sql: Statements, meterPan: string): MeterPurchases {
  return purchasesOf(sql.findHistory.get(meterPan) as HistoryRow | undefined, debtRows(sql, meterPan));
}

export function purchasesVersion(sql: Statements, meterPan: string): number {
  return (sql.findHistory.get(meterPan) as HistoryRow | undefined)?.version ?? 0;
}

/** The highest TID that was ever durably given to the meter on this base date; -1 when there is none. */
export function lastTidMinutes(sql: Statements, meterPan: string, baseDate: BaseDate): number {
  const row = sql.findMeterTids.get(meterPan) as Record<`tid_${BaseDate}`, number | null> | undefined;
  return row?.[`tid_${baseDate}`] ?? -1;
}

/**
 * All that a sale changes of its meter. Inside a transaction.
 * @throws Error when a TID of the sale is not above all that the meter was given: the claim should have made sure of that.
 */
export function writePurchases(
  sql: Statements,
  { request, tidMinutes }: VendClaim,
  record: VendRecord,
): void {
  const { meterPan, baseDate, paidMinor } = request;
  const { history, saleId, soldAt, amountDeciKwh, desk = {} } = record;
  const tid = (of: BaseDate) => (of === baseDate ? (tidMinutes.at(-1) ?? null) : null);
  const { changes } = sql.putHistory.run({
    meterPan,
    saleId,
    month: history.month,
    monthUnitsDeciKwh: history.monthUnitsDeciKwh,
    freeUnitsMonth: history.freeUnitsMonth,
    carriedMinor: history.carriedMinor,
    charges: JSON.stringify(history.charges),
    lastAt: history.lastAt,
    tid93: tid('93'),
    tid14: tid('14'),
    tid35: tid('35'),
    day: desk.day ?? new Date(soldAt).toISOString().slice(0, 10),
    paidMinor,
    amountDeciKwh,
    soldAt,
  });
  if (changes !== 1) throw new StsFault('internal_error', 'a TID that was given before');
  if (history.debts.length === 0) return;
  const held = new Map(debtRows(sql, meterPan).map((row) => [row.debt_id, row.balance_minor]));
  // Balances of debts that did not change are left alone.
  for (const { debtId, balanceMinor } of history.debts) {
    if (held.get(debtId) !== balanceMinor) sql.setDebtBalance.run(balanceMinor, debtId);
  }
}

export function raiseTid(sql: Statements, meterPan: string, baseDate: BaseDate, tidMinutes: number): void {
  const statements = { '93': sql.raiseTid93, '14': sql.raiseTid14, '35': sql.raiseTid35 };
  statements[baseDate].run(meterPan, tidMinutes);
}

/** Inside a transaction; the meter is known. */
export function addDebt(sql: Statements, { meterPan, debt, openedAt }: DebtRecord): PutResult {
  const recovery = JSON.stringify(debt.recovery);
  const held = sql.findDebt.get(debt.debtId) as
    | { meter_pan: string; label: string; opened_minor: number; recovery: string }
    | undefined;
  if (held !== undefined) {
    const same =
      held.meter_pan === meterPan &&
      held.label === debt.label &&
      held.opened_minor === debt.balanceMinor &&
      held.recovery === recovery;
    return same ? 'same' : 'exists';
  }
  const { debtId, label, balanceMinor } = debt;
  sql.addDebt.run(debtId, meterPan, label, balanceMinor, balanceMinor, recovery, openedAt);
  sql.raiseVersion.run(meterPan);
  return 'created';
}

function debtRows(sql: Statements, meterPan: string): readonly DebtRow[] {
  return sql.findDebts.all(meterPan) as DebtRow[];
}
