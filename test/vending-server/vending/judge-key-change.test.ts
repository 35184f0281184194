/** What was seen of a meter after a set: the new key, or still the one before; and the way back that is never taken. */
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import {
  confirmKeyChange,
  keyChangesOf,
  revokeKeyChange,
} from '../../../vending-server/vending/judge-key-change.ts';
import { openDebt } from '../../../vending-server/vending/open-debt.ts';
import { sell } from '../../../vending-server/vending/sell.ts';
import { setWantedKey } from '../../../vending-server/vending/wanted-key.ts';
import { report } from '../../support/counts.ts';
import { VENDOR_ID } from '../furnished.ts';
import {
  askForSet,
  buy,
  type Customer,
  codeOf,
  houseWith,
  KEY,
  type KeyHouse,
  kindsOf,
  leave,
  newCustomer,
  nextRequest,
  refusalOf,
  setting,
  V1,
} from './key-house.ts';

const test = suite('what was seen after a key change');

const NEXT = { ...KEY, keyRevision: 2, activeFrom: '2026-11-01T00:00:00Z' };
const LATER = { ...KEY, keyRevision: 3, activeFrom: '2026-12-01T00:00:00Z' };
const AFTER_LATER = Date.parse('2026-12-02T00:00:00Z');

function seen({ drn: meter }: Customer, saleId: string, vendorId: string | null = null) {
  return { meter, saleId, by: 'user:ann', vendorId };
}

async function recordOf({ store }: KeyHouse, { meterPan }: Customer) {
  const record = await store.findMeter(meterPan);
  if (record === undefined) throw new Error('no meter');
  return record;
}

async function versionOf({ store }: KeyHouse, { meterPan }: Customer): Promise<number> {
  return (await store.findPurchases(meterPan)).version;
}

test('when a set is confirmed then it is given no more, and who has seen the meter stands with it for ever', async () => {
  const { house, customer } = await houseWith([KEY, NEXT]);
  await setting(house, 'keyChange.unconfirmed', 'reissue');
  const { saleId } = await buy(house, customer);
  assert.is((await recordOf(house, customer)).issuedKeyChange?.saleId, saleId);
  const version = await versionOf(house, customer);
  const confirmed = await confirmKeyChange(house.vending, seen(customer, saleId, VENDOR_ID));
  assert.equal([confirmed.confirmedAt, confirmed.confirmedBy], [house.clock.millis, 'user:ann']);
  assert.is((await recordOf(house, customer)).issuedKeyChange, null);
  assert.is(await versionOf(house, customer), version + 1);
  house.clock.millis += 60_000;
  const again = await confirmKeyChange(house.vending, { ...seen(customer, saleId), by: 'user:ben' });
  assert.equal([again.confirmedAt, again.confirmedBy], [confirmed.confirmedAt, 'user:ann']);
  assert.is(await versionOf(house, customer), version + 1, 'a second time changes nothing');
  assert.is(kindsOf(await buy(house, customer)), 'C');
  const [row] = await keyChangesOf(house.vending, { meter: customer.drn, before: null, limit: 10 });
  assert.equal([row?.saleId, row?.vendorId, row?.confirmedBy], [saleId, VENDOR_ID, 'user:ann']);
  await leave(house);
});

test('when the same set was given again then seeing the key confirms the last of them too', async () => {
  const { house, customer } = await houseWith([KEY, NEXT]);
  await setting(house, 'keyChange.unconfirmed', 'reissue');
  const first = await buy(house, customer);
  await buy(house, customer);
  const last = await buy(house, customer);
  await confirmKeyChange(house.vending, seen(customer, first.saleId));
  assert.is((await recordOf(house, customer)).issuedKeyChange, null);
  const rows = await keyChangesOf(house.vending, { meter: customer.drn, before: null, limit: 10 });
  assert.equal(
    rows.map(({ saleId, confirmedAt }) => [saleId === last.saleId, confirmedAt !== null]),
    [
      [true, true],
      [false, false],
      [false, true],
    ],
  );
  // A set before the last one says nothing of the last one.
  house.clock.millis = AFTER_LATER;
  await leave(house);
});

