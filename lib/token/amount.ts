/**
 * The coding of an amount into 16 bits: exponent (2 bits) and mantissa (14 bits), in whole units of the subclass, 0.1 kWh
 * for electricity (sts.md 2.3). Coding rounds up, so that the customer never loses; the caller asks `decodeAmount` what
 * the token really carries.
 *
 *   value(e, m) = 16384 (10^e - 1) / 9 + m 10^e
 */
import { assertInteger } from '../assert.ts';
import { StsFault } from '../faults.ts';

/** e = 3, m = 16383. */
export const AMOUNT_MAX = 18_201_624;

const MANTISSAS = 16_384;

/** 10^e. */
const STEP = Int32Array.of(1, 10, 100, 1000);
/** 16384 (10^e - 1) / 9, where the range with this exponent begins. */
const OFFSET = STEP.map((step) => (MANTISSAS * (step - 1)) / 9);

/**
 * @param units - a whole number of units, 0 to 18,201,624.
 * @returns the 16-bit field of the smallest codable amount that is not below `units`.
 *   One source rounds to the nearest, every vector upward (open question B8).
 * @throws StsFault `amount_out_of_range`; nothing is ever wrapped or cut.
 */
export function encodeAmount(units: number): number {
  if (!Number.isInteger(units) || units < 0 || units > AMOUNT_MAX) {
    throw new StsFault('amount_out_of_range', `a token carries 0 to ${AMOUNT_MAX} units`, {
      param: 'amount',
    });
  }
  let exponent = 0;
  while (units > unitsOf(exponent, MANTISSAS - 1)) exponent += 1;
  // In the gap above a range the difference is negative: the first value of the next range serves.
  const above = Math.max(0, units - (OFFSET[exponent] ?? 0));
  return (exponent << 14) | Math.ceil(above / (STEP[exponent] ?? 1));
}

/** @param field - 16 bits. @returns whole units of the subclass. @throws TypeError, RangeError when it is no 16 bits. */
export function decodeAmount(field: number): number {
  assertInteger(field, 0, 0xffff, 'field');
  return unitsOf(field >>> 14, field & (MANTISSAS - 1));
}

/** A whole number below 2^31, and said to be one: a token's object keeps its shape in an engine that tells them from others. */
function unitsOf(exponent: number, mantissa: number): number {
  return ((OFFSET[exponent] ?? 0) + mantissa * (STEP[exponent] ?? 1)) | 0;
}
