/** The tables of `operation-contract.ts`. */
import type { MigrationStep } from './step.ts';

const SQLITE = `
-- No sale is dated before this moment: it rises with the clock and never falls by itself.
CREATE TABLE clock_witness (
  only_one INTEGER PRIMARY KEY CHECK (only_one = 1),
  highest_at INTEGER NOT NULL CHECK (highest_at >= 0),
  looks INTEGER NOT NULL CHECK (looks >= 1)
) STRICT;

CREATE TABLE ledger_kind (
  only_one INTEGER PRIMARY KEY CHECK (only_one = 1),
  kind TEXT NOT NULL CHECK (kind IN ('live', 'sandbox'))
) STRICT;

CREATE TABLE vendor_certificate (
  vendor_id TEXT NOT NULL REFERENCES vendor,
  kind TEXT NOT NULL CHECK (kind IN ('fingerprint', 'subject')),
  value TEXT NOT NULL,
  PRIMARY KEY (vendor_id, kind, value)
) STRICT, WITHOUT ROWID;
`;

const POSTGRES = `
-- No sale is dated before this moment: it rises with the clock and never falls by itself.
CREATE TABLE clock_witness (
  only_one integer PRIMARY KEY CHECK (only_one = 1),
  highest_at bigint NOT NULL CHECK (highest_at >= 0),
  looks bigint NOT NULL CHECK (looks >= 1)
);

CREATE TABLE ledger_kind (
  only_one integer PRIMARY KEY CHECK (only_one = 1),
  kind text NOT NULL CHECK (kind IN ('live', 'sandbox'))
);

CREATE TABLE vendor_certificate (
  vendor_id text NOT NULL REFERENCES vendor,
  kind text COLLATE "C" NOT NULL CHECK (kind IN ('fingerprint', 'subject')),
  value text COLLATE "C" NOT NULL,
  PRIMARY KEY (vendor_id, kind, value)
);
`;

export const OPERATION: MigrationStep = { name: 'operation', sqlite: SQLITE, postgres: POSTGRES };
