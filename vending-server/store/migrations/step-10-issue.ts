/**
 * What is given without money: which token a replacement stands for, which meter took another one's place, and how much the
 * ledger ever sold to a meter, which bounds what may be moved to the next one.
 */
import { type MigrationStep, MOST } from './step.ts';

/** What a released token carries, by its statement in the chain; sales from before there were statements had one token. */
const CARRIED_DECI_KWH = `CASE
  WHEN e.statement = '' THEN s.amount_deci_kwh
  WHEN e.statement LIKE 'creditElectricity %'
    THEN CAST(substr(e.statement, 19, instr(substr(e.statement, 19), ' ') - 1) AS INTEGER)
  ELSE 0 END`;
const CARRIED_MONEY = `CASE
  WHEN e.statement LIKE 'currencyCredit electricity:%'
    THEN CAST(substr(e.statement, 28, instr(substr(e.statement, 28), ' ') - 1) AS INTEGER)
  ELSE 0 END`;
const CARRIED_BY_SALE = `(SELECT sum(${CARRIED_DECI_KWH}) AS deci_kwh, sum(${CARRIED_MONEY}) AS money, s.meter_pan
  FROM chain_entry AS e JOIN sale AS s ON s.sale_id = e.sale_id WHERE e.sale_id = NEW.sale_id)`;
/** A sale that was taken back gave nothing. */
const NOT_SOLD = `BEGIN
  UPDATE meter_history AS h SET sold_deci_kwh = h.sold_deci_kwh - c.deci_kwh,
    sold_hundred_thousandth = h.sold_hundred_thousandth - c.money
  FROM ${CARRIED_BY_SALE} AS c WHERE h.meter_pan = c.meter_pan;
END;`;

/** Of SQLite; a later step that makes the table anew makes them anew. */
export const SALE_ADVICE_TRIGGERS = `
-- Whoever takes a sale back and whoever replaces its token must not both succeed.
CREATE TRIGGER reversed_is_not_replaced BEFORE INSERT ON replaced_token
  WHEN EXISTS (SELECT 1 FROM sale_advice WHERE sale_id = NEW.sale_id AND state = 'reversed')
BEGIN SELECT raise(ABORT, 'the sale was reversed'); END;
CREATE TRIGGER replaced_is_not_reversed BEFORE INSERT ON sale_advice
  WHEN NEW.state = 'reversed' AND EXISTS (SELECT 1 FROM replaced_token WHERE sale_id = NEW.sale_id)
BEGIN SELECT raise(ABORT, 'a token of the sale was replaced'); END;
CREATE TRIGGER replaced_is_not_reversed_later BEFORE UPDATE OF state ON sale_advice
  WHEN NEW.state = 'reversed' AND EXISTS (SELECT 1 FROM replaced_token WHERE sale_id = NEW.sale_id)
BEGIN SELECT raise(ABORT, 'a token of the sale was replaced'); END;
CREATE TRIGGER reversed_is_not_sold AFTER INSERT ON sale_advice WHEN NEW.state = 'reversed'
${NOT_SOLD}
CREATE TRIGGER reversed_is_not_sold_later AFTER UPDATE OF state ON sale_advice
  WHEN NEW.state = 'reversed' AND OLD.state <> 'reversed'
${NOT_SOLD}
`;

const SQLITE = `
ALTER TABLE meter ADD COLUMN replaced_by TEXT REFERENCES meter;
ALTER TABLE meter ADD COLUMN replaces TEXT REFERENCES meter;

-- What all released tokens of the meter carry, without those that were replaced or taken back.
ALTER TABLE meter_history ADD COLUMN sold_deci_kwh INTEGER NOT NULL DEFAULT 0 CHECK (sold_deci_kwh BETWEEN 0 AND ${MOST});
ALTER TABLE meter_history ADD COLUMN sold_hundred_thousandth INTEGER NOT NULL DEFAULT 0
  CHECK (sold_hundred_thousandth BETWEEN 0 AND ${MOST});
UPDATE meter_history AS h SET sold_deci_kwh = c.deci_kwh, sold_hundred_thousandth = c.money
  FROM (SELECT s.meter_pan, sum(${CARRIED_DECI_KWH}) AS deci_kwh, sum(${CARRIED_MONEY}) AS money
    FROM chain_entry AS e JOIN sale AS s ON s.sale_id = e.sale_id
    WHERE NOT EXISTS (SELECT 1 FROM sale_advice AS a WHERE a.sale_id = s.sale_id AND a.state = 'reversed')
    GROUP BY s.meter_pan) AS c
  WHERE h.meter_pan = c.meter_pan;

-- A token is replaced once and for ever. place counts the tokens of the answer, from 1.
CREATE TABLE replaced_token (
  sale_id TEXT NOT NULL REFERENCES sale,
  place INTEGER NOT NULL CHECK (place >= 1),
  module_id TEXT NOT NULL,
  counter INTEGER NOT NULL,
  by_sale_id TEXT NOT NULL UNIQUE REFERENCES sale,
  PRIMARY KEY (sale_id, place),
  UNIQUE (module_id, counter)
) STRICT, WITHOUT ROWID;

${SALE_ADVICE_TRIGGERS}`;

const POSTGRES = `
ALTER TABLE meter ADD COLUMN replaced_by text REFERENCES meter;
ALTER TABLE meter ADD COLUMN replaces text REFERENCES meter;

-- A token is replaced once and for ever. place counts the tokens of the answer, from 1.
CREATE TABLE replaced_token (
  sale_id text NOT NULL REFERENCES sale,
  place integer NOT NULL CHECK (place >= 1),
  module_id text NOT NULL,
  counter bigint NOT NULL,
  by_sale_id text NOT NULL UNIQUE REFERENCES sale,
  PRIMARY KEY (sale_id, place),
  UNIQUE (module_id, counter)
);

-- Whoever takes a sale back and whoever replaces its token must not both succeed: the second waits for the first one's row.
CREATE FUNCTION replaced_or_reversed_1() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  PERFORM 1 FROM sale WHERE sale_id = NEW.sale_id FOR UPDATE;
  IF TG_TABLE_NAME = 'replaced_token' THEN
    PERFORM 1 FROM sale_advice WHERE sale_id = NEW.sale_id AND state = 'reversed';
  ELSE
    PERFORM 1 FROM replaced_token WHERE sale_id = NEW.sale_id;
  END IF;
  IF FOUND THEN
    RAISE EXCEPTION 'one sale is not both reversed and replaced'
      USING ERRCODE = 'check_violation', CONSTRAINT = 'replaced_or_reversed';
  END IF;
  RETURN NEW;
END
$$;
CREATE TRIGGER reversed_is_not_replaced BEFORE INSERT ON replaced_token
  FOR EACH ROW EXECUTE FUNCTION replaced_or_reversed_1();
CREATE TRIGGER replaced_is_not_reversed BEFORE INSERT OR UPDATE ON sale_advice
  FOR EACH ROW WHEN (NEW.state = 'reversed') EXECUTE FUNCTION replaced_or_reversed_1();
`;

export const ISSUE: MigrationStep = { name: 'issue', sqlite: SQLITE, postgres: POSTGRES };
