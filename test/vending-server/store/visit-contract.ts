/** Visits of customers, since when a meter is whose it is, and the choice of being told: the part of the store contract. */
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { Store } from '../../../vending-server/store/contract.ts';
import type { CustomerRecord } from '../../../vending-server/store/customer-contract.ts';
import type { LowBalanceChoice, VisitRecord } from '../../../vending-server/store/visit-contract.ts';
import { wordsOf } from '../../../vending-server/vending/customer-words.ts';
import type { OpenedStore } from './store-contract.ts';
import {
  claimed,
  claimOf,
  furnish,
  hash,
  METER,
  OTHER_METER,
  recordOf,
  TestChain,
} from './store-fixtures.ts';

const { meterPan } = METER;
const AT = 1_700_000_100_000;
const MINUTE = 60_000;

const CUSTOMER: CustomerRecord = {
  meterPan,
  name: 'Customer Seven',
  addressLines: ['14 Main Road'],
  account: '700-1417',
  locationReference: null,
  reference: null,
  phone: '+27820000000',
  email: null,
  language: null,
  notify: false,
  updatedAt: AT,
};
const CHOICE: LowBalanceChoice = {
  meterPan,
  isTold: true,
  belowDeciKwh: 100,
  channel: 'sms',
  target: null,
  language: 'fr',
  byDay: true,
  changedAt: AT,
};

const put = (store: Store, customer: CustomerRecord) => store.customers.put(customer, wordsOf(customer));

function visitOf(secret: string, openedAt: number): VisitRecord {
  const sale = { meterPan, saleId: 'sale-a', soldAt: AT - MINUTE };
  return { visitHash: hash(secret), ...sale, openedAt, endsAt: openedAt + 30 * MINUTE };
}

