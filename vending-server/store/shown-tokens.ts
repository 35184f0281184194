/** Before the numbers of all tokens are written out beside a running server: from then on none of them counts as unseen. */
import { join } from 'node:path';
import type { Database } from 'better-sqlite3';
import { loadSqliteDriver, makeDurable } from '../sqlite-driver.ts';
import { CUSTOMERS } from './migrations/step-11-customers.ts';
import { MIGRATIONS } from './migrations.ts';
import { DATABASE_FILE } from './open.ts';
import { openPool } from './postgres/connections.ts';
import { postgresFault } from './postgres/faults.ts';
import { storeFault } from './sqlite/faults.ts';

const BUSY_TIMEOUT_MILLIS = 5000;
/**
 * The word that nobody has seen a sale comes within moments of the sale: of older ones without a word it never comes, and only
 * these are written down as seen.
 */
const RECENT_MILLIS = 3_600_000;

const SEE_UNSEEN = "UPDATE sale_advice SET state = 'seen', told_at = :at WHERE state = 'unseen'";
const SEE_RECENT = `
  INSERT OR IGNORE INTO sale_advice (sale_id, state, told_at, told_by, note)
  SELECT reference, 'seen', :at, '', '' FROM float_entry
  WHERE kind = 'sale' AND at >= (SELECT max(at) FROM float_entry) - ${RECENT_MILLIS}`;
const REVERSED = "SELECT sale_id FROM sale_advice WHERE state = 'reversed'";

const POSTGRES_SEE_UNSEEN = "UPDATE sale_advice SET state = 'seen', told_at = $1 WHERE state = 'unseen'";
const POSTGRES_SEE_RECENT = `
  INSERT INTO sale_advice (sale_id, state, told_at, told_by, note)
  SELECT reference, 'seen', $1, '', '' FROM float_entry
  WHERE kind = 'sale' AND at >= (SELECT max(at) FROM float_entry) - ${RECENT_MILLIS} ON CONFLICT DO NOTHING`;
const HAS_UNSEEN = 'SELECT EXISTS (SELECT 1 FROM schema_step WHERE name = $1) AS has';

/**
 * To be called after the snapshot was taken and before the first number leaves.
 * @param at - milliseconds since 1970 UTC.
 * @returns the sales that were taken back: their numbers are given to nobody.
 * @throws StsFault `store_unavailable` for books that cannot be written, `store_driver_missing`, `store_damaged`.
 */
export async function showAllTokens(dataFolder: string, at: number): Promise<ReadonlySet<string>> {
  const Driver = await loadSqliteDriver();
  let database: Database | undefined;
  try {
    database = new Driver(join(dataFolder, DATABASE_FILE), { fileMustExist: true });
    const books = database;
    books.pragma(`busy_timeout = ${BUSY_TIMEOUT_MILLIS}`);
    // A server that brings no step of this version writes no such words.
    if (Number(books.pragma('user_version', { simple: true })) < MIGRATIONS.length) return new Set();
    makeDurable(books);
    books
      .transaction(() => {
        books.prepare(SEE_UNSEEN).run({ at });
        books.prepare(SEE_RECENT).run({ at });
      })
      .immediate();
    return new Set(books.prepare(REVERSED).pluck().all() as string[]);
  } catch (error) {
    throw storeFault(error);
  } finally {
    database?.close();
  }
}

/**
 * The same on PostgreSQL; a standby cannot write it.
 * @throws StsFault `usage` for the URL, `store_unavailable`, `store_driver_missing`, `store_damaged`.
 */
export async function showAllPostgresTokens(databaseUrl: string, at: number): Promise<ReadonlySet<string>> {
  const pool = await openPool(databaseUrl, 1);
  try {
    const client = await pool.connect();
    try {
      if (!(await client.query(HAS_UNSEEN, [CUSTOMERS.name])).rows[0]?.has) return new Set();
      await client.query('BEGIN');
      await client.query(POSTGRES_SEE_UNSEEN, [at]);
      await client.query(POSTGRES_SEE_RECENT, [at]);
      await client.query('COMMIT');
      return new Set((await client.query(REVERSED)).rows.map((row) => row.sale_id));
    } finally {
      client.release(true);
    }
  } catch (error) {
    throw postgresFault(error);
  } finally {
    await pool.end();
  }
}
