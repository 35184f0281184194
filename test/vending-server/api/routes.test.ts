import { connect } from 'node:net';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { enterToken } from '../../../lib/meter/enter-token.ts';
import { SaleAnswer } from '../../../vending-server/api/sale-schemas.ts';
import { DRN, factoryMeter, METER_PAN, OTHER_DRN, startTestServer, type TestServer } from '../furnished.ts';

const FLOAT = 100_000;
const test = suite<{ at: TestServer }>('sales and registry over HTTP');

test.before(async (context) => {
  context.at = await startTestServer(FLOAT);
});
test.after(async ({ at }) => {
  await at.close();
});

async function floatOf(at: TestServer): Promise<number> {
  return (await at.call('GET', '/v1/vendors/shop', { key: at.vendorKey })).body.floatMinor;
}

test('a token bought over HTTP is accepted by its meter, and the answer keeps its schema', async ({ at }) => {
  const before = await floatOf(at);
  const sold = await at.sell('buy', { meter: METER_PAN });
  assert.is(sold.status, 201);
  assert.is(sold.headers.get('location'), `/v1/sales/${sold.body.saleId}`);
  assert.is(sold.headers.get('idempotent-replayed'), null);
  SaleAnswer.parse(sold.body);
  const { outcome } = enterToken(factoryMeter(), sold.body.tokens[0].tokenNo, 0);
  assert.equal(outcome, {
    stage: 'token',
    result: 'Accept',
    creditDeciKwh: 466,
    effect: { kind: 'credited', resource: 'electricity', units: 466 },
  });
  assert.is(await floatOf(at), before - 10_000);
});

test('fifty at once under one id get the same bytes; spaces and key order do not matter', async ({ at }) => {
  const before = await floatOf(at);
  const replies = await Promise.all(Array.from({ length: 50 }, () => at.sell('fifty')));
  assert.is(new Set(replies.map(({ text }) => text)).size, 1);
  assert.ok(replies.every(({ status }) => status === 201));
  const fresh = replies.filter(({ headers }) => headers.get('idempotent-replayed') === null);
  assert.is(fresh.length, 1);
  const written = `{ "currency":"ZAR", "paidMinor": 1.0e4,\n "meter":"${DRN}", "requestId":"fifty" }`;
  const again = await at.call('POST', '/v1/sales', { key: at.vendorKey, body: written });
  assert.is(again.text, replies[0]?.text);
  assert.is(again.headers.get('idempotent-replayed'), 'true');
  const { saleId } = again.body;
  for (const path of [`/v1/sales/${saleId}`, '/v1/sales/by-request/fifty']) {
    const found = await at.call('GET', path, { key: at.vendorKey });
    assert.equal([found.status, found.text], [200, again.text]);
  }
  const byOperator = await at.call('GET', `/v1/sales/${saleId}`, { key: at.operatorKey });
  assert.is(byOperator.text, again.text);
  const other = await at.sell('fifty', { paidMinor: 10_001 });
  assert.equal([other.status, other.body.code], [422, 'request_id_reused']);
  assert.is(await floatOf(at), before - 10_000);
});

test('one vendor sees nothing of another', async ({ at }) => {
  const sold = await at.sell('own');
  const opened = await at.call('POST', '/v1/vendors', {
    key: at.operatorKey,
    body: { vendorId: 'rival', name: 'Rival', currency: 'ZAR' },
  });
  const key = opened.body.apiKey;
  const sale = await at.call('GET', `/v1/sales/${sold.body.saleId}`, { key });
  const absent = await at.call('GET', '/v1/sales/sale_0', { key });
  assert.equal({ ...sale.body, requestId: '' }, { ...absent.body, requestId: '' });
  assert.is((await at.call('GET', '/v1/sales/by-request/own', { key })).body.code, 'sale_unknown');
  assert.is((await at.call('GET', '/v1/vendors/shop', { key })).body.code, 'permission_denied');
  // The same id of another vendor is another id.
  const own = { requestId: 'own', meter: DRN, paidMinor: 10_000, currency: 'ZAR' };
  assert.is((await at.call('POST', '/v1/sales', { key, body: own })).body.code, 'float_exhausted');
});

