import { randomBytes } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import Database from 'better-sqlite3';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { isStsFault } from '../../../lib/faults.ts';
import { TermsBody } from '../../../vending-server/api/tariff-schemas.ts';
import { canonicalJson } from '../../../vending-server/ledger/canonical.ts';
import { PEOPLE } from '../../../vending-server/store/migrations/step-5-people.ts';
import { MIGRATIONS, STEPS } from '../../../vending-server/store/migrations.ts';
import { DATABASE_FILE, openSqliteStore } from '../../../vending-server/store/open.ts';
import type { SqliteStore } from '../../../vending-server/store/sqlite/store.ts';
import { adviceContract } from './advice-contract.ts';
import { customerContract } from './customer-contract.ts';
import { issueContract, type OpenedBooks } from './issue-contract.ts';
import { keyStoreContract } from './key-store-contract.ts';
import { operationContract } from './operation-contract.ts';
import { outboxContract } from './outbox-contract.ts';
import { peopleStoreContract } from './people-store-contract.ts';
import { storeContract } from './store-contract.ts';
import {
  claimed,
  claimOf,
  depositOf,
  furnish,
  METER,
  METERS,
  MODULE,
  recordOf,
  TestChain,
} from './store-fixtures.ts';
import { visitContract } from './visit-contract.ts';

function newFolder(): string {
  return mkdtempSync(join(tmpdir(), 'wattoken-store-'));
}

async function openOnFile(): Promise<OpenedBooks> {
  const dataFolder = newFolder();
  let store = await openSqliteStore({ dataFolder });
  return {
    store,
    reopen: async () => {
      await store.close();
      store = await openSqliteStore({ dataFolder });
      return store;
    },
    destroy: async () => {
      await store.close();
      rmSync(dataFolder, { recursive: true });
    },
    sql: async (text) => {
      const books = new Database(join(dataFolder, DATABASE_FILE));
      try {
        books.exec(text);
      } finally {
        books.close();
      }
    },
  };
}

storeContract('SQLite on a file', openOnFile, { severalModules: false });
operationContract('SQLite on a file', openOnFile);
adviceContract('SQLite on a file', openOnFile);
customerContract('SQLite on a file', openOnFile);
visitContract('SQLite on a file', openOnFile);
peopleStoreContract('SQLite on a file', openOnFile);
outboxContract('SQLite on a file', openOnFile);
keyStoreContract('SQLite on a file', openOnFile);
issueContract('SQLite on a file', openOnFile);

const test = suite<{ dataFolder: string; store: SqliteStore }>('SQLite store');

test.before.each(async (context) => {
  context.dataFolder = newFolder();
  context.store = await openSqliteStore(context);
});
test.after.each(async ({ dataFolder, store }) => {
  await store.close();
  rmSync(dataFolder, { recursive: true });
});

async function codeOf(work: Promise<unknown>): Promise<string> {
  const error = await work.then(
    () => new Error('nothing was refused'),
    (e: unknown) => e,
  );
  return isStsFault(error) ? error.code : String(error);
}

test('every open, also of a file in WAL mode, asks for full durability', async (context) => {
  await context.store.close();
  // The trap: what a plain open of a WAL file gives in this build is below FULL.
  const plain = new Database(join(context.dataFolder, DATABASE_FILE));
  const plainLevel = plain.pragma('synchronous', { simple: true });
  plain.close();
  context.store = await openSqliteStore(context);
  assert.is(context.store.pragma('synchronous'), 2);
  assert.is(context.store.pragma('journal_mode'), 'wal');
  assert.is(context.store.pragma('foreign_keys'), 1);
  console.log(`    synchronous: ${plainLevel} by a plain open, 2 by ours`);
});

test('a copy is made beside writes, and opens as a store of its own', async (context) => {
  const copy = join(newFolder(), DATABASE_FILE);
  const writes = Promise.all(Array.from({ length: 200 }, (_, i) => context.store.operation.witnessClock(i)));
  await context.store.operation.copyTo(copy);
  assert.is((await writes).length, 200);
  const dataFolder = dirname(copy);
  const opened = await openSqliteStore({ dataFolder });
  assert.ok((await opened.operation.witnessClock(0)) <= 199);
  await opened.close();
  rmSync(dataFolder, { recursive: true });
});

