/**
 * The tariff calendar (meter-hardware.md 6): which of up to eight bands a second belongs to, by special day, season, week
 * and day table, and when the next change comes. Pure: a function of the calendar and of local seconds, which are seconds
 * since 1970-01-01 of the clock on the wall.
 *
 * Left out: a change of the clock in summer. A utility that has one sets the offset.
 */
import { StsFault } from '../../../lib/faults.ts';
import { civilDay, DAY_SECONDS, daysOfMonth, weekday } from '../civil-day.ts';

export const BANDS = 8;

/** From this second of the day until the next switch, or midnight. */
export interface DaySwitch {
  readonly fromSecond: number;
  /** 0-7. */
  readonly band: number;
}

/** The first switch is at second 0, the others follow in rising order. */
export type DayTable = readonly DaySwitch[];

/** Seven indices into the day tables, Monday first. */
export type WeekTable = readonly number[];

/** From this day of every year until the next season's. */
export interface Season {
  readonly month: number;
  readonly day: number;
  /** Index into the week tables. */
  readonly week: number;
}

/** One day that goes by a table of its own, in one year, or in every year where `year` is left out. */
export interface SpecialDay {
  readonly year?: number;
  readonly month: number;
  readonly day: number;
  /** Index into the day tables. */
  readonly table: number;
}

export interface TouCalendar {
  readonly dayTables: readonly DayTable[];
  readonly weeks: readonly WeekTable[];
  /** In the order of the year; before the first of them the last one still holds. */
  readonly seasons: readonly Season[];
  /** The first that fits counts. */
  readonly specialDays: readonly SpecialDay[];
}

/** What a meter counts by: the calendar in force, perhaps one that waits for its day, and what holds without a clock. */
export interface TouPlan {
  /** Local time less UTC. */
  readonly offsetMinutes: number;
  /** Counted into while the clock is not to be trusted. */
  readonly defaultBand: number;
  readonly active: TouCalendar;
  readonly passive?: { readonly calendar: TouCalendar; readonly fromEpochSeconds: number };
}

/** One band at all times. */
export const FLAT_CALENDAR: TouCalendar = {
  dayTables: [[{ fromSecond: 0, band: 0 }]],
  weeks: [[0, 0, 0, 0, 0, 0, 0]],
  seasons: [{ month: 1, day: 1, week: 0 }],
  specialDays: [],
};

export const FLAT_PLAN: TouPlan = { offsetMinutes: 0, defaultBand: 0, active: FLAT_CALENDAR };

/** How far ahead a change is looked for; where none is found the meter looks again after so long. */
export const LOOK_AHEAD_DAYS = 40;

/** Bounds of what a meter's memory holds. */
const LIMITS = { dayTables: 16, switches: 16, weeks: 8, seasons: 8, specialDays: 64 } as const;
const LARGEST_OFFSET_MINUTES = 14 * 60;
const LATEST_SECONDS = 253_402_300_799;

/** @returns the band of a local second. */
export function bandAt(calendar: TouCalendar, localSeconds: number): number {
  const dayNumber = Math.floor(localSeconds / DAY_SECONDS);
  return bandOfTable(dayTableOf(calendar, dayNumber), localSeconds - dayNumber * DAY_SECONDS);
}

/** @returns the first local second after this one whose band is another; undefined when none comes within the look-ahead. */
export function nextChange(calendar: TouCalendar, localSeconds: number): number | undefined {
  const today = Math.floor(localSeconds / DAY_SECONDS);
  const band = bandAt(calendar, localSeconds);
  for (let dayNumber = today; dayNumber <= today + LOOK_AHEAD_DAYS; dayNumber++) {
    const midnight = dayNumber * DAY_SECONDS;
    for (const change of dayTableOf(calendar, dayNumber)) {
      if (change.band !== band && midnight + change.fromSecond > localSeconds) {
        return midnight + change.fromSecond;
      }
    }
  }
  return undefined;
}

/** The calendar in force at this second of UTC. */
export function calendarAt(plan: TouPlan, epochSeconds: number): TouCalendar {
  const { passive } = plan;
  return passive !== undefined && epochSeconds >= passive.fromEpochSeconds ? passive.calendar : plan.active;
}

export function bandOfPlan(plan: TouPlan, epochSeconds: number): number {
  return bandAt(calendarAt(plan, epochSeconds), epochSeconds + plan.offsetMinutes * 60);
}

