/** What one step of the schema is; the list of all steps stands in `migrations.ts`. */

/** 2^53 - 1: no stored amount may pass what a number of JavaScript holds exactly. */
export const MOST = '9007199254740991';

/**
 * `column IN (values)` for what every sale writes to SQLite: behind IN, for three values or more, it builds a table in memory
 * at each insert. Four of them were a third of what the three rows with such rules cost.
 */
export function isOneOf(column: string, values: readonly string[]): string {
  return values.map((value) => `${column} = '${value}'`).join(' OR ');
}

export interface MigrationStep {
  /** Two or three words, for whoever reads the table `schema_step`. */
  readonly name: string;
  readonly sqlite: string;
  readonly postgres: string;
  /**
   * Absent for a step that only adds: servers that do not know it sell on beside it. For a step that takes something away,
   * the number of steps that a server must know to live with it: on PostgreSQL such a step waits until no server that
   * knows fewer is running, and none that knows fewer may start after it.
   */
  readonly needsServersKnowing?: number;
}
