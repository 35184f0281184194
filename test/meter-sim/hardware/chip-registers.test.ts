import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { VoltageEvent } from '../../../meter-sim/firmware/hardware-interface.ts';
import { type Fidelity, IDEAL_CHIP } from '../../../meter-sim/hardware/chip-config.ts';
import { DIP_DURATIONS_SECONDS, DIP_RESIDUALS_PERCENT } from '../../../meter-sim/hardware/grid.ts';
import type { Appliance } from '../../../meter-sim/hardware/load.ts';
import { RandomStream } from '../../../meter-sim/world/random.ts';
import { count, report, seedOf } from '../../support/counts.ts';
import { unit } from '../support/metering-bench.ts';

const test = suite('registers of the metering chip');
const FIDELITIES: readonly Fidelity[] = ['sampled', 'next-event'];
const KETTLE: readonly Appliance[] = [{ kind: 'resistive', watt: 2300 }];
const THRESHOLDS = { dipMilliVolt: 207_000, swellMilliVolt: 253_000, hysteresisMilliVolt: 4_600 };
/** A supply that rides through everything, so that one life of the chip sees it all. */
const SUPPLY = { supply: { failVolt: 1, failHysteresisVolt: 0.1, lowestMainsVolt: 1 } };

function isNear(value: number, expected: number, share: number): boolean {
  return Math.abs(value - expected) <= share * Math.abs(expected);
}

test('when the line is bypassed or the return goes by earth then the two currents tell it, in both fidelities', () => {
  for (const fidelity of FIDELITIES) {
    const { world, hardware } = unit({ fidelity, load: { appliances: KETTLE } });
    const { metering } = hardware();
    for (const [bypassShare, earthShare] of [
      [0, 0],
      [0.5, 0],
      [0, 0.7],
      [0.9, 0.2],
    ] as const) {
      world.setWiring({ bypassShare, earthShare });
      world.advance(1_000_000);
      const line = metering.currentMilliAmp();
      const neutral = metering.neutralMilliAmp();
      assert.ok(isNear(line, 10_000 * (1 - bypassShare), 0.001), `${fidelity} ${line}`);
      assert.ok(isNear(neutral, 10_000 * (1 - earthShare), 0.001), `${fidelity} ${neutral}`);
    }
  }
});

test('when the firmware bills by the neutral then a bypassed line costs the thief nothing less', () => {
  for (const fidelity of FIDELITIES) {
    const { world, hardware } = unit({ fidelity, load: { appliances: KETTLE } });
    const { metering } = hardware();
    world.setWiring({ bypassShare: 0.8 });
    const registered = (): number => {
      const before = metering.energyMilliJoule();
      world.advance(60_000_000);
      return (metering.energyMilliJoule() - before) / 1000;
    };
    assert.ok(isNear(registered(), 0.2 * 2300 * 60, 0.002), 'by the line');
    metering.selectCurrent('neutral');
    assert.ok(isNear(registered(), 2300 * 60, 0.002), 'by the neutral');
    world.advance(200_000);
    assert.ok(isNear(metering.powerMilliWatt(), 2_300_000, 0.002));
    hardware().relay.pulse('open', 100_000);
    world.setWiring({ bypassShare: 1 });
    world.advance(1_000_000);
    assert.ok(metering.currentMilliAmp() < 10, 'an open contact carries nothing');
    assert.ok(isNear(registered(), 2300 * 60, 0.002), 'what goes around it is seen in the neutral');
  }
});

test('when feed and load side are exchanged, or the roof feeds, then the export register counts and the import rests', () => {
  for (const fidelity of FIDELITIES) {
    for (const [name, wiring, appliances] of [
      ['reversed', { isReversed: true }, KETTLE],
      ['feed', {}, [{ kind: 'feed', watt: 2300 }] as const],
    ] as const) {
      const { world, hardware } = unit({ fidelity, load: { appliances } });
      world.setWiring(wiring);
      world.advance(500_000);
      const { metering } = hardware();
      const imported = metering.energyMilliJoule();
      const before = metering.exportMilliJoule();
      let rangAt = 0;
      metering.exportAlarmAfter(18_000_000, () => {
        rangAt = world.now();
      });
      const from = world.now();
      world.advance(60_000_000);
      assert.is(metering.energyMilliJoule(), imported, name);
      const exported = (metering.exportMilliJoule() - before) / 1000;
      assert.ok(isNear(exported, 2300 * 60, 0.002), `${name} ${fidelity} ${exported}`);
      assert.ok(isNear(rangAt - from, (18_000 / 2300) * 1e6, 0.003), `5 Wh after ${(rangAt - from) / 1e6} s`);
      assert.ok(isNear(metering.powerMilliWatt(), -2_300_000, 0.002));
    }
  }
});

