/**
 * The chip's two comparators, fed one sample after the other (meter-hardware.md 2 and 3): zero crossings interpolated
 * between two samples, and the voltage across the load contact.
 */
import type { WaveChannel } from '../firmware/hardware-interface.ts';

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
