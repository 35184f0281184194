/**
 * The grid at the meter's terminals (meter-hardware.md 1): a frequency that walks with a restoring force and ramps on command,
 * constant within short stretches; a wave of fixed harmonics; a voltage that the grid's events set, and outages. Phase is
 * counted in cycles since the world began; the fundamental rises through zero at every whole cycle.
 */
import type { Keeper } from '../firmware/keeper.ts';
import type { RandomStream } from '../world/random.ts';
import { FrequencyWalk } from './frequency-walk.ts';
import { type Harmonic, waveSet } from './waves.ts';

export interface MainsConfig {
  readonly voltRms: number;
  readonly hertz: number;
  /** Deviation and time constant of the frequency walk; the step within which the frequency stays constant. */
  readonly walkSigmaHertz: number;
  readonly walkTauSeconds: number;
  readonly stepMicros: number;
  readonly harmonics: readonly Harmonic[];
}

export const DEFAULT_MAINS: MainsConfig = {
  voltRms: 230,
  hertz: 50,
  walkSigmaHertz: 0.02,
  walkTauSeconds: 60,
  stepMicros: 10_000_000, // A sixth of the time constant.
  harmonics: [
    { order: 3, ratio: 0.01, phaseRadian: 0.4 },
    { order: 5, ratio: 0.025, phaseRadian: 2.6 },
    { order: 7, ratio: 0.01, phaseRadian: 1.1 },
  ],
};

/** Upper limits of the single harmonics, shares of the fundamental (EN 50160 as printed in meter-hardware.md 1). */
export const HARMONIC_LIMITS: readonly (readonly [order: number, ratio: number])[] = [
  [2, 0.02],
  [3, 0.05],
  [4, 0.01],
  [5, 0.06],
  [7, 0.05],
  [9, 0.015],
  [11, 0.035],
  [13, 0.03],
  [15, 0.005],
  [17, 0.02],
  [19, 0.015],
  [23, 0.015],
  [25, 0.015],
];

/** All of them at once would pass the limit of 8 % in all: they are shrunk to it. */
const ALL_HARMONICS = Math.sqrt(HARMONIC_LIMITS.reduce((sum, [, ratio]) => sum + ratio * ratio, 0));

/** The worst voltage wave that EN 50160 allows: every harmonic present, 8 % in all. */
export const LIMIT_HARMONICS: readonly Harmonic[] = HARMONIC_LIMITS.map(([order, ratio]) => ({
  order,
  ratio: (ratio * 0.08) / ALL_HARMONICS,
  phaseRadian: (order * order * 0.7) % (2 * Math.PI),
}));

export const MAINS_PROFILES = {
  calm: DEFAULT_MAINS,
  /** The worst wave within the norm. */
  distorted: { ...DEFAULT_MAINS, harmonics: LIMIT_HARMONICS },
  /** A generator or the end of a long line; ramps come on command (meter-hardware.md 1: ±1 Hz at 0.5 Hz/s). */
  weak: {
    ...DEFAULT_MAINS,
    walkSigmaHertz: 0.15,
    walkTauSeconds: 20,
    stepMicros: 1_000_000,
    harmonics: LIMIT_HARMONICS,
  },
  sixty: { ...DEFAULT_MAINS, hertz: 60 },
} as const satisfies Record<string, MainsConfig>;

/** A ramp is followed in such stretches. */
const RAMP_STRETCH_MICROS = 10_000;
const SLOWEST_HERTZ = 40;
const FASTEST_HERTZ = 70;

/** A stretch of time with one frequency. */
export interface Stretch {
  /** µs. */
  readonly start: number;
  readonly end: number;
  /** Cycles at `start`. */
  readonly phase: number;
  readonly hertz: number;
}

/** A moment with the state of the wave at it. */
export interface Mark {
  /** µs. */
  readonly time: number;
  readonly phase: number;
  readonly hertz: number;
}

/** What ramps add to the nominal frequency from `at`, µs, until the next entry. */
interface Ramp {
  readonly at: number;
  readonly phase: number;
  readonly hertz: number;
  readonly hertzPerSecond: number;
}

export class Mains {
  readonly config: MainsConfig;
  /** One period of the voltage at 1 V RMS. */
  readonly unitWave: Float64Array;
  #voltRms: number;
  #isOut = false;
  readonly #walk: FrequencyWalk;
  #ramps: Ramp[] = [{ at: 0, phase: 0, hertz: 0, hertzPerSecond: 0 }];
  #stretch: Stretch;
  #mark: Mark;

  constructor(config: MainsConfig, random: RandomStream) {
    this.config = config;
    this.#voltRms = config.voltRms;
    this.unitWave = waveSet(config.harmonics, []).voltage.table;
    this.#walk = new FrequencyWalk(config, random);
    this.#stretch = this.#make(0);
    this.#mark = { time: 0, phase: this.#stretch.phase, hertz: this.#stretch.hertz };
  }

  /** The walk is made anew from its seed: it draws nothing later. */
  keep(keeper: Keeper): void {
    this.#voltRms = keeper.value(this.#voltRms);
    this.#isOut = keeper.value(this.#isOut);
    this.#ramps = keeper.value(this.#ramps);
    this.#stretch = keeper.value(this.#stretch);
    this.#mark = keeper.value(this.#mark);
  }

  /** RMS at the terminals, V; 0 during an outage. */
  get voltRms(): number {
    return this.#isOut ? 0 : this.#voltRms;
  }

  get isOut(): boolean {
    return this.#isOut;
  }

