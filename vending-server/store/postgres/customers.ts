/** Customers, their words and fault reports on PostgreSQL. */
import type {
  CustomerRecord,
  CustomerSearch,
  CustomerStore,
  FaultReport,
  FaultReportDraft,
  FaultReportStore,
  SearchPage,
} from '../customer-contract.ts';
import {
  customerOf,
  customerValues,
  endOfWords,
  type FoundRow,
  faultReportOf,
  isSameCustomer,
  isSameReport,
  searchPageOf,
} from '../customer-rows.ts';
import type { PostgresAccess } from './access.ts';

export class PostgresCustomers implements CustomerStore {
  readonly #access: PostgresAccess;

  constructor(access: PostgresAccess) {
    this.#access = access;
  }

  put(customer: CustomerRecord, words: readonly string[]) {
    const { meterPan } = customer;
    return this.#access.write(`customer ${meterPan}`, async (ask) => {
      // What has no row yet is held by its meter's: two who write it at once come one after the other.
      if ((await ask('lockMeter', [meterPan])).length === 0) return 'meter_unknown' as const;
      const [row] = await ask('lockCustomer', [meterPan]);
      if (row !== undefined && isSameCustomer(customerOf(row), customer)) return 'same' as const;
      await ask('removeWords', [meterPan]);
      await ask('putCustomer', customerValues(customer));
      await ask('addWords', [meterPan, words]);
      return row === undefined ? ('created' as const) : ('changed' as const);
    });
  }

  async find(meterPan: string): Promise<CustomerRecord | undefined> {
    const [row] = await this.#access.query('findCustomer', [meterPan]);
    return row && customerOf(row);
  }

  remove(meterPan: string): Promise<boolean> {
    return this.#access.write(`customer ${meterPan}`, async (ask) => {
      await ask('lockMeter', [meterPan]);
      await ask('removeWords', [meterPan]);
      const [row] = await ask('removeCustomer', [meterPan]);
      if (row === undefined) return false;
      const targets = [row.phone, row.email].filter((target) => target !== null);
      await ask('removeMessages', [targets]);
      return true;
    });
  }

  async search({ beginnings, after, limit }: CustomerSearch): Promise<SearchPage> {
    const lead = after?.lead ?? (await this.#rarest(beginnings));
    const from = beginnings[lead] ?? '';
    const others = beginnings.filter((_, index) => index !== lead);
    const place = [from, endOfWords(from), after?.word ?? '', after?.meterPan ?? ''];
    const ends = others.map(endOfWords);
    const rows = (await this.#access.query('searchCustomers', [...place, others, ends, limit])) as FoundRow[];
    const [last] = rows.length < limit ? await this.#access.query('lastWordScanned', place) : [];
    return searchPageOf(rows, { lead, limit }, last);
  }

  async #rarest(beginnings: readonly string[]): Promise<number> {
    const counts: number[] = [];
    for (const beginning of beginnings) {
      const [row] = await this.#access.query('countWords', [beginning, endOfWords(beginning)]);
      counts.push(row.n);
    }
    return counts.indexOf(Math.min(...counts));
  }
}

export class PostgresFaultReports implements FaultReportStore {
  readonly #access: PostgresAccess;

  constructor(access: PostgresAccess) {
    this.#access = access;
  }

  async add(draft: FaultReportDraft): ReturnType<FaultReportStore['add']> {
    const { vendorId, requestId, meterPan, kind, text, reportedAt, reportedBy } = draft;
    if ((await this.#access.query('hasMeter', [meterPan])).length === 0) return { kind: 'meter_unknown' };
    const values = [vendorId, requestId, meterPan, kind, text, reportedAt, reportedBy];
    const [added] = await this.#access.query('addFaultReport', values);
    if (added !== undefined) return { kind: 'created', report: faultReportOf(added) };
    const [row] = await this.#access.query('faultReportOfRequest', [vendorId, requestId]);
    const held = faultReportOf(row);
    return isSameReport(held, draft)
      ? { kind: 'same', report: held }
      : { kind: 'exists_with_different_request' };
  }

  async find(reportId: number): Promise<FaultReport | undefined> {
    const [row] = await this.#access.query('findFaultReport', [reportId]);
    return row && faultReportOf(row);
  }

  async list(filter: Parameters<FaultReportStore['list']>[0]): Promise<readonly FaultReport[]> {
    const { vendorId, meterPan, state, limit } = filter;
    const place = [filter.before ?? Number.MAX_SAFE_INTEGER, limit];
    const rows =
      meterPan !== null
        ? await this.#access.query('faultReportsOfMeter', [...place, vendorId, state, meterPan])
        : vendorId !== null
          ? await this.#access.query('faultReportsOfVendor', [...place, vendorId, state])
          : state === null
            ? await this.#access.query('faultReports', place)
            : await this.#access.query('faultReportsOfState', [...place, state]);
    return rows.map(faultReportOf);
  }

  async change({ reportId, state, note, at, by }: Parameters<FaultReportStore['change']>[0]) {
    const [row] = await this.#access.query('changeFaultReport', [reportId, state, note, at, by]);
    return row && faultReportOf(row);
  }
}
