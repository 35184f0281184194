/**
 * Token buckets, one for each key or address, in memory that is bounded: a full table forgets whoever came longest ago, who
 * then starts with a full bucket again. Each server limits for itself.
 */
import { StsFault } from '../../lib/faults.ts';

export interface RateLimit {
  /** Requests a second in the long run; 0 for no limit. */
  readonly perSecond: number;
  /** Requests that may come at once. */
  readonly burst: number;
}

export interface RateLimits {
  /** Of one API key or one session. */
  readonly perKey: RateLimit;
  /** Of one network address, whatever key it brings; behind a proxy that is the proxy's. */
  readonly perAddress: RateLimit;
  /** Of one network address whose requests bring no valid key or session: whoever tries keys. */
  readonly refusedPerAddress: RateLimit;
  /** Of one network address on routes that are open to all and leave a row in the audit trail: signing in. */
  readonly openPerAddress: RateLimit;
}

/** Thousandths of a request: one millisecond at one a second, so that whole rates are counted without a rest. */
const REQUEST = 1000;

interface Bucket {
  credit: number;
  filledAt: number;
}

/** Buckets held at once for each of the four limits; some 20 MB when all are full. */
export const BUCKETS_MAX = 100_000;

export class RateLimiter {
  readonly #limit: RateLimit;
  readonly #now: () => number;
  readonly #bucketsMax: number;
  readonly #buckets = new Map<string, Bucket>();

  /** @param now - milliseconds that only rise. */
  constructor(limit: RateLimit, now: () => number, bucketsMax = BUCKETS_MAX) {
    this.#limit = limit;
    this.#now = now;
    this.#bucketsMax = bucketsMax;
  }

  /** How many callers are remembered. */
  get size(): number {
    return this.#buckets.size;
  }

  /** Takes one request from the caller's bucket. @throws StsFault `rate_limited`, with the wait. */
  spend(caller: string): void {
    if (this.#limit.perSecond === 0) return;
    const bucket = this.#fill(caller);
    if (bucket.credit < REQUEST) throw this.#refusal(bucket);
    bucket.credit -= REQUEST;
  }

  /** Refuses a caller whose bucket is empty and takes nothing from the others. */
  assertLeft(caller: string): void {
    if (this.#limit.perSecond === 0 || !this.#buckets.has(caller)) return;
    const bucket = this.#fill(caller);
    if (bucket.credit < REQUEST) throw this.#refusal(bucket);
  }

  #fill(caller: string): Bucket {
    const { perSecond, burst } = this.#limit;
    const now = this.#now();
    const held = this.#buckets.get(caller);
    const bucket = held ?? { credit: burst * REQUEST, filledAt: now };
    bucket.credit = Math.min(burst * REQUEST, bucket.credit + (now - bucket.filledAt) * perSecond);
    bucket.filledAt = now;
    // Moved to the end, so that the first one of the map is who came longest ago.
    if (held !== undefined) this.#buckets.delete(caller);
    this.#buckets.set(caller, bucket);
    if (this.#buckets.size > this.#bucketsMax) {
      const [oldest] = this.#buckets.keys();
      if (oldest !== undefined) this.#buckets.delete(oldest);
    }
    return bucket;
  }

  #refusal({ credit }: Bucket): StsFault {
    const retryAfterSeconds = Math.max(1, Math.ceil((REQUEST - credit) / this.#limit.perSecond / 1000));
    return new StsFault('rate_limited', `${retryAfterSeconds} s`, { retryAfterSeconds });
  }
}
