/** When a set is issued: with a sale, on request or never; once per request id; and once more after one that nobody has seen. */
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { StsFault } from '../../../lib/faults.ts';
import { tokenDigest } from '../../../vending-server/ledger/chain.ts';
import { changeKey } from '../../../vending-server/vending/change-key.ts';
import { HOUSE_ID } from '../../../vending-server/vending/house.ts';
import { confirmKeyChange } from '../../../vending-server/vending/judge-key-change.ts';
import { lookUp } from '../../../vending-server/vending/look-up.ts';
import { openVendor } from '../../../vending-server/vending/open-vendor.ts';
import { recover } from '../../../vending-server/vending/recover.ts';
import { sell } from '../../../vending-server/vending/sell.ts';
import { trialSale } from '../../../vending-server/vending/trial-sale.ts';
import { setWantedKey } from '../../../vending-server/vending/wanted-key.ts';
import { report } from '../../support/counts.ts';
import { VENDOR_ID } from '../furnished.ts';
import {
  askForSet,
  bodyOf,
  buy,
  codeOf,
  houseWith,
  KEY,
  type KeyHouse,
  kindsOf,
  leave,
  newCustomer,
  openKeyHouse,
  refusalOf,
  setting,
} from './key-house.ts';

const test = suite('key changes, by themselves and on request');

const NEXT = { ...KEY, keyRevision: 2, activeFrom: '2026-11-01T00:00:00Z' };
const LATER = { ...KEY, keyRevision: 3, activeFrom: '2026-12-01T00:00:00Z' };

function sale({ drn: meter }: { drn: string }) {
  return { vendorId: VENDOR_ID, meter, paidMinor: 10_000, currency: 'ZAR' };
}

async function counterOf({ vending }: KeyHouse): Promise<number> {
  return (await vending.securityModule.identity()).counter;
}

test('when the policy is with-sale then the set comes with the next sale, and look-up and trial tell of it', async () => {
  const { house, customer } = await houseWith([KEY, NEXT]);
  const trial = await trialSale(house.vending, sale(customer));
  assert.equal([trial.keyChange?.sections, trial.keyChange?.reasons], [4, ['keyRevision']]);
  assert.is((await lookUp(house.vending, VENDOR_ID, customer.drn)).canVend, true);
  const first = await buy(house, customer);
  assert.equal([kindsOf(first), first.keyChange], ['K1 K2 K3 K4 C', trial.keyChange]);
  assert.is(first.meter.keyRevision, 2);
  assert.equal(customer.enterAll(first), ['1stKCT', '2ndKCT', '3rdKCT', 'Accept', 'Accept']);
  assert.equal(customer.enterAll(await buy(house, customer)), ['Accept']);
  await leave(house);
});

test('when the policy is on-request then sales go on under the old key until somebody asks', async () => {
  const { house, customer } = await houseWith([KEY, NEXT]);
  await setting(house, 'keyChange', 'on-request');
  const plain = await buy(house, customer);
  assert.equal([kindsOf(plain), customer.enterAll(plain)], ['C', ['Accept']]);
  const set = await askForSet(house, customer, { vendorId: VENDOR_ID });
  assert.equal([kindsOf(set), set.vendorId, set.paidMinor, set.lines], ['K1 K2 K3 K4', VENDOR_ID, 0, []]);
  assert.equal([set.kind, set.month, set.currency, set.operator], ['keyChange', null, 'ZAR', 'ann']);
  assert.is(customer.enterAll(set).at(-1), 'Accept');
  assert.equal(customer.enterAll(await buy(house, customer)), ['Accept']);
  await leave(house);
});

