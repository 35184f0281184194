/**
 * Lines of tokens over worker threads: two cores against one on the same input, in turn, each started and warmed before the
 * clock runs. What is compared is the whole way from bytes of lines to bytes of answers.
 *
 * One core is a process held to it: a worker alone would still read, write and collect garbage on the other. What the
 * machine itself gives for two cores stands beside it: two such processes at once, one on each, sharing memory and cache.
 */
import { createHash } from 'node:crypto';
import { fileURLToPath } from 'node:url';
import type { BulkJob } from '../../cli/bulk.ts';
import { answerLines } from '../../cli/bulk-lines.ts';
import { lineWork } from '../../cli/token-lines.ts';
import { childAnswer, median, perSecond, printTable } from './harness.ts';

/** A public test key of STS 531-1. */
const METER = {
  encryptionAlgorithm: 11,
  decoderKey: '929bd3a415c9420a05ec5ee9f3ce91c3',
  baseDate: '14',
} as const;

const CHILD = fileURLToPath(new URL('./bulk-child.mjs', import.meta.url));

/** What two workers must at least do in the time of one. */
const BULK_LIMIT = 1.7;

export interface BulkMeasured {
  readonly operation: BulkJob['operation'];
  /** Median of two cores over one, pair by pair. */
  readonly ratio: number;
  /** What two processes that share nothing but the machine do over one, the most that any program could reach here. */
  readonly machine: number;
  readonly linesPerSecond: number;
}

export async function bulkBench(lines: number, pairs: number): Promise<BulkMeasured[]> {
  const measured: BulkMeasured[] = [];
  const fields = Array.from({ length: lines }, (_, i) =>
    JSON.stringify({
      class: 0,
      subclass: 0,
      tidMinutes: (i * 7919) & 0xffffff,
      rnd: i & 15,
      amount: `${i % 5000}.${i % 10}`,
    }),
  );
  const made = plainly(fields.join('\n'), { operation: 'encode', meter: METER });
  const tokens = [...made.matchAll(/"tokenNo":"(\d{20})"/g)].map(([, tokenNo]) => tokenNo);
  for (const [operation, input] of [
    ['encode', fields],
    ['decode', tokens],
  ] as const) {
    measured.push(await compare({ operation, meter: METER }, `${input.join('\n')}\n`, lines, pairs));
  }
  printTable(`Bulk, lines in and JSON out, limit ${BULK_LIMIT} for two cores over one`, [
    ['', 'two over one', 'two processes over one', 'lines per second with two'],
    ...measured.map(({ operation, ratio, machine, linesPerSecond }) => [
      `EA11 ${operation} --bulk`,
      ratio.toFixed(2),
      machine.toFixed(2),
      perSecond(linesPerSecond),
    ]),
  ]);
  return measured;
}

/** What the lines come to in a plain loop on this thread. */
function plainly(text: string, job: BulkJob): string {
  let answers = '';
  answerLines(text, 1, lineWork(job), (answer) => {
    answers += `${answer}\n`;
  });
  return answers;
}

async function compare(job: BulkJob, text: string, lines: number, pairs: number): Promise<BulkMeasured> {
  const expected = createHash('sha256').update(plainly(text, job)).digest('hex');
  const run = async (workers: number, core?: number) => {
    const { millis, digest } = await timed(job, text, workers, core);
    if (digest !== expected) throw new Error(`${workers} workers give other bytes than the plain loop`);
    return lines / (millis / 1000);
  };
  const ratios: number[] = [];
  const machine: number[] = [];
  const rates: number[] = [];
  for (let pair = 0; pair < pairs; pair += 1) {
    // The better of both cores: whoever else uses this machine may be on one of them.
    const alone = [await run(1, 0)];
    const two = await run(2);
    alone.push(await run(1, 1));
    const one = Math.max(...alone);
    const both = await Promise.all([run(1, 0), run(1, 1)]);
    ratios.push(two / one);
    machine.push((both[0] + both[1]) / one);
    rates.push(two);
  }
  const { operation } = job;
  return { operation, ratio: median(ratios), machine: median(machine), linesPerSecond: median(rates) };
}

/** @param core - the one core to which the process is held; all of them when absent. */
function timed(job: BulkJob, text: string, workers: number, core?: number) {
  const args = [CHILD, JSON.stringify(job), String(workers)];
  return childAnswer<{ millis: number; digest: string }>(args, { input: text, core });
}