test('when a second server opens the folder then it is refused, until the first has closed', async (context) => {
  assert.is(await codeOf(openSqliteStore(context)), 'store_in_use');
  await context.store.close();
  context.store = await openSqliteStore(context);
  await context.store.ping();
});

test('when the file is newer then it is refused and left alone', async (context) => {
  await context.store.close();
  const file = new Database(join(context.dataFolder, DATABASE_FILE));
  file.pragma('user_version = 999');
  file.close();
  assert.is(await codeOf(openSqliteStore(context)), 'store_newer');
});

test('when the file is no database then it is damaged, not overwritten', async (context) => {
  await context.store.close();
  const path = join(context.dataFolder, DATABASE_FILE);
  const junk = randomBytes(9000);
  writeFileSync(path, junk);
  assert.is(await codeOf(openSqliteStore(context)), 'store_damaged');
  assert.ok(readFileSync(path).equals(junk));
});

test('when a file of the first schema is opened then its tariff and sales are there in the new one', async (context) => {
  await context.store.close();
  const path = join(context.dataFolder, DATABASE_FILE);
  rmSync(path);
  const old = new Database(path);
  old.exec(MIGRATIONS[0] ?? '');
  old.pragma('user_version = 1');
  const flat = {
    currency: 'ZAR',
    energyRounding: 'down',
    kind: 'flat',
    maximumMinor: 1000,
    minimumMinor: 1,
    pricePerKwh: '1.8652',
    taxRounding: 'nearest',
    vatRate: '0.15',
  };
  old.prepare('INSERT INTO tariff VALUES (?, ?)').run('home', JSON.stringify(flat));
  old
    .prepare(
      "INSERT INTO meter VALUES ('600727111111111153', '11111111115', 11, 4, '201457', 1, 1, 2, '14', 'home')",
    )
    .run();
  old.close();
  context.store = await openSqliteStore(context);
  const [version, ...more] = await context.store.findTariff('home');
  assert.equal([version?.validFrom, more], [0, []]);
  const terms = JSON.parse(version?.terms ?? '');
  assert.is(version?.terms, canonicalJson(terms));
  assert.ok(TermsBody.safeParse(terms).success);
  assert.equal([terms.energy, terms.energyRounding], [{ kind: 'flat', pricePerKwh: '1.8652' }, 'down']);
  assert.is((await context.store.findMeter(METER.meterPan))?.tariffId, 'home');
});

test('when a file from before the floats had entries is opened then its deposits and sales are the movements of the float', async (context) => {
  await context.store.close();
  const path = join(context.dataFolder, DATABASE_FILE);
  rmSync(path);
  const old = new Database(path);
  const before = STEPS.indexOf(PEOPLE);
  for (const step of MIGRATIONS.slice(0, before)) old.exec(step);
  old.pragma(`user_version = ${before}`);
  const hash = 'a'.repeat(64);
  old.exec(`
    INSERT INTO tariff VALUES ('home');
    INSERT INTO meter VALUES ('600727111111111153', '11111111115', 11, 4, '201457', 1, 1, 2, '14', 'home');
    INSERT INTO vendor VALUES ('shop', 'Shop', 'ZAR', 0, 3800);
    INSERT INTO api_key VALUES ('${hash}', 'vendor', 'shop', 'till');
    INSERT INTO deposit VALUES ('shop', 'd1', '${hash}', 5000, 'slip', 1000, 5000);
    INSERT INTO sale VALUES ('sale_1', 'shop', 'r1', '${hash}', '600727111111111153', 'ZAR', 1200, 46,
      '12345678901234567890', 2000, '{}', '${hash}');
    INSERT INTO transfer (cause, debit_account, credit_account, amount_minor) VALUES
      ('deposit shop d1', 'bank:deposits:ZAR', 'vendor:shop:float:ZAR', 5000),
      ('sale sale_1', 'vendor:shop:float:ZAR', 'sales:energy:ZAR', 700),
      ('sale sale_1', 'vendor:shop:float:ZAR', 'debt:old:ZAR', 300),
      ('sale sale_1', 'vendor:shop:float:ZAR', 'tax:vat:ZAR', 200);`);
  old.close();
  context.store = await openSqliteStore(context);
  const { store } = context;
  const entries = await store.money.floatEntries('shop', null, 10);
  assert.equal(
    entries.map(({ kind, reference, at, amountMinor, balanceMinor }) => [
      ...[kind, reference, at, amountMinor, balanceMinor],
    ]),
    [
      ['sale', 'sale_1', 2000, -1200, 3800],
      ['deposit', 'd1', 1000, 5000, 5000],
    ],
  );
  const [row] = await store.money.saleTotals({ by: 'time', vendorId: 'shop', from: 0, until: 3000 });
  const { energyMinor, arrearsMinor, taxMinor, amountDeciKwh, sales } = row!;
  assert.equal([energyMinor, arrearsMinor, taxMinor, amountDeciKwh, sales], [700, 300, 200, 46, 1]);
  const early = await store.money.accountsBetween(0, 2000);
  assert.equal(
    early.map(({ account }) => account),
    ['bank:deposits:ZAR', 'vendor:shop:float:ZAR'],
  );
  const [key] = await store.people.apiKeys('', 10);
  assert.equal([key?.keyId, key?.scopes, key?.revokedAt], [`key_${hash.slice(0, 16)}`, null, null]);
});

