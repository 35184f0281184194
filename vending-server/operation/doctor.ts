/**
 * Looks a data folder over and says what is wrong with it, in words and in codes. It changes nothing and works beside a
 * running server: the ledger is read, the journal is asked of the server that has it open.
 */

import { accessSync, constants, readdirSync, statSync } from 'node:fs';
import { statfs } from 'node:fs/promises';
import { join } from 'node:path';
import type { Database } from 'better-sqlite3';
import { z } from 'zod';
import { isStsFault, type StsFault } from '../../lib/faults.ts';
import { readTls, type TlsFiles } from '../api/tls.ts';
import { DEFAULT_LIMITS, pathsOf, type ServerOptions } from '../config.ts';
import { GENESIS_HASH } from '../ledger/chain.ts';
import { verifyChain } from '../ledger/verify-chain.ts';
import { readSealedFile } from '../security-module/sealed-file.ts';
import type { LedgerEntry } from '../store/contract.ts';
import { MIGRATIONS } from '../store/migrations.ts';
import { DATABASE_FILE } from '../store/open.ts';
import { type BooksState, openPostgresBooks, postgresBooksState } from '../store/postgres/ledger.ts';
import { type EntryRow, entryOf } from '../store/rows.ts';
import { askServer } from './control-socket.ts';
import {
  assertSound,
  exists,
  journalFacts,
  journalHashAt,
  type LedgerFacts,
  ledgerFacts,
  withFile,
} from './ledger-files.ts';

export type CheckState = 'ok' | 'warning' | 'failed';

export interface Check {
  /** Stable name. */
  readonly check: string;
  readonly state: CheckState;
  readonly detail: string;
}

export interface DoctorOptions extends Pick<ServerOptions, 'dataFolder' | 'keyStorePath' | 'passphraseFile'> {
  readonly tls?: TlsFiles;
  /** Of the PostgreSQL that holds the ledger; undefined for SQLite. */
  readonly databaseUrl?: string;
}

/** Entries at the end of the chain that are reckoned again; the whole chain is for `ledger verify`. */
const TAIL = 1000;
const DAY_MILLIS = 86_400_000;
/** A certificate that ends within this is worth a warning. */
const CERTIFICATE_DAYS = 21;
/** Time that two looks at one clock may lie apart. */
const SLACK_MILLIS = 60_000;

const STATUS = z.object({
  moduleId: z.string(),
  counter: z.int(),
  entryHash: z.string(),
  problem: z.string().nullable(),
});
type Status = z.infer<typeof STATUS>;

/** @param now - milliseconds since 1970 UTC. */
export async function examine(options: DoctorOptions, now: number): Promise<readonly Check[]> {
  const { dataFolder } = options;
  const { controlSocketPath, keyStorePath } = pathsOf(options);
  if (!exists(dataFolder)) return [failed('data folder', 'there is none')];
  const status = STATUS.safeParse(await askServer(controlSocketPath, { ask: 'status' })).data;
  const checks = [
    serverCheck(status),
    ...permissionChecks(options),
    await diskCheck(dataFolder),
    attempt('key store', () => {
      readSealedFile(keyStorePath);
      return 'sealed, and whole by its check value; only its passphrase can tell the rest';
    }),
    ...(options.tls === undefined ? [] : [tlsCheck(options.tls, now)]),
  ];
  if (options.databaseUrl !== undefined) {
    return [...checks, ...(await postgresChecks(options.databaseUrl, options, status, now))];
  }
  const ledgerPath = join(dataFolder, DATABASE_FILE);
  if (!exists(ledgerPath)) return [...checks, warning('ledger', 'no server has started here yet')];
  try {
    const facts = await withFile(ledgerPath, 'read', (database) => {
      assertSound(database);
      checks.push(schemaCheck(database));
      const found = ledgerFacts(database);
      checks.push(ok('ledger', `${found.sales} sales, chain at ${found.head.counter}`));
      checks.push(chainCheck(database, found), ...moneyChecks(database), clockCheck(database, now));
      return found;
    });
    checks.push(await journalCheck(options, facts, status));
  } catch (error) {
    checks.push(failed('ledger', textOf(error)));
  }
  return checks;
}

