/**
 * Predicts the zeros of a wave from those seen over the last cycles (meter-hardware.md 2 and 3).
 *
 * A distorted current may cross zero several times in a half cycle. Zeros one full cycle apart belong to one family; every
 * family lies on a parabola, all with the slope of the period and the bend of a frequency that ramps (0.5 Hz/s moves the
 * next zero by 50 µs against a straight line), and least squares over the last cycles takes the noise of single crossings
 * out. Of a cluster only its first zero is a target: a contact that parts late then still meets the next.
 */
import type { Keeper } from './keeper.ts';

/** Slowest and fastest mains that is followed, with room for a generator (45-65 Hz), µs a cycle. */
const SHORTEST_CYCLE = 1e6 / 66;
const LONGEST_CYCLE = 1e6 / 44;
/** A zero further than this from where the last cycle puts it restarts the count, µs. */
const TOLERANCE = 500;
const MOST_PER_CYCLE = 10;
/** An even number in a full wave; one where the chip's floor hides every other, as a rectifier's load does. */
const RHYTHMS = [2, 4, 6, 8, MOST_PER_CYCLE, 1];
const KEPT_CYCLES = 10;

export class ZeroCrossPredictor {
  readonly #cycles: number;
  #zeros: number[] = [];
  /** Zeros in one full cycle; 0 while unknown. */
  #perCycle = 0;

  /** @param cycles - full cycles that must have been seen before anything is predicted, at most 10. */
  constructor(cycles = 8) {
    this.#cycles = cycles;
  }

  /** @param zeroAt - time of a zero crossing, µs, later than any before. */
  add(zeroAt: number): void {
    const last = this.#zeros.at(-1);
    if (last !== undefined && (zeroAt <= last || zeroAt - last > LONGEST_CYCLE)) {
      this.#zeros = [];
      this.#perCycle = 0;
    }
    this.#zeros.push(zeroAt);
    const most = MOST_PER_CYCLE * KEPT_CYCLES + 1;
    if (this.#zeros.length > most) this.#zeros.shift();
    if (this.#perCycle > 0 && !this.#fits(this.#perCycle)) {
      this.#zeros = [zeroAt];
      this.#perCycle = 0;
    }
    if (this.#perCycle === 0) this.#findPerCycle();
  }

  ready(): boolean {
    return this.#perCycle > 0 && this.#zeros.length > this.#perCycle * this.#cycles;
  }

  /** @returns the first predicted target zero after the given time, µs, or undefined while not ready. */
  next(after: number): number | undefined {
    if (!this.ready()) return undefined;
    const count = this.#perCycle;
    const depth = Math.min(KEPT_CYCLES, Math.floor(this.#zeros.length / count));
    const families = Array.from({ length: count }, (_, family) => this.#family(family, depth));
    const slope = families.reduce((sum, family) => sum + family.slope, 0) / count;
    const bend = families.reduce((sum, family) => sum + family.bend, 0) / count;
    // Squares stand about their mean over the window, so that mean, slope and bend do not disturb each other.
    const middle = (depth - 1) / 2;
    const meanSquare = (depth * depth - 1) / 12;
    let best: number | undefined;
    for (const family of this.#firstsOfClusters()) {
      const mean = families[family]?.mean ?? 0;
      const at = (place: number): number => mean + slope * place + bend * (place * place - meanSquare);
      let place = middle + Math.max(1, Math.floor((after - at(middle)) / slope) - 1);
      while (at(place) < after) place += 1;
      const candidate = at(place);
      if (best === undefined || candidate < best) best = candidate;
    }
    return best;
  }

  keep(keeper: Keeper): void {
    this.#zeros = keeper.value(this.#zeros);
    this.#perCycle = keeper.value(this.#perCycle);
  }

  /** Least squares through the last `depth` zeros of one family; family 0 holds the newest zero of all. */
  #family(family: number, depth: number): { mean: number; slope: number; bend: number } {
    const middle = (depth - 1) / 2;
    const meanSquare = (depth * depth - 1) / 12;
    let sum = 0;
    let weighted = 0;
    let bent = 0;
    let squares = 0;
    let fourths = 0;
    for (let back = 0; back < depth; back++) {
      const zero = this.#zeros[this.#zeros.length - 1 - family - back * this.#perCycle] ?? 0;
      const place = middle - back;
      const square = place * place - meanSquare;
      sum += zero;
      weighted += place * zero;
      bent += square * zero;
      squares += place * place;
      fourths += square * square;
    }
    // Two zeros make a line and no parabola.
    return { mean: sum / depth, slope: weighted / squares, bend: depth > 2 ? bent / fourths : 0 };
  }

  /** The families with a long way since the zero before them. */
  #firstsOfClusters(): number[] {
    const gaps = Array.from({ length: this.#perCycle }, (_, family) => {
      const index = this.#zeros.length - 1 - family;
      return (this.#zeros[index] ?? 0) - (this.#zeros[index - 1] ?? 0);
    });
    const longest = Math.max(...gaps);
    return gaps.flatMap((gap, family) => (gap >= 0.7 * longest ? [family] : []));
  }

  /** Finds the rhythm, and forgets the zeros from before there was one. */
  #findPerCycle(): void {
    for (const perCycle of RHYTHMS) {
      if (!this.#fits(perCycle)) continue;
      this.#perCycle = perCycle;
      this.#zeros = this.#zeros.slice(-2 * this.#perCycle - 1);
      return;
    }
  }

  /** Whether the newest zero lies one cycle after the one `perCycle` before it, and that one likewise. */
  #fits(perCycle: number): boolean {
    const end = this.#zeros.length - 1;
    const now = this.#zeros[end];
    const before = this.#zeros[end - perCycle];
    const earlier = this.#zeros[end - 2 * perCycle];
    if (now === undefined || before === undefined || earlier === undefined) return false;
    const cycle = now - before;
    if (cycle < SHORTEST_CYCLE || cycle > LONGEST_CYCLE) return false;
    return Math.abs(cycle - (before - earlier)) <= TOLERANCE;
  }
}
