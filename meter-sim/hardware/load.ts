/**
 * What the household draws: a set of appliances folded into one current table over the phase of the mains, with its true
 * zeros, and cumulative tables from which energy and arc charge between any two phases follow in closed form.
 */
import { atPhase, TABLE_POINTS } from './mains.ts';

/** Watts are at the nominal voltage. */
export type Appliance =
  /** Follows the voltage wave, harmonics and all. */
  | { readonly kind: 'resistive'; readonly watt: number }
  /** Motor or capacitor: a displaced sine of constant impedance; power factor above 0 to 1. */
  | { readonly kind: 'lagging' | 'leading'; readonly watt: number; readonly powerFactor: number }
  /** Switched-mode supplies: constant power, a fundamental in phase and harmonics that heap it at the crest. */
  | { readonly kind: 'electronic'; readonly watt: number };

export interface LoadConfig {
  readonly nominalVolt: number;
  readonly appliances: readonly Appliance[];
  /** Harmonics of the current of electronic loads, as shares of the fundamental (meter-hardware.md 1). */
  readonly electronicHarmonics: readonly { readonly order: number; readonly ratio: number }[];
}

export const DEFAULT_LOAD: LoadConfig = {
  nominalVolt: 230,
  appliances: [],
  electronicHarmonics: [
    { order: 3, ratio: 0.7 },
    { order: 5, ratio: 0.4 },
    { order: 7, ratio: 0.2 },
  ],
};

/** Current in A over one period at `voltRms`, first entry repeated at the end. */
export function currentTable(load: LoadConfig, voltRms: number, unitWave: Float64Array): Float64Array {
  const table = new Float64Array(TABLE_POINTS + 1);
  if (voltRms === 0) return table;
  for (const appliance of load.appliances) {
    if (!(appliance.watt >= 0)) throw new RangeError(`"watt" expected 0 or more, got ${appliance.watt}`);
    addAppliance(table, appliance, load, voltRms, unitWave);
  }
  return table;
}

function addAppliance(
  table: Float64Array,
  appliance: Appliance,
  load: LoadConfig,
  voltRms: number,
  unitWave: Float64Array,
): void {
  const { nominalVolt } = load;
  switch (appliance.kind) {
    case 'resistive': {
      const amp = (appliance.watt / (nominalVolt * nominalVolt)) * voltRms;
      for (let index = 0; index <= TABLE_POINTS; index++) {
        table[index] = (table[index] as number) + amp * (unitWave[index] as number);
      }
      return;
    }
    case 'lagging':
    case 'leading': {
      const { powerFactor } = appliance;
      if (!(powerFactor > 0 && powerFactor <= 1)) {
        throw new RangeError(`"powerFactor" expected a number above 0 to 1, got ${powerFactor}`);
      }
      const ampRms = (appliance.watt / (nominalVolt * nominalVolt * powerFactor)) * voltRms;
      const shift = appliance.kind === 'lagging' ? -Math.acos(powerFactor) : Math.acos(powerFactor);
      addSine(table, 1, ampRms, shift);
      return;
    }
    case 'electronic': {
      const ampRms = appliance.watt / voltRms;
      addSine(table, 1, ampRms, 0);
      // Alternating signs put all crests on the crest of the fundamental: (order - 1) / 2 odd means negative.
      for (const { order, ratio } of load.electronicHarmonics) {
        addSine(table, order, (order - 1) % 4 === 0 ? ampRms * ratio : -ampRms * ratio, 0);
      }
      return;
    }
  }
}

function addSine(table: Float64Array, order: number, ampRms: number, shiftRadian: number): void {
  for (let index = 0; index <= TABLE_POINTS; index++) {
    const angle = (2 * Math.PI * order * (index % TABLE_POINTS)) / TABLE_POINTS;
    table[index] = (table[index] as number) + Math.SQRT2 * ampRms * Math.sin(angle + shiftRadian);
  }
}

/** Entries of a table whose largest value is kept, so that a search looks at a few of them only. */
const BLOCK = 64;

/** The integral of a function of phase from 0 to each point, in its unit times cycles. */
export class PhaseIntegral {
  readonly #sums = new Float64Array(TABLE_POINTS + 1);
  /** Largest of the sums at the ends of each block's intervals. */
  readonly #peaks = new Float64Array(TABLE_POINTS / BLOCK);
  /** The integral over a whole cycle: the mean of the function. */
  readonly perCycle: number;
  /** Largest distance of the integral from a straight line: how far energy runs ahead of mean power. */
  readonly ripple: number;

