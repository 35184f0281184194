/** The books of a PostgreSQL store from outside, with SQL of its own: what must hold whatever was killed. */
import pg from 'pg';
import * as assert from 'uvu/assert';

export interface Books {
  readonly sales: number;
  readonly unreleased: number;
  readonly liveClaims: number;
  /** Sale by vendor and request id. */
  readonly held: ReadonlyMap<string, string>;
}

/** Asks the database directly. */
export function ask(
  url: string,
  text: string,
  values: readonly unknown[] = [],
): Promise<pg.QueryResultRow[]> {
  return withClient(url, async (client) => (await client.query(text, [...values])).rows);
}

/** Databases for one test after the other: making one writes 18 MB, emptying one that a test is done with next to nothing. */
export class BooksInTurn {
  readonly #make: () => Promise<string>;
  readonly #free: string[] = [];

  /** @param make - makes a database and gives its URL. */
  constructor(make: () => Promise<string>) {
    this.#make = make;
  }

  /** @returns the URL of a database without any books, or with empty ones at the newest schema. */
  async take(): Promise<string> {
    return this.#free.pop() ?? (await this.#make());
  }

  /** Nobody has it open any more. */
  async giveBack(url: string): Promise<void> {
    await emptyBooks(url);
    this.#free.push(url);
  }
}

/** A migration writes its own steps and no other row; triggers that keep rows from being deleted are asked to look away. */
async function emptyBooks(url: string): Promise<void> {
  const [made] = await ask(
    url,
    `SELECT string_agg(format('DELETE FROM %I', tablename), ';') AS emptying FROM pg_tables
      WHERE schemaname = 'public' AND tablename <> 'schema_step'`,
  );
  const restarting = 'SELECT setval(seqrelid::regclass, seqstart, false) FROM pg_sequence';
  await ask(url, `SET session_replication_role = replica; ${made?.['emptying']}; ${restarting}`);
}

async function withClient<T>(url: string, work: (client: pg.Client) => Promise<T>): Promise<T> {
  const client = new pg.Client(url);
  client.on('error', () => undefined);
  await client.connect();
  try {
    return await work(client);
  } finally {
    await client.end();
  }
}

