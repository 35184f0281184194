/**
 * Mains, contact and load as one circuit: who conducts, which current flows at which instant and through which wire, and the
 * energy that truly flowed, in closed form. Everything that changes the circuit goes through here, so that the chip and the
 * truth close their books first.
 */
import type { CurrentPath } from '../firmware/hardware-interface.ts';
import type { Keeper } from '../firmware/keeper.ts';
import type { EventClock, ScheduledEvent } from '../world/event-clock.ts';
import {
  type Appliance,
  assertAppliance,
  currentTable,
  currentTerms,
  type LoadConfig,
  type Term,
} from './load.ts';
import type { Mains, Mark } from './mains.ts';
import {
  atPhase,
  CombinedIntegral,
  type Integral,
  PhaseIntegral,
  type WaveSet,
  waveSet,
  zeroAfter,
  zeroBefore,
  zeroPhases,
} from './waves.ts';

/** `settle` runs before a change, with the old circuit in force; `changed` after it. */
export interface CircuitListener {
  settle(): void;
  changed(): void;
}

/** How somebody has wired the meter (meter-hardware.md 5). */
export interface Wiring {
  /** Share of the load's current that a jumper leads around the line side; all of it while the contact is open. 0 to 1. */
  readonly bypassShare: number;
  /** Share of the load's current that returns by earth and not by the meter's neutral. 0 to 1. */
  readonly earthShare: number;
  /** Feed and load side exchanged: what is used looks fed back. */
  readonly isReversed: boolean;
  /** The meter's neutral is off: it sees no voltage and has no supply, and the load returns by earth. */
  readonly isNeutralCut: boolean;
}

export const PLAIN_WIRING: Wiring = { bypassShare: 0, earthShare: 0, isReversed: false, isNeutralCut: false };

/** Energy since the world began, J; import and export by the sign of the mean power. */
export interface EnergyTruth {
  /** What the household drew less what it fed back, past the meter too. */
  readonly drawnJoule: number;
  /** Through the load contact. */
  readonly importJoule: number;
  readonly exportJoule: number;
}

/** A starting current is reckoned anew so often: about a cycle. */
const START_STEP_MICROS = 20_000;
/** Below this excess it has ended. */
const START_END = 0.01;
/** Appliances without voltage for longer than this start anew (assumed). */
const STANDSTILL_MICROS = 100_000;

export class Circuit {
  readonly mains: Mains;
  readonly #clock: EventClock;
  #load: LoadConfig;
  #wiring: Wiring = PLAIN_WIRING;
  readonly #waves: WaveSet;
  #conducts = false;
  #listeners: CircuitListener[] = [];
  #terms: Term[] = [];
  #version = 0;
  #termsVersion = 0;
  /** Tables of the present terms, made when asked for. */
  #current: Float64Array | null = null;
  #zeros: Float64Array | null = null;
  #charge: PhaseIntegral | null = null;
  #power: CombinedIntegral | null = null;
  readonly #voltageZeros: Float64Array;
  /** When each appliance of the load began to run, µs; only those with a starting current are asked. */
  #startedAt: number[] = [];
  #startStep: ScheduledEvent | null = null;
  #deadSince: number | null = 0;
  #drawn = 0;
  #import = 0;
  #export = 0;
  #truthAt: Mark;

  constructor(clock: EventClock, mains: Mains, load: LoadConfig) {
    this.#clock = clock;
    this.mains = mains;
    this.#load = load;
    this.#waves = waveSet(mains.config.harmonics, load.electronicHarmonics);
    this.#voltageZeros = zeroPhases(mains.unitWave);
    this.#startedAt = load.appliances.map(() => 0);
    for (const appliance of load.appliances) assertAppliance(appliance);
    this.#truthAt = mains.markAt(0);
    this.#recompute();
  }

