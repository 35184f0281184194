/**
 * The coding of money into sign, 5 bits of exponent and 14 of mantissa, in units of 0.00001 (sts.md 2.4). Rounding is always
 * in the customer's favour: a credit is coded upward, a debt toward zero.
 *
 *   magnitude(e, m) = 16384 (10^e - 1) / 9 + m 10^e
 */
import { assertInteger, assertObject } from '../assert.ts';
import { StsFault } from '../faults.ts';

/** Money as it stands in a token: S&E in the place of RND, and 16 bits (sts.md 2.4). */
export interface CurrencyFields {
  /** S&E: bit 3 the sign, bits 2-0 the high bits of the exponent. */
  readonly signAndExponent: number;
  /** Two low bits of the exponent, 14 of mantissa. */
  readonly field: number;
}

const MANTISSAS = 16_384n;
const EXPONENTS = 32;

const STEP = Array.from({ length: EXPONENTS }, (_, e) => 10n ** BigInt(e));
const OFFSET = STEP.map((step) => (MANTISSAS * (step - 1n)) / 9n);

/** e = 31, m = 16383, by the formula (open question B7). */
export const CURRENCY_MAX_HUNDRED_THOUSANDTH = magnitudeOf(EXPONENTS - 1, MANTISSAS - 1n);

/** @throws StsFault `amount_out_of_range`. */
export function encodeCurrencyAmount(amountHundredThousandth: bigint): CurrencyFields {
  if (typeof amountHundredThousandth !== 'bigint') throw outOfRange();
  const negative = amountHundredThousandth < 0n;
  const magnitude = negative ? -amountHundredThousandth : amountHundredThousandth;
  if (magnitude > CURRENCY_MAX_HUNDRED_THOUSANDTH) throw outOfRange();
  const { exponent, mantissa } = negative ? codeDown(magnitude) : codeUp(magnitude);
  return {
    signAndExponent: (negative ? 8 : 0) | (exponent >>> 2),
    field: ((exponent & 3) << 14) | Number(mantissa),
  };
}

/**
 * @returns units of 0.00001.
 * @throws RangeError, TypeError when a field is out of its 4 or 16 bits.
 */
export function decodeCurrencyAmount(fields: CurrencyFields): bigint {
  assertObject(fields, 'fields');
  const { signAndExponent, field } = fields;
  assertInteger(signAndExponent, 0, 15, 'signAndExponent');
  assertInteger(field, 0, 0xffff, 'field');
  const exponent = ((signAndExponent & 7) << 2) | (field >>> 14);
  const magnitude = magnitudeOf(exponent, BigInt(field & 0x3fff));
  return (signAndExponent & 8) === 0 ? magnitude : -magnitude;
}

interface Coded {
  readonly exponent: number;
  readonly mantissa: bigint;
}

/** The smallest codable magnitude that is not below. */
function codeUp(magnitude: bigint): Coded {
  const exponent = STEP.findIndex((_, e) => magnitude <= magnitudeOf(e, MANTISSAS - 1n));
  const step = STEP[exponent] ?? 1n;
  const above = magnitude - (OFFSET[exponent] ?? 0n);
  // Below the range's first value only in the gap above the range before.
  return { exponent, mantissa: above <= 0n ? 0n : (above + step - 1n) / step };
}

/** The largest codable magnitude that is not above. */
function codeDown(magnitude: bigint): Coded {
  const exponent = OFFSET.filter((offset) => magnitude >= offset).length - 1;
  // In the gap above a range this is the last value of that range: the next begins 16,384 steps on.
  return { exponent, mantissa: (magnitude - (OFFSET[exponent] ?? 0n)) / (STEP[exponent] ?? 1n) };
}

function magnitudeOf(exponent: number, mantissa: bigint): bigint {
  return (OFFSET[exponent] ?? 0n) + mantissa * (STEP[exponent] ?? 1n);
}

function outOfRange(): StsFault {
  return new StsFault('amount_out_of_range', 'of currency', { param: 'amount' });
}
