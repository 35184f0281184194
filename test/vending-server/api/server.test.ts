import { readFileSync, statSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { StsFault } from '../../../lib/faults.ts';
import { DATABASE_FILE } from '../../../vending-server/store/open.ts';
import { fault, rejects } from '../../support/throws.ts';
import {
  DRN,
  newDataFolder,
  PASSPHRASE,
  passphraseFileOf,
  removeFolder,
  startOn,
  startTestServer,
} from '../furnished.ts';

const test = suite('vending server over HTTP');

test('answers survive a restart byte for byte, and keys with them', async () => {
  const at = await startTestServer(100_000);
  const sold = await at.sell('r1');
  await at.server.close();
  const server = await startOn(at.dataFolder);
  assert.is(server.recovery.unreleased, 0);
  assert.is(server.recovery.counter, 1);
  const headers = { Authorization: `Bearer ${at.vendorKey}` };
  const found = await fetch(`${server.url}/v1/sales/by-request/r1`, { headers });
  assert.is(await found.text(), sold.text);
  assert.is(readFileSync(server.operatorKeyPath, 'utf8').trim(), at.operatorKey);
  assert.is(statSync(server.operatorKeyPath).mode & 0o777, 0o600);
  await server.close();
  await at.close();
});

test('what the server writes down holds no key, no passphrase and no token number', async () => {
  const logFolder = newDataFolder();
  const logFile = join(logFolder, 'server.log');
  let modulePid = 0;
  const at = await startTestServer(100_000, {
    logLevel: 'debug',
    logFile,
    restartModule: false,
    onModuleStarted: (pid) => {
      modulePid = pid;
    },
  });
  const sold = await at.sell('sale-1');
  await at.sell('sale-1');
  await at.call('GET', `/v1/${sold.body.tokens[0].tokenNo}?key=${at.vendorKey}`, { key: at.vendorKey });
  await at.sell('sale-2', { meter: '1' });
  await at.call('POST', '/v1/sales', { key: at.vendorKey, body: `{"${PASSPHRASE}": ` });
  await at.call('GET', '/v1/vendors/shop', { key: `${at.vendorKey}x` });
  process.kill(modulePid, 'SIGKILL');
  assert.is((await at.sell('sale-3')).body.code, 'security_module_unavailable');
  await at.server.close();
  const log = readFileSync(logFile, 'utf8');
  const lines = log
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line));
  const about = (msg: string) => lines.filter((line) => line.msg === msg).map((line) => line.requestId);
  assert.equal(about('sale claimed'), ['sale-1', 'sale-3']);
  assert.equal(about('sale answered'), ['sale-1', 'sale-1']);
  assert.is(lines.filter((line) => line.msg === 'security module gone').length, 1);
  const database = readFileSync(join(at.dataFolder, DATABASE_FILE)).toString('latin1');
  const key = 'abababababababab9494';
  for (const secret of [at.vendorKey, at.operatorKey, PASSPHRASE, key]) {
    assert.not.ok(log.includes(secret));
    assert.not.ok(database.includes(secret));
  }
  assert.not.match(log, /\d{20}/); // nothing that could be a token number, of this sale or any
  assert.not.ok(log.includes(sold.body.tokens[0].tokenNoGrouped));
  console.log(`    ${lines.length} log lines searched`);
  removeFolder(logFolder);
  await at.close();
});

test('when the log cannot be written then sales go on; when it cannot be opened then that is named', async () => {
  const at = await startTestServer(100_000, { logLevel: 'debug', logFile: '/dev/full' });
  for (const id of ['r1', 'r2', 'r3']) assert.is((await at.sell(id)).status, 201);
  await at.close();
  const dataFolder = newDataFolder();
  await rejects(
    startOn(dataFolder, { logFile: dataFolder }),
    (error) => fault('usage')(error) && (error as StsFault).param === '--log-file',
  );
  removeFolder(dataFolder);
});

