/**
 * Waves of one period as tables, and their integrals in closed form.
 *
 * Whatever a load draws is a sum of a few basis waves, each times an amplitude. The tables of the basis, and the integrals of
 * its products with the voltage, are made once and serve every meter of the process; a change of a load or of the voltage
 * changes a handful of factors.
 */

/** Points of one period in every wave table; entry N repeats entry 0 so that interpolation needs no wrap. */
export const TABLE_POINTS = 8192;

export interface Harmonic {
  readonly order: number;
  /** Share of the fundamental. */
  readonly ratio: number;
  readonly phaseRadian: number;
}

/** The value of a one-period table at `phase` cycles. */
export function atPhase(table: Float64Array, phase: number): number {
  const position = (phase - Math.floor(phase)) * TABLE_POINTS;
  const index = position | 0;
  const low = table[index] as number;
  return low + ((table[index + 1] as number) - low) * (position - index);
}

/** A function of time that follows from its mean and from how its integral wiggles around the straight line. */
export interface Integral {
  /** The integral over a whole cycle: the mean of the function. */
  readonly perCycle: number;
  /** Bound of the wiggle. */
  readonly ripple: number;
  /** Bound of the function itself. */
  readonly peak: number;
  /** Distance of the integral (unit times cycles) from the straight line at this phase; its own mean is zero. */
  wiggle(phase: number): number;
}

/** The integral of a table over phase. */
export class PhaseIntegral implements Integral {
  readonly #wiggle = new Float64Array(TABLE_POINTS + 1);
  readonly perCycle: number;
  readonly ripple: number;
  readonly peak: number;

  /** Trapezoids: exact for the mean of a band-limited wave, whatever the number of points. */
  constructor(value: (index: number) => number) {
    const sums = this.#wiggle;
    let sum = 0;
    let peak = 0;
    let last = value(0);
    for (let index = 1; index <= TABLE_POINTS; index++) {
      const next = value(index);
      sum += (last + next) / (2 * TABLE_POINTS);
      last = next;
      peak = Math.max(peak, Math.abs(next));
      sums[index] = sum;
    }
    this.perCycle = sum;
    this.peak = peak;
    let mean = 0;
    for (let index = 0; index < TABLE_POINTS; index++) {
      mean += ((sums[index] as number) - (sum * index) / TABLE_POINTS) / TABLE_POINTS;
    }
    let ripple = 0;
    for (let index = 0; index <= TABLE_POINTS; index++) {
      const wiggle = (sums[index] as number) - (sum * index) / TABLE_POINTS - mean;
      sums[index] = wiggle;
      ripple = Math.max(ripple, Math.abs(wiggle));
    }
    this.ripple = ripple;
  }

  wiggle(phase: number): number {
    return atPhase(this.#wiggle, phase);
  }

  between(from: number, to: number): number {
    return (to - from) * this.perCycle + this.wiggle(to) - this.wiggle(from);
  }
}

interface Part {
  readonly factor: number;
  readonly integral: PhaseIntegral;
}

/** A sum of integrals, each times a factor. */
export class CombinedIntegral implements Integral {
  readonly #parts: Part[] = [];
  perCycle = 0;
  ripple = 0;
  peak = 0;

  add(factor: number, integral: PhaseIntegral): void {
    if (factor === 0) return;
    this.#parts.push({ factor, integral });
    this.perCycle += factor * integral.perCycle;
    this.ripple += Math.abs(factor) * integral.ripple;
    this.peak += Math.abs(factor) * integral.peak;
  }

  wiggle(phase: number): number {
    let sum = 0;
    const parts = this.#parts;
    for (let index = 0; index < parts.length; index++) {
      const { factor, integral } = parts[index] as Part;
      sum += factor * integral.wiggle(phase);
    }
    return sum;
  }

