/** The supply in closed form against a numeric integration, and its thresholds, profiles and loads (meter-hardware.md 4). */
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { ResetReason } from '../../../meter-sim/firmware/hardware-interface.ts';
import { type Discharge, Rail } from '../../../meter-sim/hardware/rail.ts';
import {
  DEFAULT_SUPPLY,
  Supply,
  type SupplyConfig,
  WORST_AGEING,
} from '../../../meter-sim/hardware/supply.ts';
import { EventClock } from '../../../meter-sim/world/event-clock.ts';
import { RandomStream } from '../../../meter-sim/world/random.ts';
import { count, report, seedOf } from '../../support/counts.ts';
import { bareWorld } from '../support/bare-world.ts';

const test = suite('meter-sim/hardware/supply');
const MILLI = 1000;

interface Bench {
  readonly clock: EventClock;
  readonly supply: Supply;
  readonly calls: { what: string; at: number }[];
}

function bench(config: Partial<SupplyConfig> = {}): Bench {
  const clock = new EventClock();
  const calls: Bench['calls'] = [];
  const note = (what: string): void => {
    calls.push({ what, at: clock.now() });
  };
  const supply = new Supply(
    clock,
    { ...DEFAULT_SUPPLY, ...config },
    {
      start: (reason: ResetReason) => note(`start ${reason}`),
      powerFailing: () => note('failing'),
      brownOut: () => note('brown-out'),
      memoryLost: () => note('memory'),
    },
  );
  supply.mainsIs(230);
  clock.advance(1000 * MILLI);
  supply.draw('display', true);
  calls.length = 0;
  return { clock, supply, calls };
}

/** Loses the mains and tells how long after the warning the MCU died, µs. */
function holdUp(config: Partial<SupplyConfig>, during: (bench: Bench) => void = () => {}): number {
  const made = bench(config);
  const { clock, supply, calls } = made;
  supply.mainsIs(0);
  during(made);
  clock.advance(5000 * MILLI);
  const [failing, brownOut] = ['failing', 'brown-out'].map(
    (what) => calls.find((call) => call.what === what)?.at ?? Number.NaN,
  );
  return (brownOut as number) - (failing as number);
}

test('the example of the reference: 470 µF from 12 to 4 V at 10 mA in 376 ms', () => {
  const rail = new Rail({ ...DEFAULT_SUPPLY });
  rail.setLoad(0.12, 0);
  rail.setSource(12, 0);
  rail.setSource(0, 1_000_000);
  assert.is(rail.voltAt(1_000_000), 12);
  assert.is(rail.timeOf(4), 1_376_000);
  assert.ok(Math.abs(rail.voltAt(1_376_000) - 4) < 1e-9);
});

test('both laws of discharge agree with a numeric integration', () => {
  const random = new RandomStream(seedOf('discharges'), 'rail');
  let worst = 0;
  const runs = count(2000, 200);
  for (let run = 0; run < runs; run++) {
    const discharge: Discharge = run % 2 === 0 ? 'constant-current' : 'constant-power';
    const capacitorFarad = (100 + 900 * random.uniform()) * 1e-6;
    const config = { ...DEFAULT_SUPPLY, discharge, capacitorFarad, ageing: 0.4 * random.uniform() };
    const rail = new Rail(config);
    const watt = 0.1 + 2 * random.uniform();
    rail.setLoad(watt, 0);
    rail.setSource(12, 0);
    rail.setSource(0, 1_000_000);
    const farad = capacitorFarad * (1 - config.ageing);
    const until = rail.timeOf(4) ?? 0;
    let volt = 12;
    const steps = 2000;
    const step = (until - 1_000_000) / steps / 1e6;
    for (let index = 0; index < steps; index++) {
      const ampAt = (v: number): number =>
        discharge === 'constant-current' ? watt / 12 : watt / config.efficiency / v;
      const middle = volt - (ampAt(volt) / farad) * (step / 2);
      volt -= (ampAt(middle) / farad) * step;
    }
    worst = Math.max(worst, Math.abs(volt - rail.voltAt(until)));
  }
  report(`${runs} discharges to 4 V: at most ${worst.toExponential(1)} V from the integrated one`);
  assert.ok(worst < 1e-4);
});