/** The whole utility's books, all chains in them, and this folder's journal against its own chain. */
async function postgresChecks(
  databaseUrl: string,
  options: DoctorOptions,
  status: Status | undefined,
  now: number,
): Promise<Check[]> {
  const checks: Check[] = [];
  try {
    const { steps, sales, vendors, orphans, wrongFloats, highestAt } = await postgresBooksState(databaseUrl);
    const isOld = steps < MIGRATIONS.length;
    const waits = `${steps} of ${MIGRATIONS.length}: the next start, or server migrate, brings it up`;
    checks.push(isOld ? warning('schema', waits) : ok('schema', `${steps}`));
    checks.push(ok('ledger', `${sales} sales`), ...booksChecks({ vendors, orphans, wrongFloats }));
    checks.push(clockVerdict(highestAt, now));
    const { store, modules } = await openPostgresBooks({ databaseUrl });
    try {
      const { journalPath } = pathsOf(options);
      const ownId =
        status?.moduleId ??
        (exists(journalPath) ? await withFile(journalPath, 'read', journalFacts) : undefined)?.moduleId;
      for (const module of modules) {
        const { moduleId } = module;
        const last = await store.lastEntry(moduleId);
        const head = { counter: last?.counter ?? 0, entryHash: last?.entryHash ?? GENESIS_HASH };
        const entries = await store.entries(moduleId, Math.max(0, head.counter - TAIL), 2 * TAIL);
        const { state, detail } = tailCheck(entries, module);
        checks.push({ check: 'chain', state, detail: `${moduleId}: ${detail}` });
        if (moduleId === ownId) checks.push(await journalCheck(options, { moduleId, head }, status));
      }
      if (!modules.some(({ moduleId }) => moduleId === ownId))
        checks.push(warning('journal', 'the module of this folder has not sold into this database'));
    } finally {
      await store.close();
    }
  } catch (error) {
    checks.push(failed('ledger', textOf(error)));
  }
  return checks;
}

function serverCheck(status: Status | undefined): Check {
  if (status === undefined) return ok('server', 'none runs on this folder');
  if (status.problem === null) return ok('server', 'runs and is ready');
  return failed('server', `runs and is not ready: ${status.problem}`);
}

/** Answers in the ledger hold token numbers, and the passphrase opens the keys: both are one user's alone. */
function permissionChecks({ dataFolder, keyStorePath, passphraseFile }: DoctorOptions): Check[] {
  const paths = [dataFolder, ...readdirSync(dataFolder).map((name) => join(dataFolder, name))];
  if (keyStorePath !== undefined && exists(keyStorePath)) paths.push(keyStorePath);
  if (passphraseFile !== undefined) paths.push(passphraseFile);
  const open = paths.filter((path) => {
    const entry = statSync(path, { throwIfNoEntry: false });
    if (entry === undefined) return false;
    return (entry.mode & (entry.isSocket() ? 0o007 : 0o077)) !== 0;
  });
  const checks = [
    open.length === 0
      ? ok('permissions', 'no other user can read the data folder, the key store or the passphrase')
      : warning('permissions', `other users may read ${open.join(', ')}`),
  ];
  if (passphraseFile !== undefined && !exists(passphraseFile)) {
    checks.push(failed('configuration', `no passphrase file at ${passphraseFile}`));
  }
  try {
    accessSync(dataFolder, constants.R_OK | constants.W_OK | constants.X_OK);
  } catch {
    checks.push(failed('permissions', 'this user may not write the data folder'));
  }
  return checks;
}

