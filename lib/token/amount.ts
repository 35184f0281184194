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

/** 16384 (10^e - 1) / 9, where the range with this step begins. */
function offsetOf(step: number): number {
  return (MANTISSAS * (step - 1)) / 9;
}

/**
 * @param units - a whole number of units, 0 to 18,201,624.
 * @returns the 16-bit field of the smallest codable amount that is not below `units`.
 * @throws StsFault `amount_out_of_range`; nothing is ever wrapped or cut.
 */
export function encodeAmount(units: number): number {
  if (!Number.isInteger(units) || units < 0 || units > AMOUNT_MAX) {
    throw new StsFault('amount_out_of_range', `a token carries 0 to ${AMOUNT_MAX} units`, {
      param: 'amount',
    });
  }
  let exponent = 0;
  let step = 1;
  while (units > offsetOf(step) + (MANTISSAS - 1) * step) {
    exponent += 1;
    step *= 10;
  }
  // In the gap above a range the difference is negative: the first value of the next range serves.
  const mantissa = Math.max(0, Math.ceil((units - offsetOf(step)) / step));
  return (exponent << 14) | mantissa;
}

/** @param field - 16 bits. @returns whole units. */
export function decodeAmount(field: number): number {
  assertInteger(field, 0, 0xffff, 'field');
  const step = 10 ** (field >>> 14);
  return offsetOf(step) + (field & (MANTISSAS - 1)) * step;
}
