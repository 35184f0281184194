/** Free units, and what the utility's people give, at the door. */
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { enterToken } from '../../../lib/meter/enter-token.ts';
import { TestTokenAnswer } from '../../../vending-server/api/issue-schemas.ts';
import { ApprovalAnswer } from '../../../vending-server/api/people-schemas.ts';
import { SaleAnswer } from '../../../vending-server/api/sale-schemas.ts';
import {
  DRN,
  factoryMeter,
  METER_REQUEST,
  OTHER_DRN,
  type Reply,
  startTestServer,
  TERMS,
  type TestServer,
} from '../furnished.ts';
import { hire, type Person } from '../people/office.ts';
import { factoryState, keyIn, meterAt } from '../vending/utility.ts';

interface Context {
  at: TestServer;
  ann: Person;
  ben: Person;
}

const test = suite<Context>('given without money over HTTP');

test.before(async (context) => {
  context.at = await startTestServer(100_000);
  const { at } = context;
  const key = at.operatorKey;
  const terms = { ...TERMS, freeUnitsDeciKwh: 500 };
  const must = async (path: string, body: object) =>
    assert.is((await at.call('POST', path, { key, body })).status, 201, path);
  await must('/v1/tariffs', { tariffId: 'free', terms });
  for (const index of [0, 1, 2, 3]) {
    const { drn: meter, encryptionAlgorithm } = meterAt(index);
    await must('/v1/meters', { ...METER_REQUEST, meter, encryptionAlgorithm, tariffId: 'free' });
  }
  const roles = ['supervisor', 'engineer', 'administrator', 'tariffAdmin'];
  context.ann = await hire(at, 'ann', roles);
  context.ben = await hire(at, 'ben', roles);
  const two = await at.call('PUT', '/v1/settings/persons.default', { key, body: { value: '2' } });
  assert.is(two.status, 200, two.text);
});
test.after(async ({ at }) => {
  await at.close();
});

const why = { reasonCode: 'other', reason: 'Asked for at the counter' };

/** Asked for, agreed to, given, and asked for once more. @returns the answer. */
async function byTwo({ ann, ben }: Context, path: string, body: Record<string, unknown>): Promise<Reply> {
  const asked = await ann.call('POST', path, body);
  assert.is(asked.status, 202, asked.text);
  const { approvalId } = ApprovalAnswer.parse(asked.body);
  const early = await ann.call('POST', path, { ...body, approvalId });
  assert.equal([early.status, early.body.code], [403, 'approval_required']);
  const decision = { approve: true, note: 'seen' };
  assert.is((await ben.call('POST', `/v1/approvals/${approvalId}/decision`, decision)).status, 200);
  const given = await ann.call('POST', path, { ...body, approvalId });
  assert.is(given.status, 201, given.text);
  SaleAnswer.parse(given.body);
  assert.is(given.headers.get('location'), `/v1/sales/${given.body.saleId}`);
  assert.is(given.headers.get('idempotent-replayed'), null);
  const again = await ben.call('POST', path, { ...body, approvalId });
  assert.equal([again.text, again.headers.get('idempotent-replayed')], [given.text, 'true']);
  const found = await ben.call('GET', `/v1/sales/${given.body.saleId}`);
  assert.is(found.text, given.text);
  const reused = await ann.call('POST', path, { ...body, reason: 'Something else', approvalId });
  assert.equal([reused.status, reused.body.code], [422, 'request_id_reused']);
  assert.equal([given.body.operator, given.body.approvedBy], ['ann', 'user:ben']);
  return given;
}

