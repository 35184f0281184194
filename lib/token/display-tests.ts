/**
 * The tests that a class 1 token asks for, by name (sts.md 2.5). Names are all that is public: the digits and the format in
 * which a meter shows each of them are its maker's, and so are the tests from 19 on (open question A16).
 */
import { assertInteger } from '../assert.ts';

/** One test of a class 1 token (sts.md 2.5). */
export interface DisplayTest {
  /** n of "test n", 0-18. Test n sets bit n - 1 of the control field, test 0 sets all of them. */
  readonly test: number;
  /** What the meter shows or does. */
  readonly name: string;
  /** Reserved in the standard: named, not in practical use. */
  readonly isReserved: boolean;
}

const NAMES = [
  'tests 2 to 5 at least, the others at the choice of the maker',
  'load switch',
  'display and indicators',
  'cumulative registers',
  'key revision number and key type',
  'tariff index',
  'token reader or keypad',
  'maximum power limit',
  'tamper status',
  'present active power',
  'software version',
  'phase power unbalance limit',
  'water meter factor',
  'tariff rate',
  'encryption algorithm',
  'number of key-change tokens supported',
  'supply group code',
  'key expiry number',
  'meter number (DRN)',
] as const;

const RESERVED_TESTS: readonly number[] = [12, 13];

/** Tests 0 to 18 in their order, by name (open question A16). */
export const DISPLAY_TESTS: readonly DisplayTest[] = NAMES.map((name, test) => ({
  test,
  name,
  isReserved: RESERVED_TESTS.includes(test),
}));

/**
 * The tests that a control field asks for.
 * @param control - of an `initiateTest` token: 36 bits with a manufacturer code of 2 digits, 28 with one of 4.
 * @returns the numbers of the tests, rising; 0 alone where every bit is set; none for a field of zeros. Numbers from 19 on
 *   have no name in {@link DISPLAY_TESTS}.
 * @throws TypeError, RangeError when the control field has not its bits.
 */
export function testsOfControl(control: number, manufacturerDigits: 2 | 4): readonly number[] {
  if (manufacturerDigits !== 2 && manufacturerDigits !== 4) {
    throw new RangeError('"manufacturerDigits" expected 2 or 4');
  }
  const bits = manufacturerDigits === 2 ? 36 : 28;
  const all = 2 ** bits - 1;
  assertInteger(control, 0, all, 'control');
  if (control === all) return [0];
  // 36 bits are more than the operators on bits reach.
  return Array.from({ length: bits }, (_, bit) => bit + 1).filter(
    (test) => Math.floor(control / 2 ** (test - 1)) % 2 === 1,
  );
}
