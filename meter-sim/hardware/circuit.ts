/**
 * Mains, contact and load as one circuit: who conducts, which current flows at which instant, and the energy that truly
 * flowed, in closed form over the steps of the mains frequency. Everything that changes the circuit goes through here, so
 * that the chip and the truth close their books first.
 */
import type { EventClock } from '../world/event-clock.ts';
import { type CircuitWave, circuitWave, totalWatt } from './circuit-wave.ts';
import {
  type Appliance,
  type LoadConfig,
  type PhaseIntegral,
  zeroAfter,
  zeroBefore,
  zeroPhases,
} from './load.ts';
import { atPhase, type Mains } from './mains.ts';

/** `settle` runs before a change, with the old circuit in force; `changed` after it. */
export interface CircuitListener {
  settle(): void;
  changed(): void;
}

export class Circuit {
  readonly mains: Mains;
  readonly #clock: EventClock;
  #load: LoadConfig;
  #conducts = false;
  #listeners: CircuitListener[] = [];
  #wave: CircuitWave;
  #watt: number;
  #truthJoule = 0;
  #truthAt = 0;

  constructor(clock: EventClock, mains: Mains, load: LoadConfig) {
    this.#clock = clock;
    this.mains = mains;
    this.#load = load;
    this.#wave = circuitWave(load, mains);
    this.#watt = totalWatt(load);
  }

  /** Voltage and current by phase, the current per watt of {@link watt}. */
  get wave(): CircuitWave {
    return this.#wave;
  }

  /** Nominal power of all that is switched on, W. */
  get watt(): number {
    return this.#watt;
  }

  get conducts(): boolean {
    return this.#conducts;
  }

  get appliances(): readonly Appliance[] {
    return this.#load.appliances;
  }

  listen(listener: CircuitListener): void {
    this.#listeners.push(listener);
  }

  setConducts(conducts: boolean): void {
    this.#change(() => {
      this.#conducts = conducts;
    });
  }

  setLoad(appliances: readonly Appliance[]): void {
    const load = { ...this.#load, appliances };
    const wave = circuitWave(load, this.mains); // Refuses before anything changes.
    this.#change(() => {
      this.#load = load;
      this.#watt = totalWatt(load);
      this.#wave = wave;
    });
  }

  setVoltage(voltRms: number): void {
    this.#changeMains(() => this.mains.setVoltRms(voltRms));
  }

  setOutage(isOut: boolean): void {
    this.#changeMains(() => this.mains.setOut(isOut));
  }

  /** Current through the meter, A. */
  currentAt(time: number): number {
    return this.#conducts ? this.#watt * atPhase(this.#wave.current, this.mains.phaseAt(time)) : 0;
  }

  /** The true current zeros around `time`, µs, not rounded; null where no current would flow. */
  currentZeros(time: number): readonly [before: number, after: number] | null {
    return this.#around(this.#wave.currentZeros, time);
  }

  voltageZeros(time: number): readonly [before: number, after: number] | null {
    return this.mains.voltRms === 0 ? null : this.#around(voltageZeros(this.mains.unitWave), time);
  }

  /** The integral of |i| over a stretch of time, As. */
  absoluteCharge(from: number, to: number): number {
    return this.#watt * this.integrate(this.#wave.charge, from, to);
  }

  /** Energy that truly flowed since the world began, J. */
  energyTruthJoule(): number {
    this.#settle();
    return this.#truthJoule;
  }

  /**
   * Integrates a function of phase over time (µs): its unit times seconds. Over many steps of the frequency the mean counts,
   * and how far the function runs ahead at both ends; what the steps between differ in is below 1e-8 of the sum.
   */
  integrate(integral: PhaseIntegral, from: number, to: number): number {
    const { mains } = this;
    const first = mains.stepAt(from);
    if (first === mains.stepAt(to)) {
      return integral.between(mains.phaseAt(from), mains.phaseAt(to)) / mains.stepHertz(first);
    }
    const start = integral.aheadAt(mains.phaseAt(from)) / mains.hertzAt(from);
    const end = integral.aheadAt(mains.phaseAt(to)) / mains.hertzAt(to);
    return integral.perCycle * (to - from) * 1e-6 + end - start;
  }

  #changeMains(mutate: () => void): void {
    this.#change(() => {
      mutate();
      this.#wave = circuitWave(this.#load, this.mains);
    });
  }

  #change(mutate: () => void): void {
    this.#settle();
    mutate();
    for (const listener of this.#listeners) listener.changed();
  }

  #settle(): void {
    for (const listener of this.#listeners) listener.settle();
    const now = this.#clock.now();
    if (this.#conducts && now > this.#truthAt) {
      this.#truthJoule += this.#watt * this.integrate(this.#wave.power, this.#truthAt, now);
    }
    this.#truthAt = now;
  }

  #around(zeros: Float64Array, time: number): readonly [number, number] | null {
    const phase = this.mains.phaseAt(time);
    const before = zeroBefore(zeros, phase);
    const after = zeroAfter(zeros, phase);
    if (before === null || after === null) return null;
    return [this.mains.timeAtPhase(before, time), this.mains.timeAtPhase(after, time)];
  }
}

const zerosOfWaves = new WeakMap<Float64Array, Float64Array>();

function voltageZeros(unitWave: Float64Array): Float64Array {
  let zeros = zerosOfWaves.get(unitWave);
  if (zeros === undefined) {
    zeros = zeroPhases(unitWave);
    zerosOfWaves.set(unitWave, zeros);
  }
  return zeros;
}
