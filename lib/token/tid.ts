/**
 * The token identifier (TID): 24 bits, whole UTC minutes since the base date (sts.md 1.3). The meter has no clock; it
 * only needs TIDs to be unique and rising, and that is what these functions are for.
 */
import { assertInteger } from '../assert.ts';
import { StsFault } from '../faults.ts';
import type { BaseDate } from '../identity/attributes.ts';

export const TID_MAX = 0xff_ffff;

const MINUTE_MILLIS = 60_000;
const MINUTES_PER_DAY = 1440;
const EPOCH_MILLIS: Readonly<Record<BaseDate, number>> = {
  '93': Date.UTC(1993, 0, 1),
  '14': Date.UTC(2014, 0, 1),
  '35': Date.UTC(2035, 0, 1),
};

/**
 * The TID of a moment, seconds dropped. Nothing is skipped here: see `nextTidMinutes` for what may be issued.
 * @param epochMillis - milliseconds since 1970 UTC.
 * @throws StsFault `date_out_of_range` before the base date and after its 2^24 minutes (31 years and 328 days).
 */
export function tidMinutesAt(epochMillis: number, baseDate: BaseDate): number {
  const tid = Math.floor((epochMillis - EPOCH_MILLIS[baseDate]) / MINUTE_MILLIS);
  if (!Number.isInteger(tid) || tid < 0 || tid > TID_MAX) throw outOfRange(baseDate);
  return tid;
}

/** The moment a TID stands for, milliseconds since 1970 UTC. */
export function dateOfTid(tidMinutes: number, baseDate: BaseDate): number {
  assertInteger(tidMinutes, 0, TID_MAX, 'tidMinutes');
  return EPOCH_MILLIS[baseDate] + tidMinutes * MINUTE_MILLIS;
}

/** 00:01 of every day is the SpecialReservedTokenIdentifier: ordinary tokens pass over it. */
export function isReservedMinute(tidMinutes: number): boolean {
  return tidMinutes % MINUTES_PER_DAY === 1;
}

/**
 * The next TID that may be issued to a meter: this minute's, or the one after the last where that is taken, and never a
 * reserved minute.
 * @param nowTidMinutes - the TID of the present minute.
 * @param lastTidMinutes - the last TID given to this meter on this base date, -1 when there is none.
 * @throws StsFault `date_out_of_range` when the 24 bits of the base date are used up.
 */
export function nextTidMinutes(nowTidMinutes: number, lastTidMinutes: number): number {
  assertInteger(nowTidMinutes, 0, TID_MAX, 'nowTidMinutes');
  assertInteger(lastTidMinutes, -1, TID_MAX, 'lastTidMinutes');
  let tid = Math.max(nowTidMinutes, lastTidMinutes + 1);
  if (isReservedMinute(tid)) tid += 1;
  if (tid > TID_MAX) throw outOfRange();
  return tid;
}

/**
 * Whether a TID lies past the key expiry number: the comparison is with its top byte, so that a key with KEN k carries
 * TIDs up to (k << 16) | FFFF (sts.md 1.2).
 */
export function isExpired(tidMinutes: number, keyExpiry: number): boolean {
  return tidMinutes >>> 16 > keyExpiry;
}

function outOfRange(baseDate?: BaseDate): StsFault {
  const where = baseDate === undefined ? 'the base date has no minutes left' : `base date ${baseDate}`;
  return new StsFault('date_out_of_range', where);
}
