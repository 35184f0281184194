/** Operating a server as its operator does: the built commands, real processes, SIGHUP and SIGKILL. */
import { cpSync, existsSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { connect } from 'node:tls';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { makeAuthority } from '../support/certificates.ts';
import { count, report } from '../support/counts.ts';
import { runCli, startCli } from '../support/processes.ts';
import {
  furnish,
  METER_A,
  METER_B,
  makeUtility,
  post,
  startUtilityServer,
  type Utility,
} from '../support/utility.ts';

const test = suite<{ utility: Utility }>('operating a server');

test.before.each(async (context) => {
  context.utility = await makeUtility();
});
test.after.each(({ utility }) => {
  utility.remove();
});

async function seller(utility: Utility, url: string) {
  const keys = await furnish(utility, url, [{ vendorId: 'shop', floatMinor: 10_000_000 }]);
  const apiKey = keys.get('shop') ?? '';
  return (requestId: string, drn: string = METER_A.drn) =>
    post(`${url}/v1/sales`, apiKey, { requestId, meter: drn, paidMinor: 1000, currency: 'ZAR' });
}

async function json(args: readonly string[]) {
  const { code, stdout, stderr } = await runCli([...args, '--json']);
  assert.not.match(stderr, /passphrase of a test/);
  return { code, body: JSON.parse(stdout) };
}

test('backup beside sales, doctor, restore into an empty folder, and a server from it', async ({
  utility,
}) => {
  const { serverFolder, folder, passphraseFile } = utility;
  const server = await startUtilityServer(utility);
  const sell = await seller(utility, String(server.ready['url']));
  for (let i = 0; i < 20; i += 1) assert.is((await sell(`r${i}`)).status, 201);
  const doctor = await json([
    'server',
    'doctor',
    '--data',
    serverFolder,
    '--passphrase-file',
    passphraseFile,
  ]);
  assert.equal([doctor.code, doctor.body.state === 'failed'], [0, false], JSON.stringify(doctor.body));
  const out = join(folder, 'backup');
  const made = await json(['server', 'backup', '--data', serverFolder, '--out', out, '--with-key-store']);
  assert.equal([made.code, made.body.sales, made.body.ledger.counter], [0, 20, 20]);
  const again = await json(['server', 'backup', '--data', serverFolder, '--out', out]);
  assert.equal([again.code, again.body.code], [5, 'backup_exists']);
  const busy = await json(['server', 'restore', '--data', serverFolder, '--from', out, '--replace']);
  assert.equal([busy.code, busy.body.code], [6, 'store_in_use']);
  assert.is(await server.stop(), 0);
  const fresh = join(folder, 'fresh');
  const restored = await json(['server', 'restore', '--data', fresh, '--from', out]);
  assert.equal([restored.code, restored.body.journal, restored.body.keyStore], [0, 'restored', 'restored']);
  const text = await runCli(['server', 'restore', '--data', join(folder, 'text'), '--from', out]);
  assert.match(
    text.stdout,
    /restored as of .*20 sales, chain at 20\nwhatever was sold after token 20 is unknown/,
  );
  const clone = await startCli([
    'server',
    'start',
    '--data',
    fresh,
    '--passphrase-file',
    passphraseFile,
    '--port',
    '0',
  ]);
  assert.is((await fetch(`${clone.ready['url']}/ready`)).status, 200);
  assert.is(await clone.stop(), 0);
  const after = await json(['server', 'doctor', '--data', fresh]);
  assert.equal(
    [after.code, after.body.checks.filter((one: { state: string }) => one.state === 'failed')],
    [0, []],
  );
  const migrated = await json(['server', 'migrate', '--data', fresh]);
  assert.is(migrated.body.from, migrated.body.to);
  assert.is((await json(['server', 'accept-clock', '--data', fresh])).code, 0);
  const bytes = readFileSync(join(out, 'vending.sqlite'));
  writeFileSync(join(out, 'vending.sqlite'), bytes.subarray(0, bytes.length / 2));
  const damaged = await json(['server', 'restore', '--data', join(folder, 'third'), '--from', out]);
  assert.equal([damaged.code, damaged.body.code], [6, 'backup_damaged']);
  writeFileSync(join(fresh, 'key-store.wks'), 'x');
  const ill = await json(['server', 'doctor', '--data', fresh]);
  assert.equal([ill.code, ill.body.state], [5, 'failed']);
});

/** Waits until a copy stands half done beside its place, or whole in it. */
async function begun(folder: string, start: string): Promise<void> {
  for (let i = 0; i < 5000; i += 1) {
    if (readdirSync(folder).some((name) => name.startsWith(start) || `${name}.` === start)) return;
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
}

test('when a server is killed in the middle of a backup then there is no half of one, and nothing is lost', async ({
  utility,
}) => {
  const { serverFolder, folder } = utility;
  const kills = count(60, 2);
  let whole = 0;
  let sold = 0;
  let server = await startUtilityServer(utility);
  let sell: (requestId: string, drn?: string) => ReturnType<typeof post> = await seller(
    utility,
    String(server.ready['url']),
  );
  for (let i = 0; i < kills; i += 1) {
    const out = join(folder, `b${i}`);
    const selling = Promise.allSettled(
      Array.from({ length: 30 }, (_, n) => sell(`k${i}-${n}`, n % 2 === 0 ? METER_A.drn : METER_B.drn)),
    );
    const copying = runCli(['server', 'backup', '--data', serverFolder, '--out', out]);
    await begun(folder, `b${i}.`);
    await new Promise((resolve) => setTimeout(resolve, (i * 7) % 30));
    await server.kill();
    for (const one of await selling) if (one.status === 'fulfilled' && one.value.status === 201) sold += 1;
    const { code } = await copying;
    if (existsSync(out)) {
      whole += 1;
      const target = join(folder, `t${i}`);
      assert.is(
        (await runCli(['server', 'restore', '--data', target, '--from', out])).code,
        0,
        'what has the name is whole',
      );
    } else {
      assert.is.not(code, 0);
    }
    server = await startUtilityServer(utility);
    const [url, keyFile] = [String(server.ready['url']), join(serverFolder, 'operator.key')];
    const issued = await post(`${url}/v1/vendors/shop/keys`, readFileSync(keyFile, 'utf8').trim(), {
      label: `k${i}`,
    });
    sell = (requestId, drn = METER_A.drn) =>
      post(`${url}/v1/sales`, issued.body.apiKey, {
        requestId,
        meter: drn,
        paidMinor: 1000,
        currency: 'ZAR',
      });
  }
  assert.is(await server.stop(), 0);
  const doctor = await json(['server', 'doctor', '--data', serverFolder]);
  assert.is(doctor.code, 0, JSON.stringify(doctor.body));
  report(
    `${kills} kills during a backup: ${whole} had finished and were whole, ${sold} sales answered, doctor content`,
  );
});

function shown(url: string, ca: string): Promise<string> {
  const { hostname, port } = new URL(url);
  return new Promise((resolve, reject) => {
    const socket = connect({ host: hostname, port: Number(port), ca }, () => {
      resolve(String(socket.getPeerCertificate().subject.CN));
      socket.destroy();
    });
    socket.on('error', reject);
  });
}

test('TLS from files with SIGHUP, figures on a port of their own, limits, and no secret in the log', async ({
  utility,
}) => {
  const { folder } = utility;
  const authority = makeAuthority('authority of a test');
  const [certFile, keyFile] = [join(folder, 'door.crt'), join(folder, 'door.pem')];
  const put = (name: string) => {
    const issued = authority.issue(name, { addresses: ['127.0.0.1'] });
    writeFileSync(certFile, issued.cert);
    writeFileSync(keyFile, issued.key, { mode: 0o600 });
  };
  put('first');
  const token = join(folder, 'scrape');
  writeFileSync(token, 'scrape-me\n', { mode: 0o600 });
  const log = join(folder, 'server.log');
  const flags = [
    '--tls-cert',
    certFile,
    '--tls-key',
    keyFile,
    '--metrics-port',
    '0',
    '--metrics-token-file',
    token,
  ];
  const more = [
    '--rate-per-key',
    '100',
    '--rate-per-address',
    '200',
    '--disk-floor',
    '1',
    '--log-level',
    'debug',
  ];
  const server = await startUtilityServer(utility, [...flags, ...more, '--log-file', log]);
  const { url, metricsUrl } = server.ready as { url: string; metricsUrl: string };
  assert.is(await shown(url, authority.cert), 'first');
  put('second');
  server.child.kill('SIGHUP');
  for (let i = 0; i < 50 && (await shown(url, authority.cert)) === 'first'; i += 1) {
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  assert.is(await shown(url, authority.cert), 'second');
  assert.is((await fetch(`${metricsUrl}/metrics`)).status, 401);
  const figures = await fetch(`${metricsUrl}/metrics`, { headers: { authorization: 'Bearer scrape-me' } });
  assert.match(await figures.text(), /^wattoken_ready 1$/m);
  assert.is((await fetch(`${metricsUrl}/ready`)).status, 200);
  assert.is(statSync(join(utility.serverFolder, 'control.sock')).mode & 0o777, 0o600);
  assert.is(await server.stop(), 0);
  assert.not(readdirSync(utility.serverFolder).includes('control.sock'), 'the socket goes with the server');
  const lines = readFileSync(log, 'utf8');
  assert.match(lines, /certificate read again/);
  for (const secret of ['scrape-me', 'PRIVATE KEY', 'passphrase of a test'])
    assert.not(lines.includes(secret));
  const half = await runCli(['server', 'start', '--data', utility.serverFolder, '--tls-cert', certFile]);
  assert.is(half.code, 2);
});

test('a folder of an operator who lost everything but the backup and the passphrase sells again', async ({
  utility,
}) => {
  const { serverFolder, folder } = utility;
  const server = await startUtilityServer(utility);
  const sell = await seller(utility, String(server.ready['url']));
  const before = await sell('kept');
  const out = join(folder, 'backup');
  await json(['server', 'backup', '--data', serverFolder, '--out', out, '--with-key-store']);
  for (let i = 0; i < 3; i += 1) await sell(`lost-${i}`);
  await server.kill();
  // The module ends when its server is gone, and closes its journal.
  for (let i = 0; i < 500 && existsSync(join(serverFolder, 'module.journal-wal')); i += 1) {
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  const copy = join(folder, 'journal-survives');
  cpSync(serverFolder, copy, {
    recursive: true,
    filter: (path) => !/vending\.sqlite|control\.sock/.test(path),
  });
  const { body } = await json(['server', 'restore', '--data', copy, '--from', out]);
  assert.equal([body.journal, body.lacks.count], ['kept', 3]);
  const revived = await startUtilityServer({ ...utility, serverFolder: copy });
  const found = await fetch(`${revived.ready['url']}/v1/sales/${before.body.saleId}`, {
    headers: { authorization: `Bearer ${readFileSync(join(serverFolder, 'operator.key'), 'utf8').trim()}` },
  });
  assert.is(await found.text(), before.text);
  assert.is(await revived.stop(), 0);
  const doctor = await json(['server', 'doctor', '--data', copy]);
  assert.is(doctor.code, 0, JSON.stringify(doctor.body));
});

test.run();