test('when the folder cannot be made then the store is unavailable', async (context) => {
  const file = join(context.dataFolder, 'a-file');
  writeFileSync(file, '');
  assert.is(await codeOf(openSqliteStore({ dataFolder: join(file, 'inside') })), 'data_folder_unusable');
});

test('when the database itself is asked to overdraw then its own rule refuses', async ({ store }) => {
  await furnish(store, 500);
  const claim = await claimed(store, claimOf('r1', { paidMinor: 500 }));
  const overdrawn = { ...claim, request: { ...claim.request, paidMinor: 501 } };
  const error = await store.recordVend(overdrawn, recordOf(claim, new TestChain())).catch((e: unknown) => e);
  assert.match(String(error), /CHECK constraint failed/);
  assert.is((await store.findVendor('shop'))?.floatMinor, 500);
});

test('when the disk is full then the whole group is refused, nothing changes, and a retry sells once', async ({
  store,
}) => {
  await furnish(store, 10_000_000);
  const chain = new TestChain();
  store.limitPages(1); // becomes the present size
  let sold = 0;
  let refused = 0;
  let failing: Awaited<ReturnType<typeof claimed>>[] = [];
  while (refused === 0) {
    const claims = [];
    for (let i = 0; i < 8; i += 1) {
      claims.push(await claimed(store, claimOf(`r${sold + i}`, { meterPan: METERS[i]!.meterPan })));
    }
    const before = await store.trialBalance();
    const results = await Promise.allSettled(
      claims.map((claim) => store.recordVend(claim, recordOf(claim, chain))),
    );
    const failures = results.filter((result) => result.status === 'rejected');
    if (failures.length === 0) {
      sold += 8;
      continue;
    }
    refused = failures.length;
    failing = claims;
    assert.is(refused, 8); // all of the group or none
    for (const { reason } of failures) assert.ok(isStsFault(reason) && reason.code === 'store_unavailable');
    assert.equal(await store.trialBalance(), before);
  }
  await store.ping();
  assert.is((await store.findVendor('shop'))?.floatMinor, 10_000_000 - sold * 1000);
  for (const claim of failing) store.releaseClaim(claim);
  store.limitPages(1_000_000);
  const again = await claimed(store, claimOf(`r${sold}`));
  await store.recordVend(again, recordOf(again, chain));
  assert.is((await store.findVendor('shop'))?.floatMinor, 10_000_000 - (sold + 1) * 1000);
  console.log(`    ${sold} sold before the disk was full, ${refused} refused together, 1 sold after`);
});

const PAGE_BYTES = 4096;