test('when the policy is never then no till gets a set, and an engineer does', async () => {
  const { house, customer } = await houseWith([KEY, NEXT]);
  await setting(house, 'keyChange', 'never');
  assert.is(kindsOf(await buy(house, customer)), 'C');
  assert.is(
    await refusalOf(askForSet(house, customer, { vendorId: VENDOR_ID })),
    'key_change_not_allowed: policy',
  );
  const set = await askForSet(house, customer);
  assert.equal([kindsOf(set), set.vendorId], ['K1 K2 K3 K4', HOUSE_ID]);
  assert.is(customer.enterAll(set).at(-1), 'Accept');
  assert.equal(customer.enterAll(await buy(house, customer)), ['Accept']);
  await leave(house);
});

test('when a set is not needed or not possible then the request is refused with the reason, and nothing changes', async () => {
  const { house, customer } = await houseWith([KEY]);
  const before = await counterOf(house);
  assert.is(await codeOf(askForSet(house, customer)), 'key_change_not_needed');
  assert.is(await codeOf(askForSet(house, { drn: '11111111113' })), 'meter_number_check_digit');
  assert.is(await codeOf(askForSet(house, { drn: '11111111115' })), 'meter_unknown');
  assert.is(await codeOf(askForSet(house, customer, { vendorId: 'nobody' })), 'vendor_unknown');
  assert.is(await counterOf(house), before);
  await leave(house);
});

test('when the same id asks again then it gets the same bytes for ever, from fifty at once too', async () => {
  const { house, customer } = await houseWith([KEY, NEXT]);
  const request = { vendorId: HOUSE_ID, requestId: 'order-7', meter: customer.drn };
  const answers = await Promise.all(Array.from({ length: 50 }, () => changeKey(house.vending, request)));
  assert.is(new Set(answers.map(({ sale: { responseBody } }) => responseBody)).size, 1);
  assert.is(answers.filter(({ replayed }) => !replayed).length, 1);
  assert.is(await counterOf(house), 4);
  const first = answers[0]!;
  house.clock.millis += 86_400_000 * 400;
  await buy(house, customer);
  await setting(house, 'keyChange', 'never');
  const again = await changeKey(house.vending, { ...request, meter: customer.meterPan, operatorId: 'ben' });
  assert.equal([again.replayed, again.sale.responseBody], [true, first.sale.responseBody]);
  const other = await newCustomer(house);
  assert.is(await codeOf(askForSet(house, other, { requestId: 'order-7' })), 'request_id_reused');
  // A sale is something else, and another vendor's ids are its own.
  assert.is(await codeOf(buy(house, customer, { requestId: 'order-7' })), 'done');
  const till = { ...request, vendorId: VENDOR_ID };
  assert.is(await codeOf(changeKey(house.vending, till)), 'request_id_reused');
  await leave(house);
});

test('when nobody has confirmed a set then a request gives the same digits once more, whichever key the meter holds', async () => {
  const { house, customer } = await houseWith([KEY, NEXT]);
  const lost = await buy(house, customer);
  const again = await askForSet(house, customer);
  assert.equal([kindsOf(again), again.keyChange?.reasons], ['K1 K2 K3 K4', []]);
  assert.equal(
    again.tokens.map(({ tokenNo }) => tokenNo),
    lost.tokens.slice(0, 4).map(({ tokenNo }) => tokenNo),
  );
  assert.is(customer.enterAll(again).at(-1), 'Accept');
  // The credit of the first sale is good once its set was keyed in.
  assert.is(customer.enter(lost.tokens[4]?.tokenNo ?? ''), 'Accept');
  const third = await askForSet(house, customer, { vendorId: VENDOR_ID });
  assert.ok(
    customer.enterAll(third).every((result) => result === 'CRCError'),
    'the meter is on the new key',
  );
  assert.equal(customer.enterAll(await buy(house, customer)), ['Accept']);
  const by = { meter: customer.drn, saleId: third.saleId, by: 'user:ann', vendorId: null };
  await confirmKeyChange(house.vending, by);
  assert.is(await codeOf(askForSet(house, customer)), 'key_change_not_needed');
  await leave(house);
});

