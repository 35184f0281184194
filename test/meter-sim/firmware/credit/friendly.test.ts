/** Friendly hours and the calendar under them, against the runtime's own dates and a look at every minute. */
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { civilDay, dayNumber } from '../../../../meter-sim/firmware/civil-day.ts';
import {
  assertFriendlyHours,
  FRIENDLY_HOURS,
  type FriendlyHours,
  friendlyAt,
} from '../../../../meter-sim/firmware/credit/friendly.ts';
import {
  dateText,
  firstDayOf,
  localDay,
  localMinute,
  minuteText,
  monthOf,
  weekdayOf,
} from '../../../../meter-sim/firmware/credit/local-day.ts';
import { RandomStream } from '../../../../meter-sim/world/random.ts';
import { count, report, seedOf } from '../../../support/counts.ts';

const test = suite('meter-sim/credit/friendly');

const at = (text: string): number => Date.parse(text) / 1_000;

test('when a day is named then it is the one that the runtime names, for centuries', () => {
  let days = 0;
  for (let day = -25_567; day < count(270_000, 10_000); day += 1) {
    const date = new Date(day * 86_400_000);
    const { year, month, day: dayOfMonth } = civilDay(day);
    if (dateText(day) !== date.toISOString().slice(0, 10)) assert.unreachable(`${day}: ${dateText(day)}`);
    if (weekdayOf(day) !== date.getUTCDay() || dayNumber(year, month, dayOfMonth) !== day)
      assert.unreachable(`${day}`);
    if (dayOfMonth === 1 && firstDayOf(monthOf(day)) !== day) assert.unreachable(`${day}`);
    days += 1;
  }
  report(`${days} days as the runtime has them`);
});

test('when an offset is set then the day begins at midnight there', () => {
  const evening = at('2026-11-28T22:30:00Z');
  assert.is(dateText(localDay(evening, 120)), '2026-11-29');
  assert.is(minuteText(localMinute(evening, 120)), '00:30');
  assert.is(dateText(localDay(evening, -330)), '2026-11-28');
  assert.is(minuteText(localMinute(evening, -330)), '17:00');
});

test('when it is evening, weekend or holiday then the hours are friendly until the next working morning', () => {
  const hours: FriendlyHours = { ...FRIENDLY_HOURS, holidays: ['2026-12-25'] };
  const moment = (text: string): [boolean, string] => {
    const { isFriendly, untilSeconds } = friendlyAt(hours, at(text), 120);
    return [isFriendly, new Date((untilSeconds + 7_200) * 1_000).toISOString().slice(0, 16)];
  };
  // Monday.
  assert.equal(moment('2026-11-23T07:59:59Z'), [true, '2026-11-23T10:00']);
  assert.equal(moment('2026-11-23T08:00:00Z'), [false, '2026-11-23T16:00']);
  assert.equal(moment('2026-11-23T14:00:00Z'), [true, '2026-11-24T10:00']);
  // Friday evening holds to Monday morning.
  assert.equal(moment('2026-11-27T15:00:00Z'), [true, '2026-11-30T10:00']);
  // Thursday's evening, a Friday of holiday, a weekend.
  assert.equal(moment('2026-12-24T14:00:00Z'), [true, '2026-12-28T10:00']);
});

test('when hours are drawn at random then every minute agrees with the boundary that was named for it', () => {
  const random = new RandomStream(seedOf('friendly hours'), 'hours');
  let minutes = 0;
  for (let round = 0; round < count(400, 8); round++) {
    const offset = random.integer(-60, 60) * 15;
    const hours: FriendlyHours = {
      beginsMinute: random.integer(0, 3) === 0 ? 0 : random.integer(0, 1_439),
      endsMinute: random.integer(0, 3) === 0 ? 0 : random.integer(0, 1_439),
      weekdays: [0, 1, 2, 3, 4, 5, 6].filter(() => random.integer(0, 2) === 0),
      holidays: [dateText(random.integer(20_000, 20_010))],
      reconnects: false,
    };
    const start = 20_000 * 86_400 + random.integer(0, 86_399);
    let moment = friendlyAt(hours, start, offset);
    for (let now = start; now < start + 12 * 86_400; now += 60) {
      const here = new Date((now + offset * 60) * 1_000);
      const minute = here.getUTCHours() * 60 + here.getUTCMinutes();
      const { beginsMinute: begins, endsMinute: ends } = hours;
      const isFriendly =
        hours.weekdays.includes(here.getUTCDay()) ||
        hours.holidays.includes(here.toISOString().slice(0, 10)) ||
        (begins === ends
          ? false
          : begins < ends
            ? minute >= begins && minute < ends
            : !(minute >= ends && minute < begins));
      if (now >= moment.untilSeconds) moment = friendlyAt(hours, now, offset);
      assert.is(moment.isFriendly, isFriendly, `${JSON.stringify(hours)} at ${here.toISOString()}`);
      assert.ok(moment.untilSeconds > now);
      minutes += 1;
    }
  }
  report(`${minutes} minutes of random hours agree with the boundaries`);
});

test('when hours cannot be then they are refused by name', () => {
  for (const [hours, text] of [
    [{ beginsMinute: 1_440 }, /"beginsMinute"/],
    [{ endsMinute: -1 }, /"endsMinute"/],
    [{ weekdays: [7] }, /"weekdays"/],
    [{ holidays: ['2026-02-29'] }, /"holidays"/],
    [{ holidays: ['25 December'] }, /"holidays"/],
  ] as const) {
    assert.throws(
      () => assertFriendlyHours({ ...FRIENDLY_HOURS, ...hours }),
      (error: unknown) => error instanceof RangeError && text.test(error.message),
    );
  }
});

test.run();