  /**
   * The first phase at or after `from` at which the integral from there has grown by `amount`, which has the sign of the mean.
   */
  phaseAfter(from: number, amount: number): number {
    const start = this.wiggle(from);
    const sign = this.perCycle < 0 ? -1 : 1;
    const need = sign * amount;
    const grown = (phase: number): number =>
      sign * (this.perCycle * (phase - from) + this.wiggle(phase) - start);
    // Nothing before this can be the answer, nor before what the peak would need; from there walk, for the integral may run
    // backwards within a cycle.
    let low = from + Math.max(0, (need - 2 * this.ripple) / Math.abs(this.perCycle));
    let missing = need - grown(low);
    if (missing <= 0) return low;
    for (; missing > WALK * this.peak; missing = need - grown(low)) low += missing / this.peak;
    let high = low + WALK;
    while (grown(high) < need) {
      low = high;
      high += WALK;
    }
    for (let round = 0; round < ROUNDS; round++) {
      const middle = (low + high) / 2;
      if (grown(middle) >= need) high = middle;
      else low = middle;
    }
    return high;
  }
}

/** 78 µs at 50 Hz. */
const WALK = 1 / 256;
/** Halves a step of the walk to a hundred thousandth of a microsecond. */
const ROUNDS = 22;

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

/** One period with an RMS of 1: the harmonics share it with the fundamental. */
function voltageTable(harmonics: readonly Harmonic[]): Float64Array {
  const square = harmonics.reduce((sum, { ratio }) => sum + ratio * ratio, 1);
  const scale = Math.SQRT2 / Math.sqrt(square);
  return table((angle) => {
    let value = Math.sin(angle);
    for (const { order, ratio, phaseRadian } of harmonics) {
      value += ratio * Math.sin(order * angle + phaseRadian);
    }
    return scale * value;
  });
}

function table(value: (angle: number) => number): Float64Array {
  const made = new Float64Array(TABLE_POINTS + 1);
  for (let index = 0; index <= TABLE_POINTS; index++) {
    made[index] = value((2 * Math.PI * (index % TABLE_POINTS)) / TABLE_POINTS);
  }
  return made;
}

/** A wave of the basis, by its table and by where its integrals are kept. */
export class BasisWave {
  readonly table: Float64Array;
  readonly #voltage: Float64Array;
  readonly #powers = new Map<number, PhaseIntegral>();
  readonly #products = new Map<BasisWave, number>();
  #reactive: number | null = null;

  constructor(wave: Float64Array, voltage: Float64Array) {
    this.table = wave;
    this.#voltage = voltage;
  }

  /** Power of this wave, `shift` table points early, against 1 V. */
  power(shift: number): PhaseIntegral {
    const known = this.#powers.get(shift);
    if (known !== undefined) return known;
    const made = new PhaseIntegral(
      (index) => (this.#voltage[index] as number) * (this.table[wrapped(index + shift)] as number),
    );
    this.#powers.set(shift, made);
    return made;
  }

  /** Mean of this wave times the voltage of a quarter cycle before: above zero where the wave lags. */
  reactive(): number {
    this.#reactive ??= meanOf(
      (index) => (this.#voltage[wrapped(index - TABLE_POINTS / 4)] as number) * (this.table[index] as number),
    );
    return this.#reactive;
  }

  /** Mean product with another wave, for the RMS of a sum. */
  product(other: BasisWave): number {
    const known = this.#products.get(other);
    if (known !== undefined) return known;
    const made = meanOf((index) => (this.table[index] as number) * (other.table[index] as number));
    this.#products.set(other, made);
    return made;
  }
}

function meanOf(value: (index: number) => number): number {
  let sum = 0;
  for (let index = 0; index < TABLE_POINTS; index++) sum += value(index);
  return sum / TABLE_POINTS;
}

function wrapped(index: number): number {
  return ((index % TABLE_POINTS) + TABLE_POINTS) % TABLE_POINTS;
}

/** A wave of the basis by a name that can be written down; a number is the angle at which a triac fires. */
export type WaveName = 'voltage' | 'sine' | 'cosine' | 'electronic' | number;

/** The basis for one shape of the voltage and one kind of electronics. */
export class WaveSet {
  /** The voltage at 1 V RMS, which is also the current of a resistance. */
  readonly voltage: BasisWave;
  /** Of RMS 1: the part in phase with the fundamental, and the part a quarter cycle before it. */
  readonly sine: BasisWave;
  readonly cosine: BasisWave;
  /** Fundamental of RMS 1 with harmonics that heap it at the crest. */
  readonly electronic: BasisWave;
  readonly #chopped = new Map<number, BasisWave>();

