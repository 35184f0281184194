/**
 * Several servers on one PostgreSQL: real processes, a real engine with `fsync` on, and real SIGKILLs. After each test the
 * books are looked at from outside.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { RandomStream } from '../../../meter-sim/world/random.ts';
import { openPostgresStore } from '../../../vending-server/store/open.ts';
import { count, report, seedOf } from '../../support/counts.ts';
import { startPostgres, type TestPostgres } from '../../support/postgres.ts';
import { ask, checkAnswers, checkBooks } from '../../support/postgres-books.ts';
import { killSellers, type Seller, type SellerOrder, startSeller } from '../../support/postgres-sellers.ts';
import { depositOf, furnish, METERS, VENDOR } from './store-fixtures.ts';

const test = suite<{ url: string; folder: string }>('PostgreSQL, several servers');
const seed = seedOf('PostgreSQL, several servers');
const PANS = METERS.map(({ meterPan }) => meterPan);
const VENDORS = ['shop', 'north', 'east', 'south'];
const FLOAT_MINOR = 1_000_000_000;
const LEASE_MILLIS = 1_500;

let postgres: TestPostgres;

test.before(async () => {
  postgres = await startPostgres();
});
test.after(async () => {
  await postgres?.stop();
});
test.before.each(async (context) => {
  context.folder = mkdtempSync(join(tmpdir(), 'wattoken-journals-'));
  context.url = await postgres.createBooks();
});
test.after.each(({ folder }) => {
  killSellers();
  rmSync(folder, { recursive: true });
});

async function furnished(url: string, floatMinor: number): Promise<void> {
  const store = await openPostgresStore({ url });
  await furnish(store, floatMinor);
  for (const vendorId of VENDORS.slice(1)) {
    await store.putVendor({ ...VENDOR, vendorId });
    const transfers = [
      { debitAccount: 'bank', creditAccount: `vendor:${vendorId}`, amountMinor: FLOAT_MINOR },
    ];
    await store.deposit({ ...depositOf('first', FLOAT_MINOR), vendorId, transfers });
  }
  await store.close();
}

function orderOf(
  context: { url: string; folder: string },
  name: string,
  more: Partial<SellerOrder>,
): SellerOrder {
  return {
    url: context.url,
    moduleId: `module-${name}`,
    journal: join(context.folder, `${name}.journal`),
    vendors: VENDORS,
    meters: PANS,
    sellers: 16,
    prefix: name,
    roam: true,
    leaseMillis: LEASE_MILLIS,
    connections: 8,
    steps: 'present',
    ...more,
  };
}

async function startBoth(orders: readonly SellerOrder[]): Promise<Seller[]> {
  const sellers = await Promise.all(orders.map((order) => startSeller({ ...order, startOnSignal: true })));
  for (const seller of sellers) seller.begin();
  return sellers;
}

test('when two servers are asked for the same sales then each is sold once and both give the same answer', async (context) => {
  await furnished(context.url, FLOAT_MINOR);
  const each = count(200, 12);
  const more = { prefix: 'same', each, roam: false } as const;
  const sellers = await startBoth([orderOf(context, 'a', more), orderOf(context, 'b', more)]);
  const ends = await Promise.all(sellers.map((seller) => seller.ended()));
  const books = await checkBooks(context.url);
  assert.is(books.sales, 16 * each);
  assert.equal(
    ends.map(({ sold, failed }) => [sold, failed]),
    [
      [16 * each, 0],
      [16 * each, 0],
    ],
  );
  assert.is(books.unreleased + books.liveClaims, 0);
  const answers = checkAnswers(
    books.held,
    sellers.map(({ answered }) => answered),
  );
  const made = (
    await ask(context.url, 'SELECT module_id, count(*) FROM chain_entry GROUP BY 1 ORDER BY 1')
  ).map((row) => Number(row['count']));
  report(
    `${books.sales} request ids asked of two servers: ${made.join(' + ')} sold, ${answers} equal answers`,
  );
});

test('when two servers sell from one float then it is used to the last and never overdrawn', async (context) => {
  const sales = count(4_000, 250);
  await furnished(context.url, sales * 1000);
  const orders = ['a', 'b'].map((name) =>
    orderOf(context, name, { vendors: ['shop'], each: Math.ceil(sales / 16) }),
  );
  const ends = await Promise.all((await startBoth(orders)).map((seller) => seller.ended()));
  const books = await checkBooks(context.url);
  const refused = ends.reduce((sum, end) => sum + end.refused, 0);
  assert.is(books.sales, sales);
  assert.is(refused, Math.ceil(sales / 16) * 32 - sales);
  const [row] = await ask(
    context.url,
    "SELECT float_minor, reserved_minor FROM vendor WHERE vendor_id = 'shop'",
  );
  assert.equal([Number(row?.['float_minor']), Number(row?.['reserved_minor'])], [0, 0]);
  report(
    `float for ${sales}: ${ends.map(({ sold }) => sold).join(' + ')} sold by two servers, ${refused} refused`,
  );
});

test('when two servers sell to one meter then its TIDs are distinct and its purchases are counted', async (context) => {
  await furnished(context.url, FLOAT_MINOR);
  const each = count(200, 10);
  const orders = ['a', 'b'].map((name) =>
    orderOf(context, name, { meters: PANS.slice(0, 1), sellers: 4, each }),
  );
  const ends = await Promise.all((await startBoth(orders)).map((seller) => seller.ended()));
  const books = await checkBooks(context.url);
  assert.is(books.sales, 8 * each);
  const [row] = await ask(
    context.url,
    'SELECT count(DISTINCT tid_minutes), max(tid_minutes) - min(tid_minutes) AS span FROM chain_entry',
  );
  assert.is(Number(row?.['count']), 8 * each);
  report(
    `${books.sales} sales to one meter by two servers, ${row?.['count']} TIDs, ${ends[0]?.failed} failed`,
  );
});

test('when a server is killed at random moments then what it had claimed is free and nothing is lost or double', async (context) => {
  const random = new RandomStream(seed, 'servers');
  await furnished(context.url, FLOAT_MINOR);
  const kills = count(100, 3);
  const steady = await startSeller(orderOf(context, 'steady', {}));
  const answers = [steady.answered];
  let named = 0;
  for (let kill = 0; kill < kills; kill += 1) {
    // Two lives ask for the same sales: what the first one answered must be answered again.
    const prefix = `life-${Math.floor(kill / 2)}`;
    const seller = await startSeller(orderOf(context, 'mortal', { prefix }));
    named += seller.named;
    answers.push(seller.answered);
    await new Promise((resolve) => setTimeout(resolve, 20 + random.uniform() * 400));
    await seller.kill();
  }
  // One that does not come back: its lease ends, and its meters are sold to by the other one.
  const [left] = await ask(
    context.url,
    "SELECT count(*) FROM vend_claim c JOIN server s USING (server_id) WHERE s.module_id = 'module-mortal'",
  );
  await new Promise((resolve) => setTimeout(resolve, LEASE_MILLIS * 1.6));
  const [still] = await ask(
    context.url,
    "SELECT count(*) FROM vend_claim c JOIN server s USING (server_id) WHERE s.module_id = 'module-mortal'",
  );
  assert.is(Number(still?.['count']), 0);
  const end = await steady.ended(true);
  const last = await startSeller(
    orderOf(context, 'mortal', { prefix: `life-${Math.floor((kills - 1) / 2)}`, each: 2 }),
  );
  await last.ended();
  const books = await checkBooks(context.url);
  assert.is(books.liveClaims, 0);
  assert.is(end.failed, 0);
  const checked = checkAnswers(books.held, answers);
  report(
    `${kills} SIGKILLs of one of two servers, seed ${seed}: ${books.sales} sales, ${checked} answers checked, ` +
      `${books.unreleased} tokens named as never released (${named + last.named} at a start), ` +
      `${left?.['count']} claims ended after the lease of a server that stayed away`,
  );
});

test('when PostgreSQL itself is killed at random moments then nothing is lost and nothing is double', async (context) => {
  const random = new RandomStream(seed, 'engine');
  await furnished(context.url, FLOAT_MINOR);
  const kills = count(100, 2);
  const orders = ['a', 'b'].map((name) => orderOf(context, name, {}));
  const sellers = await startBoth(orders);
  for (let kill = 0; kill < kills; kill += 1) {
    await new Promise((resolve) => setTimeout(resolve, 100 + random.uniform() * 500));
    await postgres.kill();
    await new Promise((resolve) => setTimeout(resolve, random.uniform() * 300));
    await postgres.start();
  }
  await new Promise((resolve) => setTimeout(resolve, 500));
  const ends = await Promise.all(sellers.map((seller) => seller.ended(true)));
  const books = await checkBooks(context.url);
  assert.equal(
    sellers.flatMap(({ failures }) => failures),
    [],
  );
  assert.is(books.liveClaims, 0);
  const checked = checkAnswers(
    books.held,
    sellers.map(({ answered }) => answered),
  );
  const unknown = ends.reduce((sum, end) => sum + end.unknown, 0);
  report(
    `${kills} SIGKILLs of PostgreSQL under two servers, seed ${seed}: ${books.sales} sales, ${checked} answers checked, ` +
      `${unknown} asked for again, ${books.unreleased} tokens named as never released`,
  );
});

test('when connections are cut at random moments then the fate of each sale is found again', async (context) => {
  const random = new RandomStream(seed, 'connections');
  await furnished(context.url, FLOAT_MINOR);
  const cuts = count(500, 15);
  const sellers = await startBoth(['a', 'b'].map((name) => orderOf(context, name, {})));
  let cut = 0;
  for (let time = 0; time < cuts; time += 1) {
    await new Promise((resolve) => setTimeout(resolve, random.uniform() * 80));
    const rows = await ask(
      context.url,
      "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'wattoken' AND random() < 0.7",
    );
    cut += rows.length;
  }
  const ends = await Promise.all(sellers.map((seller) => seller.ended(true)));
  const books = await checkBooks(context.url);
  assert.equal(
    sellers.flatMap(({ failures }) => failures),
    [],
  );
  assert.is(books.liveClaims, 0);
  const checked = checkAnswers(
    books.held,
    sellers.map(({ answered }) => answered),
  );
  report(
    `${cut} connections cut in ${cuts} strokes, seed ${seed}: ${books.sales} sales, ${checked} answers checked, ` +
      `${ends.reduce((sum, end) => sum + end.unknown, 0)} asked for again, ${books.unreleased} named as never released`,
  );
});

test.run();
