import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { PUBLIC_TEST_METER } from '../../../cli/public-test-values.ts';
import { type RunningMeter, startMeter } from '../../../meter-sim/main.ts';
import { ownToken, tokenOfAnotherMeter } from '../../support/public-meter.ts';
import { fault, rejects } from '../../support/throws.ts';

const test = suite('meter-sim/panel');

interface Answer {
  status: number;
  headers: Headers;
  body: Record<string, unknown>;
  text: string;
}

const logged: string[] = [];

async function withMeter(
  options: { load?: number; speed?: number | 'max'; folder?: string; port?: number },
  run: (
    ask: (path: string, init?: RequestInit & { json?: unknown }) => Promise<Answer>,
    meter: RunningMeter,
  ) => Promise<void>,
): Promise<void> {
  const folder = options.folder ?? mkdtempSync(join(tmpdir(), 'wattoken-panel-'));
  const meter = await startMeter({
    dataFolder: folder,
    factory: PUBLIC_TEST_METER,
    port: options.port ?? 0,
    speed: options.speed ?? 20,
    loadWatts: options.load ?? 0,
    seed: 7,
    log: (line) => logged.push(line),
  });
  try {
    await run(async (path, init = {}) => {
      const { json, ...given } = init;
      const body =
        json === undefined
          ? {}
          : { method: 'POST', body: JSON.stringify(json), headers: { 'content-type': 'application/json' } };
      const response = await fetch(meter.url + path, { ...body, ...given });
      const text = await response.text();
      return { status: response.status, headers: response.headers, text, body: JSON.parse(text) };
    }, meter);
  } finally {
    await meter.stop();
    if (options.folder === undefined) rmSync(folder, { recursive: true });
  }
}

async function until(condition: () => Promise<boolean>): Promise<void> {
  for (const deadline = Date.now() + 20_000; !(await condition()); ) {
    if (Date.now() > deadline) throw new Error('waited 20 s in vain');
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

test('a token entered by wire is credited once, shown, burned down, and the relay opens before a current zero', () =>
  withMeter({ load: 4_600, speed: 50 }, async (ask) => {
    const first = await ask('/v1/meter/tokens', { json: { tokenNo: ownToken(6_000_000, 1) } });
    assert.is(first.status, 200, first.text);
    assert.is(first.body['result'], 'Accept');
    assert.is(first.body['stage'], 'token');
    assert.is(first.body['creditedKwh'], '0.1');
    assert.is(first.body['balanceMilliWh'], 100_000);
    const again = await ask('/v1/meter/tokens', { json: { tokenNo: ownToken(6_000_000, 1) } });
    assert.is(again.body['result'], 'UsedError');
    assert.is(again.body['code'], 10);
    const other = await ask('/v1/meter/tokens', { json: { tokenNo: tokenOfAnotherMeter(6_000_001) } });
    assert.is(other.body['result'], 'CRCError');
    await until(async () => (await ask('/v1/meter')).body['relay'] === 'closed');
    await until(async () => (await ask('/v1/meter')).body['relay'] === 'open');
    const { body } = await ask('/v1/meter');
    assert.ok((body['balanceMilliWh'] as number) <= 0);
    assert.is(body['drn'], '11111111115');
    const switchings = (await ask('/v1/meter/switchings')).body['switchings'] as Record<string, unknown>[];
    const opening = switchings.at(-1);
    assert.is(opening?.['direction'], 'open');
    const fromZero = opening?.['fromZeroMicros'] as number;
    console.log(`  parted ${fromZero} µs from the current zero, arc ${opening?.['arcMilliJoule']} mJ`);
    assert.ok(fromZero < 0 && fromZero > -1_000);
  }));

test('keys, load and mains are the hands of whoever stands before the meter', () =>
  withMeter({ load: 1_000 }, async (ask) => {
    await ask('/v1/meter/keys', { json: { keys: '1234-5' } });
    assert.is(((await ask('/v1/meter')).body['display'] as { text: string }).text, '05        1234-5');
    await ask('/v1/meter/keys', { json: { keys: '*****' } });
    await ask('/v1/meter/keys', { json: { keys: ownToken(6_000_000, 50) } });
    await until(async () => ((await ask('/v1/meter')).body['balanceMilliWh'] as number) > 0);
    const loaded = await ask('/v1/meter/load', { method: 'PUT', json: { watts: 2_500 } });
    assert.is(loaded.status, 200);
    assert.is(loaded.body['loadWatts'], 2_500);
    await until(async () => ((await ask('/v1/meter')).body['powerMilliWatt'] as number) > 2_400_000);
    await ask('/v1/meter/power', { json: { on: false } });
    await until(async () => (await ask('/v1/meter')).body['powered'] === false);
    const refused = await ask('/v1/meter/tokens', { json: { tokenNo: ownToken(6_000_001, 50) } });
    assert.is(refused.status, 503);
    assert.is(refused.body['code'], 'meter_not_powered');
    assert.is((await ask('/v1/meter/keys', { json: { keys: '1' } })).body['code'], 'meter_not_powered');
    await ask('/v1/meter/power', { json: { on: true } });
    await until(async () => ((await ask('/v1/meter')).body['balanceMilliWh'] as number) > 4_900_000);
  }));

test('a stop saves, a second start continues, and the same digits are still used', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'wattoken-panel-'));
  let saved = 0;
  await withMeter({ folder, load: 2_000, speed: 50 }, async (ask) => {
    await ask('/v1/meter/tokens', { json: { tokenNo: ownToken(6_000_000, 20) } });
    await until(async () => ((await ask('/v1/meter')).body['totalMilliWh'] as number) > 3_000);
    await rejects(
      startMeter({
        dataFolder: folder,
        factory: PUBLIC_TEST_METER,
        port: 0,
        speed: 1,
        loadWatts: 0,
        seed: 7,
      }),
      fault('store_in_use'),
    );
    saved = (await ask('/v1/meter')).body['totalMilliWh'] as number;
  });
  await withMeter({ folder }, async (ask) => {
    const { body } = await ask('/v1/meter');
    assert.ok((body['totalMilliWh'] as number) >= saved, `${body['totalMilliWh']} >= ${saved}`);
    assert.is((body['balanceMilliWh'] as number) + (body['totalMilliWh'] as number), 2_000_000);
    const again = await ask('/v1/meter/tokens', { json: { tokenNo: ownToken(6_000_000, 20) } });
    assert.is(again.body['result'], 'UsedError');
  });
  await rejects(
    startMeter({
      dataFolder: folder,
      factory: { ...PUBLIC_TEST_METER, drn: '00000000000' },
      port: 0,
      speed: 1,
      loadWatts: 0,
      seed: 7,
    }),
    fault('memory_image_damaged'),
  );
  writeFileSync(join(folder, 'eeprom.bin'), readFileSync(join(folder, 'eeprom.bin')).subarray(1));
  await rejects(
    startMeter({
      dataFolder: folder,
      factory: PUBLIC_TEST_METER,
      port: 0,
      speed: 1,
      loadWatts: 0,
      seed: 7,
    }),
    fault('memory_image_damaged'),
  );
  rmSync(folder, { recursive: true });
});

