/**
 * The text of step 5 for PostgreSQL. Ids by which pages of a list are turned are compared byte by byte (COLLATE "C"), as
 * SQLite compares them, whatever the language of the database.
 */
import { MOST } from './step.ts';

const PEOPLE = `
CREATE TABLE person (
  user_id text COLLATE "C" PRIMARY KEY,
  name text NOT NULL,
  roles text NOT NULL,
  vendor_id text REFERENCES vendor,
  is_disabled boolean NOT NULL,
  version bigint NOT NULL CHECK (version >= 1),
  created_at bigint NOT NULL,
  password_hash text,
  password_set_at bigint,
  setup_code_hash text,
  setup_code_until bigint,
  CHECK ((setup_code_hash IS NULL) = (setup_code_until IS NULL))
);

CREATE TABLE person_session (
  session_hash text PRIMARY KEY CHECK (length(session_hash) = 64),
  session_id text NOT NULL,
  user_id text COLLATE "C" NOT NULL REFERENCES person,
  created_at bigint NOT NULL,
  last_seen_at bigint NOT NULL,
  ends_at bigint NOT NULL
) WITH (fillfactor = 80);
CREATE INDEX session_of_person ON person_session (user_id);

CREATE TABLE login_attempt (
  subject text PRIMARY KEY,
  failures bigint NOT NULL CHECK (failures >= 1),
  last_at bigint NOT NULL,
  allowed_at bigint NOT NULL
);
CREATE INDEX login_attempt_by_time ON login_attempt (last_at);

-- A server of an older version adds keys without an id: they get the id that it would have had.
ALTER TABLE api_key ADD COLUMN key_id text COLLATE "C";
ALTER TABLE api_key ADD COLUMN scopes text;
ALTER TABLE api_key ADD COLUMN created_at bigint NOT NULL DEFAULT 0;
ALTER TABLE api_key ADD COLUMN created_by text;
ALTER TABLE api_key ADD COLUMN expires_at bigint;
ALTER TABLE api_key ADD COLUMN revoked_at bigint;
ALTER TABLE api_key ADD COLUMN last_used_day text;
UPDATE api_key SET key_id = 'key_' || left(key_hash, 16);
CREATE UNIQUE INDEX api_key_by_id ON api_key (key_id);
CREATE FUNCTION name_api_key_1() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  NEW.key_id := 'key_' || left(NEW.key_hash, 16);
  RETURN NEW;
END
$$;
CREATE TRIGGER api_key_of_older_server BEFORE INSERT ON api_key
  FOR EACH ROW WHEN (NEW.key_id IS NULL) EXECUTE FUNCTION name_api_key_1();

CREATE TABLE setting (
  name text COLLATE "C" PRIMARY KEY,
  value text NOT NULL,
  changed_at bigint NOT NULL
);

-- Nobody decides what he asked for himself, whatever a program says.
CREATE TABLE approval (
  approval_id text COLLATE "C" PRIMARY KEY,
  kind text NOT NULL,
  payload text NOT NULL,
  payload_hash text NOT NULL CHECK (length(payload_hash) = 64),
  request_key text NOT NULL,
  vendor_id text,
  reason text NOT NULL,
  requested_by text NOT NULL,
  requested_at bigint NOT NULL,
  expires_at bigint NOT NULL,
  state text NOT NULL CHECK (state IN ('pending', 'approved', 'executed', 'rejected', 'expired')),
  decided_by text CHECK (decided_by <> requested_by),
  decided_at bigint,
  note text NOT NULL,
  used_by text,
  result text NOT NULL,
  CHECK ((state IN ('pending', 'expired')) = (decided_by IS NULL)),
  CHECK ((decided_by IS NULL) = (decided_at IS NULL)),
  CHECK (used_by IS NULL OR state = 'executed')
);
CREATE UNIQUE INDEX approval_open ON approval (request_key) WHERE state IN ('pending', 'approved');
CREATE INDEX approval_by_state ON approval (state, approval_id);

CREATE TABLE audit_entry (
  sequence bigint PRIMARY KEY CHECK (sequence >= 1),
  at bigint NOT NULL,
  principal text NOT NULL,
  credential_id text NOT NULL,
  roles text NOT NULL,
  vendor_id text,
  action text NOT NULL,
  target text NOT NULL,
  outcome text NOT NULL,
  request_id text NOT NULL,
  previous_hash text NOT NULL CHECK (length(previous_hash) = 64),
  entry_hash text NOT NULL CHECK (length(entry_hash) = 64)
);
CREATE FUNCTION keep_audit_1() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION 'the audit trail is only added to';
END
$$;
CREATE TRIGGER audit_is_kept BEFORE UPDATE OR DELETE OR TRUNCATE ON audit_entry
  FOR EACH STATEMENT EXECUTE FUNCTION keep_audit_1();
`;

