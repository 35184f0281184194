/** Selling at the counter: payments in parts, currencies, cash and shifts, and what limits let through. */
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { AMOUNT_MAX } from '../../../lib/token/amount.ts';
import { ShiftAnswer } from '../../../vending-server/api/money-schemas.ts';
import { SaleAnswer } from '../../../vending-server/api/sale-schemas.ts';
import { chance } from '../../support/chance.ts';
import { count, report, seedOf } from '../../support/counts.ts';
import {
  METER_REQUEST,
  type Reply,
  startTestServer,
  TERMS,
  TestClock,
  type TestServer,
} from '../furnished.ts';
import { factoryState, keyIn, meterAt } from '../vending/utility.ts';

interface Context {
  at: TestServer;
  clock: TestClock;
  /** Keys of vendors by id. */
  keys: Map<string, string>;
}

const test = suite<Context>('selling at the counter over HTTP');

const BLOCKS = {
  ...TERMS,
  minimumMinor: 1,
  fixedCharges: [{ chargeId: 'basic', label: 'Basic', per: 'month', amountMinor: 1500, isTaxed: true }],
  energy: {
    kind: 'blocks',
    blocks: [
      { untilDeciKwh: 500, pricePerKwh: '1.8652' },
      { untilDeciKwh: null, pricePerKwh: '2.9104' },
    ],
  },
};
const flat = (currency: string, pricePerKwh: string, more: object = {}) => ({
  ...TERMS,
  currency,
  energy: { kind: 'flat', pricePerKwh },
  minimumMinor: 1,
  maximumMinor: 100_000_000,
  ...more,
});

test.before(async (context) => {
  context.clock = new TestClock();
  context.at = await startTestServer(50_000_000, { clock: context.clock });
  context.keys = new Map([['shop', context.at.vendorKey]]);
  const must = async (path: string, body: object) => {
    const reply = await context.at.call('POST', path, { key: context.at.operatorKey, body });
    assert.is(reply.status, 201, reply.text);
    return reply.body;
  };
  await must('/v1/tariffs', { tariffId: 'blocks', terms: BLOCKS });
  await must('/v1/tariffs', { tariffId: 'cheap', terms: flat('ZAR', '0.01') });
  await must('/v1/tariffs', { tariffId: 'ugx', terms: flat('UGX', '805') });
  await must('/v1/tariffs', { tariffId: 'kwd', terms: flat('KWD', '0.012') });
  const tariffs = ['blocks', 'blocks', 'cheap', 'ugx', 'kwd', 'home', 'home', 'home', 'home', 'home'];
  for (const [index, tariffId] of tariffs.entries()) {
    const { drn: meter, encryptionAlgorithm } = meterAt(index);
    await must('/v1/meters', { ...METER_REQUEST, meter, encryptionAlgorithm, tariffId });
  }
  for (const currency of ['UGX', 'KWD']) {
    const vendorId = currency.toLowerCase();
    const { apiKey } = await must('/v1/vendors', { vendorId, name: vendorId, currency });
    context.keys.set(vendorId, apiKey);
    const slip = { requestId: 'first', amountMinor: 1_000_000, currency, reference: 'slip' };
    await must(`/v1/vendors/${vendorId}/deposits`, slip);
  }
});
test.after(async ({ at }) => {
  await at.close();
});

/** @param place - of {@link meterAt}. */
function sellTo(
  { at, keys }: Context,
  requestId: string,
  place: number,
  more: Record<string, unknown> = {},
  vendorId = 'shop',
): Promise<Reply> {
  const { drn: meter } = meterAt(place);
  const body = { requestId, meter, paidMinor: 10_000, currency: 'ZAR', ...more };
  return at.call('POST', '/v1/sales', { key: keys.get(vendorId) ?? '', body });
}

const sumOf = (replies: readonly Reply[], of: (body: Reply['body']) => number) =>
  replies.reduce((sum, { body }) => sum + of(body), 0);