test('a taken port is named with its flag, and the folder is free again', () =>
  withMeter({}, async (_ask, meter) => {
    const folder = mkdtempSync(join(tmpdir(), 'wattoken-panel-'));
    const port = Number(new URL(meter.url).port);
    await rejects(
      withMeter({ folder, port }, async () => {}),
      (error) => fault('port_taken')(error) && (error as Error).message.includes('--port'),
    );
    await withMeter({ folder }, async () => {});
    rmSync(folder, { recursive: true });
  }));

test('bad input is answered with a named problem, changes nothing, and the meter stays up', () =>
  withMeter({}, async (ask) => {
    const json = { 'content-type': 'application/json' };
    const post = (body: string, headers: Record<string, string> = json): RequestInit => ({
      method: 'POST',
      body,
      headers,
    });
    const tokens = '/v1/meter/tokens';
    const cases: readonly [string, RequestInit & { json?: unknown }, number, string][] = [
      [tokens, { json: { tokenNo: 'letters' } }, 422, 'token_number_malformed'],
      [tokens, { json: { tokenNo: '1'.repeat(19) } }, 422, 'token_number_malformed'],
      [tokens, { json: { tokenNo: '73786976294838206464' } }, 422, 'token_number_too_large'],
      [tokens, { json: { tokenNo: 12_345 } }, 400, 'request_malformed'],
      [tokens, { json: { tokenNo: null } }, 400, 'request_malformed'],
      [tokens, { json: {} }, 400, 'request_malformed'],
      [tokens, { json: [] }, 400, 'request_malformed'],
      [tokens, { json: 7 }, 400, 'request_malformed'],
      [tokens, { json: { tokenNo: '1'.repeat(20), more: 1 } }, 400, 'request_malformed'],
      [tokens, post('{"tokenNo": '), 400, 'request_malformed'],
      [tokens, post(''), 400, 'request_malformed'],
      [tokens, post('\u0000\u0001'), 400, 'request_malformed'],
      [tokens, post(`{"tokenNo":"${'1'.repeat(20_000)}"}`), 413, 'request_too_large'],
      [tokens, post('tokenNo=1', { 'content-type': 'text/plain' }), 415, 'media_type_unsupported'],
      [
        tokens,
        post('{}', { 'content-type': 'application/json; charset=koi8-r' }),
        415,
        'media_type_unsupported',
      ],
      [tokens, { method: 'GET' }, 405, 'method_not_allowed'],
      ['/v1/meter', { method: 'DELETE' }, 405, 'method_not_allowed'],
      ['/v1/nothing', {}, 404, 'route_unknown'],
      ['/%zz', {}, 404, 'route_unknown'],
      ['/v1/meter/keys', { json: { keys: '12a' } }, 422, 'key_press_unknown'],
      ['/v1/meter/keys', { json: { keys: '' } }, 400, 'request_malformed'],
      ['/v1/meter/keys', { json: { keys: '1'.repeat(201) } }, 400, 'request_malformed'],
      ['/v1/meter/load', { method: 'PUT', json: { watts: -1 } }, 400, 'request_malformed'],
      ['/v1/meter/load', { method: 'PUT', json: { watts: 1e300 } }, 400, 'request_malformed'],
      ['/v1/meter/load', { method: 'PUT', json: { watts: '5' } }, 400, 'request_malformed'],
      ['/v1/meter/load', { method: 'PUT', json: { watts: Number.NaN } }, 400, 'request_malformed'],
      ['/v1/meter/power', { json: { on: 'yes' } }, 400, 'request_malformed'],
    ];
    await until(async () => (await ask('/v1/meter')).body['relay'] === 'open');
    const before = (await ask('/v1/meter')).body;
    for (const [path, init, status, code] of cases) {
      const answer = await ask(path, init);
      const name = `${path} ${JSON.stringify(init).slice(0, 80)}: ${answer.text}`;
      assert.is(answer.status, status, name);
      assert.is(answer.body['code'], code, name);
      assert.ok(answer.headers.get('content-type')?.startsWith('application/problem+json'), name);
      assert.is(answer.headers.get('x-request-id'), answer.body['requestId'], name);
    }
    const after = (await ask('/v1/meter')).body;
    for (const key of ['balanceMilliWh', 'totalMilliWh', 'relay', 'loadWatts', 'lastResult', 'mainsOn']) {
      assert.equal(after[key], before[key], key);
    }
    console.log(`  ${cases.length} bad requests, each a named problem`);
    assert.is((await ask('/health')).status, 200);
    const named = await ask('/health', { headers: { 'x-request-id': 'mine-1' } });
    assert.is(named.headers.get('x-request-id'), 'mine-1');
    assert.is((await ask('/v1/nothing', { headers: { 'x-request-id': 'no spaces' } })).status, 404);
  }));

