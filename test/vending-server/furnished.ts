/**
 * A vending server ready to sell, on real files with the real security module, for the tests of use cases and of the door.
 * The vending key and the meters are the published test values of the STS conformance vectors; no other key is in here.
 */
import { randomBytes } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { newMeterState } from '../../lib/meter/state.ts';
import { TID_MAX } from '../../lib/token/tid.ts';
import type { Clock } from '../../vending-server/clock.ts';
import { pathsOf, type ServerOptions } from '../../vending-server/config.ts';
import { type RunningServer, startServer } from '../../vending-server/main.ts';
import { startSecurityModule } from '../../vending-server/security-module/client.ts';
import type { SecurityModule } from '../../vending-server/security-module/contract.ts';
import { addVendingKey, createKeyStore } from '../../vending-server/security-module/key-store.ts';
import { openSqliteStore } from '../../vending-server/store/open.ts';
import type { SqliteStore } from '../../vending-server/store/sqlite/store.ts';
import type { TariffTerms } from '../../vending-server/tariff/terms.ts';
import type { Vending } from '../../vending-server/vending/context.ts';
import { deposit } from '../../vending-server/vending/deposit.ts';
import { openHouseVendor } from '../../vending-server/vending/house.ts';
import { KeyDirectory } from '../../vending-server/vending/key-directory.ts';
import { openVendor } from '../../vending-server/vending/open-vendor.ts';
import { putTariff } from '../../vending-server/vending/put-tariff.ts';
import { type MeterRequest, registerMeter } from '../../vending-server/vending/register-meter.ts';
import { SalesUnderWay } from '../../vending-server/vending/sale-guard.ts';
import { UnreleasedTokens } from '../../vending-server/vending/unreleased-tokens.ts';
import { UtilityRules } from '../../vending-server/vending/utility-rules.ts';
import { moduleProgram } from '../support/bundled.ts';
import { ask, BooksInTurn } from '../support/postgres-books.ts';

export const PASSPHRASE = 'a passphrase of a test';
export const DRN = '11111111115';
export const METER_PAN = '600727111111111153';
export const OTHER_DRN = '00000000000';
/** Registered under a supply group for which the key store holds no key. */
export const KEYLESS_DRN = '0100000000008';

export const TERMS: TariffTerms = {
  currency: 'ZAR',
  timeZone: 'Africa/Johannesburg',
  vatRate: '0.15',
  pricesIncludeVat: false,
  energy: { kind: 'flat', pricePerKwh: '1.8652' },
  fixedCharges: [],
  paymentFeeMinor: 0,
  freeUnitsDeciKwh: 0,
  freeUnitsFillBlocks: false,
  deductionOrder: ['paymentFee', 'arrears', 'fixedCharges'],
  deductionShare: '1',
  takesPaymentWithoutEnergy: false,
  energyRounding: 'carry',
  taxRounding: 'nearest',
  minimumMinor: 100,
  maximumMinor: 1_000_000,
};

export const METER_REQUEST: MeterRequest = {
  meter: DRN,
  encryptionAlgorithm: 11,
  decoderKeyAlgorithm: 4,
  supplyGroupCode: '201457',
  tariffIndex: 1,
  keyRevision: 1,
  keyType: 2,
  baseDate: '14',
  tariffId: 'home',
};

export const VENDOR_ID = 'shop';

/** 2026-11-21T12:00:00Z, unless a test moves it. */
export class TestClock implements Clock {
  millis = Date.UTC(2026, 10, 21, 12);

  now(): number {
    return this.millis;
  }
}

/** Sealing takes a while by design, so that one key store serves the whole run. */
let sealedKeyStore: Buffer | undefined;

/** An empty data folder with a sealed key store and its passphrase file. */
export function newDataFolder(): string {
  const dataFolder = mkdtempSync(join(tmpdir(), 'wattoken-server-'));
  const { keyStorePath } = pathsOf({ dataFolder });
  writeFileSync(passphraseFileOf(dataFolder), `${PASSPHRASE}\n`, { mode: 0o600 });
  if (sealedKeyStore === undefined) {
    makeKeyStore(keyStorePath);
    sealedKeyStore = readFileSync(keyStorePath);
  } else {
    writeFileSync(keyStorePath, sealedKeyStore, { mode: 0o600 });
  }
  return dataFolder;
}

