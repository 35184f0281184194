/** Visits of customers and what they have chosen, in SQLite. */
import type { Statement } from 'better-sqlite3';
import {
  CHOICE_COLUMNS,
  type ChoiceRow,
  choiceOf,
  type LowBalanceChoice,
  VISIT_COLUMNS,
  type VisitRecord,
  type VisitRow,
  type VisitStore,
  visitOf,
} from '../visit-contract.ts';
import { prepareAll, type SqliteAccess } from './access.ts';

const SQL = {
  open: `INSERT INTO customer_visit (${VISIT_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?)`,
  find: `SELECT ${VISIT_COLUMNS} FROM customer_visit WHERE visit_hash = ?`,
  end: 'DELETE FROM customer_visit WHERE visit_hash = ?',
  forget: 'DELETE FROM customer_visit WHERE ends_at < ?',
  heldSince: 'SELECT since FROM meter_holder WHERE meter_pan = ?',
  saleOfReceipt: `SELECT e.sale_id FROM security_module AS m
    CROSS JOIN chain_entry AS e ON e.module_id = m.module_id AND e.counter = ?
    WHERE substr(m.module_id, 1, ?) = ? AND e.sale_id IS NOT NULL`,
  putChoice: `INSERT INTO low_balance_choice (${CHOICE_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?)
    ON CONFLICT (meter_pan) DO UPDATE SET (is_told, below_deci_kwh, channel, target, language, by_day, changed_at) =
      (excluded.is_told, excluded.below_deci_kwh, excluded.channel, excluded.target, excluded.language, excluded.by_day,
      excluded.changed_at)`,
  findChoice: `SELECT ${CHOICE_COLUMNS} FROM low_balance_choice WHERE meter_pan = ?`,
  tell: `UPDATE low_balance_choice SET told_at = :at, told_request_id = :requestId
    WHERE meter_pan = :meterPan AND (told_at IS NULL OR told_at < :pauseFrom OR told_request_id = :requestId)`,
} as const;

export class SqliteVisits implements VisitStore {
  readonly #access: SqliteAccess;
  readonly #sql: Readonly<Record<keyof typeof SQL, Statement>>;

  constructor(access: SqliteAccess) {
    this.#access = access;
    this.#sql = prepareAll(access.database, SQL);
  }

  open(
    { visitHash, meterPan, saleId, soldAt, openedAt, endsAt }: VisitRecord,
    endsHash: string | null,
  ): Promise<void> {
    return this.#access.write(() => {
      this.#sql.forget.run(openedAt);
      if (endsHash !== null) this.#sql.end.run(endsHash);
      this.#sql.open.run(visitHash, meterPan, saleId, soldAt, openedAt, endsAt);
    });
  }

  find(visitHash: string): Promise<VisitRecord | undefined> {
    return this.#access.read(() => {
      const row = this.#sql.find.get(visitHash) as VisitRow | undefined;
      return row && visitOf(row);
    });
  }

  end(visitHash: string): Promise<void> {
    return this.#access.write(() => {
      this.#sql.end.run(visitHash);
    });
  }

  heldSince(meterPan: string): Promise<number> {
    return this.#access.read(
      () => (this.#sql.heldSince.get(meterPan) as { since: number } | undefined)?.since ?? 0,
    );
  }

  saleOfReceipt(modulePrefix: string, counter: number): Promise<string | undefined> {
    return this.#access.read(() => {
      const asked = [counter, modulePrefix.length, modulePrefix];
      return (this.#sql.saleOfReceipt.get(...asked) as { sale_id: string } | undefined)?.sale_id;
    });
  }

  putChoice(choice: LowBalanceChoice): Promise<void> {
    return this.#access.write(() => {
      const { meterPan, belowDeciKwh, channel, target, language, changedAt } = choice;
      const [isTold, byDay] = [Number(choice.isTold), Number(choice.byDay)];
      this.#sql.putChoice.run(meterPan, isTold, belowDeciKwh, channel, target, language, byDay, changedAt);
    });
  }

  findChoice(meterPan: string): Promise<LowBalanceChoice | undefined> {
    return this.#access.read(() => {
      const row = this.#sql.findChoice.get(meterPan) as ChoiceRow | undefined;
      return row && choiceOf(row);
    });
  }

  tellLowBalance(told: Parameters<VisitStore['tellLowBalance']>[0]): Promise<boolean> {
    return this.#access.write(() => this.#sql.tell.run(told).changes === 1);
  }
}
