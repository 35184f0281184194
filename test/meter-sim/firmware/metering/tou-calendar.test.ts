import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { civilDay, daysOfMonth, weekday } from '../../../../meter-sim/firmware/civil-day.ts';
import {
  assertTouPlan,
  bandAt,
  bandOfPlan,
  FLAT_CALENDAR,
  FLAT_PLAN,
  LOOK_AHEAD_DAYS,
  nextChange,
  nextLook,
  type TouCalendar,
  type TouPlan,
} from '../../../../meter-sim/firmware/metering/tou-calendar.ts';
import { RandomStream } from '../../../../meter-sim/world/random.ts';
import { count, report, seedOf } from '../../../support/counts.ts';
import { fault } from '../../../support/throws.ts';
import { plainBandAt, randomCalendar, randomPlan } from '../../support/tou-plans.ts';

const test = suite('meter-sim/firmware/metering/tou-calendar');

const START = 1_782_864_000; // 2026-07-01.

test('days are those of the runtime’s calendar, from 1900 to 2200', () => {
  let compared = 0;
  for (let dayNumber = -25_567; dayNumber < 84_006; dayNumber += 1) {
    const date = new Date(dayNumber * 86_400_000);
    const { year, month, day } = civilDay(dayNumber);
    const isSame =
      year === date.getUTCFullYear() && month === date.getUTCMonth() + 1 && day === date.getUTCDate();
    if (!isSame || weekday(dayNumber) !== (date.getUTCDay() + 6) % 7) {
      assert.unreachable(`${year}-${month}-${day} is ${date.toISOString()}`);
    }
    compared += 1;
  }
  for (const year of [1900, 2000, 2023, 2024]) {
    for (let month = 1; month <= 12; month++) {
      assert.is(daysOfMonth(month, year), new Date(Date.UTC(year, month, 0)).getUTCDate());
    }
  }
  report(`${compared} days compared`);
});

test('a band begins on its second, and a special day goes before the week', () => {
  const calendar: TouCalendar = {
    dayTables: [
      [
        { fromSecond: 0, band: 0 },
        { fromSecond: 6 * 3600, band: 1 },
        { fromSecond: 22 * 3600, band: 0 },
      ],
      [{ fromSecond: 0, band: 2 }],
    ],
    weeks: [
      [0, 0, 0, 0, 0, 1, 1],
      [1, 1, 1, 1, 1, 1, 1],
    ],
    seasons: [
      { month: 4, day: 1, week: 0 },
      { month: 12, day: 1, week: 1 },
    ],
    specialDays: [{ year: 2026, month: 7, day: 2, table: 1 }],
  };
  const at = (text: string): number => Date.parse(text) / 1000;
  assert.is(bandAt(calendar, at('2026-07-01T05:59:59Z')), 0);
  assert.is(bandAt(calendar, at('2026-07-01T06:00:00Z')), 1);
  assert.is(bandAt(calendar, at('2026-07-02T12:00:00Z')), 2, 'the special day');
  assert.is(bandAt(calendar, at('2027-07-02T12:00:00Z')), 1, 'in its year only');
  assert.is(bandAt(calendar, at('2026-07-04T12:00:00Z')), 2, 'a Saturday');
  assert.is(bandAt(calendar, at('2027-01-05T12:00:00Z')), 2, 'the last season holds over the new year');
  assert.is(nextChange(calendar, at('2026-07-01T06:00:00Z')), at('2026-07-01T22:00:00Z'));
  assert.is(nextChange(calendar, at('2026-07-01T22:00:00Z')), at('2026-07-02T00:00:00Z'));
  assert.is(nextChange(calendar, at('2026-07-01T23:59:59Z')), at('2026-07-02T00:00:00Z'));
});

test('a calendar without a change asks to be looked at again after the look-ahead', () => {
  assert.is(nextChange(FLAT_CALENDAR, START), undefined);
  assert.is(nextLook(FLAT_PLAN, START), START + LOOK_AHEAD_DAYS * 86_400);
});

test('random plans, second by second over the days of their changes, are the plain reading of the calendar', () => {
  const seed = seedOf('plans by the second');
  const plans = count(400, 5);
  let seconds = 0;
  let changes = 0;
  for (let index = 0; index < plans; index++) {
    const random = new RandomStream(seed, `plan ${index}`);
    const days = 3;
    const from = START + random.integer(0, 2 * 365) * 86_400;
    const plan = randomPlan(random, [from, from + days * 86_400]);
    assertTouPlan(plan);
    let next = nextLook(plan, from - 1);
    let band = bandOfPlan(plan, from - 1);
    for (let second = from; second < from + days * 86_400; second++) {
      // The meter looks where it was told to, and nowhere else.
      if (second === next) {
        band = bandOfPlan(plan, second);
        next = nextLook(plan, second);
        changes += 1;
      }
      if (band !== plainBandAt(plan, second)) assert.unreachable(`plan ${index} at ${second}, seed ${seed}`);
      seconds += 1;
    }
  }
  report(`${plans} plans, ${seconds} seconds, ${changes} looks, every second in its band`);
});

