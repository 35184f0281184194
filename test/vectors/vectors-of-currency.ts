/** Vectors of money in a token: the official amounts, and the ends of every exponent by the plain reference. */
import { currencyFields } from '../reference/token.ts';
import { STS_531_1 } from './published.ts';
import type { VectorFile, VectorTest } from './schema.ts';

type CurrencyTest = Omit<VectorTest<'currency-amount'>, 'tcId'>;

/** sts.md 2.4: magnitude(e, m) in units of 0.00001. */
export function magnitude(exponent: number, mantissa: bigint): bigint {
  return (16_384n * (10n ** BigInt(exponent) - 1n)) / 9n + mantissa * 10n ** BigInt(exponent);
}

/** The largest amount, by the formula (open question B7). */
export const CURRENCY_MAX = magnitude(31, 16_383n);

function currencyTest(
  amount: bigint,
  signAndExponent: string,
  field: string,
  comment: string,
  flags: readonly string[] = [],
): CurrencyTest {
  const exponent = (Number.parseInt(signAndExponent, 16) & 7) * 4 + (Number.parseInt(field, 16) >> 14);
  const size = magnitude(exponent, BigInt(Number.parseInt(field, 16) & 0x3fff));
  const carried = Number.parseInt(signAndExponent, 16) >= 8 ? -size : size;
  return {
    comment,
    flags: [...flags, ...(carried === amount ? [] : ['Rounding'])],
    amountHundredThousandth: String(amount),
    signAndExponent,
    field,
    carriedHundredThousandth: String(carried),
    result: 'valid',
  };
}

export function currencyAmounts(): VectorFile<'currency-amount'> {
  const official = new Map<string, CurrencyTest>();
  for (const { name, case: title, input, sAndE, value } of STS_531_1.tokens_ed2_2) {
    // Amounts printed with an exponent are rounded in print and cannot be asked for exactly.
    if (!name.startsWith('currency ') || input === null || /E/.test(input) || sAndE === undefined) continue;
    const test = currencyTest(BigInt(input) * 100_000n, sAndE.toString(16), value, title, ['Published']);
    if (!official.has(input)) official.set(input, test);
  }
  const refuse = (amount: bigint, comment: string): CurrencyTest => ({
    comment,
    flags: ['Range'],
    amountHundredThousandth: String(amount),
    fault: 'amount_out_of_range',
    result: 'invalid',
  });
  return {
    algorithm: 'Currency amount coding',
    schema: 'currency-amount',
    notes: {
      Published: 'the fields of an official token',
      Rounding: 'toward plus infinity: a credit is coded upward, a debt toward zero',
      Range: 'beyond what exponent 31 and mantissa 16383 carry: refused, never wrapped (open question B7)',
    },
    groups: [
      {
        clause: 'sts.md 2.4',
        source: { name: 'STS 531-1', version: 'Ed 2.2', trust: 'published' },
        tests: [...official.values()],
      },
      {
        clause: 'sts.md 2.4',
        source: { name: 'Wattoken', version: '1', trust: 'ours-alone' },
        tests: [
          currencyTest(1_000_000n, '0', 'a006', '10 units of currency'),
          currencyTest(9_999_000n, '0', 'dff5', '99.99 units of currency'),
          currencyTest(magnitude(16, 0n), '4', '0000', 'the official 1.82044E+14, whole'),
          currencyTest(-magnitude(15, 16_383n), 'b', 'ffff', 'the official -1.82044E+14, whole'),
          currencyTest(
            magnitude(31, 0n),
            '7',
            'c000',
            'the official 1.82044E+29, its exponent’s first value',
          ),
          currencyTest(0n, '0', '0000', 'nothing'),
          ...exponentEnds(),
          refuse(CURRENCY_MAX + 1n, 'one above the largest'),
          refuse(-CURRENCY_MAX - 1n, 'one below the largest debt'),
          refuse(10n ** 40n, 'ten to the fortieth'),
        ],
      },
    ],
  };
}

/** First and last value of each exponent, and what stands between two ranges, as credit and as debt. */
function exponentEnds(): CurrencyTest[] {
  const coded = (amount: bigint, comment: string): CurrencyTest => {
    const [signAndExponent, field] = currencyFields(amount).map((bits) => Number.parseInt(bits, 2)) as [
      number,
      number,
    ];
    return currencyTest(amount, signAndExponent.toString(16), field.toString(16).padStart(4, '0'), comment);
  };
  return Array.from({ length: 32 }, (_, exponent) => exponent).flatMap((exponent) => {
    const first = magnitude(exponent, 0n);
    const last = magnitude(exponent, 16_383n);
    const rows: [bigint, string][] = [
      [first + 1n, `one above the first value of exponent ${exponent}`],
      [last, `the last value of exponent ${exponent}`],
      [-last, `a debt of the last value of exponent ${exponent}`],
    ];
    if (exponent < 31 && exponent > 0) {
      rows.push(
        [last + 1n, `in the gap above exponent ${exponent}`],
        [-last - 1n, `a debt in the gap above exponent ${exponent}`],
      );
    }
    return rows.map(([amount, comment]) => coded(amount, comment));
  });
}
