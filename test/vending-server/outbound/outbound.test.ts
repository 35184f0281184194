import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { isStsFault } from '../../../lib/faults.ts';
import { fileSpool } from '../../../vending-server/outbound/file-spool.ts';
import { isPublicAddress, whyRefused } from '../../../vending-server/outbound/private-address.ts';
import { readOrMakeSecret, replaceSecret } from '../../../vending-server/outbound/secret-file.ts';
import { type WebhookSenderOptions, webhookSender } from '../../../vending-server/outbound/webhook-sender.ts';
import { openReceiver, type Receiver } from '../../support/receiver.ts';

const OPTIONS = { timeoutMillis: 300, allowPrivate: true, userAgent: 'wattoken' };
const HEADERS = { 'webhook-id': 'msg_1', 'webhook-timestamp': '1', 'webhook-signature': 'v1,x' };

const sender = suite<{ receiver: Receiver }>('webhook sender');
sender.before.each(async (context) => {
  context.receiver = await openReceiver();
});
sender.after.each(async ({ receiver }) => {
  await receiver.close();
});

sender(
  'when a receiver takes a message then body and headers arrive as they were signed',
  async ({ receiver }) => {
    const outcome = await webhookSender(OPTIONS).post(receiver.url, HEADERS, '{"a":"Ω"}');
    assert.equal(outcome, { kind: 'delivered' });
    const [got] = receiver.received;
    assert.is(got?.body, '{"a":"Ω"}');
    for (const [name, value] of Object.entries(HEADERS)) assert.is(got?.headers[name], value);
    assert.is(got?.headers['content-type'], 'application/json');
  },
);

sender(
  'when a receiver answers anything else then it is named; a redirect is not followed',
  async ({ receiver }) => {
    const other = await openReceiver();
    const cases: [status: number, outcome: object][] = [
      [200, { kind: 'delivered' }],
      [299, { kind: 'delivered' }],
      [301, { kind: 'failed', reason: 'redirected' }],
      [307, { kind: 'failed', reason: 'redirected' }],
      [400, { kind: 'failed', reason: 'status_400' }],
      [410, { kind: 'refused', reason: 'gone' }],
      [429, { kind: 'failed', reason: 'status_429' }],
      [503, { kind: 'failed', reason: 'status_503' }],
    ];
    for (const [status, wanted] of cases) {
      receiver.answer = (_request, response) => response.writeHead(status, { Location: other.url }).end('x');
      assert.equal(await webhookSender(OPTIONS).post(receiver.url, HEADERS, '{}'), wanted, String(status));
    }
    assert.is(other.received.length, 0);
    await other.close();
  },
);

sender(
  'when a receiver hangs, drips, lies or is not there then one attempt ends in time',
  async ({ receiver }) => {
    const { post } = webhookSender(OPTIONS);
    const startedAt = performance.now();
    receiver.answer = () => undefined;
    assert.equal(await post(receiver.url, HEADERS, '{}'), { kind: 'failed', reason: 'timed_out' });
    receiver.answer = (_request, response) => {
      response.socket?.write('HTTP/1.1 2');
      const drip = setInterval(() => response.socket?.write('0'), 50);
      response.socket?.once('close', () => clearInterval(drip));
    };
    assert.is((await post(receiver.url, HEADERS, '{}')).kind, 'failed');
    // An endless body after a good status: the status is the answer.
    receiver.answer = (_request, response) => {
      response.writeHead(200);
      const more = setInterval(() => response.write('x'.repeat(10_000)), 10);
      response.once('close', () => clearInterval(more));
    };
    assert.equal(await post(receiver.url, HEADERS, '{}'), { kind: 'delivered' });
    receiver.answer = (_request, response) => response.socket?.destroy();
    assert.equal(await post(receiver.url, HEADERS, '{}'), { kind: 'failed', reason: 'unreachable' });
    receiver.answer = (_request, response) => response.socket?.end('SSH-2.0-OpenSSH\r\n');
    assert.is((await post(receiver.url, HEADERS, '{}')).kind, 'failed');
    await receiver.close();
    assert.equal(await post(receiver.url, HEADERS, '{}'), { kind: 'failed', reason: 'unreachable' });
    const tls = receiver.url.replace('http:', 'https:');
    assert.is((await post(tls, HEADERS, '{}')).kind, 'failed');
    assert.ok(performance.now() - startedAt < 5000);
  },
);

sender(
  'when private addresses are not allowed then nobody is called, by number or by name',
  async ({ receiver }) => {
    const { post } = webhookSender({ ...OPTIONS, allowPrivate: false });
    const { port } = receiver;
    const urls = [
      receiver.url,
      `https://127.0.0.1:${port}/`,
      `https://localhost:${port}/`,
      `https://[::1]:${port}/`,
    ];
    for (const url of urls) {
      assert.equal(await post(url, HEADERS, '{}'), { kind: 'refused', reason: 'address_refused' }, url);
    }
    // Names that nobody can tell by their look: only the address at the moment of the call shows where they lead.
    const looked: string[] = [];
    const resolve: NonNullable<WebhookSenderOptions['resolve']> = (hostname, _options, callback) => {
      looked.push(hostname);
      const inner = { address: hostname.startsWith('six') ? '::ffff:127.0.0.1' : '127.0.0.1', family: 4 };
      callback(null, hostname.startsWith('both') ? [{ address: '8.8.8.8', family: 4 }, inner] : [inner]);
    };
    const byName = webhookSender({ ...OPTIONS, allowPrivate: false, resolve });
    for (const name of ['inner.example', 'six.example', 'both.example']) {
      const outcome = await byName.post(`https://${name}:${port}/`, HEADERS, '{}');
      assert.equal(outcome, { kind: 'refused', reason: 'address_refused' }, name);
    }
    assert.is(looked.length, 3);
    assert.is(receiver.received.length, 0);
  },
);
sender.run();

