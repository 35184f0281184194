/**
 * The keypad with its scanner: twelve contacts that bounce, and a part that reports a key once when it has stood still. One key at
 * a time: while one is held the others are not scanned, until a key that never comes up is declared stuck and left out.
 */
import type { Cancellable, KeypadKey, KeypadScanner, Micros } from '../firmware/hardware-interface.ts';
import type { Keeper } from '../firmware/keeper.ts';
import type { EventClock, ScheduledEvent } from '../world/event-clock.ts';
import type { RandomStream } from '../world/random.ts';
import { type BounceConfig, BouncingContact, DEFAULT_BOUNCE } from './bouncing-contact.ts';

export interface KeypadConfig {
  readonly bounce: BounceConfig;
  /** A contact counts when it has stood still for so long, µs (assumed). */
  readonly debounceMicros: Micros;
  /** A key held for longer is stuck, µs (assumed). */
  readonly stuckMicros: Micros;
}

export const DEFAULT_KEYPAD: KeypadConfig = {
  bounce: DEFAULT_BOUNCE,
  debounceMicros: 20_000,
  stuckMicros: 30_000_000,
};

interface Key {
  readonly contact: BouncingContact;
  settling: ScheduledEvent | undefined;
}

export class SimulatedKeypad implements KeypadScanner {
  readonly #clock: EventClock;
  readonly #random: RandomStream;
  readonly #config: KeypadConfig;
  readonly #pressed: (key: KeypadKey) => void;
  /** Made when first touched: most meters of a fleet are never keyed by a hand. */
  readonly #keys = new Map<KeypadKey, Key>();
  #stuck = new Set<KeypadKey>();
  readonly #listeners = new Set<(key: KeypadKey) => void>();
  #held: KeypadKey | undefined;
  #holding: ScheduledEvent | undefined;

  /** @param pressed - one call for every press that the scanner reports. */
  constructor(
    clock: EventClock,
    random: RandomStream,
    config: KeypadConfig,
    pressed: (key: KeypadKey) => void,
  ) {
    this.#clock = clock;
    this.#random = random;
    this.#config = config;
    this.#pressed = pressed;
  }

  keep(keeper: Keeper): void {
    for (const name of keeper.value([...this.#keys.keys()])) {
      const key = this.#key(name);
      key.contact.keep(keeper);
      key.settling = keeper.handle(key.settling, () => this.#settleAt(this.#clock.now(), name, key));
    }
    this.#stuck = keeper.value(this.#stuck);
    this.#held = keeper.value(this.#held);
    this.#holding = keeper.handle(this.#holding, () => this.#stickAt(this.#clock.now()));
  }

  stuckKeys(): readonly KeypadKey[] {
    return [...this.#stuck];
  }

  onStuck(run: (key: KeypadKey) => void): Cancellable {
    this.#listeners.add(run);
    return { cancel: () => this.#listeners.delete(run) };
  }

  /** A clean tap, as a robot's finger gives: reported now, unless another key is held. */
  tap(key: KeypadKey): void {
    if (this.#held === undefined && !this.#stuck.has(key)) this.#pressed(key);
  }

  /** A finger goes down on a key and stays. */
  hold(key: KeypadKey): void {
    this.#key(key).contact.set(true);
  }

  release(key: KeypadKey): void {
    this.#key(key).contact.set(false);
  }

  /** The scanner lost its supply: it learns again which keys are down. */
  powerLost(): void {
    this.#listeners.clear();
    this.#stuck.clear();
    this.#holding?.cancel();
    this.#held = undefined;
  }

  #key(name: KeypadKey): Key {
    const known = this.#keys.get(name);
    if (known !== undefined) return known;
    const edge = (): void => this.#edge(name, key);
    const contact = new BouncingContact(this.#clock, this.#random, this.#config.bounce, edge);
    const key: Key = { contact, settling: undefined };
    this.#keys.set(name, key);
    return key;
  }

  #edge(name: KeypadKey, key: Key): void {
    key.settling?.cancel();
    key.settling = this.#settleAt(this.#clock.now() + this.#config.debounceMicros, name, key);
  }

  #settleAt(time: Micros, name: KeypadKey, key: Key): ScheduledEvent {
    return this.#clock.at(time, () => (key.contact.isMade ? this.#down(name) : this.#up(name)));
  }

  #down(name: KeypadKey): void {
    if (this.#held !== undefined || this.#stuck.has(name)) return;
    this.#held = name;
    this.#holding = this.#stickAt(this.#clock.now() + this.#config.stuckMicros);
    this.#pressed(name);
  }

  /** The key that is held by then is the one that is held now: whatever ends the holding takes this event away. */
  #stickAt(time: Micros): ScheduledEvent {
    return this.#clock.at(time, () => {
      const name = this.#held;
      if (name === undefined) return;
      this.#held = undefined;
      this.#stuck.add(name);
      for (const run of [...this.#listeners]) run(name);
    });
  }

  #up(name: KeypadKey): void {
    this.#stuck.delete(name);
    if (this.#held !== name) return;
    this.#held = undefined;
    this.#holding?.cancel();
  }
}
