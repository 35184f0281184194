/**
 * Lines of tokens over worker threads: one worker against two on the same input, in turn, each started and warmed before the
 * clock runs. What is compared is the whole way from bytes of lines to bytes of answers.
 */
import { createHash } from 'node:crypto';
import { answerInBulk, type BulkJob } from '../../cli/bulk.ts';
import { answerLines } from '../../cli/bulk-lines.ts';
import { lineWork } from '../../cli/token-lines.ts';
import { median, perSecond, printTable } from './harness.ts';

/** A public test key of STS 531-1. */
const METER = {
  encryptionAlgorithm: 11,
  decoderKey: '929bd3a415c9420a05ec5ee9f3ce91c3',
  baseDate: '14',
} as const;

/** Built: a worker thread takes no TypeScript. */
const WORKER = new URL('../../dist/cli/bulk-worker.js', import.meta.url);

/** What two workers must at least do in the time of one. */
const BULK_LIMIT = 1.7;

export interface BulkMeasured {
  readonly operation: BulkJob['operation'];
  /** Median of two workers over one, pair by pair. */
  readonly ratio: number;
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
  const made = answerLines(fields.join('\n'), 1, lineWork({ operation: 'encode', meter: METER })).text;
  const tokens = [...made.matchAll(/"tokenNo":"(\d{20})"/g)].map(([, tokenNo]) => tokenNo);
  for (const [operation, input] of [
    ['encode', fields],
    ['decode', tokens],
  ] as const) {
    measured.push(await compare({ operation, meter: METER }, `${input.join('\n')}\n`, lines, pairs));
  }
  printTable(`Bulk, lines in and JSON out, limit ${BULK_LIMIT} for two workers over one`, [
    ['', 'two over one', 'lines per second with two'],
    ...measured.map(({ operation, ratio, linesPerSecond }) => [
      `EA11 ${operation} --bulk`,
      ratio.toFixed(2),
      perSecond(linesPerSecond),
    ]),
  ]);
  return measured;
}

async function compare(job: BulkJob, text: string, lines: number, pairs: number): Promise<BulkMeasured> {
  const expected = digestOf([new TextEncoder().encode(answerLines(text, 1, lineWork(job)).text)]);
  const ratios: number[] = [];
  const rates: number[] = [];
  for (let pair = 0; pair < pairs; pair += 1) {
    const took = new Map<number, number>();
    for (const workers of pair % 2 === 0 ? [1, 2] : [2, 1]) {
      const { millis, digest } = await timed(job, text, workers);
      if (digest !== expected) throw new Error(`${workers} workers give other bytes than the plain loop`);
      took.set(workers, millis);
    }
    const [one = Number.NaN, two = Number.NaN] = [took.get(1), took.get(2)];
    ratios.push(one / two);
    rates.push(lines / (two / 1000));
  }
  return { operation: job.operation, ratio: median(ratios), linesPerSecond: median(rates) };
}

/** Gives the whole text once to start and warm the workers, and once with the clock running. */
async function timed(job: BulkJob, text: string, workers: number) {
  const bytes = new TextEncoder().encode(text);
  const lines = text.split('\n').length - 1;
  let answered = 0;
  let startedAt = 0;
  let warm: () => void = () => undefined;
  const warmed = new Promise<void>((resolve) => {
    warm = resolve;
  });
  async function* twice() {
    yield bytes;
    await warmed;
    startedAt = performance.now();
    yield bytes;
  }
  const written: Uint8Array[] = [];
  await answerInBulk(
    job,
    twice(),
    (piece) => {
      if (answered >= lines) written.push(piece);
    },
    {
      workers,
      workerScript: WORKER,
      onProgress(done) {
        answered = done;
        if (done === lines) warm();
      },
    },
  );
  return { millis: performance.now() - startedAt, digest: digestOf(written) };
}

function digestOf(pieces: readonly Uint8Array[]): string {
  const hash = createHash('sha256');
  for (const piece of pieces) hash.update(piece);
  return hash.digest('hex');
}
