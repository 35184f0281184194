/**
 * What somebody has seen of a meter after a key-change set: that it holds its new key, or that it still holds the one before.
 * And all sets that a meter was given.
 */
import { StsFault } from '../../lib/faults.ts';
import { parseMeterNumber } from '../../lib/identity/meter-pan.ts';
import type { IssuedKeyChange, MeterRecord, WantedKey } from '../store/contract.ts';
import type { KeyChangeRecord } from '../store/key-contract.ts';
import { changeMeter, type Decision } from './change-meter.ts';
import type { Vending } from './context.ts';
import { isSameDecoderKey } from './key-plan.ts';
import { findMeter } from './register-meter.ts';

export interface Sighting {
  readonly meter: string;
  /** The sale that the set came with. */
  readonly saleId: string;
  /** Who says so: `user:<id>` or `key:<id>`. */
  readonly by: string;
  /** null for the utility; a vendor speaks of its own sales alone. */
  readonly vendorId: string | null;
}

/** Most sets of one meter that are looked through for those of one change. */
const SETS_MOST = 1000;

/**
 * The meter holds the new key: the set is given no more, and the next one leads on from there. A second time changes nothing.
 * @throws StsFault of the meter's number, `meter_unknown`, `key_change_unknown`, `key_change_revoked`.
 */
export async function confirmKeyChange(vending: Vending, sighting: Sighting): Promise<KeyChangeRecord> {
  const { meterPan } = parseMeterNumber(sighting.meter);
  const { saleId, by } = sighting;
  return changeMeter<KeyChangeRecord>(vending, meterPan, async (meter, at) => {
    const row = await findOwn(vending, meter, sighting);
    if (row.revokedAt !== null) throw new StsFault('key_change_revoked', undefined, { param: 'saleId' });
    if (row.confirmedAt !== null) return { told: row };
    // The same set may have been given again since: whoever has seen the key has seen what all of them lead to.
    const pending = meter.issuedKeyChange;
    const isLast = pending !== null && isSameDecoderKey(pending.to, row.to);
    const saleIds = [...new Set(isLast ? [saleId, pending.saleId] : [saleId])];
    return {
      change: {
        meter: isLast ? { ...meter, issuedKeyChange: null } : meter,
        verdict: { kind: 'confirmed', saleIds, at, by },
      },
      told: { ...row, confirmedAt: at, confirmedBy: by },
    };
  });
}

/**
 * The meter still holds the old key: its record goes back to that one, and what it was to be changed to is wanted again.
 * What came with the set in its own sale is good again after the next set; once anything more was issued, only the same set
 * once more leads on. A second time changes nothing.
 * @throws StsFault of the meter's number, `meter_unknown`, `key_change_unknown`, `key_change_used`.
 */
export async function revokeKeyChange(vending: Vending, sighting: Sighting): Promise<KeyChangeRecord> {
  const { meterPan } = parseMeterNumber(sighting.meter);
  return changeMeter<KeyChangeRecord>(vending, meterPan, async (meter, at) => {
    const row = await findOwn(vending, meter, sighting);
    if (row.revokedAt !== null) return { told: row };
    return takenBack(meter, row, await earlierSets(vending, row), { at, by: sighting.by });
  });
}

function takenBack(
  meter: MeterRecord,
  row: KeyChangeRecord,
  earlier: readonly KeyChangeRecord[],
  { at, by }: { readonly at: number; readonly by: string },
): Decision<KeyChangeRecord> {
  const sets = sameSets(row, earlier);
  const isLast = row.lastSaleId === row.saleId && isSameDecoderKey(meter, row.to);
  if (!isLast || sets === undefined) throw new StsFault('key_change_used', undefined, { param: 'saleId' });
  const before = earlier.find((set) => !sets.includes(set));
  return {
    change: {
      meter: {
        ...meter,
        ...row.from,
        wantedKey: wantedAgain(meter, row),
        issuedKeyChange: pendingOf(before, row),
      },
      verdict: { kind: 'revoked', saleIds: sets.map(({ saleId }) => saleId), at, by },
    },
    told: { ...row, revokedAt: at, revokedBy: by },
  };
}

/** What was wanted since, else what the set was to lead to; nothing where the key before has it. */
function wantedAgain({ wantedKey }: MeterRecord, { from, to }: KeyChangeRecord): WantedKey | null {
  const { supplyGroupCode, tariffIndex } = wantedKey ?? to;
  const isHeld = supplyGroupCode === from.supplyGroupCode && tariffIndex === from.tariffIndex;
  return isHeld ? null : { supplyGroupCode, tariffIndex };
}

/**
 * The set and those before it that were the same set, given right one after the other.
 * @returns undefined when something else was issued between two of them.
 */
function sameSets(
  row: KeyChangeRecord,
  earlier: readonly KeyChangeRecord[],
): readonly KeyChangeRecord[] | undefined {
  const same = earlier.filter(
    ({ from, to }) => isSameDecoderKey(from, row.from) && isSameDecoderKey(to, row.to),
  );
  const sets = [row];
  for (const set of same) {
    if (sets.at(-1)?.previousSaleId !== set.saleId) return undefined;
    sets.push(set);
  }
  return sets;
}

/** The set that led to the key that the meter goes back to, where nobody has confirmed that one either. */
function pendingOf(before: KeyChangeRecord | undefined, row: KeyChangeRecord): IssuedKeyChange | null {
  if (before === undefined || before.confirmedAt !== null || !isSameDecoderKey(before.to, row.from))
    return null;
  const { saleId, changedAt, from, to, threeSections } = before;
  return { saleId, changedAt, from, to, threeSections };
}

/** Sets before this one that were not taken back, the newest first. */
async function earlierSets(
  { store }: Pick<Vending, 'store'>,
  { meterPan, saleId }: KeyChangeRecord,
): Promise<readonly KeyChangeRecord[]> {
  const sets = await store.keys.keyChanges(meterPan, saleId, SETS_MOST);
  return sets.filter(({ revokedAt }) => revokedAt === null);
}

/** A set of another meter, or for a vendor of another vendor, tells nothing. */
async function findOwn(
  { store }: Pick<Vending, 'store'>,
  { meterPan }: MeterRecord,
  { saleId, vendorId }: Sighting,
): Promise<KeyChangeRecord> {
  const row = await store.keys.findKeyChange(saleId);
  if (row?.meterPan === meterPan && (vendorId === null || row.vendorId === vendorId)) return row;
  throw new StsFault('key_change_unknown', undefined, { param: 'saleId' });
}

/** All sets that a meter was given, the newest first. @throws StsFault of the meter's number, `meter_unknown`. */
export async function keyChangesOf(
  vending: Pick<Vending, 'store'>,
  {
    meter,
    before,
    limit,
  }: { readonly meter: string; readonly before: string | null; readonly limit: number },
): Promise<readonly KeyChangeRecord[]> {
  const { meterPan } = await findMeter(vending, meter);
  return vending.store.keys.keyChanges(meterPan, before, limit);
}
