/** `wattoken server migrate`: takes the steps of the schema that are missing. */
import { migrateStore } from '../../vending-server/main.ts';
import { type DatabaseOptions, databaseUrl } from '../database-url.ts';
import { type OutputOptions, printResult } from '../output.ts';
import { withProgress } from '../progress.ts';

export interface ServerMigrateOptions extends OutputOptions, DatabaseOptions {
  readonly data: string;
}

export async function migrateServer(options: ServerMigrateOptions): Promise<void> {
  const url = databaseUrl(options);
  const migrated = await withProgress('bringing the schema up to date', () =>
    migrateStore({ dataFolder: options.data, ...(url === undefined ? {} : { databaseUrl: url }) }),
  );
  const { applied, waiting } = migrated;
  const lines = [applied.length === 0 ? 'nothing to do' : `taken: ${applied.join(', ')}`];
  if (waiting.length > 0) {
    lines.push(`waiting until no server of an older version is running: ${waiting.join(', ')}`);
  }
  printResult(options, migrated, lines.join('\n'));
}
