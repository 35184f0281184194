/**
 * A vending server whose clock can be moved by decades: real stores, key store, journal and module, with the module in this
 * process so that it reads the same clock. And a customer with a meter of `lib/meter`, who keys in what the slip says.
 *
 * All vending keys are the public test values of STS 531-1.
 */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { FAULTS, isStsFault } from '../../../lib/faults.ts';
import { bytesFromHex, hexFromBytes } from '../../../lib/hex.ts';
import { parseMeterNumber } from '../../../lib/identity/meter-pan.ts';
import { deriveDecoderKey } from '../../../lib/keys/decoder-key.ts';
import { DEFAULT_METER_CONFIGURATION, type MeterConfiguration } from '../../../lib/meter/configuration.ts';
import { enterToken } from '../../../lib/meter/enter-token.ts';
import { type MeterState, newMeterState } from '../../../lib/meter/state.ts';
import { createTokenCipher } from '../../../lib/token/cipher.ts';
import type { DecodedToken } from '../../../lib/token/kinds.ts';
import { TID_MAX } from '../../../lib/token/tid.ts';
import { decodeToken } from '../../../lib/token/token.ts';
import { pathsOf } from '../../../vending-server/config.ts';
import type { MeterKeyAttributes, SecurityModule } from '../../../vending-server/security-module/contract.ts';
import {
  type Content,
  unsealContent,
  writeContent,
} from '../../../vending-server/security-module/key-content.ts';
import { parseVendingKeyRecord } from '../../../vending-server/security-module/key-record.ts';
import { createKeyStore } from '../../../vending-server/security-module/key-store.ts';
import { ModuleCore } from '../../../vending-server/security-module/module.ts';
import { openModuleJournal } from '../../../vending-server/security-module/module-journal.ts';
import type { MeterKeyName, MeterRecord, Store } from '../../../vending-server/store/contract.ts';
import { openStore } from '../../../vending-server/store/open.ts';
import { changeKey } from '../../../vending-server/vending/change-key.ts';
import type { Vending } from '../../../vending-server/vending/context.ts';
import { deposit } from '../../../vending-server/vending/deposit.ts';
import { HOUSE_ID, openHouseVendor } from '../../../vending-server/vending/house.ts';
import { KeyDirectory } from '../../../vending-server/vending/key-directory.ts';
import { openVendor } from '../../../vending-server/vending/open-vendor.ts';
import { putTariff } from '../../../vending-server/vending/put-tariff.ts';
import { recover } from '../../../vending-server/vending/recover.ts';
import { type MeterRequest, registerMeter } from '../../../vending-server/vending/register-meter.ts';
import { SalesUnderWay } from '../../../vending-server/vending/sale-guard.ts';
import type { SaleResponse } from '../../../vending-server/vending/sale-response.ts';
import { type SaleAnswer, sell } from '../../../vending-server/vending/sell.ts';
import { UnreleasedTokens } from '../../../vending-server/vending/unreleased-tokens.ts';
import { UtilityRules } from '../../../vending-server/vending/utility-rules.ts';
import { PASSPHRASE, TERMS, TestClock, VENDOR_ID } from '../furnished.ts';
import { openKnownKeyStore, SeededRandom } from '../security-module/module-fixtures.ts';

export interface KeyRecord {
  readonly supplyGroupCode: string;
  readonly keyRevision: number;
  readonly keyType: 1 | 2 | 3;
  readonly baseDate: '93' | '14' | '35';
  readonly keyExpiry: number;
  readonly activeFrom: string;
  readonly issueUntil: string;
  readonly vendingKey: string;
}

/** V2 of STS 531-1, for DKGA04, and V1, for DKGA02. */
export const V2 = 'abababababababab949494949494949401234567';
export const V1 = 'abababababababab';

export const KEY: KeyRecord = {
  supplyGroupCode: '201457',
  keyRevision: 1,
  keyType: 2,
  baseDate: '14',
  keyExpiry: 255,
  activeFrom: '2014-01-01T00:00:00Z',
  issueUntil: '2070-01-01T00:00:00Z',
  vendingKey: V2,
};

