/**
 * Group commit: all writes asked for in one turn of the event loop share one durable transaction, and each promise
 * resolves only after its commit. A commit costs one flush of the disk whatever it carries, so that 64 sellers at once
 * pay for one (dependencies.md, SQLite).
 *
 * Each piece of work has its own savepoint: a broken rule undoes that piece alone, an error of the disk undoes all.
 */
import type { Database, Statement } from 'better-sqlite3';
import type { CommitReport } from './operation-contract.ts';
import { isStorageError, storeFault } from './sqlite-faults.ts';

interface Job {
  readonly work: () => unknown;
  readonly committed: (() => void) | undefined;
  readonly resolve: (value: unknown) => void;
  readonly reject: (reason: unknown) => void;
}

interface DoneJob {
  readonly job: Job;
  readonly value: unknown;
}

export class GroupCommit {
  readonly #database: Database;
  readonly #begin: Statement;
  readonly #commit: Statement;
  readonly #rollback: Statement;
  readonly #savepoint: Statement;
  readonly #release: Statement;
  readonly #rollbackTo: Statement;
  readonly #onCommit: ((report: CommitReport) => void) | undefined;
  #waiting: Job[] = [];

  constructor(database: Database, onCommit?: (report: CommitReport) => void) {
    this.#database = database;
    this.#onCommit = onCommit;
    this.#begin = database.prepare('BEGIN IMMEDIATE');
    this.#commit = database.prepare('COMMIT');
    this.#rollback = database.prepare('ROLLBACK');
    this.#savepoint = database.prepare('SAVEPOINT one');
    this.#release = database.prepare('RELEASE one');
    this.#rollbackTo = database.prepare('ROLLBACK TO one');
  }

  /**
   * Runs `work` inside the next shared transaction.
   * @param committed - called right after the commit, before anything else of this process can read the database: what
   *   is kept in memory beside it changes at the same moment.
   * @returns what `work` returned, once that is durable.
   * @throws StsFault `store_unavailable`, `store_damaged` (then nothing of the whole group was kept); whatever `work` threw.
   */
  add<T>(work: () => T, committed?: () => void): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      if (this.#waiting.length === 0) setImmediate(() => this.flush());
      this.#waiting.push({ work, committed, resolve: resolve as (value: unknown) => void, reject });
    });
  }

  /** Commits what waits, now. Synchronous, so that no other statement can come between begin and commit. */
  flush(): void {
    const jobs = this.#waiting;
    if (jobs.length === 0) return;
    this.#waiting = [];
    const done: DoneJob[] = [];
    const startedAt = performance.now();
    try {
      this.#begin.run();
      for (const job of jobs) this.#runOne(job, done);
      this.#commit.run();
    } catch (error) {
      this.#undo();
      // A job refused earlier has its own answer already; a second one changes nothing.
      for (const job of jobs) job.reject(storeFault(error));
      return;
    }
    this.#onCommit?.({ writes: done.length, seconds: (performance.now() - startedAt) / 1000 });
    for (const { job } of done) job.committed?.();
    for (const { job, value } of done) job.resolve(value);
  }

  #runOne(job: Job, done: DoneJob[]): void {
    this.#savepoint.run();
    try {
      const value = job.work();
      this.#release.run();
      done.push({ job, value });
    } catch (error) {
      // SQLite ends the whole transaction by itself on some errors of the disk; then no savepoint is left.
      if (isStorageError(error) || !this.#database.inTransaction) throw error;
      this.#rollbackTo.run();
      this.#release.run();
      job.reject(error);
    }
  }

  #undo(): void {
    try {
      if (this.#database.inTransaction) this.#rollback.run();
    } catch {
      // The error that brought us here is the one to tell; SQLite rolls back by itself when the file is opened again.
    }
  }
}
