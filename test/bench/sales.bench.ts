/**
 * Durable sales over HTTP on the embedded database: the built server with its security module, 100,000 meters with a year of
 * sales behind them, blocks, VAT and arrears. Beside it, on the same disk in the same run, one bare route on the same HTTP
 * stack that only writes the same rows. Rounds alternate; server, module, rival and callers share the machine.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, cpSync, fdatasyncSync, openSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import Database from 'better-sqlite3';
import { SERVER_NODE_OPTIONS, startUtilityServer } from '../support/utility.ts';
import { median, perSecond, printTable } from './harness.ts';
import { type OldUtility, openOldUtility } from './old-utility.ts';

export interface SalesFigures {
  readonly salesPerSecond: number;
  readonly barePerSecond: number;
  /** Sales of meters that buy for the first time in the month. */
  readonly surgePerSecond: number;
  /** Ratios are medians of what each round gave: what slows the machine for a while slows both sides of a round. */
  readonly salesToBare: number;
  readonly surgeToBare: number;
  readonly surgeToSales: number;
  readonly fdatasyncMillis: number;
  /** At half of the most. */
  readonly halfP99Millis: number;
  readonly aloneMillis: number;
  readonly aloneToBare: number;
  /** One caller of the bare route: a request, and the same rows in one durable commit. */
  readonly bareAloneMillis: number;
  /** The same once another process has signed and keeps it: the least where keys stand in a process of their own. */
  readonly signedAloneMillis: number;
  readonly signedToBare: number;
  readonly commitMillis: number;
  readonly requestMillis: number;
}

interface Order {
  readonly url: string;
  readonly path: string;
  readonly apiKey?: string;
  readonly meters: readonly string[];
  readonly connections: number;
  readonly millis?: number;
  readonly requests?: number;
  readonly perSecond?: number;
}

interface Answered {
  readonly requests: number;
  readonly perSecond: number;
  readonly p50Millis: number;
  readonly p99Millis: number;
}

const CONNECTIONS = 64;