/** Whatever the test does, the clock has not passed these. */
export const SOON = '2026-12-01T00:00:00Z';

export const METER: Omit<MeterRequest, 'meter'> = {
  encryptionAlgorithm: 11,
  decoderKeyAlgorithm: 4,
  supplyGroupCode: '201457',
  tariffIndex: 1,
  keyRevision: 1,
  keyType: 2,
  baseDate: '14',
  tariffId: 'home',
};

/** Sealing is slow on purpose: each store is sealed once, with all of its keys. */
const sealed = new Map<string, Uint8Array>();
/** Modules by name, without keys. */
const modules = new Map<string, Content>();

/** A data folder with a key store that holds these records. @param module - tells one security module from another. */
export function keyFolder(records: readonly KeyRecord[], module = 'first'): string {
  const dataFolder = mkdtempSync(join(tmpdir(), 'wattoken-keys-'));
  putKeys(dataFolder, records, module);
  return dataFolder;
}

function putKeys(dataFolder: string, records: readonly KeyRecord[], module: string): void {
  const { keyStorePath } = pathsOf({ dataFolder });
  const name = JSON.stringify([module, records]);
  const known = sealed.get(name);
  if (known === undefined) {
    const content = { ...moduleNamed(module), vendingKeys: records.map(parseVendingKeyRecord) };
    rmSync(keyStorePath, { force: true });
    writeContent(keyStorePath, PASSPHRASE, content, 'create');
    sealed.set(name, readFileSync(keyStorePath));
  } else writeFileSync(keyStorePath, known, { mode: 0o600 });
}

function moduleNamed(name: string): Content {
  const known = modules.get(name);
  if (known !== undefined) return known;
  const folder = mkdtempSync(join(tmpdir(), 'wattoken-keys-'));
  const path = join(folder, 'store');
  createKeyStore(path, PASSPHRASE);
  const content = unsealContent(readFileSync(path, 'utf8'), PASSPHRASE);
  rmSync(folder, { recursive: true });
  modules.set(name, content);
  return content;
}

export interface KeyHouse {
  readonly dataFolder: string;
  readonly vending: Vending;
  readonly store: Store;
  readonly clock: TestClock;
  readonly records: readonly KeyRecord[];
  close(): Promise<void>;
}

export async function openKeyHouse(
  dataFolder: string,
  records: readonly KeyRecord[],
  options: { readonly databaseUrl?: string; readonly clock?: TestClock; readonly seed?: number } = {},
): Promise<KeyHouse> {
  const { clock = new TestClock(), seed = 7 } = options;
  const { keyStorePath, journalPath } = pathsOf({ dataFolder });
  const random = new SeededRandom(seed);
  const { databaseUrl } = options;
  const store = await openStore({ dataFolder, ...(databaseUrl === undefined ? {} : { databaseUrl }) });
  const keyStore = openKnownKeyStore(keyStorePath, PASSPHRASE);
  const journal = await openModuleJournal(journalPath, keyStore);
  const core = new ModuleCore({ keyStore, journal, clock, random, tidWindowMinutes: TID_MAX });
  const securityModule = inThisProcess(core, () => journal.close());
  const vending: Vending = {
    store,
    securityModule,
    keys: new KeyDirectory(securityModule),
    rules: new UtilityRules(store),
    underWay: new SalesUnderWay(),
    clock,
    random,
    unreleased: new UnreleasedTokens(),
    tidAheadMinutes: 1440,
    onSaleClaimed: () => undefined,
    notificationsOf: () => [],
    onNotified: () => undefined,
  };
  await recover(vending);
  await openHouseVendor(vending);
  const close = async () => {
    await securityModule.close();
    await store.close();
  };
  return { dataFolder, vending, store, clock, records, close };
}

function inThisProcess(core: ModuleCore, close: () => void): SecurityModule {
  return {
    identity: async () => core.identity(),
    vendingKeys: async () => core.vendingKeys(),
    counters: async () => core.counters(),
    issue: async (request) => {
      const { results, seal } = core.issueBatch([request]);
      seal();
      const [result] = results;
      if (result === undefined || 'fault' in result) throw result?.fault ?? new Error('no result');
      return { ...result.issued, isProvable: true, sealed: Promise.resolve() };
    },
    verify: async (request) => core.verify(request),
    entriesAfter: async (counter, limit) => core.entriesAfter(counter, limit),
    reconcile: async (lastSigned) => core.reconcile(lastSigned),
    copyJournal: (path) => core.copyJournal(path),
    onExit: () => undefined,
    close: async () => close(),
  };
}

