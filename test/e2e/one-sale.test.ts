import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { report } from '../support/counts.ts';
import { type Running, runCli, startCli } from '../support/processes.ts';
import {
  furnish,
  METER_A,
  METER_B,
  makeUtility,
  startUtilityServer,
  type Utility,
} from '../support/utility.ts';

const test = suite('e2e: one sale');

/** Simulated seconds a second: 0.2 kWh at 20 kW are 36 s of load. */
const SPEED = 60;

let utility: Utility;
let server: Running;
let meter: Running;
let sellerKeyFile: string;

test.before(async () => {
  utility = await makeUtility();
  server = await startUtilityServer(utility);
  const keys = await furnish(utility, server.ready['url']!, [{ vendorId: 'shop', floatMinor: 100_000 }]);
  sellerKeyFile = join(utility.folder, 'seller.key');
  writeFileSync(sellerKeyFile, `${keys.get('shop')}\n`);
  meter = await startMeter();
});

test.after(async () => {
  await meter?.stop();
  await server?.stop();
  utility?.remove();
});

function startMeter(): Promise<Running> {
  const meterFile = join(utility.folder, 'meter.json');
  writeFileSync(meterFile, JSON.stringify({ note: 'public test values', ...METER_A }));
  const data = join(utility.folder, 'meter');
  // biome-ignore format: flag and value side by side
  return startCli(['meter', 'run', '--data', data, '--meter-file', meterFile, '--port', '0',
    '--speed', String(SPEED), '--load', '20000', '--seed', '7']);
}

/** Sells over HTTP through the command line. @returns the 20 digits. */
async function vend(drn: string, amount: string): Promise<string> {
  const { code, stdout, stderr } = await runCli([
    'vend',
    drn,
    amount,
    '--server',
    server.ready['url']!,
    '--api-key-file',
    sellerKeyFile,
    '--json',
  ]);
  assert.is(code, 0, stderr);
  assert.match(stderr, /request id cli-/, 'the id is told before the answer');
  return JSON.parse(stdout).tokens[0].tokenNo;
}

async function enter(tokenNo: string): Promise<{
  exit: number | null;
  result: string;
  creditedKwh?: string;
  balanceMilliWh: number;
}> {
  const { code, stdout } = await runCli([
    'meter',
    'enter',
    tokenNo,
    '--meter',
    meter.ready['url']!,
    '--json',
  ]);
  return { exit: code, ...JSON.parse(stdout) };
}

// biome-ignore lint/suspicious/noExplicitAny: a test reads whatever came.
async function readMeter(path = '/v1/meter'): Promise<any> {
  return (await fetch(`${meter.ready['url']}${path}`)).json();
}

async function waitFor<Value>(what: string, read: () => Promise<Value | undefined>): Promise<Value> {
  for (let tries = 0; tries < 300; tries += 1) {
    const value = await read();
    if (value !== undefined) return value;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  throw new Error(`${what} did not happen within 30 s`);
}

test('when a token is sold and keyed in then it is accepted once, burned down, and the relay opens before the zero', async () => {
  const tokenNo = await vend(METER_A.drn, '0.50');
  const accepted = await enter(tokenNo);
  assert.is(accepted.result, 'Accept');
  assert.is(accepted.exit, 0);
  assert.is(accepted.creditedKwh, '0.2', '0.50 with 15 % VAT at 2.0000 is 0.217 kWh, cut to 0.1');

  const again = await enter(tokenNo);
  assert.equal([again.result, again.exit], ['UsedError', 5]);
  const foreign = await enter(await vend(METER_B.drn, '0.50'));
  assert.equal([foreign.result, foreign.exit], ['CRCError', 5]);

  const byDirection = async (wanted: string) => {
    const { switchings } = await readMeter('/v1/meter/switchings');
    return switchings.filter(({ direction }: { direction: string }) => direction === wanted).at(-1);
  };
  const opening = await waitFor('the opening', () => byDirection('open'));
  const closing = await byDirection('close');
  report(
    `closed ${closing.fromZeroMicros} µs from the voltage zero; burned to zero, parted ${opening.fromZeroMicros} µs ` +
      `from the current zero, arc ${opening.arcMilliJoule} mJ`,
  );
  assert.ok(Math.abs(closing.fromZeroMicros) < 1000);
  assert.ok(opening.fromZeroMicros < 0 && opening.fromZeroMicros > -1000);
  const empty = await readMeter();
  assert.ok(
    empty.balanceMilliWh <= 0 && empty.balanceMilliWh > -2_000,
    `overrun of ${empty.balanceMilliWh} mWh`,
  );
  assert.is(empty.powerMilliWatt, 0);
});

test('when the meter process is killed after an acceptance then the credit is there and the digits stay used', async () => {
  const tokenNo = await vend(METER_A.drn, '100');
  const accepted = await enter(tokenNo);
  assert.is(accepted.result, 'Accept');
  await meter.kill();
  meter = await startMeter();
  const restored = await readMeter();
  const lost = accepted.balanceMilliWh - restored.balanceMilliWh;
  report(
    `kill -9 after acceptance: balance ${accepted.balanceMilliWh} mWh before, ${restored.balanceMilliWh} mWh after`,
  );
  assert.ok(lost <= 20_000 * SPEED, 'nothing but energy used since then');
  assert.ok(restored.balanceMilliWh > 40_000_000);
  assert.is((await enter(tokenNo)).result, 'UsedError');
});

test('when the meter is stopped and started then balance and total go on where they were', async () => {
  const before = await readMeter();
  assert.is(await meter.stop(), 0);
  meter = await startMeter();
  const after = await readMeter();
  assert.ok(after.balanceMilliWh <= before.balanceMilliWh);
  assert.ok(after.totalMilliWh >= before.totalMilliWh, 'a register never falls');
});

test('when the server restarts then the same request id answers the same bytes', async () => {
  const url = () => server.ready['url']!;
  const apiKey = readFileSync(sellerKeyFile, 'utf8').trim();
  const body = JSON.stringify({
    requestId: 'restart-1',
    meter: METER_A.drn,
    paidMinor: 1000,
    currency: 'ZAR',
  });
  const ask = async () =>
    (
      await fetch(`${url()}/v1/sales`, {
        method: 'POST',
        headers: { authorization: `Bearer ${apiKey}`, 'content-type': 'application/json' },
        body,
      })
    ).text();
  const first = await ask();
  assert.is(await server.stop('SIGINT'), 0);
  server = await startUtilityServer(utility);
  assert.is(await ask(), first);
  const { saleId } = JSON.parse(first);
  for (const path of [`/v1/sales/${saleId}`, '/v1/sales/by-request/restart-1']) {
    const found = await fetch(`${url()}${path}`, { headers: { authorization: `Bearer ${apiKey}` } });
    assert.is(await found.text(), first);
  }
});

test.run();
