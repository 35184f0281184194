/**
 * A relay on the bench with one of three ways to switch it: the meter's load switch, a fixed delay after a voltage zero, and
 * any moment at all. The conditions of every operation are drawn for it: temperature, coil voltage, load; those of the unit
 * once: frequency, harmonics, wear.
 */
import { EMPTY_BINS } from '../../meter-sim/firmware/delay-bins.ts';
import type { MeterHardware, SwitchDirection } from '../../meter-sim/firmware/hardware-interface.ts';
import { LoadSwitch } from '../../meter-sim/firmware/load-switch.ts';
import { DEFAULT_OPTIONS } from '../../meter-sim/firmware/options.ts';
import type { Appliance } from '../../meter-sim/hardware/load.ts';
import { DEFAULT_RELAY, type RelayConfig, type Switching } from '../../meter-sim/hardware/relay-config.ts';
import type { Harmonic } from '../../meter-sim/hardware/waves.ts';
import { MeterWorld } from '../../meter-sim/world/meter-world.ts';
import { RandomStream } from '../../meter-sim/world/random.ts';

export type Strategy = 'adaptive' | 'fixed-phase' | 'random-phase';

export interface RigOptions {
  readonly seed: number | string;
  readonly strategy: Strategy;
  readonly hertz: number;
  /** Of the frequency's walk about that, Hz. */
  readonly walkSigmaHertz: number;
  readonly harmonics: readonly Harmonic[];
  readonly relay: Partial<RelayConfig>;
}

/** What one operation meets. */
export interface Conditions {
  readonly celsius: number;
  readonly voltRms: number;
  readonly appliances: readonly Appliance[];
}

const SECOND = 1_000_000;
const PULSE_MICROS = 100_000;
const NEVER = { meanMicros: 0, deviationMicros: 0, operations: 0 };

export class SwitchRig {
  readonly world: MeterWorld;
  readonly #strategy: Strategy;
  readonly #random: RandomStream;
  readonly #hertz: number;
  #hardware: MeterHardware | undefined;
  #loadSwitch: LoadSwitch | undefined;

  constructor({ seed, strategy, hertz, walkSigmaHertz, harmonics, relay }: RigOptions) {
    this.#strategy = strategy;
    this.#hertz = hertz;
    this.#random = new RandomStream(seed, 'rig');
    this.world = new MeterWorld({
      seed,
      fidelity: 'next-event',
      rtcEpochSeconds: 1_790_000_000,
      mains: { hertz, walkSigmaHertz, harmonics },
      relay,
      firmware: (hardware) => {
        this.#hardware = hardware;
        return { boot() {}, keyPressed() {}, powerFailing() {} };
      },
    });
    this.world.powerOn();
    this.world.advance(SECOND);
    if (strategy !== 'adaptive') return;
    // The firmware is built for its make of relay, whose scatter the type test has told.
    const typicalJitterMicros = 1_000 * (relay.jitterSigmaMillis ?? DEFAULT_RELAY.jitterSigmaMillis);
    const { opening, closing } = DEFAULT_OPTIONS.loadSwitch;
    const loadSwitch = {
      ...DEFAULT_OPTIONS.loadSwitch,
      opening: { ...opening, typicalJitterMicros },
      closing: { ...closing, typicalJitterMicros },
    };
    const known = { opening: NEVER, closing: NEVER };
    const bins = { opening: EMPTY_BINS, closing: EMPTY_BINS };
    this.#loadSwitch = new LoadSwitch(this.#body(), loadSwitch, known, bins, () => {});
    this.#loadSwitch.drive('open');
    this.world.advance(5 * SECOND);
  }

