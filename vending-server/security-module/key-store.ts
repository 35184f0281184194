/**
 * The key store: one sealed file with the module's identity, its Ed25519 signing key and its vending keys. It is opened
 * inside the security module's own process, and by the commands that make it and bring keys into it (README.md of this room).
 */
import {
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  type KeyObject,
  randomBytes,
  randomUUID,
} from 'node:crypto';
import { StsFault } from '../../lib/faults.ts';
import { bytesFromHex } from '../../lib/hex.ts';
import type { VendingKeyAttributes } from './contract.ts';
import { assertPassphrase, type Content, unsealContent, writeContent } from './key-content.ts';
import { keyName } from './key-name.ts';
import {
  attributesOf,
  combineComponents,
  type KeyComponent,
  parseKeyComponent,
  parseVendingKeyRecord,
  splitRecord,
  type VendingKeyRecord,
} from './key-record.ts';
import { type Passphrase, readSealedFile } from './sealed-file.ts';

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
  readonly custodians: 1 | 2;
  readonly vendingKeys: readonly HeldVendingKey[];
  readonly components: readonly WaitingComponent[];
}

/** A component that waits for the other one, as far as it may be told. */
export type WaitingComponent = Omit<KeyComponent, 'keyComponent'>;

/**
 * Makes a key store with a new module identity and no vending keys, mode 0600.
 * @param custodians - how many people a vending key takes to come in. It cannot be changed afterwards: 1 is for test keys.
 * @returns what may be told of it.
 * @throws StsFault `key_store_exists`, `key_store_passphrase_missing` for an empty passphrase.
 */
export function createKeyStore(
  path: string,
  passphrase: Passphrase,
  custodians: 1 | 2 = 1,
): Pick<OpenKeyStore, 'moduleId' | 'publicKey' | 'custodians'> {
  const { privateKey, publicKey } = generateKeyPairSync('ed25519');
  const der = privateKey.export({ format: 'der', type: 'pkcs8' });
  const moduleId = randomUUID();
  const signingKey = der.toString('base64');
  const content = { moduleId, signingKey, vendingKeys: [], custodians, components: [] };
  writeContent(path, passphrase, content, 'create');
  der.fill(0);
  return { moduleId, publicKey: spki(publicKey), custodians };
}

/**
 * @throws StsFault `key_store_missing`, `file_unreadable`, `key_store_damaged`, `key_store_passphrase_missing`,
 *   `key_store_passphrase_wrong`.
 */
export function openKeyStore(path: string, passphrase: Passphrase): OpenKeyStore {
  return openContent(read(path, passphrase));
}

/** The parts of a content ready for use. */
export function openContent(content: Content): OpenKeyStore {
  const { moduleId, custodians, vendingKeys, components } = content;
  const der = Buffer.from(content.signingKey, 'base64');
  const signingKey = createPrivateKey({ key: der, format: 'der', type: 'pkcs8' });
  der.fill(0);
  return {
    moduleId,
    publicKey: spki(createPublicKey(signingKey)),
    signingKey,
    custodians,
    vendingKeys: vendingKeys.map((record) => {
      const vendingKey = bytesFromHex(record.vendingKey);
      return { attributes: attributesOf(record, vendingKey), vendingKey };
    }),
    components: components.map(withoutSecret),
  };
}

/**
 * Imports one vending key that is in one piece. A key is known by supply group, revision, key type and base date; importing
 * the same record again changes nothing.
 * @param record - the format of `key-record.ts`, unchecked.
 * @returns what may be told of the key.
 * @throws StsFault `vending_key_malformed`, the refusals of `openKeyStore`, then `key_custodians_required`, and
 *   `vending_key_exists` when another record is held under the same four attributes.
 */
export function addVendingKey(path: string, passphrase: Passphrase, record: unknown): VendingKeyAttributes {
  const added = parseVendingKeyRecord(record);
  const content = read(path, passphrase);
  if (content.custodians > 1) throw new StsFault('key_custodians_required');
  const changed = withKey(content, added);
  if (changed !== content) writeContent(path, passphrase, changed, 'replace');
  return tellable(added);
}

export type ComponentResult =
  | { readonly kind: 'waiting'; readonly component: WaitingComponent }
  | { readonly kind: 'imported'; readonly vendingKey: VendingKeyAttributes };

/**
 * Takes one custodian's component. The first waits, sealed, for the other one, and the second makes the key; the same
 * component again takes the place of the one that waits.
 * @throws StsFault `vending_key_malformed`, `key_components_mismatch`, the refusals of `openKeyStore`,
 *   `vending_key_exists`.
 */
export function addKeyComponent(path: string, passphrase: Passphrase, value: unknown): ComponentResult {
  const added = parseKeyComponent(value);
  const content = read(path, passphrase);
  const others = content.components.filter((waiting) => keyName(waiting) !== keyName(added));
  const other = content.components.find(
    (waiting) => keyName(waiting) === keyName(added) && waiting.component !== added.component,
  );
  if (other === undefined) {
    writeContent(path, passphrase, { ...content, components: [...others, added] }, 'replace');
    return { kind: 'waiting', component: withoutSecret(added) };
  }
  const record = combineComponents(other, added);
  writeContent(path, passphrase, withKey({ ...content, components: others }, record), 'replace');
  return { kind: 'imported', vendingKey: tellable(record) };
}

/**
 * Two components of a key in one piece, as objects to be written into two files for two people.
 * @throws StsFault `vending_key_malformed`.
 */
export function splitVendingKey(record: unknown): readonly [object, object] {
  const whole = parseVendingKeyRecord(record);
  return splitRecord(whole, Uint8Array.from(randomBytes(whole.vendingKey.length / 2)));
}

/**
 * Seals the same content anew under another passphrase; a power cut leaves the file under the old one or the new one.
 * @throws StsFault the refusals of `openKeyStore`, `key_store_passphrase_missing` for an empty new one.
 */
export function rotatePassphrase(path: string, passphrase: Passphrase, renewed: Passphrase): OpenKeyStore {
  assertPassphrase(renewed);
  const content = read(path, passphrase);
  writeContent(path, renewed, content, 'replace');
  return openContent(content);
}

/** @throws StsFault `vending_key_exists`. @returns the content itself when it holds this very record. */
function withKey(content: Content, added: VendingKeyRecord): Content {
  const held = content.vendingKeys.find((other) => keyName(other) === keyName(added));
  if (held === undefined) return { ...content, vendingKeys: [...content.vendingKeys, added] };
  if (JSON.stringify(held) !== JSON.stringify(added))
    throw new StsFault('vending_key_exists', keyName(added));
  return content;
}

function tellable(record: VendingKeyRecord): VendingKeyAttributes {
  const vendingKey = bytesFromHex(record.vendingKey);
  const attributes = attributesOf(record, vendingKey);
  vendingKey.fill(0);
  return attributes;
}

function withoutSecret({ keyComponent: _secret, ...waiting }: KeyComponent): WaitingComponent {
  return waiting;
}

function read(path: string, passphrase: Passphrase): Content {
  return unsealContent(readSealedFile(path), passphrase);
}

function spki(publicKey: KeyObject): string {
  return publicKey.export({ format: 'der', type: 'spki' }).toString('base64');
}
