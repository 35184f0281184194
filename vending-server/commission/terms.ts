/**
 * What a vendor earns for selling, as plain data: one dated version of his terms (vending.md section 2). Rates per kWh and
 * fees are decimal text in major units ('0.025' is two and a half cents), shares are fractions ('0.05' is 5 %).
 */
import type { Rounding } from '../tariff/money.ts';

export interface CommissionTerms {
  /** ISO 4217. */
  readonly currency: string;
  readonly shapes: readonly CommissionShape[];
  /** Rates and fees rise with prices once a year; null for terms that stay. Shares of money rise by themselves. */
  readonly priceStep: PriceStep | null;
  /** Each line becomes whole minor units by itself, so that the lines add up to the total. */
  readonly rounding: Rounding;
}

export type CommissionShape =
  | { readonly kind: 'perKwh'; readonly ratePerKwh: string }
  /** 'band': each kWh earns the rate of its own band; 'whole': all kWh earn the rate of the band that the volume reaches. */
  | {
      readonly kind: 'slidingScale';
      readonly applies: 'band' | 'whole';
      readonly bands: readonly VolumeBand[];
    }
  | { readonly kind: 'perToken'; readonly token: 'freeBasic' | 'magnetic'; readonly fee: string }
  | { readonly kind: 'arrearsShare'; readonly share: string }
  /** So much more on all lines before it, for a shop that serves few and far customers. */
  | { readonly kind: 'ruralIncentive'; readonly share: string };

export interface VolumeBand {
  /** Volume of the month at which the band ends, whole 0.1 kWh; null in the last band alone. */
  readonly untilDeciKwh: number | null;
  readonly ratePerKwh: string;
}

export interface PriceStep {
  /** '01' to '12': the first day of this month is the step of each year. */
  readonly month: string;
  /** By year of the step ('2027'): the rise as a fraction. A year that is not named rises by nothing. */
  readonly rises: Readonly<Record<string, string>>;
  /** 'YYYY-MM' at whose prices the rates above are. Steps after this month count. */
  readonly baseMonth: string;
}

/** What was sold in a month. */
export interface CommissionFigures {
  readonly amountDeciKwh: number;
  readonly freeBasicTokens: number;
  readonly magneticTokens: number;
  readonly arrearsMinor: number;
}
