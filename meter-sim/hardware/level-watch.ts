/** The chip's level comparators over its registers, with hysteresis. */
import type { LevelQuantity } from '../firmware/hardware-interface.ts';

/** Two currents that differ by less say nothing about tampering, mA (meter-hardware.md 5). */
const IMBALANCE_FLOOR_MILLI_AMP = 100;

export class LevelWatch {
  readonly quantity: LevelQuantity;
  readonly handler: (isAbove: boolean) => void;
  readonly #threshold: number;
  readonly #release: number;
  #isAbove = false;

  constructor(
    quantity: LevelQuantity,
    { threshold, release }: { readonly threshold: number; readonly release: number },
    handler: (isAbove: boolean) => void,
  ) {
    if (!(Number.isFinite(threshold) && release <= threshold)) {
      throw new RangeError(`"release" expected at most the threshold of ${threshold}, got ${release}`);
    }
    this.quantity = quantity;
    this.#threshold = threshold;
    this.#release = release;
    this.handler = handler;
  }

  /** Takes the register at its close; whether it has just passed a level. */
  see(value: number): boolean {
    const isAbove = this.#isAbove ? value >= this.#release : value > this.#threshold;
    if (isAbove === this.#isAbove) return false;
    this.#isAbove = isAbove;
    return true;
  }

  get isAbove(): boolean {
    return this.#isAbove;
  }
}

/** Share in permille by which the smaller of two currents (mA) falls short of the larger; 0 within the floor. */
export function imbalancePermille(line: number, neutral: number): number {
  const gap = Math.abs(line - neutral);
  return gap < IMBALANCE_FLOOR_MILLI_AMP ? 0 : Math.round((1000 * gap) / Math.max(line, neutral));
}
