/** `wattoken keystore init | import | list`: the sealed file of vending keys, handled without a server. */
import { dirname } from 'node:path';
import { StsFault } from '../../lib/faults.ts';
import type { VendingKeyAttributes } from '../../vending-server/security-module/contract.ts';
import {
  addVendingKey,
  createKeyStore,
  keyName,
  openKeyStore,
} from '../../vending-server/security-module/key-store.ts';
import { promptPassphrase, readPassphraseFile } from '../../vending-server/security-module/passphrase.ts';
import { makeFolder, readJson } from '../files.ts';
import { type OutputOptions, printResult, table } from '../output.ts';

export interface KeystoreOptions extends OutputOptions {
  readonly keyStore: string;
  readonly passphraseFile?: string;
  /** With `import` alone. */
  readonly keyFile?: string;
}

export async function keystoreCommand(
  verb: 'init' | 'import' | 'list',
  options: KeystoreOptions,
): Promise<void> {
  const passphrase = await askPassphrase(options.passphraseFile);
  try {
    switch (verb) {
      case 'init': {
        makeFolder(dirname(options.keyStore));
        const made = createKeyStore(options.keyStore, passphrase);
        printResult(options, { ...made, keyStore: options.keyStore }, `key store of module ${made.moduleId}`);
        return;
      }
      case 'import': {
        const attributes = addVendingKey(
          options.keyStore,
          passphrase,
          readJson(options.keyFile ?? '', '--key-file'),
        );
        printResult(options, attributes, rowOf(attributes).join('  '));
        return;
      }
      case 'list': {
        const { moduleId, publicKey, vendingKeys } = openKeyStore(options.keyStore, passphrase);
        const keys = vendingKeys.map(({ attributes }) => attributes);
        const rows: [string, string][] = [
          ['module', moduleId],
          ['public key', publicKey],
          ...keys.map(rowOf),
        ];
        printResult(options, { moduleId, publicKey, vendingKeys: keys }, table(rows));
        return;
      }
    }
  } finally {
    passphrase.fill(0);
  }
}

/** Makes a key store that holds these keys; for the sandbox. */
export function makeKeyStore(path: string, passphraseFile: string, keys: readonly unknown[]): void {
  const passphrase = readPassphraseFile(passphraseFile);
  createKeyStore(path, passphrase);
  for (const key of keys) addVendingKey(path, passphrase, key);
  passphrase.fill(0);
}

function askPassphrase(file: string | undefined): Promise<Uint8Array> {
  if (file !== undefined) return Promise.resolve(readPassphraseFile(file));
  if (process.stdin.isTTY === true) return promptPassphrase(process.stdin, process.stderr, 'passphrase: ');
  throw new StsFault('key_store_passphrase_missing', 'no terminal to ask on: give --passphrase-file', {
    param: '--passphrase-file',
  });
}

function rowOf(key: VendingKeyAttributes): [string, string] {
  const range = `${key.activeFrom.slice(0, 10)} to ${key.issueUntil.slice(0, 10)}`;
  return [
    keyName(key),
    `DKGA0${key.decoderKeyAlgorithm}  KEN ${key.keyExpiry}  ${range}  check ${key.checkValue}`,
  ];
}
