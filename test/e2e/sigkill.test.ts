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

const KILLS = count(200, 20);
const CALLERS = 16;
const FLOAT_MINOR = 100_000_000;
const METERS = publicMeters(60);
const VENDORS = ['north', 'east', 'south', 'west'] as const;
/** A sale lives some milliseconds: kills fall between a few and a few hundred after the server is up. */
const KILL_AFTER_MILLIS = [3, 250] as const;

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
  differing = 0;

  constructor(keys: Map<string, string>, random: RandomStream) {
    this.keys = keys;
    this.#random = random;
  }

  get open(): number {
    return this.#open.length;
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

let utility: Utility;
test.before(async () => {
  utility = await makeUtility();
});
test.after(() => utility?.remove());

test('when the server is killed at random moments then each request id has one token and one debit for ever', async () => {
  const random = new RandomStream(seed, 'sigkill');
  const first = await startUtilityServer(utility);
  const keys = await furnish(
    utility,
    first.ready['url'] ?? '',
    VENDORS.map((vendorId) => ({ vendorId, floatMinor: FLOAT_MINOR })),
    METERS,
  );
  await first.stop();
  const traffic = new Traffic(keys, random);
  const between = { kills: 0, sales: 0 };
  for (let kill = 0; kill < KILLS; kill += 1) {
    const logFile = join(utility.folder, `kill-${kill}.log`);
    const server = await startUtilityServer(utility, ['--log-level', 'debug', '--log-file', logFile]);
    await sellUntilKilled(server, traffic, random);
    const pending = claimedNotAnswered(logFile);
    assert.not.match(readFileSync(logFile, 'utf8'), /\d{20}/, 'a token number in the log');
    between.sales += pending;
    if (pending > 0) between.kills += 1;
  }
  const last = await startUtilityServer(utility);
  const url = last.ready['url'] ?? '';
  await traffic.run(url, () => traffic.open === 0);
  const asked = await traffic.askAllAgain(url);
  assert.is(await last.stop(), 0);
  report(
    `${KILLS} SIGKILLs under ${CALLERS} callers: ${between.kills} landed between claim and answer, on ${between.sales} sales`,
  );
  report(
    `${asked} requests, each asked again at the end: ${traffic.differing} answers differed, ${traffic.refused.length} refused`,
  );
  assert.equal(traffic.refused, []);
  assert.is(traffic.differing, 0);
  assert.ok(
    traffic.sales.every((sale) => sale.answer !== undefined),
    'every request has its answer',
  );
  assert.ok(between.kills > KILLS / 5, 'too few kills landed where it matters');
  await verifyBooks(traffic);
});

async function sellUntilKilled(server: Running, traffic: Traffic, random: RandomStream): Promise<void> {
  const [least, most] = KILL_AFTER_MILLIS;
  let killed = false;
  const killing = new Promise<void>((resolve) => {
    setTimeout(
      () => {
        killed = true;
        resolve(server.kill());
      },
      least + random.uniform() * (most - least),
    );
  });
  await traffic.run(server.ready['url'] ?? '', () => killed);
  await killing;
}

/** The invariants of money and tokens, read from the files with the server gone. */
async function verifyBooks(traffic: Traffic): Promise<void> {
  const database = new Database(join(utility.serverFolder, 'vending.sqlite'), { readonly: true });
  const rows = database
    .prepare('SELECT vendor_id, request_id, response_body, paid_minor FROM sale')
    .all() as {
    vendor_id: string;
    request_id: string;
    response_body: string;
    paid_minor: number;
  }[];
  const identity = database.prepare('SELECT module_id, public_key FROM security_module').get() as {
    module_id: string;
    public_key: string;
  };
  database.close();
  assert.is(rows.length, traffic.sales.length, 'one sale for each request id');
  const tokens = new Set(rows.map((row) => tokenNoOf(row.response_body)));
  assert.is(tokens.size, rows.length, 'no token stands twice');
  for (const row of rows) {
    const sale = traffic.sales[Number(row.request_id.slice(2))];
    assert.is(sale?.answer, row.response_body);
    assert.is(row.paid_minor, sale?.paidMinor);
  }
  const store = await openSqliteStore({ dataFolder: utility.serverFolder });
  try {
    const balances = await store.trialBalance();
    assert.ok(checkTrialBalance(balances).balanced, 'debits equal credits');
    for (const vendorId of VENDORS) {
      const spent = traffic.sales
        .filter((sale) => sale.vendorId === vendorId)
        .reduce((sum, { paidMinor }) => sum + paidMinor, 0);
      assert.is(
        (await store.findVendor(vendorId))?.floatMinor,
        FLOAT_MINOR - spent,
        `one debit for each sale of ${vendorId}`,
      );
    }
    const entries = await store.entries(identity.module_id, 0, 10_000_000);
    const head = entries.at(-1);
    assert.equal(verifyChain(entries, { moduleId: identity.module_id, publicKey: identity.public_key }), []);
    const released = entries.filter((entry) => entry.state === 'released');
    assert.is(released.length, rows.length);
    assert.is(head?.counter, entries.length, 'no counter is missing');
    assert.is(journalCounter(), entries.length, 'module counter = ledger entries and named unreleased ones');
    const answered = new Set(traffic.sales.map(({ answer }) => tokenDigest(tokenNoOf(answer))));
    for (const entry of entries) {
      assert.is(answered.has(entry.tokenDigest), entry.state === 'released', 'sold, or named unreleased');
    }
    assertTidsRise(traffic);
    report(
      `books: ${rows.length} sales, ${released.length} released and ${entries.length - released.length} named unreleased of ` +
        `${head?.counter} counted, chain verified, floats exact`,
    );
  } finally {
    await store.close();
  }
}

function tokenNoOf(answer = '{}'): string {
  return JSON.parse(answer).tokens[0].tokenNo;
}

/** The last counter in the security module's own journal. */
function journalCounter(): unknown {
  const database = new Database(join(utility.serverFolder, 'module.journal'), { readonly: true });
  const counter = database.prepare('SELECT max(counter) FROM entry').pluck().get();
  database.close();
  return counter;
}

/** TIDs of a meter strictly rise: seen in the tokens themselves, in the order in which the module counted them. */
function assertTidsRise(traffic: Traffic): void {
  for (const meter of METERS) {
    const cipher = createTokenCipher(meter.encryptionAlgorithm, bytesFromHex(meter.decoderKey));
    const answers = traffic.sales
      .filter((sale) => sale.drn === meter.drn)
      .map((sale) => JSON.parse(sale.answer ?? '{}'));
    answers.sort((a, b) => a.ledger.counter - b.ledger.counter);
    let last = -1;
    for (const { tokens } of answers) {
      const token = decodeToken(tokens[0].tokenNo, cipher);
      if (token.kind !== 'creditElectricity') throw new Error(`a sold token is ${token.kind}`);
      assert.ok(token.tidMinutes > last, `TID ${token.tidMinutes} after ${last}`);
      last = token.tidMinutes;
    }
  }
}

test.run();
