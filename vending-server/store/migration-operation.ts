/** The tables of `operation-contract.ts`. */
export const STEP_OPERATION = `
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
