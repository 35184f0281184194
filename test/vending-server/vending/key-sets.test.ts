/** Key-change sets through the vending server, keyed into a meter (sts.md 7, 9.3, 10). */
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { bytesFromHex } from '../../../lib/hex.ts';
import { createTokenCipher } from '../../../lib/token/cipher.ts';
import { encodeToken } from '../../../lib/token/token.ts';
import type { MeterRequest } from '../../../vending-server/vending/register-meter.ts';
import { setWantedKey } from '../../../vending-server/vending/wanted-key.ts';
import { report } from '../../support/counts.ts';
import { readVectors } from '../../support/vectors.ts';
import {
  askForSet,
  buy,
  type Customer,
  codeOf,
  furnishKeys,
  houseWith,
  KEY,
  type KeyRecord,
  keyFolder,
  kindsOf,
  leave,
  newCustomer,
  openKeyHouse,
  V1,
  withKeys,
} from './key-house.ts';

const test = suite('key-change sets');

type Vector = ReturnType<typeof readVectors<'key-change'>>['tests'][number];

/** The keys of a set; the one that it leads to became active later, so that it is the current one. */
function recordsOf({ from, to, keyExpiry }: Vector): readonly KeyRecord[] {
  const before = { ...named(from), keyExpiry: 255 };
  const after = { ...named(to), keyExpiry, activeFrom: '2020-01-01T00:00:00Z' };
  const isOne = (['supplyGroupCode', 'keyRevision', 'keyType', 'baseDate'] as const).every(
    (name) => before[name] === after[name],
  );
  return isOne ? [{ ...before, keyExpiry }] : [before, after];
}

function named({ supplyGroupCode, keyRevision, keyType, baseDate, vendingKey }: Vector['from']) {
  return { ...KEY, supplyGroupCode, keyRevision, keyType, baseDate, vendingKey } as KeyRecord;
}

test('when an official set is asked for then its tokens are the published ones, and the meter is on the new key', async () => {
  const { tests, numberOfTests } = readVectors('key-change');
  let tokens = 0;
  for (const vector of tests) {
    const { comment, from, to } = vector;
    const records = recordsOf(vector);
    const house = await openKeyHouse(keyFolder(records), records);
    await furnishKeys(house);
    // On the day on which the new base date runs.
    if (to.baseDate === '35') house.clock.millis = Date.UTC(2036, 0, 1);
    const customer = await newCustomer(house, {
      ...(from as unknown as MeterRequest),
      meter: from.meterPan,
      storesSupplyGroup: vector.threeSections,
      ...METER_OF(from),
    });
    const { supplyGroupCode, tariffIndex } = to;
    await setWantedKey(house.vending, {
      meter: from.meterPan,
      wantedKey: { supplyGroupCode, tariffIndex },
    });
    const set = await askForSet(house, customer);
    assert.equal(
      set.tokens.map(({ tokenNo }) => tokenNo),
      vector.tokens.map(({ tokenNo }) => tokenNo),
      comment,
    );
    assert.is(set.keyChange?.rollOver, vector.rollOver);
    assert.is(customer.enterAll(set).at(-1), 'Accept', comment);
    assert.is(customer.state.decoderKey, to.decoderKey, comment);
    assert.is(customer.state.keyExpiry, vector.keyExpiry);
    assert.equal(customer.enterAll(await buy(house, customer)), ['Accept'], comment);
    tokens += set.tokens.length;
    await leave(house);
  }
  assert.is(tests.length, numberOfTests);
  report(
    `${numberOfTests} official sets through the server, ${tokens} tokens digit for digit, credit after each`,
  );
});

function METER_OF(from: Vector['from']): Omit<MeterRequest, 'meter'> {
  const { encryptionAlgorithm, decoderKeyAlgorithm, supplyGroupCode, tariffIndex } = from;
  const { keyRevision, keyType, baseDate } = from;
  const key = { supplyGroupCode, tariffIndex, keyRevision, keyType, baseDate };
  return { encryptionAlgorithm, decoderKeyAlgorithm, ...key, tariffId: 'home' } as Omit<
    MeterRequest,
    'meter'
  >;
}

function permutations<Item>(items: readonly Item[]): Item[][] {
  if (items.length <= 1) return [[...items]];
  return items.flatMap((item, index) =>
    permutations([...items.slice(0, index), ...items.slice(index + 1)]).map((rest) => [item, ...rest]),
  );
}

const NEXT = { ...KEY, keyRevision: 2, activeFrom: '2020-01-01T00:00:00Z' };

