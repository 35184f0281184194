import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import * as account from '../../../vending-server/api/account-schemas.ts';
import { MeterKeyStateAnswer, VendingKeysAnswer } from '../../../vending-server/api/key-schemas.ts';
import { TariffsAnswer } from '../../../vending-server/api/tariff-schemas.ts';
import {
  DRN,
  KEY_RECORD,
  KEYLESS_DRN,
  METER_REQUEST,
  OTHER_DRN,
  startTestServer,
  TERMS,
  type TestServer,
} from '../furnished.ts';
import { hire, type Person } from '../people/office.ts';

interface Views {
  at: TestServer;
  engineer: Person;
  supervisor: Person;
}

const test = suite<Views>('a meter, its tariff and its keys as the utility sees them');

/** Blocks, a charge, free units and a limit to what is deducted: all that a reckoning can meet. */
const BLOCKS = {
  ...TERMS,
  energy: {
    kind: 'blocks',
    blocks: [
      { untilDeciKwh: 500, pricePerKwh: '1.8652' },
      { untilDeciKwh: null, pricePerKwh: '2.9104' },
    ],
  },
  fixedCharges: [{ chargeId: 'basic', label: 'Basic', per: 'month', amountMinor: 2_000, isTaxed: true }],
  deductionShare: '0.5',
  freeUnitsDeciKwh: 100,
  freeUnitsFillBlocks: true,
  minimumMinor: 1,
};

test.before(async (context) => {
  const at = await startTestServer(10_000_000);
  Object.assign(context, { at });
  context.engineer = await hire(at, 'engineer', ['engineer']);
  context.supervisor = await hire(at, 'supervisor', ['supervisor']);
  const put = await at.call('POST', '/v1/tariffs', {
    key: at.operatorKey,
    body: { tariffId: 'blocks', terms: BLOCKS },
  });
  assert.is(put.status, 201, put.text);
  const moved = { key: at.operatorKey, body: { tariffId: 'blocks' } };
  assert.is((await at.call('PUT', `/v1/meters/${DRN}`, moved)).status, 200);
  const debt = {
    debtId: 'loan-1',
    label: 'Loan',
    amountMinor: 9_000,
    currency: 'ZAR',
    recovery: { kind: 'percentage', rate: '0.3' },
  };
  const opened = await at.call('POST', `/v1/meters/${DRN}/debts`, { key: at.operatorKey, body: debt });
  assert.is(opened.status, 201, opened.text);
});
test.after(async ({ at }) => {
  await at.close();
});

test('when a payment is tried under the tariff with what the account says then it is the trial sale to the cent', async ({
  at,
  engineer,
}) => {
  const tryBoth = async (what: object) => {
    const known = await engineer.call('GET', `/v1/meters/${DRN}/account`);
    const { history, meter } = account.MeterAccountAnswer.parse(known.body);
    const under = { tariffId: meter.tariffId };
    const trial = await engineer.call('POST', '/v1/tariff-trials', { under, history, ...what });
    assert.is(trial.status, 200, trial.text);
    const sale = await at.call('POST', '/v1/trial-sales', {
      key: at.vendorKey,
      body: { meter: DRN, currency: 'ZAR', ...what },
    });
    assert.is(sale.status, 200, sale.text);
    const { vendorId: _v, meter: _m, keyChange: _k, lookUpCode: _l, isCovered: _c, ...same } = sale.body;
    assert.equal(account.TariffTrialAnswer.parse(trial.body), same);
    return same;
  };
  const first = await tryBoth({ paidMinor: 12_345 });
  assert.ok(first.lines.length === 3 && first.freeDeciKwh === 100 && first.carriedMinor !== '0');
  await at.sell('account-1', { paidMinor: 12_345 });
  // The charge is paid, a part of the debt too, cents are carried, and the free units are gone.
  const second = await tryBoth({ paidMinor: 7_001 });
  assert.is(second.freeDeciKwh, 0);
  await tryBoth({ amountDeciKwh: 700 });
  await at.sell('account-2', { amountDeciKwh: 700, paidMinor: undefined });
  const third = await tryBoth({ paidMinor: 999, freeUnits: false });
  assert.ok(third.month.blockBefore.block === 2);
});

