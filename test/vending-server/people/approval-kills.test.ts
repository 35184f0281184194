import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { verifyTrail } from '../../../vending-server/people/audit.ts';
import { openStore } from '../../../vending-server/store/open.ts';
import type { ApprovalRecord } from '../../../vending-server/store/people-contract.ts';
import { count, seedOf } from '../../support/counts.ts';
import { startPostgres } from '../../support/postgres.ts';
import { ask } from '../../support/postgres-books.ts';
import { SeededRandom } from '../security-module/module-fixtures.ts';

const APPROVER = fileURLToPath(new URL('approver.ts', import.meta.url));
const LIFE_MILLIS_MAX = 300;
/** Long enough on any machine for something to be done. */
const FIRST_MILLIS = 2_000;

const test = suite('approvals under kill -9');

interface Place {
  readonly dataFolder: string;
  readonly databaseUrl?: string;
}

/** Runs the approver for so long after it is ready, then kills it. @returns what it had said is durable. */
async function killedAfter(place: Place, first: number, millis: number): Promise<string[]> {
  const url = place.databaseUrl === undefined ? [] : [place.databaseUrl];
  const child = spawn(
    process.execPath,
    ['--import', 'tsx', APPROVER, place.dataFolder, String(first), ...url],
    {
      stdio: ['ignore', 'pipe', 'inherit'],
    },
  );
  let said = '';
  let isReady: () => void = () => undefined;
  const ready = new Promise<void>((resolve) => {
    isReady = resolve;
  });
  child.stdout.on('data', (bytes: Buffer) => {
    said += bytes.toString();
    if (said.startsWith('ready\n')) isReady();
  });
  const over = new Promise<void>((resolve) => child.once('close', () => resolve()));
  await Promise.race([ready, over]);
  await new Promise((resolve) => setTimeout(resolve, millis));
  child.kill('SIGKILL');
  await over;
  if (place.databaseUrl !== undefined) await lastCommits(place.databaseUrl);
  return said.split('\n').filter((line) => /^n\d{8}$/.test(line));
}

/** A commit that was on its way when its process was killed still comes, until the database notices that nobody is there. */
async function lastCommits(url: string): Promise<void> {
  const others =
    'SELECT 1 FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()';
  while ((await ask(url, others)).length > 0) await new Promise((resolve) => setTimeout(resolve, 20));
}

async function killAgainAndAgain(place: Place): Promise<void> {
  const random = new SeededRandom(seedOf('approval kills'));
  const kills = count(200, 3);
  const tally = { said: 0, executed: 0, pending: 0, trail: 0 };
  let store = await openStore(place);
  await store.putVendor({ vendorId: 'shop', name: 'Shop', currency: 'ZAR', creditLimitMinor: 0 });
  await store.close();
  for (let kill = 0; kill < kills; kill += 1) {
    const said = await killedAfter(
      place,
      kill * 1_000_000,
      kill === 0 ? FIRST_MILLIS : random.below(LIFE_MILLIS_MAX),
    );
    tally.said += said.length;
    store = await openStore(place);
    const approvals: ApprovalRecord[] = [];
    for (;;) {
      const page = await store.approvals.list({ before: approvals.at(-1)?.approvalId ?? '', limit: 500 });
      approvals.push(...page);
      if (page.length < 500) break;
    }
    let float = 0;
    for (const { approvalId, state, decidedBy } of approvals) {
      const held = await store.money.findDeposit('shop', approvalId);
      assert.is(held !== undefined, state === 'executed', approvalId);
      assert.is(decidedBy, state === 'executed' ? 'user:ben' : null);
      float += held?.amountMinor ?? 0;
    }
    const executed = new Set(approvals.filter(({ state }) => state === 'executed').map((a) => a.approvalId));
    for (const id of said) assert.ok(executed.has(id), `${id} was said to be done`);
    assert.is((await store.findVendor('shop'))?.floatMinor, float);
    const [entry] = await store.money.floatEntries('shop', null, 1);
    assert.is(entry?.balanceMinor ?? 0, float);
    const { entries, findings } = await verifyTrail(store.audit);
    assert.equal(findings, []);
    tally.executed = executed.size;
    tally.pending = approvals.length - executed.size;
    tally.trail = entries;
    await store.close();
  }
  console.log(`    ${kills} kills: ${JSON.stringify(tally)}`);
  assert.ok(tally.executed > 0);
}

test('what was approved is done or not done, never half, and what was said to be done is done', async () => {
  const dataFolder = mkdtempSync(join(tmpdir(), 'wattoken-approvals-'));
  await killAgainAndAgain({ dataFolder });
  rmSync(dataFolder, { recursive: true });
});

test('the same on PostgreSQL', async () => {
  const dataFolder = mkdtempSync(join(tmpdir(), 'wattoken-approvals-'));
  const postgres = await startPostgres();
  try {
    await killAgainAndAgain({ dataFolder, databaseUrl: await postgres.createDatabase() });
  } finally {
    await postgres.stop();
    rmSync(dataFolder, { recursive: true });
  }
});

test.run();