async function diskCheck(folder: string): Promise<Check> {
  const { bavail, bsize, blocks } = await statfs(folder);
  const free = bavail * bsize;
  const text = `${Math.trunc(free / 1_048_576)} MiB free`;
  if (free < DEFAULT_LIMITS.diskFloorBytes) return failed('disk', text);
  return bavail / blocks < 0.1 ? warning('disk', `${text}, less than a tenth of it`) : ok('disk', text);
}

function schemaCheck(database: Database): Check {
  const schema = Number(database.pragma('user_version', { simple: true }));
  const mode = String(database.pragma('journal_mode', { simple: true }));
  if (schema > MIGRATIONS.length) return failed('schema', `${schema}, written by a newer version`);
  if (schema < MIGRATIONS.length) {
    return warning(
      'schema',
      `${schema} of ${MIGRATIONS.length}: the next start, or server migrate, brings it up`,
    );
  }
  return mode === 'wal'
    ? ok('schema', `${schema}, ${mode}`)
    : warning('schema', `journal mode ${mode}, not wal`);
}

function chainCheck(
  database: Database,
  { moduleId, publicKey, head, counterWithoutGap }: LedgerFacts,
): Check {
  if (moduleId === null || publicKey === null) return ok('chain', 'no module is bound yet');
  if (counterWithoutGap !== head.counter) {
    return failed('chain', `no entry after ${counterWithoutGap}, though the last one is ${head.counter}`);
  }
  const rows = database
    .prepare('SELECT * FROM chain_entry WHERE module_id = ? AND counter > ? ORDER BY counter')
    .all(moduleId, Math.max(0, head.counter - TAIL)) as EntryRow[];
  return tailCheck(
    rows.map((row) => entryOf(row)),
    { moduleId, publicKey },
  );
}

function tailCheck(
  entries: readonly LedgerEntry[],
  { moduleId, publicKey }: { readonly moduleId: string; readonly publicKey: string },
): Check {
  const [first] = entries;
  if (first === undefined) return ok('chain', 'no token was made yet');
  const after = { counter: first.counter - 1, entryHash: first.previousHash };
  const [finding] = verifyChain(entries, { moduleId, publicKey, after });
  if (finding?.kind === 'unsigned_tail') {
    return ok('chain', `entry ${entries.at(-1)?.counter} waits for the signature of its batch`);
  }
  return finding === undefined
    ? ok('chain', `the last ${entries.length} entries are whole and signed`)
    : failed('chain', `entry ${finding.counter}: ${finding.kind}`);
}

/** The float of each vendor must be what its account says, and nothing else may move it. */
function moneyChecks(database: Database): Check[] {
  const wrong = database
    .prepare(
      `SELECT vendor_id FROM vendor WHERE float_minor <>
         (SELECT coalesce(sum(amount_minor), 0) FROM transfer
           WHERE credit_account = 'vendor:' || vendor_id || ':float:' || currency) -
         (SELECT coalesce(sum(amount_minor), 0) FROM transfer
           WHERE debit_account = 'vendor:' || vendor_id || ':float:' || currency)`,
    )
    .pluck()
    .all() as string[];
  const vendors = database.prepare('SELECT count(*) FROM vendor').pluck().get() as number;
  const orphans = database
    .prepare(
      `SELECT count(*) FROM sale WHERE NOT EXISTS (SELECT 1 FROM chain_entry WHERE sale_id = sale.sale_id)`,
    )
    .pluck()
    .get() as number;
  return booksChecks({ vendors, orphans, wrongFloats: wrong });
}

function booksChecks({
  vendors,
  orphans,
  wrongFloats,
}: Pick<BooksState, 'vendors' | 'orphans' | 'wrongFloats'>): Check[] {
  return [
    wrongFloats.length === 0
      ? ok('floats', `${vendors} floats equal their accounts`)
      : failed('floats', `not what the transfers say: ${wrongFloats.slice(0, 10).join(', ')}`),
    orphans === 0
      ? ok('sales', 'each has its chain entry')
      : failed('sales', `${orphans} without a chain entry`),
  ];
}

