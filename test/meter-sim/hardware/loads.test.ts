import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { IDEAL_CHIP } from '../../../meter-sim/hardware/chip-config.ts';
import {
  type Appliance,
  CAPACITOR_INRUSH,
  LAMP_INRUSH,
  MOTOR_START,
} from '../../../meter-sim/hardware/load.ts';
import { LIMIT_HARMONICS, MAINS_PROFILES } from '../../../meter-sim/hardware/mains.ts';
import {
  DEFAULT_HOUSEHOLD,
  DEFAULT_SUN,
  dayKwh,
  householdHour,
  liveIn,
  sunWatt,
} from '../../../meter-sim/world/household.ts';
import { report } from '../../support/counts.ts';
import { unit } from '../support/metering-bench.ts';

const test = suite('loads and profiles');
const HOUR = 3_600_000_000;

test('the energy of a displaced current is the formula’s, whatever the harmonics of the voltage', () => {
  let worst = 0;
  for (const harmonics of [[], LIMIT_HARMONICS]) {
    const share = 1 / Math.sqrt(harmonics.reduce((sum, { ratio }) => sum + ratio * ratio, 1));
    for (const powerFactor of [0.25, 0.5, 0.8, 1]) {
      for (const kind of ['lagging', 'leading'] as const) {
        const appliances: Appliance[] = [{ kind, watt: 2000, powerFactor }];
        const { world } = unit({ mains: { harmonics }, load: { appliances } });
        const before = world.energyTruthJoule();
        world.advance(36_000e6);
        // Only the fundamental of the voltage meets a sine: U1 · I · cos phi.
        const expected = 2000 * share * 36_000;
        worst = Math.max(worst, Math.abs((world.energyTruthJoule() - before) / expected - 1));
      }
    }
  }
  report(`truth against U1 I cos phi over ten hours: ${worst.toExponential(1)} at worst`);
  assert.ok(worst < 1e-6);
});

test('a dimmer draws what its firing angle leaves of the sine', () => {
  for (const firingDegree of [30, 60, 90, 120, 150]) {
    const appliances: Appliance[] = [{ kind: 'phase-controlled', watt: 1000, firingDegree }];
    const { world } = unit({ mains: { harmonics: [] }, load: { appliances } });
    const before = world.energyTruthJoule();
    world.advance(100e6);
    const angle = (Math.PI * firingDegree) / 180;
    const ideal = 1 - angle / Math.PI + Math.sin(2 * angle) / (2 * Math.PI);
    const share = (world.energyTruthJoule() - before) / 100_000;
    // The edge of a millisecond rounds the ideal step.
    assert.ok(Math.abs(share - ideal) < 0.02, `${firingDegree}: ${share} of ${ideal}`);
  }
});

test('motors, lamps and capacitors begin with a multiple of their current and fall to it cycle by cycle', () => {
  for (const [start, ratio] of [
    [MOTOR_START, 6],
    [LAMP_INRUSH, 10],
    [CAPACITOR_INRUSH, 10],
  ] as const) {
    const { world, hardware } = unit({ chip: IDEAL_CHIP });
    const { metering } = hardware();
    const appliance: Appliance = { kind: 'resistive', watt: 460, start };
    const events = world.eventsRun;
    world.setLoad({ appliances: [appliance] });
    const first = metering.currentMilliAmp();
    assert.ok(Math.abs(first - 2000 * ratio) < 20, `${first}`);
    let before = first;
    while (metering.currentMilliAmp() > 2001) {
      world.advance(20_000);
      assert.ok(metering.currentMilliAmp() <= before);
      before = metering.currentMilliAmp();
    }
    world.advance(10e6);
    const cost = world.eventsRun - events;
    assert.ok(cost < 80, `${cost} events`);
    // The same object runs on, another one starts.
    world.setLoad({ appliances: [appliance, { kind: 'resistive', watt: 230 }] });
    assert.ok(Math.abs(metering.currentMilliAmp() - 3000) < 5);
    world.setLoad({ appliances: [{ ...appliance }] });
    assert.ok(metering.currentMilliAmp() > 2000 * ratio - 20);
  }
});

test('what had no voltage for a while starts anew, by the mains and by the contact', () => {
  const { world, hardware } = unit({
    chip: IDEAL_CHIP,
    load: { appliances: [{ kind: 'resistive', watt: 460, start: LAMP_INRUSH }] },
  });
  const { metering } = hardware();
  world.advance(5e6);
  assert.ok(metering.currentMilliAmp() < 2001);
  world.grid.interruption(30_000);
  world.advance(35_000);
  assert.ok(metering.currentMilliAmp() < 2001, 'a dip of a cycle or two starts nothing');
  hardware().relay.pulse('open', 100_000);
  world.advance(2e6);
  hardware().relay.pulse('close', 100_000);
  let highest = 0;
  for (let step = 0; step < 40; step++) {
    world.advance(1000);
    highest = Math.max(highest, Math.abs(world.currentAmp()));
  }
  assert.ok(highest > 2 * Math.SQRT2 * 5, `${highest} A`);
});

