/**
 * Days, months and minutes of the place where the meter hangs, from RTC seconds and a fixed offset: a setting of the meter,
 * which knows no summer time.
 */
import { assertInteger } from '../../../lib/assert.ts';
import { civilDay, DAY_SECONDS, dayNumber, weekday } from '../civil-day.ts';

const MINUTES_PER_DAY = 1_440;

/** Days since 1970-01-01 there. */
export function localDay(epochSeconds: number, offsetMinutes: number): number {
  return Math.floor((epochSeconds + offsetMinutes * 60) / DAY_SECONDS);
}

/** Minutes since midnight there, 0-1439. */
export function localMinute(epochSeconds: number, offsetMinutes: number): number {
  const minutes = Math.floor(epochSeconds / 60) + offsetMinutes;
  return minutes - Math.floor(minutes / MINUTES_PER_DAY) * MINUTES_PER_DAY;
}

/** The first second of a minute of a local day. */
export function epochOf(day: number, minute: number, offsetMinutes: number): number {
  return day * DAY_SECONDS + (minute - offsetMinutes) * 60;
}

/** 0 Sunday to 6 Saturday. */
export function weekdayOf(day: number): number {
  return (weekday(day) + 1) % 7;
}

/** Months since the year 0. */
export function monthOf(day: number): number {
  const { year, month } = civilDay(day);
  return year * 12 + month - 1;
}

/** The first day of a month as {@link monthOf} counts it. */
export function firstDayOf(month: number): number {
  return dayNumber(Math.floor(month / 12), (month % 12) + 1, 1);
}

/** @returns `2026-11-28`. */
export function dateText(day: number): string {
  const { year, month, day: dayOfMonth } = civilDay(day);
  return `${String(year).padStart(4, '0')}-${two(month)}-${two(dayOfMonth)}`;
}

/** @returns `22:13`. */
export function minuteText(minute: number): string {
  return `${two(Math.floor(minute / 60))}:${two(minute % 60)}`;
}

function two(value: number): string {
  return String(value).padStart(2, '0');
}

/**
 * @throws RangeError for text that names no day; TypeError for none.
 * @returns the day in days since 1970.
 */
export function parseDay(text: string, name: string): number {
  const parts = /^(\d{4})-(\d{2})-(\d{2})$/.exec(text);
  if (parts === null) throw new RangeError(`"${name}" expected YYYY-MM-DD, got ${text}`);
  const [year = 0, month = 0, dayOfMonth = 0] = parts.slice(1).map(Number);
  assertInteger(month, 1, 12, name);
  const day = dayNumber(year, month, dayOfMonth);
  if (dateText(day) !== text) throw new RangeError(`"${name}" expected a day of the calendar, got ${text}`);
  return day;
}
