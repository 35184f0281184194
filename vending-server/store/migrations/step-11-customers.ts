/** Whose meters they are, found by words; what vendors report of them; and that somebody has seen a sale's tokens. */

import type { MigrationStep } from './step.ts';
import { SALE_ADVICE_TRIGGERS } from './step-10-issue.ts';

const STATES = "state IN ('unseen', 'seen', 'confirmed', 'reversed')";

const SQLITE = `
CREATE TABLE sale_advice_next (
  sale_id TEXT PRIMARY KEY REFERENCES sale,
  state TEXT NOT NULL CHECK (${STATES}),
  told_at INTEGER NOT NULL,
  told_by TEXT NOT NULL,
  note TEXT NOT NULL
) STRICT, WITHOUT ROWID;
INSERT INTO sale_advice_next SELECT sale_id, state, told_at, told_by, note FROM sale_advice;
DROP TABLE sale_advice;
-- Names a table that is not there for a moment.
DROP TRIGGER reversed_is_not_replaced;
ALTER TABLE sale_advice_next RENAME TO sale_advice;
${SALE_ADVICE_TRIGGERS}
CREATE INDEX sale_reversed ON sale_advice (sale_id) WHERE state = 'reversed';
CREATE INDEX sale_unseen ON sale_advice (sale_id) WHERE state = 'unseen';

CREATE TABLE customer (
  meter_pan TEXT PRIMARY KEY REFERENCES meter,
  name TEXT,
  -- JSON of the lines.
  address TEXT NOT NULL,
  account TEXT,
  location_reference TEXT,
  reference TEXT,
  phone TEXT,
  email TEXT,
  language TEXT,
  notify INTEGER NOT NULL CHECK (notify IN (0, 1)),
  updated_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- Every word by which a customer is found, without case and accents.
CREATE TABLE customer_word (
  word TEXT NOT NULL,
  meter_pan TEXT NOT NULL REFERENCES customer,
  PRIMARY KEY (word, meter_pan)
) STRICT, WITHOUT ROWID;
CREATE INDEX customer_word_of_meter ON customer_word (meter_pan, word);

CREATE TABLE fault_report (
  report_id INTEGER PRIMARY KEY,
  vendor_id TEXT NOT NULL REFERENCES vendor,
  request_id TEXT NOT NULL,
  meter_pan TEXT NOT NULL REFERENCES meter,
  kind TEXT NOT NULL,
  text TEXT NOT NULL,
  reported_at INTEGER NOT NULL,
  reported_by TEXT NOT NULL,
  state TEXT NOT NULL CHECK (state IN ('open', 'underWay', 'closed')),
  note TEXT NOT NULL,
  changed_at INTEGER,
  changed_by TEXT,
  UNIQUE (vendor_id, request_id)
) STRICT;
CREATE INDEX fault_report_of_vendor ON fault_report (vendor_id, report_id);
CREATE INDEX fault_report_by_state ON fault_report (state, report_id);
`;

const POSTGRES = `
ALTER TABLE sale_advice DROP CONSTRAINT sale_advice_state_check,
  ADD CONSTRAINT sale_advice_state_check CHECK (${STATES}) NOT VALID;
CREATE INDEX sale_reversed ON sale_advice (sale_id) WHERE state = 'reversed';
CREATE INDEX sale_unseen ON sale_advice (sale_id) WHERE state = 'unseen';

CREATE TABLE customer (
  meter_pan text PRIMARY KEY REFERENCES meter,
  name text,
  -- JSON of the lines.
  address text NOT NULL,
  account text,
  location_reference text,
  reference text,
  phone text,
  email text,
  language text,
  notify boolean NOT NULL,
  updated_at bigint NOT NULL
);

-- Every word by which a customer is found, without case and accents.
CREATE TABLE customer_word (
  word text COLLATE "C" NOT NULL,
  meter_pan text NOT NULL REFERENCES customer,
  PRIMARY KEY (word, meter_pan)
);
CREATE INDEX customer_word_of_meter ON customer_word (meter_pan, word);

CREATE TABLE fault_report (
  report_id bigint PRIMARY KEY GENERATED ALWAYS AS IDENTITY,
  vendor_id text NOT NULL REFERENCES vendor,
  request_id text NOT NULL,
  meter_pan text NOT NULL REFERENCES meter,
  kind text NOT NULL,
  text text NOT NULL,
  reported_at bigint NOT NULL,
  reported_by text NOT NULL,
  state text NOT NULL CHECK (state IN ('open', 'underWay', 'closed')),
  note text NOT NULL,
  changed_at bigint,
  changed_by text,
  UNIQUE (vendor_id, request_id)
);
CREATE INDEX fault_report_of_vendor ON fault_report (vendor_id, report_id);
CREATE INDEX fault_report_by_state ON fault_report (state, report_id);
`;

export const CUSTOMERS: MigrationStep = { name: 'customers', sqlite: SQLITE, postgres: POSTGRES };