  /** Trapezoids: exact for the mean of a band-limited wave, whatever the number of points. */
  constructor(value: (index: number) => number) {
    let sum = 0;
    let last = value(0);
    this.#peaks.fill(Number.NEGATIVE_INFINITY);
    for (let index = 1; index <= TABLE_POINTS; index++) {
      const next = value(index);
      sum += (last + next) / (2 * TABLE_POINTS);
      last = next;
      this.#sums[index] = sum;
      const block = Math.floor((index - 1) / BLOCK);
      if (sum > (this.#peaks[block] as number)) this.#peaks[block] = sum;
    }
    this.perCycle = sum;
    let ripple = 0;
    for (let index = 0; index <= TABLE_POINTS; index++) {
      ripple = Math.max(ripple, Math.abs((this.#sums[index] as number) - (sum * index) / TABLE_POINTS));
    }
    this.ripple = ripple;
  }

  /** How far the integral at `phase` runs ahead of the straight line. */
  aheadAt(phase: number): number {
    const part = phase - Math.floor(phase);
    return atPhase(this.#sums, part) - part * this.perCycle;
  }

  between(from: number, to: number): number {
    // Whole cycles apart first: the difference of two large products would lose the small digits.
    return (
      (Math.floor(to) - Math.floor(from)) * this.perCycle +
      atPhase(this.#sums, to) -
      atPhase(this.#sums, from)
    );
  }

  /** The first phase at or after `from` at which the integral from there has grown by `amount`; the mean must be positive. */
  phaseAfter(from: number, amount: number): number {
    // Skip whole cycles that cannot contain the answer, then search the table: it may run backwards within a cycle.
    const skipped = Math.max(0, Math.floor((amount - 2 * this.ripple) / this.perCycle) - 1);
    const start = from + skipped;
    const need = amount - skipped * this.perCycle + atPhase(this.#sums, from);
    let index = Math.floor((start - Math.floor(start)) * TABLE_POINTS);
    for (let cycles = 0; ; cycles++) {
      const offset = cycles * this.perCycle;
      const at = this.#firstReaching(need - offset, index);
      if (at < TABLE_POINTS) {
        const low = this.#sums[at] as number;
        const high = this.#sums[at + 1] as number;
        const inside = Math.max(0, (need - offset - low) / (high - low));
        return Math.max(start, Math.floor(start) + cycles + (at + inside) / TABLE_POINTS);
      }
      index = 0;
    }
  }

  /** The first rising interval from `index` on whose end reaches `need`; the number of intervals when none does. */
  #firstReaching(need: number, index: number): number {
    let at = index;
    while (at < TABLE_POINTS) {
      if (at % BLOCK === 0 && (this.#peaks[at / BLOCK] as number) < need) {
        at += BLOCK;
        continue;
      }
      const high = this.#sums[at + 1] as number;
      if (high >= need && high > (this.#sums[at] as number)) return at;
      at++;
    }
    return at;
  }
}

/** Phases in [0, 1) at which the table changes sign, ascending; of the interpolated table, so exact for the physics. */
export function zeroPhases(table: Float64Array): Float64Array {
  const zeros: number[] = [];
  for (let index = 0; index < TABLE_POINTS; index++) {
    const low = table[index] as number;
    const high = table[index + 1] as number;
    if ((low < 0 && high >= 0) || (low > 0 && high <= 0)) {
      zeros.push(((index + low / (low - high)) / TABLE_POINTS) % 1);
    }
  }
  return Float64Array.from(zeros.sort((a, b) => a - b));
}

/** The first zero after `phase` (cycles), or null for a wave without zeros. */
export function zeroAfter(zeros: Float64Array, phase: number): number | null {
  if (zeros.length === 0) return null;
  const cycle = Math.floor(phase);
  for (const zero of zeros) if (cycle + zero > phase) return cycle + zero;
  return cycle + 1 + (zeros[0] as number);
}

/** The last zero at or before `phase` (cycles), or null for a wave without zeros. */
export function zeroBefore(zeros: Float64Array, phase: number): number | null {
  if (zeros.length === 0) return null;
  const cycle = Math.floor(phase);
  for (let index = zeros.length - 1; index >= 0; index--) {
    const zero = cycle + (zeros[index] as number);
    if (zero <= phase) return zero;
  }
  return cycle - 1 + (zeros[zeros.length - 1] as number);
}