test('when an earlier set is confirmed then a later one still waits', async () => {
  const { house, customer } = await houseWith([KEY, NEXT, LATER]);
  const first = await buy(house, customer);
  house.clock.millis = AFTER_LATER;
  const second = await buy(house, customer);
  await confirmKeyChange(house.vending, seen(customer, first.saleId));
  assert.is((await recordOf(house, customer)).issuedKeyChange?.saleId, second.saleId);
  await leave(house);
});

test('when a set is none of the meter or of the vendor then it tells nothing', async () => {
  const { house, customer } = await houseWith([KEY, NEXT]);
  const other = await newCustomer(house);
  const { saleId } = await buy(house, customer);
  const plain = await buy(house, customer);
  for (const sighting of [
    seen(other, saleId),
    seen(customer, 'sale_none'),
    seen(customer, plain.saleId),
    seen(customer, saleId, 'rival'),
  ]) {
    assert.is(await codeOf(confirmKeyChange(house.vending, sighting)), 'key_change_unknown');
    assert.is(await codeOf(revokeKeyChange(house.vending, sighting)), 'key_change_unknown');
  }
  assert.is(
    await codeOf(confirmKeyChange(house.vending, { ...seen(customer, saleId), meter: '11111111115' })),
    'meter_unknown',
  );
  await leave(house);
});

test('when the meter still holds the old key then its record goes back, and the next sale gives the set again', async () => {
  const { house, customer } = await houseWith([KEY, NEXT]);
  const before = await recordOf(house, customer);
  const lost = await askForSet(house, customer);
  const version = await versionOf(house, customer);
  const taken = await revokeKeyChange(house.vending, seen(customer, lost.saleId));
  assert.equal([taken.revokedAt, taken.revokedBy], [house.clock.millis, 'user:ann']);
  // What was not known of the meter before is: it holds the expiry of its vending key.
  assert.equal(await recordOf(house, customer), { ...before, keyExpiry: 255 });
  assert.is(await versionOf(house, customer), version + 1);
  await revokeKeyChange(house.vending, { ...seen(customer, lost.saleId), by: 'user:ben' });
  assert.is(await versionOf(house, customer), version + 1, 'a second time changes nothing');
  assert.is(await codeOf(confirmKeyChange(house.vending, seen(customer, lost.saleId))), 'key_change_revoked');
  await setting(house, 'keyChange', 'on-request');
  const plain = await buy(house, customer);
  assert.equal([kindsOf(plain), customer.enterAll(plain)], ['C', ['Accept']], 'under the old key');
  await setting(house, 'keyChange', 'with-sale');
  const again = await buy(house, customer);
  assert.equal([kindsOf(again), again.keyChange?.reasons], ['K1 K2 K3 K4 C', ['keyRevision']]);
  assert.is(customer.enterAll(again).at(-1), 'Accept');
  await leave(house);
});

test('when a set came with credit and was never keyed in then it can be taken back, and both are good after the next set', async () => {
  const { house, customer } = await houseWith([KEY, NEXT]);
  const lost = await buy(house, customer);
  await confirmKeyChange(house.vending, seen(customer, lost.saleId, VENDOR_ID)); // a till that meant well
  await revokeKeyChange(house.vending, seen(customer, lost.saleId));
  const again = await buy(house, customer);
  assert.is(customer.enterAll(again).at(-1), 'Accept');
  assert.is(customer.enter(lost.tokens[4]?.tokenNo ?? ''), 'Accept');
  await leave(house);
});

test('when anything was issued since then only the same set leads on, and it is refused to go back', async () => {
  const { house, customer } = await houseWith([KEY, NEXT, LATER]);
  const first = await buy(house, customer);
  const second = await buy(house, customer);
  assert.is(kindsOf(second), 'C');
  assert.is(await codeOf(revokeKeyChange(house.vending, seen(customer, first.saleId))), 'key_change_used');
  const again = await askForSet(house, customer);
  // The set was given again, and in between there was credit under the new key.
  assert.is(await codeOf(revokeKeyChange(house.vending, seen(customer, again.saleId))), 'key_change_used');
  house.clock.millis = AFTER_LATER;
  const later = await buy(house, customer);
  assert.is(await codeOf(revokeKeyChange(house.vending, seen(customer, first.saleId))), 'key_change_used');
  const held = await recordOf(house, customer);
  assert.equal([held.keyRevision, held.issuedKeyChange?.saleId], [3, later.saleId]);
  await leave(house);
});

