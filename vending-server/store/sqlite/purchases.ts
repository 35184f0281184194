/** What meters have bought and owe, in SQLite: read before a sale is reckoned, written in the sale's own commit. */
import { StsFault } from '../../../lib/faults.ts';
import type { BaseDate } from '../../../lib/identity/attributes.ts';
import type {
  ChangeOut,
  DebtRecord,
  MeterPurchases,
  PutResult,
  ReplacedToken,
  SaleAftermath,
  VendClaim,
  VendRecord,
} from '../contract.ts';
import { type DebtRow, type HistoryRow, purchasesOf } from '../rows.ts';
import type { Statements } from './statements.ts';

/** The highest TID that was ever durably given to a meter on each base date. */
type Tids = Readonly<Record<`tid_${BaseDate}`, number | null>>;

/** Undefined for a meter that was never sold to. */
export type MeterHistory = (HistoryRow & Tids) | undefined;

export function readHistory(sql: Statements, meterPan: string): MeterHistory {
  return sql.findHistory.get(meterPan) as MeterHistory;
}

export function readPurchases(sql: Statements, meterPan: string, history: MeterHistory): MeterPurchases {
  return purchasesOf(history, debtRows(sql, meterPan));
}

export function purchasesVersion(sql: Statements, meterPan: string): number {
  return readHistory(sql, meterPan)?.version ?? 0;
}

/** The highest TID that was ever durably given to the meter on this base date; -1 when there is none. */
export function lastTidMinutes(history: MeterHistory, baseDate: BaseDate): number {
  return history?.[`tid_${baseDate}`] ?? -1;
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
  const { history, saleId, soldAt, amountDeciKwh, carried, desk = {} } = record;
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
    carriedDeciKwh: carried?.amountDeciKwh ?? 0,
    carriedHundredThousandth: carried?.amountHundredThousandth ?? 0,
  });
  if (changes !== 1) throw new StsFault('internal_error', 'a TID that was given before');
  if (history.debts.length === 0) return;
  const held = new Map(debtRows(sql, meterPan).map((row) => [row.debt_id, row.balance_minor]));
  // Balances of debts that did not change are left alone.
  for (const { debtId, balanceMinor } of history.debts) {
    if (held.get(debtId) !== balanceMinor) sql.setDebtBalance.run(balanceMinor, debtId);
  }
}

/** A token that stands for an earlier one. Inside a transaction. @throws StsFault `token_not_replaceable`. */
export function writeReplaced(sql: Statements, bySaleId: string, replaced: ReplacedToken): void {
  const { saleId, place, moduleId, counter } = replaced;
  const { isReversed, replaced: before } = aftermathOf(sql, saleId);
  if (isReversed || before.some((one) => one.place === place))
    throw new StsFault('token_not_replaceable', 'it was replaced or taken back meanwhile');
  sql.addReplaced.run(saleId, place, moduleId, counter, bySaleId);
}

export function aftermathOf(sql: Statements, saleId: string): SaleAftermath {
  const rows = sql.findReplaced.all(saleId) as { place: number; by_sale_id: string }[];
  return {
    isReversed: sql.findReversed.get(saleId) !== undefined,
    replaced: rows.map((row) => ({ place: row.place, bySaleId: row.by_sale_id })),
  };
}

/**
 * The old meter of a change-out, which the claim holds besides. Inside a transaction.
 * @throws StsFault `meter_changed_out` when it is not as the change-out was reckoned with.
 */
export function writeChangeOut(
  sql: Statements,
  { request: { meterPan, besides } }: VendClaim,
  saleId: string,
  { debts }: ChangeOut,
): void {
  const left = { meterPan: besides?.meterPan, version: besides?.purchasesVersion, saleId };
  const isLeft =
    sql.leaveMeter.run(left).changes === 1 &&
    sql.setReplacedBy.run(meterPan, left.meterPan).changes === 1 &&
    sql.setReplaces.run(left.meterPan, meterPan).changes === 1 &&
    debts.every(({ fromDebtId, debt: { debtId, balanceMinor } }) => {
      const { changes } = sql.moveDebt.run({ fromDebtId, debtId, balanceMinor, meterPan });
      sql.setDebtBalance.run(0, fromDebtId);
      return changes === 1;
    });
  if (!isLeft) throw new StsFault('meter_changed_out', 'the old meter has changed meanwhile');
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
