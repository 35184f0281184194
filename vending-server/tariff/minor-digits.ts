/**
 * Digits of currencies after the point, by ISO 4217 and for server and pages alike: browsers leave the cents of many
 * currencies away, because few pay with them, and what they count would be another amount here.
 */

/** Where ISO 4217 has other than two. */
const MINOR_DIGITS: Readonly<Record<string, number>> = {
  ...Object.fromEntries(
    'BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF'.split(' ').map((code) => [code, 0]),
  ),
  ...Object.fromEntries('BHD IQD JOD KWD LYD OMR TND'.split(' ').map((code) => [code, 3])),
};

/** Digits after the point of a currency: 2 unless ISO 4217 says 0 or 3. */
export function minorDigits(currency: string): number {
  return MINOR_DIGITS[currency] ?? 2;
}
