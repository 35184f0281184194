/**
 * The books of a data folder as one snapshot, read only: beside a running server (WAL lets readers in) or without one. While
 * it is open SQLite keeps the log of later changes, so that the `-wal` file grows until it is closed.
 */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { Database } from 'better-sqlite3';
import { StsFault } from '../../lib/faults.ts';
import { loadSqliteDriver } from '../sqlite-driver.ts';
import type {
  DebtRow,
  DepositRow,
  EntryRow,
  LedgerSnapshot,
  ReversalRow,
  SaleRow,
  Transfer,
  VendorRecord,
} from './contract.ts';
import {
  type DepositedRow,
  debtRowOf,
  depositOf,
  type OwedRow,
  type SoldRow,
  saleRowOf,
  transfersOf,
} from './ledger-rows.ts';
import { MIGRATIONS } from './migrations.ts';
import { DATABASE_FILE } from './open.ts';
import { type EntryRow as ChainRow, entryOf, type VendorRow, vendorOf } from './rows.ts';
import { storeFault } from './sqlite/faults.ts';

const BUSY_TIMEOUT_MILLIS = 5000;
/** Sales of the same moment may become durable one after another: how many last counters are looked at for that. */
const TAIL = 5000;

/**
 * The transfers of every cause in one row, in the order in which they were posted. SQLite sorts and keeps them in a
 * temporary file; an index for it in the books would cost every sale.
 */
const COLLECT_TRANSFERS = `
  CREATE TEMP TABLE moved AS
    SELECT cause, json_group_array(json_array(debit_account, credit_account, amount_minor) ORDER BY transfer_id) AS transfers
    FROM transfer GROUP BY cause;
  CREATE UNIQUE INDEX temp.moved_by_cause ON moved (cause);`;

const SALE_COLUMNS = `sale.sale_id AS sold_id, sale.vendor_id, sale.request_id, sale.request_hash,
  sale.meter_pan AS sold_to, sale.currency, sale.paid_minor, sale.amount_deci_kwh, sale.sold_at,
  sale.response_body, sale.response_digest, moved.transfers`;
const ENTRIES = `
  SELECT entry.*, ${SALE_COLUMNS} FROM chain_entry AS entry
  LEFT JOIN sale ON sale.sale_id = entry.sale_id
    AND entry.counter = (SELECT min(counter) FROM chain_entry AS own WHERE own.sale_id = entry.sale_id)
  LEFT JOIN temp.moved ON moved.cause = 'sale ' || sale.sale_id
  ORDER BY entry.module_id, entry.counter`;
const SALES_WITHOUT_ENTRY = `
  SELECT ${SALE_COLUMNS} FROM sale LEFT JOIN temp.moved ON moved.cause = 'sale ' || sale.sale_id
  WHERE NOT EXISTS (SELECT 1 FROM chain_entry AS entry WHERE entry.sale_id = sale.sale_id)`;
const DEPOSITS = `
  SELECT deposit.vendor_id, request_id, request_hash, vendor.currency, amount_minor, reference, deposited_at,
    moved.transfers
  FROM deposit LEFT JOIN vendor USING (vendor_id)
  LEFT JOIN temp.moved ON moved.cause = 'deposit ' || deposit.vendor_id || ' ' || request_id
  ORDER BY deposit.vendor_id, request_id`;
const DEBTS = `
  SELECT debt_id, meter_pan, opened_minor, balance_minor, opened_at, moved.transfers
  FROM debt LEFT JOIN temp.moved ON moved.cause = 'debt ' || debt_id
  ORDER BY debt_id`;
const REVERSALS = `
  SELECT substr(cause, 14) AS sale_id FROM temp.moved WHERE cause >= 'saleReversal ' AND cause < 'saleReversal!'
  UNION SELECT sale_id FROM sale_advice WHERE state = 'reversed' ORDER BY 1`;
