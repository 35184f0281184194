/** Value-added tax as an invoice shows it: whole minor units, rounded as the tariff says. */
import { fractionOf, quotientOf } from './money.ts';
import type { TariffTerms } from './terms.ts';

/** The tax inside a sum: sum x rate / (1 + rate). Both parts sum to it. */
export function splitTax(
  { vatRate, taxRounding }: TariffTerms,
  totalMinor: number,
): { readonly amountMinor: number; readonly taxMinor: number } {
  const { numerator, denominator } = fractionOf(vatRate);
  const taxMinor = quotientOf(BigInt(totalMinor) * numerator, denominator + numerator, taxRounding);
  return { amountMinor: totalMinor - taxMinor, taxMinor };
}

/** What a customer pays for a published sum: itself where it stands with the tax, else with the tax added. */
export function withTax(
  { vatRate, pricesIncludeVat, taxRounding }: TariffTerms,
  publishedMinor: number,
): number {
  if (pricesIncludeVat) return publishedMinor;
  const { numerator, denominator } = fractionOf(vatRate);
  return quotientOf(BigInt(publishedMinor) * (denominator + numerator), denominator, taxRounding);
}
