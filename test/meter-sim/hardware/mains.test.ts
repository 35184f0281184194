import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import {
  type Appliance,
  currentTable,
  currentTerms,
  DEFAULT_LOAD,
} from '../../../meter-sim/hardware/load.ts';
import { DEFAULT_MAINS, Mains } from '../../../meter-sim/hardware/mains.ts';
import {
  PhaseIntegral,
  TABLE_POINTS,
  waveSet,
  zeroAfter,
  zeroBefore,
  zeroPhases,
} from '../../../meter-sim/hardware/waves.ts';
import { RandomStream } from '../../../meter-sim/world/random.ts';
import { report } from '../../support/counts.ts';
import { bareWorld } from '../support/bare-world.ts';

const test = suite('mains and load');

function amps(appliances: readonly Appliance[], volt: number, mains: Mains): Float64Array {
  const load = { ...DEFAULT_LOAD, appliances };
  return currentTable(currentTerms(load, volt, waveSet(mains.config.harmonics, load.electronicHarmonics)));
}

test('phase and time are each other’s inverse over steps of the frequency', () => {
  const mains = new Mains(DEFAULT_MAINS, new RandomStream(3, 'mains'));
  const random = new RandomStream(3, 'times');
  let before = mains.phaseAt(0);
  let last = 0;
  for (let round = 0; round < 5000; round++) {
    const time = last + random.uniform() * 40_000;
    const phase = mains.phaseAt(time);
    assert.ok(phase > before);
    assert.ok(Math.abs(mains.timeAtPhase(phase, last) - time) < 1e-4, 'sought from before');
    assert.ok(Math.abs(mains.timeAtPhase(phase, time + 30_000) - time) < 1e-4, 'sought from after');
    before = phase;
    last = time;
  }
});

test('the frequency walks around 50 Hz by 20 mHz', () => {
  const mains = new Mains(DEFAULT_MAINS, new RandomStream(5, 'mains'));
  const count = 50_000;
  let sum = 0;
  let squares = 0;
  for (let step = 0; step < count; step++) {
    const off = mains.hertzAt(step * DEFAULT_MAINS.stepMicros) - 50;
    sum += off;
    squares += off * off;
  }
  const sigma = Math.sqrt(squares / count);
  report(
    `frequency over ${count} steps: mean 50 ${(1000 * sum) / count} mHz, sigma ${(1000 * sigma).toFixed(2)} mHz`,
  );
  assert.ok(Math.abs(sum / count) < 0.001 && Math.abs(sigma - 0.02) < 0.001);
});

test('the wave has an RMS of 1 and the harmonics of its configuration', () => {
  const { unitWave } = new Mains(DEFAULT_MAINS, new RandomStream(1, 'mains'));
  const share = (order: number): number => {
    let sine = 0;
    let cosine = 0;
    for (let index = 0; index < TABLE_POINTS; index++) {
      const angle = (2 * Math.PI * order * index) / TABLE_POINTS;
      sine += unitWave[index]! * Math.sin(angle);
      cosine += unitWave[index]! * Math.cos(angle);
    }
    return (2 * Math.hypot(sine, cosine)) / TABLE_POINTS;
  };
  const square = unitWave.subarray(0, TABLE_POINTS).reduce((sum, value) => sum + value * value, 0);
  assert.ok(Math.abs(square / TABLE_POINTS - 1) < 1e-9);
  for (const { order, ratio } of DEFAULT_MAINS.harmonics) {
    assert.ok(Math.abs(share(order) / share(1) - ratio) < 1e-9);
  }
});

test('each kind of load draws its watts at nominal voltage, and as its kind says at another', () => {
  const mains = new Mains({ ...DEFAULT_MAINS, harmonics: [] }, new RandomStream(1, 'mains'));
  const watts = (appliance: Appliance, volt: number): number => {
    const wave = amps([appliance], volt, mains);
    return new PhaseIntegral((index) => volt * mains.unitWave[index]! * wave[index]!).perCycle;
  };
  const near = (value: number, expected: number): void => assert.ok(Math.abs(value / expected - 1) < 1e-9);
  near(watts({ kind: 'resistive', watt: 2000 }, 230), 2000);
  near(watts({ kind: 'resistive', watt: 2000 }, 115), 500);
  near(watts({ kind: 'lagging', watt: 900, powerFactor: 0.5 }, 230), 900);
  near(watts({ kind: 'leading', watt: 900, powerFactor: 0.8 }, 115), 225);
  near(watts({ kind: 'electronic', watt: 300 }, 230), 300);
  near(watts({ kind: 'electronic', watt: 300 }, 180), 300);
  assert.is(amps([{ kind: 'electronic', watt: 9 }], 0, mains)[9], 0);
});

test('zeros of a displaced sine stand where its phase says; a wave without current has none', () => {
  const mains = new Mains(DEFAULT_MAINS, new RandomStream(1, 'mains'));
  const appliances = [{ kind: 'lagging', watt: 100, powerFactor: 0.5 }] as const;
  const zeros = zeroPhases(amps(appliances, 230, mains));
  assert.is(zeros.length, 2);
  assert.ok(Math.abs(zeros[0]! - 1 / 6) < 1e-9 && Math.abs(zeros[1]! - 4 / 6) < 1e-9);
  assert.ok(Math.abs(zeroAfter(zeros, 7.9)! - (8 + 1 / 6)) < 1e-9);
  assert.ok(Math.abs(zeroBefore(zeros, 8.1)! - (7 + 4 / 6)) < 1e-9);
  const none = zeroPhases(amps([], 230, mains));
  assert.is(zeroAfter(none, 1), null);
  assert.is(zeroBefore(none, 1), null);
});

test('an absurd load or voltage is refused and changes nothing', () => {
  const isRange = (error: unknown): boolean => error instanceof RangeError;
  const { world } = bareWorld({ load: { appliances: [{ kind: 'resistive', watt: 5 }] } });
  for (const watt of [-1, Number.NaN]) {
    assert.throws(() => world.setLoad({ appliances: [{ kind: 'resistive', watt }] }), isRange);
  }
  for (const powerFactor of [0, -0.5, 1.01, Number.NaN]) {
    assert.throws(() => world.setLoad({ appliances: [{ kind: 'lagging', watt: 1, powerFactor }] }), isRange);
  }
  for (const volt of [-1, Number.NaN, 5000]) assert.throws(() => world.setVoltage(volt), isRange);
  assert.equal(world.appliances, [{ kind: 'resistive', watt: 5 }]);
  assert.is(world.mains.voltRms, 230);
});

test.run();
