/** The text of step 5 for SQLite. */
import { isOneOf, MOST } from './step.ts';

const PEOPLE = `
CREATE TABLE person (
  user_id TEXT PRIMARY KEY,
  name TEXT NOT NULL,
  roles TEXT NOT NULL,
  vendor_id TEXT REFERENCES vendor,
  is_disabled INTEGER NOT NULL CHECK (is_disabled IN (0, 1)),
  version INTEGER NOT NULL CHECK (version >= 1),
  created_at INTEGER NOT NULL,
  password_hash TEXT,
  password_set_at INTEGER,
  setup_code_hash TEXT,
  setup_code_until INTEGER,
  CHECK ((setup_code_hash IS NULL) = (setup_code_until IS NULL))
) STRICT, WITHOUT ROWID;

CREATE TABLE person_session (
  session_hash TEXT PRIMARY KEY CHECK (length(session_hash) = 64),
  session_id TEXT NOT NULL,
  user_id TEXT NOT NULL REFERENCES person,
  created_at INTEGER NOT NULL,
  last_seen_at INTEGER NOT NULL,
  ends_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX session_of_person ON person_session (user_id);

CREATE TABLE login_attempt (
  subject TEXT PRIMARY KEY,
  failures INTEGER NOT NULL CHECK (failures >= 1),
  last_at INTEGER NOT NULL,
  allowed_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE INDEX login_attempt_by_time ON login_attempt (last_at);

ALTER TABLE api_key ADD COLUMN key_id TEXT;
ALTER TABLE api_key ADD COLUMN scopes TEXT;
ALTER TABLE api_key ADD COLUMN created_at INTEGER NOT NULL DEFAULT 0;
ALTER TABLE api_key ADD COLUMN created_by TEXT;
ALTER TABLE api_key ADD COLUMN expires_at INTEGER;
ALTER TABLE api_key ADD COLUMN revoked_at INTEGER;
ALTER TABLE api_key ADD COLUMN last_used_day TEXT;
UPDATE api_key SET key_id = 'key_' || substr(key_hash, 1, 16);
CREATE UNIQUE INDEX api_key_by_id ON api_key (key_id);

CREATE TABLE setting (
  name TEXT PRIMARY KEY,
  value TEXT NOT NULL,
  changed_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- Nobody decides what he asked for himself, whatever a program says.
CREATE TABLE approval (
  approval_id TEXT PRIMARY KEY,
  kind TEXT NOT NULL,
  payload TEXT NOT NULL,
  payload_hash TEXT NOT NULL CHECK (length(payload_hash) = 64),
  request_key TEXT NOT NULL,
  vendor_id TEXT,
  reason TEXT NOT NULL,
  requested_by TEXT NOT NULL,
  requested_at INTEGER NOT NULL,
  expires_at INTEGER NOT NULL,
  state TEXT NOT NULL CHECK (state IN ('pending', 'approved', 'executed', 'rejected', 'expired')),
  decided_by TEXT CHECK (decided_by <> requested_by),
  decided_at INTEGER,
  note TEXT NOT NULL,
  used_by TEXT,
  result TEXT NOT NULL,
  CHECK ((state IN ('pending', 'expired')) = (decided_by IS NULL)),
  CHECK ((decided_by IS NULL) = (decided_at IS NULL)),
  CHECK (used_by IS NULL OR state = 'executed')
) STRICT, WITHOUT ROWID;
CREATE UNIQUE INDEX approval_open ON approval (request_key) WHERE state IN ('pending', 'approved');
CREATE INDEX approval_by_state ON approval (state, approval_id);

CREATE TABLE audit_entry (
  sequence INTEGER PRIMARY KEY CHECK (sequence >= 1),
  at INTEGER NOT NULL,
  principal TEXT NOT NULL,
  credential_id TEXT NOT NULL,
  roles TEXT NOT NULL,
  vendor_id TEXT,
  action TEXT NOT NULL,
  target TEXT NOT NULL,
  outcome TEXT NOT NULL,
  request_id TEXT NOT NULL,
  previous_hash TEXT NOT NULL CHECK (length(previous_hash) = 64),
  entry_hash TEXT NOT NULL CHECK (length(entry_hash) = 64)
) STRICT;
CREATE TRIGGER audit_is_kept BEFORE DELETE ON audit_entry BEGIN
  SELECT raise(ABORT, 'the audit trail is only added to');
END;
CREATE TRIGGER audit_is_not_changed BEFORE UPDATE ON audit_entry BEGIN
  SELECT raise(ABORT, 'the audit trail is only added to');
END;
`;

