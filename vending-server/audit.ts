/**
 * The auditor's door: exports, proofs, witnesses and questions about a token, from a data folder beside a running server or
 * from files alone. It opens no port, no key store and writes nothing but what it is asked to. Real time enters here.
 */
import { createReadStream, readFileSync } from 'node:fs';
import { open, rm } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { StsFault } from '../lib/faults.ts';
import { parseTokenNo } from '../lib/token/token-no.ts';
import { pathsOf } from './config.ts';
import { tokenDigest } from './ledger/chain.ts';
import { type ExportOptions, exportLines } from './ledger/export-lines.ts';
import type { ExportLine } from './ledger/export-records.ts';
import { compareJournal } from './ledger/journal-check.ts';
import { type Expectation, ExportVerifier, type LedgerReport } from './ledger/verify-export.ts';
import { readWitness, type Witness } from './ledger/witness.ts';
import { openJournalReader } from './security-module/journal-reader.ts';
import type { LedgerSnapshot, Store } from './store/contract.ts';
import { moduleOf, openLedgerSnapshot, openReadOnly } from './store/ledger-snapshot.ts';
import {
  moduleAmong,
  openPostgresBooks,
  openPostgresSnapshot,
  type PostgresBooks,
} from './store/postgres/ledger.ts';
import { showAllPostgresTokens, showAllTokens } from './store/shown-tokens.ts';
import { SqliteStore } from './store/sqlite/store.ts';
import { type TokenQuestion, type TokenVerdict, verifyToken } from './vending/verify-token.ts';
import { witnessHead } from './vending/witness-ledger.ts';

export type { Expectation, LedgerReport, TokenQuestion, TokenVerdict, Witness };

/** A data folder with SQLite in it, or a PostgreSQL database. */
export type BooksSource = string | PostgresBooks;

/** Told now and then how many entries are done. */
export type OnEntry = (entries: number) => void;

/** A sale becomes durable within milliseconds of its neighbours: 5 s are far more than enough, and 0.3 s without a commit. */
const SNAPSHOT = { attempts: 250, quietAttempts: 15, pause: () => sleep(20) } as const;
/** Longest line that is read; a longer one is no line of an export. */
const LINE_BYTES_MAX = 1 << 20;
const WRITE_BYTES = 1 << 18;
const NOTHING: ReadonlySet<string> = new Set();

/**
 * Writes an export, durable when the promise resolves. The file must not exist: an export is evidence. With token numbers
 * every sale counts as seen from then on, and those that were taken back keep theirs to themselves.
 * @returns how many entries it holds.
 * @throws StsFault `file_unreadable` for a folder without a ledger and for an output that cannot be written, and the store's.
 */
export async function exportLedger(
  source: BooksSource,
  out: string,
  options: Pick<ExportOptions, 'withTokenNumbers'>,
  onEntry: OnEntry,
): Promise<number> {
  const snapshot = await openSnapshot(source);
  try {
    return await writeLines(out, async (write) => {
      let entries = 0;
      const exportedAt = new Date().toISOString();
      const withheld = options.withTokenNumbers ? await showAll(source, Date.now()) : NOTHING;
      const lines = exportLines(snapshot, { ...options, exportedAt, withheld }, (done) => {
        entries = done;
        onEntry(done);
      });
      for await (const line of lines) await write(line);
      return entries;
    });
  } finally {
    await snapshot.close();
  }
}

function showAll(source: BooksSource, at: number): Promise<ReadonlySet<string>> {
  return typeof source === 'string'
    ? showAllTokens(source, at)
    : showAllPostgresTokens(source.databaseUrl, at);
}

/** The books of one moment, beside a running server or without one. @throws as {@link exportLedger}. */
export function openSnapshot(source: BooksSource): Promise<LedgerSnapshot> {
  return typeof source === 'string'
    ? openLedgerSnapshot({ dataFolder: source, ...SNAPSHOT })
    : openPostgresSnapshot({ ...source, ...SNAPSHOT });
}

async function writeLines<Result>(
  out: string,
  run: (write: (line: string) => Promise<void>) => Promise<Result>,
): Promise<Result> {
  const unwritable = (cause: unknown) =>
    new StsFault('file_unreadable', `--out ${out}`, { param: '--out', cause });
  // Token digests and meters of a whole utility: this user's alone.
  const file = await open(out, 'wx', 0o600).catch((cause: unknown) => {
    throw unwritable(cause);
  });
  try {
    let waiting = '';
    const flush = async () => {
      const text = waiting;
      waiting = '';
      await file.writeFile(text).catch((cause: unknown) => {
        throw unwritable(cause);
      });
    };
    const result = await run(async (line) => {
      waiting += line;
      if (waiting.length > WRITE_BYTES) await flush();
    });
    await flush();
    await file.sync();
    return result;
  } catch (error) {
    await rm(out, { force: true }); // half an export would look like a cut one
    throw error;
  } finally {
    await file.close();
  }
}

/**
 * Proves an export file; needs nothing else.
 * @param onLine - given every record, for questions that go along with the proof.
 * @throws StsFault `file_unreadable`.
 */
export async function verifyExport(
  path: string,
  expected: Expectation,
  onEntry: OnEntry,
  onLine: (line: ExportLine) => void = () => undefined,
): Promise<LedgerReport> {
  const verifier = new ExportVerifier(expected);
  for await (const { text, isWhole } of linesOf(path)) {
    if (!isWhole) {
      verifier.cut();
      continue;
    }
    const record = verifier.line(text);
    if (record !== undefined) onLine(record);
    if (verifier.isBusy) {
      await verifier.settle();
      onEntry(verifier.entries);
    }
  }
  return verifier.end();
}

