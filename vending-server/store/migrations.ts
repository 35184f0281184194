/**
 * The schema as an ordered list of steps; `user_version` counts how many a file has had. A step, once released, is never
 * edited: a change is a new step. Tables are STRICT, money and energy are integers, token numbers are text because 20
 * digits pass 2^63.
 */
import type { Database } from 'better-sqlite3';
import { StsFault } from '../../lib/faults.ts';
import { STEP_NOTIFY } from './migration-notify.ts';
import { STEP_OPERATION } from './migration-operation.ts';
import { STEP_PEOPLE } from './migration-people.ts';

/** 2^53 - 1: no stored amount may pass what a number of JavaScript holds exactly. */
const MOST = '9007199254740991';

const STEP_1 = `
CREATE TABLE security_module (
  only_one INTEGER PRIMARY KEY CHECK (only_one = 1),
  module_id TEXT NOT NULL,
  public_key TEXT NOT NULL
) STRICT;

CREATE TABLE tariff (
  tariff_id TEXT PRIMARY KEY,
  terms TEXT NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE meter (
  meter_pan TEXT PRIMARY KEY CHECK (length(meter_pan) = 18),
  drn TEXT NOT NULL CHECK (length(drn) IN (11, 13)),
  encryption_algorithm INTEGER NOT NULL CHECK (encryption_algorithm IN (7, 11)),
  decoder_key_algorithm INTEGER NOT NULL CHECK (decoder_key_algorithm IN (2, 4)),
  supply_group_code TEXT NOT NULL CHECK (length(supply_group_code) = 6),
  tariff_index INTEGER NOT NULL CHECK (tariff_index BETWEEN 0 AND 99),
  key_revision INTEGER NOT NULL CHECK (key_revision BETWEEN 1 AND 9),
  key_type INTEGER NOT NULL CHECK (key_type BETWEEN 0 AND 3),
  base_date TEXT NOT NULL CHECK (base_date IN ('93', '14', '35')),
  tariff_id TEXT NOT NULL REFERENCES tariff
) STRICT, WITHOUT ROWID;

-- The highest TID ever given to a meter on a base date, across its keys (sts.md 9.3, open question D4).
CREATE TABLE meter_tid (
  meter_pan TEXT NOT NULL CHECK (length(meter_pan) = 18),
  base_date TEXT NOT NULL CHECK (base_date IN ('93', '14', '35')),
  tid_minutes INTEGER NOT NULL CHECK (tid_minutes BETWEEN 0 AND 16777215),
  PRIMARY KEY (meter_pan, base_date)
) STRICT, WITHOUT ROWID;

CREATE TABLE vendor (
  vendor_id TEXT PRIMARY KEY,
  name TEXT NOT NULL,
  currency TEXT NOT NULL CHECK (length(currency) = 3),
  credit_limit_minor INTEGER NOT NULL CHECK (credit_limit_minor BETWEEN 0 AND ${MOST}),
  float_minor INTEGER NOT NULL CHECK (float_minor >= -credit_limit_minor AND float_minor <= ${MOST})
) STRICT, WITHOUT ROWID;

CREATE TABLE api_key (
  key_hash TEXT PRIMARY KEY CHECK (length(key_hash) = 64),
  role TEXT NOT NULL CHECK (role IN ('operator', 'vendor')),
  vendor_id TEXT REFERENCES vendor,
  label TEXT NOT NULL,
  CHECK ((role = 'vendor') = (vendor_id IS NOT NULL))
) STRICT, WITHOUT ROWID;

CREATE TABLE deposit (
  vendor_id TEXT NOT NULL REFERENCES vendor,
  request_id TEXT NOT NULL,
  request_hash TEXT NOT NULL CHECK (length(request_hash) = 64),
  amount_minor INTEGER NOT NULL CHECK (amount_minor BETWEEN 1 AND ${MOST}),
  reference TEXT NOT NULL,
  deposited_at INTEGER NOT NULL,
  float_after_minor INTEGER NOT NULL,
  PRIMARY KEY (vendor_id, request_id)
) STRICT, WITHOUT ROWID;

CREATE TABLE sale (
  sale_id TEXT PRIMARY KEY,
  vendor_id TEXT NOT NULL REFERENCES vendor,
  request_id TEXT NOT NULL,
  request_hash TEXT NOT NULL CHECK (length(request_hash) = 64),
  meter_pan TEXT NOT NULL REFERENCES meter,
  currency TEXT NOT NULL CHECK (length(currency) = 3),
  paid_minor INTEGER NOT NULL CHECK (paid_minor BETWEEN 1 AND ${MOST}),
  amount_deci_kwh INTEGER NOT NULL CHECK (amount_deci_kwh BETWEEN 0 AND 18201624),
  token_no TEXT NOT NULL CHECK (length(token_no) = 20),
  sold_at INTEGER NOT NULL,
  response_body TEXT NOT NULL,
  response_digest TEXT NOT NULL CHECK (length(response_digest) = 64),
  UNIQUE (vendor_id, request_id)
) STRICT;

-- Debits equal credits by construction: a row is one amount that leaves one account and enters another.
CREATE TABLE transfer (
  transfer_id INTEGER PRIMARY KEY,
  cause TEXT NOT NULL,
  debit_account TEXT NOT NULL,
  credit_account TEXT NOT NULL,
  amount_minor INTEGER NOT NULL CHECK (amount_minor BETWEEN 1 AND ${MOST}),
  CHECK (debit_account <> credit_account)
) STRICT;

CREATE TABLE chain_entry (
  module_id TEXT NOT NULL,
  counter INTEGER NOT NULL CHECK (counter >= 1),
  sale_digest TEXT NOT NULL CHECK (length(sale_digest) = 64),
  token_digest TEXT NOT NULL CHECK (length(token_digest) = 64),
  previous_hash TEXT NOT NULL CHECK (length(previous_hash) = 64),
  entry_hash TEXT NOT NULL CHECK (length(entry_hash) = 64),
  signature TEXT NOT NULL,
  state TEXT NOT NULL CHECK (state IN ('released', 'unreleased')),
  sale_id TEXT UNIQUE REFERENCES sale,
  meter_pan TEXT NOT NULL CHECK (length(meter_pan) = 18),
  base_date TEXT NOT NULL CHECK (base_date IN ('93', '14', '35')),
  tid_minutes INTEGER NOT NULL CHECK (tid_minutes BETWEEN 0 AND 16777215),
  PRIMARY KEY (module_id, counter),
  UNIQUE (meter_pan, base_date, tid_minutes),
  CHECK ((state = 'released') = (sale_id IS NOT NULL))
) STRICT, WITHOUT ROWID;
`;

