/** The options and the command that are about the server's database. */
import { type Command, Option } from 'commander';
import { DATABASE_VARIABLE } from '../database-url.ts';
import { action, json } from './options.ts';

const WHERE_THE_PASSWORD_IS = `~/.pgpass, --database-file or ${DATABASE_VARIABLE}`;

export const database = () =>
  new Option(
    '--database <url>',
    `PostgreSQL instead of SQLite: postgres://user@host/name; a password comes from ${WHERE_THE_PASSWORD_IS}`,
  );
export const databaseFile = () => new Option('--database-file <file>', 'file whose one line is that URL');

/** `wattoken server migrate`: the steps of the schema ahead of the servers that need them. */
export function addMigrateCommand(server: Command, dataFolder: () => Option): void {
  server
    .command('migrate')
    .description('bring the database to the schema of this version; on PostgreSQL while servers sell')
    .addOption(dataFolder())
    .addOption(database())
    .addOption(databaseFile())
    .addOption(json())
    .action(
      action(async (options) => (await import('../commands/server-maintain.ts')).migrateServer(options)),
    );
}
