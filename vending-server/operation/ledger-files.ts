/** What the two files of a data folder say of themselves: read by backup, restore and doctor, whoever has them open. */
import { statSync } from 'node:fs';
import type { Database } from 'better-sqlite3';
import { StsFault } from '../../lib/faults.ts';
import { GENESIS_HASH } from '../ledger/chain.ts';
import type { ChainHead } from '../ledger/verify-chain.ts';
import { loadSqliteDriver } from '../sqlite-driver.ts';

export interface LedgerFacts {
  readonly schema: number;
  /** null before the first start has bound a module. */
  readonly moduleId: string | null;
  readonly publicKey: string | null;
  readonly head: ChainHead;
  /** Highest counter up to which none is missing. */
  readonly counterWithoutGap: number;
  readonly sales: number;
}

export interface JournalFacts {
  readonly schema: number;
  readonly moduleId: string | null;
  readonly head: ChainHead;
}

/** A file of SQLite for as long as `use` looks at it. */
export async function withFile<Result>(
  path: string,
  mode: 'read' | 'write',
  use: (database: Database) => Result,
): Promise<Result> {
  const Driver = await loadSqliteDriver();
  let database: Database | undefined;
  try {
    database = new Driver(path, { readonly: mode === 'read', fileMustExist: true, timeout: 2000 });
    return use(database);
  } catch (error) {
    throw fileFault(error);
  } finally {
    database?.close();
  }
}

/** SQLite's result code is told, its message is not: it could quote a row. */
function fileFault(error: unknown): unknown {
  if (error instanceof StsFault || !(error instanceof Error) || !('code' in error)) return error;
  const code = String(error.code);
  if (/^SQLITE_(BUSY|LOCKED)/.test(code)) return new StsFault('store_in_use', undefined, { cause: error });
  if (/^SQLITE_(CORRUPT|NOTADB|FORMAT|SCHEMA|ERROR)/.test(code)) {
    return new StsFault('store_damaged', code, { cause: error });
  }
  return new StsFault('store_unavailable', code, { cause: error });
}

/** @throws StsFault `store_damaged` with what SQLite finds wrong with its pages. */
export function assertSound(database: Database): void {
  const found = database.pragma('quick_check(1)', { simple: true });
  if (found !== 'ok') throw new StsFault('store_damaged', 'its pages do not fit together');
}

export function ledgerFacts(database: Database): LedgerFacts {
  const module = database.prepare('SELECT module_id, public_key FROM security_module').get() as
    | { module_id: string; public_key: string }
    | undefined;
  const moduleId = module?.module_id ?? null;
  const last = database
    .prepare('SELECT counter, entry_hash FROM chain_entry WHERE module_id = ? ORDER BY counter DESC LIMIT 1')
    .get(moduleId) as { counter: number; entry_hash: string } | undefined;
  const gapless = database
    .prepare(
      `SELECT coalesce(min(counter), 0) FROM chain_entry AS here WHERE module_id = @moduleId AND NOT EXISTS
         (SELECT 1 FROM chain_entry AS next WHERE next.module_id = @moduleId AND next.counter = here.counter + 1)`,
    )
    .pluck()
    .get({ moduleId }) as number;
  return {
    schema: Number(database.pragma('user_version', { simple: true })),
    moduleId,
    publicKey: module?.public_key ?? null,
    head: headOf(last),
    counterWithoutGap: gapless,
    sales: database.prepare('SELECT count(*) FROM sale').pluck().get() as number,
  };
}

export function journalFacts(database: Database): JournalFacts {
  const moduleId = database.prepare('SELECT module_id FROM module').pluck().get() as string | undefined;
  const last = database
    .prepare(
      `SELECT counter, entry_hash FROM entry UNION ALL SELECT counter, entry_hash FROM adopted
       ORDER BY counter DESC LIMIT 1`,
    )
    .get() as { counter: number; entry_hash: string } | undefined;
  return {
    schema: Number(database.pragma('user_version', { simple: true })),
    moduleId: moduleId ?? null,
    head: headOf(last),
  };
}

/** The entry hash that a journal holds at a counter; undefined where it holds none. */
export function journalHashAt(database: Database, counter: number): string | undefined {
  if (counter === 0) return GENESIS_HASH;
  return database
    .prepare(
      `SELECT entry_hash FROM entry WHERE counter = @counter
       UNION ALL SELECT entry_hash FROM adopted WHERE counter = @counter`,
    )
    .pluck()
    .get({ counter }) as string | undefined;
}

function headOf(row: { counter: number; entry_hash: string } | undefined): ChainHead {
  return row === undefined
    ? { counter: 0, entryHash: GENESIS_HASH }
    : { counter: row.counter, entryHash: row.entry_hash };
}

export function exists(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false }) !== undefined;
}
