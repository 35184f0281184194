/** Connections to PostgreSQL: how they are opened, what they promise, and how a statement is asked. */
import type { Pool, PoolClient } from 'pg';
import { StsFault } from '../../../lib/faults.ts';
import { isRolledBackForOthers, postgresFault } from './faults.ts';
import { SQL, type StatementName } from './statements.ts';

/** What a statement or the pool may take; a request is answered within ten seconds, and must hear a refusal before. */
const STATEMENT_MILLIS = 8_000;
const CONNECT_MILLIS = 5_000;
const REPETITIONS = 8;

/**
 * Durable commits and the plainest isolation, whatever the database's own defaults are; dead peers are noticed within half a
 * minute. Every statement here reaches few rows by an index: a plan made while a table was small must not become a scan of
 * it when it has grown, so scans and joins that read whole tables are left for where nothing else answers.
 */
const SETTINGS: Readonly<Record<string, string>> = {
  synchronous_commit: 'on',
  default_transaction_isolation: 'read\\ committed',
  statement_timeout: String(STATEMENT_MILLIS),
  idle_in_transaction_session_timeout: String(STATEMENT_MILLIS),
  client_connection_check_interval: '2000',
  tcp_keepalives_idle: '10',
  tcp_keepalives_interval: '5',
  tcp_keepalives_count: '3',
  plan_cache_mode: 'force_generic_plan',
  enable_seqscan: 'off',
  enable_hashjoin: 'off',
  enable_mergejoin: 'off',
  jit: 'off',
};

// biome-ignore lint/suspicious/noExplicitAny: the columns of a row are what its statement says.
export type Row = any;

/** Asks statements by their names, each prepared once per connection. */
export class PostgresConnections {
  readonly #pool: Pool;
  readonly #underWay = new Set<Promise<unknown>>();
  #closed = false;

  constructor(pool: Pool) {
    this.#pool = pool;
  }

  get closed(): boolean {
    return this.#closed;
  }

  /** @throws StsFault `store_unavailable`, `store_damaged`; an Error that names a broken rule of the schema. */
  async query(name: StatementName, values: readonly unknown[] = []): Promise<readonly Row[]> {
    try {
      return await this.attempt(name, values);
    } catch (error) {
      throw postgresFault(error);
    }
  }

  /** As `query`, with the driver's own error for those who must tell a lost connection from a refusal. */
  attempt(name: StatementName, values: readonly unknown[] = []): Promise<readonly Row[]> {
    return this.#track(() =>
      again(async () => {
        const { rows } = await this.#pool.query({ name, text: SQL[name], values: [...values] });
        return rows as Row[];
      }),
    );
  }

  /** Several statements that become durable together. @throws as `query`, and whatever `work` threw. */
  async transaction<T>(work: (ask: Ask) => Promise<T>): Promise<T> {
    try {
      return await this.#track(() => again(() => this.#transaction(work)));
    } catch (error) {
      throw postgresFault(error);
    }
  }

  /** Waits for what is under way and closes. A second call does nothing. */
  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    await Promise.allSettled(this.#underWay);
    await this.#pool.end();
  }

  async #transaction<T>(work: (ask: Ask) => Promise<T>): Promise<T> {
    const client = await this.#pool.connect();
    let broken: Error | undefined;
    try {
      await client.query('BEGIN');
      const result = await work(askOn(client));
      await client.query('COMMIT');
      return result;
    } catch (error) {
      await client.query('ROLLBACK').catch((failed: Error) => {
        broken = failed;
      });
      throw error;
    } finally {
      client.release(broken);
    }
  }

  #track<T>(work: () => Promise<T>): Promise<T> {
    if (this.#closed) return Promise.reject(new StsFault('store_unavailable', 'the database is closed'));
    const promise = work();
    this.#underWay.add(promise);
    const done = () => void this.#underWay.delete(promise);
    promise.then(done, done);
    return promise;
  }
}

export type Ask = (name: StatementName, values?: readonly unknown[]) => Promise<readonly Row[]>;

function askOn(client: PoolClient): Ask {
  return async (name, values = []) => {
    const { rows } = await client.query({ name, text: SQL[name], values: [...values] });
    return rows as Row[];
  };
}

/** A deadlock or a lost race is the database's way of putting two callers in order: the loser goes again. */
async function again<T>(work: () => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await work();
    } catch (error) {
      if (!isRolledBackForOthers(error) || attempt === REPETITIONS) throw error;
      await pause(attempt * 5);
    }
  }
}

export function pause(millis: number): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, millis);
  });
}

/**
 * @param url - `postgres://user@host/database`; a password comes with it, from PGPASSWORD or from ~/.pgpass.
 * @param queryMillis - how long an answer is waited for; 0 for as long as it takes.
 * @throws StsFault `store_driver_missing`; `usage` for a text that is no such URL, which is not quoted.
 */
export async function openPool(
  url: string,
  connections: number,
  queryMillis = STATEMENT_MILLIS * 2,
): Promise<Pool> {
  const connectionString = withSettings(url);
  const { default: pg } = await import('pg').catch((error: unknown) => {
    throw new StsFault('store_driver_missing', 'pg', { cause: error });
  });
  const pool = new pg.Pool({
    connectionString,
    max: Math.max(connections, 2), // one takes the steps of the schema while another writes the lease
    connectionTimeoutMillis: CONNECT_MILLIS,
    query_timeout: queryMillis,
    idleTimeoutMillis: 60_000,
    keepAlive: true,
    application_name: 'wattoken',
    types: {
      getTypeParser: (oid: number, format) => (oid === INT8 ? wholeOf : pg.types.getTypeParser(oid, format)),
    },
  } as ConstructorParameters<typeof Pool>[0]);
  // The pool leaves a broken connection out, and a statement on it fails by itself. Unheard, the events of a connection that
  // breaks while it is idle, or between two statements of a transaction, would end the process.
  pool.on('error', () => undefined);
  pool.on('connect', (client) => client.on('error', () => undefined));
  return pool;
}

const INT8 = 20;

/** @throws RangeError for a number that JavaScript cannot hold: better no answer than a wrong one. */
function wholeOf(text: string): number {
  const value = Number(text);
  if (!Number.isSafeInteger(value)) throw new RangeError('the database holds a number beyond 2^53');
  return value;
}

function withSettings(text: string): string {
  let url: URL;
  try {
    url = new URL(text);
  } catch {
    throw notAUrl();
  }
  if (!/^postgres(ql)?:$/.test(url.protocol)) throw notAUrl();
  const given = url.searchParams.get('options') ?? '';
  const ours = Object.entries(SETTINGS).map(([name, value]) => `-c ${name}=${value}`);
  url.searchParams.set('options', [given, ...ours].join(' ').trim());
  return url.href;
}

function notAUrl(): StsFault {
  return new StsFault('usage', 'expected postgres://user@host/database', { param: '--database' });
}
