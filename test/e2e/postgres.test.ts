/** Whole servers, each with a security module of its own, on one PostgreSQL: what a utility runs when one is not enough. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
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
import { furnish, makeUtility, publicMeters, startUtilityServer } from '../support/utility.ts';

const test = suite('e2e: servers on PostgreSQL');
const seed = seedOf('e2e: servers on PostgreSQL');

const KILLS = count(2_000, 2);
/** A utility that has been killed so often goes, and another comes: the books to check stay small. */
const KILLS_OF_ONE = 20;
const KILL_AFTER_MILLIS = 200;
/** Before each sale that is begun while a server comes up: the other one goes on, and leaves it room. */
const BREATH_MILLIS = 250;
const CALLERS = 12;
const METERS = publicMeters(40);
const VENDORS = ['north', 'east', 'south'] as const;

let postgres: TestPostgres;

test.before(async () => {
  postgres = await startPostgres();
});
test.after(() => postgres?.stop());

test('when the command line holds a password then it is refused, and a file or the schema may have it', async () => {
  const url = await postgres.createDatabase();
  const refused = await runCli(['server', 'migrate', '--database', 'postgres://vend:s3cret@127.0.0.1/vend']);
  assert.is(refused.code, 2);
  assert.not.ok((refused.stdout + refused.stderr).includes('s3cret'));
  const folder = mkdtempSync(join(tmpdir(), 'wattoken-database-url-'));
  try {
    const file = join(folder, 'database.url');
    writeFileSync(file, `${url.replace('vend@', 'vend:s3cret@')}\n`);
    const taken = await runCli(['server', 'migrate', '--database-file', file, '--json']);
    assert.equal(JSON.parse(taken.stdout), { applied: STEPS.map(({ name }) => name), waiting: [] });
  } finally {
    rmSync(folder, { recursive: true });
  }
  const again = await runCli(['server', 'migrate', '--database', url]);
  assert.is(again.stdout, 'nothing to do\n');
});

const pause = (millis: number) => new Promise((resolve) => setTimeout(resolve, millis));

interface Sale {
  readonly vendorId: (typeof VENDORS)[number];
  readonly body: string;
  answer?: string;
}

/** Callers that ask two servers in turn; whichever a sale met first, the next one is as good. */
class Callers {
  readonly sales: Sale[] = [];
  readonly refused: string[] = [];
  differing = 0;
  readonly #urls: () => readonly (string | undefined)[];
  readonly #keys: ReadonlyMap<string, string>;
  readonly #random: RandomStream;
  #isOpen = false;
  /** Whether one of the servers is away. */
  isThin = false;
  #calling: Promise<unknown> = Promise.resolve();

  constructor(
    urls: () => readonly (string | undefined)[],
    keys: ReadonlyMap<string, string>,
    random: RandomStream,
  ) {
    this.#urls = urls;
    this.#keys = keys;
    this.#random = random;
  }

  open(): void {
    this.#isOpen = true;
    this.#calling = Promise.all(Array.from({ length: CALLERS }, () => this.#call()));
  }

  /** Until every sale that was begun has its answer. */
  async close(): Promise<void> {
    this.#isOpen = false;
    await this.#calling;
  }

