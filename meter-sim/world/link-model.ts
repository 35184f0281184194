/**
 * Lossy links between a head end and its meters (meter-hardware.md 7): what becomes of one message. Pure and seeded: the same
 * seed and the same messages meet the same fate, whoever else is on the air.
 */
import type { Keeper, Kept } from '../firmware/keeper.ts';
import type { RandomStream } from './random.ts';

export interface LinkConfig {
  /** Share of messages lost in good times and in a burst; chance per message that a burst begins and that it ends. */
  readonly loss: number;
  readonly burstLoss: number;
  readonly burstBegins: number;
  readonly burstEnds: number;
  /** Typical delay and the spread of its logarithm; never beyond the longest. µs. */
  readonly delayMicros: number;
  readonly delaySpread: number;
  readonly longestMicros: number;
  /** Chance that a message that arrives does so twice. */
  readonly duplicate: number;
  /** Time on the air of one message, µs, and the share of time that a sender may be on it; 1 is no limit. */
  readonly airMicros: number;
  readonly dutyCycle: number;
  /** Loss is so many times as high at eight in the evening as the mean, and as much lower twelve hours later. */
  readonly eveningSwing: number;
}

const STEADY: LinkConfig = {
  loss: 0,
  burstLoss: 1,
  burstBegins: 0,
  burstEnds: 1,
  delayMicros: 1_000_000,
  delaySpread: 0.5,
  longestMicros: 60_000_000,
  duplicate: 0,
  airMicros: 0,
  dutyCycle: 1,
  eveningSwing: 0,
};

export const LINKS = {
  'nb-iot': { ...STEADY, loss: 0.01, delayMicros: 837_000, delaySpread: 0.9 },
  lorawan: {
    ...STEADY,
    loss: 0.06,
    burstLoss: 0.8,
    burstBegins: 0.01,
    burstEnds: 0.2,
    delayMicros: 3_000_000,
    longestMicros: 10_000_000,
    duplicate: 0.05,
    airMicros: 1_500_000,
    dutyCycle: 0.01,
  },
  /** QoS 1: what was sent before a connection broke comes again after the back-off, and may come twice. */
  mqtt: {
    ...STEADY,
    loss: 0.002,
    delayMicros: 300_000,
    delaySpread: 1.5,
    longestMicros: 300_000_000,
    duplicate: 0.03,
  },
  plc: { ...STEADY, loss: 0.05, delayMicros: 5_000_000, longestMicros: 30_000_000, eveningSwing: 0.8 },
} as const satisfies Record<string, LinkConfig>;

export type LinkName = keyof typeof LINKS;

const DAY_SECONDS = 86_400;
const WORST_SECOND = 20 * 3_600;

/** One direction of the link of one meter. */
export class Link implements Kept {
  readonly #config: LinkConfig;
  readonly #random: RandomStream;
  #isInBurst = false;
  /** The duty cycle lets nothing out before. */
  #quietUntil = 0;

  constructor(config: LinkConfig, random: RandomStream) {
    this.#config = config;
    this.#random = random;
  }

  /**
   * Sends one message.
   * @param now - µs. @param secondOfDay - for what depends on the hour.
   * @returns when it arrives: never, once or more often; later messages may arrive sooner.
   */
  send(now: number, secondOfDay: number): readonly number[] {
    const { airMicros, dutyCycle, duplicate } = this.#config;
    const sentAt = Math.max(now, this.#quietUntil);
    this.#quietUntil = sentAt + Math.ceil(airMicros / dutyCycle);
    const isLost = this.#random.uniform() < this.#lossAt(secondOfDay);
    const arrivals = [sentAt + airMicros + this.#delay()];
    if (this.#random.uniform() < duplicate) arrivals.push(sentAt + airMicros + this.#delay());
    return isLost ? [] : arrivals;
  }

  keep(keeper: Keeper): void {
    this.#random.keep(keeper);
    this.#isInBurst = keeper.value(this.#isInBurst);
    this.#quietUntil = keeper.value(this.#quietUntil);
  }

  #lossAt(secondOfDay: number): number {
    const { loss, burstLoss, burstBegins, burstEnds, eveningSwing } = this.#config;
    const turn = this.#random.uniform();
    this.#isInBurst = this.#isInBurst ? turn >= burstEnds : turn < burstBegins;
    if (this.#isInBurst) return burstLoss;
    const angle = (2 * Math.PI * (secondOfDay - WORST_SECOND)) / DAY_SECONDS;
    return Math.min(1, loss * (1 + eveningSwing * Math.cos(angle)));
  }

  #delay(): number {
    const { delayMicros, delaySpread, longestMicros } = this.#config;
    const micros = delayMicros * Math.exp(delaySpread * this.#random.gaussian());
    return Math.max(1, Math.round(Math.min(micros, longestMicros)));
  }
}