test('the days of a household add up to their energy, hour by hour, in a handful of events', () => {
  const { world, hardware } = unit({ chip: IDEAL_CHIP, rtcEpochSeconds: 1_767_225_600 });
  world.runUntil(24 * HOUR);
  const playing = liveIn(world, 'house');
  const events = world.eventsRun;
  let worst = 0;
  for (let day = 1; day <= 30; day++) {
    const before = world.energyTruthJoule();
    world.advance(24 * HOUR);
    const kwh = (world.energyTruthJoule() - before) / 3.6e6;
    // Motors and electronics meet only a part of the voltage's harmonics.
    const off = Math.abs(kwh / dayKwh('house', day) - 1);
    worst = Math.max(worst, off);
    assert.ok(off < 0.01, `day ${day}: ${kwh} kWh of ${dayKwh('house', day)}`);
  }
  const perDay = (world.eventsRun - events) / 30;
  report(
    `30 days of a household: off by ${worst.toExponential(1)} at worst, ${perDay.toFixed(1)} events a day`,
  );
  assert.ok(perDay < 50);
  const registered = hardware().metering.energyMilliJoule() / 1000;
  assert.ok(Math.abs(registered / world.energyTruth().importJoule - 1) < 1e-6);
  playing.cancel();
  const still = world.eventsRun;
  world.advance(24 * HOUR);
  assert.ok(world.eventsRun - still < 3);
});

test('hours follow their weights; equal seeds live equal days and others other ones', () => {
  const energy = (hour: number): number =>
    householdHour('a', hour).reduce((sum, { from, appliances }, index, all) => {
      const end = all[index + 1]?.from ?? (hour + 1) * HOUR;
      return sum + appliances.reduce((watt, one) => watt + one.watt, 0) * ((end - from) / HOUR);
    }, 0);
  const weights = DEFAULT_HOUSEHOLD.hourWeights.reduce((sum, weight) => sum + weight, 0);
  for (let hour = 0; hour < 48; hour++) {
    const share = (DEFAULT_HOUSEHOLD.hourWeights[hour % 24] as number) / weights;
    const expected = 1000 * dayKwh('a', Math.floor(hour / 24)) * share;
    assert.ok(Math.abs(energy(hour) - expected) < 0.01, `hour ${hour}: ${energy(hour)} Wh of ${expected}`);
  }
  assert.equal(householdHour('a', 7), householdHour('a', 7));
  assert.not.equal(householdHour('a', 7), householdHour('b', 7));
  const isRange = (error: unknown): boolean => error instanceof RangeError;
  assert.throws(() => householdHour('a', -1), isRange);
  assert.throws(() => householdHour('a', 0, { ...DEFAULT_HOUSEHOLD, hourWeights: [1] }), isRange);
  assert.throws(() => householdHour('a', 0, { ...DEFAULT_HOUSEHOLD, kwhPerDay: -1 }), isRange);
});

test('the sun feeds back by day what its curve says and nothing by night', () => {
  const { world, hardware } = unit({ chip: IDEAL_CHIP });
  liveIn(world, 'roof', { ...DEFAULT_HOUSEHOLD, kwhPerDay: 0 }, DEFAULT_SUN);
  world.runUntil(24 * HOUR);
  let watts = 0;
  for (let step = 0; step < 96; step++) {
    const watt = sunWatt('roof', step * 900e6);
    const hour = step / 4;
    if (hour < 5.75 || hour >= 18) assert.is(watt, 0, `${hour} o'clock`);
    assert.ok(watt >= 0 && watt <= DEFAULT_SUN.peakWatt);
    watts += watt;
  }
  // An inverter is a sine: it misses the harmonics of the voltage.
  const expected = watts * 900 * (1 / Math.sqrt(1 + 0.01 ** 2 + 0.025 ** 2 + 0.01 ** 2));
  const exported = hardware().metering.exportMilliJoule() / 1000;
  report(`a roof fed ${(exported / 3.6e6).toFixed(2)} kWh back in a day`);
  assert.ok(Math.abs(exported / expected - 1) < 1e-5, `${exported} J of ${expected}`);
  assert.is(hardware().metering.energyMilliJoule(), 0);
});

test('every profile of the mains runs a meter', () => {
  for (const [name, mains] of Object.entries(MAINS_PROFILES)) {
    const { world, hardware } = unit({ mains, load: { appliances: [{ kind: 'resistive', watt: 1000 }] } });
    world.advance(60e6);
    const frequency = hardware().metering.frequencyMilliHertz();
    assert.ok(Math.abs(frequency - 1000 * mains.hertz) < 1000, `${name}: ${frequency} mHz`);
    assert.ok(Math.abs(hardware().metering.powerMilliWatt() - 1e6) < 1e3, name);
  }
});

test.run();
