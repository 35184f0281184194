/** Every SQL statement of the SQLite store, by name, prepared once per connection. */
import type { Database, Statement } from 'better-sqlite3';
import { prepareAll } from './access.ts';

const FIND_MODULE = 'SELECT module_id, public_key FROM security_module WHERE only_one = 1';
const ADD_MODULE = 'INSERT INTO security_module (only_one, module_id, public_key) VALUES (1, ?, ?)';

const FIND_TARIFF = `
  SELECT tariff_id, valid_from, terms FROM tariff_version WHERE tariff_id = ? ORDER BY valid_from`;
const TARIFF_IDS = 'SELECT tariff_id FROM tariff WHERE tariff_id > ? ORDER BY tariff_id LIMIT ?';
const ADD_TARIFF = 'INSERT OR IGNORE INTO tariff (tariff_id) VALUES (?)';
const ADD_TARIFF_VERSION = 'INSERT INTO tariff_version (tariff_id, valid_from, terms) VALUES (?, ?, ?)';

const HISTORY_COLUMNS = `month, month_units_deci_kwh, free_units_month, carried_minor, charges, last_at`;
const TID_COLUMNS = 'tid_93, tid_14, tid_35';
const FIND_HISTORY = `SELECT version, ${HISTORY_COLUMNS}, ${TID_COLUMNS} FROM meter_history WHERE meter_pan = ?`;
const FIND_DEBTS = `
  SELECT debt_id, label, balance_minor, recovery FROM debt WHERE meter_pan = ? ORDER BY opened_at, debt_id`;
/** A sale that was reckoned without what has changed must be reckoned again. */
const RAISE_VERSION = `
  INSERT INTO meter_history (meter_pan, version) VALUES (?, 1) ON CONFLICT (meter_pan) DO UPDATE SET version = version + 1`;
/** Everything that a sale changes of its meter, in one row. */
const PUT_HISTORY = `
  INSERT INTO meter_history AS h (meter_pan, version, ${HISTORY_COLUMNS}, last_sale_id, ${TID_COLUMNS}, day, day_sales,
    day_paid_minor, day_deci_kwh, day_last_at, sold_deci_kwh, sold_hundred_thousandth)
  VALUES (:meterPan, 1, :month, :monthUnitsDeciKwh, :freeUnitsMonth, :carriedMinor, :charges, :lastAt, :saleId, :tid93, :tid14,
    :tid35, :day, 1, :paidMinor, :amountDeciKwh, :soldAt, :carriedDeciKwh, :carriedHundredThousandth)
  ON CONFLICT (meter_pan) DO UPDATE SET version = h.version + 1,
    before = json_array(h.month, h.month_units_deci_kwh, h.free_units_month, h.carried_minor, h.charges, h.last_at),
    last_sale_id = excluded.last_sale_id,
    month = excluded.month, month_units_deci_kwh = excluded.month_units_deci_kwh,
    free_units_month = excluded.free_units_month, carried_minor = excluded.carried_minor, charges = excluded.charges,
    last_at = excluded.last_at, tid_93 = coalesce(excluded.tid_93, h.tid_93), tid_14 = coalesce(excluded.tid_14, h.tid_14),
    tid_35 = coalesce(excluded.tid_35, h.tid_35), day = max(h.day, excluded.day),
    day_sales = CASE WHEN h.day >= excluded.day THEN h.day_sales + 1 ELSE 1 END,
    day_paid_minor = excluded.day_paid_minor + CASE WHEN h.day >= excluded.day THEN h.day_paid_minor ELSE 0 END,
    day_deci_kwh = excluded.day_deci_kwh + CASE WHEN h.day >= excluded.day THEN h.day_deci_kwh ELSE 0 END,
    day_last_at = max(h.day_last_at, excluded.day_last_at), sold_deci_kwh = h.sold_deci_kwh + excluded.sold_deci_kwh,
    sold_hundred_thousandth = h.sold_hundred_thousandth + excluded.sold_hundred_thousandth
  WHERE coalesce(excluded.tid_93 > h.tid_93, 1) AND coalesce(excluded.tid_14 > h.tid_14, 1)
    AND coalesce(excluded.tid_35 > h.tid_35, 1)`;
const FIND_DEBT = 'SELECT meter_pan, label, opened_minor, recovery FROM debt WHERE debt_id = ?';
const ADD_DEBT = `
  INSERT INTO debt (debt_id, meter_pan, label, opened_minor, balance_minor, recovery, opened_at)
  VALUES (?, ?, ?, ?, ?, ?, ?)`;
const SET_DEBT_BALANCE = 'UPDATE debt SET balance_minor = ? WHERE debt_id = ?';

export const METER_COLUMNS = `meter_pan, drn, encryption_algorithm, decoder_key_algorithm, supply_group_code, tariff_index,
    key_revision, key_type, base_date, tariff_id, token_carrier_type, key_expiry, stores_supply_group, wanted_key,
    issued_key_change, replaced_by, replaces`;
const FIND_METER = `SELECT ${METER_COLUMNS} FROM meter WHERE meter_pan = ?`;
const ADD_METER = `
  INSERT INTO meter (${METER_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`;
/** The number and the algorithm stay, and so do the meters before and after it. */
const SET_METER = `
  UPDATE meter SET (decoder_key_algorithm, supply_group_code, tariff_index, key_revision, key_type, base_date, tariff_id,
    token_carrier_type, key_expiry, stores_supply_group, wanted_key, issued_key_change) = (
    :decoder_key_algorithm, :supply_group_code, :tariff_index, :key_revision, :key_type, :base_date, :tariff_id,
    :token_carrier_type, :key_expiry, :stores_supply_group, :wanted_key, :issued_key_change)
  WHERE meter_pan = :meter_pan`;