const REVERSAL = `
  SELECT told_at, told_by, note,
    (SELECT transfers FROM temp.moved WHERE cause = 'saleReversal ' || :saleId) AS transfers
  FROM (SELECT 1) LEFT JOIN sale_advice ON sale_id = :saleId AND state = 'reversed'`;
const HAS_ADVICE = "SELECT 1 FROM sqlite_schema WHERE name = 'sale_advice'";
const OTHER_TRANSFERS = `
  SELECT cause, transfers FROM temp.moved
  WHERE NOT (cause >= 'saleReversal ' AND cause < 'saleReversal!')
    AND NOT EXISTS (SELECT 1 FROM sale WHERE cause = 'sale ' || sale_id AND sale_id = substr(cause, 6))
    AND NOT EXISTS (SELECT 1 FROM debt WHERE cause = 'debt ' || debt_id AND debt_id = substr(cause, 6))
    AND NOT EXISTS (SELECT 1 FROM deposit WHERE cause = 'deposit ' || vendor_id || ' ' || request_id
      AND vendor_id = substr(cause, 9, instr(substr(cause, 9), ' ') - 1))`;
const VENDORS =
  'SELECT vendor_id, name, currency, credit_limit_minor, float_minor FROM vendor ORDER BY vendor_id';
const MODULE = 'SELECT module_id, public_key FROM security_module WHERE only_one = 1';
const TAIL_STATE = `
  SELECT max(counter) AS counter, count(*) AS held,
    (SELECT signature FROM chain_entry WHERE module_id = :moduleId ORDER BY counter DESC LIMIT 1) AS signature
  FROM chain_entry WHERE module_id = :moduleId AND counter > (
    SELECT max(counter) FROM chain_entry WHERE module_id = :moduleId) - ${TAIL}`;

class SqliteLedgerSnapshot implements LedgerSnapshot {
  readonly module: LedgerSnapshot['module'];
  readonly #database: Database;
  /** A folder that no server of this version has run on holds no words about sales. */
  readonly #hasAdvice: boolean;

  constructor(database: Database) {
    this.#database = database;
    this.#hasAdvice = database.prepare(HAS_ADVICE).get() !== undefined;
    this.module = moduleOf(database);
    database.exec(COLLECT_TRANSFERS);
  }