/** Lines of a file without their line feeds, one piece of the file at a time in memory. */
async function* linesOf(path: string): AsyncGenerator<{ text: string; isWhole: boolean }> {
  let rest = '';
  try {
    for await (const piece of createReadStream(path, { encoding: 'utf8', highWaterMark: WRITE_BYTES })) {
      const lines = (rest + piece).split('\n');
      rest = lines.pop() ?? '';
      for (const text of lines) yield { text, isWhole: true };
      if (rest.length > LINE_BYTES_MAX) {
        yield { text: rest, isWhole: true };
        rest = '';
      }
    }
  } catch (cause) {
    throw new StsFault('file_unreadable', path, { param: 'export', cause });
  }
  if (rest !== '') yield { text: rest, isWhole: false };
}

/**
 * Proves the ledger of a data folder, and compares it with the module's journal entry by entry. The server must be stopped.
 * @param databaseUrl - of the PostgreSQL that holds the ledger of this folder's module; undefined for SQLite.
 * @throws StsFault `file_unreadable`, `store_in_use` while a module runs, and the store's.
 */
export async function verifyDataFolder(
  dataFolder: string,
  expected: Expectation,
  onEntry: OnEntry,
  databaseUrl?: string,
): Promise<LedgerReport> {
  const journal = await openJournalReader(pathsOf({ dataFolder }).journalPath);
  try {
    const { moduleId } = journal;
    const snapshot = await openSnapshot(databaseUrl === undefined ? dataFolder : { databaseUrl, moduleId });
    try {
      const verifier = new ExportVerifier(expected);
      const options = { exportedAt: new Date().toISOString(), withTokenNumbers: false };
      for await (const line of exportLines(snapshot, options)) {
        verifier.line(line.slice(0, -1));
        if (verifier.isBusy) {
          await verifier.settle();
          onEntry(verifier.entries);
        }
      }
      await compareJournal(snapshot.entries(), journal, verifier.findings);
      return await verifier.end();
    } finally {
      await snapshot.close();
    }
  } finally {
    journal.close();
  }
}

/**
 * Witnesses the head of a ledger.
 * @param earlier - the witness to go on from: each of its heads must still stand in the ledger.
 * @throws StsFault `ledger_mismatch` when one does not, and for an empty ledger; `file_unreadable`; the store's.
 */
export async function witnessLedger(source: BooksSource, earlier: Witness | undefined): Promise<Witness> {
  return withBooks(source, async (store, owners) => {
    const owner = owners.length === 1 ? owners[0] : moduleAmong(owners, earlier?.moduleId);
    if (owner === undefined) throw noModule();
    return witnessHead(store, owner, earlier, new Date().toISOString());
  });
}

/** @throws StsFault `file_unreadable` for anything that is no witness. */
export function readWitnessFile(path: string): Witness {
  let witness: Witness | undefined;
  try {
    witness = readWitness(JSON.parse(readFileSync(path, 'utf8')));
  } catch (cause) {
    throw new StsFault('file_unreadable', path, { param: 'witness', cause });
  }
  if (witness === undefined) {
    throw new StsFault('file_unreadable', `${path} is no witness file`, { param: 'witness' });
  }
  return witness;
}

/** @throws StsFault `token_number_malformed`, `token_number_too_large`, `file_unreadable`; the store's. */
export function findToken(source: BooksSource, question: TokenQuestion): Promise<TokenVerdict> {
  return withBooks(source, async (store, [first]) => {
    if (first === undefined) throw noModule();
    return verifyToken(store, first, question);
  });
}

function noModule(): StsFault {
  return new StsFault('ledger_mismatch', 'no security module has used this ledger yet');
}

type Owner = NonNullable<LedgerSnapshot['module']>;

/** The books read only, beside a running server or without one; with the modules that they are of. */
async function withBooks<Result>(
  source: BooksSource,
  run: (store: Store, owners: readonly Owner[]) => Promise<Result>,
): Promise<Result> {
  if (typeof source !== 'string') {
    const { store, modules } = await openPostgresBooks(source);
    try {
      if (modules.length === 0) throw noModule();
      return await run(store, modules);
    } finally {
      await store.close();
    }
  }
  const database = await openReadOnly(source);
  let store: SqliteStore | undefined;
  try {
    store = new SqliteStore(database, () => undefined);
    const owner = moduleOf(database);
    if (owner === undefined) throw noModule();
    return await run(store, [owner]);
  } finally {
    await store?.close();
    database.close();
  }
}

export interface ExportVerdict {
  readonly ours: boolean;
  /** The line of the entry, when there is one. */
  readonly entry: Extract<ExportLine, { kind: 'entry' }> | null;
  /** The proof of the whole file: only when it is verified does the answer hold. */
  readonly report: LedgerReport;
}

/**
 * Looks for a token or a sale in an export and proves the export on the way: a token that is not found in a verified export is
 * none of the ledger's, because all of its entries were seen.
 * @throws StsFault `token_number_malformed`, `token_number_too_large`, `file_unreadable`.
 */
export async function findInExport(
  path: string,
  question: TokenQuestion,
  expected: Expectation,
  onEntry: OnEntry,
): Promise<ExportVerdict> {
  const digest = 'tokenNo' in question ? tokenDigest(parseTokenNo(question.tokenNo)) : undefined;
  const saleId = 'saleId' in question ? question.saleId : undefined;
  let entry: ExportVerdict['entry'] = null;
  const report = await verifyExport(path, expected, onEntry, (line) => {
    if (line.kind !== 'entry') return;
    // Of a section that was made more than once, one that was sold.
    if (line.tokenDigest === digest && (entry === null || line.state === 'released')) entry = line;
    if (saleId !== undefined && line.saleId === saleId) entry = line;
  });
  return { ours: entry !== null, entry, report };
}