test('the three profiles hold for their time after the warning, and for what age leaves of it', () => {
  for (const discharge of ['constant-current', 'constant-power'] as const) {
    for (const detectMicros of [10 * MILLI, 32 * MILLI]) {
      for (const profile of [20, 40, 400]) {
        const config = { discharge, detectMicros, holdUpMicros: profile * MILLI };
        const fresh = holdUp(config);
        const aged = holdUp({ ...config, ageing: WORST_AGEING });
        assert.ok(Math.abs(fresh - profile * MILLI) <= 2, `${profile} ms: ${fresh} µs`);
        const whole = detectMicros + profile * MILLI;
        // The same current empties what is left of the capacitor; the comparator takes as long as ever.
        const left = Math.max(0, (1 - WORST_AGEING) * whole - detectMicros);
        if (left > 0) assert.ok(Math.abs(aged - left) <= 2, `${profile} ms aged: ${aged} µs of ${left}`);
        else assert.ok(Number.isNaN(aged), 'dead before it was warned');
        if (discharge === 'constant-current') {
          report(
            `${profile} ms after ${detectMicros / MILLI} ms: aged ${Number.isNaN(aged) ? 'no' : aged / MILLI} ms`,
          );
        }
      }
    }
  }
});

test('display, buzzer, memory and above all a coil shorten the hold-up', () => {
  const plain = holdUp({});
  const dark = holdUp({}, ({ supply }) => supply.draw('display', false));
  const loud = holdUp({}, ({ supply }) => supply.draw('buzzer', true));
  const writing = holdUp({}, ({ supply }) => supply.draw('memory', true));
  const pulsed = holdUp({}, ({ clock, supply }) => {
    clock.advance(12 * MILLI);
    supply.draw('coil', true);
  });
  report(
    `hold-up ${plain} µs; dark ${dark}, with buzzer ${loud}, with a write ${writing}, with a coil pulse ${pulsed}`,
  );
  assert.ok(dark > plain && loud < plain && writing < plain && pulsed < loud);
  assert.ok(pulsed < 20 * MILLI, 'a coil takes what the capacitor has');
});

test('warned, browned out at 2.7 V, memory lost at 2.5 V, started again when the mains is back', () => {
  const { clock, supply, calls } = bench();
  const cutAt = clock.now();
  supply.mainsIs(0);
  clock.advance(10 * MILLI);
  assert.is(supply.state, 'failing');
  clock.advance(40 * MILLI - 5);
  assert.ok(supply.mcuVolt() > 2.7 && supply.mcuVolt() < 2.71);
  assert.is(supply.state, 'failing');
  clock.advance(10);
  assert.is(supply.state, 'off');
  assert.ok(supply.mcuVolt() < 2.7 && supply.mcuVolt() > 2.6);
  clock.advance(100 * MILLI);
  assert.is(supply.railVolt(), 0);
  supply.mainsIs(230);
  const backAt = clock.now();
  clock.advance(1000 * MILLI);
  assert.equal(
    calls.map(({ what }) => what),
    ['failing', 'brown-out', 'memory', 'start power-on'],
  );
  assert.is(calls[0]?.at, cutAt + 10 * MILLI);
  assert.is(calls[3]?.at, backAt + 100 * MILLI);
  assert.ok((calls[2]?.at ?? 0) - (calls[1]?.at ?? 0) > 1000, 'the part writes on for a millisecond');
});

test('a rail that recovers above 2.7 V resets nothing; just below it the MCU starts again with its RAM', () => {
  let kept = 0;
  let reset = 0;
  for (let micros = 45 * MILLI; micros <= 53 * MILLI; micros += 50) {
    const { clock, supply, calls } = bench();
    supply.mainsIs(0);
    clock.advance(micros);
    const volt = supply.mcuVolt();
    supply.mainsIs(230);
    clock.advance(1000 * MILLI);
    const seen = calls.map(({ what }) => what).filter((what) => what !== 'memory');
    if (volt > 2.7) {
      assert.equal(seen, ['failing'], `back after ${micros} µs at ${volt} V`);
      kept++;
    } else {
      assert.equal(seen, ['failing', 'brown-out', 'start brown-out'], `back after ${micros} µs at ${volt} V`);
      reset++;
    }
    assert.is(supply.state, 'on');
    assert.is(supply.railVolt(), 12);
  }
  report(
    `mains back at ${kept + reset} moments around the brown-out: ${kept} kept the MCU, ${reset} reset it`,
  );
  assert.ok(kept > 50 && reset > 50);
});

