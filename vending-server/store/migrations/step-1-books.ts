/** Registry, floats, sales, double entry and the chain. */
import { type MigrationStep, MOST } from './step.ts';

const SQLITE = `
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

const POSTGRES = `
-- A server that sells here; it writes its lease again and again while it lives. Leases are told by this database's clock.
CREATE TABLE server (
  server_id text PRIMARY KEY,
  module_id text,
  known_steps integer NOT NULL,
  lease_until timestamptz NOT NULL,
  started_at timestamptz NOT NULL DEFAULT clock_timestamp()
) WITH (fillfactor = 50);

-- One module for each server. Up to gapless_counter no entry of its chain is missing.
CREATE TABLE security_module (
  module_id text PRIMARY KEY,
  public_key text NOT NULL,
  gapless_counter bigint NOT NULL DEFAULT 0
);

-- The terms came to SQLite first; here they stand in their versions from the beginning.
CREATE TABLE tariff (
  tariff_id text PRIMARY KEY
);

CREATE TABLE meter (
  meter_pan text PRIMARY KEY CHECK (length(meter_pan) = 18),
  drn text NOT NULL CHECK (length(drn) IN (11, 13)),
  encryption_algorithm integer NOT NULL CHECK (encryption_algorithm IN (7, 11)),
  decoder_key_algorithm integer NOT NULL CHECK (decoder_key_algorithm IN (2, 4)),
  supply_group_code text NOT NULL CHECK (length(supply_group_code) = 6),
  tariff_index integer NOT NULL CHECK (tariff_index BETWEEN 0 AND 99),
  key_revision integer NOT NULL CHECK (key_revision BETWEEN 1 AND 9),
  key_type integer NOT NULL CHECK (key_type BETWEEN 0 AND 3),
  base_date text NOT NULL CHECK (base_date IN ('93', '14', '35')),
  tariff_id text NOT NULL REFERENCES tariff
);

-- The highest TID ever given to a meter on a base date, across its keys (sts.md 9.3, open question D4).
CREATE TABLE meter_tid (
  meter_pan text NOT NULL CHECK (length(meter_pan) = 18),
  base_date text NOT NULL CHECK (base_date IN ('93', '14', '35')),
  tid_minutes integer NOT NULL CHECK (tid_minutes BETWEEN 0 AND 16777215),
  PRIMARY KEY (meter_pan, base_date)
) WITH (fillfactor = 80);

-- reserved_minor is the sum of the vendor's live claims; the rule of the float holds for what is durable and what is claimed.
CREATE TABLE vendor (
  vendor_id text PRIMARY KEY,
  name text NOT NULL,
  currency text NOT NULL CHECK (length(currency) = 3),
  credit_limit_minor bigint NOT NULL CHECK (credit_limit_minor BETWEEN 0 AND ${MOST}),
  float_minor bigint NOT NULL CHECK (float_minor >= -credit_limit_minor AND float_minor <= ${MOST}),
  reserved_minor bigint NOT NULL DEFAULT 0 CHECK (reserved_minor >= 0),
  CHECK (float_minor + credit_limit_minor >= reserved_minor)
) WITH (fillfactor = 50);

-- A sale between its claim and its record: the money is spoken for, the meter and the request id are taken.
CREATE TABLE vend_claim (
  claim_id bigint PRIMARY KEY GENERATED ALWAYS AS IDENTITY (CACHE 32),
  server_id text NOT NULL,
  vendor_id text NOT NULL,
  request_id text NOT NULL,
  meter_pan text NOT NULL UNIQUE,
  paid_minor bigint NOT NULL CHECK (paid_minor BETWEEN 1 AND ${MOST}),
  claimed_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  UNIQUE (vendor_id, request_id)
) WITH (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 20000);

CREATE TABLE api_key (
  key_hash text PRIMARY KEY CHECK (length(key_hash) = 64),
  role text NOT NULL CHECK (role IN ('operator', 'vendor')),
  vendor_id text REFERENCES vendor,
  label text NOT NULL,
  CHECK ((role = 'vendor') = (vendor_id IS NOT NULL))
);

CREATE TABLE deposit (
  vendor_id text NOT NULL REFERENCES vendor,
  request_id text NOT NULL,
  request_hash text NOT NULL CHECK (length(request_hash) = 64),
  amount_minor bigint NOT NULL CHECK (amount_minor BETWEEN 1 AND ${MOST}),
  reference text NOT NULL,
  deposited_at bigint NOT NULL,
  float_after_minor bigint NOT NULL,
  PRIMARY KEY (vendor_id, request_id)
);

CREATE TABLE sale (
  sale_id text PRIMARY KEY,
  vendor_id text NOT NULL REFERENCES vendor,
  request_id text NOT NULL,
  request_hash text NOT NULL CHECK (length(request_hash) = 64),
  meter_pan text NOT NULL REFERENCES meter,
  currency text NOT NULL CHECK (length(currency) = 3),
  paid_minor bigint NOT NULL CHECK (paid_minor BETWEEN 1 AND ${MOST}),
  amount_deci_kwh bigint NOT NULL CHECK (amount_deci_kwh BETWEEN 0 AND 18201624),
  token_no text NOT NULL CHECK (length(token_no) = 20),
  sold_at bigint NOT NULL,
  response_body text NOT NULL,
  response_digest text NOT NULL CHECK (length(response_digest) = 64),
  UNIQUE (vendor_id, request_id)
);

-- Debits equal credits by construction: a row is one amount that leaves one account and enters another.
CREATE TABLE transfer (
  transfer_id bigint PRIMARY KEY GENERATED ALWAYS AS IDENTITY (CACHE 64),
  cause text NOT NULL,
  debit_account text NOT NULL,
  credit_account text NOT NULL,
  amount_minor bigint NOT NULL CHECK (amount_minor BETWEEN 1 AND ${MOST}),
  CHECK (debit_account <> credit_account)
);

CREATE TABLE chain_entry (
  module_id text NOT NULL,
  counter bigint NOT NULL CHECK (counter >= 1),
  sale_digest text NOT NULL CHECK (length(sale_digest) = 64),
  token_digest text NOT NULL CHECK (length(token_digest) = 64),
  previous_hash text NOT NULL CHECK (length(previous_hash) = 64),
  entry_hash text NOT NULL CHECK (length(entry_hash) = 64),
  signature text NOT NULL,
  state text NOT NULL CHECK (state IN ('released', 'unreleased')),
  sale_id text UNIQUE REFERENCES sale,
  meter_pan text NOT NULL CHECK (length(meter_pan) = 18),
  base_date text NOT NULL CHECK (base_date IN ('93', '14', '35')),
  tid_minutes integer NOT NULL CHECK (tid_minutes BETWEEN 0 AND 16777215),
  PRIMARY KEY (module_id, counter),
  UNIQUE (meter_pan, base_date, tid_minutes),
  CHECK ((state = 'released') = (sale_id IS NOT NULL))
);
`;

export const BOOKS: MigrationStep = { name: 'books', sqlite: SQLITE, postgres: POSTGRES };
