/** `wattoken server doctor`. */
import { EXIT } from '../../lib/faults.ts';
import type { Check, DoctorOptions } from '../../vending-server/operation/doctor.ts';
import { examine } from '../../vending-server/operation/doctor.ts';
import { type DatabaseOptions, databaseUrl } from '../database-url.ts';
import { readSecretFile } from '../files.ts';
import { type OutputOptions, printResult } from '../output.ts';
import { type TlsOptions, tlsFilesOf } from '../tls-options.ts';

export interface DoctorCommandOptions extends OutputOptions, TlsOptions, DatabaseOptions {
  readonly data: string;
  readonly keyStore?: string;
  readonly passphraseFile?: string;
}

export async function examineServer(options: DoctorCommandOptions): Promise<void> {
  const { data, keyStore, passphraseFile } = options;
  const tls = tlsFilesOf(options);
  const url = databaseUrl(options);
  const about: DoctorOptions = {
    dataFolder: data,
    ...(keyStore === undefined ? {} : { keyStorePath: keyStore }),
    ...(passphraseFile === undefined ? {} : { passphraseFile }),
    ...(tls === undefined ? {} : { tls }),
    ...(url === undefined ? {} : { databaseUrl: url }),
  };
  const checks = [...(await examine(about, Date.now()))];
  if (passphraseFile !== undefined) checks.push(await openCheck(options, passphraseFile));
  const state = worstOf(checks);
  printResult(options, { state, checks }, checks.map(describe).join('\n'));
  if (state === 'failed') process.exitCode = EXIT.refused;
}

/** Opens the key store for a moment, where whoever asks has the passphrase anyway. */
async function openCheck({ data, keyStore }: DoctorCommandOptions, passphraseFile: string): Promise<Check> {
  const { openKeyStore } = await import('../../vending-server/security-module/key-store.ts');
  const { pathsOf } = await import('../../vending-server/config.ts');
  const paths = pathsOf({ dataFolder: data, ...(keyStore === undefined ? {} : { keyStorePath: keyStore }) });
  try {
    const passphrase = readSecretFile(passphraseFile, '--passphrase-file');
    const { vendingKeys } = openKeyStore(paths.keyStorePath, passphrase);
    for (const { vendingKey } of vendingKeys) vendingKey.fill(0);
    const detail = `opens with this passphrase and holds ${vendingKeys.length} vending keys`;
    return { check: 'passphrase', state: vendingKeys.length === 0 ? 'warning' : 'ok', detail };
  } catch (error) {
    return {
      check: 'passphrase',
      state: 'failed',
      detail: error instanceof Error ? error.message : 'unknown',
    };
  }
}

function worstOf(checks: readonly Check[]): Check['state'] {
  for (const state of ['failed', 'warning'] as const) {
    if (checks.some((check) => check.state === state)) return state;
  }
  return 'ok';
}

function describe({ check, state, detail }: Check): string {
  return `${state.padEnd(8)} ${check.padEnd(13)} ${detail}`;
}
