/** The step that enters every movement of a float: what stood in the books before, and what an older server adds beside it. */
import pg from 'pg';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { STEPS } from '../../../vending-server/store/migrations.ts';
import { migrateDatabase, openPostgresStore } from '../../../vending-server/store/open.ts';
import { report } from '../../support/counts.ts';
import { startPostgres, type TestPostgres } from '../../support/postgres.ts';
import { ask } from '../../support/postgres-books.ts';
import { assertFoundAfter, rowsBefore, STEPS_BEFORE } from './step-7-books.ts';
import { depositOf, hash, METERS } from './store-fixtures.ts';

const test = suite<{ url: string }>('people step on PostgreSQL');

let postgres: TestPostgres;

test.before(async () => {
  postgres = await startPostgres();
});
test.after(async () => {
  await postgres?.stop();
});

const AT = 1_700_000_000_000;

async function furnishBefore(url: string): Promise<void> {
  await ask(url, "INSERT INTO tariff VALUES ('home')");
  const meters = [0, 1, 2, 3].map((index) => METERS[index]);
  for (const meter of meters)
    await ask(url, `INSERT INTO meter VALUES ($1, $2, 11, 4, '201457', 1, 1, 2, '14', 'home')`, [
      ...[meter?.meterPan, meter?.drn],
    ]);
  await ask(
    url,
    "INSERT INTO vendor (vendor_id, name, currency, credit_limit_minor, float_minor) VALUES ('shop', 'Shop', 'ZAR', 0, 0)",
  );
}

/** A deposit, a debt and two sales in one statement, as a server books them that knows four steps. */
async function bookAsBefore(url: string, name: string, at: number): Promise<void> {
  await ask(url, 'UPDATE vendor SET float_minor = float_minor + 5000');
  await ask(url, "INSERT INTO deposit VALUES ('shop', $1, $2, 5000, 'slip', $3, 5000)", [
    ...[`slip ${name}`, hash(name), at],
  ]);
  const transfer = `INSERT INTO transfer (cause, debit_account, credit_account, amount_minor)`;
  await ask(url, `${transfer} VALUES ($1, 'bank', 'vendor:shop', 5000)`, [`deposit shop slip ${name}`]);
  const [meter] = METERS;
  await ask(url, "INSERT INTO debt VALUES ($1, $2, 'old bill', 700, 700, '{}', $3)", [
    ...[`debt-${name}`, meter?.meterPan, at + 1],
  ]);
  await ask(url, `${transfer} VALUES ($1, 'debt:a', 'opening', 700)`, [`debt debt-${name}`]);
  await ask(
    url,
    `WITH paid AS (UPDATE vendor SET float_minor = float_minor - 2000),
      sold AS (
        INSERT INTO sale SELECT s.id, 'shop', s.id, $3, $4, 'ZAR', 1000, 466, '12345678901234567890', $2::bigint, '{}', $3
          FROM (VALUES ($1 || '-1'), ($1 || '-2')) AS s(id))
    ${transfer}
    SELECT 'sale ' || $1 || '-' || n, 'vendor:shop', account, amount
    FROM generate_series(1, 2) AS n,
      (VALUES ('sales:energy', 770), ('tax:vat', 130), ('debt:a', 60), ('sales:fee:payment', 40)) AS p(account, amount)`,
    [`sale-${name}`, at + 2, hash('body'), meter?.meterPan],
  );
  await ask(url, "INSERT INTO api_key (key_hash, role, label) VALUES ($1, 'operator', 'old')", [hash(name)]);
}

test('when books are from before movements, and an older server sells on, then all of it is entered in order', async () => {
  const url = await postgres.createDatabase();
  await migrateDatabase(url, STEPS.slice(0, 4));
  await furnishBefore(url);
  await bookAsBefore(url, 'before', AT);
  assert.equal((await migrateDatabase(url)).applied[0], 'people');
  await bookAsBefore(url, 'beside', AT + 1000);
  const store = await openPostgresStore({ url });
  await store.deposit({ ...depositOf('new', 300), at: AT + 2000 });
  const entries = await store.money.floatEntries('shop', null, 100);
  assert.equal(
    entries.map(({ reference, at, amountMinor, balanceMinor }) => [
      ...[reference, at - AT, amountMinor, balanceMinor],
    ]),
    [
      ['new', 2000, 300, 6300],
      ['sale-beside-2', 1002, -1000, 6000],
      ['sale-beside-1', 1002, -1000, 7000],
      ['slip beside', 1000, 5000, 8000],
      ['sale-before-2', 2, -1000, 3000],
      ['sale-before-1', 2, -1000, 4000],
      ['slip before', 0, 5000, 5000],
    ],
  );
  for (const from of [AT, AT + 1000]) {
    const [sales] = await store.money.saleTotals({ by: 'time', vendorId: 'shop', from, until: from + 1000 });
    assert.equal(
      [sales?.sales, sales?.energyMinor, sales?.taxMinor, sales?.arrearsMinor, sales?.feesMinor],
      [2, 1540, 260, 120, 80],
    );
    const accounts = await store.money.accountsBetween(from, from + 1000);
    const shop = accounts.find(({ account }) => account === 'vendor:shop');
    assert.equal([shop?.debitMinor, shop?.creditMinor], [2000, 5000]);
    assert.is(accounts.find(({ account }) => account === 'debt:a')?.debitMinor, 700);
  }
  const keys = await store.people.apiKeys('', 10);
  assert.equal(
    keys.map(({ keyId }) => keyId).sort(),
    ['before', 'beside'].map((name) => `key_${hash(name).slice(0, 16)}`).sort(),
  );
  await store.close();
});

test('when books are of seven steps then every sale is found after the newest, and the books go on', async () => {
  const url = await postgres.createDatabase();
  await migrateDatabase(url, STEPS.slice(0, STEPS_BEFORE));
  const client = new pg.Client(url);
  await client.connect();
  for (const [table, values] of rowsBefore(true)) {
    const places = Object.keys(values).map((_, index) => `$${index + 1}`);
    const text = `INSERT INTO ${table} (${Object.keys(values).join()}) VALUES (${places.join()})`;
    await client.query(text, Object.values(values));
  }
  await client.end();
  await migrateDatabase(url);
  const store = await openPostgresStore({ url });
  const { sales, entries } = await assertFoundAfter(store);
  await store.close();
  report(`PostgreSQL, books of ${STEPS_BEFORE} steps: ${sales} sales and ${entries} entries found`);
});

test('when somebody alters the trail by hand then the database refuses', async () => {
  const url = await postgres.createDatabase();
  const store = await openPostgresStore({ url });
  const draft = { at: AT, principal: 'user:ann', credentialId: 'c', roles: '', vendorId: null };
  await store.audit.append({ ...draft, action: 'a', target: 'a\0b', outcome: 'done', requestId: '\ud800' });
  assert.equal((await store.audit.head())?.target, 'a\ufffdb');
  for (const text of [
    'DELETE FROM audit_entry',
    "UPDATE audit_entry SET target = ''",
    'TRUNCATE audit_entry',
  ]) {
    const refused = await ask(url, text).then(
      () => '',
      (error: unknown) => String(error),
    );
    assert.match(refused, /the audit trail is only added to/);
  }
  await store.close();
});

test.run();
