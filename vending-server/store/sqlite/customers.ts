/** Customers, their words and fault reports in SQLite. */
import type { Statement } from 'better-sqlite3';
import {
  type CustomerRecord,
  type CustomerSearch,
  type CustomerStore,
  type FaultReport,
  type FaultReportDraft,
  type FaultReportStore,
  type RegisteredContact,
  SEARCH_COUNT,
  SEARCH_SCAN,
  type SearchPage,
} from '../customer-contract.ts';
import {
  CUSTOMER_COLUMNS,
  type CustomerRow,
  contactOf,
  customerOf,
  customerValues,
  endOfWords,
  FAULT_REPORT_COLUMNS,
  type FaultReportRow,
  type FoundRow,
  faultReportOf,
  isSameCustomer,
  isSameReport,
  searchPageOf,
} from '../customer-rows.ts';
import { prepareAll, type SqliteAccess } from './access.ts';

/** Of the words that lead, so many; then what of them is a customer with all the others, each once. */
const SEARCH = `
  SELECT c.${CUSTOMER_COLUMNS.split(/,\s*/).join(', c.')}, w.word, m.drn
  FROM (SELECT word, meter_pan FROM customer_word
    WHERE word >= :from AND word < :until AND (word, meter_pan) > (:word, :meterPan)
    ORDER BY word, meter_pan LIMIT ${SEARCH_SCAN}) AS w
  JOIN customer AS c ON c.meter_pan = w.meter_pan JOIN meter AS m ON m.meter_pan = w.meter_pan
  WHERE NOT EXISTS (SELECT 1 FROM customer_word AS f
      WHERE f.meter_pan = w.meter_pan AND f.word >= :from AND f.word < w.word)
    AND NOT EXISTS (SELECT 1 FROM json_each(:others) AS o WHERE NOT EXISTS (
      SELECT 1 FROM customer_word AS x
      WHERE x.meter_pan = w.meter_pan AND x.word >= o.value AND x.word < o.value || char(1114111)))
  ORDER BY w.word, w.meter_pan LIMIT :limit`;

const SQL = {
  hasMeter: 'SELECT 1 FROM meter WHERE meter_pan = ?',
  find: `SELECT ${CUSTOMER_COLUMNS} FROM customer WHERE meter_pan = ?`,
  findContact: 'SELECT phone, email, language FROM customer WHERE meter_pan = ? AND notify = 1',
  put: `INSERT INTO customer (${CUSTOMER_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
    ON CONFLICT (meter_pan) DO UPDATE SET (name, address, account, location_reference, reference, phone, email, language,
      notify, updated_at) = (excluded.name, excluded.address, excluded.account, excluded.location_reference,
      excluded.reference, excluded.phone, excluded.email, excluded.language, excluded.notify, excluded.updated_at)`,
  removeWords: 'DELETE FROM customer_word WHERE meter_pan = ?',
  addWord: 'INSERT OR IGNORE INTO customer_word (word, meter_pan) VALUES (?, ?)',
  remove: 'DELETE FROM customer WHERE meter_pan = ?',
  removeMessages: "DELETE FROM notification WHERE channel IN ('sms', 'email') AND target IN (?, ?)",
  count: `SELECT count(*) AS n FROM (SELECT 1 FROM customer_word WHERE word >= ? AND word < ? LIMIT ${SEARCH_COUNT})`,
  search: SEARCH,
  lastScanned: `SELECT word, meter_pan FROM customer_word
    WHERE word >= :from AND word < :until AND (word, meter_pan) > (:word, :meterPan)
    ORDER BY word, meter_pan LIMIT 1 OFFSET ${SEARCH_SCAN - 1}`,
} as const;

export class SqliteCustomers implements CustomerStore {
  readonly #access: SqliteAccess;
  readonly #sql: Readonly<Record<keyof typeof SQL, Statement>>;

  constructor(access: SqliteAccess) {
    this.#access = access;
    this.#sql = prepareAll(access.database, SQL);
  }

  put(customer: CustomerRecord, words: readonly string[]) {
    return this.#access.write(() => {
      const { meterPan } = customer;
      if (this.#sql.hasMeter.get(meterPan) === undefined) return 'meter_unknown' as const;
      const held = this.#find(meterPan);
      if (held !== undefined && isSameCustomer(held, customer)) return 'same' as const;
      this.#erasing(() => {
        this.#sql.removeWords.run(meterPan);
        this.#sql.put.run(
          ...customerValues(customer).map((value) => (typeof value === 'boolean' ? Number(value) : value)),
        );
        for (const word of words) this.#sql.addWord.run(word, meterPan);
      });
      return held === undefined ? ('created' as const) : ('changed' as const);
    });
  }

  find(meterPan: string): Promise<CustomerRecord | undefined> {
    return this.#access.read(() => this.#find(meterPan));
  }

  /** Inside a read: where the customer of a meter is told of sales. */
  contact(meterPan: string): RegisteredContact | undefined {
    const row = this.#sql.findContact.get(meterPan) as Parameters<typeof contactOf>[0] | undefined;
    return row && contactOf(row);
  }

  remove(meterPan: string): Promise<boolean> {
    return this.#access.write(() => {
      const held = this.#find(meterPan);
      if (held === undefined) return false;
      this.#erasing(() => {
        this.#sql.removeWords.run(meterPan);
        this.#sql.remove.run(meterPan);
        this.#sql.removeMessages.run(held.phone, held.email);
      });
      return true;
    });
  }

  search({ beginnings, after, limit }: CustomerSearch): Promise<SearchPage> {
    return this.#access.read(() => {
      const lead = after?.lead ?? this.#rarest(beginnings);
      const from = beginnings[lead] ?? '';
      const others = JSON.stringify(beginnings.filter((_, index) => index !== lead));
      const range = { from, until: endOfWords(from) };
      const place = { word: after?.word ?? '', meterPan: after?.meterPan ?? '' };
      const rows = this.#sql.search.all({ ...range, ...place, others, limit }) as FoundRow[];
      const last = this.#sql.lastScanned.get({ ...range, ...place }) as
        | { word: string; meter_pan: string }
        | undefined;
      return searchPageOf(rows, { lead, limit }, last);
    });
  }

  #rarest(beginnings: readonly string[]): number {
    const counts = beginnings.map(
      (beginning) => (this.#sql.count.get(beginning, endOfWords(beginning)) as { n: number }).n,
    );
    return counts.indexOf(Math.min(...counts));
  }

  #find(meterPan: string): CustomerRecord | undefined {
    const row = this.#sql.find.get(meterPan) as CustomerRow | undefined;
    return row && customerOf(row);
  }

  /** What is taken out of a page is overwritten there: a name must not be found in the file afterwards. */
  #erasing(change: () => void): void {
    const { database } = this.#access;
    database.pragma('secure_delete = ON');
    try {
      change();
    } finally {
      database.pragma('secure_delete = OFF');
    }
  }
}

