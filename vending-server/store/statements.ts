/** Every SQL statement of the SQLite store, by name, prepared once per connection. */
import type { Database, Statement } from 'better-sqlite3';
import { prepareAll } from './sqlite-access.ts';

const FIND_MODULE = 'SELECT module_id, public_key FROM security_module WHERE only_one = 1';
const ADD_MODULE = 'INSERT INTO security_module (only_one, module_id, public_key) VALUES (1, ?, ?)';

const FIND_TARIFF = `
  SELECT tariff_id, valid_from, terms FROM tariff_version WHERE tariff_id = ? ORDER BY valid_from`;
const ADD_TARIFF = 'INSERT OR IGNORE INTO tariff (tariff_id) VALUES (?)';
const ADD_TARIFF_VERSION = 'INSERT INTO tariff_version (tariff_id, valid_from, terms) VALUES (?, ?, ?)';

const FIND_HISTORY = `
  SELECT version, month, month_units_deci_kwh, free_units_month, carried_minor, charges
  FROM meter_history WHERE meter_pan = ?`;
const FIND_DEBTS = `
  SELECT debt_id, label, balance_minor, recovery FROM debt WHERE meter_pan = ? ORDER BY opened_at, debt_id`;
const PUT_HISTORY = `
  INSERT INTO meter_history (meter_pan, version, month, month_units_deci_kwh, free_units_month, carried_minor, charges)
  VALUES (?, 1, ?, ?, ?, ?, ?)
  ON CONFLICT (meter_pan) DO UPDATE SET version = version + 1, month = excluded.month,
    month_units_deci_kwh = excluded.month_units_deci_kwh, free_units_month = excluded.free_units_month,
    carried_minor = excluded.carried_minor, charges = excluded.charges`;
const FIND_DEBT = 'SELECT meter_pan, label, opened_minor, recovery FROM debt WHERE debt_id = ?';
const ADD_DEBT = `
  INSERT INTO debt (debt_id, meter_pan, label, opened_minor, balance_minor, recovery, opened_at)
  VALUES (?, ?, ?, ?, ?, ?, ?)`;
const SET_DEBT_BALANCE = 'UPDATE debt SET balance_minor = ? WHERE debt_id = ?';

const FIND_METER = `
  SELECT meter_pan, drn, encryption_algorithm, decoder_key_algorithm, supply_group_code, tariff_index, key_revision,
    key_type, base_date, tariff_id
  FROM meter WHERE meter_pan = ?`;
const ADD_METER = `
  INSERT INTO meter (meter_pan, drn, encryption_algorithm, decoder_key_algorithm, supply_group_code, tariff_index,
    key_revision, key_type, base_date, tariff_id)
  VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`;

const FIND_METER_TID = 'SELECT tid_minutes FROM meter_tid WHERE meter_pan = ? AND base_date = ?';
/** A TID only rises: sales of one meter may become durable in another order than they were claimed. */
const RAISE_METER_TID = `
  INSERT INTO meter_tid (meter_pan, base_date, tid_minutes) VALUES (?, ?, ?)
  ON CONFLICT (meter_pan, base_date) DO UPDATE SET tid_minutes = excluded.tid_minutes
  WHERE excluded.tid_minutes > tid_minutes`;

const FIND_VENDOR =
  'SELECT vendor_id, name, currency, credit_limit_minor, float_minor FROM vendor WHERE vendor_id = ?';
const ADD_VENDOR =
  'INSERT INTO vendor (vendor_id, name, currency, credit_limit_minor, float_minor) VALUES (?, ?, ?, ?, 0)';
const MOVE_FLOAT = 'UPDATE vendor SET float_minor = float_minor + ? WHERE vendor_id = ?';

const API_KEY_COLUMNS = `key_hash, key_id, role, vendor_id, label, scopes, created_at, created_by, expires_at,
  revoked_at, last_used_day`;
const FIND_API_KEY = `SELECT ${API_KEY_COLUMNS} FROM api_key WHERE key_hash = ?`;
const ADD_API_KEY = `INSERT INTO api_key (${API_KEY_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`;
const HAS_OPERATOR_KEY = "SELECT EXISTS (SELECT 1 FROM api_key WHERE role = 'operator') AS has";

const FIND_DEPOSIT =
  'SELECT request_hash, float_after_minor FROM deposit WHERE vendor_id = ? AND request_id = ?';
const ADD_DEPOSIT = `
  INSERT INTO deposit (vendor_id, request_id, request_hash, amount_minor, reference, deposited_at, float_after_minor)
  VALUES (?, ?, ?, ?, ?, ?, ?)`;

const SALE_COLUMNS = 'sale_id, vendor_id, request_id, request_hash, response_body, response_digest';
const FIND_SALE = `SELECT ${SALE_COLUMNS} FROM sale WHERE sale_id = ?`;
const FIND_SALE_BY_REQUEST = `SELECT ${SALE_COLUMNS} FROM sale WHERE vendor_id = ? AND request_id = ?`;
const ADD_SALE = `
  INSERT INTO sale (sale_id, vendor_id, request_id, request_hash, meter_pan, currency, paid_minor, amount_deci_kwh,
    token_no, sold_at, response_body, response_digest)
  VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`;

