/** Tariffs as dated versions, and what each meter has bought and owes. */
import { type MigrationStep, MOST } from './step.ts';

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

const SQLITE = `
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

/** The rule of `nextTidMinutes` in lib/token/tid.ts, of which a test holds both to the same answers. */
const NEXT_TID = `
CREATE FUNCTION next_tid_minutes(now_tid_minutes integer, last_tid_minutes integer) RETURNS integer
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
  SELECT CASE WHEN tid % 1440 = 1 THEN tid + 1 ELSE tid END
  FROM (SELECT greatest(now_tid_minutes, last_tid_minutes + 1) AS tid) AS wanted
$$;`;

/**
 * Claims, each refused or granted by itself, in the order of the contract. A vendor's row is locked before its first claim, so
 * that nothing of this vendor is sold meanwhile; without `wait`, a vendor whose row somebody else holds is left out as
 * `busy`, and no vendor waits for another one's lock. The commit does not wait for the disk with the rows locked: whoever
 * asked waits for that afterwards, before a token is made on the claim. What another vendor does to the same meter is looked
 * at again under the claim.
 *
 * A function of the schema is never replaced: a later step adds `claim_vends_2` beside it, and old servers go on calling
 * this one.
 */
const CLAIM_VENDS = `
CREATE FUNCTION claim_vends_1(asking_server text, wait boolean, wanted json)
RETURNS TABLE (place integer, kind text, claim_id bigint, tid_minutes integer, available_minor bigint,
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
BEGIN
  PERFORM set_config('synchronous_commit', 'off', true);
  FOR want IN
    SELECT * FROM json_to_recordset(wanted) AS w(place integer, vendor_id text, request_id text, meter_pan text,
      paid_minor bigint, purchases_version bigint, base_date text, now_tid_minutes integer, max_tid_minutes integer)
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
    IF coalesce((SELECT h.version FROM meter_history AS h WHERE h.meter_pan = want.meter_pan), 0)
        <> want.purchases_version THEN
      kind := 'purchases_changed';
    ELSE
      INSERT INTO meter_tid AS t (meter_pan, base_date, tid_minutes)
        SELECT want.meter_pan, want.base_date, next_tid_minutes(want.now_tid_minutes, -1)
        WHERE next_tid_minutes(want.now_tid_minutes, -1) <= want.max_tid_minutes
        ON CONFLICT (meter_pan, base_date) DO UPDATE
          SET tid_minutes = next_tid_minutes(want.now_tid_minutes, t.tid_minutes)
          WHERE next_tid_minutes(want.now_tid_minutes, t.tid_minutes) <= want.max_tid_minutes
        RETURNING t.tid_minutes INTO tid_minutes;
      IF NOT FOUND THEN kind := 'tid_ahead_of_clock'; END IF;
    END IF;
    IF kind = 'claimed' THEN
      available := available - want.paid_minor;
      reserved := reserved + want.paid_minor;
    ELSE
      DELETE FROM vend_claim AS c WHERE c.claim_id = claim_vends_1.claim_id;
      claim_id := NULL;
    END IF;
    RETURN NEXT;
  END LOOP;
  IF reserved > 0 THEN
    UPDATE vendor SET reserved_minor = reserved_minor + reserved WHERE vendor_id = asking_vendor;
  END IF;
END
$$;`;

/** Ends claims of one vendor that came to nothing; those that have ended already are passed over. */
const RELEASE_CLAIMS = `
CREATE FUNCTION release_claims_1(of_vendor text, claims bigint[]) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
  given_back bigint;
BEGIN
  PERFORM 1 FROM vendor WHERE vendor_id = of_vendor FOR NO KEY UPDATE;
  WITH ended AS (DELETE FROM vend_claim WHERE vendor_id = of_vendor AND claim_id = ANY (claims) RETURNING paid_minor)
  SELECT sum(paid_minor) INTO given_back FROM ended;
  IF given_back IS NOT NULL THEN
    UPDATE vendor SET reserved_minor = reserved_minor - given_back WHERE vendor_id = of_vendor;
  END IF;
END
$$;`;

const POSTGRES = `
CREATE TABLE tariff_version (
  tariff_id text NOT NULL REFERENCES tariff,
  valid_from bigint NOT NULL CHECK (valid_from >= 0),
  terms text NOT NULL,
  PRIMARY KEY (tariff_id, valid_from)
);

-- What a tariff may look at of a meter's past. Money that is carried has fractions of a cent: exact decimal text.
CREATE TABLE meter_history (
  meter_pan text PRIMARY KEY REFERENCES meter,
  version bigint NOT NULL CHECK (version >= 1),
  month text NOT NULL,
  month_units_deci_kwh bigint NOT NULL CHECK (month_units_deci_kwh BETWEEN 0 AND ${MOST}),
  free_units_month text NOT NULL,
  carried_minor text NOT NULL,
  charges text NOT NULL
) WITH (fillfactor = 80);

CREATE TABLE debt (
  debt_id text PRIMARY KEY,
  meter_pan text NOT NULL REFERENCES meter,
  label text NOT NULL,
  opened_minor bigint NOT NULL CHECK (opened_minor BETWEEN 1 AND ${MOST}),
  balance_minor bigint NOT NULL CHECK (balance_minor BETWEEN 0 AND opened_minor),
  recovery text NOT NULL,
  opened_at bigint NOT NULL
);
CREATE INDEX debt_of_meter ON debt (meter_pan, opened_at, debt_id);
${NEXT_TID}
${CLAIM_VENDS}
${RELEASE_CLAIMS}
`;

export const TARIFFS: MigrationStep = { name: 'tariffs', sqlite: SQLITE, postgres: POSTGRES };
