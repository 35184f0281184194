/**
 * The schema as an ordered list of steps, each with its text for SQLite and for PostgreSQL; the database counts how many it
 * has had. A step, once released, is never edited: a change is a new step. Money and energy are integers, token numbers are
 * text because 20 digits pass 2^63. What a step for PostgreSQL may do while servers sell is in this room's README.
 */
import type { Database } from 'better-sqlite3';
import { StsFault } from '../../lib/faults.ts';
import type { MigrationStep } from './migrations/step.ts';
import { BOOKS } from './migrations/step-1-books.ts';
import { TOKEN_STATEMENT } from './migrations/step-2-token-statement.ts';
import { TARIFFS } from './migrations/step-3-tariffs.ts';
import { FIND_TOKEN } from './migrations/step-4-find-token.ts';
import { PEOPLE } from './migrations/step-5-people.ts';
import { NOTIFY } from './migrations/step-6-notify.ts';
import { OPERATION } from './migrations/step-7-operation.ts';
import { VENDS } from './migrations/step-8-vends.ts';
import { KEYS } from './migrations/step-9-keys.ts';
import { ISSUE } from './migrations/step-10-issue.ts';
import { CUSTOMERS } from './migrations/step-11-customers.ts';
import { COUNTED_CLAIMS } from './migrations/step-12-counted-claims.ts';
import { METER_VIEWS } from './migrations/step-13-meter-views.ts';
import { VISITS } from './migrations/step-14-visits.ts';

export const STEPS: readonly MigrationStep[] = [
  BOOKS,
  TOKEN_STATEMENT,
  TARIFFS,
  FIND_TOKEN,
  PEOPLE,
  NOTIFY,
  OPERATION,
  VENDS,
  KEYS,
  ISSUE,
  CUSTOMERS,
  COUNTED_CLAIMS,
  METER_VIEWS,
  VISITS,
];

/** The steps for SQLite; `user_version` counts them. */
export const MIGRATIONS: readonly string[] = STEPS.map((step) => step.sqlite);

/**
 * Brings a file to the newest schema, all missing steps in one transaction.
 * @throws StsFault `store_newer` when the file has had more steps than this version knows.
 */
export function migrate(database: Database): void {
  const had = Number(database.pragma('user_version', { simple: true }));
  if (had > MIGRATIONS.length) {
    throw new StsFault('store_newer', `schema ${had}, this version knows ${MIGRATIONS.length}`);
  }
  if (had === MIGRATIONS.length) return;
  // A table that others refer to is made anew by a copy, and cannot be dropped while references are watched.
  const watched = database.pragma('foreign_keys', { simple: true });
  database.pragma('foreign_keys = OFF');
  try {
    database
      .transaction(() => {
        for (const step of MIGRATIONS.slice(had)) database.exec(step);
        const broken = database.pragma('foreign_key_check') as unknown[];
        if (broken.length > 0)
          throw new StsFault('store_damaged', `${broken.length} rows name what is not there`);
        database.pragma(`user_version = ${MIGRATIONS.length}`);
      })
      .immediate();
  } finally {
    database.pragma(`foreign_keys = ${watched === 1 ? 'ON' : 'OFF'}`);
  }
}