test('when terms that nobody has put are tried then they are reckoned with, or refused as when they are put', async ({
  at,
  engineer,
}) => {
  const tried = async (body: object) => engineer.call('POST', '/v1/tariff-trials', body);
  const dear = { ...BLOCKS, energy: { kind: 'flat', pricePerKwh: '10' }, vatRate: '0', freeUnitsDeciKwh: 0 };
  const none = { ...dear, fixedCharges: [] };
  const { body } = await tried({ under: { terms: none }, paidMinor: 1_000 });
  assert.equal([body.amountDeciKwh, body.freeDeciKwh, body.lines.length], [10, 0, 1]);
  const late = await tried({
    under: { tariffId: 'blocks' },
    paidMinor: 1_000,
    history: { monthUnitsDeciKwh: 600 },
  });
  // The free units of the month come before what is bought.
  assert.equal(late.body.lines.at(-1).steps[0].fromDeciKwh, 700);
  const version = async (validFrom: string) =>
    (await tried({ under: { tariffId: 'blocks', validFrom }, paidMinor: 1_000 })).body;
  assert.is((await version('1970-01-01T00:00:00.000Z')).currency, 'ZAR');
  for (const [asked, code] of [
    [{ under: { tariffId: 'none' }, paidMinor: 1 }, 'tariff_unknown'],
    [{ under: { tariffId: 'blocks', validFrom: '2001-01-01T00:00:00Z' }, paidMinor: 1 }, 'tariff_unknown'],
    [{ under: { tariffId: 'blocks' }, paidMinor: 1 }, 'payment_too_small'],
    [{ under: { tariffId: 'blocks' }, paidMinor: 1_000_001 }, 'payment_too_large'],
    [{ under: { tariffId: 'blocks' } }, 'request_malformed'],
    [{ under: { terms: { ...none, maximumMinor: 1, minimumMinor: 2 } }, paidMinor: 1 }, 'request_malformed'],
    [{ under: { terms: { ...none, timeZone: 'Mars/Base' } }, paidMinor: 9_000 }, 'request_malformed'],
    [
      {
        under: { tariffId: 'blocks' },
        paidMinor: 9_000,
        history: { charges: { basic: { paidThrough: '2026-11-20', partMinor: 0 } } },
      },
      'request_malformed',
    ],
  ] as const) {
    assert.is((await tried(asked)).body.code, code, JSON.stringify(asked));
  }
  assert.is((await at.call('POST', '/v1/tariff-trials', { body: {} })).status, 401);
});

test('when tariffs are listed then each says what is in force of it, by pages', async ({ at }) => {
  const list = async (query: string) => {
    const reply = await at.call('GET', `/v1/tariffs${query}`, { key: at.vendorKey });
    assert.is(reply.status, 200, reply.text);
    return TariffsAnswer.parse(reply.body);
  };
  const later = { tariffId: 'home', validFrom: '2040-01-01T00:00:00.000Z', terms: TERMS };
  await at.call('POST', '/v1/tariffs', { key: at.operatorKey, body: later });
  const { tariffs, next } = await list('');
  const common = { currency: 'ZAR', inForceSince: '1970-01-01T00:00:00.000Z' };
  assert.equal(tariffs, [
    { tariffId: 'blocks', ...common, energy: 'blocks', versions: 1, nextFrom: null },
    { tariffId: 'home', ...common, energy: 'flat', versions: 2, nextFrom: later.validFrom },
  ]);
  assert.is(next, null);
  const page = await list('?limit=1');
  assert.equal([page.tariffs.length, page.next], [1, 'blocks']);
  assert.is((await list('?limit=1&after=blocks')).tariffs[0]?.tariffId, 'home');
});

test("when the utility looks at a meter's purchases then all vendors' are there without digits, and vendors see none", async ({
  at,
  engineer,
  supervisor,
}) => {
  const drn = OTHER_DRN;
  for (const index of [1, 2, 3]) assert.is((await at.sell(`list-${index}`, { meter: drn })).status, 201);
  const command = {
    requestId: 'c-1',
    meter: drn,
    tokens: [{ kind: 'clearTamper' }],
    reasonCode: 'tamper',
    reason: 'seal renewed',
  };
  assert.is((await engineer.call('POST', '/v1/engineering-tokens', command)).status, 201);
  const list = async (query: string) => {
    const reply = await supervisor.call('GET', `/v1/meters/${drn}/sales${query}`);
    assert.is(reply.status, 200, reply.text);
    assert.not.match(reply.text, /\d{20}|(\d{4} ){4}/);
    return account.MeterSalesAnswer.parse(reply.body);
  };
  const { sales, next } = await list('');
  assert.is(next, null);
  assert.equal(
    sales.map(({ vendorId, kind, paidMinor }) => [vendorId, kind, paidMinor]),
    [
      ['@utility', 'engineering', 0],
      ['shop', 'credit', 10_000],
      ['shop', 'credit', 10_000],
      ['shop', 'credit', 10_000],
    ],
  );
  const [given, bought] = sales;
  assert.equal([given?.reason, given?.tokens[0]?.what], ['seal renewed', 'clearTamper']);
  assert.ok((bought?.amountDeciKwh ?? 0) > 400 && bought?.tokens[0]?.what === 'paid');
  const page = await list('?limit=2');
  assert.equal((await list(`?limit=2&before=${page.next}`)).sales, sales.slice(2));
  for (const view of ['sales', 'account', 'key-state']) {
    const refused = await at.call('GET', `/v1/meters/${drn}/${view}`, { key: at.vendorKey });
    assert.is(refused.body.code, 'permission_denied', view);
  }
  const reports = { requestId: 'f-1', meter: drn, kind: 'noSupply', text: 'dark' };
  await at.call('POST', '/v1/fault-reports', { key: at.vendorKey, body: reports });
  const of = async (meter: string) =>
    (await engineer.call('GET', `/v1/fault-reports?meter=${meter}`)).body.reports.length;
  assert.equal([await of(drn), await of(DRN)], [1, 0]);
});

