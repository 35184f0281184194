/** The Luhn check digit, used twice in a meter's number: at the end of the DRN and of the MeterPAN (sts.md 1.1). */
import { assertText } from '../assert.ts';

/**
 * @param body - decimal digits without the check digit, at least one.
 * @returns the check digit, 0-9.
 * @throws TypeError when it is no text, RangeError when it holds anything but decimal digits, or nothing.
 */
export function luhnDigit(body: string): number {
  assertText(body, 'body');
  if (!/^[0-9]+$/.test(body)) throw new RangeError('"body" expected decimal digits');
  let sum = 0;
  for (let i = 0; i < body.length; i += 1) {
    const digit = body.charCodeAt(body.length - 1 - i) - 48;
    const doubled = i % 2 === 0 ? 2 * digit : digit;
    sum += doubled > 9 ? doubled - 9 : doubled;
  }
  return (10 - (sum % 10)) % 10;
}

/**
 * Whether the last digit is the Luhn digit of those before it.
 * @param digits - at least two decimal digits.
 * @throws TypeError when it is no text, RangeError when it is anything else.
 */
export function hasLuhnDigit(digits: string): boolean {
  assertText(digits, 'digits');
  if (!/^[0-9]{2,}$/.test(digits)) throw new RangeError('"digits" expected two or more decimal digits');
  return luhnDigit(digits.slice(0, -1)) === Number(digits.at(-1));
}