test('reactive and apparent power, power factor and frequency read as the load is, in both fidelities', () => {
  for (const fidelity of FIDELITIES) {
    for (const [appliance, reactive, factor] of [
      [{ kind: 'resistive', watt: 2300 }, 0, 1000],
      [{ kind: 'lagging', watt: 1150, powerFactor: 0.5 }, 1991.86, 500],
      [{ kind: 'leading', watt: 1840, powerFactor: 0.8 }, -1380, -800],
    ] as const) {
      const { world, hardware } = unit({
        fidelity,
        mains: { harmonics: [] },
        load: { appliances: [appliance] },
      });
      world.advance(1_000_000);
      const { metering } = hardware();
      assert.ok(isNear(metering.apparentMilliVoltAmp(), 2_300_000, 0.002));
      const off = metering.reactiveMilliVar() / 1000 - reactive;
      assert.ok(Math.abs(off) < 8, `${fidelity} ${appliance.kind}: ${off} var off`);
      assert.ok(Math.abs(metering.powerFactorPermille() - factor) <= 2, `${metering.powerFactorPermille()}`);
      assert.ok(Math.abs(metering.frequencyMilliHertz() - 50_000) < 100);
    }
  }
});

test('when the grid ramps then frequency and energy follow, exact to 1e-6 in both fidelities', () => {
  for (const fidelity of FIDELITIES) {
    const { world, hardware } = unit({ fidelity, chip: IDEAL_CHIP, load: { appliances: KETTLE } });
    const { metering } = hardware();
    const before = metering.energyMilliJoule() / 1000;
    const truth = world.energyTruthJoule();
    world.grid.ramp({ hertz: 51, hertzPerSecond: 0.5 });
    world.advance(1_000_000);
    const halfWay = metering.frequencyMilliHertz();
    assert.ok(Math.abs(halfWay - 50_500) < 100, `${halfWay}`);
    world.advance(9_000_000);
    assert.ok(Math.abs(metering.frequencyMilliHertz() - 51_000) < 100);
    world.grid.ramp({ hertz: 49, hertzPerSecond: 0.5 });
    world.advance(4_000_000);
    assert.ok(Math.abs(metering.frequencyMilliHertz() - 49_000) < 100);
    world.advance(600_000_000);
    const error = (metering.energyMilliJoule() / 1000 - before) / (world.energyTruthJoule() - truth) - 1;
    assert.ok(Math.abs(error) < 1e-6, `${fidelity} ${error}`);
  }
});

test('every class of dip is reported with its residual and its length, alike in both fidelities', () => {
  const seed = seedOf('dips');
  let dips = 0;
  let worst = 0;
  const told = FIDELITIES.map((fidelity) => {
    const random = new RandomStream(seed, 'dips');
    const { world, hardware } = unit({ fidelity, ...SUPPLY });
    const events: VoltageEvent[] = [];
    hardware().metering.captureVoltageEvents(THRESHOLDS, (event) => events.push(event));
    world.advance(1_000_000);
    assert.equal(events, []);
    for (const residual of DIP_RESIDUALS_PERCENT) {
      for (let index = 1; index < DIP_DURATIONS_SECONDS.length; index++) {
        const [from, to] = [
          DIP_DURATIONS_SECONDS[index - 1] as number,
          DIP_DURATIONS_SECONDS[index] as number,
        ];
        const micros = Math.max(20_000, Math.round(1e6 * (from + (to - from) * 0.3 * random.uniform())));
        // The class of 90 % begins just below it.
        const residualPercent = Math.max(1, residual - 3 * (0.1 + random.uniform()));
        const at = world.now() + random.integer(1, 20_000);
        events.length = 0;
        world.at(at, () => world.grid.dip({ residualPercent, micros }));
        world.advance(micros + 200_000);
        const [start, end] = events;
        assert.is(
          events.length,
          2,
          `${fidelity} ${residualPercent} % ${micros} us: ${JSON.stringify(events)}`,
        );
        assert.ok(start?.kind === 'dip' && start.endedAt === null && end?.endedAt !== null);
        if (start === undefined || end === undefined || end.endedAt === null) continue;
        assert.ok(start.startedAt >= at && start.startedAt - at <= 31_000, `${start.startedAt - at}`);
        const length = end.endedAt - end.startedAt;
        assert.ok(Math.abs(length - micros) <= 31_000, `${fidelity}: ${length} us of ${micros}`);
        if (micros >= 40_000) {
          const off = Math.abs(end.extremeMilliVolt / 2300 - residualPercent);
          assert.ok(off < 0.2, `${fidelity}: ${end.extremeMilliVolt} mV for ${residualPercent} %`);
          worst = Math.max(worst, off);
        }
        dips++;
      }
    }
    return JSON.stringify(events);
  });
  assert.is(told[0], told[1], 'both fidelities say the same');
  report(`${dips} dips of 25 classes, residual off by ${worst.toFixed(3)} % of Un at worst`);
});