/** The published test key. */
export const KEY_RECORD = {
  supplyGroupCode: '201457',
  keyRevision: 1,
  keyType: 2,
  baseDate: '14',
  keyExpiry: 255,
  activeFrom: '2014-01-01T00:00:00Z',
  issueUntil: '2045-01-01T00:00:00Z',
  vendingKey: 'abababababababab949494949494949401234567',
};

/** A key store with an identity of its own and the published test key. */
export function makeKeyStore(path: string): void {
  createKeyStore(path, PASSPHRASE);
  addVendingKey(path, PASSPHRASE, KEY_RECORD);
}

export function passphraseFileOf(dataFolder: string): string {
  return join(dataFolder, 'passphrase');
}

/** A server on this folder, on a port of the system's choice. */
export function startOn(dataFolder: string, more: Partial<ServerOptions> = {}): Promise<RunningServer> {
  const passphraseFile = passphraseFileOf(dataFolder);
  // The clock of a test is not the module's own: its window stands wide open here.
  const limits = { tidWindowMinutes: TID_MAX, ...more.limits };
  return startServer({
    dataFolder,
    passphraseFile,
    port: 0,
    logLevel: 'silent',
    persons: 1,
    moduleProgram: moduleProgram(),
    ...more,
    limits,
  });
}

export function removeFolder(dataFolder: string): void {
  rmSync(dataFolder, { recursive: true, force: true });
}

export interface House {
  readonly vending: Vending;
  readonly store: SqliteStore;
  readonly securityModule: SecurityModule;
  readonly clock: TestClock;
  /** Process id of the security module. */
  readonly modulePid: number;
  close(): Promise<void>;
}

/** The rooms below the door, without a port. */
export async function openHouse(dataFolder: string, more: Partial<Vending> = {}): Promise<House> {
  const store = await openSqliteStore({ dataFolder });
  let modulePid = 0;
  const securityModule = await startSecurityModule({
    ...pathsOf({ dataFolder }),
    passphraseFile: passphraseFileOf(dataFolder),
    tidWindowMinutes: TID_MAX,
    program: moduleProgram(),
    onStarted: (pid) => {
      modulePid = pid;
    },
  });
  const clock = new TestClock();
  const vending: Vending = {
    store,
    securityModule,
    keys: new KeyDirectory(securityModule),
    rules: new UtilityRules(store),
    underWay: new SalesUnderWay(),
    clock,
    random: { bytes: (length) => randomBytes(length) },
    unreleased: new UnreleasedTokens(),
    tidAheadMinutes: 1440,
    onSaleClaimed: () => undefined,
    notificationsOf: () => [],
    onNotified: () => undefined,
    ...more,
  };
  const close = async () => {
    await securityModule.close();
    await store.close();
  };
  return { vending, store, securityModule, clock, modulePid, close };
}

/** A tariff, three meters and one vendor with this float. */
export async function furnish(vending: Vending, floatMinor: number): Promise<void> {
  await openHouseVendor(vending);
  await putTariff(vending, { tariffId: 'home', terms: TERMS });
  await registerMeter(vending, METER_REQUEST);
  await registerMeter(vending, { ...METER_REQUEST, meter: OTHER_DRN, encryptionAlgorithm: 7 });
  await registerMeter(vending, { ...METER_REQUEST, meter: KEYLESS_DRN, supplyGroupCode: '999999' });
  await openVendor(vending, {
    vendorId: VENDOR_ID,
    name: 'Corner shop',
    currency: 'ZAR',
    creditLimitMinor: 0,
  });
  if (floatMinor === 0) return;
  await deposit(vending, {
    vendorId: VENDOR_ID,
    requestId: 'first',
    amountMinor: floatMinor,
    currency: 'ZAR',
    reference: 'slip 1',
  });
}

/** The meter of `DRN` as it left the factory, with its published decoder key. */
export function factoryMeter() {
  return newMeterState({
    meterPan: METER_PAN,
    encryptionAlgorithm: 11,
    decoderKey: '82d24a23ec8c89411b7afdb6bd33bba1', // published test value
    keyType: 2,
    keyRevision: 1,
    keyExpiry: 255,
    supplyGroupCode: '201457',
    tariffIndex: 1,
    baseDate: '14',
  });
}

