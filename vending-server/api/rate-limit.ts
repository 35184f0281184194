/**
 * How many requests one caller may make: a bucket that fills at the rate and holds two seconds of it. In the memory of this
 * process: a limit protects a server from a caller, and counts no money.
 */
import { StsFault } from '../../lib/faults.ts';

/** Buckets kept; beyond this the fullest are as good as new ones and are forgotten. */
const BUCKETS_MAX = 10_000;
const SECONDS_HELD = 2;

interface Bucket {
  left: number;
  at: number;
}

export class RateLimit {
  readonly #perSecond: number;
  readonly #buckets = new Map<string, Bucket>();

  /** @param perSecond - 0 for no limit. */
  constructor(perSecond: number) {
    this.#perSecond = perSecond;
  }

  /** @throws StsFault `rate_limited` with the wait. */
  take(caller: string, nowMillis: number): void {
    const rate = this.#perSecond;
    if (rate === 0) return;
    const most = rate * SECONDS_HELD;
    const bucket = this.#buckets.get(caller) ?? this.#add(caller, most, nowMillis);
    const passed = Math.max(0, nowMillis - bucket.at) / 1000;
    bucket.left = Math.min(most, bucket.left + passed * rate);
    bucket.at = nowMillis;
    if (bucket.left >= 1) {
      bucket.left -= 1;
      return;
    }
    const retryAfterSeconds = Math.max(1, Math.ceil((1 - bucket.left) / rate));
    throw new StsFault('rate_limited', `${rate} in a second`, { retryAfterSeconds });
  }

  #add(caller: string, left: number, at: number): Bucket {
    if (this.#buckets.size >= BUCKETS_MAX) this.#forgetFull(at);
    const bucket = { left, at };
    this.#buckets.set(caller, bucket);
    return bucket;
  }

  #forgetFull(now: number): void {
    for (const [caller, { at }] of this.#buckets) {
      if (now - at >= SECONDS_HELD * 1000) this.#buckets.delete(caller);
    }
    // All of them busy within two seconds: whoever floods with names shall not fill the memory.
    if (this.#buckets.size >= BUCKETS_MAX) this.#buckets.clear();
  }
}
