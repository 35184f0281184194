/**
 * Tokens in bulk over all cores: lines in, one JSON value a line out, in the same order. For Node alone: it works in
 * `node:worker_threads`. Each worker reads, makes and prints whole stretches of lines; this thread cuts and passes on bytes.
 *
 * Memory is bounded by the workers, not by the input: reading waits for the writer.
 */
import { availableParallelism } from 'node:os';
import { type Chunk, ChunkCutter } from './bulk-chunks.ts';
import { lineTooLong, refusalOfLine } from './bulk-lines.ts';
import { type AnsweredStretch, WorkerPool } from './bulk-pool.ts';
import { type BulkJob, lineWork } from './token-lines.ts';

export type { BulkJob } from './token-lines.ts';

export interface BulkOptions {
  /** Worker threads, at least 1; as many as there are cores when absent. */
  readonly workers?: number;
  /** Called after each write with the lines answered so far, the refused among them. */
  readonly onProgress?: (answered: number, refused: number) => void;
  /** What a worker runs; the library's own when absent. */
  readonly workerScript?: URL;
}

export interface BulkSummary {
  readonly answered: number;
  /** Lines answered with `{ line, error }`. */
  readonly refused: number;
}

/** Chunks begun but not yet written, for each worker: one at work, others ready so that nobody waits for the slowest. */
const AHEAD = 3;

/**
 * Answers every line of `input` through `write`, in order; blank lines are passed over. A line that is refused is answered by
 * `{ "line": 17, "error": { "code": …, "message": … } }`, counted from 1, and the rest goes on.
 * @param input - bytes or text in pieces of any size, such as a stream; what has come is answered without waiting for more.
 * @param write - awaited before the next bytes are given; the bytes are its own until then, and are written over afterwards.
 * @throws StsFault, RangeError when the job itself is wrong: an algorithm that is not built, a key of another length.
 * @throws StsFault `internal_error` when two workers in turn have died on the same lines; one death is made good.
 */
export async function answerInBulk(
  job: BulkJob,
  input: AsyncIterable<Uint8Array | string> | Iterable<Uint8Array | string>,
  write: (bytes: Uint8Array) => Promise<void> | void,
  options: BulkOptions = {},
): Promise<BulkSummary> {
  const workers = options.workers ?? availableParallelism();
  if (!Number.isInteger(workers) || workers < 1) {
    throw new RangeError(`"workers" expected a whole number from 1, got ${workers}`);
  }
  lineWork(job); // a wrong job is refused here, not by every worker
  const run = new BulkRun(new WorkerPool(job, workers, options.workerScript), workers, write, options);
  try {
    const encoder = new TextEncoder();
    const pieces = Symbol.asyncIterator in input ? input[Symbol.asyncIterator]() : input[Symbol.iterator]();
    for (;;) {
      const { done, value } = await Promise.race([pieces.next(), run.failure]);
      if (done === true) break;
      await run.push(typeof value === 'string' ? encoder.encode(value) : value);
    }
    return await run.end();
  } finally {
    await run.close();
  }
}

class BulkRun {
  /** Never resolves; rejects with what stopped the run. */
  readonly failure: Promise<never>;
  private readonly cutter = new ChunkCutter();
  private readonly pool: WorkerPool;
  private readonly workers: number;
  private readonly write: (bytes: Uint8Array) => Promise<void> | void;
  private readonly options: BulkOptions;
  private begun = 0;
  private answered = 0;
  private refused = 0;
  /** The last write in order. */
  private tail: Promise<void> = Promise.resolve();
  private fail: (reason: unknown) => void = () => undefined;
  private wake: () => void = () => undefined;

  constructor(
    pool: WorkerPool,
    workers: number,
    write: (bytes: Uint8Array) => Promise<void> | void,
    options: BulkOptions,
  ) {
    this.pool = pool;
    this.workers = workers;
    this.write = write;
    this.options = options;
    this.failure = new Promise((_, reject) => {
      this.fail = reject;
    });
    this.failure.catch(() => undefined); // whoever races it hears of it
  }

  /** Takes a piece, and returns when there is room for another. */
  async push(piece: Uint8Array): Promise<void> {
    this.cutter.push(piece);
    this.begin();
    await this.until(() => !this.cutter.isFull);
  }

  async end(): Promise<BulkSummary> {
    for (let last = this.cutter.end(); last !== undefined; last = this.cutter.end()) {
      await this.until(() => this.begun < AHEAD * this.workers);
      this.start(last);
    }
    await Promise.race([this.tail, this.failure]);
    return { answered: this.answered, refused: this.refused };
  }

  close(): Promise<void> {
    return this.pool.close();
  }

  private async until(isSo: () => boolean): Promise<void> {
    while (!isSo()) {
      const woken = new Promise<void>((resolve) => {
        this.wake = resolve;
      });
      await Promise.race([woken, this.failure]);
    }
  }

  /** Full chunks as far as there is room; while a worker has nothing to do, also what there is of the next. */
  private begin(): void {
    while (this.begun < AHEAD * this.workers) {
      const chunk = this.begun < this.workers || this.cutter.isFull ? this.cutter.next() : undefined;
      if (chunk === undefined) return;
      this.start(chunk);
    }
  }

  private start(chunk: Chunk): void {
    this.begun += 1;
    const answer = this.answer(chunk);
    answer.catch(this.fail); // at once, not in its turn: an earlier one may never be written
    this.tail = this.tail.then(() => answer).then((done) => this.finish(done));
    this.tail.catch(this.fail);
  }

  private async answer(chunk: Chunk): Promise<AnsweredStretch> {
    if (chunk.kind === 'lines') return this.pool.run(chunk);
    const text = `${refusalOfLine(chunk.firstLine, lineTooLong())}\n`;
    return { bytes: new TextEncoder().encode(text), answered: 1, refused: 1 };
  }

  private async finish({ bytes, answered, refused }: AnsweredStretch): Promise<void> {
    if (bytes.length > 0) await this.write(bytes);
    this.pool.reuse(bytes);
    this.answered += answered;
    this.refused += refused;
    this.begun -= 1;
    this.options.onProgress?.(this.answered, this.refused);
    this.begin();
    this.wake();
  }
}
