/** Customers, how they are found, and fault reports: the part of the store contract, over an opener like the rest. */
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { Store } from '../../../vending-server/store/contract.ts';
import type {
  CustomerRecord,
  FaultReportDraft,
  SearchPlace,
} from '../../../vending-server/store/customer-contract.ts';
import { wordsOf } from '../../../vending-server/vending/customer-words.ts';
import { count, report, seedOf } from '../../support/counts.ts';
import { SeededRandom } from '../security-module/module-fixtures.ts';
import type { OpenedStore } from './store-contract.ts';
import {
  claimed,
  claimOf,
  furnish,
  METER,
  METERS,
  OTHER_METER,
  recordOf,
  TestChain,
  VENDOR,
} from './store-fixtures.ts';

const { meterPan } = METER;
const AT = 1_700_000_100_000;

const THABO: CustomerRecord = {
  meterPan,
  name: 'Thabo Mokoéna-Dube',
  addressLines: ['14 Main Road', 'Zone 6', 'Soweto'],
  account: '700-1417',
  locationReference: 'Pole 88/B',
  reference: null,
  phone: '+27820000000',
  email: 'thabo@example.org',
  language: 'fr',
  notify: true,
  updatedAt: AT,
};

const put = (store: Store, customer: CustomerRecord) => store.customers.put(customer, wordsOf(customer));

/** All pages, one after the other. */
async function found(store: Store, beginnings: readonly string[], limit: number): Promise<string[]> {
  const pans: string[] = [];
  let after: SearchPlace | null = null;
  do {
    const page = await store.customers.search({ beginnings, after, limit });
    assert.ok(page.found.length <= limit);
    pans.push(...page.found.map(({ customer }) => customer.meterPan));
    after = page.next;
  } while (after !== null);
  return pans;
}

function draftOf(requestId: string, more: Partial<FaultReportDraft> = {}): FaultReportDraft {
  const what = { meterPan, kind: 'noSupply', text: 'dark since noon' } as const;
  return { vendorId: VENDOR.vendorId, requestId, ...what, reportedAt: AT, reportedBy: 'key:a', ...more };
}

const FIRST_NAMES = ['Anna', 'Anne', 'Annika', 'Zoë', 'Zoé', 'İpek', 'Öm', 'Bo', 'Łucja', 'Ntombi'];
const LAST_NAMES = ['Moyo', 'Mokoena', "M'Bala", 'Ndlovu', 'Nd', 'Straße', 'Ångström', 'van der Merwe'];
const ROADS = ['Main Road', 'Mainz Close', '12th Street', '1 Anna Way', 'Zone 6', 'Rue de la Paix'];
const PIECES = [
  'a',
  'an',
  'ann',
  'anna',
  'm',
  'mo',
  'mok',
  'main',
  '1',
  '12',
  '700',
  '7001',
  'zo',
  'zoe',
  'st',
];

