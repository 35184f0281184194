/**
 * How long the next login must wait after so many that failed, for one user and for one address. A guess is counted before
 * it is tried, so that a hundred at once are a hundred; a login that succeeds forgets the failures of its user.
 */

export interface ThrottleRule {
  readonly subject: string;
  /** Milliseconds that the next guess waits after 1, 2, 3… failures in a row; the last holds for all further ones. */
  readonly waits: readonly number[];
}

/** Failures are forgotten this long after the last one. */
export const FORGOTTEN_AFTER_MILLIS = 24 * 3600_000;

const SECOND = 1000;
const MINUTE = 60 * SECOND;

const OF_USER = [0, 0, 2, 4, 8, 16, 30, 60, 120, 300].map((seconds) => seconds * SECOND);
/** An address may be a shop with many tills behind one router. */
const OF_ADDRESS = [...Array.from({ length: 19 }, () => 0), SECOND, 5 * SECOND, 30 * SECOND, 5 * MINUTE];

export function throttleRules(userId: string, address: string): readonly ThrottleRule[] {
  return [
    { subject: `user:${userId}`, waits: OF_USER },
    { subject: `address:${address}`, waits: OF_ADDRESS },
  ];
}

/**
 * Receipt numbers are counted up, so that a guesser needs the digits of a token besides: of those he may try a few dozen a day.
 */
const OF_METER = [0, 0, 0, 5, 30, 120, 600, 3600].map((seconds) => seconds * SECOND);
/** The phones of a whole network may come from one address, and each visit counts. */
const OF_NETWORK = [...Array.from({ length: 199 }, () => 0), SECOND, 5 * SECOND];

export function receiptThrottleRules(subject: string, address: string): readonly ThrottleRule[] {
  return [
    { subject, waits: OF_METER },
    { subject: `receipts of:${address}`, waits: OF_NETWORK },
  ];
}

export interface Attempts {
  readonly failures: number;
  readonly lastAt: number;
  readonly allowedAt: number;
}

/** The attempts after one more at `at`, or when it is allowed. */
export function countAttempt(
  held: Attempts | undefined,
  waits: readonly number[],
  at: number,
):
  | { readonly allowed: true; readonly attempts: Attempts }
  | { readonly allowed: false; readonly from: number } {
  const before =
    held === undefined || at - held.lastAt > FORGOTTEN_AFTER_MILLIS
      ? { failures: 0, lastAt: at, allowedAt: 0 }
      : held;
  // A clock set back must not lock a user out for longer than the longest wait.
  const longest = waits.at(-1) ?? 0;
  const from = Math.min(before.allowedAt, at + longest);
  if (at < from) return { allowed: false, from };
  const failures = before.failures + 1;
  const wait = waits[Math.min(failures, waits.length) - 1] ?? 0;
  return { allowed: true, attempts: { failures, lastAt: at, allowedAt: at + wait } };
}
