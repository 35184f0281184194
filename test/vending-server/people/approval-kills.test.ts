import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { verifyTrail } from '../../../vending-server/people/audit.ts';
import { openSqliteStore } from '../../../vending-server/store/open.ts';
import type { ApprovalRecord } from '../../../vending-server/store/people-contract.ts';
import { count, seedOf } from '../../support/counts.ts';
import { SeededRandom } from '../security-module/module-fixtures.ts';

const APPROVER = fileURLToPath(new URL('approver.ts', import.meta.url));
const LIFE_MILLIS_MAX = 300;

const test = suite('approvals under kill -9');

/** Runs the approver for so long after it is ready, then kills it. @returns what it had said is durable. */
async function killedAfter(dataFolder: string, first: number, millis: number): Promise<string[]> {
  const child = spawn(process.execPath, ['--import', 'tsx', APPROVER, dataFolder, String(first)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
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
  return said.split('\n').filter((line) => /^n\d{8}$/.test(line));
}

test('what was approved is done or not done, never half, and what was said to be done is done', async () => {
  const dataFolder = mkdtempSync(join(tmpdir(), 'wattoken-approvals-'));
  const random = new SeededRandom(seedOf('approval kills'));
  const kills = count(200, 5);
  const tally = { said: 0, executed: 0, pending: 0, trail: 0 };
  let store = await openSqliteStore({ dataFolder });
  await store.putVendor({ vendorId: 'shop', name: 'Shop', currency: 'ZAR', creditLimitMinor: 0 });
  await store.close();
  for (let kill = 0; kill < kills; kill += 1) {
    const said = await killedAfter(dataFolder, kill * 1_000_000, random.below(LIFE_MILLIS_MAX));
    tally.said += said.length;
    store = await openSqliteStore({ dataFolder });
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
  rmSync(dataFolder, { recursive: true });
  console.log(`    ${kills} kills: ${JSON.stringify(tally)}`);
  assert.ok(tally.executed > 0);
});

test.run();
