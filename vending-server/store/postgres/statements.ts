/** Every SQL statement of the PostgreSQL store, by name; the driver prepares each once per connection under that name. */

import { ADVICE_SQL } from './advice-sql.ts';
import { ISSUE_SQL } from './issue-sql.ts';
import { keysSql } from './keys-sql.ts';
import { type Patience, SHORT_MILLIS } from './lane.ts';
import { MONEY_SQL } from './money-sql.ts';
import { NOTIFICATION_FIELDS, OUTBOX_SQL } from './outbox-sql.ts';
import { PEOPLE_SQL } from './people-sql.ts';
import { VISIT_SQL } from './visits-sql.ts';

const PUT_SERVER = `
  INSERT INTO server (server_id, module_id, known_steps, lease_until)
  VALUES ($1, $2, $3, clock_timestamp() + $4 * interval '1 millisecond')
  ON CONFLICT (server_id) DO UPDATE SET module_id = excluded.module_id, lease_until = excluded.lease_until`;
const REMOVE_SERVER = 'DELETE FROM server WHERE server_id = $1';
/** Servers that ran with this module before: a module is in one process at a time, so they have ended. */
const REMOVE_EARLIER_SERVERS = 'DELETE FROM server WHERE module_id = $1 AND server_id <> $2';
/** Claims of servers that are gone or have not been heard of for a lease. */
const DEAD_CLAIMS = `
  SELECT c.vendor_id, array_agg(c.claim_id) AS claims
  FROM vend_claim AS c LEFT JOIN server AS s ON s.server_id = c.server_id
  WHERE s.server_id IS NULL OR s.lease_until < clock_timestamp()
  GROUP BY c.vendor_id ORDER BY c.vendor_id`;
const OWN_CLAIMS = `
  SELECT vendor_id, array_agg(claim_id) AS claims FROM vend_claim
  WHERE server_id = $1 AND claim_id <> ALL ($2::bigint[]) AND claimed_at < clock_timestamp() - $3 * interval '1 millisecond'
  GROUP BY vendor_id ORDER BY vendor_id`;
const ORPHANED_CLAIMS = `
  SELECT claim_id FROM vend_claim
  WHERE server_id = $1 AND vendor_id = $2 AND request_id = ANY ($3::text[]) AND claim_id <> ALL ($4::bigint[])`;
const LIVE_AMONG = 'SELECT claim_id FROM vend_claim WHERE claim_id = ANY ($1::bigint[])';
const CLAIM_VENDS = 'SELECT * FROM claim_vends_3($1, $2, $3)';
/** An empty message that is committed durably: with it is everything that was committed before. */
const FLUSH = "SELECT pg_logical_emit_message(true, 'wattoken', '')";
const RELEASE_CLAIMS = 'SELECT release_claims_1($1, $2::bigint[])';

