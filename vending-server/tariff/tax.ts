/** Value-added tax as an invoice shows it: whole minor units, rounded as the tariff says. */
import { BigNumber } from 'bignumber.js';
import { wholeQuotient } from './money.ts';
import type { TariffTerms } from './terms.ts';

const ONE = new BigNumber(1);

/** The tax inside a sum: sum x rate / (1 + rate). Both parts sum to it. */
export function splitTax(
  { vatRate, taxRounding }: TariffTerms,
  totalMinor: number,
): { readonly amountMinor: number; readonly taxMinor: number } {
  const rate = new BigNumber(vatRate);
  const taxMinor = wholeQuotient(rate.times(totalMinor), rate.plus(1), taxRounding);
  return { amountMinor: totalMinor - taxMinor, taxMinor };
}

/** What a customer pays for a published sum: itself where it stands with the tax, else with the tax added. */
export function withTax(
  { vatRate, pricesIncludeVat, taxRounding }: TariffTerms,
  publishedMinor: number,
): number {
  if (pricesIncludeVat) return publishedMinor;
  return wholeQuotient(ONE.plus(vatRate).times(publishedMinor), ONE, taxRounding);
}
