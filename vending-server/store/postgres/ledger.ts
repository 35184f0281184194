/**
 * The books on PostgreSQL for an auditor: one snapshot of all of them, row by row through a cursor, while servers sell. It
 * takes no lock that a sale waits for and writes nothing, so that a standby will do. Rows that a snapshot still sees cannot
 * be cleaned up, so it should not stay open for days.
 */
import type { PoolClient } from 'pg';
import { StsFault } from '../../../lib/faults.ts';
import type {
  DebtRow,
  DepositRow,
  ElsewhereRow,
  EntryRow,
  LedgerSnapshot,
  ReversalRow,
  SaleRow,
  Transfer,
  VendorRecord,
} from '../contract.ts';
import {
  type DepositedRow,
  debtRowOf,
  depositOf,
  type OwedRow,
  type SoldRow,
  saleRowOf,
  transfersOf,
} from '../ledger-rows.ts';
import { STEPS } from '../migrations.ts';
import { type EntryRow as ChainRow, entryOf, type VendorRow, vendorOf } from '../rows.ts';
import { PostgresClaims } from './claims.ts';
import { openPool, PostgresConnections, type Row } from './connections.ts';
import { postgresFault } from './faults.ts';
import { PostgresStore } from './store.ts';

const FETCHED = 1000;
/** Sales of the same moment may become durable one after another: how many last counters are looked at for that. */
const TAIL = 5000;

/** What whole tables are read by: the settings of a server's connections are for few rows by an index. */
const PATIENT = `
  SET LOCAL statement_timeout = 0; SET LOCAL idle_in_transaction_session_timeout = 0; SET LOCAL enable_seqscan = on;
  SET LOCAL enable_hashjoin = on; SET LOCAL enable_mergejoin = on; SET LOCAL enable_nestloop = off`;

const MOVED = `WITH moved AS (
  SELECT cause, json_agg(json_build_array(debit_account, credit_account, amount_minor) ORDER BY transfer_id)::text AS transfers
  FROM transfer GROUP BY cause)`;
const SALE_COLUMNS = `sale.sale_id AS sold_id, sale.vendor_id, sale.request_id, sale.request_hash,
  sale.meter_pan AS sold_to, sale.currency, sale.paid_minor, sale.amount_deci_kwh, sale.sold_at,
  sale.response_body, sale.response_digest, moved.transfers`;
const ENTRIES = `${MOVED}
  SELECT entry.*, ${SALE_COLUMNS} FROM chain_entry AS entry
  LEFT JOIN (SELECT sale_id, min(counter) AS counter FROM chain_entry WHERE module_id = $1 GROUP BY sale_id) AS first
    ON first.sale_id = entry.sale_id AND first.counter = entry.counter
  LEFT JOIN sale ON sale.sale_id = first.sale_id
  LEFT JOIN moved ON moved.cause = 'sale ' || sale.sale_id
  WHERE entry.module_id = $1 ORDER BY entry.counter`;
const SALES_WITHOUT_ENTRY = `${MOVED}
  SELECT ${SALE_COLUMNS} FROM sale LEFT JOIN moved ON moved.cause = 'sale ' || sale.sale_id
  WHERE NOT EXISTS (SELECT 1 FROM chain_entry AS entry WHERE entry.sale_id = sale.sale_id)`;
const SALES_ELSEWHERE = `${MOVED}
  SELECT ${SALE_COLUMNS}, other.module_id FROM sale
  JOIN (SELECT sale_id, min(module_id) AS module_id FROM chain_entry WHERE sale_id IS NOT NULL
    GROUP BY sale_id HAVING bool_and(module_id <> $1)) AS other ON other.sale_id = sale.sale_id
  LEFT JOIN moved ON moved.cause = 'sale ' || sale.sale_id
  ORDER BY other.module_id, sale.sale_id`;
const DEPOSITS = `${MOVED}
  SELECT deposit.vendor_id, request_id, request_hash, vendor.currency, deposit.amount_minor, reference, deposited_at,
    moved.transfers
  FROM deposit LEFT JOIN vendor ON vendor.vendor_id = deposit.vendor_id
  LEFT JOIN moved ON moved.cause = 'deposit ' || deposit.vendor_id || ' ' || request_id
  ORDER BY deposit.vendor_id, request_id`;