test('random plans over two years change where a search by halves finds a change', () => {
  const seed = seedOf('plans by the year');
  const plans = count(400, 5);
  let looks = 0;
  for (let index = 0; index < plans; index++) {
    const random = new RandomStream(seed, `year ${index}`);
    const plan = randomPlan(random, [START, START + 500 * 86_400]);
    let now = START + random.integer(0, 86_399);
    while (now < START + 730 * 86_400) {
      const band = plainBandAt(plan, now);
      const next = nextLook(plan, now);
      assert.ok(next > now);
      // Nothing changes before the look: every half hour, the seconds around the switches, and the last one.
      for (let second = now; second < next; second += 1_800) {
        if (plainBandAt(plan, second) !== band)
          assert.unreachable(`plan ${index} at ${second}, seed ${seed}`);
      }
      assert.is(plainBandAt(plan, next - 1), band, `plan ${index} before ${next}, seed ${seed}`);
      assert.is(bandOfPlan(plan, next), plainBandAt(plan, next), `plan ${index} at ${next}, seed ${seed}`);
      now = next;
      looks += 1;
    }
  }
  report(`${plans} plans of two years, ${looks} looks`);
});

test('a plan that is not in order is refused by name', () => {
  const random = new RandomStream(1, 'refused');
  const good = randomCalendar(random);
  const table = good.dayTables[0]!;
  const withCalendar = (change: Partial<TouCalendar>): TouPlan => ({
    ...FLAT_PLAN,
    active: { ...good, ...change },
  });
  const bad: TouPlan[] = [
    { ...FLAT_PLAN, offsetMinutes: 841 },
    { ...FLAT_PLAN, offsetMinutes: 0.5 },
    { ...FLAT_PLAN, defaultBand: 8 },
    { ...FLAT_PLAN, passive: { calendar: FLAT_CALENDAR, fromEpochSeconds: -1 } },
    { ...FLAT_PLAN, passive: { calendar: { ...FLAT_CALENDAR, weeks: [] }, fromEpochSeconds: 1 } },
    withCalendar({ dayTables: [] }),
    withCalendar({ dayTables: [[]] }),
    withCalendar({ dayTables: new Array(17).fill(table) }),
    withCalendar({ dayTables: [[{ fromSecond: 1, band: 0 }]] }),
    withCalendar({ dayTables: [[{ fromSecond: 0, band: 8 }]] }),
    withCalendar({ dayTables: [[...table, { fromSecond: 86_400, band: 0 }]] }),
    withCalendar({
      dayTables: [
        [
          { fromSecond: 0, band: 0 },
          { fromSecond: 7, band: 1 },
          { fromSecond: 7, band: 2 },
        ],
      ],
    }),
    withCalendar({ weeks: [[0, 0, 0, 0, 0, 0]] }),
    withCalendar({ weeks: [[0, 0, 0, 0, 0, 0, 16]] }),
    withCalendar({ seasons: [] }),
    withCalendar({ seasons: [{ month: 13, day: 1, week: 0 }] }),
    withCalendar({ seasons: [{ month: 4, day: 31, week: 0 }] }),
    withCalendar({ seasons: [{ month: 4, day: 30, week: 9 }] }),
    withCalendar({
      seasons: [
        { month: 4, day: 1, week: 0 },
        { month: 3, day: 1, week: 0 },
      ],
    }),
    withCalendar({ specialDays: [{ month: 2, day: 30, table: 0 }] }),
    withCalendar({ specialDays: [{ year: 2026, month: 2, day: 29, table: 0 }] }),
    withCalendar({ specialDays: [{ month: 2, day: 1, table: -1 }] }),
    withCalendar({ specialDays: new Array(65).fill({ month: 2, day: 1, table: 0 }) }),
  ];
  for (const plan of bad) assert.throws(() => assertTouPlan(plan), fault('tariff_calendar_malformed'));
  assertTouPlan(withCalendar({ specialDays: [{ month: 2, day: 29, table: 0 }] }));
  report(`${bad.length} malformed plans refused`);
});

test.run();
