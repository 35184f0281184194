import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { decimalText } from '../../lib/decimal.ts';
import { NOT_AN_INTEGER } from '../support/hostile.ts';
import { mistake } from '../support/throws.ts';

const test = suite('lib/decimal');

test('when whole units are written as decimals then no digit is rounded', () => {
  assert.is(decimalText(100_000, 6), '0.100000');
  assert.is(decimalText(46_499_999, 6, 3), '46.499');
  assert.is(decimalText(-46_499_999, 6, 2), '-46.49');
  assert.is(decimalText(-999, 6, 2), '0.00', 'minus nothing is nothing');
  assert.is(decimalText(1, 1), '0.1');
  assert.is(decimalText(12, 0), '12');
  assert.is(decimalText(9_007_199_254_740_991, 2), '90071992547409.91');
});

test('when a value is no safe integer then it is refused by name', () => {
  for (const value of NOT_AN_INTEGER.filter((value) => value !== -1)) {
    const kind = typeof value === 'number' ? RangeError : TypeError;
    assert.throws(() => decimalText(value as number, 2), mistake(kind, 'value'));
  }
  assert.throws(() => decimalText(1, 16), mistake(RangeError, 'places'));
  assert.throws(() => decimalText(1, 2, 3), mistake(RangeError, 'shown'));
});

test.run();
