/** Money to units (sts.md 9.5). */
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import {
  addDays,
  addMonths,
  daysBetween,
  isTimeZone,
  localMoment,
  monthsBetween,
  weekdayOf,
} from '../../../vending-server/tariff/local-time.ts';
import type { BandCalendar, BandStart, DayKind } from '../../../vending-server/tariff/terms.ts';
import { bandAt, calendarFault } from '../../../vending-server/tariff/time-of-use.ts';

const test = suite('calendar');

test('a moment is what the clock on the wall says', () => {
  const at = Date.UTC(2026, 0, 31, 22, 30);
  assert.equal(localMoment(at, 'Africa/Johannesburg'), { day: '2026-02-01', month: '2026-02', minute: 30 });
  assert.equal(localMoment(at, 'America/St_Johns'), { day: '2026-01-31', month: '2026-01', minute: 19 * 60 });
  assert.equal(localMoment(at, 'Asia/Kathmandu'), {
    day: '2026-02-01',
    month: '2026-02',
    minute: 4 * 60 + 15,
  });
  assert.ok(isTimeZone('Africa/Nairobi') && !isTimeZone('Africa/Atlantis'));
  assert.throws(
    () => localMoment(at, 'Africa/Atlantis'),
    (error: unknown) => error instanceof RangeError,
  );
  assert.throws(
    () => localMoment(Number.NaN, 'UTC'),
    (error: unknown) => error instanceof RangeError,
  );
});

test('days and months are counted over leap years and year ends', () => {
  assert.equal([daysBetween('2028-02-28', '2028-03-01'), daysBetween('2026-03-01', '2026-02-28')], [2, -1]);
  assert.equal([addDays('2026-12-31', 1), addDays('2028-03-01', -1)], ['2027-01-01', '2028-02-29']);
  assert.equal(
    [monthsBetween('2026-11', '2027-02'), addMonths('2026-11', 14), addMonths('2026-01', -1)],
    [3, '2028-01', '2025-12'],
  );
  assert.equal([weekdayOf('2026-11-21'), weekdayOf('2026-11-22')], [6, 0]);
  for (const wrong of ['2026-13', '2026', 'x']) {
    assert.throws(
      () => addMonths(wrong, 1),
      (error: unknown) => error instanceof RangeError,
    );
  }
  assert.throws(
    () => addDays('2026-02-31x', 1),
    (error: unknown) => error instanceof RangeError,
  );
});

const all = (starts: readonly BandStart[]): Record<DayKind, readonly BandStart[]> => ({
  weekday: starts,
  saturday: [{ minute: 0, bandId: 'off' }],
  sunday: [{ minute: 0, bandId: 'off' }],
});
const PEAK = [
  { minute: 0, bandId: 'off' },
  { minute: 360, bandId: 'peak' },
  { minute: 540, bandId: 'standard' },
];
const CALENDAR: BandCalendar = {
  bands: [
    { bandId: 'off', label: 'Off-peak', pricePerKwh: '1' },
    { bandId: 'standard', label: 'Standard', pricePerKwh: '2' },
    { bandId: 'peak', label: 'Peak', pricePerKwh: '3' },
  ],
  seasons: [
    { begins: '06-01', days: all(PEAK) },
    { begins: '09-01', days: all([{ minute: 0, bandId: 'standard' }]) },
  ],
  specialDays: { '2026-06-16': 'sunday' },
};

test('season, kind of day and minute choose the band', () => {
  const at = (day: string, minute: number) =>
    bandAt(CALENDAR, { day, month: day.slice(0, 7), minute }).bandId;
  assert.equal(
    [at('2026-06-15', 359), at('2026-06-15', 360), at('2026-06-15', 1439)],
    ['off', 'peak', 'standard'],
  );
  assert.is(at('2026-06-13', 400), 'off', 'a Saturday');
  assert.is(at('2026-06-16', 400), 'off', 'a holiday');
  assert.equal(
    [at('2026-09-01', 400), at('2026-02-02', 400)],
    ['standard', 'standard'],
    'the last season runs into the year',
  );
  assert.is(calendarFault(CALENDAR), undefined);
});

test('a calendar that leaves a minute without a band is found', () => {
  const of = (starts: readonly BandStart[]): BandCalendar => ({
    ...CALENDAR,
    seasons: [{ begins: '01-01', days: all(starts) }],
  });
  const broken: readonly [BandCalendar, RegExp][] = [
    [{ ...CALENDAR, seasons: [] }, /no season/],
    [{ ...CALENDAR, seasons: [...CALENDAR.seasons].reverse() }, /seasons do not rise/],
    [{ ...CALENDAR, bands: [...CALENDAR.bands, { bandId: 'off', label: '', pricePerKwh: '1' }] }, /one id/],
    [of([]), /no band at the beginning/],
    [of([{ minute: 1, bandId: 'off' }]), /no band at the beginning/],
    [of([{ minute: 0, bandId: 'day' }]), /not there/],
    [of([...PEAK, { minute: 540, bandId: 'off' }]), /do not rise/],
    [of([...PEAK, { minute: 1440, bandId: 'off' }]), /do not rise/],
  ];
  for (const [calendar, words] of broken) assert.match(calendarFault(calendar) ?? '', words);
  assert.throws(
    () => bandAt(of([]), { day: '2026-06-15', month: '2026-06', minute: 0 }),
    (e: unknown) => e instanceof RangeError,
  );
  assert.throws(
    () => bandAt({ ...CALENDAR, seasons: [] }, { day: '2026-06-15', month: '2026-06', minute: 0 }),
    (e: unknown) => e instanceof RangeError,
  );
});

test.run();
