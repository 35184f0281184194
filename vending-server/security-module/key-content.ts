/**
 * What the sealed file of a key store holds. Bytes that held secrets are wiped where this code made them. Text cannot be
 * wiped in JavaScript: the opened JSON stays in this process's memory until it is collected, which is one reason why the
 * module's process is its own.
 */
import { z } from 'zod';
import { StsFault } from '../../lib/faults.ts';
import {
  type KeyComponent,
  parseStoredComponent,
  parseStoredRecord,
  type VendingKeyRecord,
} from './key-record.ts';
import { type Manifest, type Passphrase, seal, unseal, writeSealedFile } from './sealed-file.ts';

const CONTENT = z.strictObject({
  moduleId: z.uuid(),
  /** PKCS #8 DER, base64. */
  signingKey: z.base64(),
  vendingKeys: z.array(z.unknown()),
  /** Left out in files from before there were custodians. */
  custodians: z.literal([1, 2]).optional(),
  components: z.array(z.unknown()).optional(),
});

export interface Content {
  readonly moduleId: string;
  readonly signingKey: string;
  readonly vendingKeys: readonly VendingKeyRecord[];
  /** How many people a vending key takes to come in; never lowered. */
  readonly custodians: 1 | 2;
  /** Components that wait for the other one of their key. */
  readonly components: readonly KeyComponent[];
}

/**
 * @param text - of a sealed file.
 * @throws StsFault `key_store_damaged`, `key_store_passphrase_missing`, `key_store_passphrase_wrong`.
 */
export function unsealContent(text: string, passphrase: Passphrase): Content {
  assertPassphrase(passphrase);
  const bytes = unseal(text, passphrase);
  try {
    const content = CONTENT.parse(JSON.parse(Buffer.from(bytes).toString('utf8')));
    return {
      moduleId: content.moduleId,
      signingKey: content.signingKey,
      vendingKeys: content.vendingKeys.map(parseStoredRecord),
      custodians: content.custodians ?? 1,
      components: (content.components ?? []).map(parseStoredComponent),
    };
  } catch {
    // Sealed by somebody with the passphrase and still not ours. No cause: it might quote the content.
    throw new StsFault('key_store_damaged', 'the sealed content is not a key store');
  } finally {
    bytes.fill(0);
  }
}

/**
 * Seals and writes, at once or not at all.
 * @param manifest - of a backup; none for the key store itself.
 * @throws StsFault `key_store_passphrase_missing`, `key_store_exists`.
 */
export function writeContent(
  path: string,
  passphrase: Passphrase,
  content: Content,
  mode: 'create' | 'replace',
  manifest?: Manifest,
): void {
  assertPassphrase(passphrase);
  const bytes = new TextEncoder().encode(JSON.stringify(content));
  try {
    writeSealedFile(path, seal(bytes, passphrase, manifest), mode);
  } finally {
    bytes.fill(0);
  }
}

export function assertPassphrase(passphrase: Passphrase): void {
  if (passphrase.length === 0) throw new StsFault('key_store_passphrase_missing');
}
