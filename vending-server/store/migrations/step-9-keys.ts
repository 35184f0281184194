/**
 * Key changes that were taken back, which sale of a meter came before each, and meters by their supply group: a campaign
 * goes through one group after another.
 */
import type { MigrationStep } from './step.ts';

function addedTo(moment: string): string {
  return `
-- Who has seen that the meter still holds the key before; the record of the meter went back to that one.
ALTER TABLE key_change ADD COLUMN revoked_at ${moment};
ALTER TABLE key_change ADD COLUMN revoked_by TEXT CHECK ((revoked_at IS NULL) = (revoked_by IS NULL));
-- The sale to this meter before the one with the set: null for its first, and where it is not known.
ALTER TABLE key_change ADD COLUMN previous_sale_id TEXT;
-- Of the meter's purchases before it, which rises by each sale: the order of a meter's sets, whatever the clocks of two servers
-- say. Null for those from before there was this column.
ALTER TABLE key_change ADD COLUMN meter_version ${moment};
CREATE INDEX meter_of_group ON meter (supply_group_code, meter_pan);
`;
}

export const KEYS: MigrationStep = { name: 'keys', sqlite: addedTo('INTEGER'), postgres: addedTo('bigint') };
