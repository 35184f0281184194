import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inspect } from 'node:util';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { isStsFault } from '../../../lib/faults.ts';
import { nextTidMinutes, TID_MAX } from '../../../lib/token/tid.ts';
import { RandomStream } from '../../../meter-sim/world/random.ts';
import { openPostgresStore } from '../../../vending-server/store/open.ts';
import { openPool } from '../../../vending-server/store/postgres/connections.ts';
import { report, seedOf } from '../../support/counts.ts';
import { startPostgres, type TestPostgres } from '../../support/postgres.ts';
import { ask, BooksInTurn } from '../../support/postgres-books.ts';
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
  METERS,
  MODULE,
  recordOf,
  TARIFF,
  TestChain,
} from './store-fixtures.ts';
import { visitContract } from './visit-contract.ts';

let shared: TestPostgres | undefined;

async function engine(): Promise<TestPostgres> {
  shared ??= await startPostgres();
  return shared;
}

const booksInTurn = new BooksInTurn(async () => (await engine()).createBooks());

async function openOnEngine(): Promise<OpenedBooks> {
  const url = await booksInTurn.take();
  let store = await openPostgresStore({ url });
  return {
    store,
    reopen: async () => {
      await store.close();
      store = await openPostgresStore({ url });
      return store;
    },
    destroy: async () => {
      await store.close();
      await booksInTurn.giveBack(url);
    },
    sql: (text) => ask(url, text),
  };
}

storeContract('PostgreSQL', openOnEngine, { severalModules: true });
peopleStoreContract('PostgreSQL', openOnEngine);
operationContract('PostgreSQL', openOnEngine);
adviceContract('PostgreSQL', openOnEngine);
customerContract('PostgreSQL', openOnEngine);
visitContract('PostgreSQL', openOnEngine);
outboxContract('PostgreSQL', openOnEngine);
keyStoreContract('PostgreSQL', openOnEngine);
issueContract('PostgreSQL', openOnEngine);

const test = suite<{ url: string }>('PostgreSQL store');
const seed = seedOf('PostgreSQL store');

test.after(async () => {
  await shared?.stop();
});
test.before.each(async (context) => {
  context.url = await (await engine()).createBooks();
});

async function faultOf(work: Promise<unknown>): Promise<unknown> {
  return work.then(
    () => new Error('nothing was refused'),
    (error: unknown) => error,
  );
}

async function codeOf(work: Promise<unknown>): Promise<string> {
  const error = await faultOf(work);
  return isStsFault(error) ? error.code : String(error);
}

test('the database gives the same next TID as the library', async ({ url }) => {
  const store = await openPostgresStore({ url });
  await store.close();
  const random = new RandomStream(seed, 'tid');
  const below = (end: number) => Math.floor(random.uniform() * end);
  const pairs = Array.from({ length: 5_000 }, (_, index) => {
    const last = below(TID_MAX - 2_000) - 1;
    const near = Math.max(0, last - 3 + below(6));
    return [index % 2 === 0 ? near : below(TID_MAX - 10), index % 7 === 0 ? -1 : last] as const;
  });
  for (let day = 0; day < 100; day += 1)
    pairs.push([day * 1440, -1], [day * 1440, day * 1440], [day * 1440 + 1, -1]);
  const rows = await ask(
    url,
    'SELECT next_tid_minutes(now_tid, last_tid) AS next FROM unnest($1::integer[], $2::integer[]) AS p(now_tid, last_tid)',
    [pairs.map(([now]) => now), pairs.map(([, last]) => last)],
  );
  assert.equal(
    rows.map((row) => row['next']),
    pairs.map(([now, last]) => nextTidMinutes(now, last)),
  );
  report(`${pairs.length} next TIDs equal, seed ${seed}`);
});

test('every connection asks for durable commits, whatever the database’s own default', async ({ url }) => {
  const database = new URL(url).pathname.slice(1);
  await ask(url, `ALTER DATABASE ${database} SET synchronous_commit = off`);
  const pool = await openPool(url, 2);
  const { rows } = await pool.query('SHOW synchronous_commit');
  await pool.end();
  assert.is(rows[0].synchronous_commit, 'on');
});