test('no answer and no log line holds the decoder key or a whole token number', () =>
  withMeter({ load: 100 }, async (ask) => {
    const tokenNo = ownToken(6_000_000, 10);
    const answers = [
      await ask('/v1/meter/tokens', { json: { tokenNo } }),
      await ask('/v1/meter'),
      await ask('/v1/meter/switchings'),
      await ask('/health'),
      await ask(`/v1/meter/tokens/${tokenNo}`),
    ];
    for (const text of [...answers.map((answer) => answer.text), ...logged]) {
      assert.not(text.toLowerCase().includes(PUBLIC_TEST_METER.decoderKey));
      assert.not(text.includes(tokenNo));
    }
  }));

test('when a meter that ran ahead of time is started again then its clock goes on from there, and without its file from now', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'wattoken-panel-'));
  const clockAt = async (speed: number): Promise<number> => {
    let clock = Number.NaN;
    await withMeter({ folder, speed }, async (ask) => {
      await until(async () => (await ask('/v1/meter')).body['powered'] === true);
      if (speed > 1) await new Promise((wait) => setTimeout(wait, 1_200));
      clock = Date.parse(String((await ask('/v1/meter')).body['simulatedTime'])) / 1000;
    });
    return clock;
  };
  try {
    const ahead = await clockAt(36_000);
    assert.ok(ahead > Date.now() / 1000 + 3_600, 'it ran ahead of this machine');
    const again = await clockAt(1);
    assert.ok(again >= ahead && again < ahead + 36_000 * 5, `${again} after ${ahead}`);
    for (const spoiled of ['{ "aheadSeconds": 1e99 }', 'x']) {
      writeFileSync(join(folder, 'clock.json'), spoiled);
      const now = await clockAt(1);
      assert.ok(Math.abs(now - Date.now() / 1000) < 60, `${now} of a clock without a battery`);
    }
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test.run();
