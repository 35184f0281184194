import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { RandomStream } from '../../meter-sim/world/random.ts';
import { count, report, seedOf } from '../support/counts.ts';
import type { Running } from '../support/processes.ts';
import { verifyBooks } from '../support/sqlite-books.ts';
import { CALLERS, FLOAT_MINOR, METERS, Traffic, VENDORS } from '../support/traffic.ts';
import { furnish, makeUtility, startUtilityServer, type Utility } from '../support/utility.ts';

const test = suite('e2e: SIGKILL');
const seed = seedOf('e2e: SIGKILL');

const KILLS = count(2_000, 8);
/** A utility that has been killed so often goes, and another comes: the books to verify after each kill stay small. */
const KILLS_OF_ONE = 25;
/** A sale lives some milliseconds: kills fall between a few and a few hundred after the server is up, or sells. */
const KILL_AFTER_MILLIS = [3, 250] as const;
const YOUNG = 0.2;

/** Sales that this life of the server had claimed and not answered when it died. */
function claimedNotAnswered(logFile: string): number {
  const pending = new Set<string>();
  if (!existsSync(logFile)) return 0;
  for (const line of readFileSync(logFile, 'utf8').split('\n')) {
    const requestId = /"requestId":"([^"]+)"/.exec(line)?.[1];
    if (requestId === undefined) continue;
    if (line.includes('sale claimed')) pending.add(requestId);
    if (line.includes('sale answered')) pending.delete(requestId);
  }
  return pending.size;
}

const total = {
  kills: 0,
  landed: 0,
  pending: 0,
  asked: 0,
  differing: 0,
  verified: 0,
  sales: 0,
  unreleased: 0,
};

test('when the server is killed at random moments then each request id has one token and one debit for ever', async () => {
  const random = new RandomStream(seed, 'sigkill');
  while (total.kills < KILLS) {
    const utility = await makeUtility();
    try {
      await killOneUtility(utility, random, Math.min(KILLS_OF_ONE, KILLS - total.kills));
    } finally {
      utility.remove();
    }
  }
  report(
    `${total.kills} SIGKILLs under ${CALLERS} callers: ${total.landed} landed between claim and answer, on ${total.pending} sales`,
  );
  report(
    `${total.asked} requests, each asked again at the end: ${total.differing} answers differed, none refused`,
  );
  report(
    `books verified ${total.verified} times, after each kill and at the end: ${total.sales} sales, ${total.unreleased} tokens ` +
      'named unreleased, chains verified, floats exact',
  );
  assert.ok(total.landed > KILLS / 5, 'too few kills landed where it matters');
});

async function killOneUtility(utility: Utility, random: RandomStream, kills: number): Promise<void> {
  const first = await startUtilityServer(utility);
  const vendors = VENDORS.map((vendorId) => ({ vendorId, floatMinor: FLOAT_MINOR }));
  const keys = await furnish(utility, first.ready['url'] ?? '', vendors, METERS);
  await first.stop();
  const traffic = new Traffic(keys, random);
  for (let kill = 0; kill < kills; kill += 1) {
    const logFile = join(utility.folder, `kill-${kill}.log`);
    const server = await startUtilityServer(utility, ['--log-level', 'debug', '--log-file', logFile]);
    await sellUntilKilled(server, traffic, random);
    const pending = claimedNotAnswered(logFile);
    assert.not.match(readFileSync(logFile, 'utf8'), /\d{20}/, 'a token number in the log');
    total.kills += 1;
    total.pending += pending;
    if (pending > 0) total.landed += 1;
    await verifyBooks(utility, traffic, 'killed');
    total.verified += 1;
  }
  const last = await startUtilityServer(utility);
  const url = last.ready['url'] ?? '';
  await traffic.run(url, () => traffic.open === 0);
  total.asked += await traffic.askAllAgain(url);
  total.differing += traffic.differing;
  assert.is(await last.stop(), 0);
  assert.equal([traffic.refused, [...traffic.retried]], [[], []]);
  assert.is(traffic.differing, 0);
  assert.ok(
    traffic.sales.every((sale) => sale.answer !== undefined),
    'every request has its answer',
  );
  const { sales, unreleased } = await verifyBooks(utility, traffic, 'recovered');
  total.verified += 1;
  assert.is(sales, traffic.sales.length, 'one sale for each request id');
  total.sales += sales;
  total.unreleased += unreleased;
}

/** Some die while they come up and meet their first callers, most while they sell. */
async function sellUntilKilled(server: Running, traffic: Traffic, random: RandomStream): Promise<void> {
  const [least, most] = KILL_AFTER_MILLIS;
  const after = least + random.uniform() * (most - least);
  const isYoung = random.uniform() < YOUNG;
  let killed = false;
  const selling = traffic.run(server.ready['url'] ?? '', () => killed);
  if (!isYoung) await traffic.nextAnswer();
  await new Promise((resolve) => setTimeout(resolve, after));
  killed = true;
  await server.kill();
  await selling;
}

test.run();
