/**
 * What a server that has sold for years must not feel: how long it takes until it sells again with all its sales on disk, and
 * whether it grows while it sells a million more.
 */
import { readFileSync } from 'node:fs';
import { startUtilityServer } from '../support/utility.ts';
import { median, perSecond, printTable } from './harness.ts';
import { type OldUtility, openOldUtility } from './old-utility.ts';
import { call } from './sales.bench.ts';

export interface YearsOrder {
  readonly meterCount: number;
  /** Sales of each meter that stand on the disk. */
  readonly salesEach: number;
  readonly starts: number;
  /** How many are sold while the memory is looked at, and how often that is. */
  readonly salesWatched: number;
  readonly looks: number;
}

export interface YearsFigures {
  readonly salesOnDisk: number;
  /** From the start of the process until it says that it is ready: the longest, after an end and after a SIGKILL. */
  readonly readyMillis: number;
  readonly readyAfterKillMillis: number;
  readonly salesWatched: number;
  /** Resident memory of the server and its module, MiB, at each look. */
  readonly residentMiB: readonly number[];
  /** Median of the last third of the looks against the third in the middle. */
  readonly growth: number;
}

const CONNECTIONS = 64;
const FILLING_EVERY = 1_000_000;

export async function yearsBench(order: YearsOrder): Promise<YearsFigures> {
  const { meterCount, salesEach } = order;
  const salesOnDisk = meterCount * salesEach;
  const old = await openOldUtility({
    meterCount,
    salesEach,
    boughtThisMonth: 0,
    debtEvery: 3,
    progress: (written) => {
      if (written % FILLING_EVERY === 0) console.log(`  ${written} of ${salesOnDisk} sales written`);
    },
  });
  try {
    const figures = { salesOnDisk, ...(await timeStarts(old, order)), ...(await watchMemory(old, order)) };
    print(figures);
    return figures;
  } finally {
    old.utility.remove();
  }
}

async function timeStarts(old: OldUtility, { starts }: YearsOrder) {
  const taken = { afterEnd: [] as number[], afterKill: [] as number[] };
  for (let i = 0; i < starts; i += 1) {
    taken.afterEnd.push(await startOnce(old, 'kill'));
    taken.afterKill.push(await startOnce(old, 'stop'));
  }
  return { readyMillis: Math.max(...taken.afterEnd), readyAfterKillMillis: Math.max(...taken.afterKill) };
}

/** A few sales are made before the server goes, so that there is something to recover. */
async function startOnce(old: OldUtility, end: 'stop' | 'kill'): Promise<number> {
  const startedAt = performance.now();
  const server = await startUtilityServer(old.utility);
  const took = performance.now() - startedAt;
  await call({ ...ordersOf(old, server.ready['url'] ?? ''), connections: 8, millis: 100 });
  await server[end]();
  return took;
}

async function watchMemory(old: OldUtility, { salesWatched, looks }: YearsOrder) {
  const server = await startUtilityServer(old.utility);
  const residentMiB: number[] = [];
  let sold = 0;
  try {
    for (let look = 1; look <= looks; look += 1) {
      const orders = ordersOf(old, server.ready['url'] ?? '', sold);
      const until = (salesWatched * look) / looks;
      const { requests } = await call({ ...orders, connections: CONNECTIONS, requests: until - sold });
      sold += requests;
      residentMiB.push(residentMiBOf(server.child.pid ?? 0));
      console.log(`  ${sold} sold, ${residentMiB.at(-1)?.toFixed(0)} MiB`);
    }
  } finally {
    await server.stop();
  }
  const third = Math.floor(looks / 3);
  const growth = median(residentMiB.slice(-third)) / median(residentMiB.slice(third, looks - third));
  return { salesWatched: sold, residentMiB, growth };
}

function ordersOf(old: OldUtility, url: string, from = 0) {
  const at = from % old.drns.length;
  const meters = [...old.drns.slice(at), ...old.drns.slice(0, at)];
  return { url, path: '/v1/sales', apiKey: old.apiKey, meters };
}

/** Of a process and of those that it has started. */
function residentMiBOf(pid: number): number {
  const children = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim();
  const own = Number(/^VmRSS:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]) / 1024;
  const pids = children === '' ? [] : children.split(' ').map(Number);
  return pids.reduce((sum, child) => sum + residentMiBOf(child), own);
}

function print(figures: YearsFigures): void {
  const { salesOnDisk, readyMillis, readyAfterKillMillis, salesWatched, residentMiB, growth } = figures;
  printTable(`A server with ${perSecond(salesOnDisk)} sales on its disk`, [
    ['', 'longest'],
    ['ready after it was ended', `${readyMillis.toFixed(0)} ms`],
    ['ready after SIGKILL', `${readyAfterKillMillis.toFixed(0)} ms`],
  ]);
  const range = `${Math.min(...residentMiB).toFixed(0)} to ${Math.max(...residentMiB).toFixed(0)} MiB`;
  console.log(
    `  resident over ${perSecond(salesWatched)} sales: ${range}; the last third against the one before ${growth.toFixed(2)}`,
  );
}
