import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import {
  assertDemandOptions,
  closeUntil,
  DEFAULT_DEMAND,
  demandMilliWatt,
  openDemand,
  resetDemand,
} from '../../../../meter-sim/firmware/metering/demand.ts';
import { RandomStream } from '../../../../meter-sim/world/random.ts';
import { count, report, seedOf } from '../../../support/counts.ts';
import { mistake } from '../../../support/throws.ts';

const test = suite('meter-sim/firmware/metering/demand');

const endOf = (period: number): number => (period + 1) * 900;

test('a block demand is the most energy of a period, with the end of the first period that saw it', () => {
  const options = { subPeriodSeconds: 900, subPeriods: 1 };
  let state = openDemand(10);
  for (const [period, milliWh] of [
    [11, 500],
    [12, 2_000],
    [13, 2_000],
    [14, 1_999],
  ] as const) {
    state = closeUntil(state, options, period, milliWh, endOf);
  }
  assert.is(state.maximumMilliWh, 2_000);
  assert.is(state.maximumAtSeconds, 12 * 900);
  assert.is(demandMilliWatt(state.maximumMilliWh, options), 8_000);
  assert.is(closeUntil(state, options, 14, 9_999, endOf), state, 'the open period is not judged');
});

test('a reset begins the maximum anew and keeps what it was', () => {
  const options = { subPeriodSeconds: 900, subPeriods: 2 };
  let state = closeUntil(openDemand(0), options, 1, 700, endOf);
  state = resetDemand(state);
  assert.equal(
    [state.maximumMilliWh, state.maximumAtSeconds, state.lastMaximumMilliWh, state.resets],
    [0, 0, 700, 1],
  );
  state = closeUntil(state, options, 2, 100, endOf);
  assert.is(state.maximumMilliWh, 800, 'the window goes on over the reset');
});

test('a clock that was set back closes short and forgets the window; one set forward saw nothing meanwhile', () => {
  const options = { subPeriodSeconds: 900, subPeriods: 3 };
  let state = closeUntil(openDemand(100), options, 101, 1_000, endOf);
  state = closeUntil(state, options, 50, 500, endOf);
  assert.is(state.maximumMilliWh, 1_500);
  assert.equal([state.period, state.before], [50, []]);
  state = closeUntil(state, options, 51, 1_400, endOf);
  state = closeUntil(state, options, 1_000, 10, endOf);
  assert.is(state.maximumMilliWh, 1_500);
  assert.equal([state.period, state.before], [1_000, [0, 0]]);
});

test('random histories with dark hours give the maximum of a search through every window', () => {
  const seed = seedOf('demand histories');
  const histories = count(20_000, 500);
  let windows = 0;
  for (let index = 0; index < histories; index++) {
    const random = new RandomStream(seed, `demand ${index}`);
    const options = {
      subPeriodSeconds: [60, 300, 900, 1_800][random.integer(0, 3)]!,
      subPeriods: random.integer(1, 15),
    };
    const first = random.integer(0, 1_000_000);
    const energies: number[] = [];
    let state = openDemand(first);
    for (let step = 0; step < 60; step++) {
      const milliWh = random.integer(0, 3) === 0 ? 0 : random.integer(0, 10_000_000);
      const dark = random.integer(0, 9) === 0 ? random.integer(1, 20) : 0;
      energies.push(milliWh, ...new Array<number>(dark).fill(0));
      state = closeUntil(state, options, first + energies.length, milliWh, endOf);
    }
    // Before the first period there was nothing.
    const padded = [...new Array<number>(options.subPeriods - 1).fill(0), ...energies];
    let best = { milliWh: 0, at: 0 };
    for (let end = options.subPeriods; end <= padded.length; end++) {
      const window = padded.slice(end - options.subPeriods, end).reduce((sum, energy) => sum + energy, 0);
      if (window > best.milliWh) best = { milliWh: window, at: endOf(first + end - options.subPeriods) };
      windows += 1;
    }
    assert.is(state.maximumMilliWh, best.milliWh, `history ${index}, seed ${seed}`);
    assert.is(state.maximumAtSeconds, best.at, `history ${index}, seed ${seed}`);
  }
  report(`${histories} histories, ${windows} windows searched, every maximum and its time the same`);
});

test('periods that do not fit a day or the memory are refused', () => {
  assertDemandOptions(DEFAULT_DEMAND);
  for (const [subPeriodSeconds, subPeriods, name] of [
    [29, 1, 'subPeriodSeconds'],
    [3_601, 1, 'subPeriodSeconds'],
    [77, 1, 'subPeriodSeconds'],
    [900, 0, 'subPeriods'],
    [900, 16, 'subPeriods'],
  ] as const) {
    assert.throws(() => assertDemandOptions({ subPeriodSeconds, subPeriods }), mistake(RangeError, name));
  }
});

test.run();