/** @param account - SQL that gives the float's account from the vendor `v`. */
const brokenRules = (account: string): Readonly<Record<string, string>> => ({
  'a float is its deposits and changes less its sales': `
    SELECT v.vendor_id FROM vendor v WHERE float_minor <>
      coalesce((SELECT sum(amount_minor) FROM deposit d WHERE d.vendor_id = v.vendor_id), 0)
      + coalesce((SELECT sum(amount_minor) FROM float_entry f
        WHERE f.vendor_id = v.vendor_id AND kind IN ('depositReversal', 'commission')), 0)
      - coalesce((SELECT sum(paid_minor) FROM sale s WHERE s.vendor_id = v.vendor_id), 0)`,
  'a float is what the ledger says': `
    SELECT v.vendor_id FROM vendor v WHERE float_minor <>
      coalesce((SELECT sum(amount_minor) FROM transfer WHERE credit_account = ${account}), 0)
      - coalesce((SELECT sum(amount_minor) FROM transfer WHERE debit_account = ${account}), 0)`,
  'what is reserved is what is claimed': `
    SELECT v.vendor_id FROM vendor v WHERE reserved_minor <>
      coalesce((SELECT sum(paid_minor) FROM vend_claim c WHERE c.vendor_id = v.vendor_id), 0)`,
  'the lines of a sale sum to what was paid': `
    SELECT s.sale_id FROM sale s WHERE paid_minor <>
      (SELECT coalesce(sum(amount_minor), 0) FROM transfer t WHERE t.cause = 'sale ' || s.sale_id)`,
  'a sale has one released entry': `
    SELECT s.sale_id FROM sale s WHERE 1 <> (SELECT count(*) FROM chain_entry e WHERE e.sale_id = s.sale_id)`,
  'a meter counts its sales': `
    SELECT m.meter_pan FROM meter m WHERE coalesce((SELECT version FROM meter_history h WHERE h.meter_pan = m.meter_pan), 0)
      <> (SELECT count(*) FROM sale s WHERE s.meter_pan = m.meter_pan)`,
  'no counter of a module is missing': `
    SELECT module_id FROM chain_entry GROUP BY module_id HAVING max(counter) <> count(*) OR min(counter) <> 1`,
  'each entry follows on the one before': `
    SELECT e.counter FROM chain_entry e JOIN chain_entry b ON b.module_id = e.module_id AND b.counter = e.counter - 1
      WHERE e.previous_hash <> b.entry_hash`,
  'a TID is known as used': `
    SELECT e.meter_pan FROM chain_entry e LEFT JOIN meter_tid t USING (meter_pan, base_date)
      WHERE t.tid_minutes IS NULL OR e.tid_minutes > t.tid_minutes`,
  'each movement of a float follows on the one before': `
    SELECT entry_id FROM (SELECT entry_id, balance_minor - amount_minor AS before,
        lag(balance_minor, 1, 0::bigint) OVER (PARTITION BY vendor_id ORDER BY entry_id) AS had FROM float_entry) AS e
      WHERE before <> had`,
  'the last movement of a float leaves it as it is': `
    SELECT v.vendor_id FROM vendor v WHERE float_minor <> coalesce(
      (SELECT balance_minor FROM float_entry f WHERE f.vendor_id = v.vendor_id ORDER BY entry_id DESC LIMIT 1), 0)`,
  'a sale has one movement of its float': `
    SELECT coalesce(s.sale_id, f.reference) AS sale_id FROM sale s
      FULL JOIN (SELECT reference, count(*) AS n FROM float_entry WHERE kind = 'sale' GROUP BY reference) f
      ON f.reference = s.sale_id WHERE s.sale_id IS NULL OR n IS DISTINCT FROM 1`,
  'the counters of the days are the sales': `
    SELECT d.subject, s.vendor_id FROM (SELECT subject, sum(sales) AS n, sum(paid_minor) AS paid
        FROM day_count WHERE scope = 'vendor' GROUP BY subject) d
      FULL JOIN (SELECT vendor_id, count(*) AS n, sum(paid_minor) AS paid FROM sale GROUP BY vendor_id) s
      ON s.vendor_id = d.subject WHERE (d.n, d.paid) IS DISTINCT FROM (s.n, s.paid)`,
  'a transfer has a time': 'SELECT transfer_id FROM transfer WHERE booked_at IS NULL',
});

/** All of it at one moment, whoever sells meanwhile. */
export function checkBooks(url: string, account = "'vendor:' || v.vendor_id"): Promise<Books> {
  return withClient(url, async (client) => {
    await client.query('BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY');
    for (const [rule, text] of Object.entries(brokenRules(account)))
      assert.equal((await client.query(text)).rows, [], rule);
    const { rows: sales } = await client.query('SELECT vendor_id, request_id, sale_id FROM sale');
    const count = async (from: string) =>
      Number((await client.query(`SELECT count(*) FROM ${from}`)).rows[0]?.['count']);
    return {
      sales: sales.length,
      unreleased: await count("chain_entry WHERE state = 'unreleased'"),
      liveClaims: await count('vend_claim'),
      held: new Map(sales.map((row) => [`${row['vendor_id']} ${row['request_id']}`, row['sale_id']])),
    };
  });
}

/** Nothing lost: each answer that left a process is the sale that the books hold. */
export function checkAnswers(
  held: ReadonlyMap<string, string>,
  answers: Iterable<ReadonlyMap<string, string>>,
): number {
  let checked = 0;
  for (const answered of answers) {
    for (const [request, saleId] of answered) {
      assert.is(held.get(request), saleId, request);
      checked += 1;
    }
  }
  return checked;
}