/**
 * Tokens of every purpose: an entry says what its token is, sections of a key change carry no TID, and a sale may have
 * several tokens.
 */
const STEP_TOKEN_STATEMENT = `
CREATE TABLE chain_entry_next (
  module_id TEXT NOT NULL,
  counter INTEGER NOT NULL CHECK (counter >= 1),
  sale_digest TEXT NOT NULL CHECK (length(sale_digest) = 64),
  token_digest TEXT NOT NULL CHECK (length(token_digest) = 64),
  previous_hash TEXT NOT NULL CHECK (length(previous_hash) = 64),
  entry_hash TEXT NOT NULL CHECK (length(entry_hash) = 64),
  signature TEXT NOT NULL,
  state TEXT NOT NULL CHECK (state IN ('released', 'unreleased')),
  sale_id TEXT REFERENCES sale,
  meter_pan TEXT NOT NULL CHECK (length(meter_pan) = 18),
  base_date TEXT NOT NULL CHECK (base_date IN ('93', '14', '35')),
  tid_minutes INTEGER CHECK (tid_minutes BETWEEN 0 AND 16777215),
  statement TEXT NOT NULL,
  PRIMARY KEY (module_id, counter),
  UNIQUE (meter_pan, base_date, tid_minutes),
  CHECK ((state = 'released') = (sale_id IS NOT NULL))
) STRICT, WITHOUT ROWID;
INSERT INTO chain_entry_next
  SELECT module_id, counter, sale_digest, token_digest, previous_hash, entry_hash, signature, state, sale_id, meter_pan,
    base_date, tid_minutes, '' FROM chain_entry;
DROP TABLE chain_entry;
ALTER TABLE chain_entry_next RENAME TO chain_entry;
CREATE INDEX chain_entry_of_sale ON chain_entry (sale_id);
`;

