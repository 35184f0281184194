/**
 * The micro-switches under the meter's cover and its terminal cover (meter-hardware.md 5). They are fed from the battery: a latch
 * beside each remembers an opening that lasted, also while no MCU runs.
 */
import type { Cancellable, Cover, CoverSwitches, Micros } from '../firmware/hardware-interface.ts';
import type { Keeper } from '../firmware/keeper.ts';
import type { EventClock, ScheduledEvent } from '../world/event-clock.ts';
import type { RandomStream } from '../world/random.ts';
import { type BounceConfig, BouncingContact, DEFAULT_BOUNCE } from './bouncing-contact.ts';

export interface CoversConfig {
  readonly bounce: BounceConfig;
  /** How long a switch must stand open for its latch to take it, µs: the filter before the latch. */
  readonly latchMicros: Micros;
}

export const DEFAULT_COVERS: CoversConfig = { bounce: DEFAULT_BOUNCE, latchMicros: 100_000 };

interface CoverSwitch {
  /** Made is open: the cover holds the switch down. */
  readonly contact: BouncingContact;
  latch: ScheduledEvent | undefined;
  isLatched: boolean;
}

export class SimulatedCovers implements CoverSwitches {
  readonly #clock: EventClock;
  readonly #config: CoversConfig;
  readonly #switches: Readonly<Record<Cover, CoverSwitch>>;
  readonly #isMainsFed: () => boolean;
  readonly #listeners = new Set<(cover: Cover) => void>();
  #isBatteryGood = true;

  /** @param isMainsFed - whether the meter's rail stands: an empty battery matters only when it does not. */
  constructor(clock: EventClock, random: RandomStream, config: CoversConfig, isMainsFed: () => boolean) {
    this.#clock = clock;
    this.#config = config;
    this.#isMainsFed = isMainsFed;
    const make = (cover: Cover): CoverSwitch => ({
      contact: new BouncingContact(clock, random, config.bounce, () => this.#edge(cover)),
      latch: undefined,
      isLatched: false,
    });
    this.#switches = { meter: make('meter'), terminal: make('terminal') };
  }

  keep(keeper: Keeper): void {
    this.#isBatteryGood = keeper.value(this.#isBatteryGood);
    for (const it of [this.#switches.meter, this.#switches.terminal]) {
      it.contact.keep(keeper);
      it.isLatched = keeper.value(it.isLatched);
      it.latch = keeper.handle(it.latch, () => this.#latchAt(this.#clock.now(), it));
    }
  }

  isOpen(cover: Cover): boolean {
    return this.#switches[cover].contact.isMade;
  }

  wasOpened(cover: Cover): boolean {
    return this.#switches[cover].isLatched;
  }

  forgetOpened(cover: Cover): void {
    const it = this.#switches[cover];
    it.isLatched &&= it.contact.isMade;
  }

  onChange(run: (cover: Cover) => void): Cancellable {
    this.#listeners.add(run);
    return { cancel: () => this.#listeners.delete(run) };
  }

  /** A hand lifts a cover or puts it back. */
  setOpen(cover: Cover, isOpen: boolean): void {
    this.#switches[cover].contact.set(isOpen);
  }

  get isBatteryGood(): boolean {
    return this.#isBatteryGood;
  }

  /** An empty battery remembers nothing while the mains is off. */
  setBattery(isGood: boolean): void {
    this.#isBatteryGood = isGood;
  }

  /** The MCU stopped: nobody listens any more, the latches stay. */
  powerLost(): void {
    this.#listeners.clear();
    if (!this.#isBatteryGood) for (const it of Object.values(this.#switches)) it.isLatched = false;
  }

  #edge(cover: Cover): void {
    const it = this.#switches[cover];
    it.latch?.cancel();
    it.latch = undefined;
    if (it.contact.isMade) {
      it.latch = this.#latchAt(this.#clock.now() + this.#config.latchMicros, it);
    }
    for (const run of [...this.#listeners]) run(cover);
  }

  #latchAt(time: Micros, it: CoverSwitch): ScheduledEvent {
    return this.#clock.at(time, () => {
      if (this.#isBatteryGood || this.#isMainsFed()) it.isLatched = true;
    });
  }
}
