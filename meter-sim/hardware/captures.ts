/**
 * The chip's two comparators, fed one sample after the other (meter-hardware.md 2 and 3): zero crossings interpolated
 * between two samples, and the voltage across the load contact.
 */
import type { Cancellable, WaveChannel } from '../firmware/hardware-interface.ts';
import type { Keeper } from '../firmware/keeper.ts';
import type { EventClock } from '../world/event-clock.ts';
import type { ChipConfig } from './chip-config.ts';

/** A step beyond this share of the half wave's peak is a spike or a switched current, not a wave passing zero. */
const STEEPEST_SHARE = 0.5;
/** Half a cycle lasts 7.7 to 11 ms at 45 to 65 Hz: a second sign change sooner is a ripple around the same zero. */
const SHORTEST_GAP_MICROS = 5_000;

export class ZeroWatch {
  readonly channel: WaveChannel;
  readonly handler: (zeroAt: number) => void;
  readonly #floor: number;
  #value = Number.NaN;
  #time = 0;
  #peak = 0;
  #reportedAt = Number.NEGATIVE_INFINITY;

  /** @param floor - peak that a half wave must reach before its end counts, V or A. */
  constructor(channel: WaveChannel, floor: number, handler: (zeroAt: number) => void) {
    this.channel = channel;
    this.#floor = floor;
    this.handler = handler;
  }

  /** Takes one sample; the time of a crossing (µs, not rounded) or NaN. */
  see(value: number, time: number): number {
    const before = this.#value;
    const beforeAt = this.#time;
    const peak = this.#peak;
    this.#value = value;
    this.#time = time;
    if (Number.isNaN(before) || before < 0 === value < 0) {
      this.#peak = Math.max(peak, Math.abs(value));
      return Number.NaN;
    }
    this.#peak = Math.abs(value);
    const isWave = peak >= this.#floor && Math.abs(value - before) <= STEEPEST_SHARE * peak;
    if (!isWave || time - this.#reportedAt < SHORTEST_GAP_MICROS) return Number.NaN;
    this.#reportedAt = time;
    return beforeAt + ((time - beforeAt) * before) / (before - value);
  }
}

/** Thresholds of the contact comparator, V and A. */
export interface ContactThresholds {
  readonly partedVolt: number;
  readonly blindVolt: number;
  readonly conductingAmp: number;
}

export class ContactWatch {
  readonly handler: (between: readonly [number, number]) => void;
  readonly #event: 'parted' | 'touched';
  readonly #thresholds: ContactThresholds;
  #touches: number;
  /** The last sample at which the contact certainly stood as it did before the event. */
  #certainAt: number;

  constructor(
    event: 'parted' | 'touched',
    armedAt: number,
    touches: number,
    thresholds: ContactThresholds,
    handler: (between: readonly [number, number]) => void,
  ) {
    this.#event = event;
    this.#certainAt = armedAt;
    this.#touches = touches;
    this.#thresholds = thresholds;
    this.handler = handler;
  }

  /**
   * Takes one sample.
   * @param touches - how often the contact has ever touched: the comparator latches an edge between two samples, so that a
   * first touch shorter than a sample is not missed when the contact bounces open again.
   * @returns the time of the last certain sample before the event, or NaN while it has not happened.
   */
  see(dropVolt: number, mainsVolt: number, amp: number, touches: number, time: number): number {
    const { partedVolt, blindVolt, conductingAmp } = this.#thresholds;
    const isParted = dropVolt > partedVolt;
    // Near a voltage zero an open contact shows no voltage either: without current such a sample says nothing.
    const isTouching = !isParted && (Math.abs(mainsVolt) > blindVolt || Math.abs(amp) > conductingAmp);
    const isLatched = touches !== this.#touches && Math.abs(mainsVolt) > blindVolt;
    this.#touches = touches;
    const hasHappened = this.#event === 'parted' ? isParted : isTouching || isLatched;
    if (hasHappened) return this.#certainAt;
    if (isParted || isTouching) this.#certainAt = time;
    return Number.NaN;
  }
}

/** What the comparators see of the relay. */
export interface Contact {
  readonly isMoving: boolean;
  /** How often the contact has touched, bounces included. */
  readonly touches: number;
  /** Voltage across the contact for the given mains voltage and load current, V. */
  dropVolt(volt: number, amp: number): number;
}

/** What is armed at both comparators. */
export class Captures {
  readonly #clock: EventClock;
  readonly #contact: Contact;
  readonly #config: ChipConfig;
  readonly #changed: () => void;
  readonly #zeros: ZeroWatch[] = [];
  readonly #contacts: ContactWatch[] = [];

  /** @param changed - called when something was armed, has come, or was let go. */
  constructor(clock: EventClock, contact: Contact, config: ChipConfig, changed: () => void) {
    this.#clock = clock;
    this.#contact = contact;
    this.#config = config;
    this.#changed = changed;
  }

  get isArmed(): boolean {
    return this.#zeros.length > 0 || this.#contacts.length > 0;
  }

  armZero(channel: WaveChannel, handler: (zeroAt: number) => void): Cancellable {
    const { zeroFloorVolt, zeroFloorAmp } = this.#config;
    return this.#arm(
      this.#zeros,
      new ZeroWatch(channel, channel === 'voltage' ? zeroFloorVolt : zeroFloorAmp, handler),
    );
  }

  armContact(
    event: 'parted' | 'touched',
    handler: (between: readonly [number, number]) => void,
  ): Cancellable {
    const watch = new ContactWatch(event, this.#clock.now(), this.#contact.touches, this.#config, handler);
    return this.#arm(this.#contacts, watch);
  }

  /** The reset of the chip: nothing is armed. */
  clear(): void {
    this.#zeros.length = 0;
    this.#contacts.length = 0;
  }

  keep(keeper: Keeper): void {
    keeper.idle(!this.isArmed, 'a comparator is armed');
  }

  /** Lets what is armed see one sample; true when one of them raised an interrupt. */
  compare(volt: number, amp: number, trueVolt: number, loadAmp: number, time: number): boolean {
    let raised = false;
    const at = Math.ceil(time);
    for (const watch of this.#zeros) {
      const zeroAt = watch.see(watch.channel === 'voltage' ? volt : amp, time);
      if (Number.isNaN(zeroAt)) continue;
      this.#clock.at(at, () => {
        if (this.#zeros.includes(watch)) watch.handler(zeroAt);
      });
      raised = true;
    }
    if (this.#contacts.length === 0) return raised;
    const drop = Math.abs(this.#contact.dropVolt(trueVolt, loadAmp));
    for (const watch of this.#contacts) {
      const from = watch.see(drop, volt, amp, this.#contact.touches, time);
      if (Number.isNaN(from)) continue;
      this.#clock.at(at, () => {
        if (!remove(this.#contacts, watch)) return;
        this.#changed();
        watch.handler([Math.floor(from), at]);
      });
      raised = true;
    }
    return raised;
  }

  #arm<T>(watches: T[], watch: T): Cancellable {
    watches.push(watch);
    this.#changed();
    return {
      cancel: (): void => {
        remove(watches, watch);
        this.#changed();
      },
    };
  }
}

/** Whether it was there. */
function remove<T>(list: T[], item: T): boolean {
  const index = list.indexOf(item);
  if (index < 0) return false;
  list.splice(index, 1);
  return true;
}
