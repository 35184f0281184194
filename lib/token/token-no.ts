/**
 * The TokenNo: 66 bits as 20 decimal digits, what the customer keys in (sts.md section 4).
 *
 * The arithmetic splits the 66 bits into two halves of 33 and divides by a million: every step stays below 2^53, so that
 * plain numbers are exact and nothing is allocated but the text.
 */
import { StsFault } from '../faults.ts';

/** 66 bits: the two class bits are already exchanged with bits 28 and 27 of the block. */
export interface Token66 {
  /** Bits 65-64. */
  top: number;
  /** Bits 63-32, unsigned. */
  high: number;
  /** Bits 31-0, unsigned. */
  low: number;
}

const MILLION = 1_000_000;
const TWO_33 = 2 ** 33;
const TWO_32 = 2 ** 32;

/** @returns 20 decimal digits. */
export function tokenNoOf(top: number, high: number, low: number): string {
  // Upper and lower 33 bits.
  let upper = top * 0x80000000 + Math.floor((high >>> 0) / 2);
  let lower = ((high & 1) * TWO_32 + (low >>> 0)) % TWO_33;
  let quotient = Math.floor(upper / MILLION);
  lower += (upper - quotient * MILLION) * TWO_33;
  upper = quotient;
  quotient = Math.floor(lower / MILLION);
  const digits6 = lower - quotient * MILLION;
  lower = quotient;
  // upper < 8590 and lower < 2^33 now: upper * 2^33 + lower is the number without its last six digits.
  quotient = Math.floor(upper / MILLION);
  lower += (upper - quotient * MILLION) * TWO_33;
  quotient = Math.floor(lower / MILLION);
  const digits12 = lower - quotient * MILLION;
  const first = quotient | 0;
  const second = digits12 | 0;
  const third = digits6 | 0;
  // One call with every digit makes one flat text; joined pieces would be taken apart again by whoever reads them. A helper
  // for a digit would read better and, called twenty times, cost as much as the cipher.
  return String.fromCharCode(
    48 + (((first / 10_000_000) | 0) % 10),
    48 + (((first / 1_000_000) | 0) % 10),
    48 + (((first / 100_000) | 0) % 10),
    48 + (((first / 10_000) | 0) % 10),
    48 + (((first / 1_000) | 0) % 10),
    48 + (((first / 100) | 0) % 10),
    48 + (((first / 10) | 0) % 10),
    48 + (first % 10),
    48 + (((second / 100_000) | 0) % 10),
    48 + (((second / 10_000) | 0) % 10),
    48 + (((second / 1_000) | 0) % 10),
    48 + (((second / 100) | 0) % 10),
    48 + (((second / 10) | 0) % 10),
    48 + (second % 10),
    48 + (((third / 100_000) | 0) % 10),
    48 + (((third / 10_000) | 0) % 10),
    48 + (((third / 1_000) | 0) % 10),
    48 + (((third / 100) | 0) % 10),
    48 + (((third / 10) | 0) % 10),
    48 + (third % 10),
  );
}

/** Why a text is no token number; the names are those of the faults. */
export type TokenNoDefect = 'token_number_malformed' | 'token_number_too_large';

/**
 * Reads 20 digits into 66 bits.
 * @param tokenNo - 20 decimal digits.
 * @param into - filled with the result; reused by callers that decode many.
 * @throws StsFault `token_number_malformed`, `token_number_too_large` (2^66 and above are no tokens).
 */
export function readTokenNo(tokenNo: string, into: Token66): Token66 {
  const defect = scanTokenNo(tokenNo, into);
  if (defect !== undefined) throw new StsFault(defect, undefined, { param: 'tokenNo' });
  return into;
}

/** As `readTokenNo`, for callers to whom wrong digits are an expected outcome. */
export function scanTokenNo(tokenNo: string, into: Token66): TokenNoDefect | undefined {
  if (typeof tokenNo !== 'string' || tokenNo.length !== 20) return 'token_number_malformed';
  const first = readDigits(tokenNo, 0, 8);
  const middle = readDigits(tokenNo, 8, 6);
  const last = readDigits(tokenNo, 14, 6);
  if (first < 0 || middle < 0 || last < 0) return 'token_number_malformed';
  // first * 10^12 + middle * 10^6 + last, in limbs of 33 bits.
  let lower = first * MILLION + middle;
  let upper = Math.floor(lower / TWO_33);
  lower = (lower - upper * TWO_33) * MILLION + last;
  const carry = Math.floor(lower / TWO_33);
  lower -= carry * TWO_33;
  upper = upper * MILLION + carry;
  if (upper >= TWO_33) return 'token_number_too_large';
  into.top = Math.floor(upper / 0x80000000);
  into.high = ((upper % 0x80000000) * 2 + Math.floor(lower / TWO_32)) >>> 0;
  into.low = lower >>> 0;
  return undefined;
}

/** @returns -1 when one of the characters is no digit. */
function readDigits(text: string, from: number, count: number): number {
  let value = 0;
  for (let i = from; i < from + count; i += 1) {
    const digit = text.charCodeAt(i) - 48;
    if (digit < 0 || digit > 9) return -1;
    value = value * 10 + digit;
  }
  return value;
}

/**
 * Takes a token number as people write it, with spaces or dashes between the groups.
 * @returns 20 digits.
 * @throws StsFault `token_number_malformed`, `token_number_too_large`.
 */
export function parseTokenNo(text: string): string {
  if (typeof text !== 'string') throw malformed();
  const tokenNo = text.replace(/[\s-]/g, '');
  readTokenNo(tokenNo, { top: 0, high: 0, low: 0 });
  return tokenNo;
}

/** Five groups of four, as a slip prints them. */
export function groupTokenNo(tokenNo: string): string {
  return (tokenNo.match(/.{1,4}/g) ?? []).join(' ');
}

/** What a log may hold of a token number. */
export function maskTokenNo(tokenNo: string): string {
  return `…${tokenNo.slice(-4)}`;
}

function malformed(): StsFault {
  return new StsFault('token_number_malformed', undefined, { param: 'tokenNo' });
}
