/**
 * Friendly hours (meter-hardware.md 6): evenings, weekends and holidays in which a meter whose credit runs out does not
 * disconnect. What is used then is owed; at the end of the window the relay opens where nothing was paid. Pure.
 */
import { assertArray, assertInteger } from '../../../lib/assert.ts';
import { DAY_SECONDS } from '../civil-day.ts';
import { epochOf, localDay, localMinute, parseDay, weekdayOf } from './local-day.ts';

export interface FriendlyHours {
  /** Minutes of the day, 0-1439: from `begins` to `ends`, over midnight where `ends` is the smaller; none where equal. */
  readonly beginsMinute: number;
  readonly endsMinute: number;
  /** Days that are friendly from midnight to midnight, 0 Sunday to 6 Saturday. */
  readonly weekdays: readonly number[];
  /** The same for single days, 'YYYY-MM-DD'. */
  readonly holidays: readonly string[];
  /** Whether a window supplies everybody who ever bought. By default it only keeps a supply that was on. */
  readonly reconnects: boolean;
}

/** From 16:00 to 10:00, and all of Saturday and Sunday (meter-hardware.md 6; the hours are assumed). */
export const FRIENDLY_HOURS: FriendlyHours = {
  beginsMinute: 16 * 60,
  endsMinute: 10 * 60,
  weekdays: [0, 6],
  holidays: [],
  reconnects: false,
};

/** What the clock says of the windows, and when it will say something else. */
export interface FriendlyMoment {
  readonly isFriendly: boolean;
  /** RTC seconds at which that changes; Infinity for never. */
  readonly untilSeconds: number;
}

export const NEVER_FRIENDLY: FriendlyMoment = { isFriendly: false, untilSeconds: Number.POSITIVE_INFINITY };

/** @throws TypeError, RangeError for hours that are none. */
export function assertFriendlyHours(hours: FriendlyHours): void {
  assertInteger(hours.beginsMinute, 0, 1_439, 'beginsMinute');
  assertInteger(hours.endsMinute, 0, 1_439, 'endsMinute');
  assertArray(hours.weekdays, 'weekdays');
  for (const weekday of hours.weekdays) assertInteger(weekday, 0, 6, 'weekdays');
  assertArray(hours.holidays, 'holidays');
  for (const holiday of hours.holidays) parseDay(holiday, 'holidays');
}

/** Longer than any run of holidays; hours that never change look this far and are asked again then. */
const DAYS_AHEAD = 400;

/** The friendly hours at an RTC second, and the second at which they next change. */
export function friendlyAt(
  hours: FriendlyHours | undefined,
  epochSeconds: number,
  offsetMinutes: number,
): FriendlyMoment {
  if (hours === undefined) return NEVER_FRIENDLY;
  const holidays = new Set(hours.holidays.map((day) => parseDay(day, 'holidays')));
  const today = localDay(epochSeconds, offsetMinutes);
  const isFriendly = isFriendlyMinute(hours, holidays, today, localMinute(epochSeconds, offsetMinutes));
  const minutes = [0, hours.beginsMinute, hours.endsMinute].sort((a, b) => a - b);
  for (let day = today; day <= today + DAYS_AHEAD; day++) {
    for (const minute of minutes) {
      const at = epochOf(day, minute, offsetMinutes);
      if (at > epochSeconds && isFriendlyMinute(hours, holidays, day, minute) !== isFriendly) {
        return { isFriendly, untilSeconds: at };
      }
    }
  }
  return { isFriendly, untilSeconds: epochSeconds + DAYS_AHEAD * DAY_SECONDS };
}

function isFriendlyMinute(
  { beginsMinute, endsMinute, weekdays }: FriendlyHours,
  holidays: ReadonlySet<number>,
  day: number,
  minute: number,
): boolean {
  if (weekdays.includes(weekdayOf(day)) || holidays.has(day)) return true;
  return beginsMinute <= endsMinute
    ? minute >= beginsMinute && minute < endsMinute
    : minute >= beginsMinute || minute < endsMinute;
}
