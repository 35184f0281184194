/** Customers without an account over HTTP: what opens a visit, what it shows, and what it never does. */
import { generateKeyPairSync } from 'node:crypto';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import {
  ExplainedAnswer,
  LastTokensAnswer,
  LowBalanceChoiceAnswer,
  MeterPurchasesAnswer,
  VisitAnswer,
} from '../../../vending-server/api/visit-schemas.ts';
import { DEFAULT_LIMITS } from '../../../vending-server/config.ts';
import { qrText, receiptKeyOf, sealReceipt } from '../../../vending-server/receipt/seal.ts';
import { report } from '../../support/counts.ts';
import {
  METER_REQUEST,
  OTHER_DRN,
  type Reply,
  startTestServer,
  TERMS,
  TestClock,
  type TestServer,
} from '../furnished.ts';

const DRN = '04000000002';
const DAY = 86_400_000;
const CUSTOMER = { name: 'Customer Seven', phone: '+27820000007', reference: 'ID-7' };

interface Context {
  at: TestServer;
  clock: TestClock;
  /** Of the meter, the earliest first. */
  sales: Sale[];
}

interface Sale {
  readonly saleId: string;
  readonly receiptNumber: string;
  readonly tokenNo: string;
  readonly qrText: string;
}

const test = suite<Context>('visits of customers over HTTP');

async function soldTo(at: TestServer, requestId: string, meter = DRN, paidMinor = 20_000): Promise<Sale> {
  const { status, body, text } = await at.sell(requestId, { meter, paidMinor });
  assert.is(status, 201, text);
  const printed = await at.call('GET', `/v1/sales/${body.saleId}/receipt`, { key: at.vendorKey });
  const { receipt, qrText } = printed.body;
  const { saleId, tokens } = body;
  return { saleId, receiptNumber: receipt.receiptNumber, tokenNo: tokens.at(-1).tokenNo, qrText };
}

async function put(at: TestServer, customer: Record<string, unknown>): Promise<void> {
  const reply = await at.call('PUT', `/v1/meters/${DRN}/customer`, { key: at.operatorKey, body: customer });
  assert.ok(reply.status < 300, reply.text);
}

test.before(async (context) => {
  const clock = new TestClock();
  clock.millis = Date.UTC(2026, 8, 3, 9);
  // Guesses are held back by the visits' own throttle on the test's clock; the door's limits go by the time of this machine.
  const none = { perSecond: 0, burst: 0 };
  const rateLimits = { ...DEFAULT_LIMITS.rateLimits, refusedPerAddress: none, openPerAddress: none };
  const at = await startTestServer(1_000_000, { clock, limits: { rateLimits } });
  const sales: Sale[] = [];
  Object.assign(context, { at, clock, sales });
  const blocks = [
    { untilDeciKwh: 500, pricePerKwh: '1.5' },
    { untilDeciKwh: null, pricePerKwh: '3' },
  ];
  const fixedCharges = [
    { chargeId: 'network', label: 'Network charge', amountMinor: 1000, per: 'month', isTaxed: true },
  ];
  const terms = { ...TERMS, energy: { kind: 'blocks', blocks }, fixedCharges, paymentFeeMinor: 150 };
  const operator = { key: at.operatorKey };
  const tariff = await at.call('POST', '/v1/tariffs', { ...operator, body: { tariffId: 'blocks', terms } });
  assert.is(tariff.status, 201, tariff.text);
  const meter = { ...METER_REQUEST, meter: DRN, tariffId: 'blocks' };
  assert.is((await at.call('POST', '/v1/meters', { ...operator, body: meter })).status, 201);
  const recovery = { kind: 'fixed', amountMinor: 1000 };
  const debt = { debtId: 'd1', label: 'Old account', amountMinor: 5000, currency: 'ZAR', recovery };
  await at.call('POST', `/v1/meters/${DRN}/debts`, { ...operator, body: debt });
  for (const [index, days] of [0, 20, 20, 20].entries()) {
    clock.millis += days * DAY;
    sales.push(await soldTo(at, `sale-${index}`));
  }
});
test.after(async ({ at }) => {
  await at.close();
});

interface Visit {
  readonly cookie: string;
  readonly csrfToken: string;
}

const show = (at: TestServer, body: unknown) => at.call('POST', '/v1/customer/visits', { body });

async function visit(at: TestServer, body: unknown): Promise<Visit> {
  const reply = await show(at, body);
  assert.is(reply.status, 201, reply.text);
  VisitAnswer.parse(reply.body);
  const cookie = reply.headers.get('set-cookie') ?? '';
  assert.match(
    cookie,
    /^wattoken_visit=[\w-]{43}; Path=\/v1\/customer; HttpOnly; SameSite=Strict; Max-Age=1800$/,
  );
  return { cookie: cookie.split(';')[0] ?? '', csrfToken: reply.body.csrfToken };
}

