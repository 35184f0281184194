/**
 * Durable sales per second over HTTP: the built server with its security module as separate processes, 64 keep-alive
 * connections, a different request id each time. Beside it, in the same run on the same disk, what SQLite alone does with
 * the same durability: one row a commit, nothing shared. Rounds alternate.
 */
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import Database from 'better-sqlite3';
import { furnish, makeUtility, publicMeters, startUtilityServer } from '../support/utility.ts';
import { median, perSecond, printTable } from './harness.ts';

export interface SalesFigures {
  readonly salesPerSecond: number;
  readonly commitsPerSecond: number;
  readonly aloneMillis: number;
  readonly p50Millis: number;
  readonly p99Millis: number;
}

/** One-row durable commits a second: WAL, synchronous FULL, the schema of the plainest possible sale. */
function bareCommits(folder: string, millis: number): number {
  const database = new Database(join(folder, 'bare.sqlite'));
  database.pragma('journal_mode = WAL');
  database.pragma('synchronous = FULL');
  database.exec('CREATE TABLE IF NOT EXISTS sale (id INTEGER PRIMARY KEY, token TEXT NOT NULL) STRICT');
  const insert = database.prepare('INSERT INTO sale (token) VALUES (?)');
  const startedAt = performance.now();
  let commits = 0;
  while (performance.now() - startedAt < millis) {
    insert.run('70630503470028726114');
    commits += 1;
  }
  const rate = commits / ((performance.now() - startedAt) / 1000);
  database.close();
  return rate;
}

interface LoadResult {
  readonly answered: number;
  readonly refused: number;
  readonly seconds: number;
  readonly p50Millis: number;
  readonly p99Millis: number;
}

/** The callers run in a process of their own, so that their work is not on the server's thread. */
async function load(
  url: string,
  apiKey: string,
  meters: readonly string[],
  connections: number,
  millis: number,
): Promise<LoadResult> {
  const child = spawn(process.execPath, [fileURLToPath(new URL('./sales-callers.mjs', import.meta.url))], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  child.stdin.end(JSON.stringify({ url, apiKey, meters, connections, millis }));
  let text = '';
  for await (const part of child.stdout) text += part;
  return JSON.parse(text);
}

export async function salesBench(rounds: number, millis: number, meterCount: number): Promise<SalesFigures> {
  const utility = await makeUtility();
  const bareFolder = mkdtempSync(join(tmpdir(), 'wattoken-bare-'));
  const server = await startUtilityServer(utility);
  try {
    const url = server.ready['url'] ?? '';
    const meters = publicMeters(meterCount);
    const keys = await furnish(utility, url, [{ vendorId: 'bench', floatMinor: 1_000_000_000_000 }], meters);
    const apiKey = keys.get('bench') ?? '';
    const drns = meters.map(({ drn }) => drn);
    await load(url, apiKey, drns, 64, millis); // both sides warm
    bareCommits(bareFolder, millis / 4);
    const sales: number[] = [];
    const commits: number[] = [];
    const latencies: LoadResult[] = [];
    const alone: LoadResult[] = [];
    for (let round = 0; round < rounds; round += 1) {
      const measure = async () => {
        const result = await load(url, apiKey, drns, 64, millis);
        if (result.refused > 0) throw new Error(`${result.refused} sales refused`);
        sales.push(result.answered / result.seconds);
        latencies.push(result);
      };
      if (round % 2 === 0) await measure();
      commits.push(bareCommits(bareFolder, millis));
      if (round % 2 === 1) await measure();
      alone.push(await load(url, apiKey, drns, 1, millis / 4));
    }
    const figures = {
      salesPerSecond: median(sales),
      commitsPerSecond: median(commits),
      aloneMillis: median(alone.map(({ p50Millis }) => p50Millis)),
      p50Millis: median(latencies.map(({ p50Millis }) => p50Millis)),
      p99Millis: median(latencies.map(({ p99Millis }) => p99Millis)),
    };
    print(figures);
    return figures;
  } finally {
    await server.stop();
    utility.remove();
    rmSync(bareFolder, { recursive: true, force: true });
  }
}

function print({ salesPerSecond, commitsPerSecond, aloneMillis, p50Millis, p99Millis }: SalesFigures): void {
  printTable('Durable sales over HTTP, 64 connections; server, module and callers share the machine', [
    ['', 'x bare commits', 'per second'],
    ['SQLite, one row a durable commit', '1.00', perSecond(commitsPerSecond)],
    [
      'sales, each answered when durable',
      (salesPerSecond / commitsPerSecond).toFixed(2),
      perSecond(salesPerSecond),
    ],
  ]);
  console.log(
    `  answered in ${p50Millis.toFixed(1)} ms at the median, ${p99Millis.toFixed(1)} ms at the 99th percentile`,
  );
  console.log(`  one caller alone: ${aloneMillis.toFixed(2)} ms a sale`);
}
