/**
 * What one relay does in one direction: the delay from pulse to contact, learnt from each operation, and the lead that its
 * scatter asks for (meter-hardware.md 3). Early openings are cheap, late ones cost a half cycle, so the lead is some three
 * deviations of the *next* delay about the estimate, scatter and uncertainty of the mean together.
 *
 * Temperature and coil voltage move the delay by a law of the type. The law is taken out of every measurement before the mean
 * is formed, so that what was learnt on a warm day serves on a cold night; what the law leaves over stays with the
 * temperature's bin (delay-bins.ts).
 */
import { BIN_COUNT, binOf, type DelayBin, EMPTY_BINS } from './delay-bins.ts';
import type { Keeper } from './keeper.ts';
import type { DelayRecord } from './records.ts';

export interface DelayOptions {
  /** Before anything was measured: the type's mean at the reference conditions, µs. */
  readonly typicalMicros: number;
  /** Before anything was measured: the spread from unit to unit, µs. */
  readonly unitDeviationMicros: number;
  /** The type's scatter from operation to operation, µs, and how many operations of its own a unit needs to outweigh it. */
  readonly typicalJitterMicros: number;
  readonly jitterKnownOperations: number;
  /** Operations that the mean remembers; few enough to follow wear. */
  readonly meanOperations: number;
  /** Operations that the deviation remembers; more, for a deviation takes longer to know than a mean. */
  readonly deviationOperations: number;
  /** Deviations of lead once the deviation is well known; more while it is an estimate from few operations. */
  readonly leadDeviations: number;
  readonly shortestLeadMicros: number;
  /** A measured delay outside these is a false contact signal and teaches nothing, µs. */
  readonly plausibleMicros: readonly [number, number];
  readonly referenceDeciCelsius: number;
  /** The type's drift with temperature, µs a degree. */
  readonly driftMicrosPerCelsius: number;
  readonly referenceMilliVolt: number;
  /** The type's drift with the voltage of the coil, µs a volt of the mains that feeds it. */
  readonly driftMicrosPerVolt: number;
}

/** What the delay depends on, as it stands when the pulse is fired. */
export interface DelayConditions {
  readonly deciCelsius: number;
  /** RMS of the mains, from which the coil is fed unregulated. */
  readonly milliVolt: number;
}

export const DEFAULT_OPENING: DelayOptions = {
  typicalMicros: 8_000,
  unitDeviationMicros: 1_000,
  typicalJitterMicros: 150,
  jitterKnownOperations: 64,
  meanOperations: 24,
  deviationOperations: 128,
  // With three, 14 of 10,000 openings are late and the arcs of all frequencies come to 1.55 % of random phase at 0.15 ms. Of the
  // 20 that may be late this gives some for arcs below 1.5 %.
  leadDeviations: 2.93,
  shortestLeadMicros: 200,
  plausibleMicros: [3_000, 24_000],
  referenceDeciCelsius: 230,
  driftMicrosPerCelsius: 30,
  referenceMilliVolt: 230_000,
  // -0.5 ms a volt of a 12 V coil that 230 V feed.
  driftMicrosPerVolt: (-500 * 12) / 230,
};

/** A touch may come late as well as early: it aims at the zero itself. */
export const DEFAULT_CLOSING: DelayOptions = {
  ...DEFAULT_OPENING,
  typicalMicros: 9_000,
  leadDeviations: 0,
  shortestLeadMicros: 0,
};

/** More than a sample and a half at 4,096 Hz. */
const WIDE_MICROS = 370;
/** Of an event somewhere between two samples. */
const SAMPLING_VARIANCE = (1e6 / 4_096) ** 2 / 12;
/** Of the aim itself: the predicted zero, the thermometer and the voltage register are not exact either (assumed). */
const AIM_DEVIATION_MICROS = 30;
/** Deviations beyond which one measurement by itself is not believed. */
const STRAY_DEVIATIONS = 4.5;
const SMALLEST_DEVIATION_MICROS = 30;
/** The law of the type counts as this many operations in each bin. */
const LAW_OPERATIONS = 16;
const BIN_OPERATIONS = 64;
const LARGEST_OFFSET_MICROS = 100;

interface Bin {
  offsetMicros: number;
  operations: number;
}

export class DelayEstimator {
  readonly #options: DelayOptions;
  readonly #reference: DelayConditions;
  #bins: readonly Bin[];
  #meanMicros: number;
  #variance: number;
  #operations: number;
  #strayMicros = 0;
  #kept: readonly DelayBin[];

