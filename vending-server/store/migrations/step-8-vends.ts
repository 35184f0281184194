/**
 * A sale of any number of tokens, or of none: key changes with it, free units, money that arrears take. What a sale changes
 * of a meter stands in one row, because each row that is written somewhere else in the file costs a page of its own.
 */
import { isOneOf, type MigrationStep, MOST } from './step.ts';

const SQLITE = `
ALTER TABLE meter ADD COLUMN token_carrier_type INTEGER NOT NULL DEFAULT 2 CHECK (token_carrier_type BETWEEN 0 AND 99);
ALTER TABLE meter ADD COLUMN key_expiry INTEGER CHECK (key_expiry BETWEEN 0 AND 255);
ALTER TABLE meter ADD COLUMN stores_supply_group INTEGER NOT NULL DEFAULT 0 CHECK (stores_supply_group IN (0, 1));
ALTER TABLE meter ADD COLUMN wanted_key TEXT;
ALTER TABLE meter ADD COLUMN issued_key_change TEXT;

-- Its tokens stand in the answer, their digests in the chain.
CREATE TABLE sale_next (
  sale_id TEXT PRIMARY KEY,
  vendor_id TEXT NOT NULL REFERENCES vendor,
  request_id TEXT NOT NULL,
  request_hash TEXT NOT NULL CHECK (length(request_hash) = 64),
  meter_pan TEXT NOT NULL REFERENCES meter,
  currency TEXT NOT NULL CHECK (length(currency) = 3),
  paid_minor INTEGER NOT NULL CHECK (paid_minor BETWEEN 0 AND ${MOST}),
  amount_deci_kwh INTEGER NOT NULL CHECK (amount_deci_kwh BETWEEN 0 AND ${MOST}),
  sold_at INTEGER NOT NULL,
  response_body TEXT NOT NULL,
  response_digest TEXT NOT NULL CHECK (length(response_digest) = 64),
  UNIQUE (vendor_id, request_id)
) STRICT;
INSERT INTO sale_next
  SELECT sale_id, vendor_id, request_id, request_hash, meter_pan, currency, paid_minor, amount_deci_kwh, sold_at,
    response_body, response_digest FROM sale;
DROP TABLE sale;
ALTER TABLE sale_next RENAME TO sale;

-- That no meter has a TID twice is kept by meter_history, where a TID only rises.
CREATE TABLE chain_entry_next (
  entry_id INTEGER PRIMARY KEY,
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
  base_date TEXT NOT NULL CHECK (${isOneOf('base_date', ['93', '14', '35'])}),
  tid_minutes INTEGER CHECK (tid_minutes BETWEEN 0 AND 16777215),
  statement TEXT NOT NULL,
  UNIQUE (module_id, counter),
  CHECK ((state = 'released') = (sale_id IS NOT NULL))
) STRICT;
INSERT INTO chain_entry_next (module_id, counter, sale_digest, token_digest, previous_hash, entry_hash, signature, state,
    sale_id, meter_pan, base_date, tid_minutes, statement)
  SELECT module_id, counter, sale_digest, token_digest, previous_hash, entry_hash, signature, state, sale_id, meter_pan,
    base_date, tid_minutes, statement FROM chain_entry ORDER BY module_id, counter;
DROP TABLE chain_entry;
ALTER TABLE chain_entry_next RENAME TO chain_entry;
CREATE INDEX chain_entry_of_sale ON chain_entry (sale_id);
-- 48 bits are enough to find a token; the whole digest is compared then.
CREATE INDEX chain_entry_by_token ON chain_entry (substr(token_digest, 1, 12));

-- version counts changes of what the meter bought, owes or is; 0 for a meter that has only been given TIDs.
CREATE TABLE meter_history_next (
  meter_pan TEXT PRIMARY KEY CHECK (length(meter_pan) = 18),
  version INTEGER NOT NULL DEFAULT 0 CHECK (version >= 0),
  month TEXT NOT NULL DEFAULT '',
  month_units_deci_kwh INTEGER NOT NULL DEFAULT 0 CHECK (month_units_deci_kwh BETWEEN 0 AND ${MOST}),
  free_units_month TEXT NOT NULL DEFAULT '',
  carried_minor TEXT NOT NULL DEFAULT '0',
  charges TEXT NOT NULL DEFAULT '{}',
  last_at INTEGER,
  -- The sale that made this version, and the six columns above before it: what its reversal goes back to.
  last_sale_id TEXT,
  before TEXT,
  -- The highest TID ever given on each base date, across the meter's keys (sts.md 9.3, open question D4).
  tid_93 INTEGER CHECK (tid_93 BETWEEN 0 AND 16777215),
  tid_14 INTEGER CHECK (tid_14 BETWEEN 0 AND 16777215),
  tid_35 INTEGER CHECK (tid_35 BETWEEN 0 AND 16777215),
  -- What was sold to it on the last day on which anything was.
  day TEXT NOT NULL DEFAULT '',
  day_sales INTEGER NOT NULL DEFAULT 0,
  day_paid_minor INTEGER NOT NULL DEFAULT 0 CHECK (day_paid_minor <= ${MOST}),
  day_deci_kwh INTEGER NOT NULL DEFAULT 0 CHECK (day_deci_kwh <= ${MOST}),
  day_last_at INTEGER NOT NULL DEFAULT 0
) STRICT, WITHOUT ROWID;
INSERT INTO meter_history_next (meter_pan, version, month, month_units_deci_kwh, free_units_month, carried_minor, charges)
  SELECT meter_pan, version, month, month_units_deci_kwh, free_units_month, carried_minor, charges FROM meter_history;
INSERT INTO meter_history_next (meter_pan) SELECT DISTINCT meter_pan FROM meter_tid WHERE true ON CONFLICT DO NOTHING;
UPDATE meter_history_next AS h SET
  tid_93 = (SELECT tid_minutes FROM meter_tid AS t WHERE t.meter_pan = h.meter_pan AND base_date = '93'),
  tid_14 = (SELECT tid_minutes FROM meter_tid AS t WHERE t.meter_pan = h.meter_pan AND base_date = '14'),
  tid_35 = (SELECT tid_minutes FROM meter_tid AS t WHERE t.meter_pan = h.meter_pan AND base_date = '35');
UPDATE meter_history_next AS h
  SET (day, day_sales, day_paid_minor, day_deci_kwh, day_last_at) = (d.day, d.sales, d.paid_minor, d.amount_deci_kwh, d.last_at)
  FROM (SELECT subject, max(day) AS day, sales, paid_minor, amount_deci_kwh, last_at FROM day_count
    WHERE scope = 'meter' GROUP BY subject) AS d
  WHERE d.subject = h.meter_pan;
UPDATE meter_history_next AS h SET last_at = s.last_at
  FROM (SELECT meter_pan, max(sold_at) AS last_at FROM sale GROUP BY meter_pan) AS s WHERE s.meter_pan = h.meter_pan;
DELETE FROM day_count WHERE scope = 'meter';
DROP TABLE meter_tid;
DROP TABLE meter_history;
ALTER TABLE meter_history_next RENAME TO meter_history;

-- Every key change that was issued: what the meter went from and to, and who has seen that it did.
CREATE TABLE key_change (
  sale_id TEXT PRIMARY KEY REFERENCES sale,
  meter_pan TEXT NOT NULL REFERENCES meter,
  changed_at INTEGER NOT NULL,
  from_key TEXT NOT NULL,
  to_key TEXT NOT NULL,
  three_sections INTEGER NOT NULL CHECK (three_sections IN (0, 1)),
  confirmed_at INTEGER,
  confirmed_by TEXT,
  CHECK ((confirmed_at IS NULL) = (confirmed_by IS NULL))
) STRICT, WITHOUT ROWID;
CREATE INDEX key_change_of_meter ON key_change (meter_pan, changed_at);

CREATE TABLE float_entry_next (
  entry_id INTEGER PRIMARY KEY,
  vendor_id TEXT NOT NULL REFERENCES vendor,
  kind TEXT NOT NULL CHECK (${isOneOf('kind', ['sale', 'saleReversal', 'deposit', 'depositReversal', 'commission'])}),
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
  -- Energy that was paid for.
  amount_deci_kwh INTEGER NOT NULL DEFAULT 0 CHECK (amount_deci_kwh >= 0),
  magnetic_tokens INTEGER NOT NULL DEFAULT 0 CHECK (magnetic_tokens >= 0),
  free_basic_tokens INTEGER NOT NULL DEFAULT 0 CHECK (free_basic_tokens >= 0),
  -- What the drawer took beyond the sale for want of small coins; below 0 in the customer's favour.
  rounding_minor INTEGER NOT NULL DEFAULT 0,
  -- The parts of a sale are all that was paid; those of a reversal are what went back.
  CHECK (kind NOT IN ('sale', 'saleReversal')
    OR abs(amount_minor) = energy_minor + tax_minor + arrears_minor + charges_minor + fees_minor)
) STRICT;
INSERT INTO float_entry_next SELECT *, 0 FROM float_entry;
DROP TABLE float_entry;
ALTER TABLE float_entry_next RENAME TO float_entry;
CREATE INDEX float_entry_of_vendor ON float_entry (vendor_id, entry_id);
CREATE INDEX float_entry_by_time ON float_entry (at);
CREATE INDEX float_entry_of_shift ON float_entry (vendor_id, shift_id) WHERE shift_id IS NOT NULL;
CREATE UNIQUE INDEX float_entry_once ON float_entry (kind, vendor_id, reference)
  WHERE ${isOneOf('kind', ['saleReversal', 'depositReversal', 'commission'])};
${sharedTables('INTEGER', 'STRICT, WITHOUT ROWID')}
`;