  /** Switches once under the conditions; the relay's own record of it. */
  operate(direction: SwitchDirection, { celsius, voltRms, appliances }: Conditions): Switching {
    const { world } = this;
    world.setTemperature(celsius);
    world.setVoltage(voltRms);
    world.setLoad({ appliances });
    world.advance(this.#random.integer(1, 100_000));
    const before = world.relay.log.length;
    if (this.#strategy === 'adaptive') {
      this.#loadSwitch?.drive(direction === 'open' ? 'open' : 'closed');
      // Until the switch has seen that it obeyed.
      for (let waited = 0; waited < 40 && this.#loadSwitch?.state !== after(direction); waited++) {
        world.advance(100_000);
      }
    } else {
      this.#pulse(direction);
    }
    const switching = world.relay.log.at(-1);
    if (switching === undefined || world.relay.log.length === before)
      throw new Error('the relay did not switch');
    return switching;
  }

  /** A pulse that takes the data sheet at its word: the mean delay before the next voltage zero but one, or any moment. */
  #pulse(direction: SwitchDirection): void {
    const { relay, metering, timer } = this.#body();
    const sheet = direction === 'open' ? DEFAULT_RELAY.openingMillis : DEFAULT_RELAY.closingMillis;
    if (this.#strategy === 'fixed-phase') {
      const capture = metering.captureZeroCrossings('voltage', (zeroAt) => {
        capture.cancel();
        timer.at(zeroAt + 1e6 / this.#hertz - 1_000 * sheet, () => relay.pulse(direction, PULSE_MICROS));
      });
    } else {
      relay.pulse(direction, PULSE_MICROS);
    }
    this.world.advance(300_000);
  }

  #body(): MeterHardware {
    if (this.#hardware === undefined) throw new Error('the MCU has not started');
    return this.#hardware;
  }
}

function after(direction: SwitchDirection): 'open' | 'closed' {
  return direction === 'open' ? 'open' : 'closed';
}

/** Upper limits of EN 50160, % of the fundamental (meter-hardware.md 1). */
const HARMONIC_LIMITS: readonly (readonly [order: number, percent: number])[] = [
  [2, 2],
  [3, 5],
  [4, 1],
  [5, 6],
  [7, 5],
  [9, 1.5],
  [11, 3.5],
  [13, 3],
  [15, 0.5],
  [17, 2],
  [19, 1.5],
  [23, 1.5],
  [25, 1.5],
];
const LARGEST_THD = 0.08;

/** Harmonics of any phase, each up to its limit and all together up to a THD of 8 %. */
export function drawHarmonics(random: RandomStream): readonly Harmonic[] {
  const drawn = HARMONIC_LIMITS.map(([order, percent]) => ({
    order,
    ratio: (random.uniform() * percent) / 100,
    phaseRadian: 2 * Math.PI * random.uniform(),
  }));
  const thd = Math.sqrt(drawn.reduce((sum, { ratio }) => sum + ratio * ratio, 0));
  const scale = Math.min(1, LARGEST_THD / thd);
  return drawn.map(({ order, ratio, phaseRadian }) => ({ order, ratio: ratio * scale, phaseRadian }));
}

/** -25 to 70 C, a coil of 9.6 to 14.4 V, and what a household may have on above 1 % of Imax. */
export function drawConditions(random: RandomStream): Conditions {
  return {
    celsius: -25 + 95 * random.uniform(),
    // A hair above the 9.6 V below which the coil does nothing.
    voltRms: 184.1 + (275.9 - 184.1) * random.uniform(),
    appliances: drawHousehold(random),
  };
}

/**
 * A household of 0.25 to 20 kW, always above the 1 A below which an opening needs no zero: heating, motors or capacitors at
 * a power factor, electronics, or all of them.
 */
export function drawHousehold(random: RandomStream): readonly Appliance[] {
  const watt = Math.round(500 * 40 ** random.uniform());
  const powerFactor = 0.5 + 0.49 * random.uniform();
  switch (random.integer(0, 5)) {
    case 0:
      return [{ kind: 'lagging', watt: Math.round(watt * powerFactor), powerFactor }];
    case 1:
      return [{ kind: 'leading', watt: Math.round(watt * 0.8), powerFactor: 0.8 + 0.19 * random.uniform() }];
    case 2:
      return [
        { kind: 'resistive', watt: Math.round(watt / 2) },
        { kind: 'lagging', watt: Math.round(watt / 4), powerFactor },
        { kind: 'electronic', watt: Math.round(watt / 8) },
      ];
    case 3:
      return [{ kind: 'electronic', watt: Math.round(watt / 2) }];
    default:
      return [{ kind: 'resistive', watt }];
  }
}