export function customerContract(name: string, open: () => Promise<OpenedStore>): void {
  const test = suite<{ opened: OpenedStore }>(`customer contract: ${name}`);
  test.before.each(async (context) => {
    context.opened = await open();
    await furnish(context.opened.store, 100_000);
  });
  test.after.each(async ({ opened }) => {
    await opened.destroy();
  });

  test('a customer is written, changed and read again, also by the next server', async ({ opened }) => {
    const { store } = opened;
    assert.is(await store.customers.find(meterPan), undefined);
    assert.is(await put(store, { ...THABO, meterPan: '600727999999999999' }), 'meter_unknown');
    const results = await Promise.all(Array.from({ length: 8 }, () => put(store, THABO)));
    assert.equal(results.sort(), ['created', ...Array(7).fill('same')]);
    assert.is(await put(store, { ...THABO, updatedAt: AT + 1 }), 'same');
    assert.equal(await store.customers.find(meterPan), THABO, 'nothing was said anew');
    const moved = { ...THABO, addressLines: ['2 Hill Road'], account: null, updatedAt: AT + 2 };
    assert.is(await put(store, moved), 'changed');
    const again = await opened.reopen();
    assert.equal(await again.customers.find(meterPan), moved);
    assert.equal(await found(again, ['hill'], 5), [meterPan]);
    assert.equal(await found(again, ['soweto'], 5), [], 'words of before lead nowhere');
    const [only] = (await again.customers.search({ beginnings: ['thabo'], after: null, limit: 5 })).found;
    assert.equal(only, { customer: moved, drn: METER.drn });
  });

  test('a sale is told to the customer who agreed to it, and to no other', async ({ opened: { store } }) => {
    const contact = async (pan: string) =>
      (await store.viewForSale({ vendorId: VENDOR.vendorId, requestId: 'r', meterPan: pan })).contact;
    assert.is(await contact(meterPan), undefined);
    await put(store, THABO);
    await put(store, { ...THABO, meterPan: OTHER_METER.meterPan, notify: false });
    const { phone, email, language } = THABO;
    assert.equal(await contact(meterPan), { phone, email, language });
    assert.is(await contact(OTHER_METER.meterPan), undefined);
    await store.customers.remove(meterPan);
    assert.is(await contact(meterPan), undefined);
  });

  test('when a customer is erased then his words and the messages to him go too, and his purchases stay', async ({
    opened,
  }) => {
    const { store } = opened;
    await put(store, THABO);
    await put(store, { ...THABO, meterPan: OTHER_METER.meterPan, phone: '+27820000001', email: null });
    const claim = await claimed(store, claimOf('r1'));
    const of = (channel: 'sms' | 'email' | 'webhook', target: string) => {
      const what = { kind: 'sale.completed', saleId: 'sale-r1', facts: null, language: 'fr' } as const;
      return { ...what, notificationId: `n-${channel}-${target}`, channel, target, createdAt: AT };
    };
    const notifications = [
      of('sms', '+27820000000'),
      of('email', 'thabo@example.org'),
      of('sms', '+27820000001'),
      of('webhook', '+27820000000'),
    ];
    await store.recordVend(claim, { ...recordOf(claim, new TestChain()), notifications });
    assert.is(await store.customers.remove(meterPan), true);
    assert.is(await store.customers.remove(meterPan), false);
    const again = await opened.reopen();
    assert.is(await again.customers.find(meterPan), undefined);
    assert.equal(await found(again, ['thabo'], 5), [OTHER_METER.meterPan]);
    const left = await again.outbox.list({
      vendorId: null,
      state: null,
      before: Number.MAX_SAFE_INTEGER,
      limit: 10,
    });
    assert.equal(left.map(({ notificationId }) => notificationId).sort(), [
      'n-sms-+27820000001',
      'n-webhook-+27820000000',
    ]);
    assert.is((await again.findSaleByRequest(VENDOR.vendorId, 'r1'))?.saleId, 'sale-r1');
  });

  test('whoever is searched for by beginnings of words is found once, on one of the pages', async ({
    opened: { store },
  }) => {
    const random = new SeededRandom(seedOf(`customers on ${name}`));
    const oneOf = (list: readonly string[]) => list[random.below(list.length)] ?? '';
    const customers = METERS.map((meter): CustomerRecord => {
      const account = random.below(3) === 0 ? null : `700-${1000 + random.below(900)}`;
      const addressLines = Array.from({ length: random.below(3) }, () => oneOf(ROADS));
      const who = { name: `${oneOf(FIRST_NAMES)} ${oneOf(LAST_NAMES)}`, addressLines, account };
      return { ...THABO, ...who, meterPan: meter.meterPan, reference: oneOf(['', '12/700', 'Mo-9']) };
    });
    for (const customer of customers) await put(store, customer);
    const tries = count(600, 30);
    let hits = 0;
    for (let index = 0; index < tries; index += 1) {
      const own = customers.flatMap(wordsOf);
      const beginnings = Array.from({ length: 1 + random.below(3) }, () => {
        if (random.below(2) === 0) return oneOf(PIECES);
        const word = Array.from(oneOf(own));
        return word.slice(0, 1 + random.below(word.length)).join('');
      });
      const expected = customers.filter((customer) =>
        beginnings.every((beginning) => wordsOf(customer).some((word) => word.startsWith(beginning))),
      );
      const pans = await found(store, beginnings, 1 + random.below(20));
      assert.equal(pans.sort(), expected.map((customer) => customer.meterPan).sort(), beginnings.join());
      hits += pans.length;
    }
    assert.ok(hits > tries / 2);
    report(`${tries} searches of ${customers.length} customers, ${hits} found, as a plain look through all`);
  });

  test('a fault is reported once per request id, and another report under the same id is refused', async ({
    opened,
  }) => {
    const { faultReports } = opened.store;
    const results = await Promise.all(Array.from({ length: 8 }, () => faultReports.add(draftOf('f1'))));
    assert.equal(results.map(({ kind }) => kind).sort(), ['created', ...Array(7).fill('same')]);
    for (const more of [{ text: 'another' }, { kind: 'other' }, { meterPan: OTHER_METER.meterPan }] as const)
      assert.is((await faultReports.add(draftOf('f1', more))).kind, 'exists_with_different_request');
    const nowhere = draftOf('f2', { meterPan: '600727999999999999' });
    assert.is((await faultReports.add(nowhere)).kind, 'meter_unknown');
    const again = (await opened.reopen()).faultReports;
    const held = await again.add(draftOf('f1', { reportedAt: AT + 9 }));
    assert.is(held.kind === 'same' && held.report.reportedAt, AT);
    const list = await again.list({
      vendorId: null,
      meterPan: null,
      state: null,
      before: null,
      limit: 10,
    });
    assert.is(list.length, 1);
  });

  test('reports are listed the newest first, by vendor, state and pages, and change their state', async ({
    opened: { store },
  }) => {
    const { faultReports } = store;
    await store.putVendor({ ...VENDOR, vendorId: 'kiosk' });
    const ids: number[] = [];
    for (let index = 0; index < 9; index += 1) {
      const vendorId = index % 3 === 0 ? 'kiosk' : VENDOR.vendorId;
      const pan = index < 6 ? meterPan : OTHER_METER.meterPan;
      const added = await faultReports.add(draftOf(`f${index}`, { vendorId, meterPan: pan }));
      if (added.kind === 'created') ids.unshift(added.report.reportId);
    }
    assert.is(ids.length, 9);
    const change = { state: 'closed', note: 'mended', at: AT + 5, by: 'user:ann' } as const;
    assert.is(await faultReports.change({ ...change, reportId: 999_999 }), undefined);
    const closed = ids[2] ?? 0;
    const changed = await faultReports.change({ ...change, reportId: closed });
    assert.equal(
      [changed?.state, changed?.note, changed?.changedAt, changed?.changedBy],
      ['closed', 'mended', AT + 5, 'user:ann'],
    );
    assert.equal(await faultReports.find(closed), changed);
    const listed = async (filter: Partial<Parameters<typeof faultReports.list>[0]>) =>
      (
        await faultReports.list({
          vendorId: null,
          meterPan: null,
          state: null,
          before: null,
          limit: 50,
          ...filter,
        })
      ).map(({ reportId }) => reportId);
    const ofKiosk = ids.filter((_, index) => (8 - index) % 3 === 0);
    assert.equal(await listed({}), ids);
    assert.equal(await listed({ limit: 4 }), ids.slice(0, 4));
    assert.equal(await listed({ before: ids[3] ?? 0, limit: 4 }), ids.slice(4, 8));
    assert.equal(await listed({ vendorId: 'kiosk' }), ofKiosk);
    assert.equal(await listed({ state: 'closed' }), [closed]);
    assert.equal(
      await listed({ state: 'open' }),
      ids.filter((id) => id !== closed),
    );
    assert.equal(
      await listed({ vendorId: 'kiosk', state: 'closed' }),
      ofKiosk.includes(closed) ? [closed] : [],
    );
    assert.equal(await listed({ meterPan }), ids.slice(3));
    assert.equal(await listed({ meterPan, before: ids[4] ?? 0, limit: 2 }), ids.slice(5, 7));
    assert.equal(
      await listed({ meterPan, vendorId: 'kiosk' }),
      ofKiosk.filter((id) => ids.slice(3).includes(id)),
    );
    assert.equal(await listed({ meterPan: OTHER_METER.meterPan, state: 'closed' }), [closed]);
    assert.equal(await listed({ meterPan, state: 'closed' }), []);
  });

  test.run();
}