/** What a sale has besides when it has several tokens, changes the meter's key, recovers debts or tells somebody. */
const MORE_OF_A_SALE = `further AS (
    INSERT INTO further_token (sale_id, token_no)
    SELECT sold.sale_id, t.token_no FROM sold CROSS JOIN LATERAL json_array_elements_text(sold.further_tokens) AS t(token_no)),
  rekeyed AS (
    UPDATE meter SET decoder_key_algorithm = k.decoder_key_algorithm, supply_group_code = k.supply_group_code,
      tariff_index = k.tariff_index, key_revision = k.key_revision, key_type = k.key_type, base_date = k.base_date,
      key_expiry = k.key_expiry, wanted_key = k.wanted_key, issued_key_change = k.issued_key_change
    FROM sold CROSS JOIN LATERAL json_to_record(sold.key_change) AS k(decoder_key_algorithm integer, supply_group_code text,
      tariff_index integer, key_revision integer, key_type integer, base_date text, key_expiry integer, wanted_key text,
      issued_key_change text)
    WHERE sold.key_change IS NOT NULL AND meter.meter_pan = sold.meter_pan),
  key_changed AS (
    -- The history is as it was before this statement.
    INSERT INTO key_change (sale_id, meter_pan, changed_at, from_key, to_key, three_sections, previous_sale_id, meter_version)
    SELECT sale_id, sold.meter_pan, sold_at, k.from_key, k.to_key, k.three_sections, h.last_sale_id, coalesce(h.version, 0)
    FROM sold CROSS JOIN LATERAL json_to_record(sold.key_change) AS k(from_key text, to_key text, three_sections boolean)
    LEFT JOIN meter_history AS h ON h.meter_pan = sold.meter_pan WHERE sold.key_change IS NOT NULL),
  recovered AS (
    UPDATE debt SET balance_minor = d.balance FROM sold
    CROSS JOIN LATERAL json_to_recordset(sold.debts) AS d(debt_id text, balance bigint)
    WHERE debt.debt_id = d.debt_id AND debt.meter_pan = sold.meter_pan AND debt.balance_minor <> d.balance),
  told AS (
    INSERT INTO notification (notification_id, kind, channel, target, language, sale_id, facts, created_at, counted_from,
      due_at, attempts, state)
    SELECT n.notification_id, n.kind, n.channel, n.target, n.language, n.sale_id, n.facts, n.created_at, n.created_at,
      n.created_at, 0, 'waiting' FROM sold
    CROSS JOIN LATERAL json_to_recordset(sold.notifications) AS n(${NOTIFICATION_FIELDS})
    ON CONFLICT (notification_id) DO NOTHING),
  `;

/** Of the vendors' rows; waited for in one order, so that no two statements wait for each other. */
const LOCKS: Readonly<Record<Patience, { readonly from: string; readonly lock: string }>> = {
  none: { from: '', lock: 'FOR NO KEY UPDATE SKIP LOCKED' },
  short: {
    from: `set_config('lock_timeout', '${SHORT_MILLIS}ms', true) AS patience, `,
    lock: 'ORDER BY vendor_id FOR NO KEY UPDATE',
  },
  long: { from: '', lock: 'ORDER BY vendor_id FOR NO KEY UPDATE' },
};

/**
 * Sales, all that belongs to them in one commit. The vendors' rows are locked first; without patience, the sales of a vendor
 * whose row somebody else holds are left out as `busy`. A sale whose claim is gone is left out whole: the claim's row is what
 * entitles it, whoever took it away.
 *
 * Each part that writes takes its time even when it has nothing to write: most sales have one token and change nothing but
 * the meter's history, and have a statement of their own.
 */
