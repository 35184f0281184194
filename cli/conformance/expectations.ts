/**
 * What a case asks and what it expects, with the clause that each value is about. Checks stand in the order in which a token
 * is made: the first wrong value names the clause where a program went astray, and what follows from it is not judged.
 */
import { BigNumber } from 'bignumber.js';
import type { Answer } from './protocol.ts';

export interface Check {
  /** Section of sts.md, or another public document. */
  readonly clause: string;
  /** What is looked at, for the report. */
  readonly what: string;
  readonly expected: unknown;
  readonly read: (answer: Answer) => unknown;
  /** Numbers as text may be written in more ways than one. */
  readonly asNumber?: boolean;
  /** Not judged where the answer leaves it out. */
  readonly mayBeAbsent?: boolean;
}

/** A refusal that is expected, under any of these names. */
export interface ExpectedRefusal {
  readonly clause: string;
  readonly codes: readonly string[];
  /** A `result` that says the same. */
  readonly results?: readonly string[];
  /** No public vector judges an answer: a program that gives one has not failed. */
  readonly mayAnswer?: boolean;
}

/** The names under which a vector's refusal may come: a mistake of the caller is a malformed request to an adapter. */
export function refusalCodes({ fault = '' }: { readonly fault?: string }): string[] {
  return fault === 'RangeError' || fault === 'TypeError'
    ? ['request_malformed']
    : [fault, 'request_malformed'];
}

export interface Step {
  readonly op: string;
  /** The request without its id; `earlier` are the answers to the steps before. */
  readonly fields: (earlier: readonly Answer[]) => Record<string, unknown>;
  readonly expect: readonly Check[] | ExpectedRefusal;
}

export interface Case {
  /** Stable: file, number and operation. */
  readonly id: string;
  readonly file: string;
  readonly title: string;
  /** What the case is about as a whole. */
  readonly clause: string;
  readonly trust: string;
  readonly steps: readonly Step[];
}

export function isRefusal(expect: Step['expect']): expect is ExpectedRefusal {
  return !Array.isArray(expect);
}

/** A member of the answer, by its path. */
export function member(clause: string, path: string, expected: unknown): Check {
  return { clause, what: path, expected, read: (answer) => at(answer, path) };
}

/** A member that is a number in decimal text. */
export function decimal(clause: string, path: string, expected: string): Check {
  return { ...member(clause, path, expected), asNumber: true };
}

/** Some hex digits of a member. */
export function digits(
  clause: string,
  what: string,
  path: string,
  from: number,
  to: number,
  text: string,
): Check {
  return {
    clause,
    what,
    expected: text.slice(from, to),
    read: (answer) => lower(at(answer, path))?.slice(from, to),
  };
}

export function holds(check: Check, answer: Answer): boolean {
  const actual = check.read(answer);
  if (check.asNumber === true) {
    return typeof actual === 'string' && new BigNumber(actual).eq(String(check.expected));
  }
  if (typeof check.expected === 'string' && typeof actual === 'string')
    return actual.toLowerCase() === check.expected.toLowerCase();
  return actual === check.expected;
}

/** A sub-path is a name or the number of a list entry. */
function at(value: unknown, path: string): unknown {
  let here = value;
  for (const name of path.split('.')) {
    if (typeof here !== 'object' || here === null || !Object.hasOwn(here, name)) return undefined;
    here = (here as Record<string, unknown>)[name];
  }
  return here;
}

function lower(value: unknown): string | undefined {
  return typeof value === 'string' ? value.toLowerCase() : undefined;
}

/** Bits 65, 64, 28 and 27 of a token are the ones that change places (sts.md section 4). */
const EXCHANGED = (3n << 64n) | (3n << 27n);

/** The 66 bits without those that change places: wrong here means that the cipher or its key is wrong. */
export function unexchanged(clause: string, token66: string): Check {
  const mask = (text: unknown) =>
    typeof text === 'string' && /^[0-9a-fA-F]{1,17}$/.test(text)
      ? (BigInt(`0x${text}`) & ~EXCHANGED).toString(16).padStart(17, '0')
      : undefined;
  return {
    clause,
    what: 'token66 but for the class and the bits it displaces',
    expected: mask(token66),
    read: (answer) => mask(at(answer, 'token66')),
  };
}
