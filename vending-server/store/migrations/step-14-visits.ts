/**
 * Visits of customers who show a receipt, since when a meter is whose it is now, and how a customer wants to be told that
 * little is left. Triggers keep the last two in step with `customer`, also for what an older server writes there.
 */
import type { MigrationStep } from './step.ts';

/** The same reference, or the same name where one of the two says no reference, or nothing but the same account. */
const isSamePerson = (no: string) => `(coalesce(OLD.reference = NEW.reference, ${no})
    OR coalesce(OLD.name = NEW.name AND (OLD.reference IS NULL OR NEW.reference IS NULL), ${no})
    OR coalesce(OLD.account = NEW.account AND coalesce(OLD.name, NEW.name, OLD.reference, NEW.reference) IS NULL, ${no}))`;

const tables = (moment: string, yes: string, options: string) => `
-- Where there is no row, everything that was sold to the meter is its customer's.
CREATE TABLE meter_holder (
  meter_pan TEXT PRIMARY KEY REFERENCES meter,
  since ${moment} NOT NULL
)${options};
INSERT INTO meter_holder (meter_pan, since) SELECT meter_pan, updated_at FROM customer;

CREATE TABLE customer_visit (
  visit_hash TEXT PRIMARY KEY CHECK (length(visit_hash) = 64),
  meter_pan TEXT NOT NULL REFERENCES meter,
  -- The receipt that was shown.
  sale_id TEXT NOT NULL,
  sold_at ${moment} NOT NULL,
  opened_at ${moment} NOT NULL,
  ends_at ${moment} NOT NULL
)${options};
CREATE INDEX customer_visit_by_end ON customer_visit (ends_at);
CREATE INDEX customer_visit_of_meter ON customer_visit (meter_pan);

CREATE TABLE low_balance_choice (
  meter_pan TEXT PRIMARY KEY REFERENCES meter,
  is_told ${yes} NOT NULL,
  below_deci_kwh ${moment} NOT NULL,
  channel TEXT NOT NULL CHECK (channel IN ('sms', 'email')),
  -- A number or an address of its own; null for the one that is registered.
  target TEXT,
  language TEXT NOT NULL,
  by_day ${yes} NOT NULL,
  changed_at ${moment} NOT NULL,
  -- The report that was told last.
  told_at ${moment},
  told_request_id TEXT
)${options};
`;

/** Messages to a number of his own go too; those to the registered one go with the registration. */
const taken = (meterPan: string) => `DELETE FROM notification WHERE channel IN ('sms', 'email')
    AND target IN (SELECT target FROM low_balance_choice WHERE meter_pan = ${meterPan});
  DELETE FROM customer_visit WHERE meter_pan = ${meterPan};
  DELETE FROM low_balance_choice WHERE meter_pan = ${meterPan};`;

const SQLITE = `
${tables('INTEGER', 'INTEGER', ' STRICT, WITHOUT ROWID')}
CREATE TRIGGER customer_comes AFTER INSERT ON customer BEGIN
  INSERT INTO meter_holder (meter_pan, since) VALUES (NEW.meter_pan, NEW.updated_at)
    ON CONFLICT (meter_pan) DO UPDATE SET since = excluded.since;
  ${taken('NEW.meter_pan')}
END;
CREATE TRIGGER customer_changes AFTER UPDATE ON customer WHEN NOT ${isSamePerson('0')} BEGIN
  INSERT INTO meter_holder (meter_pan, since) VALUES (NEW.meter_pan, NEW.updated_at)
    ON CONFLICT (meter_pan) DO UPDATE SET since = excluded.since;
  ${taken('NEW.meter_pan')}
END;
-- What was bought until then is nobody's to see any more.
CREATE TRIGGER customer_goes AFTER DELETE ON customer BEGIN
  INSERT INTO meter_holder (meter_pan, since) VALUES (OLD.meter_pan, max(OLD.updated_at,
      coalesce((SELECT last_at + 1 FROM meter_history WHERE meter_pan = OLD.meter_pan), 0)))
    ON CONFLICT (meter_pan) DO UPDATE SET since = excluded.since;
  ${taken('OLD.meter_pan')}
END;
`;

const POSTGRES = `
${tables('bigint', 'boolean', '')}
CREATE FUNCTION customer_changed_1() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
  meter text := CASE TG_OP WHEN 'DELETE' THEN OLD.meter_pan ELSE NEW.meter_pan END;
  moment bigint;
BEGIN
  IF TG_OP = 'UPDATE' AND ${isSamePerson('false')} THEN RETURN NULL; END IF;
  IF TG_OP = 'DELETE' THEN
    -- What was bought until then is nobody's to see any more.
    moment := greatest(OLD.updated_at, (SELECT last_at + 1 FROM meter_history WHERE meter_pan = meter));
  ELSE
    moment := NEW.updated_at;
  END IF;
  INSERT INTO meter_holder (meter_pan, since) VALUES (meter, moment)
    ON CONFLICT (meter_pan) DO UPDATE SET since = excluded.since;
  ${taken('meter')}
  RETURN NULL;
END
$$;
CREATE TRIGGER customer_changed AFTER INSERT OR UPDATE OR DELETE ON customer
  FOR EACH ROW EXECUTE FUNCTION customer_changed_1();
`;

export const VISITS: MigrationStep = { name: 'visits', sqlite: SQLITE, postgres: POSTGRES };
