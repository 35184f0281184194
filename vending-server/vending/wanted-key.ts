/**
 * What a meter's key shall be made of from its next key change on: another supply group, another tariff index, or both. One
 * meter, or all of a supply group in batches.
 */
import { isStsFault, StsFault } from '../../lib/faults.ts';
import { parseMeterNumber } from '../../lib/identity/meter-pan.ts';
import type { VendingKeyAttributes } from '../security-module/contract.ts';
import type { MeterRecord, WantedKey } from '../store/contract.ts';
import { changeMeter } from './change-meter.ts';
import type { Vending } from './context.ts';
import { servesMeter } from './key-plan.ts';

/** What is not named stays as the meter has it; null takes back what was wanted. */
export type WantedKeyRequest = {
  readonly supplyGroupCode?: string | undefined;
  readonly tariffIndex?: number | undefined;
} | null;

/** @throws StsFault of the meter's number, `meter_unknown`, `vending_key_unknown`, and those of store and module. */
export async function setWantedKey(
  vending: Vending,
  { meter: number, wantedKey }: { readonly meter: string; readonly wantedKey: WantedKeyRequest },
): Promise<MeterRecord> {
  const { meterPan } = parseMeterNumber(number);
  const { meter } = await wantOf(vending, meterPan, wantedKey);
  return meter;
}

export interface GroupRequest {
  readonly supplyGroupCode: string;
  readonly wantedKey: WantedKeyRequest;
  /** Only meters with this tariff index; all where it is left out. */
  readonly fromTariffIndex?: number | undefined;
  /** The MeterPAN after which to go on; '' to begin. */
  readonly after: string;
  /** How many meters this batch looks at. */
  readonly limit: number;
}

export interface GroupBatch {
  readonly looked: number;
  /** Meters that want something else than before. */
  readonly changed: number;
  /** Meters that no key of the wanted group is for, by their type, carrier or algorithm: they are left as they were. */
  readonly refused: number;
  /** Where the next batch begins; null when all meters have been looked at. */
  readonly next: string | null;
}

/** Meters whose records are changed side by side, so that they share a commit. */
const AT_ONCE = 64;

/**
 * One batch of a group's meters. Asked again it changes nothing more, so that a campaign which was cut off goes on anywhere.
 * @throws StsFault `vending_key_unknown`, and those of store and module; what was changed before stays changed.
 */
export async function setWantedKeys(vending: Vending, request: GroupRequest): Promise<GroupBatch> {
  const { supplyGroupCode, wantedKey, fromTariffIndex, after, limit } = request;
  if (wantedKey?.supplyGroupCode !== undefined)
    assertHeld(await vending.keys.keys(), wantedKey.supplyGroupCode, vending.clock.now());
  const page = await vending.store.keys.meterKeys({ supplyGroupCode, after, limit });
  const meters = page
    .map(({ meter }) => meter)
    .filter(({ tariffIndex }) => fromTariffIndex === undefined || tariffIndex === fromTariffIndex);
  const count = { changed: 0, same: 0, refused: 0 };
  for (let from = 0; from < meters.length; from += AT_ONCE) {
    const some = meters.slice(from, from + AT_ONCE);
    const fates = await Promise.all(some.map(({ meterPan }) => fateOf(vending, meterPan, wantedKey)));
    for (const fate of fates) count[fate] += 1;
  }
  const { changed, refused } = count;
  const last = page.at(-1);
  const next = page.length < limit || last === undefined ? null : last.meter.meterPan;
  return { looked: page.length, changed, refused, next };
}

async function fateOf(
  vending: Vending,
  meterPan: string,
  wantedKey: WantedKeyRequest,
): Promise<'changed' | 'same' | 'refused'> {
  try {
    return (await wantOf(vending, meterPan, wantedKey)).isNew ? 'changed' : 'same';
  } catch (error) {
    if (isStsFault(error) && error.code === 'vending_key_unknown') return 'refused';
    throw error;
  }
}

interface Wanting {
  readonly meter: MeterRecord;
  readonly isNew: boolean;
}

function wantOf(vending: Vending, meterPan: string, wantedKey: WantedKeyRequest): Promise<Wanting> {
  return changeMeter<Wanting>(vending, meterPan, async (meter, now) => {
    const wanted = wantedOf(meter, wantedKey);
    if (sameWanted(wanted, meter.wantedKey)) return { told: { meter, isNew: false } };
    if (wanted !== null && wanted.supplyGroupCode !== meter.supplyGroupCode)
      assertHeld(await vending.keys.keys(), wanted.supplyGroupCode, now, meter);
    const changed = { ...meter, wantedKey: wanted };
    return { change: { meter: changed }, told: { meter: changed, isNew: true } };
  });
}

/** Nothing is wanted of a meter that has it. */
function wantedOf(meter: MeterRecord, asked: WantedKeyRequest): WantedKey | null {
  if (asked === null) return null;
  const { supplyGroupCode = meter.supplyGroupCode, tariffIndex = meter.tariffIndex } = asked;
  const isHeld = supplyGroupCode === meter.supplyGroupCode && tariffIndex === meter.tariffIndex;
  return isHeld ? null : { supplyGroupCode, tariffIndex };
}

function sameWanted(a: WantedKey | null, b: WantedKey | null): boolean {
  return a?.supplyGroupCode === b?.supplyGroupCode && a?.tariffIndex === b?.tariffIndex;
}

/** Whether there is, or will be, a key under which a meter of the group is sold to: one that is not active yet counts. */
function assertHeld(
  keys: readonly VendingKeyAttributes[],
  supplyGroupCode: string,
  now: number,
  meter?: MeterRecord,
): void {
  const isHeld = keys.some(
    (key) =>
      key.supplyGroupCode === supplyGroupCode &&
      now < Date.parse(key.issueUntil) &&
      (meter === undefined || servesMeter(key, meter)),
  );
  if (!isHeld) throw new StsFault('vending_key_unknown', supplyGroupCode, { param: 'supplyGroupCode' });
}
