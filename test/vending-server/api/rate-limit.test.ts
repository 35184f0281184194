/** Token buckets by themselves under a clock of the test, and at the door. */
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { isStsFault } from '../../../lib/faults.ts';
import { RateLimiter } from '../../../vending-server/api/rate-limit.ts';
import { DEFAULT_LIMITS } from '../../../vending-server/config.ts';
import { report } from '../../support/counts.ts';
import { newDataFolder, removeFolder, startOn, startTestServer } from '../furnished.ts';

const test = suite('rate limits');

function waitOf(error: unknown): number {
  return (isStsFault(error) ? error.retryAfterSeconds : undefined) ?? Number.NaN;
}

function spent(limiter: RateLimiter, caller: string, times: number): number {
  let taken = 0;
  for (let i = 0; i < times; i += 1) {
    try {
      limiter.spend(caller);
      taken += 1;
    } catch (error) {
      assert.ok(waitOf(error) >= 1);
    }
  }
  return taken;
}

test('a bucket gives its burst at once and its rate in the long run', () => {
  let now = 0;
  const limiter = new RateLimiter({ perSecond: 10, burst: 25 }, () => now);
  assert.is(spent(limiter, 'a', 100), 25);
  assert.is(spent(limiter, 'b', 100), 25, 'another caller has a bucket of its own');
  let taken = 0;
  for (let i = 0; i < 1000; i += 1) {
    now += 10;
    taken += spent(limiter, 'a', 3);
  }
  assert.is(taken, 100, 'ten seconds at ten a second');
  now += 60_000;
  assert.is(spent(limiter, 'a', 100), 25, 'a pause fills the bucket and no more');
});

test('the wait that is told is enough, and one second less is not', () => {
  let now = 0;
  const limiter = new RateLimiter({ perSecond: 0.25, burst: 1 }, () => now);
  limiter.spend('a');
  let wait = 0;
  try {
    limiter.spend('a');
  } catch (error) {
    wait = waitOf(error);
  }
  assert.is(wait, 4);
  now += 3000;
  assert.is(spent(limiter, 'a', 1), 0);
  now += 1000;
  assert.is(spent(limiter, 'a', 1), 1);
});

test('memory is bounded: a million callers leave a thousand buckets', () => {
  const limiter = new RateLimiter({ perSecond: 1, burst: 1 }, () => 0, 1000);
  for (let i = 0; i < 1_000_000; i += 1) limiter.spend(`caller ${i}`);
  assert.is(limiter.size, 1000);
  assert.is(spent(limiter, 'caller 999999', 1), 0, 'who came last is remembered');
  report('1000000 callers, 1000 buckets');
});

test('at the door a key that asks too often is refused before its body is read, and another one is not', async () => {
  const rateLimits = { ...DEFAULT_LIMITS.rateLimits, perKey: { perSecond: 0.5, burst: 10 } };
  const at = await startTestServer(0, { limits: { rateLimits } });
  const replies = await Promise.all(
    Array.from({ length: 40 }, () => at.call('GET', '/v1/vendors/shop', { key: at.vendorKey })),
  );
  assert.is(replies.filter(({ status }) => status === 200).length, 10);
  const refused = replies.filter(({ status }) => status === 429);
  assert.is(refused.length, 30);
  for (const { body, headers } of refused) {
    assert.equal([body.code, body.outcome, body.retry], ['rate_limited', 'none', 'later']);
    assert.match(headers.get('retry-after') ?? '', /^[12]$/);
  }
  const huge = await at.call('POST', '/v1/sales', { key: at.vendorKey, body: 'x'.repeat(1_000_000) });
  assert.is(huge.body.code, 'rate_limited');
  assert.is((await at.call('GET', '/v1/vendors/shop', { key: at.operatorKey })).status, 200);
  await at.close();
});

test('an address that tries keys is stopped, and a good key of that address with it', async () => {
  const refusedPerAddress = { perSecond: 0.01, burst: 5 };
  const at = await startTestServer(0, {
    limits: { rateLimits: { ...DEFAULT_LIMITS.rateLimits, refusedPerAddress } },
  });
  const codes = [];
  for (let i = 0; i < 8; i += 1)
    codes.push((await at.call('GET', '/v1/vendors/shop', { key: 'wtk_x' })).body.code);
  assert.equal(codes.filter((code) => code === 'authentication_required').length, 5);
  assert.equal(codes.filter((code) => code === 'rate_limited').length, 3);
  assert.is((await at.call('GET', '/v1/vendors/shop', { key: at.vendorKey })).body.code, 'rate_limited');
  assert.is((await at.call('GET', '/health')).status, 200, 'a probe brings no key');
  await at.close();
  const perAddress = { perSecond: 0.01, burst: 3 };
  const dataFolder = newDataFolder();
  const limits = { rateLimits: { ...DEFAULT_LIMITS.rateLimits, perAddress } };
  const server = await startOn(dataFolder, { limits });
  const statuses = [];
  for (let i = 0; i < 5; i += 1) statuses.push((await fetch(`${server.url}/nothing`)).status);
  assert.equal(statuses, [404, 404, 404, 429, 429]);
  await server.close();
  removeFolder(dataFolder);
});

test.run();
