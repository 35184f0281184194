/** Changes to a data folder on which no server runs: a newer schema, a clock that is known to be right. */
import { join } from 'node:path';
import { StsFault } from '../../lib/faults.ts';
import { MIGRATIONS, migrate } from '../store/migrations.ts';
import {
  DATABASE_FILE,
  lockDataFolder,
  migrateDatabase,
  openPostgresStore,
  openSqliteStore,
} from '../store/open.ts';
import type { Migrated } from '../store/postgres/migrate.ts';
import { exists, withFile } from './ledger-files.ts';

export interface MigrationReport {
  readonly from: number;
  readonly to: number;
}

/** Every start does this by itself; on its own it shows beforehand that it works, and how long it takes. */
export async function migrateDataFolder(dataFolder: string): Promise<MigrationReport> {
  const path = existing(dataFolder);
  const unlock = await lockDataFolder(dataFolder);
  try {
    return await withFile(path, 'write', (database) => {
      const from = Number(database.pragma('user_version', { simple: true }));
      migrate(database);
      return { from, to: MIGRATIONS.length };
    });
  } finally {
    unlock();
  }
}

/** Takes the steps of the schema that are missing on PostgreSQL, while servers sell. @throws StsFault of the store. */
export function migrateServersDatabase(databaseUrl: string): Promise<Migrated> {
  return migrateDatabase(databaseUrl);
}

/**
 * Believes the system's clock again after it once ran ahead of time. Meters that were sold to meanwhile have token
 * identifiers ahead of it, and refuse no token for that: theirs go on rising from there (`tid_ahead_of_clock` beyond a day).
 */
export async function acceptClock(dataFolder: string, now: number, databaseUrl?: string): Promise<void> {
  if (databaseUrl === undefined) existing(dataFolder);
  const store =
    databaseUrl === undefined
      ? await openSqliteStore({ dataFolder })
      : await openPostgresStore({ url: databaseUrl });
  try {
    await store.operation.acceptClock(now);
  } finally {
    await store.close();
  }
}

function existing(dataFolder: string): string {
  const path = join(dataFolder, DATABASE_FILE);
  if (!exists(path)) throw new StsFault('file_unreadable', path, { param: '--data' });
  return path;
}