test('dips that come after a year end as well: no half cycle is looked at twice, wherever rounding puts its boundary', () => {
  const seed = seedOf('late dips');
  const random = new RandomStream(seed, 'late dips');
  const { world, hardware } = unit({ fidelity: 'next-event', ...SUPPLY });
  let ended = 0;
  hardware().metering.captureVoltageEvents(THRESHOLDS, (event) => {
    if (event.endedAt !== null) ended++;
  });
  // Here a double tells times by 8 ns and phases by 5: the boundaries that fall on a microsecond are rounded apart.
  world.advance(410 * 86_400 * 1_000_000);
  const dips = count(20_000, 500);
  for (let dip = 0; dip < dips; dip++) {
    world.grid.dip({ residualPercent: 40, micros: random.integer(40_000, 200_000) });
    world.advance(random.integer(400_000, 5_000_000));
  }
  assert.is(ended, dips);
  report(`${dips} dips after 410 days, each of which ended`);
});

test('when the neutral upstream is lost then a swell is reported to 400 V and ends when it is mended', () => {
  const { world, hardware } = unit({ load: { appliances: KETTLE } });
  const events: VoltageEvent[] = [];
  hardware().metering.captureVoltageEvents(THRESHOLDS, (event) => events.push(event));
  world.grid.surge({ volt: 400, micros: 180_000_000 });
  world.advance(200_000_000);
  assert.is(events.length, 2);
  assert.is(events[1]?.kind, 'swell');
  assert.ok(isNear(events[1]?.extremeMilliVolt ?? 0, 400_000, 0.001));
  assert.ok(isNear((events[1]?.endedAt ?? 0) - (events[1]?.startedAt ?? 0), 180e6, 0.001));
  assert.ok(isNear(hardware().metering.voltageMilliVolt(), 230_000, 0.001));
});

test('levels interrupt once on each side, with hysteresis, within a register period', () => {
  for (const fidelity of FIDELITIES) {
    const { world, hardware } = unit({ fidelity, load: { appliances: KETTLE } });
    const { metering } = hardware();
    world.advance(1_000_000);
    const calls: string[] = [];
    const watch = (
      quantity: Parameters<typeof metering.captureLevel>[0],
      threshold: number,
      release: number,
    ): void => {
      metering.captureLevel(quantity, { threshold, release }, (isAbove) => {
        calls.push(`${quantity} ${isAbove}`);
      });
    };
    watch('current', 15_000, 12_000);
    watch('imbalance', 60, 50);
    watch('voltage', 250_000, 245_000);
    world.advance(1_000_000);
    assert.equal(calls, []);
    const expectAfter = (change: () => void, expected: readonly string[]): void => {
      calls.length = 0;
      change();
      world.advance(300_000);
      assert.equal(calls, expected, fidelity);
    };
    expectAfter(() => world.setLoad({ appliances: [{ kind: 'resistive', watt: 4600 }] }), ['current true']);
    expectAfter(() => world.setLoad({ appliances: [{ kind: 'resistive', watt: 3000 }] }), []);
    expectAfter(() => world.setLoad({ appliances: KETTLE }), ['current false']);
    expectAfter(() => world.setWiring({ earthShare: 0.1 }), ['imbalance true']);
    expectAfter(() => world.setWiring({}), ['imbalance false']);
    expectAfter(() => world.setVoltage(255), ['voltage true']);
    expectAfter(() => world.setVoltage(230), ['voltage false']);
    const events = world.eventsRun;
    world.advance(86_400_000_000 / (fidelity === 'sampled' ? 10_000 : 1));
    assert.is(world.eventsRun, events, 'a steady load raises nothing');
    assert.throws(
      () => metering.captureLevel('voltage', { threshold: 1, release: 2 }, () => {}),
      (error: unknown) => error instanceof RangeError,
    );
  }
});

