/**
 * A disk that is full, and has room again, under a server that sells: its files, and those of its security module, may not grow
 * beyond a limit of the operating system, which fails the write in the same place as a full disk does.
 */
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { RandomStream } from '../../meter-sim/world/random.ts';
import { count, report, seedOf } from '../support/counts.ts';
import type { Running } from '../support/processes.ts';
import { verifyBooks } from '../support/sqlite-books.ts';
import { FLOAT_MINOR, METERS, Traffic, VENDORS } from '../support/traffic.ts';
import { furnish, makeUtility, startUtilityServer, type Utility } from '../support/utility.ts';

const test = suite('e2e: disk full');
const seed = seedOf('e2e: disk full');

const TIMES = count(300, 6);
const FULL_MILLIS = [20, 400] as const;
/** From where nothing can be written to where a write-ahead log is about to begin anew. */
const MOST_BYTES = 4_000_000;
const PARTS = ['server', 'module', 'both'] as const;
/** A module that cannot write its journal ends, and a server whose module dies more than ten times in a minute ends too. */
const MODULE_FULL_A_MINUTE = 9;

let utility: Utility;
test.before(async () => {
  utility = await makeUtility();
});
test.after(() => utility?.remove());

test('when the disk is full then sales are refused to be asked again, and once there is room each has its one answer', async () => {
  const random = new RandomStream(seed, 'disk full');
  const server = await startUtilityServer(utility);
  const url = server.ready['url'] ?? '';
  const vendors = VENDORS.map((vendorId) => ({ vendorId, floatMinor: FLOAT_MINOR }));
  const traffic = new Traffic(await furnish(utility, url, vendors, METERS), random);
  let unready = 0;
  const moduleFull: number[] = [];
  for (let time = 0; time < TIMES; time += 1) {
    const [least, most] = FULL_MILLIS;
    const drawn = PARTS[time % PARTS.length] ?? 'both';
    const lately = moduleFull.filter((at) => performance.now() - at < 60_000);
    const part = lately.length < MODULE_FULL_A_MINUTE ? drawn : 'server';
    if (part !== 'server') moduleFull.push(performance.now());
    let isFull = true;
    const selling = traffic.run(url, () => !isFull && traffic.open === 0);
    await traffic.nextAnswer();
    const bytes = time % 2 === 0 ? 0 : Math.trunc(random.uniform() * MOST_BYTES);
    limitFiles(server, part, String(bytes));
    await sleep(least + random.uniform() * (most - least));
    assert.is((await fetch(`${url}/health`)).status, 200, 'the server stays up');
    if (bytes === 0 && (await fetch(`${url}/ready`)).status === 503) unready += 1;
    limitFiles(server, 'both', 'unlimited');
    isFull = false;
    await selling;
  }
  const asked = await traffic.askAllAgain(url);
  assert.is(await server.stop(), 0);
  assert.equal(traffic.refused, []);
  assert.is(traffic.differing, 0);
  assert.ok(traffic.sales.every(({ answer }) => answer !== undefined));
  const refusals = [...traffic.retried.values()].reduce((sum, each) => sum + each, 0);
  assert.ok(refusals > TIMES, 'the disk was hardly ever full');
  assert.ok(unready > 0, 'a server that cannot write says that it is not ready');
  const { sales, unreleased } = await verifyBooks(utility, traffic, 'recovered');
  assert.is(sales, traffic.sales.length);
  report(
    `disk full ${TIMES} times, ${moduleFull.length} of them for the module too, not ready ${unready} of them: ` +
      `${asked} requests, ${refusals} refusals ` +
      `(${[...traffic.retried.keys()].sort().join(', ')}), ${sales} sales once each, ${unreleased} tokens named unreleased`,
  );
});

/** Of the running processes: what is written beyond `bytes` of a file fails from now on. One that has just gone is let go. */
function limitFiles(server: Running, part: (typeof PARTS)[number], bytes: string): void {
  const pid = server.child.pid ?? 0;
  const children = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim();
  const modules = children === '' ? [] : children.split(' ').map(Number);
  const pids = { server: [pid], module: modules, both: [pid, ...modules] }[part];
  for (const each of pids) {
    const { status, stderr } = spawnSync('prlimit', [`--pid=${each}`, `--fsize=${bytes}:`], {
      encoding: 'utf8',
    });
    if (status !== 0 && !stderr.includes('No such process'))
      throw new Error(`prlimit ended with ${status}: ${stderr}`);
  }
}

function sleep(millis: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, millis));
}

test.run();
