/**
 * The module's journal read by an auditor: row by row, nothing verified, nothing written. A running module holds its journal
 * alone, so the module must be stopped.
 */
import { existsSync } from 'node:fs';
import type { Database } from 'better-sqlite3';
import { StsFault } from '../../lib/faults.ts';
import { loadSqliteDriver } from '../sqlite-driver.ts';
import type { JournalledEntry } from './contract.ts';
import { entryOf, type JournalEntryRow, journalFault } from './module-journal.ts';

export interface JournalReader {
  readonly moduleId: string;
  entries(): Iterable<JournalledEntry>;
  /** Counters of heads that the journal took over from the ledger after it had lost its tail. */
  readonly adopted: readonly { readonly counter: number; readonly entryHash: string }[];
  close(): void;
}

/**
 * @throws StsFault `file_unreadable` without a journal, `store_in_use` while a module runs on it, `store_damaged`,
 *   `store_unavailable`, `store_driver_missing`.
 */
export async function openJournalReader(path: string): Promise<JournalReader> {
  if (!existsSync(path)) {
    throw new StsFault('file_unreadable', 'the data folder holds no module.journal', { param: '--data' });
  }
  const Driver = await loadSqliteDriver();
  let database: Database | undefined;
  try {
    database = new Driver(path, { readonly: true, fileMustExist: true, timeout: 1000 });
    return readerOn(database);
  } catch (error) {
    database?.close();
    throw journalFault(error);
  }
}

function readerOn(database: Database): JournalReader {
  const moduleId = String(database.prepare('SELECT module_id FROM module').pluck().get());
  const adopted = database.prepare('SELECT counter, entry_hash FROM adopted ORDER BY counter').all() as {
    counter: number;
    entry_hash: string;
  }[];
  return {
    moduleId,
    adopted: adopted.map(({ counter, entry_hash }) => ({ counter, entryHash: entry_hash })),
    *entries() {
      const rows = database.prepare('SELECT * FROM entry ORDER BY counter').iterate();
      for (const row of rows as Iterable<JournalEntryRow>) yield entryOf(row, moduleId);
    },
    close: () => database.close(),
  };
}