const DEBTS = `${MOVED}
  SELECT debt_id, meter_pan, opened_minor, balance_minor, opened_at, moved.transfers
  FROM debt LEFT JOIN moved ON moved.cause = 'debt ' || debt_id ORDER BY debt_id`;
const REVERSALS = `${MOVED}
  SELECT coalesce(gone.sale_id, told.sale_id) AS sale_id, told_at, told_by, note, gone.transfers
  FROM (SELECT substr(cause, 14) AS sale_id, transfers FROM moved WHERE cause LIKE 'saleReversal %') AS gone
  FULL JOIN (SELECT * FROM sale_advice WHERE state = 'reversed') AS told ON told.sale_id = gone.sale_id
  ORDER BY 1`;
const OTHER_TRANSFERS = `${MOVED}
  SELECT cause, transfers FROM moved
  WHERE cause NOT LIKE 'saleReversal %' AND NOT EXISTS (SELECT 1 FROM sale WHERE moved.cause = 'sale ' || sale_id)
    AND NOT EXISTS (SELECT 1 FROM debt WHERE moved.cause = 'debt ' || debt_id)
    AND NOT EXISTS (SELECT 1 FROM deposit WHERE moved.cause = 'deposit ' || vendor_id || ' ' || request_id)
  ORDER BY cause`;
const VENDORS =
  'SELECT vendor_id, name, currency, credit_limit_minor, float_minor FROM vendor ORDER BY vendor_id';
const MODULES = 'SELECT module_id, public_key FROM security_module ORDER BY module_id';
const TAIL_STATE = `
  WITH last AS (SELECT counter, signature FROM chain_entry WHERE module_id = $1 ORDER BY counter DESC LIMIT 1)
  SELECT coalesce(max(counter), 0) AS counter, count(*) AS held, (SELECT signature FROM last) AS signature
  FROM chain_entry WHERE module_id = $1 AND counter > (SELECT counter FROM last) - ${TAIL}`;
const HAS_STEPS = "SELECT to_regclass('schema_step') IS NOT NULL AS has";
const STEPS_NEEDED = 'SELECT coalesce(max(needs_servers_knowing), 0) AS needed FROM schema_step';

type Module = NonNullable<LedgerSnapshot['module']>;

class PostgresLedgerSnapshot implements LedgerSnapshot {
  readonly module: LedgerSnapshot['module'];
  readonly #client: PoolClient;
  readonly #end: () => Promise<void>;
  #cursors = 0;

  constructor(module: LedgerSnapshot['module'], client: PoolClient, end: () => Promise<void>) {
    this.module = module;
    this.#client = client;
    this.#end = end;
  }

  async *entries(): AsyncIterable<EntryRow> {
    for await (const row of this.#rows<ChainRow & SoldRow & { base_date: string }>(ENTRIES, true)) {
      const entry = { ...entryOf(row), baseDate: row.base_date as EntryRow['entry']['baseDate'] };
      yield { entry, sale: row.sold_id === null ? undefined : saleRowOf(row) };
    }
  }

