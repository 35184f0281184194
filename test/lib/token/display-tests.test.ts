import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { controlOfTest } from '../../../lib/token/block-fields.ts';
import { DISPLAY_TESTS, testsOfControl } from '../../../lib/token/display-tests.ts';
import { NOT_AN_INTEGER } from '../../support/hostile.ts';
import { mistake } from '../../support/throws.ts';
import { STS_531_1 } from '../../vectors/published.ts';

const test = suite('lib/token: display tests');

test('when the official display tokens are read then their control fields name the tests they stand for', () => {
  const official = STS_531_1.class1.filter((token) => token.test !== undefined);
  assert.is(official.length, 38);
  for (const { test: number = -1, sub, control } of official) {
    assert.equal(testsOfControl(Number.parseInt(control, 16), sub === 0 ? 2 : 4), [number]);
  }
});

test('when a test has a number then it has a name and its bit', () => {
  assert.equal(
    DISPLAY_TESTS.map((entry) => entry.test),
    Array.from({ length: 19 }, (_, n) => n),
  );
  assert.is(new Set(DISPLAY_TESTS.map(({ name }) => name)).size, 19);
  assert.equal(
    DISPLAY_TESTS.filter(({ isReserved }) => isReserved).map((entry) => entry.name),
    ['water meter factor', 'tariff rate'],
  );
  for (const digits of [2, 4] as const) {
    for (let n = 0; n <= (digits === 2 ? 36 : 28); n += 1) {
      assert.equal(testsOfControl(controlOfTest(n, digits), digits), [n]);
    }
    assert.equal(testsOfControl(0, digits), []);
    assert.equal(testsOfControl(2 ** 27 + 5, digits), [1, 3, 28]);
  }
  assert.equal(testsOfControl(2 ** 35 + 1, 2), [1, 36]);
});

test('when what is asked is no control field then it is refused by its name', () => {
  for (const value of [...NOT_AN_INTEGER, 2 ** 36] as number[]) {
    assert.throws(
      () => testsOfControl(value, 2),
      (error: unknown) => mistake(TypeError, 'control')(error) || mistake(RangeError, 'control')(error),
    );
  }
  assert.throws(() => testsOfControl(2 ** 28, 4), mistake(RangeError, 'control'));
  assert.throws(() => testsOfControl(1, 3 as 2), mistake(RangeError, 'manufacturerDigits'));
});

test.run();
