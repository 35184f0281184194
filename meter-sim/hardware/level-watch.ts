/** The chip's level comparators over its registers, with hysteresis. */
import type { Cancellable, LevelQuantity } from '../firmware/hardware-interface.ts';
import type { Keeper } from '../firmware/keeper.ts';
import type { EventClock, ScheduledEvent } from '../world/event-clock.ts';

/** Two currents that differ by less say nothing about tampering, mA (meter-hardware.md 5). */
const IMBALANCE_FLOOR_MILLI_AMP = 100;

class LevelWatch implements Cancellable {
  readonly quantity: LevelQuantity;
  readonly handler: (isAbove: boolean) => void;
  readonly #threshold: number;
  readonly #release: number;
  readonly #watches: Set<LevelWatch>;
  #isAbove = false;

  constructor(
    watches: Set<LevelWatch>,
    quantity: LevelQuantity,
    { threshold, release }: { readonly threshold: number; readonly release: number },
    handler: (isAbove: boolean) => void,
  ) {
    if (!(Number.isFinite(threshold) && release <= threshold)) {
      throw new RangeError(`"release" expected at most the threshold of ${threshold}, got ${release}`);
    }
    this.#watches = watches;
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

  cancel(): void {
    this.#watches.delete(this);
  }

  keep(keeper: Keeper): void {
    this.#isAbove = keeper.value(this.#isAbove);
  }
}

/** All level comparators of a chip over its registers. */
export class LevelComparators {
  readonly #clock: EventClock;
  readonly #read: (quantity: LevelQuantity) => number;
  readonly #watches = new Set<LevelWatch>();
  #next: ScheduledEvent | null = null;

  /** @param read - gives the register as it stands. */
  constructor(clock: EventClock, read: (quantity: LevelQuantity) => number) {
    this.#clock = clock;
    this.#read = read;
  }

  /** @throws RangeError when the levels are no levels. */
  watch(
    quantity: LevelQuantity,
    levels: { readonly threshold: number; readonly release: number },
    handler: (isAbove: boolean) => void,
  ): Cancellable {
    const watch = new LevelWatch(this.#watches, quantity, levels, handler);
    this.#watches.add(watch);
    return watch;
  }

  /** The reset of the chip: nothing is watched. */
  clear(): void {
    this.#watches.clear();
  }

  /** Looks at the registers at `time`, and no more at the time that was named before. */
  seeAt(time: number): void {
    if (this.#watches.size === 0) return;
    this.#next?.cancel();
    this.#next = this.#clock.at(time, () => this.#look());
  }

  keep(keeper: Keeper): void {
    const watches = keeper.order(this.#watches);
    this.#watches.clear();
    for (const watch of watches) {
      watch.keep(keeper);
      this.#watches.add(watch);
    }
    this.#next = this.#clock.keepEvent(keeper, this.#next, () => this.#look());
  }

  #look(): void {
    this.#next = null;
    this.see(this.#clock.now());
  }

  /** Takes the registers at their close; true when one has passed a level, whose handler runs at `time`. */
  see(time: number): boolean {
    let raised = false;
    for (const watch of this.#watches) {
      if (!watch.see(this.#read(watch.quantity))) continue;
      const { isAbove } = watch;
      this.#clock.at(time, () => {
        if (this.#watches.has(watch)) watch.handler(isAbove);
      });
      raised = true;
    }
    return raised;
  }
}

/** Share in permille by which the smaller of two currents (mA) falls short of the larger; 0 within the floor. */
export function imbalancePermille(line: number, neutral: number): number {
  const gap = Math.abs(line - neutral);
  return gap < IMBALANCE_FLOOR_MILLI_AMP ? 0 : Math.round((1000 * gap) / Math.max(line, neutral));
}