test('free units come once a month, to whoever sells, and the look-up tells of them', async ({ at }) => {
  const { drn: meter } = meterAt(0);
  const look = await at.call('GET', `/v1/meters/${meter}/look-up`, { key: at.vendorKey });
  assert.equal([look.body.freeUnitsDueDeciKwh, look.body.freeUnitsOnlyWithSale], [500, false]);
  const ask = (requestId: string, more: object = {}, key = at.vendorKey) =>
    at.call('POST', '/v1/free-units', { key, body: { requestId, meter, ...more } });
  const given = await ask('f1', { lookUpCode: look.body.lookUpCode });
  assert.is(given.status, 201, given.text);
  SaleAnswer.parse(given.body);
  assert.equal([given.body.kind, given.body.freeDeciKwh, given.body.paidMinor], ['freeBasic', 500, 0]);
  assert.is(keyIn(factoryState(meterAt(0)), given.body).creditDeciKwh, 500);
  const again = await ask('f1');
  assert.equal([again.text, again.headers.get('idempotent-replayed')], [given.text, 'true']);
  const cases: readonly [Promise<Reply>, number, string][] = [
    [ask('f2'), 409, 'free_units_taken'],
    [ask('f3', { meter: DRN }), 409, 'free_units_none'],
    [ask('f4', { lookUpCode: 'ABCDEF' }), 409, 'look_up_code_wrong'],
    [ask('f5', { meter: '07123456787' }), 404, 'meter_unknown'],
    [ask('f6', { paidMinor: 1 }), 400, 'request_malformed'],
    [ask('f7', {}, at.operatorKey), 403, 'permission_denied'],
  ];
  for (const [reply, status, code] of cases) {
    const { body } = await reply;
    assert.equal([body.status, body.code], [status, code]);
  }
});

test('credit, replacements, change-outs and commands take two persons, and a retry gets the same bytes', async (context) => {
  const { at } = context;
  const [first, next] = [meterAt(1), meterAt(2)];
  const issue = { requestId: 'i1', meter: first.drn, amountDeciKwh: 300, ...why };
  const issued = await byTwo(context, '/v1/free-issues', issue);
  assert.is(keyIn(factoryState(first), issued.body).creditDeciKwh, 300);
  const sold = await at.sell('s1', { meter: first.drn });
  // Free units first, so that what was paid for is the second token.
  const lost = { requestId: 'r1', saleId: sold.body.saleId, token: 2, ...why };
  const replaced = await byTwo(context, '/v1/replacements', lost);
  assert.is(replaced.body.tokens[0].amountDeciKwh, sold.body.tokens[1].amountDeciKwh);
  const tokens = [{ kind: 'clearTamper' }, { kind: 'setMaximumPowerLimit', limitWatt: 9000 }];
  const commands = { requestId: 'e1', meter: first.drn, tokens, ...why };
  const commanded = await byTwo(context, '/v1/engineering-tokens', commands);
  assert.equal(keyIn(factoryState(first), commanded.body).results, ['Accept', 'Accept']);
  const change = { requestId: 'c1', newMeter: next.drn, amountDeciKwh: 200, ...why };
  const changed = await byTwo(context, `/v1/meters/${first.drn}/change-out`, change);
  assert.is(keyIn(factoryState(next), changed.body).creditDeciKwh, 200);
  const after = await at.sell('s2', { meter: first.drn });
  assert.equal([after.status, after.body.code], [409, 'meter_changed_out']);
  const bySeller = await at.call('GET', `/v1/sales/${changed.body.saleId}`, { key: at.vendorKey });
  assert.is(bySeller.body.code, 'sale_unknown', 'nobody sold it');
});