function as(
  at: TestServer,
  { cookie, csrfToken }: Visit,
  method: string,
  path: string,
  body?: unknown,
): Promise<Reply> {
  const headers = { Cookie: cookie, 'X-CSRF-Token': csrfToken };
  return at.call(method, `/v1/customer/${path}`, { headers, ...(body === undefined ? {} : { body }) });
}

const last = ({ sales }: Context): Sale => sales.at(-1) as Sale;
const numbersOf = ({ receiptNumber, tokenNo }: Sale) => ({
  meter: DRN,
  receiptNumber,
  tokenStart: tokenNo.slice(0, 4),
});

test('a receipt opens its meter by its code and by its numbers, and explains to the cent', async (context) => {
  const { at } = context;
  const sale = last(context);
  for (const shown of [
    { code: sale.qrText },
    { code: `https://vend.example/customer#${sale.qrText}` },
    numbersOf(sale),
  ]) {
    const opened = await visit(at, shown);
    const list = (await as(at, opened, 'GET', 'purchases')).body;
    MeterPurchasesAnswer.parse(list);
    assert.equal(
      list.purchases.map(({ saleId }: Sale) => saleId),
      context.sales.map(({ saleId }) => saleId).reverse(),
    );
    assert.equal(
      list.months.map(({ month }: { month: string }) => month),
      ['2026-09', '2026-10', '2026-11'],
    );
    const paid = list.months.reduce(
      (sum: number, { paidMinor }: { paidMinor: number }) => sum + paidMinor,
      0,
    );
    assert.is(paid, 4 * 20_000);
    assert.is(list.use.days, 60);
    const explained = await as(at, opened, 'GET', `purchases/${sale.saleId}`);
    const facts = ExplainedAnswer.parse(explained.body);
    const parts = facts.lines.reduce((sum, line) => sum + line.amountMinor + line.taxMinor, 0);
    assert.is(parts, facts.paidMinor);
    assert.equal([facts.tokens, facts.customer], [[], null]);
    assert.is(explained.text.includes(sale.tokenNo), false);
    const tokens = LastTokensAnswer.parse((await as(at, opened, 'GET', 'tokens')).body).purchases;
    assert.is(tokens[0]?.tokens.at(-1)?.tokenNo, sale.tokenNo);
    assert.is((await as(at, opened, 'DELETE', 'visit')).status, 200);
    assert.is((await as(at, opened, 'GET', 'purchases')).body.code, 'visit_required');
  }
});

test('a forged code, one of another key and what is no code are refused by their names', async (context) => {
  const { at } = context;
  const sale = last(context);
  const code = async (text: string) => (await show(at, { code: text })).body.code;
  const forged = sale.qrText.replace('.20000.', '.90000.');
  assert.is(await code(forged), 'receipt_forged');
  assert.is(
    await code(`${sale.qrText.slice(0, -1)}${sale.qrText.endsWith('A') ? 'Q' : 'A'}`),
    'receipt_forged',
  );
  assert.is(await code('a picture of a cat'), 'request_malformed');
  const { privateKey } = generateKeyPairSync('ed25519');
  const pem = privateKey.export({ format: 'pem', type: 'pkcs8' }).toString();
  const printed = await at.call('GET', `/v1/sales/${sale.saleId}/receipt`, { key: at.vendorKey });
  const foreign = qrText(sealReceipt(printed.body.receipt, receiptKeyOf(pem)), null);
  assert.is(await code(foreign), 'receipt_key_unknown');
});

