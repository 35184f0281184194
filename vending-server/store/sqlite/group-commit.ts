/**
 * Group commit: all writes asked for in one turn of the event loop share one durable transaction, and each promise
 * resolves only after its commit. A commit costs one flush of the disk whatever it carries, so that 64 sellers at once
 * pay for one (dependencies.md, SQLite). A large group is flushed beside the work of this thread, which meanwhile reckons the
 * sales of the next one; the flush of a small one is waited for, which is sooner over than another thread's answer.
 *
 * A broken rule undoes its piece of work alone: the transaction is rolled back and the others are done again without it. A
 * savepoint for each piece would tell them apart too, and costs as much as the work itself.
 */
import type { Database, Statement } from 'better-sqlite3';
import { StsFault } from '../../../lib/faults.ts';
import type { CommitReport } from '../operation-contract.ts';
import { isStorageError, storeFault } from './faults.ts';
import type { LogFile } from './log-file.ts';
import type { ReadTurn } from './read-turn.ts';

interface Job {
  readonly work: () => unknown;
  readonly committed: (() => void) | undefined;
  readonly resolve: (value: unknown) => void;
  readonly reject: (reason: unknown) => void;
}

/** What came of the jobs of one transaction: of each its value, or the first that broke a rule. */
type Attempt =
  | { readonly values: readonly unknown[] }
  | { readonly broken: number; readonly reason: unknown };

/** Writes in a group from which it is flushed beside. */
const FLUSH_BESIDE_FROM = 4;

export class GroupCommit {
  readonly #database: Database;
  readonly #begin: Statement;
  readonly #commit: Statement;
  readonly #rollback: Statement;
  readonly #onCommit: ((report: CommitReport) => void) | undefined;
  readonly #reads: ReadTurn;
  readonly #log: Pick<LogFile, 'flush'>;
  #flushing: Promise<void> | undefined;
  #failed: StsFault | undefined;
  #waiting: Job[] = [];
  #count = 0;

  constructor(
    database: Database,
    reads: ReadTurn,
    log: Pick<LogFile, 'flush'>,
    onCommit?: (report: CommitReport) => void,
  ) {
    this.#database = database;
    this.#reads = reads;
    this.#log = log;
    this.#onCommit = onCommit;
    this.#begin = database.prepare('BEGIN IMMEDIATE');
    this.#commit = database.prepare('COMMIT');
    this.#rollback = database.prepare('ROLLBACK');
  }

  /** Rises by each commit: what was read before one may have changed after it. */
  get count(): number {
    return this.#count;
  }

  /**
   * The flush that a commit still waits for: what is read meanwhile may be gone after a power cut, and must not leave this
   * process before. Undefined when all that can be read is on the disk.
   */
  get flushing(): Promise<void> | undefined {
    return this.#flushing;
  }

  /** @throws StsFault `store_unavailable` once a flush has failed: what of the log is on the disk is not known. */
  assertDurable(): void {
    if (this.#failed !== undefined) throw this.#failed;
  }

  /**
   * Runs `work` inside the next shared transaction.
   * @param work - changes nothing but the database: when another one's work breaks a rule it is rolled back and run again.
   * @param committed - called right after the commit, flushed or not, before anything else of this process can read the
   *   database: what is kept in memory beside it changes at the same moment.
   * @returns what `work` returned, once that is durable.
   * @throws StsFault `store_unavailable`, `store_damaged` (then nothing of the whole group was kept); whatever `work` threw.
   */
  add<T>(work: () => T, committed?: () => void): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      if (this.#waiting.length === 0) setImmediate(() => this.flush());
      this.#waiting.push({ work, committed, resolve: resolve as (value: unknown) => void, reject });
    });
  }

  /** Commits all that waits, and resolves when all is on the disk. */
  async settle(): Promise<void> {
    while (this.#waiting.length > 0 || this.#flushing !== undefined) {
      await this.#flushing?.catch(() => undefined);
      this.flush();
    }
  }

  /**
   * Commits what waits, now, unless the commit before is not on the disk yet: then right after. Synchronous, so that no other
   * statement can come between begin and commit.
   */
  flush(): void {
    if (this.#flushing !== undefined) return;
    let jobs = this.#waiting;
    this.#waiting = [];
    this.#reads.end();
    while (jobs.length > 0) {
      const startedAt = performance.now();
      const isBeside = jobs.length >= FLUSH_BESIDE_FROM;
      let attempt: Attempt;
      try {
        this.assertDurable();
        attempt = this.#attempt(jobs, isBeside);
      } catch (error) {
        this.#undo();
        for (const job of jobs) job.reject(storeFault(error));
        return;
      }
      if ('broken' in attempt) {
        const { broken, reason } = attempt;
        jobs[broken]?.reject(reason);
        jobs = jobs.filter((_job, index) => index !== broken);
        continue;
      }
      const { values } = attempt;
      this.#count += 1;
      for (const job of jobs) job.committed?.();
      const answer = () => {
        this.#onCommit?.({ writes: jobs.length, seconds: (performance.now() - startedAt) / 1000 });
        for (const [index, job] of jobs.entries()) job.resolve(values[index]);
      };
      if (isBeside) this.#flushBeside(jobs, answer);
      else answer();
      return;
    }
  }

  /** Commits nothing while `work` is done beside this thread; what is asked for meanwhile gathers. */
  hold(work: () => Promise<void>): void {
    this.#keepBack(this.#flushing === undefined ? work() : this.#flushing.then(work));
  }

  #flushBeside(jobs: readonly Job[], answer: () => void): void {
    const failed = (error: unknown) => {
      // The commit stands in the file and nobody knows whether on the disk: only a start that reads it back does.
      const detail = `the log could not be flushed (${codeOf(error)}); start the server again`;
      this.#failed = new StsFault('store_unavailable', detail, { cause: error });
      for (const job of jobs) job.reject(this.#failed);
      throw this.#failed;
    };
    this.#keepBack(this.#log.flush().then(answer, failed));
  }

  #keepBack(work: Promise<void>): void {
    const flushing = work.finally(() => {
      if (this.#flushing !== flushing) return;
      this.#flushing = undefined;
      if (this.#waiting.length > 0) setImmediate(() => this.flush());
    });
    // Whoever reads meanwhile waits for it, and perhaps nobody does.
    flushing.catch(() => undefined);
    this.#flushing = flushing;
  }

  /**
   * @param isBeside - whether the commit is left to be flushed by the caller.
   * @throws the errors of the disk; a broken rule is told, with nothing kept.
   */
  #attempt(jobs: readonly Job[], isBeside: boolean): Attempt {
    if (!isBeside) return this.#transact(jobs);
    this.#database.pragma('synchronous = NORMAL');
    try {
      return this.#transact(jobs);
    } finally {
      // Full durability again, which SQLite refuses inside of a transaction.
      this.#undo();
      this.#database.pragma('synchronous = FULL');
    }
  }

  #transact(jobs: readonly Job[]): Attempt {
    this.#begin.run();
    const values: unknown[] = [];
    for (const [index, job] of jobs.entries()) {
      try {
        values.push(job.work());
      } catch (error) {
        // SQLite ends the whole transaction by itself on some errors of the disk.
        if (isStorageError(error) || !this.#database.inTransaction) throw error;
        this.#rollback.run();
        return { broken: index, reason: error };
      }
    }
    this.#commit.run();
    return { values };
  }

  #undo(): void {
    try {
      if (this.#database.inTransaction) this.#rollback.run();
    } catch {
      // The error that brought us here is the one to tell; SQLite rolls back by itself when the file is opened again.
    }
  }
}

function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : 'unknown';
}