export function visitContract(name: string, open: () => Promise<OpenedStore>): void {
  const test = suite<{ opened: OpenedStore }>(`visit contract: ${name}`);
  test.before.each(async (context) => {
    context.opened = await open();
    await furnish(context.opened.store, 100_000);
  });
  test.after.each(async ({ opened }) => {
    await opened.destroy();
  });

  test('a visit is found until it is ended, replaced or long over, also by the next server', async ({
    opened,
  }) => {
    const first = visitOf('first', AT);
    await opened.store.visits.open(first, null);
    const store = await opened.reopen();
    assert.equal(await store.visits.find(first.visitHash), first);
    const second = visitOf('second', AT + MINUTE);
    await store.visits.open(second, first.visitHash);
    assert.is(await store.visits.find(first.visitHash), undefined);
    await store.visits.open(visitOf('third', AT + 60 * MINUTE), null);
    assert.is(await store.visits.find(second.visitHash), undefined, 'what was over is forgotten');
    await store.visits.end(hash('third'));
    assert.is(await store.visits.find(hash('third')), undefined);
  });

  test('a meter is its customer\u2019s since it was registered for this person, whatever else is said of him', async ({
    opened: { store },
  }) => {
    const since = () => store.visits.heldSince(meterPan);
    assert.is(await since(), 0);
    await put(store, CUSTOMER);
    assert.is(await since(), AT);
    const same: Partial<CustomerRecord>[] = [
      { phone: '+27830000000' },
      { addressLines: ['2 Hill Road'], account: '8' },
      { reference: 'ID-7' },
      { reference: 'ID-7', name: 'Customer 7' },
    ];
    for (const [index, change] of same.entries()) {
      await put(store, { ...CUSTOMER, ...change, updatedAt: AT + 1 + index });
      assert.is(await since(), AT, JSON.stringify(change));
    }
    await put(store, { ...CUSTOMER, reference: 'ID-8', name: 'Customer 7', updatedAt: AT + 50 });
    assert.is(await since(), AT + 50, 'another reference is another person, also of the same name');
    await put(store, { ...CUSTOMER, name: 'Customer Nine', updatedAt: AT + 60 });
    assert.is(await since(), AT + 60);
    await put(store, { ...CUSTOMER, name: null, updatedAt: AT + 70 });
    assert.is(await since(), AT + 70);
    await put(store, { ...CUSTOMER, name: null, phone: null, updatedAt: AT + 80 });
    assert.is(await since(), AT + 70, 'an account alone is a person too');
    await put(store, { ...CUSTOMER, name: null, account: '9', updatedAt: AT + 90 });
    assert.is(await since(), AT + 90);
    assert.is(await store.visits.heldSince(OTHER_METER.meterPan), 0);
  });

  test('who leaves a meter leaves nothing to see behind: no visit, no choice, no purchase of before', async ({
    opened: { store },
  }) => {
    await put(store, CUSTOMER);
    const claim = await claimed(store, claimOf('a'));
    const record = recordOf(claim, new TestChain());
    await store.recordVend(claim, { ...record, history: { ...record.history, lastAt: AT + 500 } });
    await store.visits.open(visitOf('first', AT), null);
    await store.visits.putChoice(CHOICE);
    await put(store, { ...CUSTOMER, phone: null, updatedAt: AT + 1 });
    assert.ok(await store.visits.find(hash('first')), 'it is the same person');
    assert.equal(await store.visits.findChoice(meterPan), CHOICE);
    await store.visits.putChoice({ ...CHOICE, target: '+27840000000' });
    const low = {
      kind: 'balance.low',
      channel: 'sms',
      language: 'en',
      saleId: null,
      facts: '{}',
      createdAt: AT,
    } as const;
    await store.outbox.add([
      { ...low, notificationId: 'low_1', target: '+27840000000', dueAt: AT + 5 },
      { ...low, notificationId: 'low_2', target: '+27850000000', dueAt: AT + 7 },
    ]);
    assert.equal(await store.outbox.takeDue(AT, AT, 5), [], 'they wait for the day');
    assert.is(await store.outbox.nextDue(), AT + 5);
    assert.is(await store.customers.remove(meterPan), true);
    assert.is(await store.outbox.nextDue(), AT + 7, 'and nothing is told to who went');
    assert.is(await store.visits.find(hash('first')), undefined);
    assert.is(await store.visits.findChoice(meterPan), undefined);
    assert.is(await store.visits.heldSince(meterPan), AT + 501);
    await put(store, { ...CUSTOMER, name: 'Customer Nine', updatedAt: AT + 1000 });
    assert.is(await store.visits.heldSince(meterPan), AT + 1000);
  });

  test('a choice is kept and changed, and a report is told once in a while', async ({ opened }) => {
    const { visits } = opened.store;
    const told = { meterPan, requestId: 'r1', at: AT, pauseFrom: AT - 20 * MINUTE };
    assert.is(await visits.tellLowBalance(told), false, 'nobody has chosen');
    await visits.putChoice(CHOICE);
    const changed = { ...CHOICE, target: '+27840000000', byDay: false, belowDeciKwh: 55, changedAt: AT + 1 };
    await visits.putChoice(changed);
    const store = await opened.reopen();
    assert.equal(await store.visits.findChoice(meterPan), changed);
    assert.is(await store.visits.findChoice(OTHER_METER.meterPan), undefined);
    const tell = (requestId: string, minutes: number) =>
      store.visits.tellLowBalance({
        meterPan,
        requestId,
        at: AT + minutes * MINUTE,
        pauseFrom: AT + (minutes - 20) * MINUTE,
      });
    const many = await Promise.all(['r1', 'r2', 'r3', 'r4'].map((requestId) => tell(requestId, 0)));
    assert.is(many.filter(Boolean).length, 1, 'of several at once one is told');
    const [first] = ['r1', 'r2', 'r3', 'r4'].filter((_, index) => many[index]);
    assert.is(await tell(first ?? '', 5), true, 'the same report again');
    assert.is(await tell('r5', 6), false);
    assert.is(await tell('r5', 26), true, 'a while later');
    await store.visits.putChoice({ ...changed, byDay: true });
    assert.is(await tell('r6', 30), false, 'a new choice is no reason to be told again');
  });

  test('a receipt\u2019s number leads to its sale, and no other number does', async ({
    opened: { store },
  }) => {
    const chain = new TestChain();
    for (const requestId of ['a', 'b']) {
      const claim = await claimed(store, claimOf(requestId));
      await store.recordVend(claim, recordOf(claim, chain));
    }
    assert.is(await store.visits.saleOfReceipt('module-1', 1), 'sale-a');
    assert.is(await store.visits.saleOfReceipt('module-', 2), 'sale-b');
    assert.is(await store.visits.saleOfReceipt('module-1', 3), undefined);
    assert.is(await store.visits.saleOfReceipt('module-2', 1), undefined);
    assert.is(await store.visits.saleOfReceipt('%', 1), undefined);
  });

  test.run();
}
