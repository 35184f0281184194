import fc from 'fast-check';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { BASE_DATES } from '../../../lib/identity/attributes.ts';
import {
  isExpired,
  isReservedMinute,
  LAST_RESERVED_TID,
  lastMinuteOfBase,
  lastMinuteOfKey,
  nextReservedTidMinutes,
  TID_MAX,
  tidMinutesAt,
} from '../../../lib/token/tid.ts';
import { count, seedOf } from '../../support/counts.ts';
import { NOT_AN_INTEGER } from '../../support/hostile.ts';
import { fault, mistake } from '../../support/throws.ts';

const test = suite('lib/token: life of a key');
const seed = seedOf('lib/token: life of a key');
const text = (millis: number) => new Date(millis).toISOString().slice(0, 16).replace('T', ' ');

test('when KEN is 255 then the key lasts as long as its base date, as the table of sts.md 1.2 has it', () => {
  const table = { '93': '2024-11-24 20:15', '14': '2045-11-24 20:15', '35': '2066-11-24 20:15' } as const;
  for (const baseDate of BASE_DATES) {
    assert.is(text(lastMinuteOfKey(255, baseDate)), table[baseDate]);
    assert.is(text(lastMinuteOfBase(baseDate)), table[baseDate]);
  }
  assert.is(text(lastMinuteOfKey(85, '14')).slice(0, 10), '2024-09-18');
  assert.is(text(lastMinuteOfKey(0, '14')), '2014-02-15 12:15', 'one unit is 45.51 days');
});

test('when the last minute of a key is over then its tokens are expired, and not before', () => {
  for (const baseDate of BASE_DATES) {
    for (let keyExpiry = 0; keyExpiry < 255; keyExpiry += 1) {
      const last = lastMinuteOfKey(keyExpiry, baseDate);
      assert.not(isExpired(tidMinutesAt(last, baseDate), keyExpiry));
      assert.ok(isExpired(tidMinutesAt(last + 60_000, baseDate), keyExpiry));
    }
  }
});

test('when special TIDs are given then each is a reserved minute above the last, of the present day where it can be', () => {
  assert.is(nextReservedTidMinutes(5_391_240, -1), 5_389_921, '00:01 of the day, though the day has gone on');
  assert.is(nextReservedTidMinutes(0, -1), 1);
  assert.is(nextReservedTidMinutes(0, 1), 1_441);
  assert.is(LAST_RESERVED_TID % 1_440, 1);
  assert.ok(LAST_RESERVED_TID <= TID_MAX && LAST_RESERVED_TID + 1_440 > TID_MAX);
  fc.assert(
    fc.property(fc.nat(TID_MAX), fc.integer({ min: -1, max: LAST_RESERVED_TID - 1 }), (now, last) => {
      const tid = nextReservedTidMinutes(now, last);
      assert.ok(isReservedMinute(tid) && tid > last && tid <= TID_MAX);
      const today = now - (now % 1_440) + 1;
      assert.is(tid > today, last >= today, 'a later day only where this one is taken');
      assert.ok(tid <= today || tid - last <= 1_440);
    }),
    { seed, numRuns: count(100_000, 5_000) },
  );
});

test('when a base date has no reserved minute left or the argument is none then it is refused', () => {
  assert.throws(() => nextReservedTidMinutes(0, LAST_RESERVED_TID), fault('date_out_of_range'));
  const isNamed = (name: string) => (error: unknown) =>
    mistake(TypeError, name)(error) || mistake(RangeError, name)(error);
  for (const value of NOT_AN_INTEGER as number[]) {
    assert.throws(() => nextReservedTidMinutes(value, 0), isNamed('nowTidMinutes'));
    if (value !== -1) assert.throws(() => nextReservedTidMinutes(0, value), isNamed('lastTidMinutes'));
    assert.throws(() => lastMinuteOfKey(value, '14'), isNamed('keyExpiry'));
  }
  assert.throws(() => lastMinuteOfBase('15' as '14'), isNamed('baseDate'));
});

test.run();
