/** What vendors may sell and how much, and what was noticed, in SQLite. */
import type { Statement } from 'better-sqlite3';
import type {
  AlarmDraft,
  AlarmRecord,
  CounterSubject,
  DayCount,
  LimitRule,
  LimitStore,
} from '../money-contract.ts';
import { type AlarmRow, alarmOf } from '../money-rows.ts';
import { prepareAll, type SqliteAccess } from './access.ts';

const ALARM = `alarm_id, at, rule_id, vendor_id, operator_id, meter_pan, detail, acknowledged_by, acknowledged_at, note`;

const SQL = {
  hasVendor: 'SELECT 1 FROM vendor WHERE vendor_id = ?',
  findCodes: 'SELECT codes FROM supply_group_right WHERE vendor_id = ?',
  putCodes: `INSERT INTO supply_group_right (vendor_id, codes) VALUES (?, ?)
    ON CONFLICT (vendor_id) DO UPDATE SET codes = excluded.codes`,
  removeCodes: 'DELETE FROM supply_group_right WHERE vendor_id = ?',
  rules: 'SELECT rule_id, rule FROM limit_rule ORDER BY rule_id',
  putRule: `INSERT INTO limit_rule (rule_id, rule) VALUES (?, ?) ON CONFLICT (rule_id) DO UPDATE SET rule = excluded.rule`,
  removeRule: 'DELETE FROM limit_rule WHERE rule_id = ?',
  count: `SELECT sales, paid_minor, amount_deci_kwh, last_at FROM day_count WHERE scope = ? AND subject = ? AND day = ?`,
  countOfMeter: `SELECT day_sales AS sales, day_paid_minor AS paid_minor, day_deci_kwh AS amount_deci_kwh,
      day_last_at AS last_at
    FROM meter_history WHERE meter_pan = ? AND day = ?`,
  // What is tried again every second is one alarm until somebody has looked.
  addAlarm: `INSERT INTO alarm (at, rule_id, vendor_id, operator_id, meter_pan, detail)
    SELECT :at, :ruleId, :vendorId, :operatorId, :meterPan, :detail
    WHERE NOT EXISTS (
      SELECT 1 FROM alarm WHERE alarm_id > (SELECT coalesce(max(alarm_id), 0) - 100 FROM alarm)
        AND acknowledged_at IS NULL AND rule_id = :ruleId AND vendor_id = :vendorId
        AND operator_id IS :operatorId AND meter_pan IS :meterPan AND at > :at - 60000)`,
  alarms: `SELECT ${ALARM} FROM alarm WHERE alarm_id < ? ORDER BY alarm_id DESC LIMIT ?`,
  openAlarms: `SELECT ${ALARM} FROM alarm WHERE acknowledged_at IS NULL AND alarm_id < ? ORDER BY alarm_id DESC LIMIT ?`,
  findAlarm: `SELECT ${ALARM} FROM alarm WHERE alarm_id = ?`,
  acknowledge: `UPDATE alarm SET acknowledged_by = ?, acknowledged_at = ?, note = ?
    WHERE alarm_id = ? AND acknowledged_at IS NULL`,
} as const;

export class SqliteLimits implements LimitStore {
  readonly #access: SqliteAccess;
  readonly #sql: Readonly<Record<keyof typeof SQL, Statement>>;

  constructor(access: SqliteAccess) {
    this.#access = access;
    this.#sql = prepareAll(access.database, SQL);
  }

  supplyGroupsOf(vendorId: string): Promise<readonly string[] | null> {
    return this.#access.peek(() =>
      this.#access.settled.get(`supply groups ${vendorId}`, () => {
        const row = this.#sql.findCodes.get(vendorId) as { codes: string } | undefined;
        return row === undefined ? null : (JSON.parse(row.codes) as string[]);
      }),
    );
  }

  setSupplyGroups(vendorId: string, codes: readonly string[] | null): Promise<'set' | 'vendor_unknown'> {
    return this.#access.write(() => {
      if (this.#sql.hasVendor.get(vendorId) === undefined) return 'vendor_unknown';
      if (codes === null) this.#sql.removeCodes.run(vendorId);
      else this.#sql.putCodes.run(vendorId, JSON.stringify(codes));
      return 'set';
    });
  }

  limitRules(): Promise<readonly LimitRule[]> {
    return this.#access.peek(() =>
      this.#access.settled.get('limit rules', () =>
        (this.#sql.rules.all() as { rule_id: string; rule: string }[]).map((row) => ({
          ruleId: row.rule_id,
          rule: row.rule,
        })),
      ),
    );
  }

  putLimitRule({ ruleId, rule }: LimitRule): Promise<void> {
    return this.#access.write(() => {
      this.#sql.putRule.run(ruleId, rule);
    });
  }

  removeLimitRule(ruleId: string): Promise<boolean> {
    return this.#access.write(() => this.#sql.removeRule.run(ruleId).changes === 1);
  }

  dayCounts(subjects: readonly CounterSubject[], day: string): Promise<readonly DayCount[]> {
    return this.#access.peek(() =>
      subjects.map(({ scope, subject }) => {
        const held =
          scope === 'meter'
            ? this.#sql.countOfMeter.get(subject, day)
            : this.#sql.count.get(scope, subject, day);
        const row = held as
          | { sales: number; paid_minor: number; amount_deci_kwh: number; last_at: number }
          | undefined;
        return {
          scope,
          subject,
          sales: row?.sales ?? 0,
          paidMinor: row?.paid_minor ?? 0,
          amountDeciKwh: row?.amount_deci_kwh ?? 0,
          lastAt: row?.last_at ?? 0,
        };
      }),
    );
  }

  addAlarms(alarms: readonly AlarmDraft[]): Promise<void> {
    return this.#access.write(() => {
      for (const { at, ruleId, vendorId, operatorId, meterPan, detail } of alarms)
        this.#sql.addAlarm.run({ at, ruleId, vendorId, operatorId, meterPan, detail });
    });
  }

  alarms(before: number | null, limit: number, openOnly: boolean): Promise<readonly AlarmRecord[]> {
    const statement = openOnly ? this.#sql.openAlarms : this.#sql.alarms;
    return this.#access.read(() =>
      (statement.all(before ?? Number.MAX_SAFE_INTEGER, limit) as AlarmRow[]).map(alarmOf),
    );
  }

  acknowledgeAlarm(alarmId: number, by: string, at: number, note: string): Promise<AlarmRecord | undefined> {
    return this.#access.write(() => {
      this.#sql.acknowledge.run(by, at, note, alarmId);
      const row = this.#sql.findAlarm.get(alarmId) as AlarmRow | undefined;
      return row && alarmOf(row);
    });
  }
}