test('a port in use, a second server and a wrong passphrase are named, and nothing stays open', async () => {
  const at = await startTestServer(0);
  const second = newDataFolder();
  const port = Number(new URL(at.server.url).port);
  const start = (dataFolder: string, on: number) => startOn(dataFolder, { port: on });
  await rejects(
    start(second, port),
    (error) => fault('port_taken')(error) && String(error).includes('--port'),
  );
  await rejects(start(at.dataFolder, 0), fault('store_in_use'));
  writeFileSync(passphraseFileOf(second), 'not this one\n');
  await rejects(start(second, 0), fault('key_store_passphrase_wrong'));
  writeFileSync(passphraseFileOf(second), `${PASSPHRASE}\n`);
  const server = await start(second, 0);
  assert.is((await fetch(`${server.url}/ready`)).status, 200);
  await server.close();
  removeFolder(second);
  await at.close();
});

test('a shutdown finishes what runs and takes nothing new', async () => {
  const at = await startTestServer(10_000_000);
  const sales = Array.from({ length: 40 }, (_, index) => at.sell(`r${index}`).catch(() => undefined));
  await new Promise((resolve) => setTimeout(resolve, 40));
  await at.server.close();
  const replies = await Promise.all(sales);
  const answered = replies.filter((reply) => reply?.status === 201);
  const refused = replies.filter((reply) => reply?.body?.code === 'service_not_ready');
  await rejects(at.call('GET', '/health'), () => true);
  const server = await startOn(at.dataFolder);
  assert.is(server.recovery.unreleased, 0);
  assert.is(server.recovery.counter, answered.length); // nobody's sale was cut off from its answer
  const headers = { Authorization: `Bearer ${at.vendorKey}` };
  for (const reply of answered) {
    const found = await fetch(`${server.url}/v1/sales/${reply?.body.saleId}`, { headers });
    assert.is(await found.text(), reply?.text);
  }
  const vendor = (await (await fetch(`${server.url}/v1/vendors/shop`, { headers })).json()) as {
    floatMinor: number;
  };
  assert.is(vendor.floatMinor, 10_000_000 - server.recovery.counter * 10_000);
  const never = replies.length - answered.length - refused.length;
  console.log(
    `    40 sales at a shutdown: ${answered.length} answered and durable, ${refused.length} refused, ${never} not taken`,
  );
  await server.close();
  await at.close();
});

test('a slow request is cut off by name', async () => {
  const at = await startTestServer(0, { limits: { requestTimeoutMillis: 300 } });
  const { hostname, port } = new URL(at.server.url);
  const answered = await new Promise<string>((resolve) => {
    let text = '';
    const socket = connect(Number(port), hostname, () =>
      socket.write('POST /v1/sales HTTP/1.1\r\nHost: x\r\n'),
    );
    socket.on('data', (bytes) => {
      text += bytes;
    });
    socket.on('close', () => resolve(text));
  });
  assert.match(answered, /request_timed_out/);
  assert.is((await at.call('GET', '/health')).status, 200);
  await at.close();
});

test('when garbage follows a sale on its connection then the sale is answered, and the connection ends', async () => {
  const at = await startTestServer(100_000);
  const { hostname, port } = new URL(at.server.url);
  const body = JSON.stringify({ requestId: 'r1', meter: DRN, paidMinor: 10_000, currency: 'ZAR' });
  const sale =
    `POST /v1/sales HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${at.vendorKey}\r\n` +
    `Content-Type: application/json\r\nContent-Length: ${body.length}\r\n\r\n${body}`;
  const unfinished = 'POST /v1/sales HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nno size\r\n';
  for (const garbage of ['\0\0\0\r\n\r\n', unfinished]) {
    const answered = await new Promise<string>((resolve) => {
      let text = '';
      const socket = connect(Number(port), hostname, () => socket.write(`${sale}${garbage}`));
      socket.on('data', (bytes) => {
        text += bytes;
      });
      socket.on('close', () => resolve(text));
    });
    assert.match(answered, /^HTTP\/1.1 201 Created\r\n/);
    assert.ok(answered.endsWith((await at.sell('r1')).text));
  }
  await at.close();
});