test('when pages of the file are damaged then reads and writes that meet them say so', async (context) => {
  const { dataFolder } = context;
  await furnish(context.store, 10_000_000);
  const chain = new TestChain();
  const count = 200;
  for (let i = 0; i < count; i += 1) {
    const claim = await claimed(context.store, claimOf(`r${i}`));
    await context.store.recordVend(claim, recordOf(claim, chain));
  }
  await context.store.close();
  const path = join(dataFolder, DATABASE_FILE);
  const bytes = readFileSync(path);
  // Every second page that holds sales; a damaged page of an index would only make them unfindable.
  const pages = Array.from({ length: bytes.length / PAGE_BYTES }, (_, page) => page * PAGE_BYTES).filter(
    (page) => bytes.subarray(page, page + PAGE_BYTES).includes('exact bytes'),
  );
  for (const page of pages.filter((_, index) => index % 2 === 0)) {
    for (let at = page; at < page + PAGE_BYTES; at += 97) bytes[at]! ^= 0x55;
  }
  writeFileSync(path, bytes);
  context.store = await openSqliteStore(context);
  const tally = { whole: 0, damaged: 0, other: 0 };
  for (let i = 0; i < count; i += 1) {
    const sale = await context.store.findSaleByRequest('shop', `r${i}`).catch((e: unknown) => e);
    if (isStsFault(sale)) tally[sale.code === 'store_damaged' ? 'damaged' : 'other'] += 1;
    else if (sale === undefined) tally.other += 1;
    else tally.whole += 1;
  }
  assert.ok(tally.damaged > 0);
  assert.is(tally.other, 0);
  await context.store.ping();
  console.log(
    `    ${count} look-ups on a damaged file: ${tally.whole} whole, ${tally.damaged} store_damaged`,
  );
});

test('when one stored answer is altered then it is not given out', async (context) => {
  await furnish(context.store, 10_000);
  const claim = await claimed(context.store, claimOf('r1'));
  await context.store.recordVend(claim, recordOf(claim, new TestChain()));
  await context.store.close();
  const path = join(context.dataFolder, DATABASE_FILE);
  const bytes = readFileSync(path);
  const at = bytes.indexOf('exact bytes');
  assert.ok(at > 0);
  bytes[at]! ^= 1;
  writeFileSync(path, bytes);
  context.store = await openSqliteStore(context);
  assert.is(await codeOf(context.store.findSale('sale-r1')), 'store_damaged');
  assert.is(await codeOf(context.store.claimVend(claimOf('r1'))), 'store_damaged');
  assert.is((await context.store.lastEntry(MODULE.moduleId))?.counter, 1);
});

test('many writes of one turn share a commit', async ({ store }) => {
  await furnish(store, 0);
  const startedAt = performance.now();
  for (let i = 0; i < 100; i += 1) await store.deposit(depositOf(`one-${i}`, 1));
  const oneByOne = performance.now() - startedAt;
  const sharedAt = performance.now();
  await Promise.all(Array.from({ length: 100 }, (_, i) => store.deposit(depositOf(`shared-${i}`, 1))));
  const shared = performance.now() - sharedAt;
  assert.is((await store.findVendor('shop'))?.floatMinor, 200);
  console.log(
    `    100 deposits: ${oneByOne.toFixed(0)} ms one by one, ${shared.toFixed(0)} ms in one commit`,
  );
});

test('when the rows of a sale are written then SQLite builds no table in memory for a rule of their columns', ({
  dataFolder,
}) => {
  const books = new Database(join(dataFolder, DATABASE_FILE), { readonly: true });
  try {
    for (const table of [
      'sale',
      'transfer',
      'float_entry',
      'day_count',
      'meter_history',
      'debt',
      'chain_entry',
    ]) {
      const { length } = books.pragma(`table_info(${table})`) as unknown[];
      const program = books
        .prepare(`EXPLAIN INSERT INTO ${table} VALUES (${Array(length).fill('NULL').join(', ')})`)
        .all() as { opcode: string }[];
      const opcodes = program.map(({ opcode }) => opcode);
      assert.ok(opcodes.includes('Insert') || opcodes.includes('IdxInsert'), table);
      assert.not.ok(opcodes.includes('OpenEphemeral'), table);
    }
  } finally {
    books.close();
  }
});

test.run();
