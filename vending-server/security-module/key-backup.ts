/**
 * Backup and restore of a key store. A backup is the whole content, sealed under a passphrase of its own, with a manifest in
 * front that anybody can read and nobody can change without breaking the seal.
 */
import { StsFault } from '../../lib/faults.ts';
import { type Content, unsealContent, writeContent } from './key-content.ts';
import { keyName } from './key-name.ts';
import { type OpenKeyStore, openContent } from './key-store.ts';
import { readJournalOwner } from './module-journal.ts';
import { type Manifest, type Passphrase, readBackupFile, readSealedFile } from './sealed-file.ts';

export interface KeyStoreFile {
  readonly path: string;
  readonly passphrase: Passphrase;
}

/**
 * @param madeAt - ISO 8601 UTC, for the manifest.
 * @returns the manifest.
 * @throws StsFault the refusals of `openKeyStore`, `key_store_exists` when there is a file at the backup's path.
 */
export function backUpKeyStore(keyStore: KeyStoreFile, backup: KeyStoreFile, madeAt: string): Manifest {
  const content = unsealContent(readSealedFile(keyStore.path), keyStore.passphrase);
  const manifest = manifestFor(openContent(content), madeAt);
  writeContent(backup.path, backup.passphrase, content, 'create', manifest);
  return manifest;
}

/**
 * Makes the key store of a backup anew, under a passphrase of its own. It never replaces a file.
 * @param expected - the module that it must be: by its id, and by the journal where one stands.
 * @returns the manifest.
 * @throws StsFault `key_store_missing`, `key_store_damaged`, `key_store_passphrase_wrong`, `key_backup_other_module`,
 *   `key_store_exists`, and the faults of the journal.
 */
export async function restoreKeyStore(
  backup: KeyStoreFile,
  keyStore: KeyStoreFile,
  expected: { readonly moduleId?: string; readonly journalPath?: string },
): Promise<Manifest> {
  const { text, manifest } = readBackupFile(backup.path);
  const owners = [
    expected.moduleId,
    expected.journalPath === undefined ? undefined : await readJournalOwner(expected.journalPath),
  ];
  for (const owner of owners) {
    if (owner !== undefined && owner !== manifest.moduleId) {
      throw new StsFault('key_backup_other_module', `of module ${manifest.moduleId}, not ${owner}`);
    }
  }
  const content = unsealContent(text, backup.passphrase);
  assertAsTold(content, manifest);
  writeContent(keyStore.path, keyStore.passphrase, content, 'create');
  return manifest;
}

/** The seal covers both; they differ only in a file that was not made by {@link backUpKeyStore}. */
function assertAsTold(content: Content, manifest: Manifest): void {
  const told = manifestFor(openContent(content), manifest.madeAt);
  if (JSON.stringify(told) === JSON.stringify(manifest)) return;
  throw new StsFault('key_store_damaged', 'the manifest of the backup is not about its content');
}

function manifestFor({ moduleId, publicKey, vendingKeys }: OpenKeyStore, madeAt: string): Manifest {
  return {
    moduleId,
    publicKey,
    madeAt,
    vendingKeys: vendingKeys.map(({ attributes }) => ({
      name: keyName(attributes),
      checkValue: attributes.checkValue,
    })),
  };
}
