/** Versions of the schema that follow on the present one, as a later release might bring them; for tests alone. */
import type { MigrationStep } from '../../vending-server/store/migrations/step.ts';
import { STEPS } from '../../vending-server/store/migrations.ts';

/** Adds: a column with a default, a table filled from what is there, an index. */
const EXPANDED: MigrationStep = {
  name: 'test: expanded',
  sqlite: '',
  postgres: `
ALTER TABLE sale ADD COLUMN channel text NOT NULL DEFAULT 'counter';
ALTER TABLE vendor ADD COLUMN region text;
CREATE TABLE vendor_note (vendor_id text PRIMARY KEY REFERENCES vendor, note text NOT NULL);
INSERT INTO vendor_note SELECT vendor_id, name FROM vendor;
CREATE INDEX sale_channel ON sale (channel, sold_at);`,
};

/** Takes away: a server that knows only the steps of today cannot live with it. */
const CONTRACTED: MigrationStep = {
  name: 'test: contracted',
  sqlite: '',
  postgres: 'ALTER TABLE api_key RENAME COLUMN label TO purpose;',
  needsServersKnowing: STEPS.length + 1,
};

const LISTS = {
  present: STEPS,
  expanded: [...STEPS, EXPANDED],
  contracted: [...STEPS, EXPANDED, CONTRACTED],
} as const satisfies Record<string, readonly MigrationStep[]>;

export type StepsName = keyof typeof LISTS;

export function stepsNamed(name: StepsName): readonly MigrationStep[] {
  return LISTS[name];
}