  constructor(
    options: DelayOptions,
    known: DelayRecord = { meanMicros: 0, deviationMicros: 0, operations: 0 },
    bins: readonly DelayBin[] = EMPTY_BINS,
  ) {
    this.#options = options;
    this.#reference = { deciCelsius: options.referenceDeciCelsius, milliVolt: options.referenceMilliVolt };
    this.#operations = known.operations;
    this.#meanMicros = known.operations > 0 ? known.meanMicros : options.typicalMicros;
    const deviation = known.operations > 0 ? known.deviationMicros : options.typicalJitterMicros;
    this.#variance = deviation ** 2;
    this.#kept = bins;
    this.#bins = Array.from({ length: BIN_COUNT }, (_, bin) => ({
      offsetMicros: bins[bin]?.offsetMicros ?? 0,
      operations: bins[bin]?.operations ?? 0,
    }));
  }

  /** At the reference conditions. */
  get meanMicros(): number {
    return this.#meanMicros;
  }

  get operations(): number {
    return this.#operations;
  }

  /** The delay to expect of the next operation, µs. */
  expectedMicros(conditions: DelayConditions = this.#reference): number {
    return this.#meanMicros + this.#law(conditions) + this.#bin(conditions).offsetMicros;
  }

  /** How long before the zero the contacts are meant to part or touch, µs. */
  leadMicros(): number {
    const { leadDeviations, shortestLeadMicros } = this.#options;
    // A deviation from few operations is itself uncertain: about Student's quantile in place of the normal one.
    const deviations = leadDeviations * (1 + 3 / this.#jitterOperations());
    return Math.max(shortestLeadMicros, deviations * this.deviationMicros());
  }

  /** Of the next delay about the estimate, µs. */
  deviationMicros(): number {
    const ofMean =
      this.#operations === 0
        ? this.#options.unitDeviationMicros ** 2
        : (this.#variance + SAMPLING_VARIANCE) * this.#meanShare();
    return Math.sqrt(this.#variance + ofMean + AIM_DEVIATION_MICROS ** 2);
  }

  /**
   * @param between - the two sample times between which the contact moved, µs after the pulse began: the middle is the
   *   best guess, and its error, even over the interval, is taken out of the variance. A wide interval (around a voltage
   *   zero nobody sees a touch) moves the mean only as far as it contradicts it.
   * @param conditions - as they stood at the pulse.
   */
  observe(between: readonly [number, number], conditions: DelayConditions = this.#reference): void {
    const { plausibleMicros, meanOperations } = this.#options;
    const [from, to] = between;
    const expected = this.expectedMicros(conditions);
    const isWide = to - from > WIDE_MICROS && this.#operations > 0;
    const measured = isWide ? Math.min(Math.max(expected, from), to) : (from + to) / 2;
    if (measured < plausibleMicros[0] || measured > plausibleMicros[1]) return;
    const error = measured - expected;
    if (this.#isStray(error)) return;
    if (this.#operations > 0 && !isWide) this.#learnDeviation(error, (to - from) ** 2 / 12);
    this.#operations += 1;
    // 2 / (n + 1) gives the running mean the weight of the last n operations.
    this.#meanMicros += error * Math.max(1 / this.#operations, 2 / (meanOperations + 1));
    this.#learnBin(this.#bin(conditions), error);
  }

  record(): DelayRecord {
    return {
      meanMicros: Math.round(this.#meanMicros),
      deviationMicros: Math.round(Math.sqrt(this.#variance)),
      operations: Math.min(this.#operations, 0xff),
    };
  }

  /** The same object until something was learnt. */
  bins(): readonly DelayBin[] {
    return this.#kept;
  }

  keep(keeper: Keeper): void {
    this.#bins = keeper.value(this.#bins);
    this.#meanMicros = keeper.value(this.#meanMicros);
    this.#variance = keeper.value(this.#variance);
    this.#operations = keeper.value(this.#operations);
    this.#strayMicros = keeper.value(this.#strayMicros);
    this.#kept = keeper.value(this.#kept);
  }

  #learnDeviation(error: number, sampling: number): void {
    const own = error ** 2 / (1 + this.#meanShare()) - sampling;
    const gain = 1 / (1 + this.#jitterOperations());
    this.#variance = Math.max(SMALLEST_DEVIATION_MICROS ** 2, this.#variance + gain * (own - this.#variance));
  }

  /** What all bins have in common belongs to the mean: an offset is what one bin has alone. */
  #learnBin(bin: Bin, error: number): void {
    bin.operations = Math.min(bin.operations + 1, 0xff);
    const learnt = bin.offsetMicros + error / Math.min(LAW_OPERATIONS + bin.operations, BIN_OPERATIONS);
    bin.offsetMicros = Math.min(LARGEST_OFFSET_MICROS, Math.max(-LARGEST_OFFSET_MICROS, learnt));
    let all = 0;
    let weighted = 0;
    for (const { offsetMicros, operations } of this.#bins) {
      all += operations;
      weighted += operations * offsetMicros;
    }
    const common = weighted / all;
    this.#meanMicros += common;
    for (const each of this.#bins) if (each.operations > 0) each.offsetMicros -= common;
    this.#kept = this.#bins.map(({ offsetMicros, operations }) => ({
      offsetMicros: Math.round(offsetMicros),
      operations,
    }));
  }

  /**
   * A bounce just where the voltage passes zero hides the first touch: one measurement far off is not believed, a second one
   * on the same side is.
   */
  #isStray(error: number): boolean {
    const isFar = this.#operations > 0 && Math.abs(error) > STRAY_DEVIATIONS * this.deviationMicros();
    const repeats = isFar && Math.sign(error) === Math.sign(this.#strayMicros);
    this.#strayMicros = isFar ? error : 0;
    return isFar && !repeats;
  }

  /** How many operations the deviation stands on. */
  #jitterOperations(): number {
    const { jitterKnownOperations, deviationOperations } = this.#options;
    return jitterKnownOperations + Math.min(this.#operations, deviationOperations);
  }

  /** The variance of the mean as a share of the variance of one operation. */
  #meanShare(): number {
    const gain = 2 / (this.#options.meanOperations + 1);
    return Math.max(1 / this.#operations, gain / (2 - gain));
  }

  #law({ deciCelsius, milliVolt }: DelayConditions): number {
    const { referenceDeciCelsius, referenceMilliVolt, driftMicrosPerCelsius, driftMicrosPerVolt } =
      this.#options;
    return (
      (driftMicrosPerCelsius * (deciCelsius - referenceDeciCelsius)) / 10 +
      (driftMicrosPerVolt * (milliVolt - referenceMilliVolt)) / 1_000
    );
  }

  #bin({ deciCelsius }: DelayConditions): Bin {
    return this.#bins[binOf(deciCelsius)] as Bin;
  }
}