test('a wrong number is refused with one answer whatever is wrong of it, and guesses wait', async (context) => {
  const { at } = context;
  const right = numbersOf(last(context));
  const other = await soldTo(at, 'neighbour', OTHER_DRN);
  const [prefix, counter] = right.receiptNumber.split('-');
  const wrong = [
    { ...right, receiptNumber: `${prefix}-${Number(counter) + 500}` },
    { ...right, receiptNumber: 'none' },
    { ...right, tokenStart: String((Number(right.tokenStart) + 1) % 10_000).padStart(4, '0') },
    { ...right, receiptNumber: other.receiptNumber, tokenStart: other.tokenNo.slice(0, 4) },
    // The numbers of another meter that are all right for that one, and a meter that nobody has.
    { ...right, meter: OTHER_DRN },
    { ...right, meter: '04000000010' },
  ];
  const answers = new Set<string>();
  for (const shown of wrong) {
    const { status, body } = await show(at, shown);
    const { requestId: _id, ...problem } = body;
    answers.add(JSON.stringify([status, { ...problem, instance: undefined }]));
  }
  // The first four are guesses at one meter, of which the last waits already.
  const codes = [...answers].map((answer) => JSON.parse(answer)[1].code).sort();
  assert.equal(codes, ['visit_refused', 'visit_throttled'].slice(0, codes.length));
  let allowed = 0;
  let waited = 0;
  for (let guess = 0; guess < 40; guess += 1) {
    const start = String(guess).padStart(4, '0');
    if (start === right.tokenStart) continue;
    const reply = await show(at, { ...right, tokenStart: start });
    if (reply.body.code === 'visit_throttled') {
      waited += 1;
      assert.ok(Number(reply.headers.get('retry-after')) >= 1);
    } else {
      assert.is(reply.body.code, 'visit_refused');
      allowed += 1;
    }
  }
  assert.is(allowed, 0, 'the clock stands still');
  report(`40 guesses at one meter at once: ${allowed} tried, ${waited} told to wait`);
  assert.is((await show(at, right)).body.code, 'visit_throttled', 'the right numbers wait as well');
  assert.is((await show(at, { code: last(context).qrText })).status, 201, 'and nobody locks out the code');
  let tried = 0;
  for (let hour = 0; hour < 24; hour += 1) {
    context.clock.millis += DAY / 24;
    for (const start of ['0001', '0002', '0003']) {
      const { code } = (await show(at, { ...right, tokenStart: start })).body;
      if (code === 'visit_refused') tried += 1;
    }
  }
  assert.ok(tried >= 20 && tried <= 30, `${tried} guesses in a day`);
  context.clock.millis += DAY / 24 + 1;
  assert.is((await show(at, right)).status, 201, 'who waits comes in');
});

test('a visit ends after half an hour, reads one meter alone, and no other page can change a thing', async (context) => {
  const { at, clock } = context;
  const opened = await visit(at, { code: last(context).qrText });
  const neighbour = await soldTo(at, 'neighbour-2', OTHER_DRN);
  assert.is((await as(at, opened, 'GET', `purchases/${neighbour.saleId}`)).body.code, 'sale_unknown');
  const told = (await as(at, opened, 'GET', 'tokens')).text + (await as(at, opened, 'GET', 'purchases')).text;
  assert.is(told.includes(neighbour.saleId), false);
  const elsewhere = { ...opened, csrfToken: 'guessed' };
  assert.is((await as(at, elsewhere, 'DELETE', 'visit')).body.code, 'csrf_token_wrong');
  assert.is((await at.call('GET', '/v1/sales/x', { headers: { Cookie: opened.cookie } })).status, 401);
  clock.millis += 30 * 60_000;
  assert.is((await as(at, opened, 'GET', 'purchases')).body.code, 'visit_required');
});

test('a choice is kept and counts more than what a report says', async (context) => {
  const { at, clock } = context;
  await put(at, CUSTOMER);
  clock.millis += DAY;
  context.sales.push(await soldTo(at, 'hers'));
  const opened = await visit(at, { code: last(context).qrText });
  const choose = (more: object) =>
    as(at, opened, 'PUT', 'low-balance', {
      isTold: true,
      belowDeciKwh: 100,
      channel: 'sms',
      isOwnTarget: false,
      language: 'sw',
      byDay: true,
      ...more,
    });
  assert.equal((await as(at, opened, 'GET', 'low-balance')).body, { choice: null });
  let reports = 0;
  const key = at.operatorKey;
  const tell = async (balanceDeciKwh: number) => {
    const requestId = `low-${++reports}`;
    const body = { requestId, meter: DRN, balanceDeciKwh, sendTo: { phone: '+27890000009' } };
    const reply = await at.call('POST', '/v1/low-balances', { key, body });
    assert.is(reply.status, 201, reply.text);
    return reply.body.messages as number;
  };
  assert.is(await tell(50), 1, 'nothing is chosen: as the report says');
  assert.is((await choose({ channel: 'email' })).body.code, 'contact_missing');
  assert.is((await choose({ isOwnTarget: true })).body.code, 'contact_missing');
  assert.is((await choose({ channel: 'email', phone: '+27820000001' })).body.code, 'request_malformed');
  const chosen = await choose({});
  LowBalanceChoiceAnswer.parse(chosen.body);
  assert.equal((await as(at, opened, 'GET', 'low-balance')).body, chosen.body);
  assert.is(await tell(101), 0, 'more than she asked for');
  clock.millis = Date.UTC(2026, 11, 20, 21); // 23:00 there
  assert.is(await tell(100), 1);
  assert.is(await tell(60), 0, 'once in a while');
  const { deliveries } = (await at.call('GET', '/v1/deliveries', { key })).body;
  assert.equal([deliveries[0].target, deliveries[0].nextAttemptAt], ['…007', '2026-12-21T05:00:00.000Z']);
  clock.millis += DAY;
  const again = await visit(at, { code: last(context).qrText });
  const off = {
    isTold: false,
    belowDeciKwh: 100,
    channel: 'sms',
    isOwnTarget: false,
    language: 'en',
    byDay: false,
  };
  assert.is((await as(at, again, 'PUT', 'low-balance', off)).status, 200);
  assert.is(await tell(10), 0, 'she wants to hear nothing');
  const own = { ...off, isTold: true, isOwnTarget: true, phone: '+27830000123' };
  assert.is((await as(at, again, 'PUT', 'low-balance', own)).body.choice.maskedTarget, '…123');
  assert.is(await tell(10), 1);
  assert.is((await at.call('GET', '/v1/deliveries', { key })).body.deliveries[0].target, '…123');
});