test('registering, opening and paying in again change nothing and say so', async ({ at }) => {
  const key = at.operatorKey;
  const meter = await at.call('GET', `/v1/meters/${DRN}`, { key });
  const { meterPan: _pan, drn, wantedKey: _wanted, issuedKeyChange: _issued, ...known } = meter.body;
  const { replacedBy: _by, replaces: _of, ...attributes } = known;
  const again = await at.call('POST', '/v1/meters', { key, body: { meter: drn, ...attributes } });
  assert.equal([again.status, again.text], [200, meter.text]);
  const moved = { meter: drn, ...attributes, tariffIndex: 9 };
  assert.is((await at.call('POST', '/v1/meters', { key, body: moved })).body.code, 'meter_exists');
  const tariff = await at.call('GET', '/v1/tariffs/home', { key });
  const { tariffId, versions } = tariff.body;
  const version = { tariffId, ...versions[0] };
  assert.is((await at.call('PUT', '/v1/tariffs', { key, body: version })).status, 200);
  const dearer = { ...version, terms: { ...version.terms, energy: { kind: 'flat', pricePerKwh: '2' } } };
  assert.is((await at.call('PUT', '/v1/tariffs', { key, body: dearer })).body.code, 'tariff_exists');
  const past = { ...dearer, validFrom: '2020-01-01T00:00:00Z' };
  assert.is((await at.call('PUT', '/v1/tariffs', { key, body: past })).body.code, 'tariff_in_the_past');
  const future = await at.call('PUT', '/v1/tariffs', {
    key,
    body: { ...dearer, validFrom: '2099-01-01T00:00:00Z' },
  });
  assert.equal([future.status, future.body.versions.length], [201, 2]);
  const vendor = { vendorId: 'shop', name: 'Corner shop', currency: 'ZAR' };
  const same = await at.call('POST', '/v1/vendors', { key, body: vendor });
  assert.equal([same.status, same.body.apiKey, same.body.floatMinor], [200, undefined, await floatOf(at)]);
  const renamed = await at.call('POST', '/v1/vendors', { key, body: { ...vendor, name: 'Other' } });
  assert.is(renamed.body.code, 'vendor_exists');
  const slip = { requestId: 'first', amountMinor: FLOAT, currency: 'ZAR', reference: 'slip 1' };
  const paid = await at.call('POST', '/v1/vendors/shop/deposits', { key, body: slip });
  assert.equal([paid.status, paid.body.floatMinor], [201, FLOAT]);
  assert.is(paid.headers.get('idempotent-replayed'), 'true');
  const more = await at.call('POST', '/v1/vendors/shop/deposits', {
    key,
    body: { ...slip, amountMinor: 1 },
  });
  assert.is(more.body.code, 'request_id_reused');
  const till = await at.call('POST', '/v1/vendors/shop/keys', { key, body: { label: 'till 2' } });
  assert.is((await at.call('GET', '/v1/vendors/shop', { key: till.body.apiKey })).status, 200);
});

test('health, readiness and request ids', async ({ at }) => {
  assert.equal((await at.call('GET', '/health')).body, { status: 'alive' });
  const ready = await at.call('GET', '/ready');
  assert.equal([ready.status, ready.body.status], [200, 'ready']);
  assert.ok(Number.isInteger(ready.body.counter));
  const given = await at.call('GET', '/health', { headers: { 'X-Request-Id': 'till-7.42' } });
  assert.is(given.headers.get('x-request-id'), 'till-7.42');
  const bad = await at.call('GET', '/nowhere', { headers: { 'X-Request-Id': 'a b<script>' } });
  assert.match(bad.headers.get('x-request-id') ?? '', /^[0-9a-f-]{36}$/);
  assert.is(bad.body.requestId, bad.headers.get('x-request-id'));
  assert.match(bad.headers.get('content-type') ?? '', /^application\/problem\+json/);
  assert.is(bad.headers.get('x-powered-by'), null);
  assert.is(bad.headers.get('x-content-type-options'), 'nosniff');
});

test('a caller who hangs up in the middle gets the sale by its id afterwards', async ({ at }) => {
  const before = await floatOf(at);
  const { hostname, port } = new URL(at.server.url);
  const body = JSON.stringify({ requestId: 'hangup', meter: OTHER_DRN, paidMinor: 10_000, currency: 'ZAR' });
  await new Promise<void>((resolve) => {
    const socket = connect(Number(port), hostname, () => {
      const head = `POST /v1/sales HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${at.vendorKey}\r\n`;
      socket.write(
        `${head}Content-Type: application/json\r\nContent-Length: ${body.length}\r\n\r\n${body}`,
        () => {
          socket.destroy();
          resolve();
        },
      );
    });
  });
  const reply = await at.sell('hangup', { meter: OTHER_DRN });
  assert.is(reply.status, 201);
  assert.is(await floatOf(at), before - 10_000);
});

test.run();
