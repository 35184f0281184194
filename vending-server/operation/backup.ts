/**
 * A backup: one folder with a copy of the ledger, a copy of the security module's journal, a manifest with their hashes and
 * heads and, when asked for, the sealed key store.
 *
 * The ledger is copied first and the journal after it, so that the journal in a backup knows every token that the ledger in
 * it knows. What was sold between the two copies stands in the journal alone: a server started from the backup names those
 * tokens `unreleased`, their counters and token identifiers stay used, and the manifest says how many they are. The other
 * order would leave tokens in the ledger for which no module vouches.
 */
import { createHash, randomBytes } from 'node:crypto';
import {
  chmodSync,
  copyFileSync,
  createReadStream,
  mkdirSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { z } from 'zod';
import { StsFault } from '../../lib/faults.ts';
import { pathsOf, type ServerOptions } from '../config.ts';
import { syncPath } from '../durable-file.ts';
import { DATABASE_FILE, lockDataFolder } from '../store/open.ts';
import { askServer } from './control-socket.ts';
import { assertSound, exists, journalFacts, journalHashAt, ledgerFacts, withFile } from './ledger-files.ts';

/** Keys of receipts and webhooks, beside the ledger in the data folder: those of them that are there are copied. */
export const OWN_KEYS = ['receipt.key', 'webhook.key'] as const;

export const MANIFEST_FILE = 'manifest.json';
export const LEDGER_COPY = 'vending.sqlite';
export const JOURNAL_COPY = 'module.journal';
export const KEY_STORE_COPY = 'key-store.wks';

const HEAD = z.strictObject({ counter: z.int().min(0), entryHash: z.string().regex(/^[0-9a-f]{64}$/) });

export const MANIFEST = z.strictObject({
  format: z.literal('wattoken-backup'),
  version: z.literal(1),
  madeAt: z.iso.datetime(),
  /** null for a data folder on which no server ever started. */
  moduleId: z.string().nullable(),
  schema: z.int(),
  sales: z.int(),
  ledger: HEAD,
  journal: HEAD,
  /** Tokens that the journal holds and the ledger does not: in hand, or sold while the copy was made. */
  journalAhead: z.int(),
  files: z.array(z.strictObject({ name: z.string(), bytes: z.int(), sha256: z.string() })),
});

export type Manifest = z.infer<typeof MANIFEST>;

export interface BackupSources {
  copyLedger(path: string): Promise<void>;
  copyJournal(path: string): Promise<void>;
  /** The sealed key store, when it is to be part of the backup. */
  readonly keyStorePath?: string;
  /** Where the files of {@link OWN_KEYS} stand. */
  readonly dataFolder: string;
  readonly madeAt: number;
}

/**
 * Writes a backup beside its place and gives it its name when it is whole, checked and on the disk.
 * @throws StsFault `backup_exists`, `data_folder_unusable`, `file_unreadable` for the key store, `ledger_mismatch`, and the
 *   faults of the sources.
 */
export async function writeBackup(sources: BackupSources, out: string): Promise<Manifest> {
  const place = resolve(out);
  if (exists(place)) throw new StsFault('backup_exists', place, { param: '--out' });
  const folder = `${place}.${randomBytes(4).toString('hex')}.partial`;
  try {
    makeFolder(folder);
    const manifest = await fill(folder, sources);
    writeFileSync(join(folder, MANIFEST_FILE), `${JSON.stringify(manifest, null, 2)}\n`, { mode: 0o600 });
    for (const name of [...manifest.files.map((file) => file.name), MANIFEST_FILE])
      syncPath(join(folder, name));
    syncPath(folder);
    renameSync(folder, place);
    syncPath(dirname(place));
    return manifest;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

async function fill(folder: string, sources: BackupSources): Promise<Manifest> {
  const names: string[] = [LEDGER_COPY, JOURNAL_COPY];
  const ledgerPath = join(folder, LEDGER_COPY);
  const journalPath = join(folder, JOURNAL_COPY);
  await sources.copyLedger(ledgerPath);
  await sources.copyJournal(journalPath);
  if (sources.keyStorePath !== undefined) {
    copyOne(sources.keyStorePath, join(folder, KEY_STORE_COPY), '--key-store', 'the key store');
    names.push(KEY_STORE_COPY);
  }
  for (const name of OWN_KEYS) {
    const path = join(sources.dataFolder, name);
    if (!exists(path)) continue;
    copyOne(path, join(folder, name), '--data', name);
    names.push(name);
  }
  const ledger = await lookInto(ledgerPath, ledgerFacts);
  const { journal, same } = await lookInto(journalPath, (database) => ({
    journal: journalFacts(database),
    same: journalHashAt(database, ledger.head.counter),
  }));
  if (journal.head.counter < ledger.head.counter || same !== ledger.head.entryHash) {
    throw new StsFault(
      'ledger_mismatch',
      `ledger at ${ledger.head.counter}, journal at ${journal.head.counter}`,
    );
  }
  const files = [];
  for (const name of names) {
    const path = join(folder, name);
    chmodSync(path, 0o600);
    files.push({ name, bytes: statSync(path).size, sha256: await sha256Of(path) });
  }
  return {
    format: 'wattoken-backup',
    version: 1,
    madeAt: new Date(sources.madeAt).toISOString(),
    moduleId: ledger.moduleId,
    schema: ledger.schema,
    sales: ledger.sales,
    ledger: ledger.head,
    journal: journal.head,
    journalAhead: journal.head.counter - ledger.head.counter,
    files,
  };
}

/** A copy in one piece: no log beside it, so that its hash says all. */
function lookInto<Facts>(path: string, read: (database: Parameters<typeof ledgerFacts>[0]) => Facts) {
  return withFile(path, 'write', (database) => {
    database.pragma('journal_mode = DELETE');
    assertSound(database);
    return read(database);
  });
}

/**
 * Backs up a data folder: through the server that runs on it, or from the files when none does.
 * @throws StsFault those of {@link writeBackup}, `store_in_use` when a server runs there and cannot be reached.
 */
export async function backupDataFolder(
  options: Pick<ServerOptions, 'dataFolder' | 'keyStorePath'> & { readonly withKeyStore: boolean },
  out: string,
  now: number,
): Promise<Manifest> {
  const { controlSocketPath, keyStorePath, journalPath } = pathsOf(options);
  const place = resolve(out);
  const { withKeyStore } = options;
  const answer = await askServer(controlSocketPath, { ask: 'backup', out: place, withKeyStore });
  if (answer !== undefined) return MANIFEST.parse(answer);
  const ledgerPath = join(options.dataFolder, DATABASE_FILE);
  for (const path of [ledgerPath, journalPath]) {
    if (!exists(path)) throw new StsFault('file_unreadable', path, { param: '--data' });
  }
  const unlock = await lockDataFolder(options.dataFolder);
  try {
    const sources: BackupSources = {
      copyLedger: (path) => copyFile(ledgerPath, path),
      copyJournal: (path) => copyFile(journalPath, path),
      ...(withKeyStore ? { keyStorePath } : {}),
      dataFolder: options.dataFolder,
      madeAt: now,
    };
    return await writeBackup(sources, place);
  } finally {
    unlock();
  }
}

/** The committed state of a file that nobody has open, its log included. */
function copyFile(from: string, to: string): Promise<void> {
  return withFile(from, 'write', (database) => void database.prepare('VACUUM INTO ?').run(to));
}

function copyOne(from: string, to: string, param: string, name: string): void {
  try {
    copyFileSync(from, to);
  } catch (error) {
    throw new StsFault('file_unreadable', name, { param, cause: error });
  }
}

function makeFolder(path: string): void {
  try {
    mkdirSync(path, { recursive: true, mode: 0o700 });
  } catch (error) {
    throw new StsFault('data_folder_unusable', path, { param: '--out', cause: error });
  }
}

export async function sha256Of(path: string): Promise<string> {
  const hash = createHash('sha256');
  for await (const part of createReadStream(path)) hash.update(part as Buffer);
  return hash.digest('hex');
}
