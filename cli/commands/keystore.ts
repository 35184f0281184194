/** `wattoken keystore init | import | split | list | rotate | backup | restore`: the sealed key store, without a server. */
import { writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { StsFault } from '../../lib/faults.ts';
import type { VendingKeyAttributes } from '../../vending-server/security-module/contract.ts';
import { backUpKeyStore, restoreKeyStore } from '../../vending-server/security-module/key-backup.ts';
import { keyName } from '../../vending-server/security-module/key-name.ts';
import {
  addKeyComponent,
  addVendingKey,
  createKeyStore,
  openKeyStore,
  rotatePassphrase,
  splitVendingKey,
} from '../../vending-server/security-module/key-store.ts';
import { promptPassphrase, readPassphraseFile } from '../../vending-server/security-module/passphrase.ts';
import { makeFolder, readJson } from '../files.ts';
import { type OutputOptions, printResult, table, tell } from '../output.ts';

interface KeyStoreOptions extends OutputOptions {
  readonly keyStore: string;
  readonly passphraseFile?: string;
}

export interface InitOptions extends KeyStoreOptions {
  readonly custodians: '1' | '2';
}

export interface ImportOptions extends KeyStoreOptions {
  readonly keyFile?: string;
  readonly componentFile?: string;
}

export interface SplitOptions extends OutputOptions {
  readonly keyFile: string;
  readonly out1: string;
  readonly out2: string;
}

export interface RotateOptions extends KeyStoreOptions {
  readonly newPassphraseFile?: string;
}

export interface BackupOptions extends KeyStoreOptions {
  readonly backup: string;
  readonly backupPassphraseFile?: string;
}

export interface RestoreOptions extends BackupOptions {
  readonly module?: string;
}

export async function initKeyStore(options: InitOptions): Promise<void> {
  const custodians = options.custodians === '1' ? 1 : 2;
  await withPassphrase(options, async (passphrase) => {
    makeFolder(dirname(options.keyStore));
    const made = createKeyStore(options.keyStore, passphrase, custodians);
    if (custodians === 1) tell('one custodian: this key store is for test keys');
    printResult(options, { ...made, keyStore: options.keyStore }, `key store of module ${made.moduleId}`);
  });
}

export async function importKey(options: ImportOptions): Promise<void> {
  const { keyStore, keyFile, componentFile } = options;
  if ((keyFile === undefined) === (componentFile === undefined)) {
    throw new StsFault('usage', 'either --key-file or --component-file', { param: '--key-file' });
  }
  await withPassphrase(options, async (passphrase) => {
    if (keyFile !== undefined) {
      const attributes = addVendingKey(keyStore, passphrase, readJson(keyFile, '--key-file'));
      printResult(options, attributes, rowOf(attributes).join('  '));
      return;
    }
    const component = readJson(componentFile ?? '', '--component-file');
    const result = addKeyComponent(keyStore, passphrase, component);
    if (result.kind === 'imported') {
      printResult(options, result, rowOf(result.vendingKey).join('  '));
      return;
    }
    const { component: number, componentCheckValue } = result.component;
    const text = `${keyName(result.component)}  component ${number} (check ${componentCheckValue}) waits for the other`;
    printResult(options, result, text);
  });
}

/** For a ceremony that starts from a key in one piece: run it where the key arrives, and hand out the two files. */
export async function splitKey(options: SplitOptions): Promise<void> {
  const components = splitVendingKey(readJson(options.keyFile, '--key-file'));
  const files = [options.out1, options.out2];
  for (const [index, file] of files.entries()) {
    try {
      writeFileSync(file, `${JSON.stringify(components[index], null, 2)}\n`, { mode: 0o600, flag: 'wx' });
    } catch (cause) {
      throw new StsFault('file_unreadable', `${file} cannot be made`, { param: `--out-${index + 1}`, cause });
    }
  }
  printResult(options, { files }, files.join('\n'));
}

export async function listKeys(options: KeyStoreOptions): Promise<void> {
  await withPassphrase(options, async (passphrase) => {
    const store = openKeyStore(options.keyStore, passphrase);
    const { moduleId, publicKey, custodians, vendingKeys, components } = store;
    const keys = vendingKeys.map(({ attributes }) => attributes);
    const rows: [string, string][] = [
      ['module', moduleId],
      ['public key', publicKey],
      ['custodians', String(custodians)],
      ...keys.map(rowOf),
      ...components.map((waiting): [string, string] => [
        keyName(waiting),
        `component ${waiting.component} alone  check ${waiting.componentCheckValue} of ${waiting.checkValue}`,
      ]),
    ];
    printResult(options, { moduleId, publicKey, custodians, vendingKeys: keys, components }, table(rows));
  });
}

export async function rotateKeyStore(options: RotateOptions): Promise<void> {
  await withPassphrase(options, (passphrase) =>
    withOther('new passphrase', '--new-passphrase-file', options.newPassphraseFile, async (renewed) => {
      const { moduleId, vendingKeys } = rotatePassphrase(options.keyStore, passphrase, renewed);
      const text = `key store of module ${moduleId} sealed anew with ${vendingKeys.length} keys`;
      printResult(options, { moduleId, vendingKeys: vendingKeys.length }, text);
    }),
  );
}

export async function backUp(options: BackupOptions): Promise<void> {
  await withPassphrase(options, (passphrase) =>
    withOther(
      'passphrase of the backup',
      '--backup-passphrase-file',
      options.backupPassphraseFile,
      (other) => {
        const from = { path: options.keyStore, passphrase };
        const to = { path: options.backup, passphrase: other };
        const manifest = backUpKeyStore(from, to, new Date().toISOString());
        printResult(options, manifest, `${options.backup}: ${manifest.vendingKeys.length} keys`);
      },
    ),
  );
}

/** Under the journal of the data folder, where one stands beside the key store, only its own module comes back. */
export async function restore(options: RestoreOptions): Promise<void> {
  await withPassphrase(options, (passphrase) =>
    withOther(
      'passphrase of the backup',
      '--backup-passphrase-file',
      options.backupPassphraseFile,
      async (other) => {
        makeFolder(dirname(options.keyStore));
        const manifest = await restoreKeyStore(
          { path: options.backup, passphrase: other },
          { path: options.keyStore, passphrase },
          {
            journalPath: join(dirname(options.keyStore), 'module.journal'),
            ...(options.module === undefined ? {} : { moduleId: options.module }),
          },
        );
        printResult(options, manifest, `key store of module ${manifest.moduleId} restored`);
      },
    ),
  );
}

/** Makes a key store for one custodian that holds these public test keys; for the sandbox. */
export function makeKeyStore(path: string, passphraseFile: string, keys: readonly unknown[]): void {
  const passphrase = readPassphraseFile(passphraseFile);
  createKeyStore(path, passphrase, 1);
  for (const key of keys) addVendingKey(path, passphrase, key);
  passphrase.fill(0);
}

function withPassphrase(
  { passphraseFile }: KeyStoreOptions,
  use: (passphrase: Uint8Array) => Promise<void>,
): Promise<void> {
  return withOther('passphrase', '--passphrase-file', passphraseFile, use);
}

/** Reads or asks, uses, and wipes. */
async function withOther(
  name: string,
  flag: string,
  file: string | undefined,
  use: (passphrase: Uint8Array) => Promise<void> | void,
): Promise<void> {
  const passphrase = await askPassphrase(name, flag, file);
  try {
    await use(passphrase);
  } finally {
    passphrase.fill(0);
  }
}

function askPassphrase(name: string, flag: string, file: string | undefined): Promise<Uint8Array> {
  if (file !== undefined) return Promise.resolve(readPassphraseFile(file));
  if (process.stdin.isTTY === true) return promptPassphrase(process.stdin, process.stderr, `${name}: `);
  throw new StsFault('key_store_passphrase_missing', `no terminal to ask on: give ${flag}`, { param: flag });
}

function rowOf(key: VendingKeyAttributes): [string, string] {
  const range = `${key.activeFrom.slice(0, 10)} to ${key.issueUntil.slice(0, 10)}`;
  const limits = [
    key.allowedSubclasses === undefined ? '' : `  only ${key.allowedSubclasses.join(' ')}`,
    key.unitLimitDeci === undefined ? '' : `  ULM ${key.unitLimitDeci}`,
    key.currencyLimitHundredThousandth === undefined ? '' : `  CLM ${key.currencyLimitHundredThousandth}`,
    key.cluster === undefined ? '' : `  CLU ${key.cluster}`,
  ];
  return [
    keyName(key),
    `DKGA0${key.decoderKeyAlgorithm}  KEN ${key.keyExpiry}  ${range}  check ${key.checkValue}${limits.join('')}`,
  ];
}