test('when the module stops answering then a sale is told so in time, and its retry gets one token', async () => {
  let modulePid = 0;
  const at = await startTestServer(100_000, {
    limits: { requestTimeoutMillis: 700 },
    restartModule: false,
    onModuleStarted: (pid) => {
      modulePid = pid;
    },
  });
  process.kill(modulePid, 'SIGSTOP');
  const late = await Promise.all([at.sell('r1'), at.sell('r1')]);
  for (const { status, body } of late) {
    assert.equal(
      [status, body.code, body.outcome, body.retry],
      [504, 'request_timed_out', 'unknown', 'same-key'],
    );
  }
  process.kill(modulePid, 'SIGCONT');
  const replies = await Promise.all([at.sell('r1'), at.sell('r1'), at.sell('r1')]);
  assert.ok(replies.every(({ status }) => status === 201));
  assert.is(new Set(replies.map(({ text }) => text)).size, 1);
  assert.is((await at.call('GET', '/v1/vendors/shop', { key: at.vendorKey })).body.floatMinor, 90_000);
  assert.is((await at.call('GET', '/ready')).body.counter, 1);
  process.kill(modulePid, 'SIGKILL');
  let ready = await at.call('GET', '/ready');
  for (let tries = 0; ready.status === 200 && tries < 100; tries += 1) ready = await at.call('GET', '/ready');
  assert.equal([ready.status, ready.body.code], [503, 'security_module_unavailable']);
  assert.is((await at.sell('r2')).body.code, 'security_module_unavailable');
  assert.is((await at.sell('r1')).text, replies[0]?.text); // what was sold needs no module
  assert.is((await at.call('GET', '/health')).status, 200);
  await at.close();
});

test('when the server was killed before it recorded a token then the next start warns of it', async () => {
  const at = await startTestServer(100_000);
  await at.sell('r1');
  const { dataFolder } = at;
  await at.server.close();
  // What a database from before the sale looks like.
  const database = new Database(join(dataFolder, DATABASE_FILE));
  database.exec('DELETE FROM chain_entry; DELETE FROM transfer; DELETE FROM sale');
  database.close();
  const logFile = join(dataFolder, 'server.log');
  const server = await startOn(dataFolder, { logLevel: 'warn', logFile });
  assert.is(server.recovery.unreleased, 1);
  const [line] = readFileSync(logFile, 'utf8').trim().split('\n');
  const { level, msg, unreleased } = JSON.parse(line ?? '{}');
  assert.equal([level, msg, unreleased], [40, 'recovered', 1]);
  await server.close();
  await at.close();
});

test('damaged pages of the database are named, and the server stays up', async () => {
  const at = await startTestServer(100_000_000);
  const count = 150;
  for (let index = 0; index < count; index += 1) await at.sell(`r${index}`, { paidMinor: 1000 });
  await at.server.close();
  const path = join(at.dataFolder, DATABASE_FILE);
  const bytes = readFileSync(path);
  // Answers of sales, wherever their pages lie: their text is altered, the structure of the file is not.
  let altered = 0;
  for (
    let from = bytes.indexOf('"soldAt"');
    from >= 0 && altered < 100;
    from = bytes.indexOf('"soldAt"', from)
  ) {
    bytes[from + 2]! ^= 0x20;
    altered += 1;
  }
  writeFileSync(path, bytes);
  const server = await startOn(at.dataFolder);
  const headers = { Authorization: `Bearer ${at.vendorKey}` };
  const tally: Record<string, number> = {};
  for (let index = 0; index < count; index += 1) {
    const found = await fetch(`${server.url}/v1/sales/by-request/r${index}`, { headers });
    const { code } = (await found.json()) as { code?: string };
    tally[code ?? 'whole'] = (tally[code ?? 'whole'] ?? 0) + 1;
  }
  // Some of the altered bytes lie in pages that SQLite has moved since: those answers are whole.
  const { whole = 0, store_damaged: damaged = 0, ...others } = tally;
  assert.equal(others, {});
  assert.ok(damaged > altered / 2 && damaged <= altered);
  assert.is(whole, count - damaged);
  assert.is((await fetch(`${server.url}/health`)).status, 200);
  console.log(`    ${count} sales asked for on a damaged file: ${JSON.stringify(tally)}`);
  await server.close();
  await at.close();
});

test.run();
