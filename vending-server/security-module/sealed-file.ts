/**
 * A file sealed with a passphrase: JSON in one line of fixed field order,
 *
 *   { format, version, manifest, kdf: { name, N, r, p, salt }, aead: { name, nonce }, sealed, check }
 *
 * where only a backup has a manifest, readable without the passphrase and sealed with the rest,
 * with salt, nonce and the sealed bytes in base64. scrypt makes the key, XChaCha20-Poly1305 seals, and everything before
 * `sealed` is its associated data. `check` is the SHA-256 of the rest in hex: it tells a damaged file from a wrong
 * passphrase before any passphrase is asked for. It protects against accidents only; against forgery the seal does.
 */
import { randomBytes, scryptSync } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { xchacha20poly1305 } from '@noble/ciphers/chacha.js';
import { z } from 'zod';
import { StsFault } from '../../lib/faults.ts';
import { writeDurableFile } from '../durable-file.ts';
import { sha256 } from '../sha256.ts';

/** Text is taken as UTF-8. Bytes are only read: whoever brings them wipes them. */
export type Passphrase = string | Uint8Array;

const SCRYPT = { N: 32_768, r: 8, p: 1 } as const;
/** Bytes that scrypt may take: 128 N r at the largest N that is read, and some room. */
const SCRYPT_MEMORY = 160 * 1024 * 1024;
/** A store of ten thousand keys takes 4 MB; anything beyond this is no key store. */
const FILE_BYTES_MAX = 32 * 1024 * 1024;

/** The cost is bounded from both sides: an altered file must neither take the machine's memory nor weaken the next one. */
const SEALED = {
  version: z.literal(1),
  kdf: z.strictObject({
    name: z.literal('scrypt'),
    N: z.literal([32_768, 65_536, 131_072]),
    r: z.literal(8),
    p: z.int().min(1).max(4),
    salt: z.base64().length(24),
  }),
  aead: z.strictObject({ name: z.literal('xchacha20-poly1305'), nonce: z.base64().length(32) }),
  sealed: z.base64(),
  check: z.string().regex(/^[0-9a-f]{64}$/),
};
const MANIFEST = z.strictObject({
  moduleId: z.string(),
  publicKey: z.string(),
  /** ISO 8601 UTC. */
  madeAt: z.string(),
  vendingKeys: z.array(z.strictObject({ name: z.string(), checkValue: z.string() })),
});
const ENVELOPE = z.discriminatedUnion('format', [
  z.strictObject({ format: z.literal('wattoken-keystore'), ...SEALED }),
  z.strictObject({ format: z.literal('wattoken-keystore-backup'), manifest: MANIFEST, ...SEALED }),
]);

/** What a backup tells of itself, nothing secret: of which module it is and which keys it holds. */
export type Manifest = Readonly<z.infer<typeof MANIFEST>>;

type Envelope = z.infer<typeof ENVELOPE>;
type Header = {
  readonly format: Envelope['format'];
  readonly version: 1;
  readonly manifest?: Manifest | undefined;
  readonly kdf: Envelope['kdf'];
  readonly aead: Envelope['aead'];
};

/**
 * Seals with a fresh salt and nonce.
 * @param manifest - makes it a backup.
 * @returns the text of the file.
 */
export function seal(content: Uint8Array, passphrase: Passphrase, manifest?: Manifest): string {
  const header: Header = {
    format: manifest === undefined ? 'wattoken-keystore' : 'wattoken-keystore-backup',
    version: 1,
    manifest,
    kdf: { name: 'scrypt', ...SCRYPT, salt: randomBytes(16).toString('base64') },
    aead: { name: 'xchacha20-poly1305', nonce: randomBytes(24).toString('base64') },
  };
  const sealed = withCipher(header, passphrase, (cipher) => cipher.encrypt(content));
  return textOf({ ...header, sealed: Buffer.from(sealed).toString('base64') });
}

/** @throws StsFault `key_store_damaged`, `key_store_passphrase_wrong`. The caller wipes the content. */
export function unseal(text: string, passphrase: Passphrase): Uint8Array {
  const { sealed, check: _check, ...header } = readEnvelope(text);
  return withCipher(header, passphrase, (cipher) => {
    try {
      return cipher.decrypt(Buffer.from(sealed, 'base64'));
    } catch {
      // No cause: the cipher's error says nothing that the code does not.
      throw new StsFault('key_store_passphrase_wrong');
    }
  });
}

