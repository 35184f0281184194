/**
 * The SQLite driver, for the two rooms that keep a file of their own: the store and the security module's journal. It is an
 * optional dependency and loaded here alone, so that a failed native build stops the server and nothing else.
 */
import type { Database, Options } from 'better-sqlite3';
import { StsFault } from '../lib/faults.ts';

export type SqliteDriver = new (path: string, options?: Options) => Database;

/** @throws StsFault `store_driver_missing`. */
export async function loadSqliteDriver(): Promise<SqliteDriver> {
  try {
    const { default: Driver } = await import('better-sqlite3');
    new Driver(':memory:').close(); // the native part is only found when the first database is made
    return Driver;
  } catch (error) {
    throw new StsFault('store_driver_missing', 'better-sqlite3', { cause: error });
  }
}

/** `PRAGMA synchronous`: FULL, every commit is on the disk before it is answered. */
const SYNCHRONOUS_FULL = 2;

/**
 * WAL with full durability, to be set on every open: this build of SQLite opens a file that is in WAL mode already with
 * `synchronous` NORMAL, under which a commit survives a crash of the process and not a power cut (dependencies.md, SQLite).
 * @throws StsFault `store_unavailable` when the database does not take it.
 */
export function makeDurable(database: Database): void {
  database.pragma('journal_mode = WAL');
  database.pragma('synchronous = FULL');
  const synchronous = database.pragma('synchronous', { simple: true });
  if (synchronous !== SYNCHRONOUS_FULL) {
    throw new StsFault('store_unavailable', `synchronous is ${synchronous}, not FULL`);
  }
}
