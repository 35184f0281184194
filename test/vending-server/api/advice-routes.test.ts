import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import * as advice from '../../../vending-server/api/advice-schemas.ts';
import * as customers from '../../../vending-server/api/customer-schemas.ts';
import { LookUpAnswer } from '../../../vending-server/api/meter-schemas.ts';
import { ApprovalAnswer } from '../../../vending-server/api/people-schemas.ts';
import { ReversedSaleAnswer, SaleAnswer } from '../../../vending-server/api/sale-schemas.ts';
import { DRN, KEYLESS_DRN, METER_PAN, OTHER_DRN, startTestServer, type TestServer } from '../furnished.ts';
import { hire } from '../people/office.ts';

const FLOAT = 1_000_000;
const test = suite<{ at: TestServer }>('sales afterwards, customers and fault reports over HTTP');

test.before(async (context) => {
  context.at = await startTestServer(FLOAT);
});
test.after(async ({ at }) => {
  await at.close();
});

const asVendor = (at: TestServer, method: string, path: string, body?: unknown) =>
  at.call(method, path, { key: at.vendorKey, ...(body === undefined ? {} : { body }) });
const asUtility = (at: TestServer, method: string, path: string, body?: unknown) =>
  at.call(method, path, { key: at.operatorKey, ...(body === undefined ? {} : { body }) });
const floatOf = async (at: TestServer) => (await asVendor(at, 'GET', '/v1/vendors/shop')).body.floatMinor;

test("a vendor's sales are listed by pages, operator and till, with what became of them and without digits", async ({
  at,
}) => {
  const ids: string[] = [];
  for (let index = 0; index < 5; index += 1) {
    const desk = { operatorId: index % 2 === 0 ? 'sipho' : 'bongi', tillId: `till-${index % 3}` };
    ids.unshift((await at.sell(`listed-${index}`, { ...desk, tender: 'cash' })).body.saleId);
  }
  await asVendor(at, 'POST', '/v1/sales/by-request/listed-4/confirmation');
  const list = async (query: string) => {
    const reply = await asVendor(at, 'GET', `/v1/vendors/shop/sales${query}`);
    assert.is(reply.status, 200, reply.text);
    assert.not.match(reply.text, /\d{20}/);
    return advice.SalesAnswer.parse(reply.body);
  };
  const all = await list('');
  assert.equal(
    all.sales.map(({ saleId }) => saleId),
    ids,
  );
  assert.equal(
    all.sales.map(({ state }) => state),
    ['confirmed', 'sold', 'sold', 'sold', 'sold'],
  );
  const first = await list('?limit=3');
  const rest = await list(`?limit=3&before=${first.next}`);
  assert.equal(
    [...first.sales, ...rest.sales].map(({ saleId }) => saleId),
    ids,
  );
  assert.is(rest.next, null);
  const ofTill = await list('?operator=sipho&till=till-2');
  assert.equal(
    ofTill.sales.map(({ requestId, operator, terminal }) => [requestId, operator, terminal]),
    [['listed-2', 'sipho', 'till-2']],
  );
  assert.is((await asUtility(at, 'GET', '/v1/vendors/shop/sales')).body.sales.length, 5);
  assert.is((await asUtility(at, 'GET', '/v1/vendors/none/sales')).body.code, 'vendor_unknown');
  const opened = await asUtility(at, 'POST', '/v1/vendors', {
    vendorId: 'rival',
    name: 'Rival',
    currency: 'ZAR',
  });
  const key = opened.body.apiKey;
  assert.is((await at.call('GET', '/v1/vendors/shop/sales', { key })).body.code, 'permission_denied');
  // Neither by the id of another's sale nor by his request id.
  const rival = await at.call('POST', '/v1/sales/by-request/listed-4/confirmation', { key });
  assert.is(rival.body.code, 'sale_unknown');
});

