/**
 * Brings a PostgreSQL database to the newest schema while servers sell on it. One server at a time, under an advisory lock;
 * each step in a transaction of its own, which waits for the locks it needs only so long that no sale behind it is refused.
 */
import type { Pool, PoolClient } from 'pg';
import { StsFault } from '../../../lib/faults.ts';
import type { MigrationStep } from '../migrations/step.ts';
import { pause } from './connections.ts';
import { isLockTimeout, postgresFault } from './faults.ts';

/** 'wattoken' as a number, so that no other program's lock is meant. */
const ADVISORY_LOCK = 8_386_103_177;

/** Sales queue up behind a lock that is waited for: a step that does not get it at once steps back and lets them pass. */
const LOCK_MILLIS = 500;
const LOCK_ATTEMPTS = 120;
const LOCK_PAUSE_MILLIS = 250;

const STEPS_HAD = `
CREATE TABLE IF NOT EXISTS schema_step (
  step integer PRIMARY KEY,
  name text NOT NULL,
  needs_servers_knowing integer NOT NULL DEFAULT 0,
  applied_at timestamptz NOT NULL DEFAULT clock_timestamp()
)`;

export interface Migrated {
  /** Steps that this call took. */
  readonly applied: readonly string[];
  /** Steps that wait until no server is left that does not know them. */
  readonly waiting: readonly string[];
}

/**
 * @param afterwards - done under the same lock: a server must be on the list before somebody looks whether it is.
 * @throws StsFault `store_newer` when a step was taken that servers of this version cannot live with; `store_in_use` when a
 *   step that this version needs waits for an older server to end; `store_unavailable`.
 */
export async function migratePostgres(
  pool: Pool,
  steps: readonly MigrationStep[],
  afterwards?: (client: PoolClient) => Promise<void>,
): Promise<Migrated> {
  let client: PoolClient | undefined;
  try {
    client = await pool.connect();
    await client.query('SET statement_timeout = 0');
    await client.query('SELECT pg_advisory_lock($1)', [ADVISORY_LOCK]);
    const migrated = await migrateLocked(client, steps);
    await afterwards?.(client);
    return migrated;
  } catch (error) {
    throw postgresFault(error);
  } finally {
    client?.release(true); // the lock and the setting go with the connection
  }
}

async function migrateLocked(client: PoolClient, steps: readonly MigrationStep[]): Promise<Migrated> {
  await client.query(STEPS_HAD);
  const { rows } = await client.query(
    'SELECT count(*)::integer AS had, coalesce(max(needs_servers_knowing), 0) AS needed FROM schema_step',
  );
  const { had, needed } = rows[0] as { had: number; needed: number };
  if (needed > steps.length) {
    throw new StsFault('store_newer', `schema ${had} needs ${needed}, this version knows ${steps.length}`);
  }
  const applied: string[] = [];
  for (const [index, step] of [...steps.entries()].slice(had)) {
    if (await mustWait(client, step)) {
      const waiting = steps.slice(index);
      if (waiting.some(({ needsServersKnowing }) => needsServersKnowing === undefined)) {
        throw new StsFault('store_in_use', 'a server of an older version is still running on this database');
      }
      return { applied, waiting: waiting.map(({ name }) => name) };
    }
    await take(client, index + 1, step);
    applied.push(step.name);
  }
  return { applied, waiting: [] };
}

async function mustWait(client: PoolClient, { needsServersKnowing }: MigrationStep): Promise<boolean> {
  if (needsServersKnowing === undefined) return false;
  const { rows } = await client.query(
    'SELECT 1 FROM server WHERE known_steps < $1 AND lease_until >= clock_timestamp() LIMIT 1',
    [needsServersKnowing],
  );
  return rows.length > 0;
}

async function take(client: PoolClient, number: number, step: MigrationStep): Promise<void> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      await client.query('BEGIN');
      await client.query(`SET LOCAL lock_timeout = ${LOCK_MILLIS}`);
      await client.query(step.postgres);
      await client.query('INSERT INTO schema_step (step, name, needs_servers_knowing) VALUES ($1, $2, $3)', [
        number,
        step.name,
        step.needsServersKnowing ?? 0,
      ]);
      await client.query('COMMIT');
      return;
    } catch (error) {
      await client.query('ROLLBACK');
      if (!isLockTimeout(error) || attempt === LOCK_ATTEMPTS) throw error;
      await pause(LOCK_PAUSE_MILLIS);
    }
  }
}
