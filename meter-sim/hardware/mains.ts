/**
 * The grid at the meter's terminals (meter-hardware.md 1): a frequency that walks with a restoring force, constant within
 * one step; a wave of fixed harmonics; a voltage that a test sets, and outages. Phase is counted in cycles since the world
 * began; the fundamental rises through zero at every whole cycle. Any moment can be asked for at once: nothing between two
 * questions is ever computed.
 */
import type { RandomStream } from '../world/random.ts';
import { FrequencyWalk } from './frequency-walk.ts';

/** Points of one period in every wave table; entry N repeats entry 0 so that interpolation needs no wrap. */
export const TABLE_POINTS = 8192;
/** Waves of so many sets of harmonics are shared; older ones live on in the meters that use them. */
const KEPT_WAVES = 64;

export interface Harmonic {
  readonly order: number;
  /** Share of the fundamental. */
  readonly ratio: number;
  readonly phaseRadian: number;
}

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

/** The value of a one-period table at `phase` cycles. */
export function atPhase(table: Float64Array, phase: number): number {
  const position = (phase - Math.floor(phase)) * TABLE_POINTS;
  const index = position | 0;
  const low = table[index] as number;
  return low + ((table[index + 1] as number) - low) * (position - index);
}

export class Mains {
  readonly config: MainsConfig;
  /** One period of the voltage at 1 V RMS. */
  readonly unitWave: Float64Array;
  #voltRms: number;
  #isOut = false;
  readonly #walk: FrequencyWalk;
  readonly #stepSeconds: number;
  /** The step asked for last, its frequency and its starting phase. */
  #step = -2;
  #hertz = 0;
  #phase = 0;
  #phaseAfter = 0;

  constructor(config: MainsConfig, random: RandomStream) {
    this.config = config;
    this.#voltRms = config.voltRms;
    this.unitWave = unitWave(config.harmonics);
    this.#stepSeconds = config.stepMicros * 1e-6;
    this.#walk = new FrequencyWalk(config, random);
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

  stepAt(time: number): number {
    return Math.floor(time / this.config.stepMicros);
  }

  /** Start of a step, µs. */
  stepStart(step: number): number {
    return step * this.config.stepMicros;
  }

  /** Frequency during the step, Hz. */
  stepHertz(step: number): number {
    if (step !== this.#step) this.#enter(step);
    return this.#hertz;
  }

  /** Phase at the start of the step, cycles. */
  stepPhase(step: number): number {
    if (step !== this.#step) this.#enter(step);
    return this.#phase;
  }

  /** Cycles since the world began, at `time` µs (need not be whole). */
  phaseAt(time: number): number {
    const step = this.stepAt(time);
    return this.stepPhase(step) + this.stepHertz(step) * (time - this.stepStart(step)) * 1e-6;
  }

  hertzAt(time: number): number {
    return this.stepHertz(this.stepAt(time));
  }

  /** When the phase is reached, µs, not rounded; searched from the step of `near` in both directions. */
  timeAtPhase(phase: number, near: number): number {
    let step = this.stepAt(near);
    while (step > 0 && phase < this.stepPhase(step)) step--;
    for (;;) {
      const time = this.stepStart(step) + ((phase - this.stepPhase(step)) / this.stepHertz(step)) * 1e6;
      if (time < this.stepStart(step + 1)) return time;
      step++;
    }
  }

  #enter(step: number): void {
    const end = this.#walk.phaseAt((step + 1) * this.#stepSeconds);
    this.#phase = step === this.#step + 1 ? this.#phaseAfter : this.#walk.phaseAt(step * this.#stepSeconds);
    this.#phaseAfter = end;
    this.#hertz = (end - this.#phase) / this.#stepSeconds;
    this.#step = step;
  }
}

const unitWaves = new Map<string, Float64Array>();

/** One wave for every meter on mains of the same harmonics. */
function unitWave(harmonics: readonly Harmonic[]): Float64Array {
  const key = JSON.stringify(harmonics);
  let wave = unitWaves.get(key);
  if (wave === undefined) {
    wave = computeUnitWave(harmonics);
    unitWaves.set(key, wave);
    if (unitWaves.size > KEPT_WAVES) unitWaves.delete(unitWaves.keys().next().value as string);
  }
  return wave;
}

/** One period with an RMS of 1: the harmonics share it with the fundamental. */
function computeUnitWave(harmonics: readonly Harmonic[]): Float64Array {
  const table = new Float64Array(TABLE_POINTS + 1);
  const square = harmonics.reduce((sum, { ratio }) => sum + ratio * ratio, 1);
  const scale = Math.SQRT2 / Math.sqrt(square);
  for (let index = 0; index <= TABLE_POINTS; index++) {
    const angle = (2 * Math.PI * (index % TABLE_POINTS)) / TABLE_POINTS;
    let value = Math.sin(angle);
    for (const { order, ratio, phaseRadian } of harmonics) {
      value += ratio * Math.sin(order * angle + phaseRadian);
    }
    table[index] = scale * value;
  }
  return table;
}
