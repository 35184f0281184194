/**
 * Days, months and minutes of the place where the meter hangs, from RTC seconds and a fixed offset. Pure arithmetic on the
 * proleptic Gregorian calendar; the offset is a setting of the meter, which knows no summer time.
 */
import { assertInteger } from '../../../lib/assert.ts';

export const SECONDS_PER_DAY = 86_400;
const MINUTES_PER_DAY = 1_440;

/** Days since 1970-01-01 there. */
export function localDay(epochSeconds: number, offsetMinutes: number): number {
  return Math.floor((epochSeconds + offsetMinutes * 60) / SECONDS_PER_DAY);
}

/** Minutes since midnight there, 0-1439. */
export function localMinute(epochSeconds: number, offsetMinutes: number): number {
  const minutes = Math.floor(epochSeconds / 60) + offsetMinutes;
  return minutes - Math.floor(minutes / MINUTES_PER_DAY) * MINUTES_PER_DAY;
}

/** The first second of a minute of a local day. */
export function epochOf(day: number, minute: number, offsetMinutes: number): number {
  return day * SECONDS_PER_DAY + (minute - offsetMinutes) * 60;
}

/** 0 Sunday to 6 Saturday. */
export function weekdayOf(day: number): number {
  return (((day + 4) % 7) + 7) % 7;
}

export interface CivilDate {
  readonly year: number;
  /** 1-12. */
  readonly month: number;
  /** 1-31. */
  readonly dayOfMonth: number;
}

/** Years are reckoned from March, so that the leap day is the last of its year, in eras of 400 years. */
const DAYS_PER_ERA = 146_097;
const DAYS_BEFORE_1970 = 719_468;

export function civilDate(day: number): CivilDate {
  const shifted = day + DAYS_BEFORE_1970;
  const era = Math.floor(shifted / DAYS_PER_ERA);
  const dayOfEra = shifted - era * DAYS_PER_ERA;
  const leaps = Math.floor(dayOfEra / 1_460) - Math.floor(dayOfEra / 36_524) + Math.floor(dayOfEra / 146_096);
  const yearOfEra = Math.floor((dayOfEra - leaps) / 365);
  const dayOfYear = dayOfEra - (365 * yearOfEra + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100));
  const marchMonth = Math.floor((5 * dayOfYear + 2) / 153);
  const month = marchMonth < 10 ? marchMonth + 3 : marchMonth - 9;
  return {
    year: yearOfEra + era * 400 + (month <= 2 ? 1 : 0),
    month,
    dayOfMonth: dayOfYear - Math.floor((153 * marchMonth + 2) / 5) + 1,
  };
}

export function dayOf(year: number, month: number, dayOfMonth: number): number {
  const marchYear = month <= 2 ? year - 1 : year;
  const era = Math.floor(marchYear / 400);
  const yearOfEra = marchYear - era * 400;
  const dayOfYear = Math.floor((153 * (month > 2 ? month - 3 : month + 9) + 2) / 5) + dayOfMonth - 1;
  const dayOfEra = yearOfEra * 365 + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100) + dayOfYear;
  return era * DAYS_PER_ERA + dayOfEra - DAYS_BEFORE_1970;
}

/** Months since the year 0. */
export function monthOf(day: number): number {
  const { year, month } = civilDate(day);
  return year * 12 + month - 1;
}

/** The first day of a month as {@link monthOf} counts it. */
export function firstDayOf(month: number): number {
  return dayOf(Math.floor(month / 12), (month % 12) + 1, 1);
}

/** @returns `2026-11-28`. */
export function dateText(day: number): string {
  const { year, month, dayOfMonth } = civilDate(day);
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
  const day = dayOf(year, month, dayOfMonth);
  if (dateText(day) !== text) throw new RangeError(`"${name}" expected a day of the calendar, got ${text}`);
  return day;
}
