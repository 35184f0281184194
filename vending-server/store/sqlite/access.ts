/** What the parts of the SQLite store are given: the connection, its reads, and the commit that all writes share. */
import type { Database, Statement } from 'better-sqlite3';
import type { Remembered } from './remembered.ts';

export interface SqliteAccess {
  readonly database: Database;
  /** Resolves when all that was seen is on the disk: what it gives may leave this process. */
  readonly read: <T>(look: () => T) => Promise<T>;
  /** As `read`, and at once: for what a sale looks at, whose own commit comes behind whatever it saw. */
  readonly peek: <T>(look: () => T) => Promise<T>;
  readonly write: <T>(change: () => T) => Promise<T>;
  /** Remembers look-ups until anything but a sale is written. */
  readonly settled: Remembered;
}

/** Prepares every text of a table of statements, once for a connection. */
export function prepareAll<Name extends string>(
  database: Database,
  texts: Readonly<Record<Name, string>>,
): Readonly<Record<Name, Statement>> {
  const prepared = Object.entries<string>(texts).map(([name, text]) => [name, database.prepare(text)]);
  return Object.fromEntries(prepared) as Record<Name, Statement>;
}