test('a payment in parts buys the units of one payment to the last 0.1 kWh, over a block and its charges', async (context) => {
  const draw = chance(seedOf('payments in parts'));
  const [whole, inParts] = [0, 1];
  const parts = Array.from({ length: count(200, 12) }, () => 1 + draw(3000));
  const paidMinor = parts.reduce((sum, part) => sum + part, 0);
  const one = await sellTo(context, 'whole', whole, { paidMinor });
  assert.is(one.status, 201, one.text);
  const replies: Reply[] = [];
  let refusedMinor = 0;
  for (const [index, part] of parts.entries()) {
    // What is too little for anything is refused, and is paid with the next part.
    const reply = await sellTo(context, `part${index}`, inParts, { paidMinor: part + refusedMinor });
    refusedMinor = reply.status === 201 ? 0 : refusedMinor + part;
    if (reply.status === 201) replies.push(reply);
    else assert.is(reply.body.code, 'payment_too_small');
  }
  if (refusedMinor > 0) throw new Error('the last part bought nothing: take another seed');
  assert.is(
    sumOf(replies, (body) => body.paidMinor),
    paidMinor,
  );
  assert.is(
    sumOf(replies, (body) => body.amountDeciKwh),
    one.body.amountDeciKwh,
  );
  assert.is(replies.at(-1)?.body.carriedMinor, one.body.carriedMinor);
  assert.is(replies.at(-1)?.body.month.unitsDeciKwh, one.body.month.unitsDeciKwh);
  for (const { body } of [one, ...replies]) {
    const lines = body.lines as { amountMinor: number; taxMinor: number }[];
    assert.is(
      lines.reduce((sum, { amountMinor, taxMinor }) => sum + amountMinor + taxMinor, 0),
      body.paidMinor,
    );
  }
  report(`${replies.length} payments: the energy of one of ${paidMinor}`);
});

test('more than a token carries comes as several, full ones first, and the meter takes each', async (context) => {
  const sold = await sellTo(context, 'much', 2, { paidMinor: 5_000_000 });
  assert.is(sold.status, 201, sold.text);
  SaleAnswer.parse(sold.body);
  const amounts = sold.body.tokens.map((token: { amountDeciKwh: number }) => token.amountDeciKwh);
  assert.equal([amounts.length, amounts[0], amounts[1]], [3, AMOUNT_MAX, AMOUNT_MAX]);
  const carried = amounts.reduce((sum: number, amount: number) => sum + amount, 0);
  assert.ok(carried >= sold.body.amountDeciKwh);
  const { results, creditDeciKwh } = keyIn(factoryState(meterAt(2)), sold.body);
  assert.equal([results, creditDeciKwh], [['Accept', 'Accept', 'Accept'], carried]);
});

test('money of 0 and of 3 digits is whole minor units, and one currency does not pay for another', async (context) => {
  const ugx = await sellTo(context, 'u1', 3, { paidMinor: 9258, currency: 'UGX' }, 'ugx');
  assert.equal([ugx.status, ugx.body.amountDeciKwh, ugx.body.paidMinor], [201, 100, 9258]);
  // 10 kWh at 0.012 and 15 % on top: 0.138 dinar.
  const kwd = await sellTo(context, 'k1', 4, { paidMinor: 138, currency: 'KWD' }, 'kwd');
  assert.equal([kwd.status, kwd.body.amountDeciKwh, kwd.body.paidMinor], [201, 100, 138]);
  const cases: readonly [number, string, string][] = [
    [3, 'ZAR', 'ugx'],
    [3, 'UGX', 'shop'],
    [4, 'UGX', 'ugx'],
    [5, 'UGX', 'ugx'],
  ];
  for (const [place, currency, vendorId] of cases) {
    const reply = await sellTo(context, 'x', place, { currency }, vendorId);
    assert.equal([reply.status, reply.body.code, reply.body.param], [422, 'currency_mismatch', 'currency']);
  }
  const { at, keys } = context;
  const text = await at.call('GET', `/v1/sales/${kwd.body.saleId}/receipt?format=text48`, {
    key: keys.get('kwd') ?? '',
  });
  assert.match(text.text, /KWD 0\.138/);
});

