/** Money to units (sts.md 9.5). */
import { BigNumber } from 'bignumber.js';
import fc from 'fast-check';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { type FlatTerms, reckon } from '../../../vending-server/tariff/flat.ts';
import { minorDigits, ROUNDINGS, wholeQuotient } from '../../../vending-server/tariff/money.ts';

const test = suite('flat tariff');

const TERMS: FlatTerms = {
  kind: 'flat',
  currency: 'ZAR',
  pricePerKwh: '1.8652',
  vatRate: '0.15',
  energyRounding: 'down',
  taxRounding: 'nearest',
  minimumMinor: 100,
  maximumMinor: 1_000_000,
};

const SEED = 20_261_121;
const RUNS = process.env['WATTOKEN_TEST_COUNTS'] === 'full' ? 200_000 : 10_000;

const rounding = fc.constantFrom(...ROUNDINGS);
const terms: fc.Arbitrary<FlatTerms> = fc.record({
  kind: fc.constant('flat' as const),
  currency: fc.constantFrom('ZAR', 'UGX', 'KWD'),
  pricePerKwh: fc.integer({ min: 1, max: 99_999_999 }).map((n) => new BigNumber(n).shiftedBy(-4).toFixed()),
  vatRate: fc.integer({ min: 0, max: 10_000 }).map((n) => new BigNumber(n).shiftedBy(-4).toFixed()),
  energyRounding: rounding,
  taxRounding: rounding,
  minimumMinor: fc.constant(1),
  maximumMinor: fc.constant(1_000_000_000_000),
});
const paid = fc.oneof(fc.integer({ min: 1, max: 100_000 }), fc.integer({ min: 1, max: 1_000_000_000_000 }));

test('100.00 at 1.8652 and 15 % tax buys 46.6 kWh', () => {
  // 10,000 x 0.15 / 1.15 = 1304.35 of tax; 8,696 / 186.52 = 46.62 kWh.
  assert.equal(reckon(10_000, TERMS), {
    kind: 'reckoned',
    amountDeciKwh: 466,
    lines: [
      { kind: 'energy', amountMinor: 8696, amountDeciKwh: 466, pricePerKwh: '1.8652' },
      { kind: 'tax', rate: '0.15', amountMinor: 1304 },
    ],
  });
});

test('rounding is what its name says', () => {
  const of = (energyRounding: FlatTerms['energyRounding'], paidMinor: number) => {
    const bought = reckon(paidMinor, { ...TERMS, pricePerKwh: '2', vatRate: '0', energyRounding });
    return bought.kind === 'reckoned' ? bought.amountDeciKwh : bought.kind;
  };
  // 0.1 kWh costs 20 cents: 110 cents are 5.5 steps, 109 are 5.45.
  assert.equal([of('down', 110), of('nearest', 110), of('up', 110)], [5, 6, 6]);
  assert.equal([of('down', 109), of('nearest', 109), of('up', 109)], [5, 5, 6]);
  assert.equal([of('down', 100), of('nearest', 100), of('up', 100)], [5, 5, 5]);
});

test('a remainder far behind the point is seen by up and by nothing else', () => {
  const numerator = new BigNumber('1e60').plus(1);
  const denominator = new BigNumber('1e50');
  assert.is(wholeQuotient(numerator, denominator, 'up'), 10_000_000_001);
  assert.is(wholeQuotient(numerator, denominator, 'nearest'), 10_000_000_000);
  assert.is(wholeQuotient(numerator, denominator, 'down'), 10_000_000_000);
});

test('minimum, maximum, nothing bought and more than a token carries are refused by name', () => {
  assert.equal(reckon(99, TERMS), { kind: 'payment_too_small' });
  assert.equal(reckon(1_000_001, TERMS), { kind: 'payment_too_large' });
  assert.is(reckon(100, TERMS).kind, 'reckoned');
  assert.equal(reckon(100, { ...TERMS, pricePerKwh: '1000' }), { kind: 'payment_too_small' });
  assert.equal(reckon(1_000_000, { ...TERMS, pricePerKwh: '0.0001' }), { kind: 'payment_too_large' });
});

test('currencies without cents and with three digits are priced in their own minor units', () => {
  assert.equal([minorDigits('ZAR'), minorDigits('UGX'), minorDigits('KWD')], [2, 0, 3]);
  const bought = reckon(8000, { ...TERMS, currency: 'UGX', pricePerKwh: '800', vatRate: '0' });
  assert.is(bought.kind === 'reckoned' && bought.amountDeciKwh, 100);
});

test('lines sum to what was paid, none is negative, energy stays within the stated rounding of the money', () => {
  let reckoned = 0;
  let refused = 0;
  fc.assert(
    fc.property(paid, terms, (paidMinor, of) => {
      const result = reckon(paidMinor, of);
      if (result.kind !== 'reckoned') {
        refused += 1;
        return;
      }
      reckoned += 1;
      assert.is(
        result.lines.reduce((sum, line) => sum + line.amountMinor, 0),
        paidMinor,
      );
      assert.ok(
        result.lines.every((line) => Number.isSafeInteger(line.amountMinor) && line.amountMinor >= 0),
      );
      const [energy] = result.lines;
      const price = new BigNumber(of.pricePerKwh).shiftedBy(minorDigits(of.currency) - 1); // minor per 0.1 kWh
      const excess = price.times(result.amountDeciKwh).minus(energy!.amountMinor); // energy given beyond money
      const allowed = { down: 0, nearest: 0.5, up: 1 }[of.energyRounding];
      assert.ok(excess.isLessThanOrEqualTo(price.times(allowed)), `beyond: ${excess}`);
      assert.ok(excess.isGreaterThan(price.times(-1)), `short: ${excess}`);
    }),
    { seed: SEED, numRuns: RUNS },
  );
  console.log(`    ${reckoned} payments reckoned, ${refused} refused by name, seed ${SEED}`);
});

test('more money never buys less', () => {
  let compared = 0;
  fc.assert(
    fc.property(paid, fc.integer({ min: 0, max: 1000 }), terms, (paidMinor, more, of) => {
      const less = reckon(paidMinor, of);
      const greater = reckon(paidMinor + more, of);
      if (less.kind !== 'reckoned' || greater.kind !== 'reckoned') return;
      compared += 1;
      assert.ok(greater.amountDeciKwh >= less.amountDeciKwh);
      for (const [index, line] of less.lines.entries()) {
        assert.ok(greater.lines[index]!.amountMinor >= line.amountMinor);
      }
    }),
    { seed: SEED, numRuns: RUNS },
  );
  console.log(`    ${compared} pairs of payments compared, seed ${SEED}`);
});

test.run();