/** The callers run in a process of their own, so that their work is not on the server's thread. */
export async function call(order: Order): Promise<Answered> {
  const child = spawn(process.execPath, [fileURLToPath(new URL('./sales-callers.mjs', import.meta.url))], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  child.stdin.end(JSON.stringify(order));
  let text = '';
  for await (const part of child.stdout) text += part;
  const { answered: requests, seconds, refusals, p50Millis, p99Millis } = JSON.parse(text);
  if (refusals.length > 0) throw new Error(`refused: ${refusals[0]}`);
  return { requests, perSecond: requests / seconds, p50Millis, p99Millis };
}

export interface SalesOrder {
  readonly rounds: number;
  readonly millis: number;
  readonly meterCount: number;
  readonly months: number;
}

export async function salesBench({ rounds, millis, meterCount, months }: SalesOrder): Promise<SalesFigures> {
  const boughtThisMonth = Math.trunc(meterCount * 0.4);
  const old = await openOldUtility({ meterCount, salesEach: months, boughtThisMonth, debtEvery: 3 });
  try {
    const rivalFile = join(old.utility.folder, 'rival.sqlite');
    cpSync(old.ledgerFile, rivalFile);
    const server = await startUtilityServer(old.utility, [], { nodeOptions: SERVER_NODE_OPTIONS });
    const rival = await startRival(rivalFile, old.sampleSales);
    try {
      const figures = await new SalesBench(old, server.ready['url'] ?? '', rival.url).run(rounds, millis);
      print(figures);
      return figures;
    } finally {
      rival.child.kill();
      await server.stop();
    }
  } finally {
    old.utility.remove();
  }
}

class SalesBench {
  readonly #old: OldUtility;
  readonly #url: string;
  readonly #rivalUrl: string;
  readonly #folder: string;
  #usual: readonly string[];
  /** Those that have not bought in this month yet. */
  #fresh: readonly string[];

  constructor(old: OldUtility, url: string, rivalUrl: string) {
    this.#old = old;
    this.#url = url;
    this.#rivalUrl = rivalUrl;
    this.#folder = old.utility.folder;
    this.#usual = old.drns.slice(0, old.boughtThisMonth);
    this.#fresh = old.drns.slice(old.boughtThisMonth);
  }

  async run(rounds: number, millis: number): Promise<SalesFigures> {
    const taken = {
      sales: [] as number[],
      bare: [] as number[],
      surge: [] as number[],
      halfP99: [] as number[],
      alone: [] as number[],
      bareAlone: [] as number[],
      signedAlone: [] as number[],
      request: [] as number[],
      commit: [] as number[],
      fdatasync: [] as number[],
    };
    let { perSecond: most } = await this.#sell(CONNECTIONS, millis); // both sides warm
    await this.#bare('/rows', CONNECTIONS, millis / 2);
    await this.#bare('/signed', CONNECTIONS, millis / 2);
    for (let round = 0; round < rounds; round += 1) {
      const turns = [
        async () => taken.sales.push((await this.#sell(CONNECTIONS, millis)).perSecond),
        async () => taken.bare.push((await this.#bare('/rows', CONNECTIONS, millis)).perSecond),
        async () => taken.surge.push((await this.#surge(millis)).perSecond),
      ];
      if (round % 2 === 1) turns.reverse();
      for (const turn of turns) await turn();
      most = median(taken.sales);
      taken.halfP99.push((await this.#sell(CONNECTIONS, millis, most / 2)).p99Millis);
      taken.alone.push((await this.#sell(1, millis / 4)).p50Millis);
      taken.bareAlone.push((await this.#bare('/rows', 1, millis / 4)).p50Millis);
      taken.signedAlone.push((await this.#bare('/signed', 1, millis / 4)).p50Millis);
      taken.request.push((await this.#bare('/nothing', 1, millis / 4)).p50Millis);
      taken.commit.push(commitMillis(join(this.#folder, 'bare.sqlite'), millis / 4));
      taken.fdatasync.push(fdatasyncMillis(join(this.#folder, 'bare.bytes'), millis / 8));
    }
    return {
      salesPerSecond: median(taken.sales),
      barePerSecond: median(taken.bare),
      surgePerSecond: median(taken.surge),
      salesToBare: ratio(taken.sales, taken.bare),
      surgeToBare: ratio(taken.surge, taken.bare),
      surgeToSales: ratio(taken.surge, taken.sales),
      halfP99Millis: median(taken.halfP99),
      aloneMillis: median(taken.alone),
      aloneToBare: ratio(taken.alone, taken.bareAlone),
      bareAloneMillis: median(taken.bareAlone),
      signedAloneMillis: median(taken.signedAlone),
      signedToBare: ratio(taken.signedAlone, taken.bareAlone),
      requestMillis: median(taken.request),
      commitMillis: median(taken.commit),
      fdatasyncMillis: median(taken.fdatasync),
    };
  }

  async #sell(connections: number, millis: number, pace?: number): Promise<Answered> {
    const order = { url: this.#url, path: '/v1/sales', apiKey: this.#old.apiKey, connections, millis };
    const answered = await call({ ...order, meters: this.#usual, ...(pace && { perSecond: pace }) });
    this.#goOn(answered.requests);
    return answered;
  }

  async #bare(path: string, connections: number, millis: number): Promise<Answered> {
    const answered = await call({ url: this.#rivalUrl, path, connections, millis, meters: this.#usual });
    this.#goOn(answered.requests);
    return answered;
  }

  /** Each meter of the round buys once, and for the first time this month. */
  async #surge(millis: number): Promise<Answered> {
    const order = {
      url: this.#url,
      path: '/v1/sales',
      apiKey: this.#old.apiKey,
      connections: CONNECTIONS,
      millis,
    };
    const answered = await call({ ...order, meters: this.#fresh });
    if (answered.requests > this.#fresh.length) throw new Error('too few meters for the surge');
    this.#fresh = this.#fresh.slice(answered.requests);
    return answered;
  }

  /** The next round begins where this one ended: with meters whose pages were not touched just now. */
  #goOn(requests: number): void {
    const at = requests % this.#usual.length;
    this.#usual = [...this.#usual.slice(at), ...this.#usual.slice(0, at)];
  }
}

function ratio(ours: readonly number[], theirs: readonly number[]): number {
  return median(ours.map((figure, round) => figure / (theirs[round] ?? Number.NaN)));
}

/** One durable commit of one row, nothing else: WAL, synchronous FULL. */
function commitMillis(file: string, millis: number): number {
  const database = new Database(file);
  database.pragma('journal_mode = WAL');
  database.pragma('synchronous = FULL');
  database.exec('CREATE TABLE IF NOT EXISTS sale (id INTEGER PRIMARY KEY, token TEXT NOT NULL) STRICT');
  const insert = database.prepare('INSERT INTO sale (token) VALUES (?)');
  const each = timesOf(millis, () => insert.run('70630503470028726114'));
  database.close();
  return each;
}

function fdatasyncMillis(file: string, millis: number): number {
  const handle = openSync(file, 'a');
  const page = Buffer.alloc(4096, 1);
  const each = timesOf(millis, () => {
    writeSync(handle, page);
    fdatasyncSync(handle);
  });
  closeSync(handle);
  return each;
}

/** @returns the median time of `work`, milliseconds. */
function timesOf(millis: number, work: () => void): number {
  const times: number[] = [];
  const until = performance.now() + millis;
  for (let at = performance.now(); at < until; ) {
    work();
    const now = performance.now();
    times.push(now - at);
    at = now;
  }
  return median(times);
}

async function startRival(ledgerFile: string, sampleSales: readonly string[]) {
  const program = fileURLToPath(new URL('./bare-route.mjs', import.meta.url));
  const child = spawn(process.execPath, [program, ledgerFile, ...sampleSales], {
    stdio: ['ignore', 'pipe', 'inherit'],
    env: { ...process.env, NODE_OPTIONS: SERVER_NODE_OPTIONS },
  });
  const [line] = (await once(child.stdout, 'data')) as [Buffer];
  return { url: String(line).trim(), child };
}

function print(figures: SalesFigures): void {
  const { salesPerSecond, barePerSecond, surgePerSecond, salesToBare, surgeToBare, surgeToSales } = figures;
  const { fdatasyncMillis, halfP99Millis, aloneMillis, bareAloneMillis, signedAloneMillis } = figures;
  const { aloneToBare, signedToBare, commitMillis, requestMillis } = figures;
  printTable(
    `Durable sales over HTTP, ${CONNECTIONS} connections; one fdatasync takes ${fdatasyncMillis.toFixed(2)} ms`,
    [
      ['', 'x bare route', 'per second'],
      ['a bare route that writes the same rows', '1.00', perSecond(barePerSecond)],
      ['sales', salesToBare.toFixed(2), perSecond(salesPerSecond)],
      ['sales, each the first of a meter in the month', surgeToBare.toFixed(2), perSecond(surgePerSecond)],
    ],
  );
  console.log(`  first sales of the month against others: ${surgeToSales.toFixed(2)}`);
  console.log(`  at half of that, 99 of 100 are answered within ${halfP99Millis.toFixed(1)} ms`);
  console.log(
    `  one caller alone: ${aloneMillis.toFixed(2)} ms, ${aloneToBare.toFixed(2)} times the bare route alone ` +
      `(${bareAloneMillis.toFixed(2)} ms) and ${(aloneMillis / (commitMillis + requestMillis)).toFixed(2)} times a commit of ` +
      `one row (${commitMillis.toFixed(2)} ms) and an empty request (${requestMillis.toFixed(2)} ms)`,
  );
  console.log(
    `  the bare route alone, once another process has signed and keeps a durable row of it: ` +
      `${signedAloneMillis.toFixed(2)} ms, ${signedToBare.toFixed(2)} times the bare route`,
  );
}
