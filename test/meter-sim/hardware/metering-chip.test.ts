import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { type Fidelity, IDEAL_CHIP } from '../../../meter-sim/hardware/chip-config.ts';
import type { Appliance } from '../../../meter-sim/hardware/load.ts';
import { RandomStream } from '../../../meter-sim/world/random.ts';
import { bareWorld } from '../support/bare-world.ts';

const test = suite('metering chip');
const FIDELITIES: readonly Fidelity[] = ['sampled', 'next-event'];
const LOADS: readonly (readonly [string, Appliance])[] = [
  ['resistive 2 kW', { kind: 'resistive', watt: 2000 }],
  ['lagging 0.5', { kind: 'lagging', watt: 1500, powerFactor: 0.5 }],
  ['leading 0.8', { kind: 'leading', watt: 1500, powerFactor: 0.8 }],
  ['electronic', { kind: 'electronic', watt: 600 }],
];

test('without errors of its own the register follows the energy that flowed to 1e-6, in both fidelities', () => {
  for (const [name, appliance] of LOADS) {
    const registers = FIDELITIES.map((fidelity) => {
      const { world, hardware } = bareWorld({
        fidelity,
        chip: IDEAL_CHIP,
        relay: { position: 'closed' },
        load: { appliances: [appliance] },
      });
      const { metering } = hardware();
      // The register stands at the most that has flowed; only where it has just grown does the energy itself stand there.
      const whenItGrows = (): { register: number; joule: number } => {
        let found = { register: 0, joule: 0 };
        metering.alarmAfter(1, () => {
          found = { register: metering.energyMilliJoule(), joule: world.energyTruthJoule() };
        });
        world.advance(100_000);
        return found;
      };
      const before = whenItGrows();
      world.advance(900_000_000);
      const after = whenItGrows();
      const registered = after.register - before.register;
      const truth = 1000 * (after.joule - before.joule);
      const error = registered / truth - 1;
      console.log(`  ${name} ${fidelity}: energy error ${error.toExponential(1)} over 900 s`);
      assert.ok(Math.abs(error) < 1e-6, `${name} ${fidelity} ${error}`);
      return registered / truth;
    });
    const gap = registers[0]! / registers[1]! - 1;
    assert.ok(Math.abs(gap) < 1e-6, `${name}: the fidelities differ by ${gap}`);
  }
});

test('the closed form agrees with brute-force integration of the two waves', () => {
  const { world } = bareWorld({
    relay: { position: 'closed' },
    load: { appliances: LOADS.map(([, appliance]) => appliance) },
  });
  const from = world.now();
  const truthBefore = world.energyTruthJoule();
  const phaseFrom = world.mains.phaseAt(from);
  const hertz = world.mains.hertzAt(from);
  world.advance(123_457);
  const truth = world.energyTruthJoule() - truthBefore;
  // An independent sum: the formulas of the appliances, at 2,000,000 instants, with the mains' own harmonics.
  let sum = 0;
  const steps = 2_000_000;
  const { harmonics } = world.mains.config;
  const scale = Math.SQRT2 / Math.sqrt(harmonics.reduce((square, { ratio }) => square + ratio ** 2, 1));
  for (let step = 0; step < steps; step++) {
    const angle = 2 * Math.PI * (phaseFrom + (hertz * 0.123457 * (step + 0.5)) / steps);
    const wave = harmonics.reduce(
      (value, { order, ratio, phaseRadian }) => value + ratio * Math.sin(order * angle + phaseRadian),
      Math.sin(angle),
    );
    const volt = 230 * scale * wave;
    const electronic =
      Math.sin(angle) - 0.7 * Math.sin(3 * angle) + 0.4 * Math.sin(5 * angle) - 0.2 * Math.sin(7 * angle);
    const amp =
      (2000 / 230 ** 2) * volt +
      Math.SQRT2 * (1500 / 230 / 0.5) * Math.sin(angle - Math.acos(0.5)) +
      Math.SQRT2 * (1500 / 230 / 0.8) * Math.sin(angle + Math.acos(0.8)) +
      Math.SQRT2 * (600 / 230) * electronic;
    sum += volt * amp;
  }
  const expected = (sum / steps) * 0.123457;
  assert.ok(Math.abs(truth / expected - 1) < 1e-6, `${truth} against ${expected}`);
});

