import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { report } from '../support/counts.ts';
import { runCli, startCli } from '../support/processes.ts';

const test = suite('e2e: sandbox');

let folder: string;
test.before.each(() => {
  folder = mkdtempSync(join(tmpdir(), 'wattoken-sandbox-'));
});
test.after.each(() => rmSync(folder, { recursive: true, force: true }));

const sandbox = (more: readonly string[] = []) =>
  startCli(['sandbox', '--data', join(folder, 'data'), '--server-port', '0', '--meter-port', '0', ...more]);

interface Announcement {
  counter: string;
  seller: { userId: string; password: string };
  server: string;
  meter: string;
  sellerKeyFile: string;
  drn: string;
  firstSale: { tokenNoGrouped: string; result: string; enteredNow: boolean };
}

async function readMeter(url: string): Promise<{ balanceMilliWh: number; totalMilliWh: number }> {
  return (await fetch(`${url}/v1/meter`)).json() as never;
}

test('when the sandbox starts then a token is sold and accepted, the balance ticks, and a second start goes on', async () => {
  const startedAt = performance.now();
  const first = await sandbox();
  const seconds = (performance.now() - startedAt) / 1000;
  report(`first light after ${seconds.toFixed(1)} s`);
  const one = first.ready as unknown as Announcement;
  assert.equal([one.firstSale.result, one.firstSale.enteredNow], ['Accept', true]);
  const early = await readMeter(one.meter);
  await new Promise((resolve) => setTimeout(resolve, 3_000));
  const late = await readMeter(one.meter);
  const used = early.balanceMilliWh - late.balanceMilliWh;
  report(`3 s under 2,000 W: ${used} mWh used`);
  assert.ok(used > 500 && used < 5_000, 'the load draws 556 mWh a second');
  assert.is(await first.stop('SIGINT'), 0, 'Ctrl-C ends clean');

  const second = await sandbox();
  const two = second.ready as unknown as Announcement;
  assert.is(two.firstSale.enteredNow, false, 'nothing is sold a second time');
  assert.is(two.firstSale.tokenNoGrouped, one.firstSale.tokenNoGrouped);
  const resumed = await readMeter(two.meter);
  assert.ok(resumed.balanceMilliWh <= late.balanceMilliWh && resumed.totalMilliWh >= late.totalMilliWh);
  assert.ok(resumed.balanceMilliWh > late.balanceMilliWh - 10_000);

  // The counter stands where the screen says, and its seller can sign in.
  assert.match(await (await fetch(two.counter)).text(), /<script type="module" src="\/counter\.js">/);
  const { userId, password } = two.seller;
  const signedIn = await fetch(`${two.server}/v1/session`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ userId, password }),
  });
  assert.is(signedIn.status, 201);
  assert.ok(((await signedIn.json()) as { permissions: string[] }).permissions.includes('sale.make'));

  // The commands on the screen work as printed: buy more, key it in.
  const vend = ['vend', two.drn, '25', '--server', two.server, '--api-key-file', two.sellerKeyFile, '--json'];
  const sold = await runCli(vend);
  assert.is(sold.code, 0, sold.stderr);
  const { tokenNo } = JSON.parse(sold.stdout).tokens[0];
  const entered = await runCli(['meter', 'enter', tokenNo, '--meter', two.meter]);
  assert.match(entered.stdout, /^Accept {2}\+[0-9.]+ kWh {2}balance [0-9.]+ kWh/);
  const read = await runCli([
    'token',
    'inspect',
    tokenNo,
    '--meter-file',
    join(folder, 'data/meter/meter.json'),
    '--json',
  ]);
  assert.is(JSON.parse(read.stdout).token.kind, 'creditElectricity');
  assert.is(await second.stop('SIGTERM'), 0);
});

test('when a port is taken then the error names the flag that chooses another, and nothing is left running', async () => {
  const blocker = createServer();
  const port = await new Promise<number>((resolve) => {
    blocker.listen(0, '127.0.0.1', () => resolve((blocker.address() as { port: number }).port));
  });
  try {
    for (const [flag, other] of [
      ['--server-port', '--meter-port'],
      ['--meter-port', '--server-port'],
    ] as const) {
      const data = ['--data', join(folder, flag)];
      const { code, stderr } = await runCli(['sandbox', ...data, flag, String(port), other, '0']);
      assert.is(code, 6);
      assert.match(stderr, new RegExp(`port is taken.*${flag}.*\\[port_taken\\]`));
    }
  } finally {
    blocker.close();
  }
});

test('when the sandbox is killed then its server and meter end by themselves and the next start is whole', async () => {
  const first = await sandbox();
  const one = first.ready as unknown as Announcement;
  const before = await readMeter(one.meter);
  await first.kill();
  const gone = async (url: string) => {
    for (let tries = 0; tries < 100; tries += 1) {
      try {
        await fetch(`${url}/health`);
      } catch {
        return true;
      }
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
    return false;
  };
  assert.ok(await gone(one.server), 'the server ends with its parent');
  assert.ok(await gone(one.meter), 'the meter ends with its parent');
  const second = await sandbox();
  const two = second.ready as unknown as Announcement;
  assert.ok((await readMeter(two.meter)).totalMilliWh >= before.totalMilliWh);
  assert.is(await second.stop(), 0);
  const record = readFileSync(join(folder, 'data/first-sale.json'), 'utf8');
  assert.match(record, /"result":"Accept"/);
});

test.run();