/** A tariff and a vendor with plenty of float. */
export async function furnishKeys({ vending }: KeyHouse): Promise<void> {
  await putTariff(vending, { tariffId: 'home', terms: { ...TERMS, minimumMinor: 1 } });
  await openVendor(vending, {
    vendorId: VENDOR_ID,
    name: 'Corner shop',
    currency: 'ZAR',
    creditLimitMinor: 0,
  });
  await deposit(vending, {
    vendorId: VENDOR_ID,
    requestId: 'first',
    amountMinor: 100_000_000_000,
    currency: 'ZAR',
    reference: 'slip',
  });
}

/** A house on an empty folder, furnished, with one meter. */
export async function houseWith(
  records: readonly KeyRecord[],
  meter: Partial<MeterRequest> = {},
): Promise<{ readonly house: KeyHouse; readonly customer: Customer }> {
  const house = await openKeyHouse(keyFolder(records), records);
  await furnishKeys(house);
  return { house, customer: await newCustomer(house, meter) };
}

export async function leave(house: KeyHouse): Promise<void> {
  await house.close();
  rmSync(house.dataFolder, { recursive: true, force: true });
}

/** The same folder and clock with further keys: a custodian has imported them and the server was started again. */
export async function withKeys(house: KeyHouse, ...more: readonly KeyRecord[]): Promise<KeyHouse> {
  await house.close();
  const records = [...house.records, ...more];
  putKeys(house.dataFolder, records, 'first');
  return openKeyHouse(house.dataFolder, records, { clock: house.clock });
}

/** The decoder key of a meter, lower-case hex. */
export function decoderKeyOf(records: readonly KeyRecord[], meter: MeterKeyAttributes): string {
  const record = records.find(
    (key) =>
      key.supplyGroupCode === meter.supplyGroupCode &&
      key.keyRevision === meter.keyRevision &&
      key.keyType === meter.keyType &&
      key.baseDate === meter.baseDate,
  );
  if (record === undefined) throw new Error('no such vending key');
  return hexFromBytes(deriveDecoderKey({ ...meter, vendingKey: bytesFromHex(record.vendingKey) }));
}

/** What a token carries under the key that these attributes name. */
export function readUnder(
  records: readonly KeyRecord[],
  meter: Pick<MeterRecord, 'meterPan' | 'encryptionAlgorithm'>,
  key: Omit<MeterKeyName, 'keyExpiry'>,
  tokenNo: string,
): DecodedToken {
  const { meterPan, encryptionAlgorithm } = meter;
  const decoderKey = decoderKeyOf(records, { meterPan, encryptionAlgorithm, ...key });
  return decodeToken(tokenNo, createTokenCipher(encryptionAlgorithm, bytesFromHex(decoderKey)));
}

/** Serial numbers of meters of a maker that no official meter has. */
let serial = 0;

export function nextDrn(): string {
  for (;;) {
    serial += 1;
    const body = `07${String(serial).padStart(8, '0')}`;
    for (let digit = 0; digit < 10; digit += 1) {
      try {
        return parseMeterNumber(`${body}${digit}`).drn;
      } catch {
        // Another check digit.
      }
    }
  }
}

export async function newCustomer(house: KeyHouse, more: Partial<MeterRequest> = {}): Promise<Customer> {
  const request: MeterRequest = { meter: nextDrn(), ...METER, ...more };
  const { meter } = await registerMeter(house.vending, request);
  return new Customer(house.records, meter);
}

/** Somebody with a meter. */
export class Customer {
  readonly drn: string;
  readonly meterPan: string;
  readonly #configuration: MeterConfiguration;
  state: MeterState;
  /** Seconds on the clock of the meter, which only its key-change assembly and its lockout read. */
  #seconds = 0;

