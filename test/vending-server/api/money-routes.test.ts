import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import * as schemas from '../../../vending-server/api/money-schemas.ts';
import { DEFAULT_LIMITS } from '../../../vending-server/config.ts';
import { startTestServer, TestClock, type TestServer } from '../furnished.ts';
import { hire, type Person } from '../people/office.ts';

interface Context {
  at: TestServer;
  clock: TestClock;
  sipho: Person;
  bongi: Person;
}

const test = suite<Context>("the vendors' money over HTTP");
const FLOAT = 100_000;

test.before(async (context) => {
  context.clock = new TestClock();
  context.at = await startTestServer(FLOAT, { clock: context.clock });
  context.sipho = await hire(context.at, 'sipho', ['seller'], 'shop');
  context.bongi = await hire(context.at, 'bongi', ['supervisor'], 'shop');
});
test.after(async ({ at }) => {
  await at.close();
});

test('a statement pages through every movement, newest first, each balance from the next', async ({
  at,
  bongi,
  sipho,
}) => {
  for (let i = 0; i < 5; i += 1) assert.is((await at.sell(`st${i}`, { paidMinor: 1000 + i })).status, 201);
  const entries: { balanceMinor: number; amountMinor: number; kind: string }[] = [];
  let query = '?limit=2';
  for (;;) {
    const page = await bongi.call('GET', `/v1/vendors/shop/statement${query}`);
    schemas.StatementAnswer.parse(page.body);
    entries.push(...page.body.entries);
    if (page.body.next === null) break;
    query = `?limit=2&before=${page.body.next}`;
  }
  assert.equal(
    entries.map(({ kind }) => kind),
    ['sale', 'sale', 'sale', 'sale', 'sale', 'deposit'],
  );
  for (const [index, { balanceMinor, amountMinor }] of entries.entries()) {
    assert.is(balanceMinor - amountMinor, entries[index + 1]?.balanceMinor ?? 0);
  }
  assert.is((await sipho.call('GET', '/v1/vendors/shop/statement')).status, 403);
  assert.is((await bongi.call('GET', '/v1/vendors/other/statement')).status, 403);
  for (const wrong of ['?limit=0', '?limit=201', '?before=-1', '?before=x', '?page=2']) {
    const reply = await bongi.call('GET', `/v1/vendors/shop/statement${wrong}`);
    assert.equal([reply.status, reply.body.code], [400, 'request_malformed'], wrong);
  }
});

test('a shift is one at a till and one of an operator, closed by himself or his supervisor', async ({
  at,
  bongi,
  sipho,
}) => {
  const open = (person: Person, shiftId: string, tillId: string, more: object = {}) =>
    person.call('POST', '/v1/vendors/shop/shifts', { shiftId, tillId, ...more });
  const first = await open(sipho, 'morning', 'till-1');
  assert.is(first.status, 201);
  schemas.ShiftAnswer.parse(first.body);
  assert.is(first.body.shift.operatorId, 'sipho');
  assert.is((await open(sipho, 'morning', 'till-1')).status, 200);
  assert.is((await open(sipho, 'morning', 'till-2')).body.code, 'request_id_reused');
  assert.is((await open(sipho, 'evening', 'till-2')).body.code, 'shift_open');
  assert.is((await open(bongi, 'hers', 'till-1')).body.code, 'shift_open');
  assert.is((await open(bongi, 'hers', 'till-2', { operatorId: 'sipho' })).body.code, 'permission_denied');
  assert.is((await open(bongi, 'hers', 'till-2')).status, 201);
  const machine = await at.call('POST', '/v1/vendors/shop/shifts', {
    key: at.vendorKey,
    body: { shiftId: 'm', tillId: 'till-3' },
  });
  assert.is(machine.body.param, 'operatorId');
  const close = (person: Person, shiftId: string, countedMinor: number | null) =>
    person.call('POST', `/v1/vendors/shop/shifts/${shiftId}/close`, { countedMinor });
  assert.is((await close(sipho, 'hers', 0)).body.code, 'permission_denied');
  const closed = await close(bongi, 'morning', 500);
  assert.equal([closed.status, closed.body.differenceMinor], [200, 500]);
  const again = await close(bongi, 'morning', 700);
  assert.is(again.body.shift.countedMinor, 500, 'closed as it was');
  assert.is((await open(sipho, 'evening', 'till-1')).status, 201);
  assert.is((await bongi.call('GET', '/v1/vendors/shop/shifts/none')).body.code, 'shift_unknown');
});