test('units with their own errors stay within class 1 from 0.1 Ib to Imax', () => {
  let worst = 0;
  let tried = 0;
  for (let seed = 0; seed < 12; seed++) {
    for (const amp of [1, 10, 100]) {
      for (const powerFactor of [1, 0.5]) {
        const { world, hardware } = bareWorld({
          seed,
          fidelity: seed < 2 ? 'sampled' : 'next-event',
          relay: { position: 'closed' },
          load: { appliances: [{ kind: 'lagging', watt: 230 * amp * powerFactor, powerFactor }] },
        });
        const before = hardware().metering.energyMilliJoule();
        const truthBefore = world.energyTruthJoule();
        world.advance(60_000_000);
        const registered = (hardware().metering.energyMilliJoule() - before) / 1000;
        worst = Math.max(worst, Math.abs(registered / (world.energyTruthJoule() - truthBefore) - 1));
        tried++;
      }
    }
  }
  console.log(`  ${tried} load points, worst error ${(100 * worst).toFixed(3)} % (class 1 allows 1 %)`);
  assert.ok(worst < 0.002);
});

test('no load registers nothing, the starting current does', () => {
  for (const fidelity of FIDELITIES) {
    for (const [amp, registers] of [
      [0, false],
      [0.01, false],
      [0.04, true],
    ] as const) {
      const { world, hardware } = bareWorld({
        fidelity,
        relay: { position: 'closed' },
        load: { appliances: [{ kind: 'resistive', watt: 230 * amp }] },
      });
      world.advance(60_000_000);
      const joule = hardware().metering.energyMilliJoule() / 1000;
      assert.is(joule > 0, registers, `${fidelity} ${amp} A: ${joule} J`);
      if (registers) assert.ok(Math.abs(joule / (230 * amp * 60.9) - 1) < 0.01, `${joule} J`);
    }
  }
});

test('zero crossings lie within a few microseconds of the truth over harmonics and 45 to 65 Hz', () => {
  for (const [name, appliance] of LOADS) {
    let worst = 0;
    let count = 0;
    for (const hertz of [45, 50, 55, 60, 65]) {
      const { world, hardware } = bareWorld({
        fidelity: 'sampled',
        seed: hertz,
        mains: { hertz },
        relay: { position: 'closed' },
        load: { appliances: [appliance] },
      });
      for (const channel of ['voltage', 'current'] as const) {
        if (channel === 'current' && name === 'electronic') continue; // Three zeros close together: tested below.
        const capture = hardware().metering.captureZeroCrossings(channel, (zeroAt) => {
          const truth = (channel === 'voltage' ? voltageZeros : currentZeros)(world, zeroAt);
          worst = Math.max(worst, truth);
          count++;
          assert.ok(world.now() - zeroAt <= 246 && world.now() >= zeroAt, 'reported at the next sample');
        });
        const before = count;
        world.advance(1_000_000);
        capture.cancel();
        assert.ok(
          Math.abs(count - before - 2 * hertz) <= 2,
          `${name} ${hertz} Hz ${channel}: ${count - before}`,
        );
      }
    }
    console.log(`  ${name}: ${count} zero crossings, worst error ${worst.toFixed(2)} us`);
    assert.ok(worst < 6, `${name} ${worst}`);
  }
});

test('a current that ripples around its zero gives one crossing per half cycle', () => {
  const { world, hardware } = bareWorld({
    relay: { position: 'closed' },
    load: { appliances: [{ kind: 'electronic', watt: 600 }] },
  });
  const times: number[] = [];
  hardware().metering.captureZeroCrossings('current', (zeroAt) => times.push(zeroAt));
  world.advance(1_000_000);
  assert.ok(Math.abs(times.length - 100) <= 1, `${times.length}`);
  for (let index = 2; index < times.length; index++) {
    assert.ok(Math.abs(times[index]! - times[index - 1]! - 10_000) < 60);
  }
});

test('the current channel is silent below the noise threshold', () => {
  for (const watt of [0, 2]) {
    const { world, hardware } = bareWorld({
      fidelity: 'sampled',
      relay: { position: 'closed' },
      load: { appliances: [{ kind: 'resistive', watt }] },
    });
    let count = 0;
    hardware().metering.captureZeroCrossings('current', () => count++);
    world.advance(2_000_000);
    assert.is(count, 0, `${watt} W`);
  }
});