test('where a token may have been seen two people of the utility make it a debt of the meter, by policy alone', async ({
  at,
}) => {
  const sold = (await at.sell('seen', { meter: OTHER_DRN })).body;
  const path = `/v1/sales/${sold.saleId}/reversal`;
  const reason = { reason: 'till lost the slip' };
  assert.is((await asVendor(at, 'POST', path, reason)).body.code, 'permission_denied');
  assert.is((await asUtility(at, 'POST', '/v1/sales/sale_0/reversal', reason)).body.code, 'sale_unknown');
  assert.is((await asUtility(at, 'POST', path, reason)).body.code, 'token_may_be_seen');
  const ann = await hire(at, 'ann', ['supervisor', 'administrator']);
  const ben = await hire(at, 'ben', ['supervisor', 'administrator']);
  for (const [name, value] of [
    ['reversal', 'meterDebt'],
    ['persons.saleReversal', '2'],
  ] as const)
    assert.is((await asUtility(at, 'PUT', `/v1/settings/${name}`, { value })).status, 200, name);
  const before = await floatOf(at);
  const asked = await ann.call('POST', path, reason);
  assert.is(asked.status, 202, asked.text);
  const { approvalId } = ApprovalAnswer.parse(asked.body);
  const decide = (person: typeof ann) =>
    person.call('POST', `/v1/approvals/${approvalId}/decision`, {
      approve: true,
      note: 'called the customer',
    });
  assert.is((await decide(ann)).body.code, 'approval_same_person');
  assert.is(await floatOf(at), before);
  const decided = await decide(ben);
  assert.is(decided.status, 200, decided.text);
  assert.is(await floatOf(at), before + 10_000);
  const undone = advice.SaleReversalAnswer.parse((await ann.call('POST', path, reason)).body);
  assert.is(undone.result === 'reversed' && undone.debtId, `reversed-${sold.saleId}`);
  const shown = await asVendor(at, 'GET', `/v1/sales/${sold.saleId}`);
  assert.is(ReversedSaleAnswer.parse(shown.body).reversed.reason, reason.reason);
  const looked = LookUpAnswer.parse((await asVendor(at, 'GET', `/v1/meters/${OTHER_DRN}/look-up`)).body);
  assert.equal(looked.arrears, [
    { debtId: `reversed-${sold.saleId}`, label: 'Reversed sale', balanceMinor: 10_000 },
  ]);
  const statement = await asVendor(at, 'GET', '/v1/vendors/shop/statement?limit=1');
  assert.equal(
    [statement.body.entries[0].kind, statement.body.entries[0].amountMinor],
    ['saleReversal', 10_000],
  );
  const receipt = await asVendor(at, 'GET', `/v1/sales/${sold.saleId}/receipt`);
  assert.not.match(receipt.text, new RegExp(sold.tokens[0].tokenNo));
});

test('an account is paid at the till: no token, a receipt, and the same answer again', async ({ at }) => {
  const debt = { debtId: 'old', label: 'Old account', amountMinor: 5000, currency: 'ZAR' };
  const recovery = { kind: 'percentage', rate: '0.5' };
  await asUtility(at, 'POST', `/v1/meters/${DRN}/debts`, { ...debt, recovery });
  const payment = { requestId: 'pay', meter: DRN, debtId: 'old', paidMinor: 2000, currency: 'ZAR' };
  const before = await floatOf(at);
  const paid = await asVendor(at, 'POST', '/v1/payments', payment);
  assert.is(paid.status, 201, paid.text);
  const { kind, tokens, lines, saleId } = SaleAnswer.parse(paid.body);
  assert.equal([kind, tokens], ['debtPayment', []]);
  assert.equal(
    lines.map((line) => line.kind === 'arrears' && line.balanceMinor),
    [3000],
  );
  const again = await asVendor(at, 'POST', '/v1/payments', payment);
  assert.equal([again.text, again.headers.get('idempotent-replayed')], [paid.text, 'true']);
  assert.is(await floatOf(at), before - 2000);
  const other = await asVendor(at, 'POST', '/v1/payments', { ...payment, paidMinor: 1 });
  assert.is(other.body.code, 'request_id_reused');
  const none = await asVendor(at, 'POST', '/v1/payments', { ...payment, requestId: 'p2', debtId: 'none' });
  assert.equal([none.status, none.body.code, none.body.param], [404, 'debt_unknown', 'debtId']);
  const slip = await asVendor(at, 'GET', `/v1/sales/${saleId}/receipt`);
  assert.is(slip.status, 200);
  assert.is((await asUtility(at, 'POST', '/v1/payments', payment)).body.code, 'permission_denied');
});

const THABO = {
  name: 'Thabo Mokoéna',
  addressLines: ['14 Main Road', 'Soweto'],
  account: '700-1417',
  phone: '+27820000000',
  notify: true,
};