for (const unconfirmed of ['assume', 'reissue'] as const) {
  test(`when sales ${unconfirmed} after a set then a meter that took it and one that did not are as the policy says`, async () => {
    const { house, customer } = await houseWith([KEY, NEXT]);
    await setting(house, 'keyChange.unconfirmed', unconfirmed);
    const careless = await newCustomer(house);
    const slips = [await buy(house, customer), await buy(house, careless)];
    assert.is(customer.enterAll(slips[0]!).at(-1), 'Accept');
    const next = await buy(house, customer);
    const lost = await buy(house, careless);
    if (unconfirmed === 'assume') {
      assert.equal([kindsOf(next), customer.enterAll(next)], ['C', ['Accept']]);
      assert.equal([kindsOf(lost), careless.enterAll(lost)], ['C', ['CRCError']]);
      // Until the first slip is found.
      assert.is(careless.enterAll(slips[1]!).at(-1), 'Accept');
      assert.equal(careless.enterAll(lost), ['Accept']);
    } else {
      assert.equal([kindsOf(next), kindsOf(lost)], ['K1 K2 K3 K4 C', 'K1 K2 K3 K4 C']);
      assert.equal(customer.enterAll(next), ['CRCError', 'CRCError', 'CRCError', 'CRCError', 'Accept']);
      assert.equal(careless.enterAll(lost), ['1stKCT', '2ndKCT', '3rdKCT', 'Accept', 'Accept']);
      // What came before it is good too.
      assert.is(careless.enter(slips[1]?.tokens[4]?.tokenNo ?? ''), 'Accept');
    }
    await leave(house);
  });
}

test('when the keys move on before a set was confirmed then requests give the old set until it is', async () => {
  const { house, customer } = await houseWith([KEY, NEXT, LATER]);
  const lost = await buy(house, customer);
  house.clock.millis = Date.parse('2026-12-02T00:00:00Z');
  const again = await askForSet(house, customer);
  assert.equal([again.keyChange?.to.keyRevision, again.keyChange?.reasons], [2, []]);
  assert.is(customer.enterAll(lost).at(-1), 'Accept');
  const by = { meter: customer.drn, saleId: lost.saleId, by: 'user:ann', vendorId: null };
  await confirmKeyChange(house.vending, by);
  const next = await askForSet(house, customer);
  assert.equal([next.keyChange?.to.keyRevision, next.keyChange?.reasons], [3, ['keyRevision']]);
  assert.is(customer.enterAll(next).at(-1), 'Accept');
  assert.equal(customer.enterAll(await buy(house, customer)), ['Accept']);
  await leave(house);
});

test('when something else is wanted since then a set that is given once more does not forget it', async () => {
  const { house, customer } = await houseWith([KEY, NEXT]);
  await buy(house, customer);
  await setWantedKey(house.vending, { meter: customer.drn, wantedKey: { tariffIndex: 5 } });
  const again = await askForSet(house, customer);
  assert.equal([again.keyChange?.to.keyRevision, again.keyChange?.to.tariffIndex], [2, 1]);
  const wanted = { supplyGroupCode: '201457', tariffIndex: 5 };
  assert.equal((await house.store.findMeter(customer.meterPan))?.wantedKey, wanted);
  customer.enterAll(again);
  const sold = await buy(house, customer);
  assert.equal([sold.keyChange?.reasons, sold.meter.tariffIndex], [['tariffIndex'], 5]);
  assert.is(customer.enterAll(sold).at(-1), 'Accept');
  await leave(house);
});