  /**
   * The terms are kept as they are and not reckoned anew: of an appliance that was starting when it lost the grid they hold the
   * excess of that moment. The tables follow from them to the bit.
   */
  keep(keeper: Keeper): void {
    const waves = this.#waves;
    const appliances = keeper.value(this.#load.appliances);
    this.#load = { ...this.#load, appliances };
    this.#startedAt = keeper.value(this.#startedAt);
    this.#startStep = this.#clock.keepEvent(keeper, this.#startStep, () => this.#step());
    this.#wiring = keeper.value(this.#wiring);
    this.#conducts = keeper.value(this.#conducts);
    this.#version = keeper.value(this.#version);
    this.#termsVersion = keeper.value(this.#termsVersion);
    this.#deadSince = keeper.value(this.#deadSince);
    this.#drawn = keeper.value(this.#drawn);
    this.#import = keeper.value(this.#import);
    this.#export = keeper.value(this.#export);
    this.#truthAt = keeper.value(this.#truthAt);
    const terms = keeper.value(this.#terms.map(({ wave, amp }) => ({ name: waves.nameOf(wave), amp })));
    if (!keeper.isWaking) return;
    this.#terms = terms.map(({ name, amp }) => ({ wave: waves.named(name), amp }));
    this.#power = null;
    this.release();
  }

  /** Changes with everything that a wave depends on. */
  get version(): number {
    return this.#version;
  }

  /** Changes with the terms alone. */
  get termsVersion(): number {
    return this.#termsVersion;
  }

  /** Amplitudes of the load's current, whether or not it is fed. */
  get terms(): readonly Term[] {
    return this.#terms;
  }

  /** Current that flows while the load is fed, over one period, A. */
  get currentWave(): Float64Array {
    this.#current ??= currentTable(this.#terms);
    return this.#current;
  }

  get conducts(): boolean {
    return this.#conducts;
  }

  get appliances(): readonly Appliance[] {
    return this.#load.appliances;
  }

  get wiring(): Wiring {
    return this.#wiring;
  }

  /** RMS between the meter's terminals, V. */
  get meterVolt(): number {
    return this.#wiring.isNeutralCut ? 0 : this.mains.voltRms;
  }

  /** Whether the load hangs on the grid, by the contact or past it. */
  get isFed(): boolean {
    return this.#conducts || this.#wiring.bypassShare > 0;
  }

  /** Share of the load's current that passes this sensor of the meter, below zero where feed and load are exchanged. */
  share(path: CurrentPath): number {
    const { bypassShare, earthShare, isReversed, isNeutralCut } = this.#wiring;
    let share = 0;
    if (path === 'line') share = this.#conducts ? 1 - bypassShare : 0;
    else if (!isNeutralCut && this.isFed) share = 1 - earthShare;
    return isReversed ? -share : share;
  }

  listen(listener: CircuitListener): void {
    this.#listeners.push(listener);
  }

  setConducts(conducts: boolean): void {
    this.#change(() => {
      this.#conducts = conducts;
    });
  }

