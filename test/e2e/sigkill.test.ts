import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { bytesFromHex } from '../../lib/hex.ts';
import { createTokenCipher } from '../../lib/token/cipher.ts';
import { decodeToken } from '../../lib/token/token.ts';
import { RandomStream } from '../../meter-sim/world/random.ts';
import { tokenDigest } from '../../vending-server/ledger/chain.ts';
import { checkTrialBalance } from '../../vending-server/ledger/postings.ts';
import { verifyChain } from '../../vending-server/ledger/verify-chain.ts';
import { openSqliteStore } from '../../vending-server/store/open.ts';
import { count, report, seedOf } from '../support/counts.ts';
import type { Running } from '../support/processes.ts';
import { furnish, makeUtility, publicMeters, startUtilityServer, type Utility } from '../support/utility.ts';

const test = suite('e2e: SIGKILL');
const seed = seedOf('e2e: SIGKILL');

const KILLS = count(2_000, 20);
/** A utility that has been killed so often goes, and another comes: the books to verify after each kill stay small. */
const KILLS_OF_ONE = 25;
const CALLERS = 16;
const FLOAT_MINOR = 100_000_000;
const METERS = publicMeters(60);
const VENDORS = ['north', 'east', 'south', 'west'] as const;
/** A sale lives some milliseconds: kills fall between a few and a few hundred after the server is up, or sells. */
const KILL_AFTER_MILLIS = [3, 250] as const;
const YOUNG = 0.2;

interface Sale {
  readonly requestId: string;
  readonly vendorId: (typeof VENDORS)[number];
  readonly body: string;
  readonly paidMinor: number;
  readonly drn: string;
  answer?: string;
}

/** Everything that callers ever asked, and what they know of it. */
class Traffic {
  readonly sales: Sale[] = [];
  readonly keys: Map<string, string>;
  readonly #random: RandomStream;
  /** Asked, not answered: to be asked again with the same id. */
  #open: Sale[] = [];
  refused: string[] = [];
  #answered: () => void = () => undefined;
  differing = 0;

  constructor(keys: Map<string, string>, random: RandomStream) {
    this.keys = keys;
    this.#random = random;
  }

  get open(): number {
    return this.#open.length;
  }

  nextAnswer(): Promise<void> {
    return new Promise((resolve) => {
      this.#answered = resolve;
    });
  }