test('an alarm comes when the register has advanced, never before, through load, voltage and switching changes', () => {
  const seed = 20_261_121;
  const random = new RandomStream(seed, 'alarms');
  let alarms = 0;
  for (const fidelity of FIDELITIES) {
    const { world, hardware } = bareWorld({
      fidelity,
      relay: { position: 'closed' },
      load: { appliances: [{ kind: 'resistive', watt: 1000 }] },
    });
    for (let round = 0; round < 300; round++) {
      const { metering } = hardware();
      const need = random.integer(1, 3_000_000);
      const before = metering.energyMilliJoule();
      let rangAt = -1;
      const alarm = metering.alarmAfter(need, () => {
        rangAt = world.now();
        const over = metering.energyMilliJoule() - before - need;
        assert.ok(over >= 0, `seed ${seed}: ${over} mJ early`);
        assert.ok(
          over <= 10_000,
          `seed ${seed}: ${fidelity} ${round} at ${world.now()}: ${over} mJ late of ${need}`,
        ); // 40 kW for one sample.
        alarms++;
      });
      const powerFactor = 0.5 + 0.5 * random.uniform();
      world.advance(random.integer(1, 600_000));
      world.setLoad({ appliances: [{ kind: 'lagging', watt: random.integer(10, 10_000), powerFactor }] });
      world.advance(random.integer(1, 600_000));
      world.setVoltage(random.integer(190, 260));
      world.advance(random.integer(1, 900_000));
      if (rangAt < 0)
        assert.ok(metering.energyMilliJoule() - before < need, `seed ${seed}: an alarm was lost`);
      alarm.cancel();
      if (round % 50 === 49) hardware().relay.pulse(round % 100 === 99 ? 'close' : 'open', 100_000);
    }
  }
  console.log(`  seed ${seed}: ${alarms} of 600 alarms fell due`);
  assert.ok(alarms > 200);
});

test('an alarm days away costs a handful of events and is exact', () => {
  const { world, hardware } = bareWorld({
    chip: IDEAL_CHIP,
    relay: { position: 'closed' },
    load: { appliances: [{ kind: 'lagging', watt: 200, powerFactor: 0.6 }] },
  });
  const events = world.eventsRun;
  const need = 200 * 86_400 * 10 * 1000;
  const before = world.energyTruthJoule();
  let late = Number.NaN;
  hardware().metering.alarmAfter(need, () => {
    late = world.energyTruthJoule() - before - need / 1000;
  });
  world.advance(11 * 86_400e6);
  console.log(
    `  alarm 10 days away: ${world.eventsRun - events} events, late by ${(1000 * late).toFixed(1)} mJ`,
  );
  assert.ok(Math.abs(late) < 0.01, `${late} J`);
  assert.ok(world.eventsRun - events < 12);
});

test('the registers read alike in both fidelities', () => {
  const readings = FIDELITIES.map((fidelity) => {
    const { hardware } = bareWorld({
      fidelity,
      relay: { position: 'closed' },
      load: { appliances: [{ kind: 'lagging', watt: 1500, powerFactor: 0.5 }] },
    });
    const { metering } = hardware();
    return [metering.voltageMilliVolt(), metering.currentMilliAmp(), metering.powerMilliWatt()];
  });
  for (const index of [0, 1, 2]) {
    assert.ok(Math.abs(readings[0]![index]! / readings[1]![index]! - 1) < 0.001, JSON.stringify(readings));
  }
});

type World = ReturnType<typeof bareWorld>['world'];

/** Distance from `time` to the nearest true current zero, µs, from the formula of the load and not from its table. */
function currentZeros(world: World, time: number): number {
  const appliance = world.appliances[0]!;
  if (appliance.kind === 'resistive') return voltageZeros(world, time);
  const factor = 'powerFactor' in appliance ? appliance.powerFactor : 1;
  const shift = Math.acos(factor) / (2 * Math.PI);
  const phase = world.mains.phaseAt(time) + (appliance.kind === 'lagging' ? -shift : shift);
  return (Math.abs(phase * 2 - Math.round(phase * 2)) / 2 / world.mains.hertzAt(time)) * 1e6;
}

function voltageZeros(world: World, time: number): number {
  const wave = (phase: number): number =>
    world.mains.config.harmonics.reduce(
      (value, { order, ratio, phaseRadian }) =>
        value + ratio * Math.sin(2 * Math.PI * order * phase + phaseRadian),
      Math.sin(2 * Math.PI * phase),
    );
  const phase = world.mains.phaseAt(time);
  let low = phase - 0.05;
  let high = phase + 0.05;
  const sign = wave(low) < 0 ? 1 : -1;
  for (let round = 0; round < 50; round++) {
    const middle = (low + high) / 2;
    if (sign * wave(middle) < 0) low = middle;
    else high = middle;
  }
  return (Math.abs(low - phase) / world.mains.hertzAt(time)) * 1e6;
}

test.run();
