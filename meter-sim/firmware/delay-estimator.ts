/**
 * What one relay does in one direction: the delay from pulse to contact, learnt from each operation, and the lead that its
 * scatter asks for (meter-hardware.md 3). Early openings are cheap, late ones cost a half cycle, so the lead is some three
 * deviations of the *next* delay about the estimate, scatter and uncertainty of the mean together.
 */
import type { DelayRecord } from './records.ts';

export interface DelayOptions {
  /** Before anything was measured: the type's mean, µs. */
  readonly typicalMicros: number;
  /** Before anything was measured: the spread from unit to unit, µs. */
  readonly unitDeviationMicros: number;
  /** The type's scatter from operation to operation, µs: it stands for the first operations until the unit's own is known. */
  readonly typicalJitterMicros: number;
  /** Operations that the mean remembers; short enough to follow temperature and wear. */
  readonly meanOperations: number;
  /** Operations that the deviation remembers; longer, for a deviation takes longer to know than a mean. */
  readonly deviationOperations: number;
  /**
   * Three true deviations are the best trade of early against late openings; the deviation is itself an estimate from few
   * operations, so the default is half of one more.
   */
  readonly leadDeviations: number;
  readonly shortestLeadMicros: number;
  /** A measured delay outside these is a false contact signal and teaches nothing, µs. */
  readonly plausibleMicros: readonly [number, number];
}

export const DEFAULT_OPENING: DelayOptions = {
  typicalMicros: 8_000,
  unitDeviationMicros: 1_000,
  typicalJitterMicros: 150,
  meanOperations: 9,
  deviationOperations: 64,
  leadDeviations: 3.5,
  shortestLeadMicros: 200,
  plausibleMicros: [4_000, 22_000],
};

export const DEFAULT_CLOSING: DelayOptions = { ...DEFAULT_OPENING, typicalMicros: 9_000 };

/** The type's scatter counts as this many operations. */
const JITTER_PRIOR_OPERATIONS = 32;
/** More than a sample and a half at 4,096 Hz. */
const WIDE_MICROS = 370;
/** 1.5 leads are four and a half deviations. */
const STRAY_LEADS = 1.5;
const SMALLEST_DEVIATION_MICROS = 30;

export class DelayEstimator {
  readonly #options: DelayOptions;
  #meanMicros: number;
  #variance: number;
  #operations: number;
  #strayMicros = 0;

  constructor(
    options: DelayOptions,
    known: DelayRecord = { meanMicros: 0, deviationMicros: 0, operations: 0 },
  ) {
    this.#options = options;
    this.#operations = known.operations;
    this.#meanMicros = known.operations > 0 ? known.meanMicros : options.typicalMicros;
    const deviation = known.operations > 0 ? known.deviationMicros : options.typicalJitterMicros;
    this.#variance = deviation ** 2;
  }

  get meanMicros(): number {
    return this.#meanMicros;
  }

  get operations(): number {
    return this.#operations;
  }

  /** How long before the zero the contacts are meant to part or touch, µs. */
  leadMicros(): number {
    const { leadDeviations, shortestLeadMicros, unitDeviationMicros } = this.#options;
    const ofMean = this.#operations === 0 ? unitDeviationMicros ** 2 : this.#variance * this.#meanShare();
    return Math.max(shortestLeadMicros, leadDeviations * Math.sqrt(this.#variance + ofMean));
  }

  /**
   * @param between - the two sample times between which the contact moved, µs after the pulse began: the middle is the
   *   best guess, and its error, even over the interval, is taken out of the variance. A wide interval (around a voltage
   *   zero nobody sees a touch) moves the mean only as far as it contradicts it.
   */
  observe(between: readonly [number, number]): void {
    const { plausibleMicros, meanOperations, deviationOperations } = this.#options;
    const [from, to] = between;
    const isWide = to - from > WIDE_MICROS && this.#operations > 0;
    const measured = isWide ? Math.min(Math.max(this.#meanMicros, from), to) : (from + to) / 2;
    if (measured < plausibleMicros[0] || measured > plausibleMicros[1]) return;
    const sampling = isWide ? 0 : (to - from) ** 2 / 12;
    const error = measured - this.#meanMicros;
    if (this.#isStray(error)) return;
    if (this.#operations > 0 && !isWide) {
      const own = error ** 2 / (1 + this.#meanShare()) - sampling;
      const gain = 1 / Math.min(JITTER_PRIOR_OPERATIONS + this.#operations, deviationOperations);
      this.#variance = Math.max(
        SMALLEST_DEVIATION_MICROS ** 2,
        this.#variance + gain * (own - this.#variance),
      );
    }
    this.#operations += 1;
    // 2 / (n + 1) gives the running mean the weight of the last n operations.
    this.#meanMicros += error * Math.max(1 / this.#operations, 2 / (meanOperations + 1));
  }

  /**
   * A bounce just where the voltage passes zero hides the first touch: one measurement far off is not believed, a second one
   * on the same side is.
   */
  #isStray(error: number): boolean {
    const isFar = this.#operations > 0 && Math.abs(error) > STRAY_LEADS * this.leadMicros();
    const repeats = isFar && Math.sign(error) === Math.sign(this.#strayMicros);
    this.#strayMicros = isFar ? error : 0;
    return isFar && !repeats;
  }

  record(): DelayRecord {
    return {
      meanMicros: Math.round(this.#meanMicros),
      deviationMicros: Math.round(Math.sqrt(this.#variance)),
      operations: Math.min(this.#operations, 0xff),
    };
  }

  /** The variance of the mean as a share of the variance of one operation. */
  #meanShare(): number {
    return Math.max(1 / this.#operations, 1 / this.#options.meanOperations);
  }
}
