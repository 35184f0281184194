/** Opens a store: SQLite in a data folder, or PostgreSQL at a URL; lock, durability, schema. */
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Database } from 'better-sqlite3';
import type { Pool } from 'pg';
import { StsFault } from '../../lib/faults.ts';
import { loadSqliteDriver, makeDurable, type SqliteDriver } from '../sqlite-driver.ts';
import type { Store } from './contract.ts';
import type { MigrationStep } from './migrations/step.ts';
import { migrate, STEPS } from './migrations.ts';
import type { CommitReport } from './operation-contract.ts';
import { PostgresClaims } from './postgres/claims.ts';
import { openPool, PostgresConnections } from './postgres/connections.ts';
import { postgresFault } from './postgres/faults.ts';
import { type Migrated, migratePostgres } from './postgres/migrate.ts';
import { PostgresStore } from './postgres/store.ts';
import { storeFault } from './sqlite/faults.ts';
import { SqliteStore } from './sqlite/store.ts';

/** The database file inside the data folder; SQLite keeps `-wal` and `-shm` beside it while it is open. */
export const DATABASE_FILE = 'vending.sqlite';
/** An empty SQLite file whose exclusive lock says that a server runs on this folder; the system drops it at a crash. */
const LOCK_FILE = 'vending.lock';

const BUSY_TIMEOUT_MILLIS = 5000;

/** The store that the settings name. @throws as {@link openSqliteStore} or {@link openPostgresStore}. */
export function openStore(options: {
  readonly dataFolder: string;
  readonly databaseUrl?: string;
  /** Told of every group commit of SQLite. */
  readonly onCommit?: (report: CommitReport) => void;
}): Promise<Store> {
  const { dataFolder, databaseUrl, onCommit } = options;
  if (databaseUrl === undefined) {
    return openSqliteStore({ dataFolder, ...(onCommit === undefined ? {} : { onCommit }) });
  }
  return openPostgresStore({ url: databaseUrl, dataFolder });
}

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
    database = openFile(Driver, options.dataFolder);
    migrate(database);
    return new SqliteStore(database, unlock, options.onCommit);
  } catch (error) {
    database?.close();
    unlock();
    throw storeFault(error);
  }
}

/**
 * Where SQLite itself copies the log into the file, whatever becomes of the thread that does so long before
 * (sqlite/checkpoints.ts). All of the log is read again after a crash: 64 MiB.
 */
const LOG_PAGES = 16_000;
/** Of a year's indexes a sale looks at a few pages, at random. */
const CACHE_KIB = 65_536;

function openFile(Driver: SqliteDriver, dataFolder: string): Database {
  const database = new Driver(join(dataFolder, DATABASE_FILE));
  try {
    database.pragma(`busy_timeout = ${BUSY_TIMEOUT_MILLIS}`);
    makeDurable(database);
    database.pragma('foreign_keys = ON');
    database.pragma(`wal_autocheckpoint = ${LOG_PAGES}`);
    database.pragma(`cache_size = -${CACHE_KIB}`);
    return database;
  } catch (error) {
    database.close();
    throw error;
  }
}

export interface PostgresOptions {
  /** `postgres://user@host/database`; may hold a password, and is neither logged nor part of an error. */
  readonly url: string;
  /** Where this server's security module keeps its journal; another server on it is kept out. */
  readonly dataFolder?: string;
  /** At most so many connections; each takes a process of the database. */
  readonly connections?: number;
  /** A server that is not heard of for so long is taken for dead, and its claims are ended. */
  readonly leaseMillis?: number;
  /** The steps of the schema that this version knows. */
  readonly steps?: readonly MigrationStep[];
}

const POSTGRES_CONNECTIONS = 16;
/** Longer than a request may take, so that a server that is alive is never taken for dead. */
const LEASE_MILLIS = 20_000;

/**
 * @throws StsFault `store_driver_missing`, `usage` for the URL, `store_newer`, `store_in_use`, `store_unavailable`,
 *   `data_folder_unusable`.
 */
export async function openPostgresStore(options: PostgresOptions): Promise<PostgresStore> {
  const { dataFolder, leaseMillis = LEASE_MILLIS, steps = STEPS } = options;
  let unlock: () => void = () => undefined;
  if (dataFolder !== undefined) {
    makeFolder(dataFolder);
    unlock = lockFolder(await loadSqliteDriver(), dataFolder);
  }
  const pool = await openPool(options.url, options.connections ?? POSTGRES_CONNECTIONS).catch((error) => {
    unlock();
    throw error;
  });
  const connections = new PostgresConnections(pool);
  try {
    await assertDurable(pool);
    const claims = new PostgresClaims(connections, { knownSteps: steps.length, leaseMillis });
    await migratePostgres(pool, steps, () => claims.start());
    return new PostgresStore(connections, claims, unlock);
  } catch (error) {
    await connections.close();
    unlock();
    throw error;
  }
}

/** Takes the steps of the schema that are missing, and nothing else. @throws as {@link openPostgresStore}. */
export async function migrateDatabase(
  url: string,
  steps: readonly MigrationStep[] = STEPS,
): Promise<Migrated> {
  const pool = await openPool(url, 1);
  try {
    return await migratePostgres(pool, steps);
  } finally {
    await pool.end();
  }
}

/** A database that forgets commits at a power cut, or writes half a page, cannot keep what this server promises. */
async function assertDurable(pool: Pool): Promise<void> {
  const asked = `SELECT current_setting('fsync') AS fsync, current_setting('full_page_writes') AS full_pages,
    current_setting('server_encoding') AS encoding`;
  const { rows } = await pool.query(asked).catch((error: unknown) => {
    throw postgresFault(error);
  });
  const { fsync, full_pages, encoding } = rows[0] as { fsync: string; full_pages: string; encoding: string };
  if (fsync !== 'on' || full_pages !== 'on') {
    throw new StsFault('store_unavailable', 'the database runs with fsync or full_page_writes off');
  }
  if (encoding !== 'UTF8')
    throw new StsFault('store_unavailable', `the database is in ${encoding}, not UTF8`);
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
