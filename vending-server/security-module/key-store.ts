/**
 * The key store: one sealed file with the module's identity, its Ed25519 signing key and its vending keys. It is opened
 * inside the security module's own process, and by the commands that make it and import keys into it.
 *
 * Bytes that held secrets are wiped where this code made them. Text cannot be wiped in JavaScript: the opened JSON stays in
 * this process's memory until it is collected, which is one reason why the process is the module's own.
 */
import {
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  type KeyObject,
  randomUUID,
} from 'node:crypto';
import { z } from 'zod';
import { StsFault } from '../../lib/faults.ts';
import { bytesFromHex } from '../../lib/hex.ts';
import type { VendingKeyAttributes } from './contract.ts';
import { attributesOf, parseVendingKeyRecord, type VendingKeyRecord } from './key-record.ts';
import { type Passphrase, readSealedFile, seal, unseal, writeSealedFile } from './sealed-file.ts';

export interface HeldVendingKey {
  readonly attributes: VendingKeyAttributes;
  /** 8 or 20 bytes. */
  readonly vendingKey: Uint8Array;
}

export interface OpenKeyStore {
  readonly moduleId: string;
  /** Ed25519, SPKI DER, base64. */
  readonly publicKey: string;
  readonly signingKey: KeyObject;
  readonly vendingKeys: readonly HeldVendingKey[];
}

const CONTENT = z.strictObject({
  moduleId: z.uuid(),
  /** PKCS #8 DER, base64. */
  signingKey: z.base64(),
  vendingKeys: z.array(z.unknown()),
});

interface Content {
  readonly moduleId: string;
  readonly signingKey: string;
  readonly vendingKeys: readonly VendingKeyRecord[];
}

/**
 * Makes a key store with a new module identity and no vending keys, mode 0600.
 * @returns what may be told of it.
 * @throws StsFault `key_store_exists`, `key_store_passphrase_missing` for an empty passphrase.
 */
export function createKeyStore(
  path: string,
  passphrase: Passphrase,
): Pick<OpenKeyStore, 'moduleId' | 'publicKey'> {
  const { privateKey, publicKey } = generateKeyPairSync('ed25519');
  const der = privateKey.export({ format: 'der', type: 'pkcs8' });
  const moduleId = randomUUID();
  write(path, passphrase, { moduleId, signingKey: der.toString('base64'), vendingKeys: [] }, 'create');
  der.fill(0);
  return { moduleId, publicKey: spki(publicKey) };
}

/**
 * @throws StsFault `key_store_missing`, `file_unreadable`, `key_store_damaged`, `key_store_passphrase_missing`,
 *   `key_store_passphrase_wrong`.
 */
export function openKeyStore(path: string, passphrase: Passphrase): OpenKeyStore {
  const { moduleId, signingKey: signingDer, vendingKeys } = read(path, passphrase);
  const der = Buffer.from(signingDer, 'base64');
  const signingKey = createPrivateKey({ key: der, format: 'der', type: 'pkcs8' });
  der.fill(0);
  return {
    moduleId,
    publicKey: spki(createPublicKey(signingKey)),
    signingKey,
    vendingKeys: vendingKeys.map((record) => {
      const vendingKey = bytesFromHex(record.vendingKey);
      return { attributes: attributesOf(record, vendingKey), vendingKey };
    }),
  };
}

/**
 * Imports one vending key. A key is known by supply group, revision, key type and base date; importing the same record
 * again changes nothing.
 * @param record - the format of `key-record.ts`, unchecked.
 * @returns what may be told of the key.
 * @throws StsFault `vending_key_malformed`, the refusals of `openKeyStore`, then `vending_key_exists` when another record is
 *   held under the same four attributes.
 */
export function addVendingKey(path: string, passphrase: Passphrase, record: unknown): VendingKeyAttributes {
  const added = parseVendingKeyRecord(record);
  const content = read(path, passphrase);
  const held = content.vendingKeys.find((other) => keyName(other) === keyName(added));
  if (held === undefined) {
    write(path, passphrase, { ...content, vendingKeys: [...content.vendingKeys, added] }, 'replace');
  } else if (!isSameRecord(held, added)) {
    throw new StsFault('vending_key_exists', keyName(added));
  }
  const vendingKey = bytesFromHex(added.vendingKey);
  const attributes = attributesOf(added, vendingKey);
  vendingKey.fill(0);
  return attributes;
}

/** The four attributes by which a vending key is found, as people read them; nothing secret. */
export function keyName(
  key: Pick<VendingKeyRecord, 'supplyGroupCode' | 'keyRevision' | 'baseDate'> & { readonly keyType: number },
): string {
  return `SGC ${key.supplyGroupCode} KRN ${key.keyRevision} KT ${key.keyType} base ${key.baseDate}`;
}

function isSameRecord(a: VendingKeyRecord, b: VendingKeyRecord): boolean {
  return (Object.keys(a) as (keyof VendingKeyRecord)[]).every((field) => a[field] === b[field]);
}

function read(path: string, passphrase: Passphrase): Content {
  const text = readSealedFile(path);
  assertPassphrase(passphrase);
  const bytes = unseal(text, passphrase);
  try {
    const content = CONTENT.parse(JSON.parse(Buffer.from(bytes).toString('utf8')));
    return { ...content, vendingKeys: content.vendingKeys.map(parseVendingKeyRecord) };
  } catch {
    // Sealed by somebody with the passphrase and still not ours. No cause: it might quote the content.
    throw new StsFault('key_store_damaged', 'the sealed content is not a key store');
  } finally {
    bytes.fill(0);
  }
}

function write(path: string, passphrase: Passphrase, content: Content, mode: 'create' | 'replace'): void {
  assertPassphrase(passphrase);
  const bytes = new TextEncoder().encode(JSON.stringify(content));
  try {
    writeSealedFile(path, seal(bytes, passphrase), mode);
  } finally {
    bytes.fill(0);
  }
}

function assertPassphrase(passphrase: Passphrase): void {
  if (passphrase.length === 0) throw new StsFault('key_store_passphrase_missing');
}

function spki(publicKey: KeyObject): string {
  return publicKey.export({ format: 'der', type: 'spki' }).toString('base64');
}
