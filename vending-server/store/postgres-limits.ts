/** What vendors may sell and how much, and what was noticed, on PostgreSQL. */
import type {
  AlarmDraft,
  AlarmRecord,
  CounterSubject,
  DayCount,
  LimitRule,
  LimitStore,
} from './money-contract.ts';
import { alarmOf } from './money-rows.ts';
import type { PostgresAccess } from './postgres-access.ts';

export class PostgresLimits implements LimitStore {
  readonly #access: PostgresAccess;

  constructor(access: PostgresAccess) {
    this.#access = access;
  }

  async supplyGroupsOf(vendorId: string): Promise<readonly string[] | null> {
    const [row] = await this.#access.query('findCodes', [vendorId]);
    return row === undefined ? null : (JSON.parse(row.codes) as string[]);
  }

  async setSupplyGroups(
    vendorId: string,
    codes: readonly string[] | null,
  ): Promise<'set' | 'vendor_unknown'> {
    if ((await this.#access.query('hasVendor', [vendorId])).length === 0) return 'vendor_unknown';
    if (codes === null) await this.#access.query('removeCodes', [vendorId]);
    else await this.#access.query('putCodes', [vendorId, JSON.stringify(codes)]);
    return 'set';
  }

  async limitRules(): Promise<readonly LimitRule[]> {
    const rows = await this.#access.query('limitRules');
    return rows.map((row) => ({ ruleId: row.rule_id, rule: row.rule }));
  }

  async putLimitRule({ ruleId, rule }: LimitRule): Promise<void> {
    await this.#access.query('putLimitRule', [ruleId, rule]);
  }

  async removeLimitRule(ruleId: string): Promise<boolean> {
    return (await this.#access.query('removeLimitRule', [ruleId])).length === 1;
  }

  async dayCounts(subjects: readonly CounterSubject[], day: string): Promise<readonly DayCount[]> {
    const names = [subjects.map(({ scope }) => scope), subjects.map(({ subject }) => subject)];
    const rows = await this.#access.query('dayCounts', [...names, day]);
    const found = new Map(rows.map((row) => [`${row.scope} ${row.subject}`, row]));
    return subjects.map(({ scope, subject }) => {
      const row = found.get(`${scope} ${subject}`);
      return {
        scope,
        subject,
        sales: row?.sales ?? 0,
        paidMinor: row?.paid_minor ?? 0,
        amountDeciKwh: row?.amount_deci_kwh ?? 0,
        lastAt: row?.last_at ?? 0,
      };
    });
  }

  /** Two servers that notice the same thing at once look one after the other; vendors do not wait for each other. */
  async addAlarms(alarms: readonly AlarmDraft[]): Promise<void> {
    if (alarms.length === 0) return;
    const names = [...new Set(alarms.map(({ vendorId }) => `alarm ${vendorId}`))];
    await this.#access.write(names.join(), async (ask) => {
      await ask('lockNames', [names]);
      for (const { at, ruleId, vendorId, operatorId, meterPan, detail } of alarms)
        await ask('addAlarm', [at, ruleId, vendorId, operatorId, meterPan, detail]);
    });
  }

  async alarms(before: number | null, limit: number, openOnly: boolean): Promise<readonly AlarmRecord[]> {
    const name = openOnly ? 'openAlarms' : 'alarms';
    return (await this.#access.query(name, [before ?? Number.MAX_SAFE_INTEGER, limit])).map(alarmOf);
  }

  async acknowledgeAlarm(
    alarmId: number,
    by: string,
    at: number,
    note: string,
  ): Promise<AlarmRecord | undefined> {
    await this.#access.query('acknowledgeAlarm', [alarmId, by, at, note]);
    const [row] = await this.#access.query('findAlarm', [alarmId]);
    return row && alarmOf(row);
  }
}