/** What a vendor says of a sale afterwards, and what it takes back before there is one. */
function sharedTables(moment: string, options: string): string {
  return `
-- 'unseen': the answer has certainly not left this house, and its digits have been shown to nobody since.
CREATE TABLE sale_advice (
  sale_id TEXT PRIMARY KEY REFERENCES sale,
  state TEXT NOT NULL CHECK (state IN ('unseen', 'confirmed', 'reversed')),
  told_at ${moment} NOT NULL,
  told_by TEXT NOT NULL,
  note TEXT NOT NULL
)${options === '' ? '' : ` ${options}`};

-- Request ids under which nothing was sold and nothing will be.
CREATE TABLE withdrawn_request (
  vendor_id TEXT NOT NULL REFERENCES vendor,
  request_id TEXT NOT NULL,
  withdrawn_at ${moment} NOT NULL,
  withdrawn_by TEXT NOT NULL,
  PRIMARY KEY (vendor_id, request_id)
)${options === '' ? '' : ` ${options}`};`;
}

/**
 * As `claim_vends_1`, for sales of several tokens or none, of no money, and under a request id that may have been taken back.
 * A meter's record, the key it names among it, changes with the version of its purchases.
 */
const CLAIM_VENDS = `
CREATE FUNCTION claim_vends_2(asking_server text, wait boolean, wanted json)
RETURNS TABLE (place integer, kind text, claim_id bigint, tid_minutes integer[], available_minor bigint,
  sale_id text, request_hash text, response_body text, response_digest text)
LANGUAGE plpgsql AS $$
#variable_conflict use_column
DECLARE
  asking_vendor text;
  available bigint;
  vendor_known boolean;
  vendor_busy boolean;
  reserved bigint := 0;
  want record;
  last_tid integer;
  next_tid integer;
BEGIN
  PERFORM set_config('synchronous_commit', 'off', true);
  FOR want IN
    SELECT * FROM json_to_recordset(wanted) AS w(place integer, vendor_id text, request_id text, meter_pan text,
      paid_minor bigint, purchases_version bigint, tid_count integer, base_date text, now_tid_minutes integer,
      max_tid_minutes integer)
    ORDER BY w.vendor_id, w.meter_pan, w.place
  LOOP
    IF want.vendor_id IS DISTINCT FROM asking_vendor THEN
      IF reserved > 0 THEN
        UPDATE vendor SET reserved_minor = reserved_minor + reserved WHERE vendor_id = asking_vendor;
        reserved := 0;
      END IF;
      asking_vendor := want.vendor_id;
      IF wait THEN
        SELECT float_minor + credit_limit_minor - reserved_minor INTO available
          FROM vendor WHERE vendor_id = asking_vendor FOR NO KEY UPDATE;
      ELSE
        SELECT float_minor + credit_limit_minor - reserved_minor INTO available
          FROM vendor WHERE vendor_id = asking_vendor FOR NO KEY UPDATE SKIP LOCKED;
      END IF;
      vendor_known := FOUND;
      vendor_busy := NOT wait AND NOT FOUND AND EXISTS (SELECT 1 FROM vendor WHERE vendor_id = asking_vendor);
    END IF;
    place := want.place;
    kind := NULL; claim_id := NULL; tid_minutes := NULL; available_minor := NULL;
    sale_id := NULL; request_hash := NULL; response_body := NULL; response_digest := NULL;
    IF vendor_busy THEN kind := 'busy'; RETURN NEXT; CONTINUE; END IF;
    SELECT 'exists', s.sale_id, s.request_hash, s.response_body, s.response_digest
      INTO kind, sale_id, request_hash, response_body, response_digest
      FROM sale AS s WHERE s.vendor_id = asking_vendor AND s.request_id = want.request_id;
    IF FOUND THEN RETURN NEXT; CONTINUE; END IF;
    SELECT 'in_progress', c.claim_id INTO kind, claim_id
      FROM vend_claim AS c WHERE c.vendor_id = asking_vendor AND c.request_id = want.request_id;
    IF FOUND THEN RETURN NEXT; CONTINUE; END IF;
    SELECT 'withdrawn' INTO kind
      FROM withdrawn_request AS r WHERE r.vendor_id = asking_vendor AND r.request_id = want.request_id;
    IF FOUND THEN RETURN NEXT; CONTINUE; END IF;
    SELECT 'in_progress', c.claim_id INTO kind, claim_id FROM vend_claim AS c WHERE c.meter_pan = want.meter_pan;
    IF FOUND THEN RETURN NEXT; CONTINUE; END IF;
    IF NOT vendor_known THEN kind := 'vendor_unknown'; RETURN NEXT; CONTINUE; END IF;
    PERFORM 1 FROM meter AS m WHERE m.meter_pan = want.meter_pan;
    IF NOT FOUND THEN kind := 'meter_unknown'; RETURN NEXT; CONTINUE; END IF;
    IF coalesce((SELECT h.version FROM meter_history AS h WHERE h.meter_pan = want.meter_pan), 0)
        <> want.purchases_version THEN
      kind := 'purchases_changed'; RETURN NEXT; CONTINUE;
    END IF;
    IF want.paid_minor > available THEN
      kind := 'float_exhausted'; available_minor := available; RETURN NEXT; CONTINUE;
    END IF;
    INSERT INTO vend_claim AS c (server_id, vendor_id, request_id, meter_pan, paid_minor)
      VALUES (asking_server, asking_vendor, want.request_id, want.meter_pan, want.paid_minor)
      ON CONFLICT DO NOTHING RETURNING 'claimed', c.claim_id INTO kind, claim_id;
    -- Another vendor's claim of this meter came between the look and the insert: nobody knows its number here.
    IF NOT FOUND THEN kind := 'in_progress'; claim_id := NULL; RETURN NEXT; CONTINUE; END IF;
    -- Another vendor's sale to this meter may have ended between the look and the insert; from here on none can.
    tid_minutes := '{}';
    IF coalesce((SELECT h.version FROM meter_history AS h WHERE h.meter_pan = want.meter_pan), 0)
        <> want.purchases_version THEN
      kind := 'purchases_changed';
    ELSIF want.tid_count > 0 THEN
      SELECT t.tid_minutes INTO last_tid
        FROM meter_tid AS t WHERE t.meter_pan = want.meter_pan AND t.base_date = want.base_date;
      next_tid := coalesce(last_tid, -1);
      FOR i IN 1..want.tid_count LOOP
        next_tid := next_tid_minutes(want.now_tid_minutes, next_tid);
        tid_minutes := tid_minutes || next_tid;
      END LOOP;
      IF next_tid > want.max_tid_minutes THEN
        kind := 'tid_ahead_of_clock';
      ELSE
        INSERT INTO meter_tid AS t (meter_pan, base_date, tid_minutes)
          VALUES (want.meter_pan, want.base_date, next_tid)
          ON CONFLICT (meter_pan, base_date) DO UPDATE SET tid_minutes = next_tid WHERE t.tid_minutes = last_tid;
        -- The claim keeps every other sale away from this meter; a server that names what a crash left is not kept away.
        IF NOT FOUND THEN kind := 'purchases_changed'; END IF;
      END IF;
    END IF;
    IF kind = 'claimed' THEN
      available := available - want.paid_minor;
      reserved := reserved + want.paid_minor;
    ELSE
      DELETE FROM vend_claim AS c WHERE c.claim_id = claim_vends_2.claim_id;
      claim_id := NULL;
    END IF;
    RETURN NEXT;
  END LOOP;
  IF reserved > 0 THEN
    UPDATE vendor SET reserved_minor = reserved_minor + reserved WHERE vendor_id = asking_vendor;
  END IF;
END
$$;`;

