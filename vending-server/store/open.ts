/** Opens the SQLite store of a data folder: lock, durability, schema. */
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Database } from 'better-sqlite3';
import { StsFault } from '../../lib/faults.ts';
import { loadSqliteDriver, makeDurable, type SqliteDriver } from '../sqlite-driver.ts';
import { migrate } from './migrations.ts';
import type { CommitReport } from './operation-contract.ts';
import { storeFault } from './sqlite-faults.ts';
import { SqliteStore } from './sqlite-store.ts';

/** The database file inside the data folder; SQLite keeps `-wal` and `-shm` beside it while it is open. */
export const DATABASE_FILE = 'vending.sqlite';
/** An empty SQLite file whose exclusive lock says that a server runs on this folder; the system drops it at a crash. */
const LOCK_FILE = 'vending.lock';

const BUSY_TIMEOUT_MILLIS = 5000;

/** @throws StsFault `store_driver_missing`, `store_in_use`, `store_newer`, `store_damaged`, `store_unavailable`. */
export async function openSqliteStore(options: {
  readonly dataFolder: string;
  /** Told of every group commit. */
  readonly onCommit?: (report: CommitReport) => void;
}): Promise<SqliteStore> {
  const Driver = await loadSqliteDriver();
  makeFolder(options.dataFolder);
  const unlock = lockFolder(Driver, options.dataFolder);
  let database: Database | undefined;
  try {
    database = new Driver(join(options.dataFolder, DATABASE_FILE));
    database.pragma(`busy_timeout = ${BUSY_TIMEOUT_MILLIS}`);
    makeDurable(database);
    database.pragma('foreign_keys = ON');
    migrate(database);
    return new SqliteStore(database, unlock, options.onCommit);
  } catch (error) {
    database?.close();
    unlock();
    throw storeFault(error);
  }
}

function makeFolder(dataFolder: string): void {
  try {
    mkdirSync(dataFolder, { recursive: true, mode: 0o700 }); // the answers in it hold token numbers
  } catch (error) {
    throw new StsFault('data_folder_unusable', dataFolder, { param: '--data', cause: error });
  }
}

/**
 * Holds a data folder that no server runs on, for commands that work on its files.
 * @throws StsFault `store_in_use`, `store_driver_missing`.
 */
export async function lockDataFolder(dataFolder: string): Promise<() => void> {
  return lockFolder(await loadSqliteDriver(), dataFolder);
}

/** Two servers on one folder would hand out the same TIDs: claims live in the memory of one process. */
function lockFolder(Driver: SqliteDriver, dataFolder: string): () => void {
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
