/**
 * Years of business in a SQLite ledger, written as rows and not sold: what a server finds on its disk is as large as it will
 * be, and its indexes as deep. Every row is a copy of what one sale of the server wrote, under ids and digests of its own; the
 * chain of these sales is of no module and proves nothing.
 */
import Database, { type Database as Connection } from 'better-sqlite3';
import { luhnDigit } from '../../lib/identity/luhn.ts';
import { parseMeterNumber } from '../../lib/identity/meter-pan.ts';

export interface HistoryOrder {
  readonly meterCount: number;
  /** Sales of each meter, a month apart, the last of them a month ago. */
  readonly salesEach: number;
  /** Of so many meters, the first ones, one sale more stands in the present month. */
  readonly boughtThisMonth: number;
  /** Every so manieth meter owes money; 0 for none. */
  readonly debtEvery: number;
  readonly now: number;
  readonly progress?: (salesWritten: number) => void;
}

/** Longer than any month, so that no two sales of a meter are in one. */
const MONTH_MILLIS = 32 * 86_400_000;
const CACHE_KIB = 4_000_000;
const FLOAT_MINOR = 1_000_000_000_000_000;
const DEBT_MINOR = 50_000_000;

/** Random lower-case hex digits, two a byte. */
const hexOf = (bytes: number) => `lower(hex(randomblob(${bytes})))`;

/**
 * Copies the one meter and the one sale of a ledger.
 * @param file - of a server that is not running.
 * @returns the DRNs of the meters that were added, in the order in which `boughtThisMonth` counts them.
 */
export function writeSalesHistory(file: string, order: HistoryOrder): readonly string[] {
  const database = new Database(file);
  try {
    // A crash would only mean to write the rows again.
    database.pragma('synchronous = OFF');
    database.pragma('foreign_keys = OFF');
    database.pragma(`cache_size = -${CACHE_KIB}`);
    const drns = addMeters(database, order.meterCount);
    let written = 0;
    for (let month = 0; month <= order.salesEach; month += 1) {
      const isNow = month === order.salesEach;
      const count = isNow ? order.boughtThisMonth : order.meterCount;
      const soldAt = isNow ? order.now : order.now - (order.salesEach - month) * MONTH_MILLIS;
      database.transaction(() => addSales(database, { count, soldAt, first: month * order.meterCount }))();
      written += count;
      order.progress?.(written);
    }
    addWhatMetersBought(database, order);
    if (order.debtEvery > 0) addDebts(database, order.debtEvery);
    database
      .prepare('UPDATE vendor SET float_minor = ? WHERE vendor_id = (SELECT vendor_id FROM template)')
      .run(FLOAT_MINOR);
    database.pragma('wal_checkpoint(TRUNCATE)');
    return drns;
  } finally {
    database.close();
  }
}

function addMeters(database: Connection, meterCount: number): readonly string[] {
  database.exec(`
    CREATE TEMP TABLE template AS SELECT sale_id, vendor_id, meter_pan FROM sale LIMIT 1;
    CREATE TEMP TABLE added (n INTEGER PRIMARY KEY, meter_pan TEXT NOT NULL, drn TEXT NOT NULL)`);
  const add = database.prepare('INSERT INTO added (n, meter_pan, drn) VALUES (?, ?, ?)');
  const drns: string[] = [];
  database.transaction(() => {
    for (let n = 0; n < meterCount; n += 1) {
      // In no order, as meters come to a utility; the factor is prime to a hundred million.
      const body = `08${String((n * 79_190_003) % 100_000_000).padStart(8, '0')}`;
      const { meterPan, drn } = parseMeterNumber(body + luhnDigit(body));
      add.run(n, meterPan, drn);
      drns.push(drn);
    }
    copy(database, 'meter', 'meter_pan = (SELECT meter_pan FROM template)', 'added', {
      meter_pan: 'pick.meter_pan',
      drn: 'pick.drn',
    });
  })();
  return drns;
}

