/** The utility's people and meters, and what must hold of its books, for the tests of use cases. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as assert from 'uvu/assert';
import { isStsFault } from '../../../lib/faults.ts';
import { parseMeterNumber } from '../../../lib/identity/meter-pan.ts';
import { enterToken } from '../../../lib/meter/enter-token.ts';
import { type MeterState, newMeterState } from '../../../lib/meter/state.ts';
import { exportLedger, verifyExport } from '../../../vending-server/audit.ts';
import type { Caller } from '../../../vending-server/people/caller.ts';
import type { Role } from '../../../vending-server/people/roles.ts';
import type { Store } from '../../../vending-server/store/contract.ts';
import type { TariffTerms } from '../../../vending-server/tariff/terms.ts';
import type { Vending } from '../../../vending-server/vending/context.ts';
import type { Given } from '../../../vending-server/vending/given.ts';
import { recover } from '../../../vending-server/vending/recover.ts';
import { registerMeter } from '../../../vending-server/vending/register-meter.ts';
import type { SaleResponse } from '../../../vending-server/vending/sale-response.ts';
import type { SaleAnswer } from '../../../vending-server/vending/sell.ts';
import { decide } from '../../../vending-server/vending/two-persons.ts';
// @ts-expect-error: a plain script, as an outsider would write it
import { verifyExportBytes } from '../../reference/ledger-verifier.mjs';
import { publicMeters, type TestMeter } from '../../support/utility.ts';
import {
  furnish,
  type House,
  METER_REQUEST,
  newDataFolder,
  openHouse,
  removeFolder,
  TERMS,
} from '../furnished.ts';

const METERS: readonly TestMeter[] = publicMeters(64);

/** @param index - below 64; those with even ones are EA11, the others EA07. */
export function meterAt(index: number): TestMeter {
  const meter = METERS[index];
  if (meter === undefined) throw new Error(`there is no test meter ${index}`);
  return meter;
}

const ALL_DAY = [{ minute: 0, bandId: 'all' }];
/** For meters that bill by band themselves. */
export const BANDS: TariffTerms = {
  ...TERMS,
  energy: {
    kind: 'timeOfUse',
    calendar: {
      bands: [{ bandId: 'all', label: 'All day', pricePerKwh: '1.8652' }],
      seasons: [{ begins: '01-01', days: { weekday: ALL_DAY, saturday: ALL_DAY, sunday: ALL_DAY } }],
      specialDays: {},
    },
  },
};

export function person(userId: string, ...roles: readonly Role[]): Caller {
  const principal = `user:${userId}`;
  return { kind: 'user', principal, userId, credentialId: 's', roles, vendorId: null, scopes: null };
}

export const ANN = person('ann', 'supervisor', 'engineer');
export const BEN = person('ben', 'supervisor', 'engineer');

export interface FurnishedHouse {
  readonly dataFolder: string;
  readonly house: House;
  close(): Promise<void>;
}

/** A house on a folder of its own, with the module's chain, a tariff `home`, a meter and a vendor with float. */
export async function openFurnished(floatMinor: number): Promise<FurnishedHouse> {
  const dataFolder = newDataFolder();
  const house = await openHouse(dataFolder);
  await recover(house.vending);
  await furnish(house.vending, floatMinor);
  return {
    dataFolder,
    house,
    close: async () => {
      await house.close();
      removeFolder(dataFolder);
    },
  };
}

/** How many persons it takes from here on. */
export async function askPersons(vending: Vending, value: '1' | '2'): Promise<void> {
  await vending.store.people.putSetting({ name: 'persons.default', value, at: 0 });
  vending.rules.forget();
}

/** As the second person says yes. @returns the id under which the first one may go on. */
export async function approve(vending: Vending, given: Given, by: Caller = BEN): Promise<string> {
  if (given.kind !== 'asked') throw new Error('it was given without a second person');
  const { approvalId } = given.approval;
  await decide(vending, by, { approvalId, approve: true, note: '' });
  return approvalId;
}

export async function registerAll(vending: Vending, meters: readonly TestMeter[], tariffId: string) {
  for (const { drn: meter, encryptionAlgorithm } of meters)
    await registerMeter(vending, { ...METER_REQUEST, meter, encryptionAlgorithm, tariffId });
}

/** A meter of {@link METERS} as it left the factory. */
export function factoryState({ drn, encryptionAlgorithm, decoderKey }: TestMeter): MeterState {
  const { supplyGroupCode, tariffIndex, keyRevision, keyType, baseDate } = METER_REQUEST;
  const { meterPan } = parseMeterNumber(drn);
  const key = { supplyGroupCode, tariffIndex, keyRevision, keyType, baseDate, keyExpiry: 255 };
  return newMeterState({ meterPan, encryptionAlgorithm, decoderKey, ...key });
}

export interface Keyed {
  readonly state: MeterState;
  readonly results: readonly string[];
  /** Credit of all of them, whole 0.1 kWh. */
  readonly creditDeciKwh: number;
}

/** All tokens of an answer, one after the other as the slip says. */
export function keyIn(state: MeterState, { tokens }: Pick<SaleResponse, 'tokens'>): Keyed {
  const results: string[] = [];
  let now = state;
  let creditDeciKwh = 0;
  for (const { tokenNo } of tokens) {
    const entered = enterToken(now, tokenNo, 0);
    now = entered.state;
    results.push(entered.outcome.result);
    if ('creditDeciKwh' in entered.outcome) creditDeciKwh += entered.outcome.creditDeciKwh;
  }
  return { state: now, results, creditDeciKwh };
}

export function bodyOf({ sale }: Pick<SaleAnswer, 'sale'>): SaleResponse {
  return JSON.parse(sale.responseBody) as SaleResponse;
}

export function givenBody(given: Given): SaleResponse {
  if (given.kind !== 'given') throw new Error(`it waits for approval ${given.approval.approvalId}`);
  return bodyOf(given);
}

export async function codeOf(work: Promise<unknown>): Promise<string> {
  const error = await work.then(
    () => 'done',
    (e: unknown) => e,
  );
  return isStsFault(error) ? error.code : String(error);
}

/** How many entries the module has made; the ledger has all of them. */
export async function issuedBy({ store, securityModule }: House): Promise<number> {
  const { moduleId, counter } = await securityModule.identity();
  assert.is(await store.counterWithoutGap(moduleId), counter);
  return counter;
}

/** Ledger and module agree, the books balance, and both verifiers find the export whole. @returns how many entries. */
export async function assertProved(dataFolder: string, house: House): Promise<number> {
  await issuedBy(house);
  return assertExport(dataFolder);
}

export async function assertExport(dataFolder: string): Promise<number> {
  const folder = mkdtempSync(join(tmpdir(), 'wattoken-export-'));
  try {
    const out = join(folder, 'ledger.ndjson');
    await exportLedger(dataFolder, out, { withTokenNumbers: false }, () => undefined);
    const report = await verifyExport(out, { witnesses: [] }, () => undefined);
    assert.equal(report.findings, []);
    const second = (verifyExportBytes as (bytes: Buffer) => string[])(readFileSync(out));
    assert.equal(second, []);
    return report.entries;
  } finally {
    rmSync(folder, { recursive: true });
  }
}

export async function balanceOf(store: Pick<Store, 'trialBalance'>, account: string): Promise<number> {
  const row = (await store.trialBalance()).find((one) => one.account === account);
  return (row?.creditMinor ?? 0) - (row?.debitMinor ?? 0);
}
