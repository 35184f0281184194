/** Two servers on one database: whose message is sent by whom, and what the operator's part says of the whole. */
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { openPostgresStore } from '../../../vending-server/store/open.ts';
import type { NewNotification } from '../../../vending-server/store/outbox.ts';
import type { PostgresStore } from '../../../vending-server/store/postgres/store.ts';
import { report } from '../../support/counts.ts';
import { startPostgres, type TestPostgres } from '../../support/postgres.ts';
import { fault, rejects } from '../../support/throws.ts';

const test = suite<{ one: PostgresStore; two: PostgresStore }>('outbox and operation of two servers');

const T = 1_700_000_000_000;
let postgres: TestPostgres;

test.before(async () => {
  postgres = await startPostgres();
});
test.after(async () => {
  await postgres?.stop();
});
test.before.each(async (context) => {
  const url = await postgres.createBooks();
  context.one = await openPostgresStore({ url });
  context.two = await openPostgresStore({ url });
});
test.after.each(async ({ one, two }) => {
  await one.close();
  await two.close();
});

const message = (notificationId: string): NewNotification => ({
  notificationId,
  kind: 'balance.low',
  channel: 'sms',
  target: '+254700000001',
  language: 'en',
  saleId: null,
  facts: '{}',
  createdAt: T,
});

test('when workers of two servers take what is due then each message is lent once', async ({ one, two }) => {
  const ids = Array.from({ length: 600 }, (_, index) => `m${index}`);
  await Promise.all([one.outbox.add(ids.map(message)), two.outbox.add([...ids].map(message))]);
  const taken = new Map<string, number>();
  const worker = async ({ outbox }: PostgresStore) => {
    let count = 0;
    for (;;) {
      const lent = await outbox.takeDue(T, T + 60_000, 7);
      if (lent.length === 0) return count;
      count += lent.length;
      for (const { notificationId } of lent) taken.set(notificationId, (taken.get(notificationId) ?? 0) + 1);
    }
  };
  const counts = await Promise.all([one, two, one, two, one, two].map(worker));
  for (let late = await worker(one); late > 0; late = await worker(one)) counts.push(late);
  assert.is(taken.size, ids.length);
  assert.ok([...taken.values()].every((times) => times === 1));
  report(`${ids.length} messages, lent by six workers: ${counts.join(', ')}`);
});

test('when two servers start first at once then the ledger is of one kind, and the other is refused', async ({
  one,
  two,
}) => {
  const ends = await Promise.allSettled([
    one.operation.bindLedgerKind('live'),
    two.operation.bindLedgerKind('sandbox'),
  ]);
  assert.equal(ends.map(({ status }) => status).sort(), ['fulfilled', 'rejected']);
  const refused = ends.find((end) => end.status === 'rejected');
  await rejects(Promise.reject(refused?.reason), fault('ledger_kind_wrong'));
});

test('when one server has seen a later moment then the other one hears of it', async ({ one, two }) => {
  await one.operation.witnessClock(T + 5);
  assert.is(await two.operation.witnessClock(T), T + 5);
});

test('when a copy of the database is asked for then its own tools are named', async ({ one }) => {
  await rejects(one.operation.copyTo(), fault('operation_unsupported'));
});

test.run();
