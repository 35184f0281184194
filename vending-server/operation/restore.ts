/**
 * Puts a backup into a data folder. Nothing in the folder is destroyed: what a restored file replaces is kept beside it
 * under a name with the time.
 *
 * Where a newer journal of the same security module still stands, it stays: it knows every token made since the backup, and
 * the next start names them `unreleased` in the restored ledger, so that no counter and no token identifier is given twice.
 * Where the journal is lost too, tokens made after the backup are unknown to everything restored; the report says from
 * which counter on, and only meters, receipts and witnesses know the rest.
 */
import { copyFileSync, mkdirSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { StsFault } from '../../lib/faults.ts';
import { pathsOf, type ServerOptions } from '../config.ts';
import { syncPath } from '../durable-file.ts';
import { DATABASE_FILE, lockDataFolder } from '../store/open.ts';
import {
  JOURNAL_COPY,
  KEY_STORE_COPY,
  LEDGER_COPY,
  MANIFEST,
  MANIFEST_FILE,
  type Manifest,
  OWN_KEYS,
  sha256Of,
} from './backup.ts';
import {
  assertSound,
  exists,
  type JournalFacts,
  journalFacts,
  journalHashAt,
  ledgerFacts,
  withFile,
} from './ledger-files.ts';

export interface RestoreReport {
  readonly manifest: Manifest;
  /** `kept`: a newer journal stood there and stays. */
  readonly journal: 'restored' | 'kept';
  /**
   * Tokens that the security module made and that the restored ledger lacks; the next start names each one unreleased.
   * What was made after the last of them cannot be known from here when the journal was restored too.
   */
  readonly lacks: { readonly count: number; readonly from: number | null; readonly to: number | null };
  readonly keyStore: 'restored' | 'kept' | 'absent';
  /** Keys of receipts and webhooks that the backup has brought; those that stood there are kept. */
  readonly keys: readonly string[];
  /** What the restored files replaced, by its new name. */
  readonly setAside: readonly string[];
}

export interface RestoreOptions extends Pick<ServerOptions, 'dataFolder' | 'keyStorePath'> {
  /** Allows a ledger that stands in the folder to be set aside. */
  readonly replace: boolean;
}

/**
 * @throws StsFault `backup_damaged`, `store_in_use`, `restore_refused` for a ledger that stands there unless `replace` is
 *   set, and for a journal that the backup's ledger cannot be put under.
 */
export async function restoreBackup(
  from: string,
  options: RestoreOptions,
  now: number,
): Promise<RestoreReport> {
  const manifest = await readBackup(from);
  const { dataFolder } = options;
  mkdirSync(dataFolder, { recursive: true, mode: 0o700 });
  const unlock = await lockDataFolder(dataFolder);
  try {
    const { journalPath, keyStorePath } = pathsOf(options);
    const ledgerPath = join(dataFolder, DATABASE_FILE);
    if (exists(ledgerPath) && !options.replace) {
      throw new StsFault('restore_refused', 'a ledger stands there; --replace sets it aside');
    }
    const standing = exists(journalPath) ? await standingJournal(journalPath, manifest) : undefined;
    const suffix = `before-restore-${new Date(now).toISOString().replace(/[:.]/g, '-')}`;
    const setAside: string[] = [];
    const put = (name: string, path: string) => {
      setAside.push(...moveAside(path, suffix));
      putFile(join(from, name), path);
    };
    if (standing === undefined) put(JOURNAL_COPY, journalPath);
    put(LEDGER_COPY, ledgerPath);
    const keyStore = restoreKeyStore(from, manifest, keyStorePath);
    const keys = restoreKeys(from, manifest, dataFolder);
    syncPath(dataFolder);
    const last = standing?.head.counter ?? manifest.journal.counter;
    return {
      manifest,
      journal: standing === undefined ? 'restored' : 'kept',
      lacks: lackOf(manifest.ledger.counter, last),
      keyStore,
      keys,
      setAside,
    };
  } finally {
    unlock();
  }
}

function lackOf(held: number, made: number): RestoreReport['lacks'] {
  const count = made - held;
  return count === 0 ? { count, from: null, to: null } : { count, from: held + 1, to: made };
}

/** The manifest of a backup whose every file is what it was. @throws StsFault `backup_damaged`. */
export async function readBackup(from: string): Promise<Manifest> {
  const manifest = readManifest(join(from, MANIFEST_FILE));
  const names = manifest.files.map((file) => file.name);
  for (const name of [LEDGER_COPY, JOURNAL_COPY]) if (!names.includes(name)) throw damaged(`no ${name}`);
  for (const { name, sha256 } of manifest.files) {
    if (![LEDGER_COPY, JOURNAL_COPY, KEY_STORE_COPY, ...OWN_KEYS].includes(name))
      throw damaged('an unknown file name');
    const found = await sha256Of(join(from, name)).catch(() => undefined);
    if (found === undefined) throw damaged(`${name} is missing or cannot be read`);
    if (found !== sha256) throw damaged(`${name} is not what the manifest says`);
  }
  // The hashes guard against accidents; that the heads are those of the files guards against a mixed-up backup.
  const ledger = await inBackup(join(from, LEDGER_COPY), ledgerFacts);
  const journal = await inBackup(join(from, JOURNAL_COPY), journalFacts);
  const { counter, entryHash } = manifest.ledger;
  if (ledger.head.counter !== counter || ledger.head.entryHash !== entryHash)
    throw damaged('head of the ledger');
  if (journal.head.entryHash !== manifest.journal.entryHash) throw damaged('head of the journal');
  if (ledger.moduleId !== manifest.moduleId) throw damaged('another security module');
  return manifest;
}

function readManifest(path: string): Manifest {
  try {
    return MANIFEST.parse(JSON.parse(readFileSync(path, 'utf8')));
  } catch {
    throw damaged(MANIFEST_FILE);
  }
}

async function inBackup<Facts>(
  path: string,
  read: (database: Parameters<typeof ledgerFacts>[0]) => Facts,
): Promise<Facts> {
  try {
    return await withFile(path, 'read', (database) => {
      assertSound(database);
      return read(database);
    });
  } catch (error) {
    if (error instanceof StsFault && error.code === 'store_damaged')
      throw damaged(path.slice(path.lastIndexOf('/') + 1));
    throw error;
  }
}

/** @returns the journal that stays, or undefined when the backup knows as much or more. */
async function standingJournal(path: string, manifest: Manifest): Promise<JournalFacts | undefined> {
  const { standing, atLedger, atJournal } = await withFile(path, 'write', (database) => ({
    standing: journalFacts(database),
    atLedger: journalHashAt(database, manifest.ledger.counter),
    atJournal: journalHashAt(database, manifest.journal.counter),
  }));
  if (manifest.moduleId !== null && standing.moduleId !== manifest.moduleId) {
    throw new StsFault('restore_refused', 'the journal there is of another security module');
  }
  if (standing.head.counter < manifest.journal.counter) return undefined;
  if (atLedger !== manifest.ledger.entryHash || atJournal !== manifest.journal.entryHash) {
    throw new StsFault('restore_refused', 'the journal there and the backup tell different histories');
  }
  return standing;
}

function restoreKeyStore(from: string, manifest: Manifest, path: string): RestoreReport['keyStore'] {
  if (exists(path)) return 'kept';
  if (!manifest.files.some(({ name }) => name === KEY_STORE_COPY)) return 'absent';
  putFile(join(from, KEY_STORE_COPY), path);
  return 'restored';
}

function restoreKeys(from: string, manifest: Manifest, dataFolder: string): readonly string[] {
  return OWN_KEYS.filter((own) => {
    if (exists(join(dataFolder, own)) || !manifest.files.some(({ name }) => name === own)) return false;
    putFile(join(from, own), join(dataFolder, own));
    return true;
  });
}

/** The file with its log and index, each under a new name: together they are the database that was. */
function moveAside(path: string, suffix: string): string[] {
  const moved: string[] = [];
  for (const end of ['', '-wal', '-shm']) {
    if (!exists(`${path}${end}`)) continue;
    const to = `${path}.${suffix}${end}`;
    renameSync(`${path}${end}`, to);
    moved.push(to);
  }
  return moved;
}

/** Under another name until it is on the disk, so that a power cut leaves no half of a file. */
function putFile(from: string, to: string): void {
  const temporary = `${to}.restoring`;
  try {
    copyFileSync(from, temporary);
    syncPath(temporary);
    renameSync(temporary, to);
  } finally {
    rmSync(temporary, { force: true });
  }
}

function damaged(what: string): StsFault {
  return new StsFault('backup_damaged', what);
}