const recordVends = (patience: Patience, parts: 'all' | 'plain') => `
  WITH given AS MATERIALIZED (
    SELECT r.* FROM ${LOCKS[patience].from}
      json_to_recordset($1) AS r(claim_id bigint, vendor_id text, sale_id text, request_hash text, sold_at bigint,
      currency text, amount_deci_kwh bigint, bought_deci_kwh bigint, token_no text, further_tokens json, response_body text,
      response_digest text, transfers json, month text, month_units_deci_kwh bigint, free_units_month text,
      carried_minor text, charges text, last_at bigint, debts json, place integer, energy_minor bigint, tax_minor bigint,
      arrears_minor bigint, charges_minor bigint, fees_minor bigint, rounding_minor bigint, operator_id text, till_id text,
      shift_id text, tender text, sale_kind text, magnetic_tokens bigint, free_basic_tokens bigint, day text, entries json,
      key_change json, notifications json)),
  held AS MATERIALIZED (
    SELECT vendor_id, float_minor FROM vendor WHERE vendor_id IN (SELECT vendor_id FROM given)
    ${LOCKS[patience].lock}),
  ended AS (
    DELETE FROM vend_claim AS c USING given JOIN held ON held.vendor_id = given.vendor_id
    WHERE c.claim_id = given.claim_id AND c.vendor_id = given.vendor_id
    RETURNING c.claim_id, c.request_id, c.meter_pan, c.paid_minor),
  sold AS MATERIALIZED (
    SELECT given.*, ended.request_id, ended.meter_pan, ended.paid_minor
    FROM ended JOIN given ON given.claim_id = ended.claim_id),
  float_moved AS (
    UPDATE vendor SET float_minor = float_minor - paid.minor, reserved_minor = reserved_minor - paid.minor
    FROM (SELECT vendor_id, sum(paid_minor)::bigint AS minor FROM sold GROUP BY vendor_id) AS paid
    WHERE vendor.vendor_id = paid.vendor_id),
  sales AS (
    INSERT INTO sale (sale_id, vendor_id, request_id, request_hash, meter_pan, currency, paid_minor, amount_deci_kwh,
      token_no, sold_at, response_body, response_digest)
    SELECT sale_id, vendor_id, request_id, request_hash, meter_pan, currency, paid_minor, amount_deci_kwh, token_no, sold_at,
      response_body, response_digest FROM sold),
  moved AS (
    INSERT INTO transfer (cause, debit_account, credit_account, amount_minor, booked_at)
    SELECT 'sale ' || sold.sale_id, t.debit, t.credit, t.amount, sold.sold_at FROM sold
    CROSS JOIN LATERAL json_to_recordset(sold.transfers) AS t(debit text, credit text, amount bigint)),
  entered AS (
    INSERT INTO float_entry (vendor_id, kind, reference, at, amount_minor, balance_minor, operator_id, till_id, shift_id,
      tender, sale_kind, energy_minor, tax_minor, arrears_minor, charges_minor, fees_minor, amount_deci_kwh, magnetic_tokens,
      free_basic_tokens, rounding_minor)
    SELECT sold.vendor_id, 'sale', sale_id, sold_at, -paid_minor,
      held.float_minor - (sum(paid_minor) OVER (PARTITION BY sold.vendor_id ORDER BY place))::bigint, operator_id, till_id,
      shift_id, tender, sale_kind, energy_minor, tax_minor, arrears_minor, charges_minor, fees_minor, bought_deci_kwh,
      magnetic_tokens, free_basic_tokens, rounding_minor
    FROM sold JOIN held ON held.vendor_id = sold.vendor_id ORDER BY place),
  counted AS (
    INSERT INTO day_count AS d (scope, subject, day, sales, paid_minor, amount_deci_kwh, last_at)
    SELECT w.scope, w.subject, sold.day, count(*), sum(paid_minor)::bigint, sum(amount_deci_kwh)::bigint, max(sold_at)
    FROM sold CROSS JOIN LATERAL (VALUES ('vendor', sold.vendor_id), ('meter', sold.meter_pan),
      ('operator', sold.vendor_id || '/' || sold.operator_id)) AS w(scope, subject)
    WHERE w.subject IS NOT NULL GROUP BY w.scope, w.subject, sold.day
    ON CONFLICT (scope, subject, day) DO UPDATE SET sales = d.sales + excluded.sales,
      paid_minor = d.paid_minor + excluded.paid_minor, amount_deci_kwh = d.amount_deci_kwh + excluded.amount_deci_kwh,
      last_at = greatest(d.last_at, excluded.last_at)),
  bought AS (
    INSERT INTO meter_history AS h (meter_pan, version, month, month_units_deci_kwh, free_units_month, carried_minor, charges,
      last_at, last_sale_id)
    SELECT meter_pan, 1, month, month_units_deci_kwh, free_units_month, carried_minor, charges, last_at, sale_id FROM sold
    ON CONFLICT (meter_pan) DO UPDATE SET version = h.version + 1, month = excluded.month,
      month_units_deci_kwh = excluded.month_units_deci_kwh, free_units_month = excluded.free_units_month,
      carried_minor = excluded.carried_minor, charges = excluded.charges, last_at = excluded.last_at,
      last_sale_id = excluded.last_sale_id,
      before = json_build_array(h.month, h.month_units_deci_kwh, h.free_units_month, h.carried_minor, h.charges, h.last_at)::text),
  ${parts === 'all' ? MORE_OF_A_SALE : ''}chained AS (
    INSERT INTO chain_entry (module_id, counter, sale_digest, token_digest, previous_hash, entry_hash, signature, state,
      sale_id, meter_pan, base_date, tid_minutes, statement)
    SELECT e.module_id, e.counter, e.sale_digest, e.token_digest, e.previous_hash, e.entry_hash, e.signature, 'released',
      sold.sale_id, e.meter_pan, e.base_date, e.tid_minutes, e.statement
    FROM sold CROSS JOIN LATERAL json_to_recordset(sold.entries) AS e(module_id text, counter bigint, sale_digest text,
      token_digest text, previous_hash text, entry_hash text, signature text, meter_pan text, base_date text,
      tid_minutes integer, statement text))
  SELECT given.claim_id, held.vendor_id IS NULL AS busy, ended.claim_id IS NOT NULL AS kept
  FROM given LEFT JOIN held ON held.vendor_id = given.vendor_id LEFT JOIN ended ON ended.claim_id = given.claim_id`;

