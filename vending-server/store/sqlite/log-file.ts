/**
 * The log that SQLite writes commits to, flushed beside the work of this thread. A flush by SQLite itself keeps all of the
 * process waiting for the disk; what a commit wrote is as durable once another descriptor of the same file was flushed.
 */
import { close, fdatasync, open } from 'node:fs';
import { promisify } from 'node:util';
import type { Database } from 'better-sqlite3';

export class LogFile {
  readonly #path: string;
  /** Opened at the first flush: SQLite makes the file, and it stays the same as long as a connection is open. */
  #descriptor: Promise<number> | undefined;

  constructor(database: Database) {
    this.#path = `${database.name}-wal`;
  }

  /** Resolves when all that was committed before the call is on the disk. */
  async flush(): Promise<void> {
    this.#descriptor ??= promisify(open)(this.#path, 'r+');
    await promisify(fdatasync)(await this.#descriptor);
  }

  async close(): Promise<void> {
    const descriptor = await this.#descriptor?.catch(() => undefined);
    if (descriptor !== undefined) await promisify(close)(descriptor);
  }
}