test('a chattering mains is warned of each time, has its hysteresis, and a second loss finds less in the capacitor', () => {
  const { clock, supply, calls } = bench();
  supply.mainsIs(114);
  clock.advance(15 * MILLI);
  assert.is(supply.state, 'failing');
  supply.mainsIs(117);
  clock.advance(100 * MILLI);
  assert.is(supply.state, 'failing', 'the rail is fed, the comparator not yet content');
  assert.is(supply.railVolt(), 12);
  supply.mainsIs(121);
  assert.is(supply.state, 'on');
  supply.mainsIs(0);
  clock.advance(45 * MILLI);
  supply.mainsIs(230);
  clock.advance(MILLI / 2);
  const refilled = supply.railVolt();
  assert.ok(refilled > 4 && refilled < 5.5);
  supply.mainsIs(0);
  const again = clock.now();
  clock.advance(1000 * MILLI);
  const last = calls.filter(({ what }) => what === 'brown-out').at(-1)?.at ?? 0;
  assert.ok(last - again < 10 * MILLI, 'dead before it is even warned');
  assert.is(calls.filter(({ what }) => what === 'failing').length, 2);
});

test('a dip to 40 % for 20 ms resets or not, as the capacitor and its age allow', () => {
  const outcomes = new Map<string, number>();
  for (const [holdUpMicros, ageing] of [
    [5 * MILLI, 0],
    [10 * MILLI, WORST_AGEING],
    [20 * MILLI, 0],
    [40 * MILLI, WORST_AGEING],
  ] as const) {
    const { world } = bareWorld({ supply: { holdUpMicros, ageing } });
    world.setVoltage(92);
    world.advance(20 * MILLI);
    world.setVoltage(230);
    world.advance(1000 * MILLI);
    outcomes.set(`${holdUpMicros / MILLI} ms, ${100 * ageing} % gone`, world.resets - 1);
  }
  report(`resets by a dip to 40 % for 20 ms: ${[...outcomes].map((pair) => pair.join(': ')).join('; ')}`);
  assert.equal([...outcomes.values()], [1, 1, 0, 0]);
});

test('a transformer’s rail follows the mains', () => {
  const { clock, supply } = bench({ source: 'transformer' });
  supply.mainsIs(184);
  clock.advance(1000 * MILLI);
  assert.ok(Math.abs(supply.railVolt() - 9.6) < 1e-9);
  assert.is(supply.state, 'on');
  supply.mainsIs(92);
  clock.advance(1000 * MILLI);
  assert.ok(Math.abs(supply.railVolt() - 4.8) < 1e-9);
  assert.is(supply.state, 'failing', 'warned, and fed well enough to live on');
  supply.mainsIs(50);
  clock.advance(1000 * MILLI);
  assert.is(supply.state, 'off');
});

test('a meter on steady mains costs the supply no event', () => {
  const { clock } = bench();
  const before = clock.eventsRun;
  clock.advance(86_400_000 * MILLI);
  assert.is(clock.eventsRun, before);
});

test('an ageing or a hold-up that cannot be is refused', () => {
  const isRange = (error: unknown): boolean => error instanceof RangeError;
  assert.throws(() => bench({ ageing: 1 }), isRange);
  assert.throws(() => bench({ ageing: Number.NaN }), isRange);
  assert.throws(() => bench({ holdUpMicros: 60_000 * MILLI }), isRange);
});

test('the rail reads the same in both fidelities', () => {
  const traces = (['sampled', 'next-event'] as const).map((fidelity) => {
    const { world } = bareWorld({ fidelity });
    const volts: number[] = [];
    world.cutPower();
    for (let step = 0; step < 80; step++) {
      world.advance(777);
      volts.push(world.railVolt());
    }
    world.powerOn();
    world.advance(3 * MILLI);
    return [...volts, world.railVolt()];
  });
  assert.equal(traces[0], traces[1]);
});

test.run();
