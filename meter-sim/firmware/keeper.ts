/**
 * How a part of a meter tells what it remembers, so that the meter can be put away as bytes and taken up again (world/rest.ts).
 * One method names everything once, in one order, for both ways: what cannot be named twice cannot be named differently.
 *
 *     keep(keeper: Keeper): void {
 *       this.#volt = keeper.value(this.#volt);
 *       this.#alarm = keeper.handle(this.#alarm, () => this.#rtc.alarmAt(0, () => this.#ring()));
 *     }
 *
 * What a constructor gives by itself (settings, what hangs on the seed alone, tables that are made when asked for) is not named.
 */
import type { Cancellable } from './hardware-interface.ts';

export interface Keeper {
  /** Whether a meter is being taken up: what the part holds so far is what its constructor gave it. */
  readonly isWaking: boolean;

  /**
   * Plain data: numbers, text, bytes, arrays, maps, records of them. Two values that are one object stay one.
   * @returns the value itself while a meter is put away; what was put away while one is taken up.
   */
  value<T>(value: T): T;

  /**
   * Something that waits: a planned event, an alarm, a comparator that is watched. Whatever it waits for is kept by the part that
   * it waits in, by {@link order}; `arm` only says again what runs then, and may name any time or level.
   */
  handle<T extends Cancellable>(handle: T | null | undefined, arm: () => T): T | undefined;

  /** What waits in this part, in its order: each of them must have been named by {@link handle} before. */
  order<T extends Cancellable>(waiting: Iterable<T>): T[];

  /** A meter in the middle of something cannot be put away now. @param what - names it. */
  idle(isIdle: boolean, what: string): void;
}

/** What can be put away together with the meter that it belongs to. */
export interface Kept {
  keep(keeper: Keeper): void;
}
