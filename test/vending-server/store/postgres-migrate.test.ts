import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { isStsFault } from '../../../lib/faults.ts';
import { migrateDatabase, openPostgresStore } from '../../../vending-server/store/open.ts';
import { report } from '../../support/counts.ts';
import { startPostgres, type TestPostgres } from '../../support/postgres.ts';
import { ask, checkAnswers, checkBooks } from '../../support/postgres-books.ts';
import { killSellers, type SellerOrder, startSeller } from '../../support/postgres-sellers.ts';
import { stepsNamed } from '../../support/test-steps.ts';
import { furnish, METERS } from './store-fixtures.ts';

const test = suite<{ url: string; folder: string }>('PostgreSQL, steps of the schema');

let postgres: TestPostgres;

test.before(async () => {
  postgres = await startPostgres();
});
test.after(async () => {
  await postgres?.stop();
});
test.before.each(async (context) => {
  context.folder = mkdtempSync(join(tmpdir(), 'wattoken-journals-'));
  context.url = await postgres.createDatabase();
});
test.after.each(({ folder }) => {
  killSellers();
  rmSync(folder, { recursive: true });
});

async function codeOf(work: Promise<unknown>): Promise<string> {
  const error = await work.then(
    () => new Error('nothing was refused'),
    (e: unknown) => e,
  );
  return isStsFault(error) ? error.code : String(error);
}

const pause = (millis: number) => new Promise((resolve) => setTimeout(resolve, millis));

test('when ten servers start at once on an empty database then each step is taken once', async ({ url }) => {
  const stores = await Promise.all(
    Array.from({ length: 10 }, () => openPostgresStore({ url, connections: 2 })),
  );
  const rows = await ask(url, 'SELECT step, name FROM schema_step ORDER BY step');
  assert.equal(
    rows.map((row) => row['name']),
    stepsNamed('present').map(({ name }) => name),
  );
  await Promise.all(stores.map((store) => store.close()));
  assert.equal(await ask(url, 'SELECT * FROM server'), []);
});

test('when a new server migrates while an old one sells then both go on and no sale fails', async (context) => {
  const { url } = context;
  const store = await openPostgresStore({ url });
  await furnish(store, 1_000_000_000);
  await store.close();
  const order = (name: string, more: Partial<SellerOrder>): SellerOrder => ({
    url,
    moduleId: `module-${name}`,
    journal: join(context.folder, `${name}.journal`),
    vendors: ['shop'],
    meters: METERS.map(({ meterPan }) => meterPan),
    sellers: 8,
    prefix: name,
    leaseMillis: 1_500,
    connections: 8,
    steps: 'present',
    ...more,
  });
  const old = await startSeller(order('old', {}));
  await pause(500);
  const before = old.answered.size;
  const next = await startSeller(order('new', { steps: 'expanded' }));
  await pause(1_000);
  assert.equal((await ask(url, "SELECT 1 FROM schema_step WHERE name = 'test: expanded'")).length, 1);
  // A step that takes something away waits for the old server, and stands in nobody's way meanwhile.
  const waiting = await migrateDatabase(url, stepsNamed('contracted'));
  assert.equal(waiting, { applied: [], waiting: ['test: contracted'] });
  // An old server may even start again beside it.
  const late = await startSeller(order('late', { each: 3 }));
  const lateEnd = await late.ended();
  const between = old.answered.size;
  const oldEnd = await old.ended(true);
  let done = await migrateDatabase(url, stepsNamed('contracted'));
  // A server that could not say goodbye is waited for until its lease is over.
  for (let tries = 0; tries < 20 && done.applied.length === 0; tries += 1) {
    await pause(200);
    done = await migrateDatabase(url, stepsNamed('contracted'));
  }
  assert.equal(done, { applied: ['test: contracted'], waiting: [] });
  const after = next.answered.size;
  await pause(300);
  const newEnd = await next.ended(true);
  for (const end of [oldEnd, newEnd, lateEnd])
    assert.equal([end.failed, end.unknown, end.refused], [0, 0, 0]);
  assert.ok(before > 0 && between > before && next.answered.size > after);
  assert.is(await codeOf(openPostgresStore({ url })), 'store_newer');
  const books = await checkBooks(url);
  const checked = checkAnswers(books.held, [old.answered, next.answered, late.answered]);
  assert.is(checked, books.sales);
  assert.is(books.unreleased, 0);
  report(
    `two steps taken under ${books.sales} sales: ${oldEnd.sold} by the old server, ${newEnd.sold} by the new one, 0 failed`,
  );
});

test('when a step needs a table that a long reader holds then sales do not wait behind it', async (context) => {
  const { url } = context;
  const store = await openPostgresStore({ url });
  await furnish(store, 1_000_000);
  const pool = await import('pg').then(({ default: pg }) => new pg.Pool({ connectionString: url, max: 1 }));
  const reader = await pool.connect();
  await reader.query('BEGIN');
  await reader.query('SELECT count(*) FROM sale');
  const migrating = migrateDatabase(url, stepsNamed('expanded'));
  let longest = 0;
  let looks = 0;
  const until = performance.now() + 2_000;
  while (performance.now() < until) {
    const startedAt = performance.now();
    await store.findSaleByRequest('shop', `r${looks}`);
    longest = Math.max(longest, performance.now() - startedAt);
    looks += 1;
    await pause(1);
  }
  await reader.query('COMMIT');
  reader.release();
  await pool.end();
  assert.equal((await migrating).applied, ['test: expanded']);
  await store.close();
  report(`${looks} look-ups while a step waited for a lock, the longest ${longest.toFixed(0)} ms`);
});

test.run();
