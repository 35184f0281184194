/**
 * Checkpoints beside the sales. What is committed stands in SQLite's log and has to be copied into the database file at times;
 * done by the connection that sells, which is SQLite's own way, the copy of a full log keeps all tills waiting for as long as
 * the disk takes. Here a thread with a connection of its own copies while sales go on. Only a log that is copied to its end
 * begins anew, so that at last commits are kept back for as long as it takes to copy what was committed meanwhile, which is little.
 *
 * Durability is not at stake: a commit is in the log and flushed before it is answered, whoever copies it later. Where the
 * thread fails, SQLite's own threshold (open.ts) still holds the log.
 */
import { Worker } from 'node:worker_threads';

/** A sale writes five to six pages to the log: about 24 MiB. */
const WRITES_BETWEEN = 1000;

/** What the thread found: pages in the log, and how many of them stand in the file now. */
export interface Copied {
  readonly logPages: number;
  readonly copiedPages: number;
}

export interface CheckpointOptions {
  /** Of the database. */
  readonly path: string;
  /** Keeps commits back while something is done. */
  readonly hold: (work: () => Promise<void>) => void;
  readonly writesBetween?: number;
  /** The thread's script; beside this file as it is built when absent, for a worker thread takes no TypeScript. */
  readonly script?: URL;
  /** Told when a log has been copied as far as it could be. */
  readonly onCopied?: (copied: Copied) => void;
}

/** What the thread is told: to copy beside the sales, to copy the rest while they are kept back, to let go of the file. */
export type ToThread = 'copy' | 'copyRest' | 'close';
export type FromThread = { readonly done: 'copy' } | { readonly done: 'copyRest'; readonly copied: Copied };

export class Checkpoints {
  readonly #options: CheckpointOptions;
  #writes = 0;
  #worker: Worker | undefined;
  #isCopying = false;
  #isOver = false;
  #release: (() => void) | undefined;

  constructor(options: CheckpointOptions) {
    this.#options = options;
  }

  /** To be called after each commit. */
  noteCommit(writes: number): void {
    this.#writes += writes;
    const { writesBetween = WRITES_BETWEEN } = this.#options;
    if (this.#writes < writesBetween || this.#isCopying || this.#isOver) return;
    this.#writes = 0;
    this.#isCopying = true;
    this.#worker ??= this.#start();
    // It keeps the process alive while commits may wait for it, and not in between.
    this.#worker.ref();
    this.#tell('copy');
  }

  /** Resolves when the thread has let go of the file. */
  async close(): Promise<void> {
    const worker = this.#worker;
    if (worker === undefined || this.#isOver) return;
    this.#isOver = true;
    const ended = new Promise<void>((resolve) => worker.once('exit', () => resolve()));
    worker.ref();
    this.#tell('close');
    await ended;
  }

  #start(): Worker {
    const { path, script = new URL('./checkpoint-thread.js', import.meta.url) } = this.#options;
    const worker = new Worker(script, { workerData: path });
    worker.on('message', (message: FromThread) => this.#hear(message));
    // An error of the thread ends it; 'exit' comes after.
    worker.on('error', () => undefined);
    worker.on('exit', () => this.#giveUp());
    return worker;
  }

  #tell(message: ToThread): void {
    this.#worker?.postMessage(message);
  }

  #hear(message: FromThread): void {
    if (this.#isOver) return;
    if (message.done === 'copy') {
      const { hold } = this.#options;
      hold(() => new Promise((resolve) => this.#copyRest(resolve)));
      return;
    }
    this.#isCopying = false;
    this.#worker?.unref();
    this.#free();
    this.#options.onCopied?.(message.copied);
  }

  #copyRest(release: () => void): void {
    if (this.#isOver) {
      release();
      return;
    }
    this.#release = release;
    this.#tell('copyRest');
  }

  #free(): void {
    this.#release?.();
    this.#release = undefined;
  }

  #giveUp(): void {
    this.#isOver = true;
    this.#free();
  }
}