const MONEY = `
ALTER TABLE transfer ADD COLUMN booked_at INTEGER;
UPDATE transfer SET booked_at = coalesce(
  (SELECT sold_at FROM sale WHERE cause = 'sale ' || sale_id),
  (SELECT deposited_at FROM deposit WHERE cause = 'deposit ' || vendor_id || ' ' || request_id),
  (SELECT opened_at FROM debt WHERE cause = 'debt ' || debt_id),
  0);
CREATE INDEX transfer_by_time ON transfer (booked_at);

-- Every movement of a float, in the order in which they became durable; the balances of a vendor follow from each other.
CREATE TABLE float_entry (
  entry_id INTEGER PRIMARY KEY,
  vendor_id TEXT NOT NULL REFERENCES vendor,
  kind TEXT NOT NULL CHECK (kind IN ('sale', 'deposit', 'depositReversal', 'commission')),
  reference TEXT NOT NULL,
  at INTEGER NOT NULL,
  amount_minor INTEGER NOT NULL CHECK (abs(amount_minor) <= ${MOST}),
  balance_minor INTEGER NOT NULL CHECK (abs(balance_minor) <= ${MOST}),
  operator_id TEXT,
  till_id TEXT,
  shift_id TEXT,
  tender TEXT,
  sale_kind TEXT,
  energy_minor INTEGER NOT NULL DEFAULT 0 CHECK (energy_minor >= 0),
  tax_minor INTEGER NOT NULL DEFAULT 0 CHECK (tax_minor >= 0),
  arrears_minor INTEGER NOT NULL DEFAULT 0 CHECK (arrears_minor >= 0),
  charges_minor INTEGER NOT NULL DEFAULT 0 CHECK (charges_minor >= 0),
  fees_minor INTEGER NOT NULL DEFAULT 0 CHECK (fees_minor >= 0),
  amount_deci_kwh INTEGER NOT NULL DEFAULT 0 CHECK (amount_deci_kwh >= 0),
  magnetic_tokens INTEGER NOT NULL DEFAULT 0 CHECK (magnetic_tokens >= 0),
  free_basic_tokens INTEGER NOT NULL DEFAULT 0 CHECK (free_basic_tokens >= 0),
  -- The parts of a sale are all that was paid.
  CHECK (kind <> 'sale'
    OR -amount_minor = energy_minor + tax_minor + arrears_minor + charges_minor + fees_minor)
) STRICT;
INSERT INTO float_entry (vendor_id, kind, reference, at, amount_minor, balance_minor, tax_minor, arrears_minor,
  charges_minor, fees_minor, energy_minor, amount_deci_kwh)
SELECT vendor_id, kind, reference, at, amount_minor,
  sum(amount_minor) OVER (PARTITION BY vendor_id ORDER BY at, kind, reference ROWS UNBOUNDED PRECEDING),
  tax, arrears, charges, fees,
  CASE kind WHEN 'sale' THEN -amount_minor - tax - arrears - charges - fees ELSE 0 END, units
FROM (
  SELECT vendor_id, 'deposit' AS kind, request_id AS reference, deposited_at AS at, amount_minor, 0 AS tax,
    0 AS arrears, 0 AS charges, 0 AS fees, 0 AS units
  FROM deposit
  UNION ALL
  SELECT sale.vendor_id, 'sale', sale.sale_id, sale.sold_at, -sale.paid_minor, coalesce(part.tax, 0),
    coalesce(part.arrears, 0), coalesce(part.charges, 0), coalesce(part.fees, 0), sale.amount_deci_kwh
  FROM sale LEFT JOIN (
    SELECT cause,
      sum(CASE WHEN credit_account LIKE 'tax:%' THEN amount_minor ELSE 0 END) AS tax,
      sum(CASE WHEN credit_account LIKE 'debt:%' THEN amount_minor ELSE 0 END) AS arrears,
      sum(CASE WHEN credit_account LIKE 'sales:charge:%' THEN amount_minor ELSE 0 END) AS charges,
      sum(CASE WHEN credit_account LIKE 'sales:fee:%' THEN amount_minor ELSE 0 END) AS fees
    FROM transfer WHERE cause LIKE 'sale %' GROUP BY cause) AS part ON part.cause = 'sale ' || sale.sale_id)
ORDER BY at, kind, reference;
CREATE INDEX float_entry_of_vendor ON float_entry (vendor_id, entry_id);
CREATE INDEX float_entry_by_time ON float_entry (at);
CREATE INDEX float_entry_of_shift ON float_entry (vendor_id, shift_id) WHERE shift_id IS NOT NULL;
CREATE UNIQUE INDEX float_entry_once ON float_entry (kind, vendor_id, reference)
  WHERE kind IN ('depositReversal', 'commission');

CREATE TABLE till_shift (
  vendor_id TEXT NOT NULL REFERENCES vendor,
  shift_id TEXT NOT NULL,
  operator_id TEXT NOT NULL,
  till_id TEXT NOT NULL,
  opened_at INTEGER NOT NULL,
  closed_at INTEGER,
  closed_by TEXT,
  counted_minor INTEGER CHECK (counted_minor >= 0),
  PRIMARY KEY (vendor_id, shift_id),
  CHECK ((closed_at IS NULL) = (closed_by IS NULL))
) STRICT, WITHOUT ROWID;
CREATE UNIQUE INDEX one_shift_of_till ON till_shift (vendor_id, till_id) WHERE closed_at IS NULL;
CREATE UNIQUE INDEX one_shift_of_operator ON till_shift (vendor_id, operator_id) WHERE closed_at IS NULL;

CREATE TABLE batch (
  vendor_id TEXT NOT NULL REFERENCES vendor,
  kind TEXT NOT NULL CHECK (kind IN ('sales', 'banking')),
  batch_id TEXT NOT NULL,
  closed_at INTEGER NOT NULL,
  closed_by TEXT NOT NULL,
  after_entry INTEGER NOT NULL,
  through_entry INTEGER NOT NULL CHECK (through_entry > after_entry),
  reference TEXT NOT NULL,
  PRIMARY KEY (vendor_id, kind, batch_id),
  UNIQUE (vendor_id, kind, after_entry)
) STRICT, WITHOUT ROWID;

CREATE TABLE commission_terms (
  vendor_id TEXT NOT NULL REFERENCES vendor,
  from_month TEXT NOT NULL CHECK (length(from_month) = 7),
  terms TEXT NOT NULL,
  PRIMARY KEY (vendor_id, from_month)
) STRICT, WITHOUT ROWID;

CREATE TABLE day_end (
  day TEXT PRIMARY KEY CHECK (length(day) = 10),
  closed_at INTEGER NOT NULL,
  closed_by TEXT NOT NULL,
  figures TEXT NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE supply_group_right (
  vendor_id TEXT PRIMARY KEY REFERENCES vendor,
  codes TEXT NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE limit_rule (
  rule_id TEXT PRIMARY KEY,
  rule TEXT NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE day_count (
  scope TEXT NOT NULL CHECK (${isOneOf('scope', ['vendor', 'operator', 'meter'])}),
  subject TEXT NOT NULL,
  day TEXT NOT NULL CHECK (length(day) = 10),
  sales INTEGER NOT NULL,
  paid_minor INTEGER NOT NULL CHECK (paid_minor <= ${MOST}),
  amount_deci_kwh INTEGER NOT NULL CHECK (amount_deci_kwh <= ${MOST}),
  last_at INTEGER NOT NULL,
  PRIMARY KEY (scope, subject, day)
) STRICT, WITHOUT ROWID;

CREATE TABLE alarm (
  alarm_id INTEGER PRIMARY KEY,
  at INTEGER NOT NULL,
  rule_id TEXT NOT NULL,
  vendor_id TEXT NOT NULL,
  operator_id TEXT,
  meter_pan TEXT,
  detail TEXT NOT NULL,
  acknowledged_by TEXT,
  acknowledged_at INTEGER,
  note TEXT NOT NULL DEFAULT ''
) STRICT;
CREATE INDEX alarm_open ON alarm (alarm_id) WHERE acknowledged_at IS NULL;
`;

export const PEOPLE_SQLITE = `${PEOPLE}${MONEY}`;