test('a batch has its totals, and a reversal, a credit limit and a commission are asked for and paid', async ({
  at,
  bongi,
  clock,
}) => {
  const key = at.operatorKey;
  const body = { batchId: 'b1', kind: 'banking', reference: 'bank slip 7' };
  const batch = await bongi.call('POST', '/v1/vendors/shop/batches', body);
  assert.is(batch.status, 201);
  schemas.BatchAnswer.parse(batch.body);
  assert.is(batch.body.totals.all.sales, 5);
  assert.is(
    (await bongi.call('POST', '/v1/vendors/shop/batches', { ...body, batchId: 'b2' })).body.code,
    'batch_empty',
  );
  const found = await bongi.call('GET', '/v1/vendors/shop/batches/banking/b1');
  assert.equal(found.body, batch.body);
  assert.is((await bongi.call('GET', '/v1/vendors/shop/batches/sales/b1')).body.code, 'batch_unknown');
  const list = await bongi.call('GET', '/v1/vendors/shop/batches?kind=banking');
  schemas.BatchesAnswer.parse(list.body);
  assert.is(list.body.batches.length, 1);

  const reversal = '/v1/vendors/shop/deposits/first/reversal';
  const refused = await at.call('POST', reversal, { key, body: {} });
  assert.is(refused.body.code, 'float_exhausted');
  const put = await at.call('PUT', '/v1/vendors/shop/credit-limit', {
    key,
    body: { creditLimitMinor: 9000 },
  });
  assert.equal([put.status, put.body], [200, { vendorId: 'shop', creditLimitMinor: 9000 }]);
  const taken = await at.call('POST', reversal, { key, body: { reason: 'bounced' } });
  schemas.FloatAnswer.parse(taken.body);
  assert.equal([taken.status, taken.body.floatMinor], [201, -5010]);
  assert.is((await at.call('POST', reversal, { key, body: {} })).headers.get('idempotent-replayed'), 'true');
  const unknown = await at.call('POST', '/v1/vendors/shop/deposits/none/reversal', { key, body: {} });
  assert.is(unknown.body.code, 'deposit_unknown');

  const terms = { currency: 'ZAR', shapes: [{ kind: 'perKwh', ratePerKwh: '1' }] };
  const versions = await at.call('PUT', '/v1/vendors/shop/commission-terms', {
    key,
    body: { fromMonth: '2026-11', terms },
  });
  schemas.CommissionTermsAnswer.parse(versions.body);
  const month = await bongi.call('GET', '/v1/vendors/shop/commission/2026-11');
  schemas.CommissionAnswer.parse(month.body);
  assert.equal([month.body.isOver, month.body.isPaid], [false, false]);
  const early = await at.call('POST', '/v1/vendors/shop/commission/2026-11/payment', { key, body: {} });
  assert.is(early.body.code, 'period_not_over');
  assert.is((await bongi.call('GET', '/v1/vendors/shop/commission/2026-13')).body.param, 'month');
  clock.millis = Date.UTC(2026, 11, 2);
  const paid = await at.call('POST', '/v1/vendors/shop/commission/2026-11/payment', { key, body: {} });
  assert.equal([paid.status, paid.body.floatMinor], [201, -5010 + month.body.totalMinor]);
  const day = await at.call('POST', '/v1/day-ends', { key, body: { day: '2026-11-21' } });
  schemas.DayEndAnswer.parse(day.body);
  assert.equal([day.status, day.body.figures.ties], [201, { balanced: true, salesTie: true }]);
  assert.equal((await at.call('GET', '/v1/day-ends/2026-11-21', { key })).body, day.body);
  assert.is((await at.call('GET', '/v1/day-ends/2026-11-22', { key })).body.code, 'day_end_unknown');
  assert.is(
    (await at.call('POST', '/v1/day-ends', { key, body: { day: '2026-11-25' } })).body.code,
    'day_end_order',
  );
  assert.is(
    (await at.call('POST', '/v1/day-ends', { key, body: { day: '2026-12-02' } })).body.code,
    'period_not_over',
  );
});

