/**
 * Opens the SQLite store of a data folder: driver, lock, durability, schema. The driver is an optional dependency and is
 * loaded here alone, so that a failed native build stops the server and nothing else.
 */
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Database, Options } from 'better-sqlite3';
import { StsFault } from '../../lib/faults.ts';
import { migrate } from './migrations.ts';
import { storeFault } from './sqlite-faults.ts';
import { SqliteStore } from './sqlite-store.ts';

/** The database file inside the data folder; SQLite keeps `-wal` and `-shm` beside it while it is open. */
export const DATABASE_FILE = 'vending.sqlite';
/** An empty SQLite file whose exclusive lock says that a server runs on this folder; the system drops it at a crash. */
const LOCK_FILE = 'vending.lock';

const BUSY_TIMEOUT_MILLIS = 5000;
/** `PRAGMA synchronous`: FULL, every commit is on the disk before it is answered. */
const SYNCHRONOUS_FULL = 2;

type Driver = new (path: string, options?: Options) => Database;

/**
 * @throws StsFault `store_driver_missing`, `store_in_use`, `store_newer`, `store_damaged`, `store_unavailable`.
 */
export async function openSqliteStore(options: { dataFolder: string }): Promise<SqliteStore> {
  const Driver = await loadDriver();
  makeFolder(options.dataFolder);
  const unlock = lockFolder(Driver, options.dataFolder);
  let database: Database | undefined;
  try {
    database = new Driver(join(options.dataFolder, DATABASE_FILE));
    makeDurable(database);
    migrate(database);
    return new SqliteStore(database, unlock);
  } catch (error) {
    database?.close();
    unlock();
    throw storeFault(error);
  }
}

async function loadDriver(): Promise<Driver> {
  try {
    const { default: Driver } = await import('better-sqlite3');
    new Driver(':memory:').close(); // the native part is only found when the first database is made
    return Driver;
  } catch (error) {
    throw new StsFault('store_driver_missing', 'better-sqlite3', { cause: error });
  }
}

function makeFolder(dataFolder: string): void {
  try {
    mkdirSync(dataFolder, { recursive: true, mode: 0o700 }); // the answers in it hold token numbers
  } catch (error) {
    throw new StsFault('store_unavailable', 'the data folder cannot be made', { cause: error });
  }
}

/** Two servers on one folder would hand out the same TIDs: claims live in the memory of one process. */
function lockFolder(Driver: Driver, dataFolder: string): () => void {
  let lock: Database | undefined;
  try {
    lock = new Driver(join(dataFolder, LOCK_FILE), { timeout: 0 });
    lock.exec('BEGIN EXCLUSIVE');
    const held = lock;
    return () => held.close();
  } catch (error) {
    lock?.close();
    const busy = error instanceof Error && 'code' in error && error.code === 'SQLITE_BUSY';
    throw busy ? new StsFault('store_in_use', undefined, { cause: error }) : storeFault(error);
  }
}

/**
 * Set on every open: this build of SQLite opens a file that is in WAL mode already with `synchronous` NORMAL, under which
 * a commit survives a crash of the process and not a power cut (dependencies.md, SQLite).
 */
function makeDurable(database: Database): void {
  database.pragma(`busy_timeout = ${BUSY_TIMEOUT_MILLIS}`);
  database.pragma('journal_mode = WAL');
  database.pragma('synchronous = FULL');
  database.pragma('foreign_keys = ON');
  const synchronous = database.pragma('synchronous', { simple: true });
  if (synchronous !== SYNCHRONOUS_FULL) {
    throw new StsFault('store_unavailable', `synchronous is ${synchronous}, not FULL`);
  }
}