test('when a set of two, three or four is keyed in any order then the credit after it is taken, and not before', async () => {
  const { house } = await houseWith([KEY, NEXT]);
  let sets = 0;
  for (const more of [
    { encryptionAlgorithm: 7 },
    { encryptionAlgorithm: 7, storesSupplyGroup: true },
    { encryptionAlgorithm: 11 },
  ] as const) {
    const size = more.encryptionAlgorithm === 11 ? 4 : 'storesSupplyGroup' in more ? 3 : 2;
    const orders = permutations(Array.from({ length: size }, (_, index) => index));
    for (const order of orders) {
      const customer = await newCustomer(house, more);
      const sale = await buy(house, customer);
      const sections = sale.tokens.slice(0, size);
      assert.is(kindsOf(sale), `${sections.map((_, index) => `K${index + 1}`).join(' ')} C`);
      const credit = sale.tokens[size]?.tokenNo ?? '';
      assert.is(customer.enter(credit), 'CRCError', 'under the old key');
      const results = order.map((place) => customer.enter(sections[place]?.tokenNo ?? ''));
      assert.ok(results.slice(0, -1).every((result) => /KCT$/.test(result)));
      assert.is(results.at(-1), 'Accept');
      assert.is(customer.enter(credit), 'Accept');
      assert.is(customer.enter(credit), 'UsedError');
      assert.is(customer.state.supplyGroupCode, size === 2 ? '000000' : '201457');
      sets += 1;
    }
  }
  report(`${sets} orders of sections, the credit refused before and taken after each`);
  await leave(house);
});

/** Changes of one attribute of the key at a time, and of all. */
const CHANGES: readonly (readonly [
  name: string,
  next: Partial<KeyRecord> | undefined,
  wanted: { supplyGroupCode?: string; tariffIndex?: number },
  reasons: readonly string[],
])[] = [
  ['a new revision', { keyRevision: 2 }, {}, ['keyRevision']],
  ['a new tariff index', undefined, { tariffIndex: 2 }, ['tariffIndex']],
  ['a new supply group', { supplyGroupCode: '203557' }, { supplyGroupCode: '203557' }, ['supplyGroupCode']],
  [
    'a new revision with an earlier expiry',
    { keyRevision: 2, keyExpiry: 170 },
    {},
    ['keyRevision', 'keyExpiry'],
  ],
  [
    'everything at once',
    { supplyGroupCode: '203557', keyRevision: 9, keyExpiry: 200 },
    { supplyGroupCode: '203557', tariffIndex: 99 },
    ['supplyGroupCode', 'tariffIndex', 'keyRevision', 'keyExpiry'],
  ],
];

test('when any part of the key is new then the next sale changes it, and says why', async () => {
  for (const [name, next, wanted, reasons] of CHANGES) {
    const records =
      next === undefined ? [KEY] : [KEY, { ...KEY, activeFrom: '2020-01-01T00:00:00Z', ...next }];
    const { house, customer } = await houseWith(records, { keyExpiry: 255 });
    if (Object.keys(wanted).length > 0)
      await setWantedKey(house.vending, { meter: customer.drn, wantedKey: wanted });
    const sale = await buy(house, customer);
    assert.equal(sale.keyChange?.reasons, reasons, name);
    assert.is(kindsOf(sale), 'K1 K2 K3 K4 C', name);
    assert.is(customer.enterAll(sale).at(-1), 'Accept', name);
    assert.is(kindsOf(await buy(house, customer)), 'C', name);
    const { supplyGroupCode = '201457', tariffIndex = 1 } = wanted;
    const held = await house.store.findMeter(customer.meterPan);
    assert.equal(
      [held?.supplyGroupCode, held?.tariffIndex, held?.wantedKey],
      [supplyGroupCode, tariffIndex, null],
    );
    await leave(house);
  }
});

test('when only the expiry of the key is new then the meter is told it on the key that it has', async () => {
  // The meter is known to hold an earlier expiry than its vending key has by now.
  const { house, customer } = await houseWith([KEY], { keyExpiry: 110 });
  const sale = await buy(house, customer);
  assert.equal(sale.keyChange?.reasons, ['keyExpiry']);
  const before = customer.state.decoderKey;
  assert.is(customer.enterAll(sale).at(-1), 'Accept');
  assert.equal([customer.state.keyExpiry, customer.state.decoderKey], [255, before]);
  await leave(house);
});

/** A credit as somebody keeps it in a drawer: made outside of the server, under a key of the meter. */
function oldCredit({ state }: Customer, tidMinutes: number): string {
  const cipher = createTokenCipher(state.encryptionAlgorithm, bytesFromHex(state.decoderKey));
  return encodeToken({ kind: 'creditElectricity', tidMinutes, amountDeciKwh: 10, rnd: 1 }, cipher).tokenNo;
}

const BASE_93: KeyRecord = {
  ...KEY,
  baseDate: '93',
  activeFrom: '1993-01-01T00:00:00Z',
  issueUntil: '2025-05-31T00:00:00Z',
  vendingKey: V1,
};