export interface Reply {
  readonly status: number;
  readonly text: string;
  readonly headers: Headers;
  // biome-ignore lint/suspicious/noExplicitAny: a test reads whatever came.
  readonly body: any;
}

export interface TestServer {
  readonly dataFolder: string;
  readonly server: RunningServer;
  readonly operatorKey: string;
  readonly vendorKey: string;
  /** One request; `body` is sent as JSON unless it is text or bytes. */
  call(method: string, path: string, options?: CallOptions): Promise<Reply>;
  sell(requestId: string, more?: Record<string, unknown>): Promise<Reply>;
  close(): Promise<void>;
}

export interface CallOptions {
  readonly key?: string;
  readonly body?: unknown;
  readonly headers?: Record<string, string>;
}

/** Where the suites run on PostgreSQL (test/vending-server/api/postgres-doors.test.ts), each server has a database of its own. */
const engine = process.env['WATTOKEN_TEST_POSTGRES'];
const databases =
  engine === undefined
    ? undefined
    : new BooksInTurn(async () => {
        const name = `doors_${randomBytes(8).toString('hex')}`;
        await ask(engine, `CREATE DATABASE ${name}`);
        return engine.replace(/[^/]*$/, name);
      });

/** A server on a port, furnished over HTTP as an operator would do it. */
export async function startTestServer(
  floatMinor: number,
  more: Partial<ServerOptions> = {},
): Promise<TestServer> {
  const dataFolder = newDataFolder();
  const databaseUrl = await databases?.take();
  const server = await startOn(dataFolder, { ...(databaseUrl && { databaseUrl }), ...more });
  const operatorKey = readFileSync(server.operatorKeyPath, 'utf8').trim();
  const call = (method: string, path: string, options: CallOptions = {}) =>
    request(`${server.url}${path}`, method, options);
  const must = async (path: string, body: unknown): Promise<Reply> => {
    const reply = await call('POST', path, { key: operatorKey, body });
    if (reply.status !== 201) throw new Error(`${path} answered ${reply.status} ${reply.text}`);
    return reply;
  };
  await must('/v1/tariffs', { tariffId: 'home', terms: TERMS });
  await must('/v1/meters', METER_REQUEST);
  await must('/v1/meters', { ...METER_REQUEST, meter: OTHER_DRN, encryptionAlgorithm: 7 });
  await must('/v1/meters', { ...METER_REQUEST, meter: KEYLESS_DRN, supplyGroupCode: '999999' });
  const opened = await must('/v1/vendors', { vendorId: VENDOR_ID, name: 'Corner shop', currency: 'ZAR' });
  const slip = { requestId: 'first', amountMinor: floatMinor, currency: 'ZAR', reference: 'slip 1' };
  if (floatMinor > 0) await must(`/v1/vendors/${VENDOR_ID}/deposits`, slip);
  const vendorKey: string = opened.body.apiKey;
  return {
    dataFolder,
    server,
    operatorKey,
    vendorKey,
    call,
    sell: (requestId, sale = {}) =>
      call('POST', '/v1/sales', {
        key: vendorKey,
        body: { requestId, meter: DRN, paidMinor: 10_000, currency: 'ZAR', ...sale },
      }),
    close: async () => {
      await server.close();
      removeFolder(dataFolder);
      if (databaseUrl !== undefined) await databases?.giveBack(databaseUrl);
    },
  };
}

async function request(url: string, method: string, { key, body, headers }: CallOptions): Promise<Reply> {
  const raw = typeof body === 'string' || body instanceof Uint8Array;
  const reply = await fetch(url, {
    method,
    headers: {
      ...(key === undefined ? {} : { Authorization: `Bearer ${key}` }),
      ...(body === undefined ? {} : { 'Content-Type': 'application/json' }),
      ...headers,
    },
    ...(body === undefined ? {} : { body: raw ? (body as string) : JSON.stringify(body) }),
  });
  const text = await reply.text();
  return { status: reply.status, text, headers: reply.headers, body: text === '' ? undefined : parse(text) };
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