test('when a set was given twice in a row then both are taken back together', async () => {
  const { house, customer } = await houseWith([KEY, NEXT]);
  const first = await askForSet(house, customer);
  await openDebt(house.vending, {
    debtId: nextRequest(),
    meter: customer.drn,
    label: 'Bill',
    amountMinor: 5,
    currency: 'ZAR',
    recovery: { kind: 'all' },
  });
  const second = await askForSet(house, customer);
  assert.is(await codeOf(revokeKeyChange(house.vending, seen(customer, first.saleId))), 'key_change_used');
  await revokeKeyChange(house.vending, seen(customer, second.saleId));
  const rows = await keyChangesOf(house.vending, { meter: customer.drn, before: null, limit: 10 });
  assert.equal(
    rows.map(({ revokedBy }) => revokedBy),
    ['user:ann', 'user:ann'],
  );
  assert.equal((await house.store.keys.keysHeld([customer.meterPan])).size, 0);
  assert.is((await recordOf(house, customer)).keyRevision, 1);
  await leave(house);
});

test('when two sets were never keyed in then the last is taken back first, and the one before it waits again', async () => {
  const { house, customer } = await houseWith([KEY, NEXT, LATER]);
  const first = await askForSet(house, customer);
  house.clock.millis = AFTER_LATER;
  const second = await buy(house, customer);
  assert.equal([second.keyChange?.from.keyRevision, second.keyChange?.to.keyRevision], [2, 3]);
  await revokeKeyChange(house.vending, seen(customer, second.saleId));
  const held = await recordOf(house, customer);
  assert.equal([held.keyRevision, held.issuedKeyChange?.saleId], [2, first.saleId]);
  // The first one cannot be taken back any more, because sections were made under its key; it is given once more.
  assert.is(await codeOf(revokeKeyChange(house.vending, seen(customer, first.saleId))), 'key_change_used');
  const again = await askForSet(house, customer);
  assert.is(again.keyChange?.to.keyRevision, 2);
  assert.is(customer.enterAll(again).at(-1), 'Accept');
  assert.is(customer.enterAll(await buy(house, customer)).at(-1), 'Accept');
  assert.is(customer.state.keyRevision, 3);
  await leave(house);
});

test('when what led to a set was wanted then it is wanted again after it was taken back, unless something else is', async () => {
  const { house, customer } = await houseWith([KEY]);
  const want = (tariffIndex: number) =>
    setWantedKey(house.vending, { meter: customer.drn, wantedKey: { tariffIndex } });
  const wantedNow = async () => (await recordOf(house, customer)).wantedKey?.tariffIndex;
  await want(4);
  const lost = await askForSet(house, customer);
  assert.is(await wantedNow(), undefined);
  await revokeKeyChange(house.vending, seen(customer, lost.saleId));
  assert.is(await wantedNow(), 4);
  const again = await askForSet(house, customer);
  await want(5);
  await revokeKeyChange(house.vending, seen(customer, again.saleId));
  assert.is(await wantedNow(), 5);
  const third = await askForSet(house, customer);
  await want(1); // as before all of them
  await revokeKeyChange(house.vending, seen(customer, third.saleId));
  assert.is(await wantedNow(), undefined);
  await leave(house);
});

test('when a key was held before then no set leads back to it, by itself or on request', async () => {
  const { house, customer } = await houseWith([KEY]);
  const want = (tariffIndex: number) =>
    setWantedKey(house.vending, { meter: customer.drn, wantedKey: { tariffIndex } });
  await want(2);
  const there = await buy(house, customer);
  assert.is(customer.enterAll(there).at(-1), 'Accept');
  await confirmKeyChange(house.vending, seen(customer, there.saleId));
  await want(1);
  const plain = await buy(house, customer);
  assert.equal(
    [kindsOf(plain), customer.enterAll(plain)],
    ['C', ['Accept']],
    'sales go on under the present key',
  );
  assert.is(await refusalOf(askForSet(house, customer)), 'key_change_not_allowed: keyHeldBefore');
  await want(3);
  assert.is(customer.enterAll(await buy(house, customer)).at(-1), 'Accept');
  await want(2);
  assert.is(kindsOf(await buy(house, customer)), 'C');
  await leave(house);
});

