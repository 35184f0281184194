/**
 * Sessions of people at a browser: 256 random bits in a cookie, their SHA-256 in the store, ended by idleness, by age, by
 * signing out, and by a new password. Machines have API keys instead.
 */
import { createHmac, timingSafeEqual } from 'node:crypto';
import type { Random } from '../clock.ts';
import { sha256 } from '../sha256.ts';

/** A session unused this long is over. */
export const IDLE_MILLIS = 30 * 60_000;
/** A session ends at this age whatever it does. */
export const LIFE_MILLIS = 12 * 3600_000;
/** How often the use of a session is written down. */
export const TOUCH_MILLIS = 60_000;

const TOKEN = /^[A-Za-z0-9_-]{43}$/;

export function newSessionToken(random: Random): string {
  return Buffer.from(random.bytes(32)).toString('base64url');
}

export function isSessionToken(text: string): boolean {
  return TOKEN.test(text);
}

/** SHA-256 of a secret of 256 random bits, hex: cannot be guessed back, so that it needs no slow hash. */
export function secretHash(secret: string): string {
  return sha256(secret);
}

/** What logs and the audit trail call a session by. */
export function sessionIdOf(sessionHash: string): string {
  return `ses_${sessionHash.slice(0, 16)}`;
}

/**
 * What a page sends in `X-CSRF-Token` with everything that is not a GET. Another site can make a browser send the cookie
 * and can never read this.
 */
export function csrfToken(sessionToken: string): string {
  return createHmac('sha256', sessionToken).update('wattoken-csrf-1').digest('base64url');
}

export function isCsrfToken(given: string, sessionToken: string): boolean {
  const expected = Buffer.from(csrfToken(sessionToken));
  const bytes = Buffer.from(given);
  return bytes.length === expected.length && timingSafeEqual(bytes, expected);
}
