/** Meter numbers and attributes (sts.md 1.1, 1.2). */
import fc from 'fast-check';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { isStsFault } from '../../../lib/faults.ts';
import {
  assertKeyExpiry,
  assertKeyRevision,
  assertKeyType,
  assertTariffIndex,
  parseEncryptionAlgorithm,
  parseSupplyGroupCode,
} from '../../../lib/identity/attributes.ts';
import { hasLuhnDigit, luhnDigit } from '../../../lib/identity/luhn.ts';
import { parseMeterNumber } from '../../../lib/identity/meter-pan.ts';
import { count, report, seedOf } from '../../support/counts.ts';
import { NOT_A_METER_NUMBER, NOT_AN_INTEGER } from '../../support/hostile.ts';
import { fault, mistake } from '../../support/throws.ts';

const test = suite('lib/identity');
const seed = seedOf('lib/identity');
const digitString = (length: number) => fc.stringMatching(new RegExp(`^[0-9]{${length}}$`));

test('when one digit of a number changes or two neighbours swap then the Luhn digit tells', () => {
  let changed = 0;
  fc.assert(
    fc.property(digitString(10), fc.nat(10), fc.integer({ min: 1, max: 9 }), (body, at, by) => {
      const number = body + luhnDigit(body);
      const wrong = number.slice(0, at) + ((Number(number[at]) + by) % 10) + number.slice(at + 1);
      changed += 1;
      assert.not.ok(hasLuhnDigit(wrong));
    }),
    { seed, numRuns: count(10_000, 1_000) },
  );
  report(`Luhn: ${changed} single wrong digits, all noticed`);
});

test('when a meter is named by DRN or by MeterPAN then it is the same meter', () => {
  fc.assert(
    fc.property(fc.oneof(digitString(10), digitString(12)), (body) => {
      const drn = body + luhnDigit(body);
      const byDrn = parseMeterNumber(drn);
      assert.equal(parseMeterNumber(byDrn.meterPan), byDrn);
      assert.is(byDrn.drn, drn);
      assert.is(byDrn.manufacturerCode + byDrn.serialNumber + drn.at(-1), drn);
    }),
    { seed, numRuns: count(10_000, 1_000) },
  );
  assert.is(parseMeterNumber(' 6007 2711-1111 1111 53 ').drn, '11111111115');
});

test('when a meter number is none then it is refused by name', () => {
  for (const text of NOT_A_METER_NUMBER) {
    const named = (error: unknown) =>
      isStsFault(error) && ['meter_number_malformed', 'meter_number_check_digit'].includes(error.code);
    assert.throws(() => parseMeterNumber(text as string), named);
  }
  assert.throws(() => luhnDigit('12a'), mistake(RangeError, 'body'));
  assert.throws(() => luhnDigit(12 as unknown as string), mistake(TypeError, 'body'));
});

test('when an attribute is out of its range then it is refused by name', () => {
  for (const value of NOT_AN_INTEGER) {
    for (const [check, name] of [
      [assertTariffIndex, 'tariffIndex'],
      [assertKeyRevision, 'keyRevision'],
      [assertKeyExpiry, 'keyExpiry'],
      [assertKeyType, 'keyType'],
    ] as const) {
      const kind = typeof value === 'number' ? RangeError : TypeError;
      assert.throws(() => (check as (value: unknown) => void)(value), mistake(kind, name));
    }
  }
  assert.throws(() => assertKeyRevision(0), mistake(RangeError, 'keyRevision'));
  assert.throws(() => assertKeyRevision(10), mistake(RangeError, 'keyRevision'));
  assert.throws(() => assertTariffIndex(100), mistake(RangeError, 'tariffIndex'));
  assert.throws(() => assertKeyExpiry(256), mistake(RangeError, 'keyExpiry'));
  assert.throws(() => assertKeyType(4), mistake(RangeError, 'keyType'));
  assert.throws(() => parseEncryptionAlgorithm(9), fault('algorithm_not_supported'));
  for (const text of ['12345', '1234567', '12345a', '', null]) {
    assert.throws(() => parseSupplyGroupCode(text as string), fault('supply_group_malformed'));
  }
});

test.run();
