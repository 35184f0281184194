/**
 * The grid at the meter's terminals (meter-hardware.md 1): a frequency that walks with a restoring force, constant within
 * one step; a wave of fixed harmonics; a voltage that a test sets, and outages. Phase is counted in cycles since the world
 * began; the fundamental rises through zero at every whole cycle.
 */
import type { RandomStream } from '../world/random.ts';

/** Points of one period in every wave table; entry N repeats entry 0 so that interpolation needs no wrap. */
export const TABLE_POINTS = 8192;

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
  stepMicros: 10_000_000, // A sixth of the time constant; a year then costs three million draws.
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
  readonly #random: RandomStream;
  /** Frequency and starting phase of the steps kept, the first of them being step number #firstStep. */
  readonly #hertz: number[] = [];
  readonly #phase: number[] = [];
  #firstStep = 0;

  constructor(config: MainsConfig, random: RandomStream) {
    this.config = config;
    this.#random = random;
    this.#voltRms = config.voltRms;
    this.unitWave = unitWave(config.harmonics);
    this.#hertz.push(config.hertz + config.walkSigmaHertz * random.gaussian());
    this.#phase.push(random.uniform());
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
    const step = Math.floor(time / this.config.stepMicros);
    while (step >= this.#firstStep + this.#hertz.length) this.#addStep();
    if (step < this.#firstStep) throw new RangeError(`"time" expected a step still kept, got ${time}`);
    return step;
  }

  /** Start of a step, µs. */
  stepStart(step: number): number {
    return step * this.config.stepMicros;
  }

  /** Frequency during the step, Hz. */
  stepHertz(step: number): number {
    return this.#hertz[step - this.#firstStep] as number;
  }

  /** Phase at the start of the step, cycles. */
  stepPhase(step: number): number {
    return this.#phase[step - this.#firstStep] as number;
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
    while (step > this.#firstStep && phase < this.stepPhase(step)) step--;
    for (;;) {
      const time = this.stepStart(step) + ((phase - this.stepPhase(step)) / this.stepHertz(step)) * 1e6;
      if (time < this.stepStart(step + 1)) return time;
      step = this.stepAt(this.stepStart(step + 1));
    }
  }

  /** Drops steps that nobody will ask for again; one more step is kept for zeros just past. */
  forgetBefore(time: number): void {
    const drop = Math.floor(time / this.config.stepMicros) - 1 - this.#firstStep;
    if (drop < 64) return;
    const kept = Math.min(drop, this.#hertz.length - 1);
    this.#hertz.splice(0, kept);
    this.#phase.splice(0, kept);
    this.#firstStep += kept;
  }

  /** The exact discrete form of the walk (Ornstein and Uhlenbeck). */
  #addStep(): void {
    const { hertz, walkSigmaHertz, walkTauSeconds, stepMicros } = this.config;
    const last = this.#hertz.length - 1;
    const now = this.#hertz[last] as number;
    const keep = Math.exp(-stepMicros / 1e6 / walkTauSeconds);
    const kick = walkSigmaHertz * Math.sqrt(1 - keep * keep) * this.#random.gaussian();
    this.#phase.push((this.#phase[last] as number) + now * stepMicros * 1e-6);
    this.#hertz.push(hertz + keep * (now - hertz) + kick);
  }
}

/** One period with an RMS of 1: the harmonics share it with the fundamental. */
function unitWave(harmonics: readonly Harmonic[]): Float64Array {
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
