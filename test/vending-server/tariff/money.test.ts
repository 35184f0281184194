/** Whole quotients of whole numbers against BigNumber, which knows nothing of them. */
import { BigNumber } from 'bignumber.js';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { RandomStream } from '../../../meter-sim/world/random.ts';
import { fractionOf, quotientOf, ROUNDINGS, wholeQuotient } from '../../../vending-server/tariff/money.ts';
import { splitTax, withTax } from '../../../vending-server/tariff/tax.ts';
import type { TariffTerms } from '../../../vending-server/tariff/terms.ts';
import { count, report, seedOf } from '../../support/counts.ts';

const test = suite('money');

const TRIES = count(1_000_000, 20_000);
/** The most that a payment may be. */
const MOST_MINOR = 1_000_000_000_000;
const RATES = ['0', '0.15', '0.075', '0.2', '1', '0.00000001', '0.99999999', '12.5', '0.140625'];

test('a tax is what BigNumber makes of it, whatever the rate, the sum and the rounding', () => {
  const random = new RandomStream(seedOf('money'), 'tax');
  let uneven = 0;
  for (let i = 0; i < TRIES; i += 1) {
    const vatRate =
      i % 3 === 0
        ? (RATES[i % RATES.length] ?? '0')
        : new BigNumber(random.integer(0, 99_999_999)).shiftedBy(-8).toFixed();
    const totalMinor = random.integer(0, i % 2 === 0 ? 5_000 : MOST_MINOR);
    const taxRounding = ROUNDINGS[i % ROUNDINGS.length] ?? 'down';
    const terms = { vatRate, taxRounding, pricesIncludeVat: false } as TariffTerms;
    const rate = new BigNumber(vatRate);
    const { amountMinor, taxMinor } = splitTax(terms, totalMinor);
    const told = `${vatRate} of ${totalMinor}, ${taxRounding}`;
    assert.is(taxMinor, wholeQuotient(rate.times(totalMinor), rate.plus(1), taxRounding), told);
    assert.is(amountMinor + taxMinor, totalMinor, told);
    const one = new BigNumber(1);
    assert.is(
      withTax(terms, totalMinor),
      wholeQuotient(one.plus(rate).times(totalMinor), one, taxRounding),
      told,
    );
    if (!rate.times(totalMinor).div(rate.plus(1)).isInteger()) uneven += 1;
  }
  report(`${TRIES} sums taxed, ${uneven} of them unevenly: 0 differ`);
});

test('a rate that is no decimal number, and a quotient too large for a number, are refused', () => {
  for (const text of ['', '1e3', '-1', '0.', '.5', '01', '0.123456789', ' 1', 'NaN'])
    assert.throws(() => fractionOf(text), RangeError, text);
  assert.equal(fractionOf('0.15'), { numerator: 15n, denominator: 100n });
  assert.throws(() => quotientOf(2n ** 60n, 1n, 'down'), RangeError);
  assert.throws(() => quotientOf(-1n, 1n, 'down'), RangeError);
});

test.run();
