import { createHmac } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { pathsOf } from '../../../vending-server/config.ts';
import { DATABASE_FILE } from '../../../vending-server/store/open.ts';
import { openReceiver, type Received, type Receiver } from '../../support/receiver.ts';
import { DRN, removeFolder, startTestServer, type TestServer } from '../furnished.ts';

const NOTIFY = {
  allowPrivateWebhooks: true,
  webhookTimeoutMillis: 300,
  lookMillis: 20,
  retry: { firstMillis: 20, mostMillis: 100, maxAgeMillis: 1500, leaseMillis: 1000 },
};

const test = suite<{ at: TestServer; receiver: Receiver; log: string }>('webhooks and messages over HTTP');
test.before.each(async (context) => {
  context.receiver = await openReceiver();
  context.at = await startTestServer(1_000_000, { notify: NOTIFY });
});
test.after.each(async ({ at, receiver }) => {
  await at.close();
  await receiver.close();
});

async function until(what: () => boolean | Promise<boolean>, name: string): Promise<void> {
  const end = Date.now() + 10_000;
  while (!(await what())) {
    if (Date.now() > end) throw new Error(`waited in vain: ${name}`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

function isSigned(secret: string, { headers, body }: Received): boolean {
  const key = Buffer.from(secret.slice('whsec_'.length), 'base64');
  const content = `${headers['webhook-id']}.${headers['webhook-timestamp']}.${body}`;
  const wanted = `v1,${createHmac('sha256', key).update(content).digest('base64')}`;
  return String(headers['webhook-signature']).split(' ').includes(wanted);
}

async function addHook(
  at: TestServer,
  key: string,
  url: string,
): Promise<{ webhookId: string; secret: string }> {
  const reply = await at.call('POST', '/v1/webhooks', { key, body: { url } });
  assert.is(reply.status, 201, reply.text);
  return reply.body;
}

test('when a sale is made then its webhook is told once, signed, with the exact answer', async ({
  at,
  receiver,
}) => {
  const { secret, webhookId } = await addHook(at, at.vendorKey, receiver.url);
  const sold = await at.sell('one');
  assert.is((await at.sell('one')).headers.get('idempotent-replayed'), 'true');
  await until(() => receiver.received.length > 0, 'a delivery');
  await new Promise((resolve) => setTimeout(resolve, 100));
  assert.is(receiver.received.length, 1, 'a replayed sale is told once');
  const [got] = receiver.received;
  assert.ok(isSigned(secret, got!));
  assert.is(got!.body, `{"type":"sale.completed","timestamp":"${sold.body.soldAt}","data":${sold.text}}`);
  assert.is(got!.headers['webhook-id'], `msg_${sold.body.saleId.slice(5)}_${webhookId}`);
  const listed = (await at.call('GET', '/v1/deliveries', { key: at.vendorKey })).body;
  assert.equal(
    listed.deliveries.map((row: Record<string, unknown>) => [row['state'], row['attempts'], row['target']]),
    [['delivered', 1, webhookId]],
  );
});

test('when a receiver fails, hangs, redirects and comes back then the message arrives under one id', async ({
  at,
  receiver,
}) => {
  const { secret } = await addHook(at, at.operatorKey, receiver.url);
  const elsewhere = await openReceiver();
  receiver.answer = (_request, response) => {
    const attempt = receiver.received.length;
    if (attempt === 1) response.writeHead(500).end();
    else if (attempt === 3) response.writeHead(307, { Location: elsewhere.url }).end();
    else if (attempt > 3) response.writeHead(200).end();
  };
  await at.sell('one');
  await until(() => receiver.received.length >= 4, 'four attempts');
  assert.is(new Set(receiver.received.map(({ headers }) => headers['webhook-id'])).size, 1);
  assert.is(new Set(receiver.received.map(({ body }) => body)).size, 1);
  assert.ok(receiver.received.every((one) => isSigned(secret, one)));
  assert.is(elsewhere.received.length, 0);
  await elsewhere.close();
  await until(async () => {
    const { deliveries } = (await at.call('GET', '/v1/deliveries', { key: at.operatorKey })).body;
    return deliveries[0].state === 'delivered';
  }, 'its end');
});

test('when a receiver stays away then the message is a dead letter, and sent again by hand it arrives', async ({
  at,
  receiver,
}) => {
  await addHook(at, at.vendorKey, receiver.url);
  receiver.answer = (_request, response) => response.writeHead(503).end();
  await at.sell('one');
  const dead = () => at.call('GET', '/v1/deliveries?state=dead', { key: at.vendorKey });
  await until(async () => (await dead()).body.deliveries.length === 1, 'a dead letter');
  const [letter] = (await dead()).body.deliveries;
  assert.match(letter.lastOutcome, /^(status_503|target_paused)$/);
  assert.is(letter.nextAttemptAt, null);
  const resend = (id: string, key: string) => at.call('POST', `/v1/deliveries/${id}/resend`, { key });
  assert.is((await resend('none', at.vendorKey)).body.code, 'notification_unknown');
  receiver.answer = (_request, response) => response.writeHead(200).end();
  assert.is((await resend(letter.notificationId, at.vendorKey)).body.state, 'waiting');
  await until(async () => (await dead()).body.deliveries.length === 0, 'the resent one');
  await until(async () => {
    const { deliveries } = (await at.call('GET', '/v1/deliveries', { key: at.vendorKey })).body;
    return deliveries[0].state === 'delivered';
  }, 'its arrival');
  assert.is((await resend(letter.notificationId, at.vendorKey)).body.code, 'notification_not_dead');
});

test('when a customer asks for its token then SMS and e-mail leave as files, in its language, and no log tells of it', async () => {
  const lines: string[] = [];
  const logFile = join(tmpdir(), `wattoken-messages-${process.pid}.log`);
  const at = await startTestServer(100_000, { notify: NOTIFY, logLevel: 'debug', logFile });
  const sendTo = { phone: '+254711222333', email: 'asha@customer.example', language: 'sw' };
  const sold = await at.sell('one', { sendTo });
  assert.is(sold.status, 201);
  assert.not.match(sold.text, /254711222333|asha/);
  const { spoolFolder } = pathsOf(at);
  const files = (channel: string) => {
    try {
      return readdirSync(join(spoolFolder, channel)).filter((name) => name.endsWith('.json'));
    } catch {
      return [];
    }
  };
  await until(() => files('sms').length === 1 && files('email').length === 1, 'two files');
  const read = (channel: string) =>
    JSON.parse(readFileSync(join(spoolFolder, channel, files(channel)[0]!), 'utf8')) as Record<
      string,
      string
    >;
  const sms = read('sms');
  assert.is(sms['to'], sendTo.phone);
  assert.ok(sms['text']!.includes(`Tokeni ${sold.body.tokens[0].tokenNoGrouped}`), sms['text']);
  const email = read('email');
  assert.is(email['to'], sendTo.email);
  assert.match(email['subject']!, /^Tokeni yako ya umeme/);
  assert.ok(email['text']!.includes(sold.body.tokens[0].tokenNoGrouped));
  const retry = await at.sell('one', { sendTo });
  assert.is(retry.text, sold.text);
  const other = await at.sell('one', { sendTo: { ...sendTo, phone: '+254711222334' } });
  assert.is(other.body.code, 'request_id_reused');
  const listed = (await at.call('GET', '/v1/deliveries', { key: at.operatorKey })).text;
  assert.not.match(listed, /254711222333|asha@/);
  assert.equal((await at.call('GET', '/v1/deliveries', { key: at.vendorKey })).body.deliveries, []);
  await at.close();
  lines.push(readFileSync(logFile, 'utf8'));
  removeFolder(logFile);
  assert.match(lines.join(''), /message attempted/);
  assert.not.match(lines.join(''), /254711222333|customer\.example|whsec_/);
});

test('when a meter runs low then the customer is told once, and so are the webhooks of the utility', async ({
  at,
  receiver,
}) => {
  await addHook(at, at.operatorKey, receiver.url);
  await addHook(at, at.vendorKey, receiver.url);
  const body = { requestId: 'low-1', meter: DRN, balanceDeciKwh: 42, sendTo: { phone: '+254711222333' } };
  const report = (more = {}, key = at.operatorKey) =>
    at.call('POST', '/v1/low-balances', { key, body: { ...body, ...more } });
  assert.equal((await report()).body, { messages: 2 });
  assert.equal((await report()).body, { messages: 2 });
  assert.is((await report({}, at.vendorKey)).body.code, 'permission_denied');
  assert.is((await report({ meter: '04000000002' })).body.code, 'meter_unknown');
  assert.is((await report({ sendTo: {} })).body.code, 'request_malformed');
  const folder = join(pathsOf(at).spoolFolder, 'sms');
  await until(() => receiver.received.length > 0, 'the webhook');
  await new Promise((resolve) => setTimeout(resolve, 100));
  assert.is(receiver.received.length, 1);
  const told = JSON.parse(receiver.received[0]!.body);
  assert.equal([told.type, told.data.drn, told.data.balanceDeciKwh], ['balance.low', DRN, 42]);
  const [text] = readdirSync(folder).filter((name) => name.endsWith('.txt'));
  assert.match(readFileSync(join(folder, text!), 'utf8'), /meter 11111111115 has 4\.2 kWh left/);
});

test('when webhooks are kept then only their owner sees them, secrets are shown once and stand in no row', async ({
  at,
  receiver,
}) => {
  const { vendorKey: key, operatorKey } = at;
  const made = await addHook(at, key, receiver.url);
  const path = `/v1/webhooks/${made.webhookId}`;
  const opened = await at.call('POST', '/v1/vendors', {
    key: operatorKey,
    body: { vendorId: 'other', name: 'O', currency: 'ZAR' },
  });
  const stranger: string = opened.body.apiKey;
  for (const [method, url, body] of [
    ['GET', path, undefined],
    ['PUT', path, { url: receiver.url, isEnabled: false }],
    ['DELETE', path, undefined],
    ['POST', `${path}/secret`, undefined],
  ] as const) {
    assert.is((await at.call(method, url, { key: stranger, body })).body.code, 'webhook_unknown', method);
  }
  assert.equal((await at.call('GET', '/v1/webhooks', { key: stranger })).body, { webhooks: [] });
  const shown = await at.call('GET', path, { key });
  assert.not.match(shown.text, /whsec_|secret/);
  const renewed = (await at.call('POST', `${path}/secret`, { key })).body;
  assert.is.not(renewed.secret, made.secret);
  await at.sell('one');
  await until(() => receiver.received.length === 1, 'a delivery');
  assert.ok(isSigned(made.secret, receiver.received[0]!) && isSigned(renewed.secret, receiver.received[0]!));
  const off = await at.call('PUT', path, { key, body: { url: receiver.url, isEnabled: false } });
  assert.is(off.body.isEnabled, false);
  await at.sell('two');
  await at.call('PUT', path, { key, body: { url: receiver.url, isEnabled: true } });
  assert.equal((await at.call('DELETE', path, { key })).body, { webhookId: made.webhookId, isRemoved: true });
  assert.is((await at.call('GET', path, { key })).body.code, 'webhook_unknown');
  await at.sell('three');
  await new Promise((resolve) => setTimeout(resolve, 100));
  assert.is(receiver.received.length, 1);
  const database = new Database(join(at.dataFolder, DATABASE_FILE), { readonly: true });
  const rows = JSON.stringify(database.prepare('SELECT * FROM webhook').all());
  database.close();
  const files = readFileSync(join(at.dataFolder, DATABASE_FILE), 'latin1');
  for (const { secret } of [made, renewed]) assert.not.ok(rows.includes(secret) || files.includes(secret));
});

test('when a webhook may not be there then it is refused, and ten are enough', async ({ receiver }) => {
  const at = await startTestServer(0);
  const add = (url: unknown) => at.call('POST', '/v1/webhooks', { key: at.vendorKey, body: { url } });
  for (const url of [
    receiver.url,
    'https://10.0.0.1/',
    'https://[::1]/',
    'ftp://x.example/',
    'x',
    'https://u:p@x.example/',
  ]) {
    const reply = await add(url);
    assert.equal([reply.status, reply.body.code, reply.body.param], [422, 'webhook_url_refused', 'url'], url);
    assert.not.ok(reply.text.includes('u:p@'));
  }
  for (let made = 0; made < 10; made += 1) assert.is((await add(`https://hook${made}.example/`)).status, 201);
  assert.is((await add('https://more.example/')).body.code, 'webhooks_too_many');
  assert.is((await at.call('GET', '/v1/webhooks', { key: at.vendorKey })).body.webhooks.length, 10);
  await at.close();
});

test('when deliveries are read page by page then each stands there once; a wrong cursor is refused', async ({
  at,
  receiver,
}) => {
  await addHook(at, at.vendorKey, receiver.url);
  for (let sale = 0; sale < 7; sale += 1) await at.sell(`s${sale}`, { paidMinor: 1000 });
  const seen: string[] = [];
  let cursor = '';
  do {
    const page = (await at.call('GET', `/v1/deliveries?limit=3${cursor}`, { key: at.vendorKey })).body;
    seen.push(...page.deliveries.map((row: { notificationId: string }) => row.notificationId));
    cursor = page.hasMore ? `&cursor=${page.nextCursor}` : '';
  } while (cursor !== '');
  assert.equal([seen.length, new Set(seen).size], [7, 7]);
  for (const query of ['cursor=x', 'cursor=0', 'limit=0', 'limit=101', 'state=lost', 'page=2']) {
    const reply = await at.call('GET', `/v1/deliveries?${query}`, { key: at.vendorKey });
    assert.is(reply.body.code, 'request_malformed', query);
  }
});

test.run();