const FIND_MODULE = 'SELECT public_key FROM security_module WHERE module_id = $1';
const MODULES = 'SELECT module_id, public_key FROM security_module ORDER BY module_id';
const ADD_MODULE = `
  INSERT INTO security_module (module_id, public_key) VALUES ($1, $2) ON CONFLICT DO NOTHING`;

const FIND_TARIFFS = `
  SELECT tariff_id, valid_from, terms FROM tariff_version WHERE tariff_id = ANY ($1::text[]) ORDER BY valid_from`;
/** In the order of the bytes, as SQLite has it, whatever the database collates by. */
const TARIFF_IDS = `
  SELECT tariff_id FROM tariff WHERE tariff_id COLLATE "C" > $1 ORDER BY tariff_id COLLATE "C" LIMIT $2`;
const ADD_TARIFF_VERSION = `
  WITH named AS (INSERT INTO tariff (tariff_id) VALUES ($1) ON CONFLICT DO NOTHING)
  INSERT INTO tariff_version (tariff_id, valid_from, terms) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING RETURNING 1`;

/** One row for each meter asked for, also for one that never bought. */
const FIND_PURCHASES = `
  SELECT w.meter_pan, h.version, h.month, h.month_units_deci_kwh, h.free_units_month, h.carried_minor, h.charges, h.last_at,
    (SELECT json_agg(json_build_object('debt_id', d.debt_id, 'label', d.label, 'balance_minor', d.balance_minor,
        'recovery', d.recovery) ORDER BY d.opened_at, d.debt_id COLLATE "C")
      FROM debt AS d WHERE d.meter_pan = w.meter_pan) AS debts
  FROM unnest($1::text[]) AS w(meter_pan) LEFT JOIN meter_history AS h ON h.meter_pan = w.meter_pan`;
const FIND_DEBT = 'SELECT meter_pan, label, opened_minor, recovery FROM debt WHERE debt_id = $1';
const ADD_DEBT = `
  INSERT INTO debt (debt_id, meter_pan, label, opened_minor, balance_minor, recovery, opened_at)
  VALUES ($1, $2, $3, $4, $4, $5, $6) ON CONFLICT DO NOTHING RETURNING 1`;
/** A sale that was reckoned without this debt must be reckoned again. */
const RAISE_PURCHASES_VERSION = `
  INSERT INTO meter_history AS h (meter_pan, version, month, month_units_deci_kwh, free_units_month, carried_minor, charges)
  VALUES ($1, 1, $2, $3, $4, $5, $6)
  ON CONFLICT (meter_pan) DO UPDATE SET version = h.version + 1`;

const METER_COLUMNS = `meter_pan, drn, encryption_algorithm, decoder_key_algorithm, supply_group_code, tariff_index,
    key_revision, key_type, base_date, tariff_id, token_carrier_type, key_expiry, stores_supply_group, wanted_key,
    issued_key_change, replaced_by, replaces`;