  *reversals(): Iterable<ReversalRow> {
    interface Row {
      readonly told_at: number | null;
      readonly told_by: string | null;
      readonly note: string | null;
      readonly transfers: string | null;
    }
    if (!this.#hasAdvice) return;
    const find = this.#database.prepare(REVERSAL);
    for (const { sale_id: saleId } of this.#rows<{ sale_id: string }>(REVERSALS)) {
      const row = find.get({ saleId }) as Row;
      yield {
        saleId,
        reversedAt: row.told_at,
        reversedBy: row.told_by,
        reason: row.note,
        transfers: transfersOf(row.transfers),
      };
    }
  }

  *entries(): Iterable<EntryRow> {
    for (const row of this.#rows<ChainRow & SoldRow & { base_date: string }>(ENTRIES)) {
      const entry = { ...entryOf(row), baseDate: row.base_date as EntryRow['entry']['baseDate'] };
      yield { entry, sale: row.sold_id === null ? undefined : saleRowOf(row) };
    }
  }

  *salesWithoutEntry(): Iterable<SaleRow> {
    for (const row of this.#rows<SoldRow>(SALES_WITHOUT_ENTRY)) yield saleRowOf(row);
  }

  *deposits(): Iterable<DepositRow> {
    for (const row of this.#rows<DepositedRow>(DEPOSITS)) yield depositOf(row);
  }

  *debts(): Iterable<DebtRow> {
    for (const row of this.#rows<OwedRow>(DEBTS)) yield debtRowOf(row);
  }

  *otherTransfers(): Iterable<Transfer & { readonly cause: string }> {
    for (const { cause, transfers } of this.#rows<{ cause: string; transfers: string }>(OTHER_TRANSFERS)) {
      for (const transfer of transfersOf(transfers)) yield { cause, ...transfer };
    }
  }

  *vendors(): Iterable<VendorRecord> {
    for (const row of this.#rows<VendorRow>(VENDORS)) yield vendorOf(row);
  }

  close(): void {
    this.#database.close();
  }

  *#rows<Row>(sql: string): Iterable<Row> {
    try {
      yield* this.#database.prepare(sql).iterate() as Iterable<Row>;
    } catch (error) {
      throw storeFault(error);
    }
  }
}

export interface SnapshotOptions {
  readonly dataFolder: string;
  /** Waits between two looks at a ledger whose last sales are still becoming durable. */
  readonly pause: () => Promise<void>;
  /** How often to look before the snapshot is taken as it stands. */
  readonly attempts: number;
  /** How often in a row to find nothing new before nobody is taken to be selling. */
  readonly quietAttempts: number;
}

/**
 * Takes a snapshot whose last entries are whole and signed, if one can be had: under a running server the newest sales become
 * durable a moment before or after each other. When none can be had, the snapshot shows the ledger as it is.
 * @throws StsFault `file_unreadable` when there is no ledger in the folder, `store_driver_missing`, `store_damaged`,
 *   `store_unavailable`.
 */
export async function openLedgerSnapshot(options: SnapshotOptions): Promise<LedgerSnapshot> {
  const { dataFolder, pause, attempts, quietAttempts } = options;
  const database = await openReadOnly(dataFolder);
  try {
    let version: unknown;
    let quiet = 0;
    for (let attempt = 1; ; attempt += 1) {
      database.exec('BEGIN');
      const bound = moduleOf(database);
      if (bound === undefined || isTailWhole(database, bound.moduleId) || attempt >= attempts) break;
      const before = version;
      version = database.pragma('data_version', { simple: true }); // another one after each commit of somebody else
      quiet = version === before ? quiet + 1 : 0;
      if (quiet >= quietAttempts) break;
      database.exec('ROLLBACK');
      await pause();
    }
    return new SqliteLedgerSnapshot(database);
  } catch (error) {
    database.close();
    throw storeFault(error);
  }
}

/** @throws StsFault `file_unreadable`, `store_newer`, `store_driver_missing`, `store_damaged`, `store_unavailable`. */
export async function openReadOnly(dataFolder: string): Promise<Database> {
  const path = join(dataFolder, DATABASE_FILE);
  if (!existsSync(path)) {
    throw new StsFault('file_unreadable', `--data ${dataFolder} holds no ledger`, { param: '--data' });
  }
  const Driver = await loadSqliteDriver();
  let database: Database | undefined;
  try {
    database = new Driver(path, { readonly: true, fileMustExist: true });
    database.pragma(`busy_timeout = ${BUSY_TIMEOUT_MILLIS}`);
    const steps = Number(database.pragma('user_version', { simple: true }));
    if (steps > MIGRATIONS.length) throw new StsFault('store_newer', `schema ${steps}`);
    if (steps === 0) throw new StsFault('file_unreadable', `${path} is no ledger`, { param: '--data' });
    return database;
  } catch (error) {
    database?.close();
    throw storeFault(error);
  }
}

/** The module that this ledger belongs to; undefined before a server ran on it. */
export function moduleOf(database: Database): LedgerSnapshot['module'] {
  const row = database.prepare(MODULE).get() as { module_id: string; public_key: string } | undefined;
  return row && { moduleId: row.module_id, publicKey: row.public_key };
}

function isTailWhole(database: Database, moduleId: string): boolean {
  const row = database.prepare(TAIL_STATE).get({ moduleId }) as {
    counter: number | null;
    held: number;
    signature: string | null;
  };
  const counter = row.counter ?? 0;
  return row.held === Math.min(counter, TAIL) && row.signature !== '';
}
