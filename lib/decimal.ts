/** Whole numbers of small units as decimal text, without a float between: 100000 at 6 places is '0.100000'. */
import { assertInteger } from './assert.ts';

/**
 * @param value - any safe integer.
 * @param places - how many of its digits stand after the point, 0-15.
 * @param shown - how many of them to print; the rest is cut off toward zero. All when absent.
 */
export function decimalText(value: number, places: number, shown: number = places): string {
  assertInteger(value, -Number.MAX_SAFE_INTEGER, Number.MAX_SAFE_INTEGER, 'value');
  assertInteger(places, 0, 15, 'places');
  assertInteger(shown, 0, places, 'shown');
  const digits = String(Math.abs(value)).padStart(places + 1, '0');
  const whole = digits.slice(0, digits.length - places);
  const fraction = digits.slice(digits.length - places, digits.length - places + shown);
  const isZero = !/[1-9]/.test(whole + fraction);
  return `${value < 0 && !isZero ? '-' : ''}${whole}${fraction === '' ? '' : `.${fraction}`}`;
}