/** All that a sale looks at but the tariff's terms, which many meters share. */
const VIEW_FOR_SALE = `
  SELECT w.place, s.sale_id, s.request_hash, s.response_body, s.response_digest,
    v.name, v.currency, v.credit_limit_minor, v.float_minor,
    ${METER_COLUMNS.replaceAll(/\b(\w+)\b/g, 'm.$1')},
    h.version, h.month, h.month_units_deci_kwh, h.free_units_month, h.carried_minor, h.charges, h.last_at,
    (SELECT json_agg(json_build_object('debt_id', d.debt_id, 'label', d.label, 'balance_minor', d.balance_minor,
        'recovery', d.recovery) ORDER BY d.opened_at, d.debt_id COLLATE "C")
      FROM debt AS d WHERE d.meter_pan = w.meter_pan) AS debts, c.phone, c.email, c.language
  FROM json_to_recordset($1) AS w(place integer, vendor_id text, request_id text, meter_pan text)
  LEFT JOIN sale AS s ON s.vendor_id = w.vendor_id AND s.request_id = w.request_id
  LEFT JOIN vendor AS v ON v.vendor_id = w.vendor_id
  LEFT JOIN meter AS m ON m.meter_pan = w.meter_pan
  LEFT JOIN meter_history AS h ON h.meter_pan = w.meter_pan
  LEFT JOIN customer AS c ON c.meter_pan = w.meter_pan AND c.notify`;
const TARIFFS_OF_METERS = `
  SELECT tariff_id, valid_from, terms FROM tariff_version
  WHERE tariff_id IN (SELECT tariff_id FROM meter WHERE meter_pan = ANY ($1::text[])) ORDER BY valid_from`;

const FIND_METERS = `
  SELECT ${METER_COLUMNS}
  FROM meter WHERE meter_pan = ANY ($1::text[])`;
const LOCK_METER = 'SELECT replaced_by FROM meter WHERE meter_pan = $1 FOR NO KEY UPDATE';
const ADD_METER = `
  INSERT INTO meter (${METER_COLUMNS})
  VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17)
  ON CONFLICT DO NOTHING RETURNING 1`;

const VENDOR_COLUMNS = 'vendor_id, name, currency, credit_limit_minor, float_minor';
const FIND_VENDORS = `SELECT ${VENDOR_COLUMNS} FROM vendor WHERE vendor_id = ANY ($1::text[])`;
/** Byte by byte, as SQLite compares them. */
const VENDORS = `SELECT ${VENDOR_COLUMNS} FROM vendor
  WHERE vendor_id COLLATE "C" > $1 ORDER BY vendor_id COLLATE "C" LIMIT $2`;
const LOCK_VENDOR = `SELECT ${VENDOR_COLUMNS} FROM vendor WHERE vendor_id = $1 FOR NO KEY UPDATE`;
const ADD_VENDOR = `
  INSERT INTO vendor (vendor_id, name, currency, credit_limit_minor, float_minor) VALUES ($1, $2, $3, $4, 0)
  ON CONFLICT DO NOTHING RETURNING 1`;
const MOVE_FLOAT = 'UPDATE vendor SET float_minor = float_minor + $2 WHERE vendor_id = $1';

const API_KEY_COLUMNS = `key_hash, key_id, role, vendor_id, label, scopes, created_at, created_by, expires_at, revoked_at,
  last_used_day`;
const FIND_API_KEYS = `SELECT ${API_KEY_COLUMNS} FROM api_key WHERE key_hash = ANY ($1::text[])`;
const ADD_API_KEY = `
  INSERT INTO api_key (${API_KEY_COLUMNS}) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)`;
const HAS_OPERATOR_KEY = "SELECT EXISTS (SELECT 1 FROM api_key WHERE role = 'operator') AS has";

const FIND_DEPOSIT =
  'SELECT request_hash, float_after_minor FROM deposit WHERE vendor_id = $1 AND request_id = $2';
const ADD_DEPOSIT = `
  INSERT INTO deposit (vendor_id, request_id, request_hash, amount_minor, reference, deposited_at, float_after_minor)
  VALUES ($1, $2, $3, $4, $5, $6, $7)`;

const SALE_COLUMNS =
  's.sale_id, s.vendor_id, s.request_id, s.request_hash, s.response_body, s.response_digest';
const FIND_SALES = `SELECT ${SALE_COLUMNS} FROM sale AS s WHERE s.sale_id = ANY ($1::text[])`;
const FIND_SALES_BY_REQUEST = `
  SELECT ${SALE_COLUMNS} FROM unnest($1::text[], $2::text[]) AS w(vendor_id, request_id)
  JOIN sale AS s ON s.vendor_id = w.vendor_id AND s.request_id = w.request_id`;