const ADD_TRANSFER = `
  INSERT INTO transfer (cause, debit_account, credit_account, amount_minor, booked_at) VALUES (?, ?, ?, ?, ?)`;
/** Summed from the rows and not from running totals, so that it can prove the floats instead of repeating them. */
const TRIAL_BALANCE = `
  SELECT account, sum(debit) AS debit_minor, sum(credit) AS credit_minor FROM (
    SELECT debit_account AS account, amount_minor AS debit, 0 AS credit FROM transfer
    UNION ALL SELECT credit_account, 0, amount_minor FROM transfer)
  GROUP BY account ORDER BY account`;

const ENTRY_COLUMNS = `module_id, counter, sale_digest, token_digest, previous_hash, entry_hash, signature, state, sale_id,
    meter_pan, tid_minutes, statement`;
const ADD_ENTRY = `
  INSERT INTO chain_entry (module_id, counter, sale_digest, token_digest, previous_hash, entry_hash, signature, state,
    sale_id, meter_pan, base_date, tid_minutes, statement)
  VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`;
const FIND_ENTRY = `SELECT ${ENTRY_COLUMNS} FROM chain_entry WHERE module_id = ? AND counter = ?`;
const LAST_ENTRY = `SELECT ${ENTRY_COLUMNS} FROM chain_entry WHERE module_id = ? ORDER BY counter DESC LIMIT 1`;
const LAST_SIGNED_ENTRY = `
  SELECT ${ENTRY_COLUMNS} FROM chain_entry WHERE module_id = ? AND signature <> '' ORDER BY counter DESC LIMIT 1`;
const ENTRIES = `
  SELECT ${ENTRY_COLUMNS} FROM chain_entry WHERE module_id = ? AND counter > ? ORDER BY counter LIMIT ?`;
const FIND_ENTRY_BY_SALE = `SELECT ${ENTRY_COLUMNS} FROM chain_entry WHERE sale_id = ?`;
/** Two index look-ups: a sold token is found by its digits, one that was never released by its digest. */
const FIND_ENTRY_BY_TOKEN = `
  SELECT ${ENTRY_COLUMNS} FROM chain_entry
  WHERE sale_id IN (SELECT sale_id FROM sale WHERE token_no = :tokenNo) AND token_digest = :tokenDigest
  UNION ALL
  SELECT ${ENTRY_COLUMNS} FROM chain_entry WHERE state = 'unreleased' AND token_digest = :tokenDigest
  LIMIT 1`;
/** The lowest counter that is held and whose successor is not; 0 when even the first is missing. */
const COUNTER_WITHOUT_GAP = `
  SELECT CASE
    WHEN NOT EXISTS (SELECT 1 FROM chain_entry WHERE module_id = :moduleId AND counter = 1) THEN 0
    ELSE (SELECT min(held.counter) FROM chain_entry AS held
      WHERE held.module_id = :moduleId AND NOT EXISTS (
        SELECT 1 FROM chain_entry AS next WHERE next.module_id = :moduleId AND next.counter = held.counter + 1))
  END AS counter`;

const PING = 'SELECT count(*) AS steps FROM sqlite_schema';

const SQL = {
  findModule: FIND_MODULE,
  addModule: ADD_MODULE,
  findTariff: FIND_TARIFF,
  addTariff: ADD_TARIFF,
  addTariffVersion: ADD_TARIFF_VERSION,
  findHistory: FIND_HISTORY,
  findDebts: FIND_DEBTS,
  putHistory: PUT_HISTORY,
  findDebt: FIND_DEBT,
  addDebt: ADD_DEBT,
  setDebtBalance: SET_DEBT_BALANCE,
  findMeter: FIND_METER,
  addMeter: ADD_METER,
  findMeterTid: FIND_METER_TID,
  raiseMeterTid: RAISE_METER_TID,
  findVendor: FIND_VENDOR,
  addVendor: ADD_VENDOR,
  moveFloat: MOVE_FLOAT,
  findApiKey: FIND_API_KEY,
  addApiKey: ADD_API_KEY,
  hasOperatorKey: HAS_OPERATOR_KEY,
  findDeposit: FIND_DEPOSIT,
  addDeposit: ADD_DEPOSIT,
  findSale: FIND_SALE,
  findSaleByRequest: FIND_SALE_BY_REQUEST,
  addSale: ADD_SALE,
  addTransfer: ADD_TRANSFER,
  trialBalance: TRIAL_BALANCE,
  addEntry: ADD_ENTRY,
  findEntry: FIND_ENTRY,
  lastEntry: LAST_ENTRY,
  lastSignedEntry: LAST_SIGNED_ENTRY,
  entries: ENTRIES,
  findEntryBySale: FIND_ENTRY_BY_SALE,
  findEntryByToken: FIND_ENTRY_BY_TOKEN,
  counterWithoutGap: COUNTER_WITHOUT_GAP,
  ping: PING,
} as const;

export type Statements = Readonly<Record<keyof typeof SQL, Statement>>;

export function prepareStatements(database: Database): Statements {
  return prepareAll(database, SQL);
}
