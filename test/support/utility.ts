/** A utility furnished from outside: key store by the command line, registry over HTTP, as an operator would do it. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PUBLIC_TEST_METER, PUBLIC_TEST_VENDING_KEY } from '../../cli/public-test-values.ts';
import { bytesFromHex, hexFromBytes } from '../../lib/hex.ts';
import { luhnDigit } from '../../lib/identity/luhn.ts';
import { parseMeterNumber } from '../../lib/identity/meter-pan.ts';
import { prepareVendingKey } from '../../lib/keys/decoder-key.ts';
import { runCli, startCli } from './processes.ts';

/** Public test meters of STS 531-1 under the public vending key. */
export const METER_A = PUBLIC_TEST_METER;
export const METER_B = {
  ...PUBLIC_TEST_METER,
  drn: '00000000000',
  encryptionAlgorithm: 7,
  decoderKey: '87f3ecbb2e46b48f',
} as const;

export interface TestMeter {
  readonly drn: string;
  readonly encryptionAlgorithm: 7 | 11;
  /** Lower-case hex. */
  readonly decoderKey: string;
}

/**
 * Meters under the public vending key, with their decoder keys. One meter can buy no more tokens than there are minutes in
 * the window ahead of the clock: whoever sells thousands needs many.
 */
export function publicMeters(count: number): TestMeter[] {
  const { vendingKey, ...group } = PUBLIC_TEST_VENDING_KEY;
  const derive = prepareVendingKey(4, bytesFromHex(vendingKey));
  return Array.from({ length: count }, (_, i) => {
    const body = `07${String(i).padStart(8, '0')}`;
    const { drn, meterPan } = parseMeterNumber(body + luhnDigit(body));
    const encryptionAlgorithm = i % 2 === 0 ? 11 : 7;
    const decoderKey = hexFromBytes(derive({ ...group, encryptionAlgorithm, meterPan, tariffIndex: 1 }));
    return { drn, encryptionAlgorithm, decoderKey };
  });
}

export interface Utility {
  readonly folder: string;
  readonly serverFolder: string;
  readonly passphraseFile: string;
  remove(): void;
}

/** A folder with a sealed key store that holds the public vending key. */
export async function makeUtility(): Promise<Utility> {
  const folder = mkdtempSync(join(tmpdir(), 'wattoken-e2e-'));
  const serverFolder = join(folder, 'server');
  const passphraseFile = join(folder, 'passphrase');
  const keyFile = join(folder, 'vending-key.json');
  writeFileSync(passphraseFile, 'passphrase of a test\n');
  writeFileSync(keyFile, JSON.stringify(PUBLIC_TEST_VENDING_KEY));
  const store = ['--key-store', join(serverFolder, 'key-store.wks'), '--passphrase-file', passphraseFile];
  for (const args of [
    ['keystore', 'init', '--custodians', '1', ...store],
    ['keystore', 'import', ...store, '--key-file', keyFile],
  ]) {
    const { code, stderr } = await runCli(args);
    if (code !== 0) throw new Error(`${args[1]} ended with ${code}: ${stderr}`);
  }
  return {
    folder,
    serverFolder,
    passphraseFile,
    remove: () => rmSync(folder, { recursive: true, force: true }),
  };
}

/** The key with which everything in a utility can be opened. */
export function operatorKeyOf({ serverFolder }: Pick<Utility, 'serverFolder'>): string {
  return readFileSync(join(serverFolder, 'operator.key'), 'utf8').trim();
}

/** What unit and image start a server with (vending-server/deploy). */
export const SERVER_NODE_OPTIONS = '--max-semi-space-size=64';

export function startUtilityServer(
  utility: Utility,
  more: readonly string[] = [],
  options: { readonly nodeOptions?: string } = {},
) {
  const { serverFolder, passphraseFile } = utility;
  const args = [
    'server',
    'start',
    '--data',
    serverFolder,
    '--passphrase-file',
    passphraseFile,
    '--port',
    '0',
    '--persons',
    '1',
  ];
  return startCli([...args, ...more], options);
}

const REGISTERED_AT_ONCE = 64;

export interface Reply {
  readonly status: number;
  readonly text: string;
  // biome-ignore lint/suspicious/noExplicitAny: a test reads whatever came.
  readonly body: any;
}

export async function post(url: string, apiKey: string, body: unknown): Promise<Reply> {
  const reply = await fetch(url, {
    method: 'POST',
    headers: { authorization: `Bearer ${apiKey}`, 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });
  const text = await reply.text();
  return { status: reply.status, text, body: JSON.parse(text) };
}

/** Registers a tariff, meters and vendors with float. @returns the vendors' API keys by vendor id. */
export async function furnish(
  utility: Utility,
  url: string,
  vendors: readonly { vendorId: string; floatMinor: number }[],
  meters: readonly TestMeter[] = [METER_A, METER_B],
  energy: object = { kind: 'flat', pricePerKwh: '2.0000' },
): Promise<Map<string, string>> {
  const operatorKey = operatorKeyOf(utility);
  const must = async (path: string, body: unknown) => {
    const reply = await post(`${url}${path}`, operatorKey, body);
    if (reply.status >= 300) throw new Error(`${path} answered ${reply.status} ${reply.text}`);
    return reply.body;
  };
  const terms = {
    currency: 'ZAR',
    energy,
    vatRate: '0.15',
    minimumMinor: 1,
    maximumMinor: 1_000_000,
  };
  await must('/v1/tariffs', { tariffId: 'home', terms });
  const { supplyGroupCode, keyRevision, keyType, baseDate } = PUBLIC_TEST_VENDING_KEY;
  const key = { decoderKeyAlgorithm: 4, supplyGroupCode, keyRevision, keyType, baseDate, tariffIndex: 1 };
  for (let from = 0; from < meters.length; from += REGISTERED_AT_ONCE) {
    await Promise.all(
      meters
        .slice(from, from + REGISTERED_AT_ONCE)
        .map(({ drn, encryptionAlgorithm }) =>
          must('/v1/meters', { meter: drn, encryptionAlgorithm, tariffId: 'home', ...key }),
        ),
    );
  }
  const keys = new Map<string, string>();
  for (const { vendorId, floatMinor } of vendors) {
    const { apiKey } = await must('/v1/vendors', { vendorId, name: vendorId, currency: 'ZAR' });
    keys.set(vendorId, apiKey);
    await must(`/v1/vendors/${vendorId}/deposits`, {
      requestId: 'first',
      amountMinor: floatMinor,
      currency: 'ZAR',
      reference: 'slip',
    });
  }
  return keys;
}