test('when the state of a key is asked for then it is that of the report, with the vending key behind it', async ({
  engineer,
}) => {
  const stateOf = async (meter: string) => {
    const reply = await engineer.call('GET', `/v1/meters/${meter}/key-state`);
    assert.is(reply.status, 200, reply.text);
    return MeterKeyStateAnswer.parse(reply.body);
  };
  const current = await stateOf(DRN);
  assert.equal([current.state, current.planned, current.vendingKey?.keyExpiry], ['current', null, 255]);
  const keyless = await stateOf(KEYLESS_DRN);
  assert.equal([keyless.state, keyless.refusal, keyless.vendingKey], ['refused', 'noKeyOfGroup', null]);
  const wanted = { wantedKey: { tariffIndex: 7 } };
  assert.is((await engineer.call('PUT', `/v1/meters/${DRN}/wanted-key`, wanted)).status, 200);
  assert.equal([(await stateOf(DRN)).state, (await stateOf(DRN)).planned?.to.tariffIndex], ['due', 7]);
  const request = { requestId: 'k-1', reason: 'moved to another class' };
  const changed = await engineer.call('POST', `/v1/meters/${DRN}/key-changes`, request);
  assert.equal([changed.status, changed.body.reason], [201, request.reason]);
  const again = await engineer.call('POST', `/v1/meters/${DRN}/key-changes`, request);
  assert.is(again.text, changed.text);
  const otherwise = { ...request, reason: 'another' };
  const refused = await engineer.call('POST', `/v1/meters/${DRN}/key-changes`, otherwise);
  assert.is(refused.body.code, 'request_id_reused');
  const after = await stateOf(DRN);
  assert.equal([after.state, after.lastChange?.saleId], ['unconfirmed', changed.body.saleId]);
  const list = await engineer.call('GET', '/v1/reports/key-changes/meters?state=unconfirmed');
  const { vendingKey: _key, ...row } = after;
  assert.equal(list.body.meters, [row]);
  const back = { reason: 'not keyed in' };
  const path = `/v1/meters/${DRN}/key-changes/${changed.body.saleId}/revocation`;
  assert.is((await engineer.call('POST', path, back)).status, 200);
  assert.equal([(await stateOf(DRN)).state, (await stateOf(DRN)).lastChange], ['due', null]);
});

test('when vending keys are asked for then custodians and auditors see attributes and check values, and nobody a key', async ({
  at,
  engineer,
}) => {
  const custodian = await hire(at, 'custodian', ['keyCustodian']);
  const reply = await custodian.call('GET', '/v1/vending-keys');
  assert.is(reply.status, 200, reply.text);
  const { vendingKeys } = VendingKeysAnswer.parse(reply.body);
  const { supplyGroupCode, keyRevision, vendingKey } = KEY_RECORD;
  assert.equal(
    vendingKeys.map((key) => [key.supplyGroupCode, key.keyRevision, key.isUsable]),
    [[supplyGroupCode, keyRevision, true]],
  );
  assert.match(vendingKeys[0]?.checkValue ?? '', /^[0-9A-Fa-f]{6}$/);
  assert.not.ok(reply.text.toLowerCase().includes(vendingKey.slice(0, 12)));
  assert.is((await engineer.call('GET', '/v1/vending-keys')).body.code, 'permission_denied');
  assert.is(METER_REQUEST.supplyGroupCode, supplyGroupCode);
});

test.run();
