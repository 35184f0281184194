/** `wattoken server migrate | accept-clock`. */
import {
  acceptClock,
  migrateDataFolder,
  migrateServersDatabase,
} from '../../vending-server/operation/maintain.ts';
import { type DatabaseOptions, databaseUrl } from '../database-url.ts';
import { type OutputOptions, printResult } from '../output.ts';
import { withProgress } from '../progress.ts';

interface MaintainOptions extends OutputOptions, DatabaseOptions {
  readonly data: string;
}

export async function migrateServer(options: MaintainOptions): Promise<void> {
  const url = databaseUrl(options);
  if (url !== undefined) return migratePostgres(options, url);
  const report = await withProgress('migrating', () => migrateDataFolder(options.data));
  const { from, to } = report;
  printResult(options, report, from === to ? `schema ${to} already` : `schema ${from} to ${to}`);
}

async function migratePostgres(options: OutputOptions, url: string): Promise<void> {
  const migrated = await withProgress('bringing the schema up to date', () => migrateServersDatabase(url));
  const { applied, waiting } = migrated;
  const lines = [applied.length === 0 ? 'nothing to do' : `taken: ${applied.join(', ')}`];
  if (waiting.length > 0) {
    lines.push(`waiting until no server of an older version is running: ${waiting.join(', ')}`);
  }
  printResult(options, migrated, lines.join('\n'));
}

export async function acceptClockOf(options: MaintainOptions): Promise<void> {
  const now = Date.now();
  await acceptClock(options.data, now, databaseUrl(options));
  const acceptedAt = new Date(now).toISOString();
  printResult(options, { acceptedAt }, `nothing is dated before ${acceptedAt} from now on`);
}