  /** Sells with many callers at once until the server is gone or `enough` says so. */
  async run(url: string, enough: () => boolean): Promise<void> {
    await Promise.all(
      Array.from({ length: CALLERS }, async () => {
        while (!enough()) {
          const sale = this.#open.shift() ?? this.#next();
          if (!(await this.#ask(url, sale))) return;
        }
      }),
    );
  }

  /** Asks again for everything that was asked: the answers must be the ones known, byte by byte. */
  async askAllAgain(url: string): Promise<number> {
    const all = [...this.sales];
    await Promise.all(
      Array.from({ length: CALLERS }, async () => {
        for (let sale = all.pop(); sale !== undefined; sale = all.pop()) await this.#ask(url, sale);
      }),
    );
    return this.sales.length;
  }

  #next(): Sale {
    const requestId = `r-${this.sales.length}`;
    const drn = METERS[Math.floor(this.#random.uniform() * METERS.length)]?.drn ?? '';
    const paidMinor = 100 + Math.floor(this.#random.uniform() * 5_000);
    const body = JSON.stringify({ requestId, meter: drn, paidMinor, currency: 'ZAR' });
    const vendorId = VENDORS[this.sales.length % VENDORS.length] ?? 'north';
    const sale: Sale = { requestId, vendorId, body, paidMinor, drn };
    this.sales.push(sale);
    return sale;
  }

  /** @returns false when the server is gone; the sale then waits for the next one. */
  async #ask(url: string, sale: Sale): Promise<boolean> {
    try {
      const reply = await fetch(`${url}/v1/sales`, {
        method: 'POST',
        headers: {
          authorization: `Bearer ${this.keys.get(sale.vendorId)}`,
          'content-type': 'application/json',
        },
        body: sale.body,
      });
      const text = await reply.text();
      this.#answered();
      if (reply.status === 201) {
        if (sale.answer !== undefined && sale.answer !== text) this.differing += 1;
        sale.answer = text;
      } else {
        this.refused.push(text);
      }
      return true;
    } catch {
      this.#open.push(sale);
      return false;
    }
  }
}

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
  }
  const last = await startUtilityServer(utility);
  const url = last.ready['url'] ?? '';
  await traffic.run(url, () => traffic.open === 0);
  total.asked += await traffic.askAllAgain(url);
  total.differing += traffic.differing;
  assert.is(await last.stop(), 0);
  assert.equal(traffic.refused, []);
  assert.is(traffic.differing, 0);
  assert.ok(
    traffic.sales.every((sale) => sale.answer !== undefined),
    'every request has its answer',
  );
  const { sales, unreleased } = await verifyBooks(utility, traffic, 'recovered');
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

interface SaleRow {
  readonly vendor_id: string;
  readonly request_id: string;
  readonly response_body: string;
  readonly paid_minor: number;
}

/**
 * The invariants of money and tokens, read from the files with the server gone. Where it was killed the ledger need not know of
 * all that the module has made, nor the module have sealed all that the ledger knows; once it has recovered they agree.
 */
async function verifyBooks(utility: Utility, traffic: Traffic, state: 'killed' | 'recovered') {
  const database = new Database(join(utility.serverFolder, 'vending.sqlite'), { readonly: true });
  const rows = database
    .prepare('SELECT vendor_id, request_id, response_body, paid_minor FROM sale')
    .all() as SaleRow[];
  const identity = database.prepare('SELECT module_id, public_key FROM security_module').get() as {
    module_id: string;
    public_key: string;
  };
  database.close();
  assertEachSaleOnce(rows, traffic);
  const store = await openSqliteStore({ dataFolder: utility.serverFolder });
  try {
    const balances = await store.trialBalance();
    assert.ok(checkTrialBalance(balances).balanced, 'debits equal credits');
    for (const vendorId of VENDORS) {
      const spent = rows
        .filter((row) => row.vendor_id === vendorId)
        .reduce((sum, row) => sum + row.paid_minor, 0);
      assert.is(
        (await store.findVendor(vendorId))?.floatMinor,
        FLOAT_MINOR - spent,
        `one debit for each sale of ${vendorId}`,
      );
    }
    const entries = await store.entries(identity.module_id, 0, 10_000_000);
    const findings = verifyChain(entries, { moduleId: identity.module_id, publicKey: identity.public_key });
    const isLeft = ({ kind }: { kind: string }) => state === 'recovered' || kind !== 'unsigned_tail';
    assert.equal(findings.filter(isLeft), []);
    const released = entries.filter((entry) => entry.state === 'released');
    assert.is(released.length, rows.length);
    assert.is(entries.at(-1)?.counter ?? 0, entries.length, 'no counter is missing');
    if (state === 'recovered')
      assert.is(
        journalCounter(utility),
        entries.length,
        'module counter = ledger entries and named unreleased ones',
      );
    const sold = new Set(rows.map((row) => tokenDigest(tokenNoOf(row.response_body))));
    for (const entry of entries) {
      assert.is(sold.has(entry.tokenDigest), entry.state === 'released', 'sold, or named unreleased');
    }
    assertTidsRise(rows, traffic);
    total.verified += 1;
    return { sales: rows.length, unreleased: entries.length - released.length };
  } finally {
    await store.close();
  }
}

/** Each row is what was asked for, each answer that left the server is a row, and no token stands twice. */
function assertEachSaleOnce(rows: readonly SaleRow[], traffic: Traffic): void {
  const held = new Set<Sale>();
  for (const row of rows) {
    const sale = traffic.sales[Number(row.request_id.slice(2))];
    assert.ok(sale !== undefined && !held.has(sale), 'one sale for each request id');
    assert.is(sale.answer ?? row.response_body, row.response_body);
    assert.is(row.paid_minor, sale.paidMinor);
    held.add(sale);
  }
  assert.ok(
    traffic.sales.every((sale) => sale.answer === undefined || held.has(sale)),
    'an answered sale is lost',
  );
  assert.is(
    new Set(rows.map((row) => tokenNoOf(row.response_body))).size,
    rows.length,
    'a token stands twice',
  );
}

function tokenNoOf(answer = '{}'): string {
  return JSON.parse(answer).tokens[0].tokenNo;
}

/** The last counter in the security module's own journal. */
function journalCounter(utility: Utility): unknown {
  const database = new Database(join(utility.serverFolder, 'module.journal'), { readonly: true });
  const counter = database.prepare('SELECT max(counter) FROM entry').pluck().get();
  database.close();
  return counter;
}

const CIPHERS = new Map(
  METERS.map(({ drn, encryptionAlgorithm, decoderKey }) => [
    drn,
    createTokenCipher(encryptionAlgorithm, bytesFromHex(decoderKey)),
  ]),
);

/** TIDs of a meter strictly rise: seen in the tokens themselves, in the order in which the module counted them. */
function assertTidsRise(rows: readonly SaleRow[], traffic: Traffic): void {
  const sold = rows.map((row) => ({
    ...JSON.parse(row.response_body),
    sale: traffic.sales[Number(row.request_id.slice(2))],
  }));
  sold.sort((a, b) => a.ledger.counter - b.ledger.counter);
  const last = new Map<string, number>();
  for (const { tokens, sale } of sold) {
    const { drn } = sale as Sale;
    const cipher = CIPHERS.get(drn);
    if (cipher === undefined) throw new Error(`no meter ${drn}`);
    const token = decodeToken(tokens[0].tokenNo, cipher);
    if (token.kind !== 'creditElectricity') throw new Error(`a sold token is ${token.kind}`);
    assert.ok(token.tidMinutes > (last.get(drn) ?? -1), `TID ${token.tidMinutes} after ${last.get(drn)}`);
    last.set(drn, token.tidMinutes);
  }
}

test.run();
