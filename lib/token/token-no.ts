/**
 * The TokenNo: 66 bits as 20 decimal digits, what the customer keys in (sts.md section 4).
 *
 * The arithmetic is long division and long multiplication by 10,000 in limbs of 16 bits: every step stays below 2^30, so
 * that an engine keeps to small whole numbers whatever it has run before, and nothing is allocated but the text.
 */
import { assertText } from '../assert.ts';
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

/** Four decimal digits, taken off or put on at a time. */
const GROUP = 10_000;

/** @returns 20 decimal digits. */
export function tokenNoOf(top: number, high: number, low: number): string {
  // `rest` is what is left of the limbs so far, with the next limb under it; the quotient needs one limb less each time.
  let rest = (top << 16) | (high >>> 16);
  const limb3 = (rest / GROUP) | 0;
  rest = ((rest - limb3 * GROUP) << 16) | (high & 0xffff);
  let limb2 = (rest / GROUP) | 0;
  rest = ((rest - limb2 * GROUP) << 16) | (low >>> 16);
  let limb1 = (rest / GROUP) | 0;
  rest = ((rest - limb1 * GROUP) << 16) | (low & 0xffff);
  let limb0 = (rest / GROUP) | 0;
  const fifth = rest - limb0 * GROUP;
  rest = (limb3 << 16) | limb2;
  limb2 = (rest / GROUP) | 0;
  rest = ((rest - limb2 * GROUP) << 16) | limb1;
  limb1 = (rest / GROUP) | 0;
  rest = ((rest - limb1 * GROUP) << 16) | limb0;
  limb0 = (rest / GROUP) | 0;
  const fourth = rest - limb0 * GROUP;
  rest = (limb2 << 16) | limb1;
  limb1 = (rest / GROUP) | 0;
  rest = ((rest - limb1 * GROUP) << 16) | limb0;
  limb0 = (rest / GROUP) | 0;
  const third = rest - limb0 * GROUP;
  rest = (limb1 << 16) | limb0;
  const first = (rest / GROUP) | 0;
  return textOf(first, rest - first * GROUP, third, fourth, fifth);
}

/**
 * One call with every digit makes one flat text; joined pieces would be taken apart again by whoever reads them. A helper
 * for a digit would read better and, called twenty times, cost as much as the cipher.
 */
function textOf(first: number, second: number, third: number, fourth: number, fifth: number): string {
  return String.fromCharCode(
    48 + ((first / 1000) | 0),
    48 + (((first / 100) | 0) % 10),
    48 + (((first / 10) | 0) % 10),
    48 + (first % 10),
    48 + ((second / 1000) | 0),
    48 + (((second / 100) | 0) % 10),
    48 + (((second / 10) | 0) % 10),
    48 + (second % 10),
    48 + ((third / 1000) | 0),
    48 + (((third / 100) | 0) % 10),
    48 + (((third / 10) | 0) % 10),
    48 + (third % 10),
    48 + ((fourth / 1000) | 0),
    48 + (((fourth / 100) | 0) % 10),
    48 + (((fourth / 10) | 0) % 10),
    48 + (fourth % 10),
    48 + ((fifth / 1000) | 0),
    48 + (((fifth / 100) | 0) % 10),
    48 + (((fifth / 10) | 0) % 10),
    48 + (fifth % 10),
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
  const second = readGroup(tokenNo, 4);
  const third = readGroup(tokenNo, 8);
  const fourth = readGroup(tokenNo, 12);
  const fifth = readGroup(tokenNo, 16);
  let sum = readGroup(tokenNo, 0);
  if ((sum | second | third | fourth | fifth) < 0) return 'token_number_malformed';
  // Each group is put on by multiplying what is there, limb by limb, `sum` carrying its upper half on.
  sum = sum * GROUP + second;
  let limb0 = sum & 0xffff;
  let limb1 = sum >>> 16;
  sum = limb0 * GROUP + third;
  limb0 = sum & 0xffff;
  sum = limb1 * GROUP + (sum >>> 16);
  limb1 = sum & 0xffff;
  let limb2 = sum >>> 16;
  sum = limb0 * GROUP + fourth;
  limb0 = sum & 0xffff;
  sum = limb1 * GROUP + (sum >>> 16);
  limb1 = sum & 0xffff;
  sum = limb2 * GROUP + (sum >>> 16);
  limb2 = sum & 0xffff;
  let limb3 = sum >>> 16;
  sum = limb0 * GROUP + fifth;
  limb0 = sum & 0xffff;
  sum = limb1 * GROUP + (sum >>> 16);
  limb1 = sum & 0xffff;
  sum = limb2 * GROUP + (sum >>> 16);
  limb2 = sum & 0xffff;
  sum = limb3 * GROUP + (sum >>> 16);
  limb3 = sum & 0xffff;
  const top = sum >>> 16;
  if (top > 3) return 'token_number_too_large';
  into.top = top;
  into.high = ((limb3 << 16) | limb2) >>> 0;
  into.low = ((limb1 << 16) | limb0) >>> 0;
  return undefined;
}

/** @returns four digits as a number, below zero when one of the characters is no digit. */
function readGroup(text: string, from: number): number {
  const a = text.charCodeAt(from) - 48;
  const b = text.charCodeAt(from + 1) - 48;
  const c = text.charCodeAt(from + 2) - 48;
  const d = text.charCodeAt(from + 3) - 48;
  // A character below '0' makes the digit negative, one above '9' what is missing to nine.
  const wrong = (a | b | c | d | (9 - a) | (9 - b) | (9 - c) | (9 - d)) < 0;
  return wrong ? -1 : 1000 * a + 100 * b + 10 * c + d;
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

/** Five groups of four, as a slip prints them. @throws TypeError when it is no text. */
export function groupTokenNo(tokenNo: string): string {
  assertText(tokenNo, 'tokenNo');
  return (tokenNo.match(/.{1,4}/g) ?? []).join(' ');
}

/** What a log may hold of a token number: its last four digits. @throws TypeError when it is no text. */
export function maskTokenNo(tokenNo: string): string {
  assertText(tokenNo, 'tokenNo');
  return `…${tokenNo.slice(-4)}`;
}

function malformed(): StsFault {
  return new StsFault('token_number_malformed', undefined, { param: 'tokenNo' });
}