  /** Appliances that were there before (the same objects) run on; new ones start. */
  setLoad(appliances: readonly Appliance[]): void {
    for (const appliance of appliances) assertAppliance(appliance); // Refuses before anything changes.
    const now = this.#clock.now();
    const before = this.#load.appliances;
    const startedAt = appliances.map((appliance) => this.#startedAt[before.indexOf(appliance)] ?? now);
    this.#change(() => {
      this.#load = { ...this.#load, appliances };
      this.#startedAt = startedAt;
    });
  }

  setWiring(wiring: Wiring): void {
    for (const name of ['bypassShare', 'earthShare'] as const) {
      if (!(wiring[name] >= 0 && wiring[name] <= 1)) {
        throw new RangeError(`"${name}" expected a number from 0 to 1, got ${wiring[name]}`);
      }
    }
    this.#change(() => {
      this.#wiring = wiring;
    });
  }

  /** Changes voltage, outage or frequency of the mains: nothing else may. */
  changeMains(mutate: (mains: Mains) => void): void {
    this.#change(() => mutate(this.mains));
  }

  /** Current through the load contact, A. */
  currentAt(time: number): number {
    if (!this.#conducts) return 0;
    return (1 - this.#wiring.bypassShare) * atPhase(this.currentWave, this.mains.phaseAt(time));
  }

  /** The true current zeros around `time`, µs, not rounded; null where no current would flow. */
  currentZeros(time: number): readonly [before: number, after: number] | null {
    this.#zeros ??= zeroPhases(this.currentWave);
    return this.#around(this.#zeros, time);
  }

  voltageZeros(time: number): readonly [before: number, after: number] | null {
    return this.mains.voltRms === 0 ? null : this.#around(this.#voltageZeros, time);
  }

  /** The integral of |i| through the contact over a stretch of time, As. */
  absoluteCharge(from: number, to: number): number {
    const wave = this.currentWave;
    this.#charge ??= new PhaseIntegral((index) => Math.abs(wave[index] as number));
    return (
      (1 - this.#wiring.bypassShare) *
      this.integrate(this.#charge, this.mains.markAt(from), this.mains.markAt(to))
    );
  }

  /** Energy that the household truly drew since the world began, less what it fed back, J. */
  energyTruthJoule(): number {
    return this.energyTruth().drawnJoule;
  }

  energyTruth(): EnergyTruth {
    this.#settleTruth();
    return { drawnJoule: this.#drawn, importJoule: this.#import, exportJoule: this.#export };
  }

  /**
   * Integrates a function of phase over time (µs): its unit times seconds. The mean runs with time whatever the frequency does;
   * the wiggle counts by the frequencies at both ends. That is exact within a step of the frequency; a step in between moves
   * the answer by the wiggle times its relative size, 3e-7 of a second's mean at the most, either way.
   */
  integrate(integral: Integral, from: Mark, to: Mark): number {
    return (
      integral.perCycle * (to.time - from.time) * 1e-6 +
      integral.wiggle(to.phase) / to.hertz -
      integral.wiggle(from.phase) / from.hertz
    );
  }

  /** Lets go of the tables that only switching and samples need. */
  release(): void {
    this.#current = null;
    this.#zeros = null;
    this.#charge = null;
  }

  #change(mutate: () => void): void {
    this.#settle();
    mutate();
    this.#wake();
    this.#recompute();
    for (const listener of this.#listeners) listener.changed();
    this.#planStart();
  }

  #recompute(): void {
    this.#version++;
    this.#power = null;
    const { voltRms } = this.mains;
    const terms = currentTerms(this.#load, voltRms, this.#waves, (index) => this.#startFactor(index));
    if (areEqual(terms, this.#terms)) return; // A contact that bounces changes no wave.
    this.#terms = terms;
    this.#termsVersion++;
    this.release();
  }

  /** Notes when the load was last without voltage, and starts everything anew after a standstill. */
  #wake(): void {
    const now = this.#clock.now();
    if (!this.isFed || this.mains.voltRms === 0) {
      this.#deadSince ??= now;
      return;
    }
    if (this.#deadSince !== null && now - this.#deadSince >= STANDSTILL_MICROS) this.#startedAt.fill(now);
    this.#deadSince = null;
  }

  #startFactor(index: number): number {
    const start = this.#load.appliances[index]?.start;
    if (start === undefined) return 1;
    const ran = this.#clock.now() - (this.#startedAt[index] as number);
    const excess = (start.ratio - 1) * Math.exp(-ran / start.decayMicros);
    return excess < START_END ? 1 : 1 + excess;
  }

  /** While something starts, the current is reckoned anew every cycle. */
  #planStart(): void {
    this.#startStep?.cancel();
    this.#startStep = null;
    if (!this.isFed || this.mains.voltRms === 0) return;
    if (!this.#load.appliances.some((_, index) => this.#startFactor(index) > 1)) return;
    this.#startStep = this.#clock.at(this.#clock.now() + START_STEP_MICROS, () => this.#step());
  }

  #step(): void {
    this.#startStep = null;
    this.#change(() => {});
  }

  #settle(): void {
    for (const listener of this.#listeners) listener.settle();
    this.#settleTruth();
    this.mains.forgetBefore(this.#clock.now());
  }

  #settleTruth(): void {
    const now = this.mains.markAt(this.#clock.now());
    if (this.isFed && now.time > this.#truthAt.time && this.#terms.length > 0) {
      const joule = this.integrate(this.#truePower(), this.#truthAt, now);
      this.#drawn += joule;
      const through = this.#conducts ? (1 - this.#wiring.bypassShare) * joule : 0;
      if (this.#truePower().perCycle >= 0) this.#import += through;
      else this.#export -= through;
    }
    this.#truthAt = now;
  }

  #truePower(): CombinedIntegral {
    if (this.#power !== null) return this.#power;
    const power = new CombinedIntegral();
    for (const { wave, amp } of this.#terms) power.add(amp * this.mains.voltRms, wave.power(0));
    this.#power = power;
    return power;
  }

  #around(zeros: Float64Array, time: number): readonly [number, number] | null {
    const phase = this.mains.phaseAt(time);
    const before = zeroBefore(zeros, phase);
    const after = zeroAfter(zeros, phase);
    if (before === null || after === null) return null;
    return [this.mains.timeAtPhase(before, time), this.mains.timeAtPhase(after, time)];
  }
}

function areEqual(some: readonly Term[], others: readonly Term[]): boolean {
  if (some.length !== others.length) return false;
  return some.every(({ wave, amp }, index) => wave === others[index]?.wave && amp === others[index]?.amp);
}