test('whoever may not, and what cannot be, is refused by name at the door', async ({ at, ann }) => {
  const meter = OTHER_DRN;
  const { drn: newMeter } = meterAt(3);
  const bodies: readonly [string, Record<string, unknown>][] = [
    ['/v1/free-issues', { requestId: 'n1', meter, amountDeciKwh: 10, ...why }],
    ['/v1/replacements', { requestId: 'n2', saleId: 'sale_0', token: 1, ...why }],
    [`/v1/meters/${meter}/change-out`, { requestId: 'n3', newMeter, amountDeciKwh: 0, ...why }],
    ['/v1/engineering-tokens', { requestId: 'n4', meter, tokens: [{ kind: 'clearTamper' }], ...why }],
    ['/v1/test-tokens', { kind: 'extendedRead', index: 0 }],
  ];
  for (const [path, body] of bodies) {
    const reply = await at.call('POST', path, { key: at.vendorKey, body });
    assert.equal([reply.status, reply.body.code], [403, 'permission_denied'], path);
  }
  // The first key of a data folder is nobody, and nobody can be one of two.
  const byNobody = await at.call('POST', '/v1/free-issues', { key: at.operatorKey, body: bodies[0]?.[1] });
  assert.equal([byNobody.status, byNobody.body.code], [403, 'permission_denied']);
  const wrong: readonly [number, Record<string, unknown>, string][] = [
    [0, { amountMinor: 5 }, 'request_malformed'],
    [0, { amountDeciKwh: undefined }, 'request_malformed'],
    [0, { amountDeciKwh: 0 }, 'request_malformed'],
    [0, { amountDeciKwh: undefined, amountMinor: 5 }, 'operation_unsupported'],
    [0, { reasonCode: 'because' }, 'request_malformed'],
    [0, { reasonCode: undefined }, 'request_malformed'],
    [0, { approvalId: 'apr_none' }, 'approval_unknown'],
    [1, {}, 'sale_unknown'],
    [2, { amountDeciKwh: 1 }, 'credit_above_sold'],
    [2, { newMeter: meter }, 'change_out_refused'],
    [3, { tokens: [] }, 'request_malformed'],
    [3, { tokens: [{ kind: 'clearCredit', registerCode: 9 }] }, 'request_malformed'],
    [3, { tokens: [{ kind: 'keyChange' }] }, 'request_malformed'],
    [3, { tokens: [{ kind: 'setMaximumPowerLimit', limitWatt: 99_000_000 }] }, 'amount_out_of_range'],
    [4, { index: 64 }, 'request_malformed'],
  ];
  for (const [index, more, code] of wrong) {
    const [path, body] = bodies[index] ?? ['', {}];
    const reply = await ann.call('POST', path, { ...body, ...more });
    assert.is(reply.body.code, code, `${path} ${JSON.stringify(more)}`);
  }
});

test('a limit of the day holds for what is given, too', async (context) => {
  const { at } = context;
  const key = at.operatorKey;
  const rule = { kind: 'dayLimit', effect: 'refuse', scope: 'meter', amountDeciKwhMax: 100 };
  assert.is((await at.call('PUT', '/v1/limit-rules/day', { key, body: rule })).status, 200);
  const issue = { meter: OTHER_DRN, amountDeciKwh: 100, ...why };
  await byTwo(context, '/v1/free-issues', { requestId: 'l1', ...issue });
  const { ann, ben } = context;
  const more = { requestId: 'l2', ...issue, amountDeciKwh: 1 };
  const { approvalId } = (await ann.call('POST', '/v1/free-issues', more)).body;
  await ben.call('POST', `/v1/approvals/${approvalId}/decision`, { approve: true, note: '' });
  const refused = await ann.call('POST', '/v1/free-issues', { ...more, approvalId });
  assert.is(refused.body.code, 'limit_reached');
  // The approval is still its own: the same request goes through when the limit is gone.
  assert.is((await at.call('DELETE', '/v1/limit-rules/day', { key })).status, 200);
  assert.is((await ann.call('POST', '/v1/free-issues', { ...more, approvalId })).status, 201);
});

test('a token that tests is answered with what the meter will do', async ({ ann }) => {
  const body = { kind: 'initiateTest', manufacturerDigits: 2, test: 5 };
  const made = await ann.call('POST', '/v1/test-tokens', body);
  assert.is(made.status, 201, made.text);
  const { tokenNo, tests } = TestTokenAnswer.parse(made.body);
  assert.equal(tests, [{ test: 5, name: 'tariff index' }]);
  assert.is(enterToken(factoryMeter(), tokenNo, 0).outcome.result, 'Accept');
  assert.is((await ann.call('POST', '/v1/test-tokens', body)).text, made.text);
});

test.run();
