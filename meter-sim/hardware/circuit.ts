/**
 * Mains, contact and load as one circuit: who conducts, which current flows at which instant, and the energy that truly
 * flowed, in closed form over the steps of the mains frequency. Everything that changes the circuit goes through here, so
 * that the chip and the truth close their books first.
 */
import type { EventClock } from '../world/event-clock.ts';
import {
  type Appliance,
  currentTable,
  type LoadConfig,
  PhaseIntegral,
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
  #voltage: Float64Array;
  #current: Float64Array;
  #zeros: Float64Array | null = null;
  #voltageZeros: Float64Array;
  #power: PhaseIntegral | null = null;
  #charge: PhaseIntegral | null = null;
  #truthJoule = 0;
  #truthAt = 0;

  constructor(clock: EventClock, mains: Mains, load: LoadConfig) {
    this.#clock = clock;
    this.mains = mains;
    this.#load = load;
    this.#voltage = scaled(mains.unitWave, mains.voltRms);
    this.#current = currentTable(load, mains.voltRms, mains.unitWave);
    this.#voltageZeros = zeroPhases(mains.unitWave);
  }

  /** Voltage at the meter's input over one period, V. */
  get voltageWave(): Float64Array {
    return this.#voltage;
  }

  /** Current that flows while the contact conducts, over one period, A. */
  get currentWave(): Float64Array {
    return this.#current;
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
    const table = currentTable(load, this.mains.voltRms, this.mains.unitWave); // Refuses before anything changes.
    this.#change(() => {
      this.#load = load;
      this.#useCurrent(table);
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
    return this.#conducts ? atPhase(this.#current, this.mains.phaseAt(time)) : 0;
  }

  /** The true current zeros around `time`, µs, not rounded; null where no current would flow. */
  currentZeros(time: number): readonly [before: number, after: number] | null {
    this.#zeros ??= zeroPhases(this.#current);
    return this.#around(this.#zeros, time);
  }

  voltageZeros(time: number): readonly [before: number, after: number] | null {
    return this.mains.voltRms === 0 ? null : this.#around(this.#voltageZeros, time);
  }

  /** The integral of |i| over a stretch of time, As. */
  absoluteCharge(from: number, to: number): number {
    this.#charge ??= new PhaseIntegral((index) => Math.abs(this.#current[index] as number));
    return this.integrate(this.#charge, from, to);
  }

  /** Energy that truly flowed since the world began, J. */
  energyTruthJoule(): number {
    this.#settle();
    return this.#truthJoule;
  }

  /** Integrates a function of phase over time (µs): its unit times seconds. */
  integrate(integral: PhaseIntegral, from: number, to: number): number {
    const { mains } = this;
    let sum = 0;
    let time = from;
    while (time < to) {
      const step = mains.stepAt(time);
      const end = Math.min(to, mains.stepStart(step + 1));
      const hertz = mains.stepHertz(step);
      const origin = mains.stepPhase(step);
      const start = mains.stepStart(step);
      const fromPhase = origin + hertz * (time - start) * 1e-6;
      const toPhase = origin + hertz * (end - start) * 1e-6;
      sum += integral.between(fromPhase, toPhase) / hertz;
      time = end;
    }
    return sum;
  }

  #changeMains(mutate: () => void): void {
    this.#change(() => {
      mutate();
      const { voltRms, unitWave } = this.mains;
      this.#voltage = scaled(unitWave, voltRms);
      this.#useCurrent(currentTable(this.#load, voltRms, unitWave));
    });
  }

  #useCurrent(table: Float64Array): void {
    this.#current = table;
    this.#zeros = null;
    this.#power = null;
    this.#charge = null;
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
      const { voltageWave, currentWave } = this;
      this.#power ??= new PhaseIntegral(
        (index) => (voltageWave[index] as number) * (currentWave[index] as number),
      );
      this.#truthJoule += this.integrate(this.#power, this.#truthAt, now);
    }
    this.#truthAt = now;
    this.mains.forgetBefore(now);
  }

  #around(zeros: Float64Array, time: number): readonly [number, number] | null {
    const phase = this.mains.phaseAt(time);
    const before = zeroBefore(zeros, phase);
    const after = zeroAfter(zeros, phase);
    if (before === null || after === null) return null;
    return [this.mains.timeAtPhase(before, time), this.mains.timeAtPhase(after, time)];
  }
}

function scaled(wave: Float64Array, factor: number): Float64Array {
  return wave.map((value) => value * factor);
}