  constructor(records: readonly KeyRecord[], meter: MeterRecord) {
    this.drn = meter.drn;
    this.meterPan = meter.meterPan;
    const { tokenCarrierType, storesSupplyGroup } = meter;
    this.#configuration = {
      ...DEFAULT_METER_CONFIGURATION,
      tokenCarrierType,
      storesThirdSection: storesSupplyGroup,
    };
    const key = records.find(
      ({ supplyGroupCode, keyRevision, keyType, baseDate }) =>
        supplyGroupCode === meter.supplyGroupCode &&
        keyRevision === meter.keyRevision &&
        keyType === meter.keyType &&
        baseDate === meter.baseDate,
    );
    this.state = newMeterState(
      {
        meterPan: meter.meterPan,
        encryptionAlgorithm: meter.encryptionAlgorithm,
        decoderKey: decoderKeyOf(records, meter),
        keyType: meter.keyType,
        keyRevision: meter.keyRevision,
        keyExpiry: meter.keyExpiry ?? key?.keyExpiry ?? 255,
        supplyGroupCode: meter.supplyGroupCode,
        tariffIndex: meter.tariffIndex,
        baseDate: meter.baseDate,
      },
      this.#configuration,
    );
  }

  /** @returns the meter's answer. Wrong tokens are keyed in with patience, so that no lockout is in the way. */
  enter(tokenNo: string): string {
    this.#seconds += 1;
    const { outcome, state } = enterToken(this.state, tokenNo, this.#seconds, this.#configuration);
    this.state = state;
    if (outcome.result === 'CRCError') this.#seconds += 2000;
    return outcome.result;
  }

  enterAll({ tokens }: Pick<SaleResponse, 'tokens'>): readonly string[] {
    return tokens.map(({ tokenNo }) => this.enter(tokenNo));
  }

  /** Long enough for the meter to forget sections of a set that was not completed. */
  wait(): void {
    this.#seconds += 10_000;
  }
}

export function bodyOf({ sale }: SaleAnswer): SaleResponse {
  return JSON.parse(sale.responseBody) as SaleResponse;
}

let requests = 0;
export function nextRequest(): string {
  requests += 1;
  return `r${requests}`;
}

export async function buy(
  { vending }: Pick<KeyHouse, 'vending'>,
  { drn: meter }: Pick<Customer, 'drn'>,
  more: { readonly requestId?: string; readonly paidMinor?: number } = {},
): Promise<SaleResponse> {
  const request = {
    vendorId: VENDOR_ID,
    requestId: nextRequest(),
    meter,
    paidMinor: 10_000,
    currency: 'ZAR',
  };
  return bodyOf(await sell(vending, { ...request, ...more }));
}

/** A set on request, by an engineer unless told otherwise. */
export async function askForSet(
  { vending }: Pick<KeyHouse, 'vending'>,
  { drn: meter }: Pick<Customer, 'drn'>,
  more: { readonly vendorId?: string; readonly requestId?: string } = {},
): Promise<SaleResponse> {
  const request = { vendorId: HOUSE_ID, requestId: nextRequest(), meter, operatorId: 'ann' };
  return bodyOf(await changeKey(vending, { ...request, ...more }));
}

export function kindsOf({ tokens }: Pick<SaleResponse, 'tokens'>): string {
  const kinds = tokens.map((token) => (token.kind === 'keyChange' ? `K${token.section}` : token.kind));
  return kinds.join(' ').replaceAll('creditElectricity', 'C');
}

/** The code of a refusal with what it says beside its text, or 'done'. */
export async function refusalOf(work: Promise<unknown>): Promise<string> {
  const error = await work.then(
    () => 'done',
    (e: unknown) => e,
  );
  if (!isStsFault(error)) return String(error);
  return `${error.code}${error.message.slice(FAULTS[error.code].text.length)}`;
}

export async function codeOf(work: Promise<unknown>): Promise<string> {
  return (await refusalOf(work)).split(': ')[0] ?? '';
}

export async function setting(
  { vending }: Pick<KeyHouse, 'vending'>,
  name: string,
  value: string,
): Promise<void> {
  await vending.store.people.putSetting({ name, value, at: vending.clock.now() });
  vending.rules.forget();
}