const FLOATS = `
-- Every movement of a float, in the order in which they became durable; the balances of a vendor follow from each other.
-- Numbers are drawn with the vendor's row locked, so that those of one vendor rise with its balances.
CREATE TABLE float_entry (
  entry_id bigint PRIMARY KEY GENERATED ALWAYS AS IDENTITY,
  vendor_id text NOT NULL REFERENCES vendor,
  kind text NOT NULL CHECK (kind IN ('sale', 'deposit', 'depositReversal', 'commission')),
  reference text NOT NULL,
  at bigint NOT NULL,
  amount_minor bigint NOT NULL CHECK (abs(amount_minor) <= ${MOST}),
  balance_minor bigint NOT NULL CHECK (abs(balance_minor) <= ${MOST}),
  operator_id text COLLATE "C",
  till_id text,
  shift_id text,
  tender text COLLATE "C",
  sale_kind text COLLATE "C",
  energy_minor bigint NOT NULL DEFAULT 0 CHECK (energy_minor >= 0),
  tax_minor bigint NOT NULL DEFAULT 0 CHECK (tax_minor >= 0),
  arrears_minor bigint NOT NULL DEFAULT 0 CHECK (arrears_minor >= 0),
  charges_minor bigint NOT NULL DEFAULT 0 CHECK (charges_minor >= 0),
  fees_minor bigint NOT NULL DEFAULT 0 CHECK (fees_minor >= 0),
  amount_deci_kwh bigint NOT NULL DEFAULT 0 CHECK (amount_deci_kwh >= 0),
  magnetic_tokens bigint NOT NULL DEFAULT 0 CHECK (magnetic_tokens >= 0),
  free_basic_tokens bigint NOT NULL DEFAULT 0 CHECK (free_basic_tokens >= 0),
  -- The parts of a sale are all that was paid.
  CHECK (kind <> 'sale'
    OR -amount_minor = energy_minor + tax_minor + arrears_minor + charges_minor + fees_minor)
);
`;

/** The parts of sales by their causes, from the accounts that their money went to. */
const PARTS = `
  SELECT cause,
    coalesce(sum(amount_minor) FILTER (WHERE credit_account LIKE 'tax:%'), 0)::bigint AS tax,
    coalesce(sum(amount_minor) FILTER (WHERE credit_account LIKE 'debt:%'), 0)::bigint AS arrears,
    coalesce(sum(amount_minor) FILTER (WHERE credit_account LIKE 'sales:charge:%'), 0)::bigint AS charges,
    coalesce(sum(amount_minor) FILTER (WHERE credit_account LIKE 'sales:fee:%'), 0)::bigint AS fees
  FROM transfer`;

/**
 * Whole tables are read here, which the settings of a connection avoid, and sales wait meanwhile: movements must be numbered
 * before the next one. PostgreSQL comes with the same release as this step, so that there is little to read.
 */
