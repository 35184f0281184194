/** Which database a server command means: SQLite in the data folder, or PostgreSQL named by a URL. */
import { readFileSync } from 'node:fs';
import { StsFault } from '../lib/faults.ts';

/** Holds a URL, so that one with a password need not stand where `ps` shows it. */
export const DATABASE_VARIABLE = 'WATTOKEN_DATABASE_URL';

export interface DatabaseOptions {
  readonly database?: string;
  readonly databaseFile?: string;
}

/**
 * @returns undefined for SQLite.
 * @throws StsFault `usage` for a password among the arguments, which every user of the machine can read; `file_unreadable`.
 */
export function databaseUrl({ database: url, databaseFile: file }: DatabaseOptions): string | undefined {
  if (url !== undefined) {
    if (hasPassword(url)) {
      const detail = `a password must not stand in a command line: use ~/.pgpass, --database-file or ${DATABASE_VARIABLE}`;
      throw new StsFault('usage', detail, { param: '--database' });
    }
    return url;
  }
  if (file === undefined) return process.env[DATABASE_VARIABLE] || undefined;
  try {
    return readFileSync(file, 'utf8').trim();
  } catch (error) {
    throw new StsFault('file_unreadable', 'the file of the database URL', {
      param: '--database-file',
      cause: error,
    });
  }
}

function hasPassword(text: string): boolean {
  try {
    const url = new URL(text);
    return url.password !== '' || url.searchParams.has('password');
  } catch {
    return true; // unreadable text is not quoted back either
  }
}