test('rights and rules are set, read by whom they bind, and taken away', async ({ at }) => {
  const key = at.operatorKey;
  const rights = '/v1/vendors/shop/supply-groups';
  assert.equal((await at.call('GET', rights, { key })).body, { vendorId: 'shop', supplyGroups: null });
  const set = await at.call('PUT', rights, { key, body: { supplyGroups: ['201457', '123456', '201457'] } });
  schemas.SupplyGroupsAnswer.parse(set.body);
  assert.equal(set.body.supplyGroups, ['123456', '201457']);
  const rule = { kind: 'dayLimit', effect: 'refuse', vendorId: 'shop', scope: 'vendor', salesMax: 1000 };
  const put = await at.call('PUT', '/v1/limit-rules/shop-day', { key, body: rule });
  schemas.RuleAnswer.parse(put.body);
  const odd = await at.call('PUT', '/v1/limit-rules/no%20such%20id', { key, body: rule });
  assert.equal([odd.status, odd.body.param], [400, 'ruleId']);
  await at
    .call('PUT', '/v1/limit-rules/other', { key, body: { ...rule, vendorId: 'rival' } })
    .then((reply) => assert.is(reply.body.code, 'vendor_unknown'));
  const mine = await at.call('GET', '/v1/limit-rules', { key: at.vendorKey });
  schemas.RulesAnswer.parse(mine.body);
  assert.equal(
    mine.body.rules.map(({ ruleId }: { ruleId: string }) => ruleId),
    ['shop-day'],
  );
  assert.is((await at.call('DELETE', '/v1/limit-rules/shop-day', { key })).status, 200);
  assert.is((await at.call('DELETE', '/v1/limit-rules/shop-day', { key })).body.code, 'limit_rule_unknown');
  const alarms = await at.call('GET', '/v1/alarms?open=true', { key });
  schemas.AlarmsAnswer.parse(alarms.body);
  for (const id of ['1', 'x', '9'.repeat(30)]) {
    const reply = await at.call('POST', `/v1/alarms/${id}/acknowledgement`, { key, body: {} });
    assert.is(reply.body.code, 'alarm_unknown');
  }
});

test('one caller who asks too often is told when to come again, and others are served', async () => {
  const perKey = { perSecond: 20, burst: 40 };
  const limits = { rateLimits: { ...DEFAULT_LIMITS.rateLimits, perKey } };
  const at = await startTestServer(FLOAT, { limits });
  try {
    const startedAt = performance.now();
    const replies = await Promise.all(
      Array.from({ length: 100 }, () => at.call('GET', '/v1/vendors/shop', { key: at.vendorKey })),
    );
    const seconds = (performance.now() - startedAt) / 1000;
    const limited = replies.filter(({ status }) => status === 429);
    const served = 100 - limited.length;
    assert.ok(served >= 40 && served <= 41 + 20 * seconds, `${served} served in ${seconds} s`);
    for (const { body, headers } of limited) {
      assert.equal([body.code, body.outcome, body.retry], ['rate_limited', 'none', 'later']);
      assert.is(headers.get('retry-after'), '1');
    }
    assert.is((await at.call('GET', '/v1/vendors/shop', { key: at.operatorKey })).status, 200);
    console.log(`    100 at once at 20 in a second: ${served} served, ${limited.length} told to wait`);
  } finally {
    await at.close();
  }
});

test.run();