test('when a vendor has no right to the new supply group then it sells nothing there, and an engineer changes the key', async () => {
  const moved = { ...KEY, supplyGroupCode: '203557' };
  const { house, customer } = await houseWith([KEY, moved]);
  await openVendor(house.vending, { vendorId: 'north', name: 'North', currency: 'ZAR', creditLimitMinor: 0 });
  await house.store.limits.setSupplyGroups(VENDOR_ID, ['201457']);
  assert.is(kindsOf(await buy(house, customer)), 'C');
  await setWantedKey(house.vending, { meter: customer.drn, wantedKey: { supplyGroupCode: '203557' } });
  assert.is(await codeOf(buy(house, customer)), 'supply_group_not_permitted');
  assert.is(await codeOf(askForSet(house, customer, { vendorId: VENDOR_ID })), 'supply_group_not_permitted');
  assert.is(customer.enterAll(await askForSet(house, customer)).at(-1), 'Accept');
  await leave(house);
});

test('when the process dies between seal and commit then the sections are named, the record is as it was, and a retry sells', async () => {
  const started = await houseWith([KEY, NEXT]);
  const { customer } = started;
  let { house } = started;
  const down = () => Promise.reject(new StsFault('store_unavailable'));
  Object.assign(house.store, { recordVend: down, recordUnreleased: down });
  const request = { ...sale(customer), requestId: 'torn' };
  assert.is(await codeOf(sell(house.vending, request)), 'store_unavailable');
  assert.is(await counterOf(house), 5);
  const { clock, dataFolder, records } = house;
  for (const name of ['recordVend', 'recordUnreleased']) Reflect.deleteProperty(house.store, name);
  await house.close();
  // `recover` at the start names what the journal has and the ledger lacks.
  house = await openKeyHouse(dataFolder, records, { clock });
  const { moduleId } = await house.vending.securityModule.identity();
  const named = await house.store.entries(moduleId, 0, 100);
  assert.equal(
    named.map(({ state, statement, tidMinutes }) => [state, statement.split(' ')[0], tidMinutes === null]),
    [
      ['unreleased', 'keyChangeSection1', true],
      ['unreleased', 'keyChangeSection2', true],
      ['unreleased', 'keyChangeSection3Of4', true],
      ['unreleased', 'keyChangeSection4', true],
      ['unreleased', 'creditElectricity', false],
    ],
  );
  const held = await house.store.findMeter(customer.meterPan);
  assert.equal([held?.keyRevision, held?.issuedKeyChange], [1, null]);
  assert.equal(await house.store.keys.keyChanges(customer.meterPan, null, 10), []);
  const sold = bodyOf(await sell(house.vending, request));
  assert.is(kindsOf(sold), 'K1 K2 K3 K4 C');
  assert.is(customer.enterAll(sold).at(-1), 'Accept');
  // The sections have the digits of those that never left: asked about, they are the sold ones.
  for (const { tokenNo } of sold.tokens) {
    const entry = await house.store.findEntryByToken(tokenNo);
    assert.equal(
      [entry?.state, entry?.saleId, entry?.tokenDigest],
      ['released', sold.saleId, tokenDigest(tokenNo)],
    );
  }
  assert.is((await recover(house.vending)).unreleased, 0);
  assert.is(await counterOf(house), 10);
  report('5 tokens named after a crash, 5 sold by the retry');
  await leave(house);
});

test('when the disk takes no commit then the sections are named while the server runs, and nothing is changed', async () => {
  const { house, customer } = await houseWith([KEY, NEXT]);
  const { recordVend } = house.store;
  Object.assign(house.store, { recordVend: () => Promise.reject(new StsFault('store_unavailable')) });
  assert.is(await codeOf(askForSet(house, customer, { requestId: 'torn' })), 'store_unavailable');
  Reflect.deleteProperty(house.store, 'recordVend');
  assert.is(house.store.recordVend, recordVend);
  const { moduleId } = await house.vending.securityModule.identity();
  const states = (await house.store.entries(moduleId, 0, 10)).map(({ state }) => state);
  assert.equal(states, ['unreleased', 'unreleased', 'unreleased', 'unreleased']);
  assert.is((await house.store.findMeter(customer.meterPan))?.keyRevision, 1);
  assert.is(customer.enterAll(await askForSet(house, customer, { requestId: 'torn' })).at(-1), 'Accept');
  await leave(house);
});

test.run();