function clockCheck(database: Database, now: number): Check {
  const table = database.prepare("SELECT 1 FROM sqlite_schema WHERE name = 'clock_witness'").get();
  const seen =
    table === undefined
      ? undefined
      : (database.prepare('SELECT highest_at FROM clock_witness').pluck().get() as number | undefined);
  const sold = database.prepare(
    'SELECT max(sold_at) FROM (SELECT sold_at FROM sale ORDER BY rowid DESC LIMIT 1000)',
  );
  return clockVerdict(Math.max(seen ?? 0, (sold.pluck().get() as number | null) ?? 0), now);
}

function clockVerdict(highest: number, now: number): Check {
  if (highest <= now + SLACK_MILLIS) return ok('clock', 'not behind anything that this ledger has seen');
  const minutes = Math.ceil((highest - now) / 60_000);
  const text = `${minutes} minutes behind the highest moment seen`;
  return minutes > DEFAULT_LIMITS.clockHoldMinutes
    ? failed('clock', `${text}; if that moment was wrong: server accept-clock`)
    : warning('clock', text);
}

async function journalCheck(
  options: DoctorOptions,
  ledger: Pick<LedgerFacts, 'moduleId' | 'head'>,
  status: Status | undefined,
): Promise<Check> {
  const { journalPath } = pathsOf(options);
  const { counter, entryHash } = ledger.head;
  if (status !== undefined) {
    // The server sells on between the two looks: its counter may be higher, never lower.
    if (status.moduleId !== ledger.moduleId) return failed('journal', 'of another security module');
    if (status.counter < counter) return failed('journal', `at ${status.counter}, behind the ledger`);
    const differs = status.counter === counter && status.entryHash !== entryHash;
    return differs ? failed('journal', `differs at ${counter}`) : ok('journal', `at ${status.counter}`);
  }
  if (!exists(journalPath)) {
    return counter === 0
      ? ok('journal', 'none yet')
      : failed('journal', 'gone; the ledger alone cannot sell on');
  }
  try {
    return await withFile(journalPath, 'read', (database) => {
      assertSound(database);
      const { moduleId, head } = journalFacts(database);
      if (ledger.moduleId !== null && moduleId !== ledger.moduleId) {
        return failed('journal', 'of another security module');
      }
      if (head.counter < counter) {
        return warning('journal', `ends at ${head.counter}; the next start adopts the head of the ledger`);
      }
      if (journalHashAt(database, counter) !== entryHash) return failed('journal', `differs at ${counter}`);
      return head.counter === counter
        ? ok('journal', `at ${counter}, as the ledger`)
        : warning('journal', `${head.counter - counter} tokens ahead; the next start names them unreleased`);
    });
  } catch (error) {
    return failed('journal', textOf(error));
  }
}

function tlsCheck(files: TlsFiles, now: number): Check {
  try {
    const days = Math.floor((readTls(files).validTo - now) / DAY_MILLIS);
    if (days < 0) return failed('certificate', `ended ${-days} days ago`);
    return days < CERTIFICATE_DAYS
      ? warning('certificate', `ends in ${days} days`)
      : ok('certificate', `good for ${days} days`);
  } catch (error) {
    return failed('certificate', textOf(error));
  }
}

function attempt(check: string, look: () => string): Check {
  try {
    return ok(check, look());
  } catch (error) {
    return failed(check, textOf(error));
  }
}

/** The text of a fault of the table; of any other error its name alone, for it may quote a row. */
function textOf(error: unknown): string {
  return isStsFault(error)
    ? (error satisfies StsFault).message
    : error instanceof Error
      ? error.name
      : 'unknown';
}

const ok = (check: string, detail: string): Check => ({ check, state: 'ok', detail });
const warning = (check: string, detail: string): Check => ({ check, state: 'warning', detail });
const failed = (check: string, detail: string): Check => ({ check, state: 'failed', detail });