const ADD_TRANSFERS = `
  INSERT INTO transfer (cause, debit_account, credit_account, amount_minor, booked_at)
  SELECT $1, t.debit, t.credit, t.amount, $3 FROM json_to_recordset($2) AS t(debit text, credit text, amount bigint)`;
/** Summed from the rows and not from running totals, so that it can prove the floats instead of repeating them. */
const TRIAL_BALANCE = `
  SELECT account, sum(debit)::bigint AS debit_minor, sum(credit)::bigint AS credit_minor FROM (
    SELECT debit_account AS account, amount_minor AS debit, 0 AS credit FROM transfer
    UNION ALL SELECT credit_account, 0, amount_minor FROM transfer) AS sides
  GROUP BY account ORDER BY account COLLATE "C"`;

const ENTRY_COLUMNS = `module_id, counter, sale_digest, token_digest, previous_hash, entry_hash, signature, state, sale_id,
    meter_pan, tid_minutes, statement`;
const ENTRIES_AMONG = `
  SELECT ${ENTRY_COLUMNS} FROM chain_entry WHERE module_id = $1 AND counter = ANY ($2::bigint[])`;
/** TIDs only rise: entries are named in another order than their tokens were made. */
const ADD_UNRELEASED = `
  WITH given AS MATERIALIZED (
    SELECT * FROM json_to_recordset($1) AS r(module_id text, counter bigint, sale_digest text, token_digest text,
      previous_hash text, entry_hash text, signature text, meter_pan text, base_date text, tid_minutes integer,
      statement text)),
  raised AS (
    INSERT INTO meter_tid AS t (meter_pan, base_date, tid_minutes)
    SELECT meter_pan, base_date, max(tid_minutes) FROM given WHERE tid_minutes IS NOT NULL
    GROUP BY meter_pan, base_date ORDER BY meter_pan
    ON CONFLICT (meter_pan, base_date) DO UPDATE SET tid_minutes = greatest(t.tid_minutes, excluded.tid_minutes))
  INSERT INTO chain_entry (module_id, counter, sale_digest, token_digest, previous_hash, entry_hash, signature, state,
    sale_id, meter_pan, base_date, tid_minutes, statement)
  SELECT module_id, counter, sale_digest, token_digest, previous_hash, entry_hash, signature, 'unreleased', NULL, meter_pan,
    base_date, tid_minutes, statement FROM given ORDER BY counter
  ON CONFLICT (module_id, counter) DO NOTHING RETURNING counter`;
const LAST_ENTRY = `SELECT ${ENTRY_COLUMNS} FROM chain_entry WHERE module_id = $1 ORDER BY counter DESC LIMIT 1`;
const LAST_SIGNED_ENTRY = `
  SELECT ${ENTRY_COLUMNS} FROM chain_entry WHERE module_id = $1 AND signature <> '' ORDER BY counter DESC LIMIT 1`;
const FIND_ENTRIES_BY_SALE = `SELECT ${ENTRY_COLUMNS} FROM chain_entry WHERE sale_id = $1 ORDER BY counter`;
/**
 * Index look-ups: a sold token is found by its digits, one that was never released by its digest. A section of a key change may
 * have been made more than once: one that was sold tells more.
 */
const FIND_ENTRY_BY_TOKEN = `
  SELECT ${ENTRY_COLUMNS} FROM chain_entry
  WHERE token_digest = $2 AND sale_id IN (
    SELECT sale_id FROM sale WHERE token_no = $1 UNION ALL SELECT sale_id FROM further_token WHERE token_no = $1)
  UNION ALL
  SELECT ${ENTRY_COLUMNS} FROM chain_entry WHERE state = 'unreleased' AND token_digest = $2
  ORDER BY state, counter LIMIT 1`;
const ENTRIES = `
  SELECT ${ENTRY_COLUMNS} FROM chain_entry WHERE module_id = $1 AND counter > $2 ORDER BY counter LIMIT $3`;
/**
 * From where the last look ended: the lowest counter from there that is held and whose successor is not. Each entry beside
 * the one after it in the order of the index: a join would be planned for the table as it once was, and go through all
 * entries for each.
 */
