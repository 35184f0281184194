/**
 * Group commit: all writes asked for in one turn of the event loop share one durable transaction, and each promise
 * resolves only after its commit. A commit costs one flush of the disk whatever it carries, so that 64 sellers at once
 * pay for one (dependencies.md, SQLite).
 *
 * A broken rule undoes its piece of work alone: the transaction is rolled back and the others are done again without it. A
 * savepoint for each piece would tell them apart too, and costs as much as the work itself.
 */
import type { Database, Statement } from 'better-sqlite3';
import type { CommitReport } from '../operation-contract.ts';
import { isStorageError, storeFault } from './faults.ts';
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

export class GroupCommit {
  readonly #database: Database;
  readonly #begin: Statement;
  readonly #commit: Statement;
  readonly #rollback: Statement;
  readonly #onCommit: ((report: CommitReport) => void) | undefined;
  readonly #reads: ReadTurn;
  #waiting: Job[] = [];
  #count = 0;

  constructor(database: Database, reads: ReadTurn, onCommit?: (report: CommitReport) => void) {
    this.#database = database;
    this.#reads = reads;
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
   * Runs `work` inside the next shared transaction.
   * @param work - changes nothing but the database: when another one's work breaks a rule it is rolled back and run again.
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
    let jobs = this.#waiting;
    this.#waiting = [];
    this.#reads.end();
    while (jobs.length > 0) {
      const startedAt = performance.now();
      let attempt: Attempt;
      try {
        attempt = this.#attempt(jobs);
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
      this.#onCommit?.({ writes: jobs.length, seconds: (performance.now() - startedAt) / 1000 });
      for (const job of jobs) job.committed?.();
      for (const [index, job] of jobs.entries()) job.resolve(values[index]);
      return;
    }
  }

  /** @throws the errors of the disk; a broken rule is told, with nothing kept. */
  #attempt(jobs: readonly Job[]): Attempt {
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
