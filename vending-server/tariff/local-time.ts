/**
 * Days and months where the utility is. The database of time zones comes with the runtime; nothing here reads a clock.
 */
import { assertInteger } from '../../lib/assert.ts';

export interface LocalMoment {
  /** 'YYYY-MM-DD'. */
  readonly day: string;
  /** 'YYYY-MM'. */
  readonly month: string;
  /** Minutes since local midnight as the wall clock shows them, 0-1439. */
  readonly minute: number;
}

/** A formatter takes a third of a millisecond to make and a microsecond to use; a server knows few zones. */
const formatters = new Map<string, Intl.DateTimeFormat>();
const FORMATTERS_KEPT = 100;

/** The last answers for each zone, by minute: a server asks several times a sale, and a minute has many sales. */
const answered = new Map<string, Map<number, LocalMoment>>();
/** Few enough to cost nothing, enough that the times of earlier purchases do not drive the present minute out each time. */
const MINUTES_KEPT = 100;

/** 2000-01-01: since then no zone is off by a part of a minute, so that minutes there begin when they begin in UTC. */
const WHOLE_MINUTES_SINCE = 946_684_800_000;

/** @throws RangeError for a time zone that the runtime does not know. */
export function localMoment(epochMillis: number, timeZone: string): LocalMoment {
  assertInteger(epochMillis, 0, 8.64e15, 'epochMillis');
  if (epochMillis < WHOLE_MINUTES_SINCE) return readClock(epochMillis, timeZone);
  const epochMinute = Math.floor(epochMillis / 60_000);
  const minutes = answered.get(timeZone) ?? new Map<number, LocalMoment>();
  const known = minutes.get(epochMinute);
  if (known !== undefined) return known;
  const moment = readClock(epochMillis, timeZone);
  if (answered.size >= FORMATTERS_KEPT) answered.clear();
  if (minutes.size >= MINUTES_KEPT) minutes.clear();
  answered.set(timeZone, minutes.set(epochMinute, moment));
  return moment;
}

function readClock(epochMillis: number, timeZone: string): LocalMoment {
  const parts = new Map(
    formatterOf(timeZone)
      .formatToParts(epochMillis)
      .map(({ type, value }) => [type, value]),
  );
  const month = `${parts.get('year')}-${parts.get('month')}`;
  const minute = Number(parts.get('hour')) * 60 + Number(parts.get('minute'));
  return { day: `${month}-${parts.get('day')}`, month, minute };
}

/** Whether the runtime knows a zone by this name. */
export function isTimeZone(timeZone: string): boolean {
  try {
    formatterOf(timeZone);
    return true;
  } catch {
    return false;
  }
}

function formatterOf(timeZone: string): Intl.DateTimeFormat {
  let formatter = formatters.get(timeZone);
  if (formatter === undefined) {
    formatter = new Intl.DateTimeFormat('en-CA', {
      timeZone,
      calendar: 'gregory',
      numberingSystem: 'latn',
      hourCycle: 'h23',
      year: 'numeric',
      month: '2-digit',
      day: '2-digit',
      hour: '2-digit',
      minute: '2-digit',
    });
    if (formatters.size >= FORMATTERS_KEPT) formatters.clear();
    formatters.set(timeZone, formatter);
  }
  return formatter;
}

const DAY_MILLIS = 86_400_000;

/** Whole days from one day to another, both 'YYYY-MM-DD'; below 0 when `to` is earlier. */
export function daysBetween(from: string, to: string): number {
  return (utcOf(to) - utcOf(from)) / DAY_MILLIS;
}

/** Whole months from one month to another, both 'YYYY-MM'. */
export function monthsBetween(from: string, to: string): number {
  return monthNumber(to) - monthNumber(from);
}

/** The day so many days later. */
export function addDays(day: string, days: number): string {
  return new Date(utcOf(day) + days * DAY_MILLIS).toISOString().slice(0, 10);
}

/** The month so many months later. */
export function addMonths(month: string, months: number): string {
  const number = monthNumber(month) + months;
  return `${String(Math.floor(number / 12)).padStart(4, '0')}-${String((number % 12) + 1).padStart(2, '0')}`;
}

/** 0 Sunday to 6 Saturday. */
export function weekdayOf(day: string): number {
  return new Date(utcOf(day)).getUTCDay();
}

function utcOf(day: string): number {
  const millis = Date.parse(`${day}T00:00:00Z`);
  if (Number.isNaN(millis)) throw new RangeError(`"day" expected YYYY-MM-DD, got ${day}`);
  return millis;
}

function monthNumber(month: string): number {
  const parts = /^(\d{4})-(0[1-9]|1[0-2])$/.exec(month);
  if (parts === null) throw new RangeError(`"month" expected YYYY-MM, got ${month}`);
  return Number(parts[1]) * 12 + Number(parts[2]) - 1;
}