const BACKFILL = `
SET LOCAL enable_seqscan = on;
SET LOCAL enable_hashjoin = on;
ALTER TABLE transfer ADD COLUMN booked_at bigint;
UPDATE transfer SET booked_at = coalesce(
  (SELECT sold_at FROM sale WHERE cause LIKE 'sale %' AND sale_id = substr(cause, 6)),
  (SELECT opened_at FROM debt WHERE cause LIKE 'debt %' AND debt_id = substr(cause, 6)),
  0);
UPDATE transfer SET booked_at = deposited_at FROM deposit
  WHERE cause = 'deposit ' || deposit.vendor_id || ' ' || deposit.request_id;
CREATE INDEX transfer_by_time ON transfer (booked_at);

INSERT INTO float_entry (vendor_id, kind, reference, at, amount_minor, balance_minor, tax_minor, arrears_minor,
  charges_minor, fees_minor, energy_minor, amount_deci_kwh)
SELECT vendor_id, kind, reference, at, amount_minor,
  sum(amount_minor) OVER (PARTITION BY vendor_id ORDER BY at, kind, reference ROWS UNBOUNDED PRECEDING)::bigint,
  tax, arrears, charges, fees,
  CASE kind WHEN 'sale' THEN -amount_minor - tax - arrears - charges - fees ELSE 0 END, units
FROM (
  SELECT vendor_id, 'deposit' AS kind, request_id AS reference, deposited_at AS at, amount_minor, 0 AS tax,
    0 AS arrears, 0 AS charges, 0 AS fees, 0 AS units
  FROM deposit
  UNION ALL
  SELECT sale.vendor_id, 'sale', sale.sale_id, sale.sold_at, -sale.paid_minor, coalesce(part.tax, 0),
    coalesce(part.arrears, 0), coalesce(part.charges, 0), coalesce(part.fees, 0), sale.amount_deci_kwh
  FROM sale LEFT JOIN (${PARTS} WHERE cause LIKE 'sale %' GROUP BY cause) AS part
    ON part.cause = 'sale ' || sale.sale_id) AS had
ORDER BY at, kind, reference;
CREATE INDEX float_entry_of_vendor ON float_entry (vendor_id, entry_id);
CREATE INDEX float_entry_by_time ON float_entry (at);
CREATE INDEX float_entry_of_shift ON float_entry (vendor_id, shift_id) WHERE shift_id IS NOT NULL;
CREATE UNIQUE INDEX float_entry_once ON float_entry (kind, vendor_id, reference)
  WHERE kind IN ('depositReversal', 'commission');
`;

/**
 * A server of an older version books its transfers without a time and enters no movement: both are made up for when its
 * statement ends, still under its lock of the vendor's row. Transfers of this version have a time and pass by.
 */
const OLDER_SERVERS = `
CREATE FUNCTION book_for_older_server_1() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
  moved record;
  part record;
  balance bigint;
BEGIN
  -- The first transfer of a posting books all of them.
  IF (SELECT booked_at FROM transfer WHERE transfer_id = NEW.transfer_id) IS NOT NULL THEN RETURN NULL; END IF;
  IF NEW.cause LIKE 'sale %' THEN
    SELECT 'sale' AS kind, vendor_id, sale_id AS reference, sold_at AS at, -paid_minor AS amount, amount_deci_kwh AS units
      INTO moved FROM sale WHERE sale_id = substr(NEW.cause, 6);
  ELSIF NEW.cause LIKE 'deposit %' THEN
    SELECT 'deposit' AS kind, vendor_id, request_id AS reference, deposited_at AS at, amount_minor AS amount, 0 AS units
      INTO moved FROM deposit WHERE vendor_id = split_part(NEW.cause, ' ', 2)
        AND request_id = substr(NEW.cause, length('deposit ' || split_part(NEW.cause, ' ', 2)) + 2);
  ELSE
    UPDATE transfer SET booked_at = coalesce((SELECT opened_at FROM debt WHERE debt_id = substr(NEW.cause, 6)), 0)
      WHERE booked_at IS NULL AND cause = NEW.cause;
    RETURN NULL;
  END IF;
  ${PARTS} WHERE booked_at IS NULL AND cause = NEW.cause GROUP BY cause INTO part;
  UPDATE transfer SET booked_at = coalesce(moved.at, 0) WHERE booked_at IS NULL AND cause = NEW.cause;
  IF moved.vendor_id IS NULL THEN RETURN NULL; END IF;
  SELECT balance_minor INTO balance FROM float_entry
    WHERE vendor_id = moved.vendor_id ORDER BY entry_id DESC LIMIT 1;
  balance := coalesce(balance, 0) + moved.amount;
  IF moved.kind = 'deposit' THEN
    INSERT INTO float_entry (vendor_id, kind, reference, at, amount_minor, balance_minor)
      VALUES (moved.vendor_id, moved.kind, moved.reference, moved.at, moved.amount, balance);
  ELSE
    INSERT INTO float_entry (vendor_id, kind, reference, at, amount_minor, balance_minor, tax_minor, arrears_minor,
      charges_minor, fees_minor, energy_minor, amount_deci_kwh)
    VALUES (moved.vendor_id, moved.kind, moved.reference, moved.at, moved.amount, balance, part.tax, part.arrears,
      part.charges, part.fees, -moved.amount - part.tax - part.arrears - part.charges - part.fees, moved.units);
  END IF;
  RETURN NULL;
END
$$;
CREATE TRIGGER transfer_of_older_server AFTER INSERT ON transfer
  FOR EACH ROW WHEN (NEW.booked_at IS NULL) EXECUTE FUNCTION book_for_older_server_1();
`;