  /** For the circuit alone, which settles energy before the voltage changes. */
  setVoltRms(voltRms: number): void {
    if (!(voltRms >= 0 && voltRms <= 1000)) {
      throw new RangeError(`"voltRms" expected a number from 0 to 1000, got ${voltRms}`);
    }
    this.#voltRms = voltRms;
  }

  setOut(isOut: boolean): void {
    this.#isOut = isOut;
  }

  /**
   * Takes the frequency, apart from its walk, from where it is at `now` to `hertz` at so many Hz a second, and keeps it there.
   * For the circuit alone.
   */
  rampTo(hertz: number, hertzPerSecond: number, now: number): void {
    if (!(hertz >= SLOWEST_HERTZ && hertz <= FASTEST_HERTZ)) {
      throw new RangeError(
        `"hertz" expected a number from ${SLOWEST_HERTZ} to ${FASTEST_HERTZ}, got ${hertz}`,
      );
    }
    if (!(hertzPerSecond > 0 && hertzPerSecond <= 1000)) {
      throw new RangeError(`"hertzPerSecond" expected a number above 0 to 1000, got ${hertzPerSecond}`);
    }
    const kept = this.#ramps.filter(({ at }) => at <= now);
    const { phase, hertz: from } = rampAt(kept[kept.length - 1] as Ramp, now);
    const change = hertz - this.config.hertz - from;
    const slope = change < 0 ? -hertzPerSecond : hertzPerSecond;
    const until = now + Math.round((change / slope) * 1e6);
    const ramp = { at: now, phase, hertz: from, hertzPerSecond: slope };
    const end = rampAt(ramp, until).phase;
    const after = { at: until, phase: end, hertz: hertz - this.config.hertz, hertzPerSecond: 0 };
    this.#ramps = [...kept, ramp, after];
    this.#stretch = this.#make(now);
    this.#mark = { time: Number.NaN, phase: 0, hertz: 0 };
  }

  /** The stretch of one frequency that holds `time`. */
  stretchAt(time: number): Stretch {
    if (time < this.#stretch.start || time >= this.#stretch.end) this.#stretch = this.#make(time);
    return this.#stretch;
  }

  /** Cycles since the world began, at `time` µs (need not be whole). */
  phaseAt(time: number): number {
    const { start, phase, hertz } = this.stretchAt(time);
    return phase + hertz * (time - start) * 1e-6;
  }

  hertzAt(time: number): number {
    return this.stretchAt(time).hertz;
  }

  /** The moment for whoever will integrate from it; two who ask for the same one share the answer. */
  markAt(time: number): Mark {
    if (this.#mark.time === time) return this.#mark;
    const { start, phase, hertz } = this.stretchAt(time);
    this.#mark = { time, phase: phase + hertz * (time - start) * 1e-6, hertz };
    return this.#mark;
  }

  /** When the phase is reached, µs, not rounded; searched from `near` in both directions. */
  timeAtPhase(phase: number, near: number): number {
    let stretch = this.stretchAt(near);
    while (phase < stretch.phase && stretch.start > 0) stretch = this.stretchAt(stretch.start - 1);
    for (;;) {
      const time = stretch.start + ((phase - stretch.phase) / stretch.hertz) * 1e6;
      if (time < stretch.end) return time;
      stretch = this.stretchAt(stretch.end);
    }
  }

  /** Drops ramps that nobody will ask for again. */
  forgetBefore(time: number): void {
    if (this.#ramps.length < 8) return;
    const first = this.#rampIndex(time - 1e6);
    if (first > 0) this.#ramps.splice(0, first);
  }

  /** The entry in force at `time`, or the oldest still kept. */
  #rampIndex(time: number): number {
    let index = this.#ramps.length - 1;
    while (index > 0 && (this.#ramps[index] as Ramp).at > time) index--;
    return index;
  }

  #make(time: number): Stretch {
    const { stepMicros } = this.config;
    const step = Math.floor(time / stepMicros);
    const walked = this.#walk.phaseAt(step * stepMicros * 1e-6);
    const walkHertz = (this.#walk.phaseAt((step + 1) * stepMicros * 1e-6) - walked) / (stepMicros * 1e-6);
    const index = this.#rampIndex(time);
    const ramp = this.#ramps[index] as Ramp;
    const next = this.#ramps[index + 1];
    let from = ramp.at;
    let to = next?.at ?? Number.POSITIVE_INFINITY;
    if (ramp.hertzPerSecond !== 0) {
      from += Math.floor((time - from) / RAMP_STRETCH_MICROS) * RAMP_STRETCH_MICROS;
      to = Math.min(to, from + RAMP_STRETCH_MICROS);
    }
    const start = Math.max(from, step * stepMicros);
    const end = Math.min(to, (step + 1) * stepMicros);
    const first = rampAt(ramp, from);
    // The slope's mean over the whole stretch: at its ends the phase is that of the true slope.
    const slopeHertz =
      first.hertz + (ramp.hertzPerSecond === 0 ? 0 : (ramp.hertzPerSecond * (to - from)) / 2e6);
    const phase =
      walked +
      walkHertz * (start - step * stepMicros) * 1e-6 +
      first.phase +
      slopeHertz * (start - from) * 1e-6;
    return { start, end, phase, hertz: walkHertz + slopeHertz };
  }
}

function rampAt(ramp: Ramp, time: number): { phase: number; hertz: number } {
  const seconds = (time - ramp.at) / 1e6;
  return {
    phase: ramp.phase + ramp.hertz * seconds + (ramp.hertzPerSecond * seconds * seconds) / 2,
    hertz: ramp.hertz + ramp.hertzPerSecond * seconds,
  };
}
