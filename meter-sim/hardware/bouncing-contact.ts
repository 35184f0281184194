/**
 * A small mechanical contact, a key or a micro-switch: it stands where a hand puts it, after it has bounced. Every edge, bounces
 * included, is told to whoever listens.
 */
import type { Micros } from '../firmware/hardware-interface.ts';
import type { Keeper } from '../firmware/keeper.ts';
import type { EventClock, ScheduledEvent } from '../world/event-clock.ts';
import type { RandomStream } from '../world/random.ts';

/** Assumed: the reference gives a debounce and no bounce. */
export interface BounceConfig {
  /** Bounces of one movement, fewest and most. */
  readonly bounces: readonly [number, number];
  /** The longest that a contact stays either way while it bounces, µs. */
  readonly longestMicros: Micros;
}

export const DEFAULT_BOUNCE: BounceConfig = { bounces: [0, 4], longestMicros: 1_500 };

export class BouncingContact {
  readonly #clock: EventClock;
  readonly #random: RandomStream;
  readonly #config: BounceConfig;
  readonly #edge: () => void;
  #isMade = false;
  #target = false;
  #pending: ScheduledEvent[] = [];

  /** @param edge - runs at every change, the new position already in force. */
  constructor(clock: EventClock, random: RandomStream, config: BounceConfig, edge: () => void) {
    this.#clock = clock;
    this.#random = random;
    this.#config = config;
    this.#edge = edge;
  }

  /** Bounces to come are not kept: they are over within milliseconds. */
  keep(keeper: Keeper): void {
    keeper.idle(this.#isMade === this.#target, 'a contact bounces');
    this.#isMade = keeper.value(this.#isMade);
    this.#target = keeper.value(this.#target);
  }

  /** Where the contact stands at this instant. */
  get isMade(): boolean {
    return this.#isMade;
  }

  /** Moves the contact from this instant on; a movement under way ends here. */
  set(isMade: boolean): void {
    if (isMade === this.#target) return;
    this.#target = isMade;
    for (const event of this.#pending) event.cancel();
    this.#pending = [];
    const { bounces, longestMicros } = this.#config;
    let time = this.#clock.now();
    this.#plan(time, isMade);
    for (let left = this.#random.integer(bounces[0], bounces[1]); left > 0; left--) {
      time += this.#random.integer(1, longestMicros);
      this.#plan(time, !isMade);
      time += this.#random.integer(1, longestMicros);
      this.#plan(time, isMade);
    }
  }

  #plan(time: Micros, isMade: boolean): void {
    this.#pending.push(
      this.#clock.at(time, () => {
        if (this.#isMade === isMade) return;
        this.#isMade = isMade;
        this.#edge();
      }),
    );
  }
}
