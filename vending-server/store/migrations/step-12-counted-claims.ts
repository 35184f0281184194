/**
 * What a claim counts against the limits of its day, so that limits hold for all servers of a database together; and claims
 * that look at less.
 */
import type { MigrationStep } from './step.ts';

/** In SQLite one process holds all claims, in memory. */
const SQLITE = '';

/**
 * As `claim_vends_2`, with the limits of the day: what is durable and what is claimed, of whatever server, is counted with
 * the vendor's row locked. All that is looked at before a claim is one statement, and all that is looked at again under it.
 *
 * The vendors' rows are waited for so long, 0 for as long as it takes, or not at all where it is null.
 *
 * Sales of one meter come one after the other and are reckoned again when one came between: no limit of a meter is passed.
 */
const CLAIM_VENDS = `
CREATE FUNCTION claim_vends_3(asking_server text, patience_millis integer, wanted json)
RETURNS TABLE (place integer, kind text, claim_id bigint, tid_minutes integer[], available_minor bigint,
  sale_id text, request_hash text, response_body text, response_digest text,
  limit_place integer, counted_sales bigint, counted_minor bigint, counted_deci_kwh bigint)
LANGUAGE plpgsql AS $$
#variable_conflict use_column
DECLARE
  asking_vendor text;
  available bigint;
  vendor_known boolean;
  vendor_busy boolean;
  reserved bigint := 0;
  want record;
  unchanged boolean;
  last_tid integer;
  next_tid integer;
BEGIN
  PERFORM set_config('synchronous_commit', 'off', true);
  IF patience_millis > 0 THEN PERFORM set_config('lock_timeout', patience_millis || 'ms', true); END IF;
  FOR want IN
    SELECT * FROM json_to_recordset(wanted) AS w(place integer, vendor_id text, request_id text, meter_pan text,
      paid_minor bigint, purchases_version bigint, tid_count integer, base_date text, now_tid_minutes integer,
      max_tid_minutes integer, day text, operator_id text, amount_deci_kwh bigint, limits json)
    ORDER BY w.vendor_id, w.meter_pan, w.place
  LOOP
    IF want.vendor_id IS DISTINCT FROM asking_vendor THEN
      IF reserved > 0 THEN
        UPDATE vendor SET reserved_minor = reserved_minor + reserved WHERE vendor_id = asking_vendor;
        reserved := 0;
      END IF;
      asking_vendor := want.vendor_id;
      IF patience_millis IS NOT NULL THEN
        SELECT float_minor + credit_limit_minor - reserved_minor INTO available
          FROM vendor WHERE vendor_id = asking_vendor FOR NO KEY UPDATE;
      ELSE
        SELECT float_minor + credit_limit_minor - reserved_minor INTO available
          FROM vendor WHERE vendor_id = asking_vendor FOR NO KEY UPDATE SKIP LOCKED;
      END IF;
      vendor_known := FOUND;
      vendor_busy := patience_millis IS NULL AND NOT FOUND AND EXISTS (SELECT 1 FROM vendor WHERE vendor_id = asking_vendor);
    END IF;
    place := want.place;
    SELECT
      CASE
        WHEN vendor_busy THEN 'busy'
        WHEN s.sale_id IS NOT NULL THEN 'exists'
        WHEN c.claim_id IS NOT NULL THEN 'in_progress'
        WHEN r.request_id IS NOT NULL THEN 'withdrawn'
        WHEN o.claim_id IS NOT NULL THEN 'in_progress'
        WHEN NOT vendor_known THEN 'vendor_unknown'
        WHEN m.meter_pan IS NULL THEN 'meter_unknown'
        WHEN coalesce(h.version, 0) <> want.purchases_version THEN 'purchases_changed'
      END,
      coalesce(c.claim_id, o.claim_id), NULL, NULL, s.sale_id, s.request_hash, s.response_body, s.response_digest, NULL
      INTO kind, claim_id, tid_minutes, available_minor, sale_id, request_hash, response_body, response_digest, limit_place
      FROM (VALUES (1)) AS one(row)
      LEFT JOIN sale AS s ON s.vendor_id = asking_vendor AND s.request_id = want.request_id
      LEFT JOIN vend_claim AS c ON c.vendor_id = asking_vendor AND c.request_id = want.request_id
      LEFT JOIN withdrawn_request AS r ON r.vendor_id = asking_vendor AND r.request_id = want.request_id
      LEFT JOIN vend_claim AS o ON o.meter_pan = want.meter_pan
      LEFT JOIN meter AS m ON m.meter_pan = want.meter_pan
      LEFT JOIN meter_history AS h ON h.meter_pan = want.meter_pan;
    IF kind IS NOT NULL THEN RETURN NEXT; CONTINUE; END IF;
    IF want.limits IS NOT NULL THEN
      -- A claim of an older server has no day: it counts on this one. What is held besides a claim is counted with it.
      SELECT 'limit_reached', l.place, counted.sales, counted.minor, counted.deci_kwh
        INTO kind, limit_place, counted_sales, counted_minor, counted_deci_kwh
        FROM json_to_recordset(want.limits) AS l(place integer, scope text, sales bigint, minor bigint, deci_kwh bigint)
        CROSS JOIN LATERAL (
          SELECT coalesce(sum(sales), 0)::bigint AS sales, coalesce(sum(paid_minor), 0)::bigint AS minor,
            coalesce(sum(amount_deci_kwh), 0)::bigint AS deci_kwh
          FROM (
            SELECT d.sales, d.paid_minor, d.amount_deci_kwh FROM day_count AS d
            WHERE d.scope = l.scope AND d.day = want.day
              AND d.subject = CASE l.scope WHEN 'vendor' THEN asking_vendor ELSE asking_vendor || '/' || want.operator_id END
            UNION ALL
            SELECT 1, c.paid_minor, c.amount_deci_kwh FROM vend_claim AS c
            WHERE c.vendor_id = asking_vendor AND coalesce(c.day, want.day) = want.day AND c.request_id NOT LIKE '%@besides'
              AND (l.scope = 'vendor' OR c.operator_id = want.operator_id)) AS each) AS counted
        WHERE counted.sales + 1 > l.sales OR counted.minor + want.paid_minor > l.minor
          OR counted.deci_kwh + want.amount_deci_kwh > l.deci_kwh
        ORDER BY l.place LIMIT 1;
      IF FOUND THEN RETURN NEXT; CONTINUE; END IF;
    END IF;
    IF want.paid_minor > available THEN
      kind := 'float_exhausted'; available_minor := available; RETURN NEXT; CONTINUE;
    END IF;
    INSERT INTO vend_claim AS c (server_id, vendor_id, request_id, meter_pan, paid_minor, day, operator_id, amount_deci_kwh)
      VALUES (asking_server, asking_vendor, want.request_id, want.meter_pan, want.paid_minor, want.day, want.operator_id,
        want.amount_deci_kwh)
      ON CONFLICT DO NOTHING RETURNING 'claimed', c.claim_id INTO kind, claim_id;
    -- Another vendor's claim of this meter came between the look and the insert: nobody knows its number here.
    IF NOT FOUND THEN kind := 'in_progress'; claim_id := NULL; RETURN NEXT; CONTINUE; END IF;
    -- Another vendor's sale to this meter may have ended between the look and the insert; from here on none can.
    SELECT coalesce(h.version, 0) = want.purchases_version, t.tid_minutes, '{}'
      INTO unchanged, last_tid, tid_minutes
      FROM (VALUES (1)) AS one(row)
      LEFT JOIN meter_history AS h ON h.meter_pan = want.meter_pan
      LEFT JOIN meter_tid AS t ON t.meter_pan = want.meter_pan AND t.base_date = want.base_date;
    IF NOT unchanged THEN
      kind := 'purchases_changed';
    ELSIF want.tid_count > 0 THEN
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
      DELETE FROM vend_claim AS c WHERE c.claim_id = claim_vends_3.claim_id;
      claim_id := NULL;
    END IF;
    RETURN NEXT;
  END LOOP;
  IF reserved > 0 THEN
    UPDATE vendor SET reserved_minor = reserved_minor + reserved WHERE vendor_id = asking_vendor;
  END IF;
END
$$;`;

/**
 * That a sale's meter is registered is what its claim makes sure of, and no meter is ever taken away. Checked again by a
 * reference, it costs each sale a lock that is written into the meter's row: one more page of a country's meters, at random.
 */
const POSTGRES = `
ALTER TABLE vend_claim ADD COLUMN day text;
ALTER TABLE vend_claim ADD COLUMN operator_id text;
ALTER TABLE vend_claim ADD COLUMN amount_deci_kwh bigint;
ALTER TABLE sale DROP CONSTRAINT sale_meter_pan_fkey;
ALTER TABLE meter_history DROP CONSTRAINT meter_history_meter_pan_fkey;
${CLAIM_VENDS}
`;

export const COUNTED_CLAIMS: MigrationStep = { name: 'counted claims', sqlite: SQLITE, postgres: POSTGRES };
