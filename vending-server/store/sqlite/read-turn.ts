/**
 * All reads of one turn of the event loop share one read transaction: outside of one, SQLite takes and gives back the locks
 * of the file for each statement, which costs more than a look-up. It ends with the turn, or with the next commit before it.
 */
import type { Database, Statement } from 'better-sqlite3';

export class ReadTurn {
  readonly #begin: Statement;
  readonly #end: Statement;
  readonly #database: Database;
  #isOpen = false;

  constructor(database: Database) {
    this.#database = database;
    this.#begin = database.prepare('BEGIN');
    this.#end = database.prepare('ROLLBACK');
  }

  /** To be called before a look-up outside of a write. */
  begin(): void {
    if (this.#isOpen || this.#database.inTransaction) return;
    this.#begin.run();
    this.#isOpen = true;
    setImmediate(() => this.end());
  }

  /** To be called before a write begins its own transaction, and before the database is closed. */
  end(): void {
    if (!this.#isOpen) return;
    this.#isOpen = false;
    try {
      // An error of the disk may have ended it already.
      if (this.#database.open && this.#database.inTransaction) this.#end.run();
    } catch {
      // Whoever read from a damaged file was told so; nothing was written that could be lost.
    }
  }
}
