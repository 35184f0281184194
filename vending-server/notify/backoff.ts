/** When to try again: twice as long each time, with chance in it so that what failed together does not return together. */
import type { Random } from '../clock.ts';

export interface RetryPolicy {
  readonly firstMillis: number;
  readonly mostMillis: number;
  /** Older messages are given up. */
  readonly maxAgeMillis: number;
  /** How long one attempt may hold a message: longer than any attempt lasts. */
  readonly leaseMillis: number;
}

export const DEFAULT_RETRY: RetryPolicy = {
  firstMillis: 5_000,
  mostMillis: 6 * 3_600_000,
  maxAgeMillis: 3 * 24 * 3_600_000,
  leaseMillis: 60_000,
};

/**
 * @param attempts - attempts made so far, at least 1.
 * @returns when to try next, or null when the message would be too old by then.
 */
export function nextAttempt(
  { firstMillis, mostMillis, maxAgeMillis }: RetryPolicy,
  { attempts, countedFrom }: { readonly attempts: number; readonly countedFrom: number },
  now: number,
  random: Random,
): number | null {
  const longest = Math.min(mostMillis, firstMillis * 2 ** Math.min(attempts - 1, 40));
  const share = Buffer.from(random.bytes(4)).readUInt32BE() / 2 ** 32;
  const dueAt = now + Math.round(longest * (0.5 + share / 2));
  return dueAt - countedFrom > maxAgeMillis ? null : dueAt;
}