/** @returns the next second of UTC at which the band may be another: nothing needs to look before. */
export function nextLook(plan: TouPlan, epochSeconds: number): number {
  const offset = plan.offsetMinutes * 60;
  const local = epochSeconds + offset;
  const change = nextChange(calendarAt(plan, epochSeconds), local);
  const next = change === undefined ? epochSeconds + LOOK_AHEAD_DAYS * DAY_SECONDS : change - offset;
  const activation = plan.passive?.fromEpochSeconds ?? 0;
  return activation > epochSeconds ? Math.min(next, activation) : next;
}

function bandOfTable(table: DayTable, second: number): number {
  let band = 0;
  for (const change of table) {
    if (change.fromSecond > second) break;
    band = change.band;
  }
  return band;
}

function dayTableOf(calendar: TouCalendar, dayNumber: number): DayTable {
  const { year, month, day } = civilDay(dayNumber);
  for (const special of calendar.specialDays) {
    const isYear = special.year === undefined || special.year === year;
    if (isYear && special.month === month && special.day === day) {
      return calendar.dayTables[special.table] ?? [];
    }
  }
  const week = calendar.weeks[seasonOf(calendar, month, day)] ?? [];
  return calendar.dayTables[week[weekday(dayNumber)] ?? 0] ?? [];
}

/** The week table of the season that holds on this day. */
function seasonOf({ seasons }: TouCalendar, month: number, day: number): number {
  let week = seasons.at(-1)?.week ?? 0;
  for (const season of seasons) {
    if (season.month > month || (season.month === month && season.day > day)) break;
    week = season.week;
  }
  return week;
}

/**
 * Checks a plan that comes from outside.
 * @throws StsFault `tariff_calendar_malformed` when a table is empty, out of order or beyond its bounds, or points nowhere.
 */
export function assertTouPlan(plan: TouPlan): void {
  refuseUnless(isWhole(plan.offsetMinutes, -LARGEST_OFFSET_MINUTES, LARGEST_OFFSET_MINUTES), 'offset');
  refuseUnless(isWhole(plan.defaultBand, 0, BANDS - 1), 'default band');
  assertTouCalendar(plan.active);
  if (plan.passive === undefined) return;
  refuseUnless(isWhole(plan.passive.fromEpochSeconds, 0, LATEST_SECONDS), 'activation');
  assertTouCalendar(plan.passive.calendar);
}

/** As {@link assertTouPlan}, for a calendar alone. */
export function assertTouCalendar(calendar: TouCalendar): void {
  const { dayTables, weeks, seasons, specialDays } = calendar;
  refuseUnless(isCount(dayTables, 1, LIMITS.dayTables), 'day tables');
  for (const table of dayTables) refuseUnless(isDayTable(table), 'day table');
  const isTable = (index: number): boolean => isWhole(index, 0, dayTables.length - 1);
  refuseUnless(isCount(weeks, 1, LIMITS.weeks), 'weeks');
  for (const week of weeks) refuseUnless(isCount(week, 7, 7) && week.every(isTable), 'week');
  refuseUnless(isCount(seasons, 1, LIMITS.seasons), 'seasons');
  let before = 0;
  for (const { month, day, week } of seasons) {
    refuseUnless(isDayOfYear(month, day) && isWhole(week, 0, weeks.length - 1), 'season');
    refuseUnless(month * 32 + day > before, 'order of the seasons');
    before = month * 32 + day;
  }
  refuseUnless(isCount(specialDays, 0, LIMITS.specialDays), 'special days');
  for (const { year, month, day, table } of specialDays) {
    const isYear = year === undefined || isWhole(year, 1970, 9999);
    refuseUnless(isYear && isDayOfYear(month, day, year) && isTable(table), 'special day');
  }
}

function isDayTable(table: DayTable): boolean {
  if (!isCount(table, 1, LIMITS.switches) || table[0]?.fromSecond !== 0) return false;
  return table.every(
    ({ fromSecond, band }, index) =>
      isWhole(fromSecond, 0, DAY_SECONDS - 1) &&
      isWhole(band, 0, BANDS - 1) &&
      fromSecond > (table[index - 1]?.fromSecond ?? -1),
  );
}

function isDayOfYear(month: number, day: number, year?: number): boolean {
  return isWhole(month, 1, 12) && isWhole(day, 1, daysOfMonth(month, year));
}

function isCount(list: readonly unknown[], min: number, max: number): boolean {
  return Array.isArray(list) && list.length >= min && list.length <= max;
}

function isWhole(value: number, min: number, max: number): boolean {
  return Number.isInteger(value) && value >= min && value <= max;
}

function refuseUnless(holds: boolean, what: string): void {
  if (!holds) throw new StsFault('tariff_calendar_malformed', `the ${what} is not in order`);
}