test('whoever comes after sees nothing of before, and whoever went sees nothing more', async (context) => {
  const { at, clock } = context;
  const hers = last(context);
  clock.millis += DAY;
  const opened = await visit(at, { code: hers.qrText });
  await put(at, { ...CUSTOMER, phone: '+27820000008' });
  assert.is((await as(at, opened, 'GET', 'purchases')).status, 200, 'another number is no other person');
  await put(at, { name: 'Customer Nine' });
  assert.is((await as(at, opened, 'GET', 'purchases')).body.code, 'visit_required');
  assert.is((await show(at, { code: hers.qrText })).body.code, 'receipt_not_current');
  assert.is((await show(at, numbersOf(hers))).body.code, 'visit_refused');
  clock.millis += DAY;
  context.sales.push(await soldTo(at, 'next'));
  const next = await visit(at, { code: last(context).qrText });
  const list = (await as(at, next, 'GET', 'purchases')).body;
  assert.equal(
    list.purchases.map(({ saleId }: Sale) => saleId),
    [last(context).saleId],
  );
  assert.is(list.use, null);
  assert.is((await as(at, next, 'GET', `purchases/${hers.saleId}`)).body.code, 'sale_unknown');
  assert.equal((await as(at, next, 'GET', 'low-balance')).body, { choice: null });
  await at.call('DELETE', `/v1/meters/${DRN}/customer`, { key: at.operatorKey });
  assert.is((await show(at, { code: last(context).qrText })).body.code, 'receipt_not_current');
});

test('an old receipt shows no tokens, nothing is sold for practice here, and every visit is in the trail', async (context) => {
  const { at, clock } = context;
  clock.millis += DAY;
  context.sales.push(await soldTo(at, 'after'));
  clock.millis += 91 * DAY;
  const opened = await visit(at, numbersOf(last(context)));
  assert.is((await as(at, opened, 'GET', 'tokens')).body.code, 'receipt_too_old');
  const practice = { requestId: 'p1', paidMinor: 5000 };
  assert.is(
    (await as(at, opened, 'POST', 'practice-purchases', practice)).body.code,
    'operation_unsupported',
  );
  let entries: { principal: string; action: string; target: string; outcome: string }[] = [];
  for (let after = 0; ; ) {
    const page = (await at.call('GET', `/v1/audit?after=${after}`, { key: at.operatorKey })).body;
    entries = [...entries, ...page.entries];
    if (page.entries.length === 0) break;
    after = page.entries.at(-1).sequence;
  }
  const shown = entries.filter(({ action }) => action === 'POST /v1/customer/visits');
  assert.ok(
    shown.some(({ outcome }) => outcome === 'done') &&
      shown.some(({ outcome }) => outcome === 'visit_refused'),
  );
  assert.match(shown.at(-1)?.target ?? '', new RegExp(`meter=?.*${DRN}`));
  const looked = entries.filter(({ action }) => action === 'GET /v1/customer/tokens');
  assert.ok(
    looked.every(({ principal, target }) => /^visit:[0-9a-f]{16}$/.test(principal) && /600727/.test(target)),
  );
  const trail = JSON.stringify(entries);
  for (const { tokenNo, qrText } of context.sales) {
    assert.is(trail.includes(tokenNo) || trail.includes(qrText.slice(-86)), false);
    assert.is(trail.includes(`"${tokenNo.slice(0, 4)}"`), false);
  }
});

test.run();
