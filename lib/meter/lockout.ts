/** How a meter slows guessing: waits that double with each wrong token (sts.md 8.5, open question A10). */
import type { LockoutPolicy } from './configuration.ts';
import type { LockoutState } from './state.ts';

export const NO_LOCKOUT: LockoutState = { failures: 0, untilSeconds: 0 };

export function isLocked(lockout: LockoutState, nowSeconds: number): boolean {
  return nowSeconds < lockout.untilSeconds;
}

/** @returns the state after one more failed authentication. */
export function countFailure(lockout: LockoutState, policy: LockoutPolicy, nowSeconds: number): LockoutState {
  const failures = lockout.failures + 1;
  const costly = failures - policy.freeFailures;
  if (costly <= 0) return { failures, untilSeconds: 0 };
  const wait = Math.min(policy.firstWaitSeconds * 2 ** (costly - 1), policy.longestWaitSeconds);
  return { failures, untilSeconds: nowSeconds + wait };
}