test('the light pulses a thousand times a kWh while watched, costs nothing otherwise, and survives a reset', () => {
  for (const fidelity of FIDELITIES) {
    const { world, hardware } = unit({ fidelity, load: { appliances: KETTLE } });
    const before = world.led.pulses();
    const times: number[] = [];
    const watch = world.led.watch(() => times.push(world.now()));
    world.advance(120_000_000);
    const expected = (2300 * 120) / 3600;
    assert.ok(
      Math.abs(times.length - expected) <= 1,
      `${fidelity}: ${times.length} pulses, ${expected} expected`,
    );
    assert.is(world.led.pulses() - before, times.length);
    const period = 3600 / 2300;
    for (let index = 1; index < times.length; index++) {
      const gap = ((times[index] as number) - (times[index - 1] as number)) / 1e6;
      assert.ok(Math.abs(gap - period) < 0.011, `${fidelity}: ${gap} s between two pulses`);
    }
    world.killMcu();
    assert.is(world.led.state(), 'dark');
    world.powerOn();
    const reset = times.length;
    world.advance(60_000_000);
    assert.ok(times.length - reset > 30, 'watched through the reset');
    watch.cancel();
    const still = times.length;
    const events = world.eventsRun;
    world.advance(fidelity === 'sampled' ? 10_000_000 : 86_400_000_000);
    assert.is(times.length, still);
    assert.ok(world.eventsRun - events < 5, `${world.eventsRun - events} events for nobody`);
    world.setLoad({ appliances: [] });
    world.advance(1_000_000);
    assert.is(world.led.state(), 'steady');
    assert.ok(world.led.isLit());
    assert.ok(hardware().metering.energyMilliJoule() > 0);
  }
});

test('the light is lit for 40 ms after each pulse and dark before the next', () => {
  let tried = 0;
  const { world } = unit({ chip: IDEAL_CHIP, load: { appliances: KETTLE } });
  let pulsedAt = 0;
  world.led.watch(() => {
    pulsedAt = world.now();
  });
  world.advance(3_000_000);
  const seed = seedOf('light');
  const random = new RandomStream(seed, 'light');
  for (let round = 0; round < count(2000, 300); round++) {
    world.advance(random.integer(1, 1_000_000));
    const since = world.now() - pulsedAt;
    // Power is not even within a half cycle: near the edges either is right.
    if (Math.abs(since - 40_000) < 6000 || since < 6000 || since > 1_555_000) continue;
    assert.is(world.led.isLit(), since < 40_000, `seed ${seed}: ${since} us after a pulse`);
    tried++;
  }
  report(`the light looked at ${tried} times`);
});

test('an impossible wiring, ramp, dip or surge is refused and changes nothing', () => {
  const { world } = unit({ load: { appliances: KETTLE } });
  const isRange = (error: unknown): boolean => error instanceof RangeError || error instanceof TypeError;
  for (const share of [-0.1, 1.1, Number.NaN]) {
    assert.throws(() => world.setWiring({ bypassShare: share }), isRange);
    assert.throws(() => world.setWiring({ earthShare: share }), isRange);
  }
  for (const hertz of [0, 39, 71, Number.NaN]) {
    assert.throws(() => world.grid.ramp({ hertz, hertzPerSecond: 1 }), isRange);
  }
  for (const hertzPerSecond of [0, -1, Number.NaN])
    assert.throws(() => world.grid.ramp({ hertz: 50, hertzPerSecond }), isRange);
  for (const residualPercent of [-1, 101, Number.NaN]) {
    assert.throws(() => world.grid.dip({ residualPercent, micros: 100 }), isRange);
  }
  for (const micros of [0, -5, 1.5, 4e9])
    assert.throws(() => world.grid.dip({ residualPercent: 50, micros }), isRange);
  assert.throws(() => world.grid.surge({ volt: 2000, micros: 5 }), isRange);
  assert.is(world.mains.voltRms, 230);
  world.advance(1_000_000);
  assert.is(world.mains.voltRms, 230);
});

test.run();