  async *salesWithoutEntry(): AsyncIterable<SaleRow> {
    for await (const row of this.#rows<SoldRow>(SALES_WITHOUT_ENTRY)) yield saleRowOf(row);
  }

  async *salesElsewhere(): AsyncIterable<ElsewhereRow> {
    for await (const row of this.#rows<SoldRow & { module_id: string }>(SALES_ELSEWHERE, true)) {
      yield { moduleId: row.module_id, sale: saleRowOf(row) };
    }
  }

  async *reversals(): AsyncIterable<ReversalRow> {
    for await (const row of this.#rows<Row>(REVERSALS)) {
      yield {
        saleId: row.sale_id,
        reversedAt: row.told_at,
        reversedBy: row.told_by,
        reason: row.note,
        transfers: transfersOf(row.transfers),
      };
    }
  }

  async *deposits(): AsyncIterable<DepositRow> {
    for await (const row of this.#rows<DepositedRow>(DEPOSITS)) yield depositOf(row);
  }

  async *debts(): AsyncIterable<DebtRow> {
    for await (const row of this.#rows<OwedRow>(DEBTS)) yield debtRowOf(row);
  }

  async *otherTransfers(): AsyncIterable<Transfer & { readonly cause: string }> {
    for await (const { cause, transfers } of this.#rows<Row>(OTHER_TRANSFERS)) {
      for (const transfer of transfersOf(transfers)) yield { cause, ...transfer };
    }
  }

  async *vendors(): AsyncIterable<VendorRecord> {
    for await (const row of this.#rows<VendorRow>(VENDORS)) yield vendorOf(row);
  }

  close(): Promise<void> {
    return this.#end();
  }

  async *#rows<T>(sql: string, isOfModule = false): AsyncIterable<T> {
    if (isOfModule && this.module === undefined) return;
    this.#cursors += 1;
    const cursor = `read_${this.#cursors}`;
    try {
      const values = isOfModule ? [this.module?.moduleId] : [];
      await this.#client.query(`DECLARE ${cursor} NO SCROLL CURSOR FOR ${sql}`, values);
      for (;;) {
        const { rows } = await this.#client.query(`FETCH ${FETCHED} FROM ${cursor}`);
        yield* rows as T[];
        if (rows.length < FETCHED) break;
      }
      await this.#client.query(`CLOSE ${cursor}`);
    } catch (error) {
      throw postgresFault(error);
    }
  }
}

export interface PostgresBooks {
  /** As a server is started with. */
  readonly databaseUrl: string;
  /** Whose chain it is about; may be left out where one module alone has sold. */
  readonly moduleId?: string;
}

/**
 * As `openLedgerSnapshot` of SQLite, of one module's chain and all the money beside it.
 * @throws StsFault `usage` for the URL and for a module that is not named or not known; `file_unreadable` for a database that
 *   is no ledger; `store_newer`, `store_driver_missing`, `store_damaged`, `store_unavailable`.
 */
export async function openPostgresSnapshot(
  options: PostgresBooks & {
    readonly pause: () => Promise<void>;
    readonly attempts: number;
    readonly quietAttempts: number;
  },
): Promise<LedgerSnapshot> {
  const { databaseUrl, pause, attempts, quietAttempts } = options;
  const pool = await openPool(databaseUrl, 1, 0);
  let lent: PoolClient | undefined;
  const end = async () => {
    lent?.release(true); // the transaction goes with its connection
    await pool.end();
  };
  try {
    const client = await pool.connect();
    lent = client;
    await assertLedger(client);
    let seen = '';
    let quiet = 0;
    for (let attempt = 1; ; attempt += 1) {
      await client.query('BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY');
      await client.query(PATIENT);
      const module = moduleAmong(await modulesOf(client), options.moduleId);
      const state = module && (await client.query(TAIL_STATE, [module.moduleId])).rows[0];
      if (state === undefined || isWhole(state) || attempt >= attempts) {
        return new PostgresLedgerSnapshot(module, client, end);
      }
      const now = JSON.stringify(state);
      quiet = now === seen ? quiet + 1 : 0;
      if (quiet >= quietAttempts) return new PostgresLedgerSnapshot(module, client, end);
      seen = now;
      await client.query('ROLLBACK');
      await pause();
    }
  } catch (error) {
    await end();
    throw postgresFault(error);
  }
}

/**
 * The store to look things up in, for somebody who is no server: it takes no lease and changes nothing.
 * @throws as {@link openPostgresSnapshot}.
 */
export async function openPostgresBooks({
  databaseUrl,
  moduleId,
}: PostgresBooks): Promise<{ readonly store: PostgresStore; readonly modules: readonly Module[] }> {
  const pool = await openPool(databaseUrl, 2);
  try {
    const client = await pool.connect();
    let modules: readonly Module[];
    try {
      await assertLedger(client);
      modules = await modulesOf(client);
    } finally {
      client.release();
    }
    if (moduleId !== undefined) modules = [moduleAmong(modules, moduleId) as Module];
    const connections = new PostgresConnections(pool);
    const claims = new PostgresClaims(connections, { knownSteps: STEPS.length, leaseMillis: 1_000 });
    return { store: new PostgresStore(connections, claims, () => undefined), modules };
  } catch (error) {
    await pool.end();
    throw postgresFault(error);
  }
}

/** @throws StsFault `usage` when it is not clear whose chain is meant. */
export function moduleAmong(modules: readonly Module[], wanted: string | undefined): Module | undefined {
  const [only, ...more] = modules;
  if (wanted === undefined && more.length === 0) return only;
  const found = modules.find(({ moduleId }) => moduleId === wanted);
  if (found !== undefined) return found;
  const names = modules.map(({ moduleId }) => moduleId).join(', ');
  const detail = `each server has a module and a chain of its own: name one of ${names === '' ? 'none' : names}`;
  throw new StsFault('usage', detail, { param: '--module' });
}

async function modulesOf(client: PoolClient): Promise<readonly Module[]> {
  const { rows } = await client.query(MODULES);
  return rows.map((row) => ({ moduleId: row.module_id, publicKey: row.public_key }));
}

async function assertLedger(client: PoolClient): Promise<void> {
  const { rows } = await client.query(HAS_STEPS);
  if (rows[0]?.has !== true) {
    throw new StsFault('file_unreadable', 'the database is no ledger', { param: '--database' });
  }
  const [steps] = (await client.query(STEPS_NEEDED)).rows;
  if (steps.needed > STEPS.length) throw new StsFault('store_newer', `schema needs ${steps.needed}`);
}

function isWhole({ counter, held, signature }: { counter: number; held: number; signature: string | null }) {
  return held === Math.min(counter, TAIL) && signature !== '';
}

const WRONG_FLOATS = `
  WITH moved AS (
    SELECT account, sum(amount) AS balance FROM (
      SELECT credit_account AS account, amount_minor AS amount FROM transfer WHERE credit_account LIKE 'vendor:%'
      UNION ALL SELECT debit_account, -amount_minor FROM transfer WHERE debit_account LIKE 'vendor:%') AS each
    GROUP BY account)
  SELECT vendor_id FROM vendor LEFT JOIN moved ON account = 'vendor:' || vendor_id || ':float:' || currency
  WHERE float_minor <> coalesce(balance, 0) ORDER BY vendor_id`;
const BOOKS_STATE = `
  SELECT (SELECT count(*) FROM schema_step)::integer AS steps, (SELECT count(*) FROM sale) AS sales,
    (SELECT count(*) FROM vendor) AS vendors, (SELECT coalesce(max(highest_at), 0) FROM clock_witness) AS highest_at,
    (SELECT count(*) FROM sale WHERE NOT EXISTS (SELECT 1 FROM chain_entry AS e WHERE e.sale_id = sale.sale_id)) AS orphans`;

export interface BooksState {
  /** Steps of the schema that were taken. */
  readonly steps: number;
  readonly sales: number;
  readonly vendors: number;
  /** The highest moment that any server has seen, in milliseconds since 1970. */
  readonly highestAt: number;
  /** Sales without a chain entry. */
  readonly orphans: number;
  /** Vendors whose float is not what the transfers leave. */
  readonly wrongFloats: readonly string[];
}

/** Looks all rows over, of one moment. @throws as {@link openPostgresSnapshot}. */
export async function postgresBooksState(databaseUrl: string): Promise<BooksState> {
  const pool = await openPool(databaseUrl, 1, 0);
  let client: PoolClient | undefined;
  try {
    client = await pool.connect();
    await assertLedger(client);
    await client.query('BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY');
    await client.query(PATIENT);
    const [state] = (await client.query(BOOKS_STATE)).rows;
    const wrong = (await client.query(WRONG_FLOATS)).rows;
    const { steps, sales, vendors, highest_at: highestAt, orphans } = state;
    return { steps, sales, vendors, highestAt, orphans, wrongFloats: wrong.map((row) => row.vendor_id) };
  } catch (error) {
    throw postgresFault(error);
  } finally {
    client?.release(true);
    await pool.end();
  }
}
