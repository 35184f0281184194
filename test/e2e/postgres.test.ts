/** Whole servers, each with a security module of its own, on one PostgreSQL: what a utility runs when one is not enough. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { RandomStream } from '../../meter-sim/world/random.ts';
import { verifyChain } from '../../vending-server/ledger/verify-chain.ts';
import { STEPS } from '../../vending-server/store/migrations.ts';
import { openPostgresStore } from '../../vending-server/store/open.ts';
import { count, report, seedOf } from '../support/counts.ts';
import { startPostgres, type TestPostgres } from '../support/postgres.ts';
import { ask, checkBooks } from '../support/postgres-books.ts';
import { type Running, runCli } from '../support/processes.ts';
import { furnish, makeUtility, publicMeters, startUtilityServer, type Utility } from '../support/utility.ts';

const test = suite('e2e: servers on PostgreSQL');
const seed = seedOf('e2e: servers on PostgreSQL');

const KILLS = count(60, 4);
const CALLERS = 12;
const METERS = publicMeters(40);
const VENDORS = ['north', 'east', 'south'] as const;

let postgres: TestPostgres;
let url: string;
const utilities: Utility[] = [];

test.before(async () => {
  postgres = await startPostgres();
  url = await postgres.createDatabase();
  utilities.push(await makeUtility(), await makeUtility());
});
test.after(async () => {
  for (const utility of utilities) utility.remove();
  await postgres?.stop();
});

test('when the command line holds a password then it is refused, and a file or the schema may have it', async () => {
  const refused = await runCli(['server', 'migrate', '--database', 'postgres://vend:s3cret@127.0.0.1/vend']);
  assert.is(refused.code, 2);
  assert.not.ok((refused.stdout + refused.stderr).includes('s3cret'));
  const file = join(utilities[0]!.folder, 'database.url');
  writeFileSync(file, `${url.replace('vend@', 'vend:s3cret@')}\n`);
  const taken = await runCli(['server', 'migrate', '--database-file', file, '--json']);
  assert.equal(JSON.parse(taken.stdout), { applied: STEPS.map(({ name }) => name), waiting: [] });
  const again = await runCli(['server', 'migrate', '--database', url]);
  assert.is(again.stdout, 'nothing to do\n');
});

interface Sale {
  readonly vendorId: (typeof VENDORS)[number];
  readonly body: string;
  answer?: string;
}

test('when one of two servers is killed again and again then every sale is answered once and the same', async () => {
  const random = new RandomStream(seed, 'postgres');
  const start = (index: number) => startUtilityServer(utilities[index]!, ['--database', url]);
  const servers: Running[] = [await start(0), await start(1)];
  const first = servers[0]?.ready['url'] ?? '';
  const vendors = VENDORS.map((vendorId) => ({ vendorId, floatMinor: 100_000_000 }));
  const keys = await furnish(utilities[0]!, first, vendors, METERS);
  const sales: Sale[] = [];
  const refused: string[] = [];
  let stopping = false;
  let differing = 0;

  /** @returns false when nobody knows what became of it. */
  const ask1 = async (sale: Sale, index: number): Promise<boolean> => {
    try {
      const reply = await fetch(`${servers[index]?.ready['url']}/v1/sales`, {
        method: 'POST',
        headers: { authorization: `Bearer ${keys.get(sale.vendorId)}`, 'content-type': 'application/json' },
        body: sale.body,
      });
      const text = await reply.text();
      if (reply.status === 201) {
        if (sale.answer !== undefined && sale.answer !== text) differing += 1;
        sale.answer = text;
      } else if (JSON.parse(text).retry === 'same-key') return false;
      else refused.push(text);
      return true;
    } catch {
      return false;
    }
  };
  const call = async () => {
    while (!stopping) {
      const vendorId = VENDORS[sales.length % VENDORS.length] ?? 'north';
      const { drn } = METERS[Math.floor(random.uniform() * METERS.length)]!;
      const paidMinor = 100 + Math.floor(random.uniform() * 5_000);
      const sale: Sale = {
        vendorId,
        body: JSON.stringify({ requestId: `r-${sales.length}`, meter: drn, paidMinor, currency: 'ZAR' }),
      };
      sales.push(sale);
      // Whichever server it met first, the next one is as good.
      for (let index = sales.length % 2; !(await ask1(sale, index)); index = 1 - index) {
        await new Promise((resolve) => setTimeout(resolve, 10));
      }
    }
  };
  const calling = Promise.all(Array.from({ length: CALLERS }, call));
  for (let kill = 0; kill < KILLS; kill += 1) {
    await new Promise((resolve) => setTimeout(resolve, random.uniform() * 400));
    const index = kill % 2;
    await servers[index]!.kill();
    servers[index] = await start(index);
  }
  stopping = true;
  await calling;
  for (const index of [0, 1]) for (const sale of sales) await ask1(sale, index);
  for (const server of servers) assert.is(await server.stop(), 0);
  assert.equal([refused, differing], [[], 0]);
  assert.ok(sales.every(({ answer }) => answer !== undefined));

  const books = await checkBooks(url, "'vendor:' || v.vendor_id || ':float:ZAR'");
  assert.is(books.sales, sales.length);
  assert.is(books.liveClaims, 0);
  const entries = await checkChains();
  report(
    `${KILLS} SIGKILLs of one of two servers, seed ${seed}: ${sales.length} sales, each asked of both at the end, ` +
      `${books.unreleased} tokens named as never released, ${entries} chain entries verified`,
  );
});

/** Both modules' chains, with their own public keys. */
async function checkChains(): Promise<number> {
  const store = await openPostgresStore({ url });
  let verified = 0;
  const modules = await ask(url, 'SELECT module_id, public_key FROM security_module');
  assert.is(modules.length, 2);
  for (const { module_id: moduleId, public_key: publicKey } of modules) {
    const entries = await store.entries(moduleId, 0, 1_000_000);
    const findings = verifyChain(entries, { moduleId, publicKey }).filter(
      ({ kind }) => kind !== 'unsigned_tail',
    );
    assert.equal(findings, []);
    verified += entries.length;
  }
  await store.close();
  return verified;
}

test.run();