test('when a roll-over under DKGA02 lies between then the revision of old leads back to the old key, and is refused', async () => {
  const dkga02 = { ...KEY, baseDate: '93', activeFrom: '1993-01-01T00:00:00Z', vendingKey: V1 } as const;
  const rolled = { ...dkga02, baseDate: '14', keyRevision: 2, activeFrom: '2024-01-01T00:00:00Z' } as const;
  const back = { ...dkga02, baseDate: '14', keyRevision: 1, activeFrom: '2026-01-01T00:00:00Z' } as const;
  const meter = { encryptionAlgorithm: 7, decoderKeyAlgorithm: 2, baseDate: '93' } as const;
  const { house, customer } = await houseWith([dkga02, rolled, back], meter);
  house.clock.millis = Date.UTC(2023, 5, 1);
  const drawer = await buy(house, customer);
  assert.is(kindsOf(drawer), 'C');
  house.clock.millis = Date.UTC(2025, 5, 1);
  const there = await buy(house, customer);
  assert.equal([there.keyChange?.rollOver, customer.enterAll(there).at(-1)], [true, 'Accept']);
  house.clock.millis = Date.UTC(2026, 5, 1);
  const plain = await buy(house, customer);
  assert.equal([kindsOf(plain), customer.enterAll(plain)], ['C', ['Accept']]);
  await confirmKeyChange(house.vending, seen(customer, there.saleId));
  assert.is(await refusalOf(askForSet(house, customer)), 'key_change_not_allowed: keyHeldBefore');
  // What would have happened: the token in the drawer, never keyed in on the first base date, is one of that key.
  assert.equal(customer.enterAll(drawer), ['CRCError']);
  await leave(house);
});

test('when nothing is to change then a sale looks up no history', async () => {
  const { house, customer } = await houseWith([KEY, LATER]);
  let looks = 0;
  const { keysHeld } = house.store.keys;
  Object.assign(house.store.keys, {
    keysHeld: (...asked: Parameters<typeof keysHeld>) => {
      looks += 1;
      return keysHeld.apply(house.store.keys, asked);
    },
  });
  for (let sold = 0; sold < 5; sold += 1) await buy(house, customer);
  assert.is(looks, 0);
  house.clock.millis = AFTER_LATER;
  assert.is(kindsOf(await buy(house, customer)), 'K1 K2 K3 K4 C');
  assert.is(looks, 1);
  await buy(house, customer);
  assert.is(looks, 1);
  report('7 sales, 1 look at the history of a meter: that of the sale with the set');
  await leave(house);
});

test('when a meter is sold to while it is judged then neither is lost', async () => {
  const { house, customer } = await houseWith([KEY, NEXT]);
  await setting(house, 'keyChange.unconfirmed', 'reissue');
  let fulfilled = 0;
  for (let round = 0; round < 20; round += 1) {
    const meter = await newCustomer(house);
    const { saleId } = await askForSet(house, meter);
    const sellIt = () => sell(house.vending, { ...SALE, requestId: nextRequest(), meter: meter.drn });
    const judgeIt = () =>
      (round % 2 === 0 ? confirmKeyChange : revokeKeyChange)(house.vending, seen(meter, saleId));
    const acts = round % 3 === 0 ? [judgeIt, sellIt] : [sellIt, judgeIt];
    const fates = await Promise.allSettled<unknown>(acts.map((act) => act()));
    const held = await recordOf(house, meter);
    const rows = await keyChangesOf(house.vending, { meter: meter.drn, before: null, limit: 10 });
    const last = rows.find(({ revokedAt }) => revokedAt === null);
    fulfilled += fates.filter(({ status }) => status === 'fulfilled').length;
    assert.is(held.keyRevision, last === undefined ? 1 : 2);
    assert.is(held.issuedKeyChange?.saleId ?? null, last?.confirmedAt === null ? last.saleId : null);
  }
  assert.is(customer.state.keyRevision, 1);
  report(`20 meters judged while they were sold to, ${fulfilled} of 40 acts done, records and sets agree`);
  await leave(house);
});

const SALE = { vendorId: VENDOR_ID, paidMinor: 10_000, currency: 'ZAR' };

test.run();