const MONEY = `
CREATE TABLE till_shift (
  vendor_id text NOT NULL REFERENCES vendor,
  shift_id text NOT NULL,
  operator_id text NOT NULL,
  till_id text NOT NULL,
  opened_at bigint NOT NULL,
  closed_at bigint,
  closed_by text,
  counted_minor bigint CHECK (counted_minor >= 0),
  PRIMARY KEY (vendor_id, shift_id),
  CHECK ((closed_at IS NULL) = (closed_by IS NULL))
);
CREATE UNIQUE INDEX one_shift_of_till ON till_shift (vendor_id, till_id) WHERE closed_at IS NULL;
CREATE UNIQUE INDEX one_shift_of_operator ON till_shift (vendor_id, operator_id) WHERE closed_at IS NULL;

CREATE TABLE batch (
  vendor_id text NOT NULL REFERENCES vendor,
  kind text NOT NULL CHECK (kind IN ('sales', 'banking')),
  batch_id text NOT NULL,
  closed_at bigint NOT NULL,
  closed_by text NOT NULL,
  after_entry bigint NOT NULL,
  through_entry bigint NOT NULL CHECK (through_entry > after_entry),
  reference text NOT NULL,
  PRIMARY KEY (vendor_id, kind, batch_id),
  UNIQUE (vendor_id, kind, after_entry)
);

CREATE TABLE commission_terms (
  vendor_id text NOT NULL REFERENCES vendor,
  from_month text COLLATE "C" NOT NULL CHECK (length(from_month) = 7),
  terms text NOT NULL,
  PRIMARY KEY (vendor_id, from_month)
);

CREATE TABLE day_end (
  day text COLLATE "C" PRIMARY KEY CHECK (length(day) = 10),
  closed_at bigint NOT NULL,
  closed_by text NOT NULL,
  figures text NOT NULL
);

CREATE TABLE supply_group_right (
  vendor_id text PRIMARY KEY REFERENCES vendor,
  codes text NOT NULL
);

CREATE TABLE limit_rule (
  rule_id text COLLATE "C" PRIMARY KEY,
  rule text NOT NULL
);

CREATE TABLE day_count (
  scope text NOT NULL CHECK (scope IN ('vendor', 'operator', 'meter')),
  subject text NOT NULL,
  day text NOT NULL CHECK (length(day) = 10),
  sales bigint NOT NULL,
  paid_minor bigint NOT NULL CHECK (paid_minor <= ${MOST}),
  amount_deci_kwh bigint NOT NULL CHECK (amount_deci_kwh <= ${MOST}),
  last_at bigint NOT NULL,
  PRIMARY KEY (scope, subject, day)
) WITH (fillfactor = 80);

CREATE TABLE alarm (
  alarm_id bigint PRIMARY KEY GENERATED ALWAYS AS IDENTITY,
  at bigint NOT NULL,
  rule_id text NOT NULL,
  vendor_id text NOT NULL,
  operator_id text,
  meter_pan text,
  detail text NOT NULL,
  acknowledged_by text,
  acknowledged_at bigint,
  note text NOT NULL DEFAULT ''
);
CREATE INDEX alarm_open ON alarm (alarm_id) WHERE acknowledged_at IS NULL;
`;

export const PEOPLE_POSTGRES = `${PEOPLE}${FLOATS}${BACKFILL}${OLDER_SERVERS}${MONEY}`;
