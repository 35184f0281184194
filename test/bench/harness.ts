/**
 * How the benches measure: rivals take turns in one process, the order alternating, so that a machine that slows down
 * slows all of them; the figure that counts is the ratio. Each round is short and the medians are taken.
 */
import { execFileSync, spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { cpus } from 'node:os';
import { text as textOf } from 'node:stream/consumers';

/** One contender: does its work `times` over and gives something that depends on all of it. */
export interface Contender {
  readonly name: string;
  run(times: number): unknown;
}

export interface Measured {
  readonly name: string;
  readonly perSecond: number;
}

const CALIBRATION_MILLIS = 20;

/** @param budgetMillis - about how long one round of one contender lasts. */
export function race(contenders: readonly Contender[], rounds: number, budgetMillis: number): Measured[] {
  const times = contenders.map((contender) => calibrate(contender, budgetMillis));
  const rates: number[][] = contenders.map(() => []);
  for (let round = 0; round < rounds; round += 1) {
    const order = [...contenders.keys()];
    if (round % 2 === 1) order.reverse();
    for (const index of order) {
      const count = times[index] ?? 1;
      const startedAt = performance.now();
      contenders[index]?.run(count);
      rates[index]?.push(count / ((performance.now() - startedAt) / 1000));
    }
  }
  return contenders.map(({ name }, index) => ({ name, perSecond: median(rates[index] ?? []) }));
}

function calibrate(contender: Contender, budgetMillis: number): number {
  let times = 64;
  for (;;) {
    const startedAt = performance.now();
    contender.run(times);
    const took = performance.now() - startedAt;
    if (took >= CALIBRATION_MILLIS) return Math.max(1, Math.round((times * budgetMillis) / took));
    times *= 2;
  }
}

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN;
}

/**
 * Runs a script in a process of its own.
 * @param core - the one core to which the process is held (`taskset`, where there is Linux); all of them when absent.
 * @returns what it printed, as JSON.
 */
export async function childAnswer<T>(
  script: readonly string[],
  { input = '', core }: { readonly input?: string; readonly core?: number | undefined } = {},
): Promise<T> {
  const held = core === undefined || process.platform !== 'linux' ? [] : ['taskset', '-c', String(core)];
  const [command = '', ...args] = [...held, process.execPath, ...script];
  const child = spawn(command, args, { stdio: ['pipe', 'pipe', 'inherit'] });
  const ended = once(child, 'exit');
  child.stdin.end(input);
  const [answer] = await Promise.all([textOf(child.stdout), ended]);
  return JSON.parse(answer) as T;
}

/** The machine, the commit and the day: what a figure means nothing without. */
export function provenance(): string {
  const cpu = cpus();
  let commit = 'no commit';
  try {
    commit = execFileSync('git', ['rev-parse', '--short', 'HEAD'], { encoding: 'utf8' }).trim();
  } catch {
    // Not a checkout: an unpacked archive has no commit to name.
  }
  const machine = `${cpu[0]?.model ?? 'unknown CPU'} x ${cpu.length}, Node ${process.version}`;
  return `${machine}, ${commit}, ${new Date().toISOString().slice(0, 10)}`;
}

export function digestOf(results: unknown): string {
  return createHash('sha256').update(JSON.stringify(results)).digest('hex').slice(0, 16);
}

export function printTable(title: string, rows: readonly (readonly string[])[]): void {
  console.log(`\n${title}`);
  const widths = rows[0]?.map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0))) ?? [];
  for (const row of rows) {
    const cells = row.map((cell, i) =>
      i === 0 ? cell.padEnd(widths[i] ?? 0) : cell.padStart(widths[i] ?? 0),
    );
    console.log(`  ${cells.join('   ')}`);
  }
}

export function perSecond(value: number): string {
  return value.toLocaleString('en', { maximumFractionDigits: 0 });
}