/** Flat terms of step 1 as the terms of today, with the keys in the order of canonical JSON. */
const TERMS_OF_STEP_1 = `json_object(
  'currency', terms ->> 'currency',
  'deductionOrder', json('["paymentFee","arrears","fixedCharges"]'),
  'deductionShare', '1',
  'energy', json_object('kind', 'flat', 'pricePerKwh', terms ->> 'pricePerKwh'),
  'energyRounding', terms ->> 'energyRounding',
  'fixedCharges', json('[]'),
  'freeUnitsDeciKwh', 0,
  'freeUnitsFillBlocks', json('false'),
  'maximumMinor', terms ->> 'maximumMinor',
  'minimumMinor', terms ->> 'minimumMinor',
  'paymentFeeMinor', 0,
  'pricesIncludeVat', json('false'),
  'takesPaymentWithoutEnergy', json('false'),
  'taxRounding', terms ->> 'taxRounding',
  'timeZone', 'UTC',
  'vatRate', terms ->> 'vatRate')`;

const STEP_TARIFFS = `
CREATE TABLE tariff_version (
  tariff_id TEXT NOT NULL REFERENCES tariff,
  valid_from INTEGER NOT NULL CHECK (valid_from >= 0),
  terms TEXT NOT NULL,
  PRIMARY KEY (tariff_id, valid_from)
) STRICT, WITHOUT ROWID;
INSERT INTO tariff_version (tariff_id, valid_from, terms) SELECT tariff_id, 0, ${TERMS_OF_STEP_1} FROM tariff;
ALTER TABLE tariff DROP COLUMN terms;

-- What a tariff may look at of a meter's past. Money that is carried has fractions of a cent: exact decimal text.
CREATE TABLE meter_history (
  meter_pan TEXT PRIMARY KEY REFERENCES meter,
  version INTEGER NOT NULL CHECK (version >= 1),
  month TEXT NOT NULL,
  month_units_deci_kwh INTEGER NOT NULL CHECK (month_units_deci_kwh BETWEEN 0 AND ${MOST}),
  free_units_month TEXT NOT NULL,
  carried_minor TEXT NOT NULL,
  charges TEXT NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE debt (
  debt_id TEXT PRIMARY KEY,
  meter_pan TEXT NOT NULL REFERENCES meter,
  label TEXT NOT NULL,
  opened_minor INTEGER NOT NULL CHECK (opened_minor BETWEEN 1 AND ${MOST}),
  balance_minor INTEGER NOT NULL CHECK (balance_minor BETWEEN 0 AND opened_minor),
  recovery TEXT NOT NULL,
  opened_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX debt_of_meter ON debt (meter_pan, opened_at, debt_id);
`;

/** "Was this token ours?" asks by the 20 digits; a token that was never released has none in the books, only its digest. */
const STEP_FIND_TOKEN = `
CREATE INDEX sale_by_token ON sale (token_no);
CREATE INDEX unreleased_by_token ON chain_entry (token_digest) WHERE state = 'unreleased';
`;

export const MIGRATIONS: readonly string[] = [
  STEP_1,
  STEP_TOKEN_STATEMENT,
  STEP_TARIFFS,
  STEP_FIND_TOKEN,
  STEP_PEOPLE,
  STEP_NOTIFY,
  STEP_OPERATION,
];

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
  database
    .transaction(() => {
      for (const step of MIGRATIONS.slice(had)) database.exec(step);
      database.pragma(`user_version = ${MIGRATIONS.length}`);
    })
    .immediate();
}