test('when the base date of 1993 ends then meters roll over with their next sale, under DKGA02', async () => {
  const next = { ...BASE_93, baseDate: '14', keyRevision: 2, activeFrom: '2024-01-01T00:00:00Z' } as const;
  const old: Partial<MeterRequest> = { encryptionAlgorithm: 7, decoderKeyAlgorithm: 2, baseDate: '93' };
  const first = await houseWith([BASE_93], old);
  const { customer } = first;
  let { house } = first;
  house.clock.millis = Date.UTC(2023, 11, 31, 10);
  const sale = await buy(house, customer);
  assert.equal([kindsOf(sale), customer.enterAll(sale)], ['C', ['Accept']]);
  const drawer = await buy(house, customer);
  const early = await newCustomer(house, old);
  const late = await newCustomer(house, old);
  house.clock.millis = Date.UTC(2024, 0, 2);
  house = await withKeys(house, next);
  const rolled = await buy(house, customer);
  assert.equal(
    [kindsOf(rolled), rolled.keyChange?.rollOver, rolled.keyChange?.reasons],
    ['K1 K2 C', true, ['keyRevision', 'baseDate']],
  );
  assert.equal(customer.enterAll(rolled), ['1stKCT', 'Accept', 'Accept']);
  assert.equal([customer.state.baseDate, customer.state.keyRevision], ['14', 2]);
  // The memory of the meter is empty now: what was left in the drawer must not fit its new key.
  assert.equal(customer.enterAll(drawer), ['CRCError']);
  assert.equal(customer.enterAll(sale), ['CRCError']);
  assert.equal(customer.enterAll(await buy(house, customer)), ['Accept']);
  // The last minute of the base date, and beyond it: nothing is sold on it, and the set still is.
  house.clock.millis = Date.UTC(2024, 10, 24, 20, 15, 59);
  assert.is(kindsOf(await buy(house, early)), 'K1 K2 C');
  house.clock.millis = Date.UTC(2025, 0, 1);
  const overdue = await buy(house, late);
  assert.is(kindsOf(overdue), 'K1 K2 C');
  assert.equal(late.enterAll(overdue), ['1stKCT', 'Accept', 'Accept']);
  await leave(house);
});

test('when the base date of 1993 has ended and no later key is held then the sale is refused by name', async () => {
  const { house, customer } = await houseWith([{ ...BASE_93, issueUntil: '2030-01-01T00:00:00Z' }], {
    encryptionAlgorithm: 7,
    decoderKeyAlgorithm: 2,
    baseDate: '93',
  });
  house.clock.millis = Date.UTC(2024, 10, 24, 20, 15, 59);
  assert.equal(customer.enterAll(await buy(house, customer)), ['Accept']);
  house.clock.millis += 60_000;
  assert.is(await codeOf(buy(house, customer)), 'base_date_ended');
  await leave(house);
});

test('when the base date of 2014 ends then meters roll over, under DKGA04', async () => {
  const next: KeyRecord = { ...KEY, baseDate: '35', activeFrom: '2045-01-01T00:00:00Z' };
  for (const encryptionAlgorithm of [7, 11] as const) {
    const { house, customer } = await houseWith([KEY, next], { encryptionAlgorithm });
    house.clock.millis = Date.UTC(2044, 11, 31);
    const sale = await buy(house, customer);
    const drawer = await buy(house, customer);
    assert.equal([kindsOf(sale), customer.enterAll(sale)], ['C', ['Accept']]);
    const replay = oldCredit(customer, 20);
    house.clock.millis = Date.UTC(2045, 0, 2);
    const rolled = await buy(house, customer);
    // The same revision and tariff: DKGA04 knows the base date, so that the key is another one.
    assert.equal(rolled.keyChange?.reasons, ['baseDate']);
    assert.is(customer.enterAll(rolled).at(-1), 'Accept');
    assert.is(customer.state.baseDate, '35');
    assert.equal(customer.enterAll(drawer), ['CRCError']);
    assert.is(customer.enter(replay), 'CRCError');
    house.clock.millis = Date.UTC(2060, 0, 1);
    assert.equal(customer.enterAll(await buy(house, customer)), ['Accept']);
    await leave(house);
  }
});

test('when DKGA02 would give the same key on the next base date then no set is made, by itself or on request', async () => {
  const next: KeyRecord = { ...BASE_93, baseDate: '14', activeFrom: '2024-01-01T00:00:00Z' };
  const { house, customer } = await houseWith([BASE_93, next], {
    encryptionAlgorithm: 7,
    decoderKeyAlgorithm: 2,
    baseDate: '93',
  });
  house.clock.millis = Date.UTC(2024, 5, 1);
  assert.is(kindsOf(await buy(house, customer)), 'C');
  const error = await askForSet(house, customer).catch((e: unknown) => e);
  assert.match(String(error), /rollOverKeepsKey/);
  await leave(house);
});

test.run();
