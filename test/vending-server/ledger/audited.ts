/** A ledger of real sales by the real security module, and the hands of somebody who may change every file of it. */
import { cpSync, mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { isStsFault } from '../../../lib/faults.ts';
import { pathsOf } from '../../../vending-server/config.ts';
import { addVendingKey } from '../../../vending-server/security-module/key-store.ts';
import { DATABASE_FILE } from '../../../vending-server/store/open.ts';
import type { TariffTerms } from '../../../vending-server/tariff/terms.ts';
import { answerLost } from '../../../vending-server/vending/advice.ts';
import { deposit } from '../../../vending-server/vending/deposit.ts';
import { openDebt } from '../../../vending-server/vending/open-debt.ts';
import { openVendor } from '../../../vending-server/vending/open-vendor.ts';
import { payDebt } from '../../../vending-server/vending/pay-debt.ts';
import { putTariff } from '../../../vending-server/vending/put-tariff.ts';
import { recover } from '../../../vending-server/vending/recover.ts';
import { registerMeter } from '../../../vending-server/vending/register-meter.ts';
import { reverseByRequest, reverseToDebt } from '../../../vending-server/vending/reverse-sale.ts';
import { sell } from '../../../vending-server/vending/sell.ts';
import {
  DRN,
  furnish,
  type House,
  KEY_RECORD,
  METER_REQUEST,
  newDataFolder,
  OTHER_DRN,
  openHouse,
  PASSPHRASE,
  TERMS,
  VENDOR_ID,
} from '../furnished.ts';
import { issueCredit, SeededRandom } from '../security-module/module-fixtures.ts';

export const OTHER_VENDOR_ID = 'kiosk';

const HALF_AN_HOUR_ON = '2026-11-21T12:30:00Z';
const TOWN_DRNS = ['07000000005', '07000000013', '07000000021'];
const DRNS = [DRN, OTHER_DRN, ...TOWN_DRNS];
/** Free units in a token of their own, a charge a day, and money that it takes whole. */
const TOWN_TERMS: TariffTerms = {
  ...TERMS,
  freeUnitsDeciKwh: 500,
  fixedCharges: [{ chargeId: 'net', label: 'Network', per: 'day', amountMinor: 2000, isTaxed: true }],
  takesPaymentWithoutEnergy: true,
  minimumMinor: 1,
};

/** Sells at random: amounts, vendors, meters, deposits, how many at once, and tokens that no sale released. */
export async function makeLedger(sales: number, seed: number): Promise<string> {
  const dataFolder = newDataFolder();
  // After half an hour every meter's next sale begins with a key change.
  addVendingKey(pathsOf({ dataFolder }).keyStorePath, PASSPHRASE, {
    ...KEY_RECORD,
    keyRevision: 2,
    activeFrom: HALF_AN_HOUR_ON,
  });
  const random = new SeededRandom(seed);
  const house = await openHouse(dataFolder);
  try {
    await recover(house.vending);
    await furnish(house.vending, 100_000_000);
    await putTariff(house.vending, { tariffId: 'town', terms: TOWN_TERMS });
    for (const meter of TOWN_DRNS)
      await registerMeter(house.vending, { ...METER_REQUEST, meter, tariffId: 'town' });
    await openVendor(house.vending, {
      vendorId: OTHER_VENDOR_ID,
      name: 'Kiosk',
      currency: 'ZAR',
      creditLimitMinor: 50_000_000,
    });
    for (const [index, meter] of [DRN, OTHER_DRN].entries()) {
      await openDebt(house.vending, {
        debtId: `debt-${index}`,
        meter,
        label: 'Old account',
        amountMinor: 5_000_000,
        currency: 'ZAR',
        recovery: { kind: 'percentage', rate: '0.05' },
      });
    }
    // Free units with money that the day's charge takes whole; then such money alone.
    for (const requestId of ['little-1', 'little-2']) {
      await sell(house.vending, {
        vendorId: VENDOR_ID,
        requestId,
        meter: '07000000005',
        paidMinor: 50,
        currency: 'ZAR',
      });
    }
    await takeSomeBack(house);
    for (let sold = 0; sold < sales; ) {
      const atOnce = Math.min(1 + random.below(8), sales - sold);
      await Promise.all(Array.from({ length: atOnce }, (_, i) => sellOne(house, random, `r${sold + i}`)));
      sold += atOnce;
      house.clock.millis += random.below(600_000);
      if (random.below(5) === 0) await mint(house, random);
      if (random.below(4) === 0) await payIn(house, random, `slip ${sold}`.replace(' ', '-'));
    }
    await recover(house.vending);
  } finally {
    await house.close();
  }
  return dataFolder;
}

/** A sale and a payment taken back whole, a sale that its meter owes instead, and a payment that stays. */
async function takeSomeBack({ vending, store }: House): Promise<void> {
  const base = { vendorId: VENDOR_ID, currency: 'ZAR' };
  const order = { by: 'key:till', reason: 'no answer' };
  const lost = await sell(vending, { ...base, requestId: 'lost', meter: DRN, paidMinor: 7000 });
  await answerLost(vending, lost.sale.saleId);
  await reverseByRequest(vending, { ...base, requestId: 'lost' }, order);
  for (const requestId of ['paid', 'paid-back'])
    await payDebt(vending, { ...base, requestId, meter: OTHER_DRN, debtId: 'debt-1', paidMinor: 800 });
  await reverseByRequest(vending, { ...base, requestId: 'paid-back' }, order);
  const seen = await sell(vending, { ...base, requestId: 'seen', meter: DRN, paidMinor: 3000 });
  await store.people.putSetting({ name: 'reversal', value: 'meterDebt', at: 0 });
  await reverseToDebt(vending, { ...order, saleId: seen.sale.saleId });
}

async function sellOne(house: House, random: SeededRandom, requestId: string): Promise<void> {
  const meter = DRNS[random.below(DRNS.length)] ?? DRN;
  // Now and then so little that the day's charge takes all of it.
  const isLittle = TOWN_DRNS.includes(meter) && random.below(2) === 0;
  const sale = sell(house.vending, {
    vendorId: random.below(3) === 0 ? OTHER_VENDOR_ID : VENDOR_ID,
    requestId,
    meter,
    paidMinor: isLittle ? 1 + random.below(200) : 100 + random.below(200_000),
    currency: 'ZAR',
  });
  await sale.catch((error: unknown) => {
    if (!(isStsFault(error) && error.code === 'payment_too_small')) throw error;
  });
}

async function payIn(house: House, random: SeededRandom, requestId: string): Promise<void> {
  await deposit(house.vending, {
    vendorId: random.below(2) === 0 ? OTHER_VENDOR_ID : VENDOR_ID,
    requestId,
    amountMinor: 1 + random.below(1_000_000),
    currency: 'ZAR',
    reference: `bank ${requestId}`,
  });
}

let minted = 0;

/** A token straight from the module, by somebody who can reach it and sells nothing. @returns its digits. */
export async function mint({ securityModule }: House, random: SeededRandom): Promise<string> {
  const { encryptionAlgorithm, decoderKeyAlgorithm, supplyGroupCode, tariffIndex } = METER_REQUEST;
  const { keyRevision, keyType, baseDate } = METER_REQUEST;
  const key = {
    encryptionAlgorithm,
    decoderKeyAlgorithm,
    supplyGroupCode,
    tariffIndex,
    keyRevision,
    keyType,
    baseDate,
  };
  minted += 1;
  const issued = await issueCredit(securityModule, {
    meter: { ...key, meterPan: '600727111111111153' },
    tidMinutes: 100_000 + minted,
    amountDeciKwh: 5000,
    saleDigest: Buffer.from(random.bytes(32)).toString('hex'),
  });
  await issued.sealed;
  return issued.tokenNo;
}

/** A copy that may be spoilt. */
export function copyOf(dataFolder: string): string {
  const copy = mkdtempSync(join(tmpdir(), 'wattoken-audit-'));
  cpSync(dataFolder, copy, { recursive: true });
  return copy;
}

/** The database as an insider opens it: no rule of the schema is in the way. */
export function openBooks(dataFolder: string): Database.Database {
  return unguarded(join(dataFolder, DATABASE_FILE));
}

export function openJournal(dataFolder: string): Database.Database {
  return unguarded(pathsOf({ dataFolder }).journalPath);
}

function unguarded(path: string): Database.Database {
  const database = new Database(path);
  database.pragma('foreign_keys = OFF');
  database.pragma('ignore_check_constraints = ON');
  return database;
}

/** Rows of the chain without the rules that a table carries in itself. */
export function dropRules(books: Database.Database, table: 'chain_entry'): void {
  // Triggers that name the table stand in the way of the name's change.
  books.pragma('legacy_alter_table = ON');
  books.exec(
    `CREATE TABLE bare AS SELECT * FROM ${table}; DROP TABLE ${table}; ALTER TABLE bare RENAME TO ${table};`,
  );
}
