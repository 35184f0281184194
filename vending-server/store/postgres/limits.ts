/** What vendors may sell and how much, and what was noticed, on PostgreSQL. */

import type {
  AlarmDraft,
  AlarmRecord,
  CounterSubject,
  DayCount,
  LimitRule,
  LimitStore,
} from '../money-contract.ts';
import { alarmOf } from '../money-rows.ts';
import type { PostgresAccess } from './access.ts';
import { Lane } from './lane.ts';

interface AskedCounts {
  readonly subjects: readonly CounterSubject[];
  readonly day: string;
}

export class PostgresLimits implements LimitStore {
  readonly #access: PostgresAccess;
  /** Every sale asks these: those that ask together share a statement. */
  readonly #codes = new Lane<string, readonly string[] | null>((vendorIds) => this.#codesOf(vendorIds));
  readonly #rules = new Lane<void, readonly LimitRule[]>((asked) => this.#allRules(asked.length));
  readonly #counts = new Lane<AskedCounts, readonly DayCount[]>((asked) => this.#countsOf(asked));

  constructor(access: PostgresAccess) {
    this.#access = access;
  }

  supplyGroupsOf(vendorId: string): Promise<readonly string[] | null> {
    return this.#codes.add(vendorId);
  }

  async #codesOf(vendorIds: readonly string[]) {
    const rows = await this.#access.query('findCodes', [[...new Set(vendorIds)]]);
    const codes = new Map(rows.map((row) => [row.vendor_id, row.codes as string]));
    return vendorIds.map((vendorId) => {
      const held = codes.get(vendorId);
      return { value: held === undefined ? null : (JSON.parse(held) as string[]) };
    });
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

  limitRules(): Promise<readonly LimitRule[]> {
    return this.#rules.add();
  }

  async #allRules(asked: number) {
    const rows = await this.#access.query('limitRules');
    const value = rows.map((row) => ({ ruleId: row.rule_id, rule: row.rule }));
    return Array.from({ length: asked }, () => ({ value }));
  }

  async putLimitRule({ ruleId, rule }: LimitRule): Promise<void> {
    await this.#access.query('putLimitRule', [ruleId, rule]);
  }

  async removeLimitRule(ruleId: string): Promise<boolean> {
    return (await this.#access.query('removeLimitRule', [ruleId])).length === 1;
  }

  dayCounts(subjects: readonly CounterSubject[], day: string): Promise<readonly DayCount[]> {
    return this.#counts.add({ subjects, day });
  }

  async #countsOf(asked: readonly AskedCounts[]) {
    const wanted = asked.flatMap(({ subjects, day }) => subjects.map((subject) => ({ ...subject, day })));
    const columns = [wanted.map(({ scope }) => scope), wanted.map(({ subject }) => subject)];
    const rows = await this.#access.query('dayCounts', [...columns, wanted.map(({ day }) => day)]);
    const found = new Map(rows.map((row) => [`${row.day} ${row.scope} ${row.subject}`, row]));
    return asked.map(({ subjects, day }) => ({
      value: subjects.map(({ scope, subject }) => {
        const row = found.get(`${day} ${scope} ${subject}`);
        return {
          scope,
          subject,
          sales: row?.sales ?? 0,
          paidMinor: row?.paid_minor ?? 0,
          amountDeciKwh: row?.amount_deci_kwh ?? 0,
          lastAt: row?.last_at ?? 0,
        };
      }),
    }));
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
