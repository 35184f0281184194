/** How a meter slows guessing: waits that double with each wrong token (sts.md 8.5, open question A10). */
import { assertFinite } from '../assert.ts';
import type { LockoutPolicy } from './configuration.ts';
import type { LockoutState } from './state.ts';

/** Entry is free and nothing counted. */
export const NO_LOCKOUT: LockoutState = { failures: 0, untilSeconds: 0 };

/**
 * Whether entry is barred at this moment, on the clock that is passed to `enterToken`, seconds.
 * @throws TypeError, RangeError when the clock gives no finite number.
 */
export function isLocked(lockout: LockoutState, nowSeconds: number): boolean {
  // Nothing is below a NaN, and so nobody would ever be locked out.
  assertFinite(nowSeconds, 'nowSeconds');
  return nowSeconds < lockout.untilSeconds;
}

/** @returns what a meter knows of its lockout after its supply came back: all of it, or nothing (open question A10). */
export function lockoutAfterPowerUp(lockout: LockoutState, policy: LockoutPolicy): LockoutState {
  return policy.survivesPowerLoss ? lockout : NO_LOCKOUT;
}

/**
 * @param nowSeconds - on the clock that is passed to `enterToken`.
 * @returns the state after one more failure.
 * @throws TypeError, RangeError when the clock gives no finite number.
 */
export function countFailure(lockout: LockoutState, policy: LockoutPolicy, nowSeconds: number): LockoutState {
  assertFinite(nowSeconds, 'nowSeconds');
  const failures = lockout.failures + 1;
  const costly = failures - policy.freeFailures;
  if (costly <= 0) return { failures, untilSeconds: 0 };
  const wait = Math.min(policy.firstWaitSeconds * 2 ** (costly - 1), policy.longestWaitSeconds);
  return { failures, untilSeconds: nowSeconds + wait };
}