test('cash is rounded to coins and change is told; the shift expects what the drawer took', async (context) => {
  const { at } = context;
  const key = at.operatorKey;
  const rounding = await at.call('PUT', '/v1/settings/cashRounding.ZAR', { key, body: { value: '10' } });
  assert.is(rounding.status, 200, rounding.text);
  const open = (shiftId: string, tillId: string, operatorId: string) =>
    at.call('POST', '/v1/vendors/shop/shifts', { key: at.vendorKey, body: { shiftId, tillId, operatorId } });
  assert.is((await open('morning', 'till-1', 'sipho')).status, 201);
  const cash = { tender: 'cash', shiftId: 'morning' };
  const sales: readonly [Record<string, unknown>, object | null][] = [
    [
      { ...cash, paidMinor: 10_003, tenderedMinor: 10_050 },
      { roundingMinor: -3, tenderedMinor: 10_050, changeMinor: 50 },
    ],
    [
      { ...cash, paidMinor: 10_005, tenderedMinor: 10_010 },
      { roundingMinor: 5, tenderedMinor: 10_010, changeMinor: 0 },
    ],
    [
      { ...cash, paidMinor: 10_008 },
      { roundingMinor: 2, tenderedMinor: 10_010, changeMinor: 0 },
    ],
    [{ ...cash, paidMinor: 10_000 }, null],
    [{ ...cash, tender: 'card', paidMinor: 10_007 }, null],
  ];
  for (const [index, [more, told]] of sales.entries()) {
    const sold = await sellTo(context, `cash${index}`, 5, more);
    assert.is(sold.status, 201, sold.text);
    SaleAnswer.parse(sold.body);
    assert.equal(sold.body.cash, told);
    assert.equal([sold.body.operator, sold.body.terminal, sold.body.shiftId], ['sipho', 'till-1', 'morning']);
  }
  const refusals: readonly [Record<string, unknown>, string][] = [
    [{ ...cash, paidMinor: 10_005, tenderedMinor: 10_009 }, 'tendered_too_little'],
    [{ ...cash, shiftId: 'none' }, 'shift_unknown'],
    [{ ...cash, operatorId: 'thandi' }, 'shift_of_another'],
    [{ ...cash, tillId: 'till-2' }, 'shift_of_another'],
    [{ ...cash, tender: 'beads' }, 'request_malformed'],
  ];
  for (const [more, code] of refusals) assert.is((await sellTo(context, 'refused', 5, more)).body.code, code);
  const close = { countedMinor: 40_100 };
  const closed = await at.call('POST', '/v1/vendors/shop/shifts/morning/close', {
    key: at.vendorKey,
    body: close,
  });
  assert.is(closed.status, 200, closed.text);
  ShiftAnswer.parse(closed.body);
  const drawer = 10_000 + 10_010 + 10_010 + 10_000;
  assert.equal([closed.body.expectedMinor, closed.body.differenceMinor], [drawer, 40_100 - drawer]);
  assert.equal([closed.body.totals.all.sales, closed.body.totals.all.roundingMinor], [5, 4]);
  const tenders = closed.body.totals.rows.map((row: { tender: string; sales: number; paidMinor: number }) => [
    ...[row.tender, row.sales, row.paidMinor],
  ]);
  assert.equal(tenders.sort(), [
    ['card', 1, 10_007],
    ['cash', 4, 40_016],
  ]);
  assert.is((await sellTo(context, 'late', 5, cash)).body.code, 'shift_closed');
  // What was sold in it is answered again all the same.
  const again = await sellTo(context, 'cash0', 5, sales[0]?.[0]);
  assert.equal([again.status, again.headers.get('idempotent-replayed')], [201, 'true']);
});