/** Before the history of the sale is written: the last sale there is the one before this. */
const ADD_KEY_CHANGE = `
  INSERT INTO key_change (sale_id, meter_pan, changed_at, from_key, to_key, three_sections, previous_sale_id, meter_version)
  SELECT :saleId, m.meter_pan, :changedAt, :from, :to, :threeSections, h.last_sale_id, coalesce(h.version, 0)
  FROM meter AS m LEFT JOIN meter_history AS h ON h.meter_pan = m.meter_pan WHERE m.meter_pan = :meterPan`;

/** A TID only rises: tokens that were never released are named in another order than they were made. */
const raiseTid = (column: string) => `
  INSERT INTO meter_history AS h (meter_pan, ${column}) VALUES (?, ?)
  ON CONFLICT (meter_pan) DO UPDATE SET ${column} = max(coalesce(h.${column}, -1), excluded.${column})`;
const FIND_WITHDRAWN = 'SELECT 1 FROM withdrawn_request WHERE vendor_id = ? AND request_id = ?';

const FIND_SOLD = 'SELECT sold_deci_kwh, sold_hundred_thousandth FROM meter_history WHERE meter_pan = ?';
const FIND_REPLACED = 'SELECT place, by_sale_id FROM replaced_token WHERE sale_id = ? ORDER BY place';
const ADD_REPLACED =
  'INSERT INTO replaced_token (sale_id, place, module_id, counter, by_sale_id) VALUES (?, ?, ?, ?, ?)';
const FIND_REVERSED = "SELECT 1 FROM sale_advice WHERE sale_id = ? AND state = 'reversed'";
/** All that a meter has is with the next one; it is left with what it was sold. */
const LEAVE_METER = `
  INSERT INTO meter_history AS h (meter_pan, version, last_sale_id) VALUES (:meterPan, 1, :saleId)
  ON CONFLICT (meter_pan) DO UPDATE SET version = h.version + 1, last_sale_id = excluded.last_sale_id, before = NULL,
    month_units_deci_kwh = 0, carried_minor = '0', charges = '{}' WHERE h.version = :version`;
const SET_REPLACED_BY = 'UPDATE meter SET replaced_by = ? WHERE meter_pan = ? AND replaced_by IS NULL';
const SET_REPLACES = 'UPDATE meter SET replaces = ? WHERE meter_pan = ? AND replaces IS NULL';
const MOVE_DEBT = `
  INSERT INTO debt (debt_id, meter_pan, label, opened_minor, balance_minor, recovery, opened_at)
  SELECT :debtId, :meterPan, label, balance_minor, balance_minor, recovery, opened_at FROM debt
  WHERE debt_id = :fromDebtId AND balance_minor = :balanceMinor`;

const FIND_VENDOR =
  'SELECT vendor_id, name, currency, credit_limit_minor, float_minor FROM vendor WHERE vendor_id = ?';
const VENDORS = `
  SELECT vendor_id, name, currency, credit_limit_minor, float_minor FROM vendor
  WHERE vendor_id > ? ORDER BY vendor_id LIMIT ?`;
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
    sold_at, response_body, response_digest)
  VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`;

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
const FIND_ENTRIES_BY_SALE = `SELECT ${ENTRY_COLUMNS} FROM chain_entry WHERE sale_id = ? ORDER BY counter`;
/** A section of a key change may have been made more than once: one that was sold tells more than one that never left. */
const FIND_ENTRY_BY_TOKEN = `
  SELECT ${ENTRY_COLUMNS} FROM chain_entry
  WHERE substr(token_digest, 1, 12) = substr(:tokenDigest, 1, 12) AND token_digest = :tokenDigest
  ORDER BY state, counter LIMIT 1`;
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
  tariffIds: TARIFF_IDS,
  addTariff: ADD_TARIFF,
  addTariffVersion: ADD_TARIFF_VERSION,
  findHistory: FIND_HISTORY,
  findDebts: FIND_DEBTS,
  putHistory: PUT_HISTORY,
  raiseVersion: RAISE_VERSION,
  findDebt: FIND_DEBT,
  addDebt: ADD_DEBT,
  setDebtBalance: SET_DEBT_BALANCE,
  findMeter: FIND_METER,
  addMeter: ADD_METER,
  setMeter: SET_METER,
  addKeyChange: ADD_KEY_CHANGE,
  raiseTid93: raiseTid('tid_93'),
  raiseTid14: raiseTid('tid_14'),
  raiseTid35: raiseTid('tid_35'),
  findWithdrawn: FIND_WITHDRAWN,
  findSold: FIND_SOLD,
  findReplaced: FIND_REPLACED,
  addReplaced: ADD_REPLACED,
  findReversed: FIND_REVERSED,
  leaveMeter: LEAVE_METER,
  setReplacedBy: SET_REPLACED_BY,
  setReplaces: SET_REPLACES,
  moveDebt: MOVE_DEBT,
  findVendor: FIND_VENDOR,
  vendors: VENDORS,
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
  findEntriesBySale: FIND_ENTRIES_BY_SALE,
  findEntryByToken: FIND_ENTRY_BY_TOKEN,
  counterWithoutGap: COUNTER_WITHOUT_GAP,
  ping: PING,
} as const;

export type Statements = Readonly<Record<keyof typeof SQL, Statement>>;

export function prepareStatements(database: Database): Statements {
  return prepareAll(database, SQL);
}
