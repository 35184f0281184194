import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import {
  countFrequency,
  countInterruption,
  countVoltageEvent,
  countVoltageTime,
  DEFAULT_POWER_QUALITY,
  DIP_LENGTHS_MICROS,
  DIP_RESIDUALS_PERMILLE,
  type EndedVoltageEvent,
  NO_POWER_QUALITY,
} from '../../../../meter-sim/firmware/metering/power-quality.ts';

const test = suite('meter-sim/firmware/metering/power-quality');

const counted = (...events: EndedVoltageEvent[]) =>
  events.reduce((state, event) => countVoltageEvent(state, DEFAULT_POWER_QUALITY, event), NO_POWER_QUALITY);
const dip = (extremeMilliVolt: number, micros: number): EndedVoltageEvent => ({
  kind: 'dip',
  extremeMilliVolt,
  micros,
});

test('a dip counts once, in the class of its residual and its length, the edges on the milder side', () => {
  const columns = DIP_LENGTHS_MICROS.length;
  for (const [volt, row] of [
    [206.9, 0],
    [184, 0],
    [183.7, 1],
    [161, 1],
    [160.7, 2],
    [92, 2],
    [91.7, 3],
    [11.5, 3],
    [11.2, 4],
    [0, 4],
  ] as const) {
    for (const [micros, column] of [
      [10_000, 0],
      [200_000, 0],
      [200_001, 1],
      [500_001, 2],
      [1_000_001, 3],
      [5_000_001, 4],
      [60_000_000, 4],
    ] as const) {
      const { dips } = counted(dip(volt * 1_000, micros));
      assert.equal(
        dips.flatMap((counter, index) => (counter === 0 ? [] : [[index, counter]])),
        [[row * columns + column, 1]],
        `${volt} V for ${micros} µs`,
      );
    }
  }
  assert.is(DIP_RESIDUALS_PERMILLE.length * columns, NO_POWER_QUALITY.dips.length);
});

test('below five percent it is an interruption, short up to three minutes, and no dip beyond a minute', () => {
  const state = counted(
    dip(0, 1_000_000),
    dip(0, 180_000_000),
    dip(0, 180_000_001),
    dip(150_000, 61_000_000),
  );
  assert.is(state.shortInterruptions, 2);
  assert.is(state.longInterruptions, 1);
  assert.is(
    state.dips.reduce((sum, counter) => sum + counter, 0),
    1,
  );
  assert.is(countInterruption(NO_POWER_QUALITY, 3_600_000_000).longInterruptions, 1);
});

test('swells count by height and length', () => {
  const swell = (volt: number, micros: number): EndedVoltageEvent => ({
    kind: 'swell',
    extremeMilliVolt: volt * 1_000,
    micros,
  });
  assert.equal(counted(swell(276, 20_000)).swells, [1, 0, 0, 0, 0, 0]);
  assert.equal(counted(swell(275.9, 20_000)).swells, [0, 0, 0, 1, 0, 0]);
  assert.equal(counted(swell(300, 5_000_000)).swells, [0, 1, 0, 0, 0, 0]);
  assert.equal(counted(swell(260, 60_000_000)).swells, [0, 0, 0, 0, 0, 1]);
  assert.equal(counted(swell(260, 60_000_001)).swells, [0, 0, 0, 0, 0, 0]);
});

test('counters stand still at their largest value, time and readings add up', () => {
  let state = NO_POWER_QUALITY;
  for (let index = 0; index < 70_000; index++) state = countInterruption(state, 1);
  assert.is(state.shortInterruptions, 0xffff);
  state = countVoltageTime(countVoltageTime(state, 'under', 1_500), 'over', 20);
  state = countVoltageTime(state, 'under', 500);
  assert.equal([state.underVoltageMillis, state.overVoltageMillis], [2_000, 20]);
  for (const milliHertz of [50_000, 50_500, 50_501, 49_500, 49_499, 0]) {
    state = countFrequency(state, DEFAULT_POWER_QUALITY, milliHertz);
  }
  assert.equal([state.frequencyReadings, state.frequencyOutOfLimits], [5, 2]);
});

test.run();