test('of twenty at once a limit of the day lets through what it names, and the others are told and seen', async (context) => {
  const { at } = context;
  const key = at.operatorKey;
  const rule = {
    kind: 'dayLimit',
    effect: 'refuse',
    vendorId: 'shop',
    scope: 'operator',
    paidMinorMax: 5000,
  };
  assert.is((await at.call('PUT', '/v1/limit-rules/day', { key, body: rule })).status, 200);
  const replies = await Promise.all(
    Array.from({ length: 20 }, (_, index) =>
      sellTo(context, `limit${index}`, 5 + (index % 5), { paidMinor: 1000, operatorId: 'nomsa' }),
    ),
  );
  const sold = replies.filter(({ status }) => status === 201);
  const refused = replies.filter(({ body }) => body.code === 'limit_reached');
  assert.equal([sold.length, refused.length], [5, 15]);
  const [first] = refused;
  assert.equal([first?.status, first?.body.outcome, first?.body.retry], [409, 'none', 'never']);
  const free = await sellTo(context, 'other', 6, { paidMinor: 1000, operatorId: 'thandi' });
  assert.is(free.status, 201, 'another operator');
  const replay = await at.call('GET', `/v1/sales/${sold[0]?.body.saleId}`, { key: at.vendorKey });
  assert.is(replay.text, sold[0]?.text);
  const { alarms } = (await at.call('GET', '/v1/alarms?open=true', { key })).body;
  assert.ok(alarms.length > 0);
  assert.ok(
    alarms.every(
      (alarm: { ruleId: string; operatorId: string }) =>
        alarm.ruleId === 'day' && alarm.operatorId === 'nomsa',
    ),
  );
  context.clock.millis += 86_400_000;
  const next = await sellTo(context, 'next-day', 6, { paidMinor: 1000, operatorId: 'nomsa' });
  assert.is(next.status, 201, next.text);
  assert.is((await at.call('DELETE', '/v1/limit-rules/day', { key })).status, 200);
  report(`20 sales of 10.00 at once under a limit of 50.00: ${sold.length} sold, ${refused.length} refused`);
});

test('hours, speed and supply groups are refused by name, and an alarm alone lets the sale through', async (context) => {
  const { at } = context;
  const key = at.operatorKey;
  const put = async (ruleId: string, rule: object) => {
    const body = { vendorId: 'shop', ...rule };
    const reply = await at.call('PUT', `/v1/limit-rules/${ruleId}`, { key, body });
    assert.is(reply.status, 200, reply.text);
  };
  const drop = (ruleId: string) => at.call('DELETE', `/v1/limit-rules/${ruleId}`, { key });
  const sellNow = async (requestId: string) => {
    const { status, body } = await sellTo(context, requestId, 7, { paidMinor: 1000 });
    return status === 201 ? 'sold' : body.code;
  };
  await put('night', { kind: 'openHours', effect: 'refuse', fromMinute: 0, untilMinute: 60 });
  assert.is(await sellNow('h1'), 'hours_closed');
  await put('night', { kind: 'openHours', effect: 'alarm', fromMinute: 0, untilMinute: 60 });
  assert.is(await sellNow('h1'), 'sold');
  await drop('night');
  const fast = {
    kind: 'velocity',
    effect: 'refuse',
    scope: 'meter',
    closerThanMillis: 60_000,
    afterSales: 1,
  };
  await put('fast', fast);
  assert.is(await sellNow('v1'), 'limit_reached');
  context.clock.millis += 60_000;
  assert.is(await sellNow('v1'), 'sold');
  await drop('fast');
  const rights = '/v1/vendors/shop/supply-groups';
  await at.call('PUT', rights, { key, body: { supplyGroups: ['123456'] } });
  assert.is(await sellNow('g1'), 'supply_group_not_permitted');
  await at.call('PUT', rights, { key, body: { supplyGroups: null } });
  assert.is(await sellNow('g1'), 'sold');
});

test.run();
