/** What meters have bought and owe, in SQLite: read before a sale is reckoned, written in the sale's own commit. */
import type { Debt, PurchaseHistory } from '../tariff/history.ts';
import { NO_HISTORY } from '../tariff/history.ts';
import type { DebtRecord, MeterPurchases, PutResult } from './contract.ts';
import type { Statements } from './statements.ts';

interface HistoryRow {
  readonly version: number;
  readonly month: string;
  readonly month_units_deci_kwh: number;
  readonly free_units_month: string;
  readonly carried_minor: string;
  readonly charges: string;
}

interface DebtRow {
  readonly debt_id: string;
  readonly label: string;
  readonly balance_minor: number;
  readonly recovery: string;
}

export function readPurchases(sql: Statements, meterPan: string): MeterPurchases {
  const row = sql.findHistory.get(meterPan) as HistoryRow | undefined;
  const debts = (sql.findDebts.all(meterPan) as DebtRow[]).map(debtOf);
  if (row === undefined) return { version: 0, history: { ...NO_HISTORY, debts } };
  return {
    version: row.version,
    history: {
      month: row.month,
      monthUnitsDeciKwh: row.month_units_deci_kwh,
      freeUnitsMonth: row.free_units_month,
      carriedMinor: row.carried_minor,
      charges: JSON.parse(row.charges) as PurchaseHistory['charges'],
      debts,
    },
  };
}

export function purchasesVersion(sql: Statements, meterPan: string): number {
  return (sql.findHistory.get(meterPan) as HistoryRow | undefined)?.version ?? 0;
}

/** Inside a transaction. Balances of debts that did not change are left alone. */
export function writePurchases(sql: Statements, meterPan: string, history: PurchaseHistory): void {
  sql.putHistory.run(
    meterPan,
    history.month,
    history.monthUnitsDeciKwh,
    history.freeUnitsMonth,
    history.carriedMinor,
    JSON.stringify(history.charges),
  );
  if (history.debts.length === 0) return;
  const held = new Map(
    (sql.findDebts.all(meterPan) as DebtRow[]).map((row) => [row.debt_id, row.balance_minor]),
  );
  for (const { debtId, balanceMinor } of history.debts) {
    if (held.get(debtId) !== balanceMinor) sql.setDebtBalance.run(balanceMinor, debtId);
  }
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
  const { history } = readPurchases(sql, meterPan);
  sql.addDebt.run(
    debt.debtId,
    meterPan,
    debt.label,
    debt.balanceMinor,
    debt.balanceMinor,
    recovery,
    openedAt,
  );
  // A sale that was reckoned without this debt must be reckoned again.
  writePurchases(sql, meterPan, history);
  return 'created';
}

function debtOf(row: DebtRow): Debt {
  return {
    debtId: row.debt_id,
    label: row.label,
    balanceMinor: row.balance_minor,
    recovery: JSON.parse(row.recovery) as Debt['recovery'],
  };
}
