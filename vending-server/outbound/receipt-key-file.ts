/**
 * The key that signs receipts: the private half in a file of the data folder, all public halves in the database, so that a
 * receipt of ten years ago is verified after as many changes of the key, by any server on the same database.
 */
import { generateKeyPairSync } from 'node:crypto';
import { StsFault } from '../../lib/faults.ts';
import { type ReceiptKey, type ReceiptPublicKey, receiptKeyOf } from '../receipt/seal.ts';
import type { ReceiptKeys } from '../store/outbox.ts';
import { readOrMakeSecret, replaceSecret } from './secret-file.ts';

export class ReceiptKeyFile {
  readonly #path: string;
  readonly #published: ReceiptKeys;
  #current: ReceiptKey;

  private constructor(path: string, published: ReceiptKeys, current: ReceiptKey) {
    this.#path = path;
    this.#published = published;
    this.#current = current;
  }

  /**
   * Makes a key at the first start. The public half is in the database before anything is signed.
   * @throws StsFault `data_folder_unusable`, and those of the store.
   */
  static async open(path: string, published: ReceiptKeys, now: number): Promise<ReceiptKeyFile> {
    const { privateKey, ...key } = keyOf(readOrMakeSecret(path, newKey), path);
    await published.publish({ keyId: key.keyId, publicKey: key.publicKey, publishedAt: now });
    return new ReceiptKeyFile(path, published, { keyId: key.keyId, privateKey });
  }

  get current(): ReceiptKey {
    return this.#current;
  }

  /** Signs with a new key from now on; what the old one signed stays verifiable. The old private half is gone. */
  async rotate(now: number): Promise<ReceiptPublicKey> {
    const pem = newKey();
    const { privateKey, keyId, publicKey } = receiptKeyOf(pem);
    await this.#published.publish({ keyId, publicKey, publishedAt: now });
    replaceSecret(this.#path, pem);
    this.#current = { keyId, privateKey };
    return { keyId, publicKey };
  }
}

function newKey(): string {
  const { privateKey } = generateKeyPairSync('ed25519');
  return String(privateKey.export({ format: 'pem', type: 'pkcs8' }));
}

function keyOf(pem: string, path: string) {
  try {
    return receiptKeyOf(pem);
  } catch {
    // Not its cause: an error of the parser could quote what it read.
    throw new StsFault('data_folder_unusable', `${path} holds no receipt key`);
  }
}