  async #call(): Promise<void> {
    while (this.#isOpen) {
      if (this.isThin) await pause(BREATH_MILLIS);
      const vendorId = VENDORS[this.sales.length % VENDORS.length] ?? 'north';
      const { drn } = METERS[Math.floor(this.#random.uniform() * METERS.length)]!;
      const paidMinor = 100 + Math.floor(this.#random.uniform() * 5_000);
      const requestId = `r-${this.sales.length}`;
      const sale: Sale = {
        vendorId,
        body: JSON.stringify({ requestId, meter: drn, paidMinor, currency: 'ZAR' }),
      };
      this.sales.push(sale);
      for (let index = this.sales.length % 2; !(await this.ask(sale, index)); index = 1 - index) {
        await pause(10);
      }
    }
  }

  /** Asks a server again for every sale, as many at once as call. */
  async askAllAgain(index: number): Promise<void> {
    const sales = this.sales.values();
    const callers = Array.from({ length: CALLERS }, async () => {
      for (const sale of sales) await this.ask(sale, index);
    });
    await Promise.all(callers);
  }

  /** @returns false when nobody knows what became of it. */
  async ask(sale: Sale, index: number): Promise<boolean> {
    try {
      const reply = await fetch(`${this.#urls()[index]}/v1/sales`, {
        method: 'POST',
        headers: {
          authorization: `Bearer ${this.#keys.get(sale.vendorId)}`,
          'content-type': 'application/json',
        },
        body: sale.body,
      });
      const text = await reply.text();
      if (reply.status === 201) {
        if (sale.answer !== undefined && sale.answer !== text) this.differing += 1;
        sale.answer = text;
      } else if (JSON.parse(text).retry === 'same-key') return false;
      else this.refused.push(text);
      return true;
    } catch {
      return false;
    }
  }
}

const FLOAT_ACCOUNT = "'vendor:' || v.vendor_id || ':float:ZAR'";

test('when one of two servers is killed again and again then every sale is answered once and the same', async () => {
  const random = new RandomStream(seed, 'postgres');
  const total = { kills: 0, checks: 0, sales: 0, unreleased: 0, entries: 0 };
  while (total.kills < KILLS) {
    const kills = Math.min(KILLS_OF_ONE, KILLS - total.kills);
    const { sales, unreleased, entries } = await killOneUtility(random, kills);
    total.kills += kills;
    total.sales += sales;
    total.unreleased += unreleased;
    total.entries += entries;
  }
  report(
    `${total.kills} SIGKILLs of one of two servers, seed ${seed}, the books checked after each: ${total.sales} sales, each ` +
      `asked of both at the end, ${total.unreleased} tokens named as never released, ${total.entries} chain entries verified`,
  );
});

async function killOneUtility(random: RandomStream, kills: number) {
  const database = await postgres.createDatabase();
  const pair = [await makeUtility(), await makeUtility()];
  try {
    const start = (index: number) => startUtilityServer(pair[index]!, ['--database', database]);
    const servers: Running[] = [await start(0), await start(1)];
    const vendors = VENDORS.map((vendorId) => ({ vendorId, floatMinor: 100_000_000 }));
    const keys = await furnish(pair[0]!, servers[0]?.ready['url'] ?? '', vendors, METERS);
    const callers = new Callers(() => servers.map(({ ready }) => ready['url']), keys, random);
    for (let kill = 0; kill < kills; kill += 1) {
      callers.open();
      await pause(random.uniform() * KILL_AFTER_MILLIS);
      const index = kill % 2;
      await servers[index]!.kill();
      callers.isThin = true;
      servers[index] = await start(index);
      callers.isThin = false;
      await callers.close();
      const { sales } = await checkBooks(database, FLOAT_ACCOUNT);
      assert.is(sales, callers.sales.length, 'each sale stands once');
    }
    for (const index of [0, 1]) await callers.askAllAgain(index);
    for (const server of servers) assert.is(await server.stop(), 0);
    assert.equal([callers.refused, callers.differing], [[], 0]);
    assert.ok(callers.sales.every(({ answer }) => answer !== undefined));
    const books = await checkBooks(database, FLOAT_ACCOUNT);
    assert.is(books.sales, callers.sales.length);
    assert.is(books.liveClaims, 0);
    return { ...books, entries: await checkChains(database) };
  } finally {
    for (const utility of pair) utility.remove();
  }
}

/** Both modules' chains, with their own public keys. */
async function checkChains(database: string): Promise<number> {
  const store = await openPostgresStore({ url: database });
  let verified = 0;
  const modules = await ask(database, 'SELECT module_id, public_key FROM security_module');
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
