/** What the outbox of every store must do, as a suite over an opener; the sale's own suite is store-contract.ts. */
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { NewNotification, WebhookRecord } from '../../../vending-server/store/outbox.ts';
import type { OpenedStore } from './store-contract.ts';
import { claimed, claimOf, furnish, hash, recordOf, TestChain } from './store-fixtures.ts';

const T = 1_700_000_000_000;

function message(notificationId: string, more: Partial<NewNotification> = {}): NewNotification {
  return {
    notificationId,
    kind: 'balance.low',
    channel: 'sms',
    target: '+254700000001',
    language: 'en',
    saleId: null,
    facts: '{"drn":"Ω"}',
    createdAt: T,
    ...more,
  };
}

export const WEBHOOK: WebhookRecord = {
  webhookId: 'whk_1',
  vendorId: 'shop',
  url: 'https://receiver.example/hook',
  secretGeneration: 1,
  secretDigest: hash('secret'),
  previousUntil: 0,
  isEnabled: true,
  createdAt: T,
};

const ALL = { vendorId: null, state: null, before: Number.MAX_SAFE_INTEGER, limit: 100 };

export function outboxContract(name: string, open: () => Promise<OpenedStore>): void {
  const test = suite<{ opened: OpenedStore }>(`outbox contract: ${name}`);
  test.before.each(async (context) => {
    context.opened = await open();
  });
  test.after.each(async ({ opened }) => {
    await opened.destroy();
  });

  test('when a sale carries messages then both are durable together, and a refused sale leaves none', async ({
    opened,
  }) => {
    await furnish(opened.store, 5000);
    const chain = new TestChain();
    const claim = await claimed(opened.store, claimOf('r1'));
    const of = (saleId: string) => [message('m1', { kind: 'sale.completed', saleId, facts: null })];
    await opened.store.recordVend(claim, { ...recordOf(claim, chain), notifications: of('sale-r1') });
    const other = await claimed(opened.store, claimOf('r2'));
    const broken = { ...recordOf(other, chain), soldAt: 0.5, notifications: [message('m2')] };
    const refused = await opened.store.recordVend(other, broken).then(
      () => false,
      () => true,
    );
    assert.ok(refused);
    const store = await opened.reopen();
    const held = await store.outbox.list(ALL);
    assert.equal(
      held.map(({ sequence: _sequence, ...rest }) => rest),
      [
        {
          ...message('m1', { kind: 'sale.completed', saleId: 'sale-r1', facts: null }),
          state: 'waiting',
          attempts: 0,
          dueAt: T,
          countedFrom: T,
          lastOutcome: null,
        },
      ],
    );
  });

  test('when a message is lent then nobody else gets it until its time is over, and each loan counts', async ({
    opened: { store },
  }) => {
    await store.outbox.add([message('m1'), message('m2', { createdAt: T + 10 }), message('m1')]);
    assert.is(await store.outbox.nextDue(), T);
    assert.equal(await store.outbox.takeDue(T - 1, T + 100, 10), []);
    const [first, ...none] = await store.outbox.takeDue(T, T + 100, 10);
    assert.equal([first?.notificationId, first?.attempts, none], ['m1', 1, []]);
    const both = await Promise.all([
      store.outbox.takeDue(T + 10, T + 200, 1),
      store.outbox.takeDue(T + 10, T + 200, 1),
    ]);
    assert.equal(
      both.flat().map(({ notificationId }) => notificationId),
      ['m2'],
    );
    assert.is(await store.outbox.nextDue(), T + 100);
    const [again] = await store.outbox.takeDue(T + 100, T + 300, 10);
    assert.equal([again?.notificationId, again?.attempts], ['m1', 2]);
  });

  test('when an attempt ends then it is delivered, waits, or is dead; an end told late changes nothing', async ({
    opened,
  }) => {
    const { outbox } = opened.store;
    await outbox.add(['d', 'w', 'x'].map((id) => message(id)));
    await outbox.takeDue(T, T + 100, 10);
    await outbox.delivered('d', T + 1);
    await outbox.failed('w', 'status_500', T + 50);
    await outbox.failed('x', 'gone', null);
    await outbox.failed('d', 'timed_out', null);
    await outbox.delivered('x', T + 2);
    const store = await opened.reopen();
    const rows = await store.outbox.list(ALL);
    assert.equal(
      rows.map(({ notificationId, state, lastOutcome }) => [notificationId, state, lastOutcome]),
      [
        ['x', 'dead', 'gone'],
        ['w', 'waiting', 'status_500'],
        ['d', 'delivered', 'delivered'],
      ],
    );
    assert.is(await store.outbox.nextDue(), T + 50);
    assert.equal((await store.outbox.list({ ...ALL, state: 'dead' })).length, 1);
    assert.equal(await store.outbox.resend('d', T + 9), false);
    assert.equal(await store.outbox.resend('x', T + 9), true);
    const sent = await store.outbox.find('x');
    assert.equal([sent?.state, sent?.dueAt, sent?.countedFrom, sent?.attempts], ['waiting', T + 9, T + 9, 0]);
    assert.is(await store.outbox.forgetDelivered(T + 1, 10), 0);
    assert.is(await store.outbox.forgetDelivered(T + 2, 10), 1);
    assert.is(await store.outbox.find('d'), undefined);
  });

  test('when a list is read page by page then every message stands in it once, the newest first', async ({
    opened: { store },
  }) => {
    await furnish(store, 0);
    await store.outbox.addWebhook(WEBHOOK);
    await store.outbox.addWebhook({ ...WEBHOOK, webhookId: 'whk_2', vendorId: null, createdAt: T + 1 });
    const ids = Array.from({ length: 25 }, (_, index) => `m${String(index).padStart(2, '0')}`);
    await store.outbox.add(
      ids.map((id, index) =>
        message(
          id,
          index % 5 === 0 ? { channel: 'webhook', target: index % 2 === 0 ? 'whk_1' : 'whk_2' } : {},
        ),
      ),
    );
    const seen: string[] = [];
    let before = ALL.before;
    for (;;) {
      const page = await store.outbox.list({ ...ALL, before, limit: 7 });
      if (page.length === 0) break;
      seen.push(...page.map(({ notificationId }) => notificationId));
      before = page.at(-1)!.sequence;
    }
    assert.equal(seen, [...ids].reverse());
    const own = await store.outbox.list({ ...ALL, vendorId: 'shop' });
    assert.equal(
      own.map(({ notificationId }) => notificationId),
      ['m20', 'm10', 'm00'],
    );
    assert.equal(await store.outbox.list({ ...ALL, vendorId: 'other' }), []);
  });

  test('when a webhook is added, changed and removed then it is so after a restart, and what waits is given up', async ({
    opened,
  }) => {
    await furnish(opened.store, 0);
    const { outbox } = opened.store;
    await outbox.addWebhook(WEBHOOK);
    const changed = {
      ...WEBHOOK,
      url: 'https://other.example/',
      secretGeneration: 2,
      previousUntil: T + 5,
      isEnabled: false,
    };
    assert.is(await outbox.putWebhook(changed), true);
    assert.is(await outbox.putWebhook({ ...changed, webhookId: 'none' }), false);
    await outbox.add([message('m1', { channel: 'webhook', target: 'whk_1' }), message('m2')]);
    const store = await opened.reopen();
    assert.equal(await store.outbox.webhooks(), [changed]);
    assert.equal(await store.outbox.findWebhook('whk_1'), changed);
    assert.is(await store.outbox.removeWebhook('whk_1'), true);
    assert.is(await store.outbox.removeWebhook('whk_1'), false);
    assert.equal(
      (await store.outbox.list({ ...ALL, state: 'dead' })).map(({ notificationId, lastOutcome }) => [
        notificationId,
        lastOutcome,
      ]),
      [['m1', 'webhook_removed']],
    );
  });

  test('when a receipt key is published then it stays as it was first, the oldest first', async ({
    opened,
  }) => {
    const { receiptKeys } = opened.store;
    const one = { keyId: '1'.repeat(16), publicKey: 'b25l', publishedAt: T + 1 };
    const zero = { keyId: '2'.repeat(16), publicKey: 'emVybw', publishedAt: T };
    await receiptKeys.publish(one);
    await receiptKeys.publish(zero);
    await receiptKeys.publish({ ...one, publicKey: 'other', publishedAt: 0 });
    const store = await opened.reopen();
    assert.equal(await store.receiptKeys.list(), [zero, one]);
    assert.equal(await store.receiptKeys.find(one.keyId), one);
    assert.is(await store.receiptKeys.find('0'.repeat(16)), undefined);
  });

  test.run();
}