function addSales(
  database: Connection,
  { count, soldAt, first }: { readonly count: number; readonly soldAt: number; readonly first: number },
): void {
  database.exec(`
    DROP TABLE IF EXISTS temp.sold;
    CREATE TEMP TABLE sold AS
      SELECT n, meter_pan, ${soldAt} + n AS sold_at, printf('sale_%012x%020x', ${soldAt} + n, ${first} + n) AS sale_id
      FROM added WHERE n < ${count}`);
  const isOfTemplate = (column: string) => `${column} = (SELECT sale_id FROM template)`;
  copy(database, 'sale', isOfTemplate('sale_id'), 'sold', {
    sale_id: 'pick.sale_id',
    request_id: hexOf(16),
    request_hash: hexOf(32),
    response_digest: hexOf(32),
    meter_pan: 'pick.meter_pan',
    sold_at: 'pick.sold_at',
  });
  copy(database, 'chain_entry', isOfTemplate('sale_id'), 'sold', {
    entry_id: 'NULL',
    module_id: "'history'",
    counter: `${first} + pick.n + 1`,
    sale_digest: hexOf(32),
    token_digest: hexOf(32),
    previous_hash: hexOf(32),
    entry_hash: hexOf(32),
    sale_id: 'pick.sale_id',
    meter_pan: 'pick.meter_pan',
  });
  copy(database, 'float_entry', isOfTemplate('reference'), 'sold', {
    entry_id: 'NULL',
    reference: 'pick.sale_id',
    at: 'pick.sold_at',
  });
  copy(database, 'transfer', `cause = 'sale ' || (SELECT sale_id FROM template)`, 'sold', {
    transfer_id: 'NULL',
    cause: "'sale ' || pick.sale_id",
    booked_at: 'pick.sold_at',
  });
}

function addWhatMetersBought(database: Connection, { boughtThisMonth, now }: HistoryOrder): void {
  const ofNow = `pick.n < ${boughtThisMonth}`;
  const lastAt = `CASE WHEN ${ofNow} THEN ${now} ELSE ${now - MONTH_MILLIS} END`;
  const day = (format: string) => `strftime('${format}', (${lastAt}) / 1000, 'unixepoch')`;
  copy(database, 'meter_history', 'meter_pan = (SELECT meter_pan FROM template)', 'added', {
    meter_pan: 'pick.meter_pan',
    month: day('%Y-%m'),
    last_at: lastAt,
    day: day('%Y-%m-%d'),
    day_last_at: lastAt,
    // A month of minutes below the clock's: whatever comes next is above it.
    tid_14: `t.tid_14 - ${MONTH_MILLIS / 60_000}`,
  });
}

function addDebts(database: Connection, every: number): void {
  const recovery = JSON.stringify({ kind: 'percentage', rate: '0.25' });
  database
    .prepare(
      `INSERT INTO debt (debt_id, meter_pan, label, opened_minor, balance_minor, recovery, opened_at)
       SELECT 'arrears-' || n, meter_pan, 'Arrears', :owed, :owed, :recovery, 0 FROM added WHERE n % :every = 0`,
    )
    .run({ owed: DEBT_MINOR, every, recovery });
}

/** Copies the rows of a table that stand for the template, once for each row of `picks`, with some columns anew. */
function copy(
  database: Connection,
  table: string,
  where: string,
  picks: 'added' | 'sold',
  anew: Readonly<Record<string, string>>,
): void {
  const columns = (database.pragma(`table_info(${table})`) as { name: string }[]).map(({ name }) => name);
  const values = columns.map((name) => anew[name] ?? `t.${name}`);
  database.exec(`
    INSERT INTO ${table} (${columns.join(', ')})
    SELECT ${values.join(', ')} FROM ${picks} AS pick CROSS JOIN (SELECT * FROM ${table} WHERE ${where}) AS t ORDER BY pick.n`);
}