const addresses = suite('private addresses');

addresses('when an address is not of the public internet then it is refused, however it is written', () => {
  const refused = [
    '127.0.0.1',
    '10.1.2.3',
    '172.16.0.1',
    '172.31.255.255',
    '192.168.1.1',
    '169.254.169.254',
    '100.64.0.1',
    '0.0.0.0',
    '255.255.255.255',
    '224.0.0.1',
    '192.0.2.1',
    '198.19.0.1',
    '203.0.113.9',
    '::1',
    '::',
    'fe80::1',
    'fc00::1',
    'fd12::1',
    'ff02::1',
    '::ffff:127.0.0.1',
    '::ffff:8.8.8.8',
    '64:ff9b::7f00:1',
    '2002:7f00:1::',
    '2001:db8::1',
    '2001:0:1::',
    'not an address',
    '',
  ];
  for (const address of refused) assert.is(isPublicAddress(address), false, address);
  for (const address of ['8.8.8.8', '172.32.0.1', '100.128.0.1', '2606:4700::1111', '2a00:1450::1']) {
    assert.is(isPublicAddress(address), true, address);
  }
  const urls = [
    'http://receiver.example/',
    'ftp://receiver.example/',
    'https://a:b@receiver.example/',
    'https://x.example/#f',
    'https://2130706433/',
    'https://0x7f.1/',
    'https://017700000001/',
    'https://[::ffff:7f00:1]/',
    'https://localhost/',
    'https://a.localhost/',
    'receiver.example',
    '',
    `https://receiver.example/${'x'.repeat(2000)}`,
  ];
  for (const url of urls) assert.ok(whyRefused(url, false) !== undefined, url);
  assert.is(whyRefused('https://receiver.example/hook?a=1', false), undefined);
  assert.is(whyRefused('http://10.0.0.7:8080/hook', true), undefined);
  assert.ok(whyRefused('file:///etc/passwd', true) !== undefined);
  console.log(`  ${refused.length} addresses and ${urls.length} URLs refused`);
});
addresses.run();

const files = suite<{ folder: string }>('files that leave');
files.before.each((context) => {
  context.folder = mkdtempSync(join(tmpdir(), 'wattoken-out-'));
});
files.after.each(({ folder }) => {
  rmSync(folder, { recursive: true });
});

const MESSAGE = {
  notificationId: 'msg_1_sms',
  kind: 'sale.completed',
  to: '+254700000001',
  subject: null,
  text: 'Token 1234 5678 9012 3456 7890',
};

files(
  'when a message is spooled, and again, then it is two whole files for their owner alone',
  async ({ folder }) => {
    const spool = fileSpool(join(folder, 'sms'));
    assert.equal(await spool.send(MESSAGE), { kind: 'delivered' });
    assert.equal(await spool.send(MESSAGE), { kind: 'delivered' });
    assert.equal(readdirSync(join(folder, 'sms')).sort(), ['msg_1_sms.json', 'msg_1_sms.txt']);
    const { notificationId: id, ...rest } = MESSAGE;
    assert.equal(JSON.parse(readFileSync(join(folder, 'sms', 'msg_1_sms.json'), 'utf8')), { id, ...rest });
    assert.is(
      readFileSync(join(folder, 'sms', 'msg_1_sms.txt'), 'utf8'),
      'To: +254700000001\n\nToken 1234 5678 9012 3456 7890\n',
    );
    assert.is(statSync(join(folder, 'sms', 'msg_1_sms.json')).mode & 0o777, 0o600);
    assert.is(statSync(join(folder, 'sms')).mode & 0o777, 0o700);
  },
);

files(
  'when the spool cannot be written, or an id would leave it, then it is named and nothing is left',
  async ({ folder }) => {
    writeFileSync(join(folder, 'file'), '');
    const blocked = fileSpool(join(folder, 'file'));
    assert.equal(await blocked.send(MESSAGE), { kind: 'failed', reason: 'spool_unwritable' });
    const spool = fileSpool(join(folder, 'sms'));
    for (const notificationId of ['../evil', 'a/b', '', 'a.b', '\u0000']) {
      assert.is((await spool.send({ ...MESSAGE, notificationId })).kind, 'refused');
    }
    assert.equal(readdirSync(folder), ['file']);
  },
);

files(
  'when a secret is asked for then it is made once, kept, replaced whole, and nobody else reads it',
  ({ folder }) => {
    const path = join(folder, 'secret');
    assert.is(
      readOrMakeSecret(path, () => 'first'),
      'first',
    );
    assert.is(
      readOrMakeSecret(path, () => 'second'),
      'first',
    );
    replaceSecret(path, 'third');
    assert.is(
      readOrMakeSecret(path, () => 'fourth'),
      'third',
    );
    assert.is(statSync(path).mode & 0o777, 0o600);
    assert.equal(readdirSync(folder), ['secret']);
    assert.throws(
      () => readOrMakeSecret(join(folder, 'none', 'secret'), () => 'hidden'),
      (error: unknown) =>
        isStsFault(error) && error.code === 'data_folder_unusable' && !error.message.includes('hidden'),
    );
  },
);
files.run();
