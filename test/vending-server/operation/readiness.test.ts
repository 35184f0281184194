/** Readiness that means it, and a clock that is set back, on real files. */
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { ClockGuard } from '../../../vending-server/operation/clock-guard.ts';
import { report } from '../../support/counts.ts';
import { fault } from '../../support/throws.ts';
import {
  OTHER_DRN,
  removeFolder,
  startOn,
  startTestServer,
  TestClock,
  type TestServer,
} from '../furnished.ts';

const test = suite('readiness and clock');
const MINUTE = 60_000;
const HOUR = 60 * MINUTE;

/** What was looked into is kept for a second; a test looks later. */
const nextLook = () => new Promise((resolve) => setTimeout(resolve, 1050));

async function readiness(at: Pick<TestServer, 'call'>): Promise<string> {
  const { status, body } = await at.call('GET', '/ready');
  return status === 200 ? ['ready', ...body.warnings].join(' ') : `${status} ${body.code}`;
}

test('when all is well then it is ready, whoever asks how often', async () => {
  const at = await startTestServer(100_000);
  assert.is(await readiness(at), 'ready');
  await at.sell('r1');
  await nextLook();
  const { body } = await at.call('GET', '/ready');
  assert.is(body.counter, 1);
  await at.close();
});

test('when the disk has less room than the floor then it is not ready, and lives', async () => {
  const at = await startTestServer(100_000, { limits: { diskFloorBytes: Number.MAX_SAFE_INTEGER } });
  assert.is(await readiness(at), '503 disk_nearly_full');
  assert.is((await at.call('GET', '/health')).status, 200);
  assert.is((await at.sell('r1')).status, 201, 'what still fits is still sold');
  await at.close();
});

test('when the security module is gone then it is not ready', async () => {
  let pid = 0;
  const at = await startTestServer(100_000, {
    restartModule: false,
    onModuleStarted: (started) => {
      pid = started;
    },
  });
  process.kill(pid, 'SIGKILL');
  await at.server.moduleDied;
  assert.is(await readiness(at), '503 security_module_unavailable');
  await at.close();
});

test('when the clock is set back an hour then sales go on, no time and no TID goes back, and readiness says so', async () => {
  const clock = new TestClock();
  const at = await startTestServer(1_000_000, { clock });
  const first = (await at.sell('r1')).body;
  clock.millis += 5 * MINUTE;
  const before = (await at.sell('r2')).body;
  clock.millis -= HOUR;
  await nextLook();
  assert.is(await readiness(at), 'ready clock_set_back');
  const times = [before.soldAt];
  const tids = [first.tokens[0].tidMinutes, before.tokens[0].tidMinutes];
  for (let i = 0; i < 20; i += 1) {
    clock.millis += MINUTE;
    const { status, body } = await at.sell(`back-${i}`);
    assert.is(status, 201);
    times.push(body.soldAt);
    tids.push(body.tokens[0].tidMinutes);
  }
  assert.equal(times, [...times].sort(), 'no sale is dated before an earlier one');
  assert.ok(
    tids.every((tid, i) => i === 0 || tid > tids[i - 1]!),
    'token identifiers strictly rise',
  );
  // Another meter, which never sold: its first token must not be older than the ledger either.
  const other = (await at.sell('other', { meter: OTHER_DRN })).body;
  assert.ok(other.tokens[0].tidMinutes >= before.tokens[0].tidMinutes);
  // A restart under the wrong clock must remember.
  await at.server.close();
  const server = await startOn(at.dataFolder, { clock });
  const headers = { authorization: `Bearer ${at.vendorKey}`, 'content-type': 'application/json' };
  const body = JSON.stringify({ requestId: 'again', meter: OTHER_DRN, paidMinor: 1000, currency: 'ZAR' });
  const reply = await fetch(`${server.url}/v1/sales`, { method: 'POST', headers, body });
  const sold = (await reply.json()) as { soldAt: string };
  assert.ok(sold.soldAt >= other.soldAt);
  clock.millis += HOUR;
  await nextLook();
  const ready = (await (await fetch(`${server.url}/ready`)).json()) as { warnings: string[] };
  assert.equal(ready.warnings, [], 'the clock has caught up');
  await server.close();
  removeFolder(at.dataFolder);
  report(`${times.length} sales under a clock set back: times and TIDs rise`);
});

test('when the clock is set back further than a TID may run ahead then nothing is dated by it', async () => {
  const clock = new TestClock();
  const at = await startTestServer(1_000_000, { clock });
  await at.sell('r1');
  clock.millis -= 25 * HOUR;
  assert.is((await at.sell('r2')).body.code, 'clock_set_back');
  await nextLook();
  assert.is(await readiness(at), '503 clock_set_back');
  const replay = await at.sell('r1');
  assert.is(replay.status, 201, 'what was answered stays answered');
  assert.is(replay.headers.get('idempotent-replayed'), 'true');
  clock.millis += 25 * HOUR;
  assert.is((await at.sell('r2')).status, 201);
  await at.close();
});

test('the guard holds, refuses, and learns what another server has seen', async () => {
  const clock = new TestClock();
  const start = clock.millis;
  const guard = new ClockGuard(clock, start, 10);
  clock.millis -= 30_000;
  assert.is(guard.now(), start);
  assert.equal(guard.state(), { behindMillis: 30_000, isWorthTelling: false, isRefused: false });
  clock.millis = start - 11 * MINUTE;
  assert.throws(() => guard.now(), fault('clock_set_back'));
  clock.millis = start + MINUTE;
  assert.is(guard.now(), start + MINUTE);
  const told: number[] = [];
  await guard.witness({
    witnessClock: async (now: number) => {
      told.push(now);
      return now + 5 * MINUTE;
    },
  } as never);
  assert.equal(told, [start + MINUTE]);
  assert.is(guard.now(), start + 6 * MINUTE);
});

test.run();
