/**
 * Checkpoints beside the sales. What is committed stands in SQLite's log and has to be copied into the database file at times;
 * done by the connection that sells, which is SQLite's own way, the copy of a full log keeps all tills waiting for as long as
 * the disk takes. Here a thread with a connection of its own copies while sales go on, and what was committed meanwhile is
 * little enough to be copied between two commits: only a log that is copied to its end begins anew.
 *
 * Durability is not at stake: a commit is in the log and flushed before it is answered, whoever copies it later. Where the
 * thread fails, SQLite's own threshold (open.ts) still holds the log.
 */
import { Worker } from 'node:worker_threads';
import type { Database } from 'better-sqlite3';
import type { ReadTurn } from './read-turn.ts';

/** A sale writes five to six pages to the log: about 24 MiB. */
const WRITES_BETWEEN = 1000;

/** What the thread found: pages in the log, and how many of them stand in the file now. */
export interface Copied {
  readonly logPages: number;
  readonly copiedPages: number;
}

export interface CheckpointOptions {
  readonly writesBetween?: number;
  /** Told when a log has been copied as far as it could be. */
  readonly onCopied?: (copied: Copied) => void;
}

export class Checkpoints {
  readonly #database: Database;
  readonly #reads: ReadTurn;
  readonly #writesBetween: number;
  readonly #onCopied: ((copied: Copied) => void) | undefined;
  #writes = 0;
  #worker: Worker | undefined;
  #isCopying = false;
  #hasFailed = false;

  constructor(
    database: Database,
    reads: ReadTurn,
    { writesBetween = WRITES_BETWEEN, onCopied }: CheckpointOptions = {},
  ) {
    this.#database = database;
    this.#reads = reads;
    this.#writesBetween = writesBetween;
    this.#onCopied = onCopied;
  }

  /** To be called after each commit. */
  noteCommit(writes: number): void {
    this.#writes += writes;
    if (this.#writes < this.#writesBetween || this.#isCopying || this.#hasFailed) return;
    this.#writes = 0;
    this.#isCopying = true;
    this.#worker ??= this.#start();
    this.#worker.postMessage('copy');
  }

  /** Resolves when the thread has let go of the file. */
  async close(): Promise<void> {
    const worker = this.#worker;
    if (worker === undefined || this.#hasFailed) return;
    this.#hasFailed = true;
    const ended = new Promise<void>((resolve) => worker.once('exit', () => resolve()));
    worker.postMessage('close');
    await ended;
  }

  #start(): Worker {
    // Under tsx this file is .ts and so is its neighbour; in the shipped package both are .js.
    const program = new URL(`./checkpoint-thread${import.meta.url.slice(-3)}`, import.meta.url);
    const worker = new Worker(program, { workerData: this.#database.name });
    worker.unref();
    worker.on('message', () => this.#finish());
    worker.on('error', () => this.#giveUp());
    worker.on('exit', () => this.#giveUp());
    return worker;
  }

  /** What was committed while the thread copied. */
  #finish(): void {
    this.#isCopying = false;
    if (!this.#database.open) return;
    this.#reads.end();
    const [row] = this.#database.pragma('wal_checkpoint(PASSIVE)') as { log: number; checkpointed: number }[];
    if (row !== undefined) this.#onCopied?.({ logPages: row.log, copiedPages: row.checkpointed });
  }

  #giveUp(): void {
    this.#hasFailed = true;
    this.#isCopying = false;
  }
}
