/** A ledger of real sales by the real security module, and the hands of somebody who may change every file of it. */
import { cpSync, mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { pathsOf } from '../../../vending-server/config.ts';
import { DATABASE_FILE } from '../../../vending-server/store/open.ts';
import { deposit } from '../../../vending-server/vending/deposit.ts';
import { openDebt } from '../../../vending-server/vending/open-debt.ts';
import { openVendor } from '../../../vending-server/vending/open-vendor.ts';
import { recover } from '../../../vending-server/vending/recover.ts';
import { sell } from '../../../vending-server/vending/sell.ts';
import {
  DRN,
  furnish,
  type House,
  METER_REQUEST,
  newDataFolder,
  OTHER_DRN,
  openHouse,
  VENDOR_ID,
} from '../furnished.ts';
import { SeededRandom } from '../security-module/module-fixtures.ts';

export const OTHER_VENDOR_ID = 'kiosk';

/** Sells at random: amounts, vendors, meters, deposits, how many at once, and tokens that no sale released. */
export async function makeLedger(sales: number, seed: number): Promise<string> {
  const dataFolder = newDataFolder();
  const random = new SeededRandom(seed);
  const house = await openHouse(dataFolder);
  try {
    await recover(house.vending);
    await furnish(house.vending, 100_000_000);
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

async function sellOne(house: House, random: SeededRandom, requestId: string): Promise<void> {
  await sell(house.vending, {
    vendorId: random.below(3) === 0 ? OTHER_VENDOR_ID : VENDOR_ID,
    requestId,
    meter: random.below(2) === 0 ? DRN : OTHER_DRN,
    paidMinor: 100 + random.below(200_000),
    currency: 'ZAR',
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
  const { meter: _drn, tariffId: _tariff, ...meter } = METER_REQUEST;
  minted += 1;
  const issued = await securityModule.issueCredit({
    meter: { ...meter, meterPan: '600727111111111153' },
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
  books.exec(
    `CREATE TABLE bare AS SELECT * FROM ${table}; DROP TABLE ${table}; ALTER TABLE bare RENAME TO ${table};`,
  );
}