/** A looser rule is put in place of a narrower one without a look at the rows, which keep the narrower one already. */
function loosened(table: string, column: string, rule: string): string {
  return `ALTER TABLE ${table} DROP CONSTRAINT ${table}_${column}_check,
  ADD CONSTRAINT ${table}_${column}_check CHECK (${rule}) NOT VALID;`;
}

const POSTGRES = `
ALTER TABLE meter ADD COLUMN token_carrier_type integer NOT NULL DEFAULT 2 CHECK (token_carrier_type BETWEEN 0 AND 99);
ALTER TABLE meter ADD COLUMN key_expiry integer CHECK (key_expiry BETWEEN 0 AND 255);
ALTER TABLE meter ADD COLUMN stores_supply_group boolean NOT NULL DEFAULT false;
ALTER TABLE meter ADD COLUMN wanted_key text;
ALTER TABLE meter ADD COLUMN issued_key_change text;

-- token_no is the first token of the sale, and null where there is none; the others stand in further_token.
ALTER TABLE sale ALTER COLUMN token_no DROP NOT NULL;
${loosened('sale', 'paid_minor', `paid_minor BETWEEN 0 AND ${MOST}`)}
${loosened('sale', 'amount_deci_kwh', `amount_deci_kwh BETWEEN 0 AND ${MOST}`)}
${loosened('vend_claim', 'paid_minor', `paid_minor BETWEEN 0 AND ${MOST}`)}
CREATE TABLE further_token (
  sale_id text NOT NULL REFERENCES sale,
  token_no text NOT NULL CHECK (length(token_no) = 20)
);
CREATE INDEX further_token_by_number ON further_token (token_no);

ALTER TABLE meter_history ADD COLUMN last_at bigint;
-- The sale that made this version, and what the columns of the history were before it: what its reversal goes back to.
ALTER TABLE meter_history ADD COLUMN last_sale_id text;
ALTER TABLE meter_history ADD COLUMN before text;

-- Every key change that was issued: what the meter went from and to, and who has seen that it did.
CREATE TABLE key_change (
  sale_id text PRIMARY KEY REFERENCES sale,
  meter_pan text NOT NULL REFERENCES meter,
  changed_at bigint NOT NULL,
  from_key text NOT NULL,
  to_key text NOT NULL,
  three_sections boolean NOT NULL,
  confirmed_at bigint,
  confirmed_by text,
  CHECK ((confirmed_at IS NULL) = (confirmed_by IS NULL))
);
CREATE INDEX key_change_of_meter ON key_change (meter_pan, changed_at);

-- What the drawer took beyond a sale for want of small coins; below 0 in the customer's favour.
ALTER TABLE float_entry ADD COLUMN rounding_minor bigint NOT NULL DEFAULT 0;
${loosened('float_entry', 'kind', "kind IN ('sale', 'saleReversal', 'deposit', 'depositReversal', 'commission')")}
${sharedTables('bigint', '')}
${CLAIM_VENDS}
`;

export const VENDS: MigrationStep = { name: 'vends', sqlite: SQLITE, postgres: POSTGRES };