const REPORT_SQL = {
  hasMeter: 'SELECT 1 FROM meter WHERE meter_pan = ?',
  ofRequest: `SELECT ${FAULT_REPORT_COLUMNS} FROM fault_report WHERE vendor_id = ? AND request_id = ?`,
  add: `INSERT INTO fault_report (vendor_id, request_id, meter_pan, kind, text, reported_at, reported_by, state, note)
    VALUES (?, ?, ?, ?, ?, ?, ?, 'open', '')`,
  find: `SELECT ${FAULT_REPORT_COLUMNS} FROM fault_report WHERE report_id = ?`,
  list: `SELECT ${FAULT_REPORT_COLUMNS} FROM fault_report WHERE report_id < :before ORDER BY report_id DESC LIMIT :limit`,
  listOfState: `SELECT ${FAULT_REPORT_COLUMNS} FROM fault_report
    WHERE state = :state AND report_id < :before ORDER BY report_id DESC LIMIT :limit`,
  listOfMeter: `SELECT ${FAULT_REPORT_COLUMNS} FROM fault_report
    WHERE meter_pan = :meterPan AND (:vendorId IS NULL OR vendor_id = :vendorId) AND (:state IS NULL OR state = :state)
      AND report_id < :before ORDER BY report_id DESC LIMIT :limit`,
  listOfVendor: `SELECT ${FAULT_REPORT_COLUMNS} FROM fault_report
    WHERE vendor_id = :vendorId AND (:state IS NULL OR state = :state) AND report_id < :before
    ORDER BY report_id DESC LIMIT :limit`,
  change: 'UPDATE fault_report SET state = ?, note = ?, changed_at = ?, changed_by = ? WHERE report_id = ?',
} as const;

export class SqliteFaultReports implements FaultReportStore {
  readonly #access: SqliteAccess;
  readonly #sql: Readonly<Record<keyof typeof REPORT_SQL, Statement>>;

  constructor(access: SqliteAccess) {
    this.#access = access;
    this.#sql = prepareAll(access.database, REPORT_SQL);
  }

  add(draft: FaultReportDraft): ReturnType<FaultReportStore['add']> {
    return this.#access.write((): Awaited<ReturnType<FaultReportStore['add']>> => {
      const { vendorId, requestId, meterPan, kind, text, reportedAt, reportedBy } = draft;
      if (this.#sql.hasMeter.get(meterPan) === undefined) return { kind: 'meter_unknown' };
      const row = this.#sql.ofRequest.get(vendorId, requestId) as FaultReportRow | undefined;
      const held = row && faultReportOf(row);
      if (held !== undefined) {
        return isSameReport(held, draft)
          ? { kind: 'same', report: held }
          : { kind: 'exists_with_different_request' };
      }
      const { lastInsertRowid } = this.#sql.add.run(
        vendorId,
        requestId,
        meterPan,
        kind,
        text,
        reportedAt,
        reportedBy,
      );
      const none = { state: 'open', note: '', changedAt: null, changedBy: null } as const;
      return { kind: 'created', report: { ...draft, reportId: Number(lastInsertRowid), ...none } };
    });
  }

  find(reportId: number): Promise<FaultReport | undefined> {
    return this.#access.read(() => this.#find(reportId));
  }

  list(filter: Parameters<FaultReportStore['list']>[0]): Promise<readonly FaultReport[]> {
    const { vendorId, meterPan, state, limit } = filter;
    const before = filter.before ?? Number.MAX_SAFE_INTEGER;
    return this.#access.read(() => {
      const rows =
        meterPan !== null
          ? this.#sql.listOfMeter.all({ meterPan, vendorId, state, before, limit })
          : vendorId !== null
            ? this.#sql.listOfVendor.all({ vendorId, state, before, limit })
            : state === null
              ? this.#sql.list.all({ before, limit })
              : this.#sql.listOfState.all({ state, before, limit });
      return (rows as FaultReportRow[]).map(faultReportOf);
    });
  }

  change({ reportId, state, note, at, by }: Parameters<FaultReportStore['change']>[0]) {
    return this.#access.write(() => {
      this.#sql.change.run(state, note, at, by, reportId);
      return this.#find(reportId);
    });
  }

  #find(reportId: number): FaultReport | undefined {
    const row = this.#sql.find.get(reportId) as FaultReportRow | undefined;
    return row && faultReportOf(row);
  }
}