/** A sealed text that is a backup, with its manifest. @throws StsFault as {@link readSealedFile}. */
export function readBackupFile(path: string): { readonly text: string; readonly manifest: Manifest } {
  const { text, envelope } = readWhole(path, '--backup');
  if (envelope.format !== 'wattoken-keystore-backup') throw damaged('it is no backup');
  return { text, manifest: envelope.manifest };
}

/** @throws StsFault `key_store_missing`, `file_unreadable`, `key_store_damaged`. */
export function readSealedFile(path: string): string {
  const { text, envelope } = readWhole(path, '--key-store');
  if (envelope.format !== 'wattoken-keystore') throw damaged('it is a backup: restore it');
  return text;
}

function readWhole(path: string, param: string): { readonly text: string; readonly envelope: Envelope } {
  let bytes: Uint8Array;
  try {
    bytes = readFileSync(path);
  } catch (error) {
    const options = { param, cause: error };
    const missing = error instanceof Error && 'code' in error && error.code === 'ENOENT';
    // A file that may not be read is whole for all we know: nobody should reach for a backup.
    throw missing
      ? new StsFault('key_store_missing', undefined, options)
      : new StsFault('file_unreadable', 'the sealed file', options);
  }
  if (bytes.length > FILE_BYTES_MAX) throw damaged();
  let text: string;
  try {
    text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    throw damaged();
  }
  return { text, envelope: readEnvelope(text) };
}

/**
 * Writes it so that a power cut leaves the old file or the new one.
 * @param mode - `create` refuses to replace what stands there already.
 * @throws StsFault `key_store_exists`.
 */
export function writeSealedFile(path: string, text: string, mode: 'create' | 'replace'): void {
  try {
    writeDurableFile(path, text, mode);
  } catch (error) {
    const exists = error instanceof Error && 'code' in error && error.code === 'EEXIST';
    throw exists ? new StsFault('key_store_exists') : error;
  }
}

/** One spelling only: a file that says the same in other bytes was touched, and counts as damaged. */
function readEnvelope(text: string): Envelope {
  let parsed: ReturnType<typeof ENVELOPE.safeParse>;
  try {
    parsed = ENVELOPE.safeParse(JSON.parse(text));
  } catch {
    throw damaged();
  }
  if (!parsed.success) throw damaged();
  const { check: _check, ...rest } = parsed.data;
  if (textOf(rest) !== text) throw damaged();
  return parsed.data;
}

function textOf({ sealed, ...header }: Header & { readonly sealed: string }): string {
  const rest = { ...headerOf(header), sealed };
  const check = sha256(JSON.stringify(rest));
  return `${JSON.stringify({ ...rest, check })}\n`;
}

/** The header in the order in which it is written and authenticated; JSON leaves out a manifest that is undefined. */
function headerOf({ format, version, manifest, kdf, aead }: Header): Header {
  const { name, N, r, p, salt } = kdf;
  return {
    format,
    version,
    manifest: manifest && {
      moduleId: manifest.moduleId,
      publicKey: manifest.publicKey,
      madeAt: manifest.madeAt,
      vendingKeys: manifest.vendingKeys.map((key) => ({ name: key.name, checkValue: key.checkValue })),
    },
    kdf: { name, N, r, p, salt },
    aead: { name: aead.name, nonce: aead.nonce },
  };
}

function withCipher<Result>(
  header: Header,
  passphrase: Passphrase,
  use: (cipher: ReturnType<typeof xchacha20poly1305>) => Result,
): Result {
  const { N, r, p, salt } = header.kdf;
  const key = scryptSync(passphrase, Buffer.from(salt, 'base64'), 32, { N, r, p, maxmem: SCRYPT_MEMORY });
  try {
    const associated = new TextEncoder().encode(JSON.stringify(headerOf(header)));
    return use(xchacha20poly1305(key, Buffer.from(header.aead.nonce, 'base64'), associated));
  } finally {
    key.fill(0);
  }
}

function damaged(detail?: string): StsFault {
  return new StsFault('key_store_damaged', detail);
}