test('when the database itself is asked to overdraw then its own rule refuses, and no row is quoted', async ({
  url,
}) => {
  const store = await openPostgresStore({ url });
  await furnish(store, 500);
  const claim = await claimed(store, claimOf('r1', { paidMinor: 500 }));
  await ask(url, "UPDATE vendor SET float_minor = 0, reserved_minor = 0 WHERE vendor_id = 'shop'");
  const record = recordOf(claim, new TestChain());
  const error = await faultOf(store.recordVend(claim, record));
  assert.match(String(error), /^Error: the database refused with 23514 \(vendor_/);
  assert.not.ok(inspect(error, { depth: 9 }).includes(record.tokenNos[0]!));
  assert.is((await store.findVendor('shop'))?.floatMinor, 0);
  await ask(url, "UPDATE vendor SET float_minor = 500, reserved_minor = 500 WHERE vendor_id = 'shop'");
  await store.close();
});

test('when a server was taken for dead then what it had claimed is sold by another, and it can record nothing', async ({
  url,
}) => {
  const slow = await openPostgresStore({ url, leaseMillis: 60_000 });
  await furnish(slow, 10_000);
  const quick = await openPostgresStore({ url, leaseMillis: 400 });
  await quick.bindModule({ ...MODULE, moduleId: 'module-2' });
  const claim = await claimed(slow, claimOf('r1'));
  const waiting = await quick.claimVend(claimOf('r1'));
  if (waiting.kind !== 'in_progress') throw new Error(waiting.kind);
  await ask(url, "UPDATE server SET lease_until = clock_timestamp() WHERE module_id = 'module-1'");
  await waiting.settled;
  const taken = await claimed(quick, claimOf('r1'));
  assert.equal(taken.tidMinutes, [claim.tidMinutes[0]! + 1]);
  const chain = new TestChain();
  const lost = recordOf(claim, chain);
  assert.is(await codeOf(slow.recordVend(claim, lost)), 'store_unavailable');
  const sold = { ...recordOf(taken, new TestChain('module-2')), saleId: 'sale-quick' };
  const sale = await quick.recordVend(taken, sold);
  assert.is(await codeOf(slow.recordVend(claim, lost)), 'store_unavailable'); // nor another one's sale as its own
  await slow.recordUnreleased(lost.entries);
  slow.releaseClaim(claim);
  assert.equal(await slow.claimVend(claimOf('r1')), { kind: 'exists', sale });
  assert.is((await slow.findVendor('shop'))?.floatMinor, 9_000);
  await slow.close();
  await quick.close();
});

test('when a server starts again with its module then what its earlier life had claimed is free at once', async ({
  url,
}) => {
  const first = await openPostgresStore({ url, leaseMillis: 60_000 });
  await furnish(first, 1_000);
  await claimed(first, claimOf('r1'));
  const second = await openPostgresStore({ url, leaseMillis: 60_000 });
  assert.is((await second.claimVend(claimOf('r1'))).kind, 'in_progress');
  await second.bindModule(MODULE);
  await claimed(second, claimOf('r1'));
  await second.close();
  await first.close();
});

test('when a second server comes to the same data folder then it is refused', async ({ url }) => {
  const dataFolder = mkdtempSync(join(tmpdir(), 'wattoken-store-'));
  const first = await openPostgresStore({ url, dataFolder });
  assert.is(await codeOf(openPostgresStore({ url, dataFolder })), 'store_in_use');
  await first.close();
  await (await openPostgresStore({ url, dataFolder })).close();
  rmSync(dataFolder, { recursive: true });
});

test('when the URL is wrong then it is refused by name and never quoted', async ({ url }) => {
  const secret = 'pa55word';
  const elsewhere = new URL(url);
  elsewhere.port = '1';
  elsewhere.password = secret;
  const nowhere = new URL(url);
  nowhere.pathname = '/no_such_database';
  nowhere.password = secret;
  const tried: readonly (readonly [string, string])[] = [
    [`${secret} is no url`, 'usage'],
    [`mysql://vend:${secret}@127.0.0.1/vend`, 'usage'],
    [elsewhere.href, 'store_unavailable'],
    [nowhere.href, 'store_unavailable'],
  ];
  for (const [wrong, code] of tried) {
    const error = await faultOf(openPostgresStore({ url: wrong }));
    assert.ok(isStsFault(error) && error.code === code, `${code}: ${String(error)}`);
    assert.not.ok(inspect(error, { depth: 9 }).includes(secret));
  }
});

test('when a database forgets commits at a power cut then it is refused', async () => {
  const forgetful = await startPostgres({ fsync: 'off' });
  try {
    assert.is(
      await codeOf(openPostgresStore({ url: await forgetful.createDatabase() })),
      'store_unavailable',
    );
  } finally {
    await forgetful.stop();
  }
});

test('when the database is gone then every operation says so, and when it is back then they go on', async () => {
  const mortal = await startPostgres();
  try {
    const store = await openPostgresStore({ url: await mortal.createDatabase(), leaseMillis: 1_000 });
    await furnish(store, 10_000);
    const kept = await claimed(store, claimOf('kept'));
    const given = await claimed(store, claimOf('given', { meterPan: METERS[1]!.meterPan }));
    await mortal.kill();
    const operations = [
      () => store.ping(),
      () => store.findSale('x'),
      () => store.claimVend(claimOf('r1', { meterPan: METERS[2]!.meterPan })),
      () => store.putTariff(TARIFF),
      () => store.deposit(depositOf('d', 1)),
      () => store.recordUnreleased([]).then(() => store.trialBalance()),
    ];
    for (const operation of operations) assert.is(await codeOf(operation()), 'store_unavailable');
    store.releaseClaim(given);
    const chain = new TestChain();
    const record = recordOf(kept, chain);
    const recording = store.recordVend(kept, record).catch((error) => {
      // It waits for the database to come back, but not for ever: a busy machine may take longer to start one.
      if (!isStsFault(error) || error.code !== 'store_unavailable') throw error;
    });
    await mortal.start();
    if ((await recording) === undefined) await store.recordVend(kept, record);
    const again = await claimed(store, claimOf('given', { meterPan: METERS[1]!.meterPan }));
    assert.equal(again.tidMinutes, [given.tidMinutes[0]! + 1]);
    await store.recordVend(again, recordOf(again, chain));
    assert.is((await store.findVendor('shop'))?.floatMinor, 8_000);
    await store.close();
  } finally {
    await mortal.stop();
  }
});

test.run();
