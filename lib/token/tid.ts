/**
 * The token identifier (TID): 24 bits, whole UTC minutes since the base date (sts.md 1.3). The meter has no clock; it
 * only needs TIDs to be unique and rising, and that is what these functions are for.
 */
import { assertInteger, assertNumber } from '../assert.ts';
import { StsFault } from '../faults.ts';
import { assertBaseDate, assertKeyExpiry, BASE_DATES, type BaseDate } from '../identity/attributes.ts';

/** 24 bits: a base date ends with this minute. */
export const TID_MAX = 0xff_ffff;

/** The latest reserved minute that the 24 bits hold. */
export const LAST_RESERVED_TID = 16_776_001;

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
  assertNumber(epochMillis, 'epochMillis');
  // Looked up only when it is one of the three: an array of '14' would pass for '14' as the name of a property.
  if (!BASE_DATES.includes(baseDate)) {
    throw new StsFault('date_out_of_range', 'the base date is unknown', { param: 'baseDate' });
  }
  const tid = Math.floor((epochMillis - EPOCH_MILLIS[baseDate]) / MINUTE_MILLIS);
  if (!Number.isInteger(tid) || tid < 0 || tid > TID_MAX) throw outOfRange(baseDate);
  return tid;
}

/** The moment a TID stands for, milliseconds since 1970 UTC. @throws TypeError, RangeError when an argument is out of range. */
export function dateOfTid(tidMinutes: number, baseDate: BaseDate): number {
  assertInteger(tidMinutes, 0, TID_MAX, 'tidMinutes');
  assertBaseDate(baseDate);
  return EPOCH_MILLIS[baseDate] + tidMinutes * MINUTE_MILLIS;
}

/**
 * 00:01 of every day is the SpecialReservedTokenIdentifier: ordinary tokens pass over it (sts.md 1.3).
 * @throws TypeError, RangeError when the TID is out of its 24 bits.
 */
export function isReservedMinute(tidMinutes: number): boolean {
  assertInteger(tidMinutes, 0, TID_MAX, 'tidMinutes');
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
  if (tid > TID_MAX) throw outOfRange();
  // The last minute of 24 bits is no reserved one, so that there is one after every reserved one.
  if (isReservedMinute(tid)) tid += 1;
  return tid;
}

/**
 * The next special reserved TID for a meter, by right alone (open question D2): 00:01 of the present day, or of the first
 * later day where the meter's TIDs have passed it, so that they rise all the same; one a day at most (sts.md 1.3).
 * @param nowTidMinutes - the TID of the present minute.
 * @param lastTidMinutes - the last TID given to this meter on this base date, -1 when there is none.
 * @throws StsFault `date_out_of_range` when the base date has no such minute left. @throws RangeError, TypeError when a TID
 *   is out of its 24 bits.
 */
export function nextReservedTidMinutes(nowTidMinutes: number, lastTidMinutes: number): number {
  assertInteger(nowTidMinutes, 0, TID_MAX, 'nowTidMinutes');
  assertInteger(lastTidMinutes, -1, TID_MAX, 'lastTidMinutes');
  const dayOfNow = Math.floor(nowTidMinutes / MINUTES_PER_DAY);
  const dayAfterLast = Math.ceil(lastTidMinutes / MINUTES_PER_DAY);
  const tid = Math.max(dayOfNow, dayAfterLast) * MINUTES_PER_DAY + 1;
  if (tid > LAST_RESERVED_TID) throw outOfRange();
  return tid;
}

/**
 * The last minute in which a key may issue tokens with a TID, milliseconds since 1970 UTC (sts.md 1.2): KEN k carries TIDs
 * up to (k << 16) | FFFF, so that one unit is 65,536 minutes and 255 lasts as long as the base date.
 * @param keyExpiry - KEN, 0-255.
 * @throws RangeError, TypeError when it is out of range.
 */
export function lastMinuteOfKey(keyExpiry: number, baseDate: BaseDate): number {
  assertInteger(keyExpiry, 0, 255, 'keyExpiry');
  return dateOfTid(keyExpiry * 0x1_0000 + 0xffff, baseDate);
}

/** The last minute that the 24 bits of a base date reach, milliseconds since 1970 UTC (sts.md 1.3). */
export function lastMinuteOfBase(baseDate: BaseDate): number {
  return dateOfTid(TID_MAX, baseDate);
}

/**
 * Whether a TID lies past the key expiry number: the comparison is with its top byte, so that a key with KEN k carries
 * TIDs up to (k << 16) | FFFF (sts.md 1.2).
 * @throws TypeError, RangeError when the TID is out of its 24 bits or KEN not 0-255.
 */
export function isExpired(tidMinutes: number, keyExpiry: number): boolean {
  // A NaN would be below every limit: what is no number must not pass for a token that has not expired.
  assertInteger(tidMinutes, 0, TID_MAX, 'tidMinutes');
  assertKeyExpiry(keyExpiry);
  return tidMinutes >>> 16 > keyExpiry;
}

function outOfRange(baseDate?: BaseDate): StsFault {
  const where = baseDate === undefined ? 'the base date has no minutes left' : `base date ${baseDate}`;
  return new StsFault('date_out_of_range', where, { param: 'date' });
}
