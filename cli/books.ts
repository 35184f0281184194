/** Which books a ledger command means: SQLite in a data folder, or a PostgreSQL database. */
import { StsFault } from '../lib/faults.ts';
import type { BooksSource } from '../vending-server/audit.ts';
import { type DatabaseOptions, databaseUrl } from './database-url.ts';

export interface BooksOptions extends DatabaseOptions {
  readonly data?: string;
  readonly module?: string;
}

/** @throws StsFault `usage` when neither is named; those of `databaseUrl`. */
export function booksOf(options: BooksOptions): BooksSource {
  const url = databaseUrl(options);
  const { data, module: moduleId } = options;
  if (url !== undefined) return { databaseUrl: url, ...(moduleId === undefined ? {} : { moduleId }) };
  if (data === undefined) throw new StsFault('usage', 'give --data or --database', { param: '--data' });
  return data;
}
