/** Money between its two forms: integer minor units, and decimal text in major units ('1.8652'). No floats. */
import { BigNumber } from 'bignumber.js';
import { assertInteger } from '../../lib/assert.ts';
import { minorDigits } from './minor-digits.ts';

/** How a quotient becomes whole: towards zero, to the nearest with halves away from zero, or away from zero. */
export type Rounding = 'down' | 'nearest' | 'up';

export const ROUNDINGS = ['down', 'nearest', 'up'] as const satisfies readonly Rounding[];

/** Decimal text: no sign, no exponent, at most 12 digits before the point and 8 after it. */
export const DECIMAL = /^(0|[1-9][0-9]{0,11})(\.[0-9]{1,8})?$/;

/**
 * Major units in decimal text, as minor units; exact, so possibly with a fraction of a cent.
 * @throws RangeError unless the text is of the form {@link DECIMAL}.
 */
export function minorOf(major: string, currency: string): BigNumber {
  return decimal(major, 'major').shiftedBy(minorDigits(currency));
}

/** @throws RangeError unless the text is of the form {@link DECIMAL}. */
export function decimal(text: string, name: string): BigNumber {
  if (!DECIMAL.test(text)) throw new RangeError(`"${name}" expected a decimal number as text, got ${text}`);
  return new BigNumber(text);
}

/** A decimal text as a fraction of whole numbers: 0.15 is 15 of 100. */
export interface Fraction {
  readonly numerator: bigint;
  readonly denominator: bigint;
}

/** Rates of tariffs, which are few and asked for at each sale. */
const fractions = new Map<string, Fraction>();
const FRACTIONS_KEPT = 1000;

/** @throws RangeError unless the text is of the form {@link DECIMAL}. */
export function fractionOf(text: string): Fraction {
  let fraction = fractions.get(text);
  if (fraction === undefined) {
    if (!DECIMAL.test(text)) throw new RangeError(`"text" expected a decimal number, got ${text}`);
    const [whole = '', places = ''] = text.split('.');
    fraction = { numerator: BigInt(whole + places), denominator: 10n ** BigInt(places.length) };
    if (fractions.size >= FRACTIONS_KEPT) fractions.clear();
    fractions.set(text, fraction);
  }
  return fraction;
}

/** As {@link wholeQuotient}, of whole numbers. @throws RangeError for a quotient that is no safe integer. */
export function quotientOf(numerator: bigint, denominator: bigint, rounding: Rounding): number {
  const rest = numerator % denominator;
  const more = {
    down: false,
    nearest: rest * 2n >= denominator,
    up: rest > 0n,
  }[rounding];
  const whole = Number(numerator / denominator) + (more ? 1 : 0);
  assertInteger(whole, 0, Number.MAX_SAFE_INTEGER, 'quotient');
  return whole;
}

/**
 * `numerator` / `denominator`, both at least 0, as a whole number, rounded as named and never otherwise. The remainder is
 * exact: a quotient cut at some decimal place could hide the crumb that 'up' must see.
 */
export function wholeQuotient(numerator: BigNumber, denominator: BigNumber, rounding: Rounding): number {
  const whole = numerator.idiv(denominator);
  const rest = numerator.minus(whole.times(denominator));
  const more = {
    down: false,
    nearest: rest.times(2).isGreaterThanOrEqualTo(denominator),
    up: rest.isGreaterThan(0),
  }[rounding];
  return whole.plus(more ? 1 : 0).toNumber();
}