  constructor(harmonics: readonly Harmonic[], electronic: readonly Pick<Harmonic, 'order' | 'ratio'>[]) {
    const voltage = voltageTable(harmonics);
    const basis = (value: (angle: number) => number): BasisWave => new BasisWave(table(value), voltage);
    this.voltage = new BasisWave(voltage, voltage);
    this.sine = basis((angle) => Math.SQRT2 * Math.sin(angle));
    this.cosine = basis((angle) => Math.SQRT2 * Math.cos(angle));
    this.electronic = basis((angle) => {
      let value = Math.sin(angle);
      // Alternating signs put all crests on the crest of the fundamental: (order - 1) / 2 odd means negative.
      for (const { order, ratio } of electronic) {
        value += ((order - 1) % 4 === 0 ? ratio : -ratio) * Math.sin(order * angle);
      }
      return Math.SQRT2 * value;
    });
  }

  nameOf(wave: BasisWave): WaveName {
    for (const name of ['voltage', 'sine', 'cosine', 'electronic'] as const) {
      if (this[name] === wave) return name;
    }
    for (const [firingDegree, chopped] of this.#chopped) if (chopped === wave) return firingDegree;
    throw new RangeError('"wave" expected one of this basis');
  }

  named(name: WaveName): BasisWave {
    return typeof name === 'number' ? this.chopped(name) : this[name];
  }

  /** The voltage behind a triac that fires so many whole degrees after each zero of the fundamental, 0 to 179. */
  chopped(firingDegree: number): BasisWave {
    const known = this.#chopped.get(firingDegree);
    if (known !== undefined) return known;
    const made = new BasisWave(
      this.voltage.table.map((volt, index) => {
        const degree = ((index / TABLE_POINTS) * 360) % 180;
        // It goes out by itself at the zero; a distorted voltage has its own a little beside that of the fundamental.
        const rise = degree - firingDegree + Math.min(firingDegree, EDGE_DEGREES / 2);
        return volt * edge(rise / EDGE_DEGREES) * edge((180 - degree) / EDGE_DEGREES);
      }),
      this.voltage.table,
    );
    this.#chopped.set(firingDegree, made);
    return made;
  }
}

/**
 * The choke of a dimmer lets the current rise and fall within a millisecond (assumed). That leaves next to nothing at order 81,
 * which 4,096 samples a second would fold onto the mean of a 50 Hz product: no filter before the converters is modelled.
 */
const EDGE_DEGREES = 18;

/** From 0 to 1, smooth up to its curvature. */
function edge(share: number): number {
  if (share <= 0) return 0;
  return share >= 1 ? 1 : share - Math.sin(2 * Math.PI * share) / (2 * Math.PI);
}

const SETS = new Map<string, WaveSet>();

/** The basis for these shapes; equal shapes share one. */
export function waveSet(
  harmonics: readonly Harmonic[],
  electronic: readonly Pick<Harmonic, 'order' | 'ratio'>[],
): WaveSet {
  const key = JSON.stringify([harmonics, electronic]);
  const known = SETS.get(key);
  if (known !== undefined) return known;
  const made = new WaveSet(harmonics, electronic);
  SETS.set(key, made);
  return made;
}
