/**
 * Tokens of every purpose: an entry says what its token is, sections of a key change carry no TID, and a sale may have
 * several tokens.
 */
import type { MigrationStep } from './step.ts';

const SQLITE = `
CREATE TABLE chain_entry_next (
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
  base_date TEXT NOT NULL CHECK (base_date IN ('93', '14', '35')),
  tid_minutes INTEGER CHECK (tid_minutes BETWEEN 0 AND 16777215),
  statement TEXT NOT NULL,
  PRIMARY KEY (module_id, counter),
  UNIQUE (meter_pan, base_date, tid_minutes),
  CHECK ((state = 'released') = (sale_id IS NOT NULL))
) STRICT, WITHOUT ROWID;
INSERT INTO chain_entry_next
  SELECT module_id, counter, sale_digest, token_digest, previous_hash, entry_hash, signature, state, sale_id, meter_pan,
    base_date, tid_minutes, '' FROM chain_entry;
DROP TABLE chain_entry;
ALTER TABLE chain_entry_next RENAME TO chain_entry;
CREATE INDEX chain_entry_of_sale ON chain_entry (sale_id);
`;

const POSTGRES = `
ALTER TABLE chain_entry ADD COLUMN statement text NOT NULL DEFAULT '';
ALTER TABLE chain_entry ALTER COLUMN tid_minutes DROP NOT NULL;
ALTER TABLE chain_entry DROP CONSTRAINT chain_entry_sale_id_key;
CREATE INDEX chain_entry_of_sale ON chain_entry (sale_id);
`;

export const TOKEN_STATEMENT: MigrationStep = { name: 'token statement', sqlite: SQLITE, postgres: POSTGRES };