const COUNTER_WITHOUT_GAP = `
  WITH known AS (
    SELECT greatest(1, (SELECT gapless_counter FROM security_module WHERE module_id = $1)) AS counter)
  SELECT coalesce((
    SELECT counter FROM (
      SELECT counter, lead(counter) OVER (ORDER BY counter) AS next FROM chain_entry
      WHERE module_id = $1 AND counter >= (SELECT counter FROM known)
        AND EXISTS (SELECT 1 FROM chain_entry WHERE module_id = $1 AND counter = (SELECT counter FROM known))) AS held
    WHERE next IS DISTINCT FROM counter + 1 ORDER BY counter LIMIT 1), 0) AS counter`;
const KEEP_GAPLESS_COUNTER =
  'UPDATE security_module SET gapless_counter = $2 WHERE module_id = $1 AND gapless_counter < $2';

const PING = 'SELECT pg_is_in_recovery() AS standby';

export const SQL = {
  putServer: PUT_SERVER,
  removeServer: REMOVE_SERVER,
  removeEarlierServers: REMOVE_EARLIER_SERVERS,
  deadClaims: DEAD_CLAIMS,
  ownClaims: OWN_CLAIMS,
  orphanedClaims: ORPHANED_CLAIMS,
  liveAmong: LIVE_AMONG,
  claimVends: CLAIM_VENDS,
  flush: FLUSH,
  releaseClaims: RELEASE_CLAIMS,
  recordVends: recordVends('long', 'all'),
  recordPlainVends: recordVends('long', 'plain'),
  recordPatientVends: recordVends('short', 'all'),
  recordPatientPlainVends: recordVends('short', 'plain'),
  recordFreeVends: recordVends('none', 'all'),
  recordFreePlainVends: recordVends('none', 'plain'),
  findModule: FIND_MODULE,
  modules: MODULES,
  addModule: ADD_MODULE,
  findTariffs: FIND_TARIFFS,
  tariffIds: TARIFF_IDS,
  addTariffVersion: ADD_TARIFF_VERSION,
  findPurchases: FIND_PURCHASES,
  viewForSale: VIEW_FOR_SALE,
  tariffsOfMeters: TARIFFS_OF_METERS,
  findDebt: FIND_DEBT,
  addDebt: ADD_DEBT,
  raisePurchasesVersion: RAISE_PURCHASES_VERSION,
  findMeters: FIND_METERS,
  lockMeter: LOCK_METER,
  addMeter: ADD_METER,
  findVendors: FIND_VENDORS,
  vendors: VENDORS,
  lockVendor: LOCK_VENDOR,
  addVendor: ADD_VENDOR,
  moveFloat: MOVE_FLOAT,
  findApiKeys: FIND_API_KEYS,
  addApiKey: ADD_API_KEY,
  hasOperatorKey: HAS_OPERATOR_KEY,
  findDeposit: FIND_DEPOSIT,
  addDeposit: ADD_DEPOSIT,
  findSales: FIND_SALES,
  findSalesByRequest: FIND_SALES_BY_REQUEST,
  addTransfers: ADD_TRANSFERS,
  trialBalance: TRIAL_BALANCE,
  entriesAmong: ENTRIES_AMONG,
  addUnreleased: ADD_UNRELEASED,
  lastEntry: LAST_ENTRY,
  lastSignedEntry: LAST_SIGNED_ENTRY,
  findEntriesBySale: FIND_ENTRIES_BY_SALE,
  findEntryByToken: FIND_ENTRY_BY_TOKEN,
  entries: ENTRIES,
  counterWithoutGap: COUNTER_WITHOUT_GAP,
  keepGaplessCounter: KEEP_GAPLESS_COUNTER,
  ping: PING,
  ...ISSUE_SQL,
  ...PEOPLE_SQL,
  ...MONEY_SQL,
  ...ADVICE_SQL,
  ...OUTBOX_SQL,
  ...VISIT_SQL,
  ...keysSql(METER_COLUMNS),
} as const;

export type StatementName = keyof typeof SQL;