test('a customer is registered, found in full by the utility and masked by those who sell, and erased', async ({
  at,
}) => {
  const path = `/v1/meters/${DRN}/customer`;
  assert.is((await asUtility(at, 'GET', path)).body.code, 'customer_unknown');
  for (const bad of [{ notify: true }, { phone: '0820000000' }, { email: 'nobody' }, { name: '\u0000' }])
    assert.is((await asUtility(at, 'PUT', path, bad)).body.code, 'request_malformed');
  assert.is((await asVendor(at, 'PUT', path, THABO)).body.code, 'permission_denied');
  const put = await asUtility(at, 'PUT', path, THABO);
  assert.is(put.status, 201, put.text);
  assert.equal((await asUtility(at, 'PUT', path, THABO)).status, 200);
  const full = customers.CustomerAnswer.parse((await asUtility(at, 'GET', path)).body);
  assert.equal([full.name, full.addressLines, full.account], [THABO.name, THABO.addressLines, THABO.account]);
  assert.is((await asVendor(at, 'GET', path)).body.code, 'permission_denied');
  await asUtility(at, 'PUT', `/v1/meters/${OTHER_DRN}/customer`, { name: 'Thandi Moyo' });
  await asUtility(at, 'PUT', `/v1/meters/${KEYLESS_DRN}/customer`, { name: 'Theo van der Merwe' });
  const search = async (body: object, by = asVendor) => {
    const reply = await by(at, 'POST', '/v1/meters/search', body);
    assert.is(reply.status, 200, reply.text);
    return customers.MeterSearchAnswer.parse(reply.body);
  };
  for (const text of ['mokoena', 'THABO main', '7001417', 'sow tha'])
    assert.equal((await search({ text })).meters, [
      {
        meterPan: METER_PAN,
        drn: DRN,
        name: 'T**** M****',
        addressLines: ['Main Road', 'Soweto'],
        account: null,
        locationReference: null,
        reference: null,
      },
    ]);
  const [seen] = (await search({ text: 'mokoena' }, asUtility)).meters;
  assert.equal([seen?.name, seen?.account], [THABO.name, THABO.account]);
  const first = await search({ text: 'the tha', limit: 2 });
  assert.equal(first.meters, []);
  const pages: string[] = [];
  for (let cursor: string | undefined; ; ) {
    const page = await search({ text: 'th mer', limit: 1, ...(cursor === undefined ? {} : { cursor }) });
    pages.push(...page.meters.map(({ drn }) => drn));
    if (page.next === null) break;
    cursor = page.next;
  }
  assert.is(pages.length, 1);
  for (const body of [{ text: 'th' }, { text: '...' }, { text: 'thabo', cursor: 'x' }])
    assert.is((await asVendor(at, 'POST', '/v1/meters/search', body)).body.code, 'request_malformed');
  const looked = await asVendor(at, 'GET', `/v1/meters/${DRN}/look-up`);
  assert.equal(looked.body.customer, { name: 'T**** M****', addressLines: ['Main Road', 'Soweto'] });
  const trail = await asUtility(at, 'GET', '/v1/audit?limit=100');
  assert.is(trail.status, 200);
  for (const word of ['Thabo', 'thabo', 'mokoena', '+2782']) assert.not.ok(trail.text.includes(word));
  assert.is((await asUtility(at, 'DELETE', path)).status, 200);
  assert.is((await asUtility(at, 'DELETE', path)).body.code, 'customer_unknown');
  assert.equal((await search({ text: 'mokoena' })).meters, []);
  assert.is((await asVendor(at, 'GET', `/v1/meters/${DRN}/look-up`)).body.customer, null);
});

test('a vendor reports a fault once, sees his own, and the utility says what becomes of it', async ({
  at,
}) => {
  const body = { requestId: 'f1', meter: DRN, kind: 'noSupply', text: 'dark since noon' };
  const told = await asVendor(at, 'POST', '/v1/fault-reports', body);
  assert.is(told.status, 201, told.text);
  const { reportId, state } = customers.FaultReportAnswer.parse(told.body);
  assert.is(state, 'open');
  const again = await asVendor(at, 'POST', '/v1/fault-reports', body);
  assert.equal([again.status, again.body], [200, told.body]);
  const other = await asVendor(at, 'POST', '/v1/fault-reports', { ...body, text: 'sparks' });
  assert.is(other.body.code, 'request_id_reused');
  assert.is((await asUtility(at, 'POST', '/v1/fault-reports', body)).body.code, 'permission_denied');
  const opened = await asUtility(at, 'POST', '/v1/vendors', {
    vendorId: 'stall',
    name: 'Stall',
    currency: 'ZAR',
  });
  const key = opened.body.apiKey;
  assert.equal((await at.call('GET', '/v1/fault-reports', { key })).body.reports, []);
  const change = { state: 'underWay', note: 'a crew is on its way' };
  const path = `/v1/fault-reports/${reportId}/state`;
  assert.is((await asVendor(at, 'PUT', path, change)).body.code, 'permission_denied');
  const changed = await asUtility(at, 'PUT', path, change);
  assert.equal([changed.status, changed.body.state, changed.body.note], [200, 'underWay', change.note]);
  const own = customers.FaultReportsAnswer.parse((await asVendor(at, 'GET', '/v1/fault-reports')).body);
  assert.equal(own.reports, [changed.body]);
  assert.equal((await asUtility(at, 'GET', '/v1/fault-reports?state=open')).body.reports, []);
  const nowhere = await asUtility(at, 'PUT', '/v1/fault-reports/99999/state', change);
  assert.equal([nowhere.status, nowhere.body.code], [404, 'fault_report_unknown']);
  assert.is((await asUtility(at, 'PUT', '/v1/fault-reports/0/state', change)).body.code, 'request_malformed');
});

test.run();
