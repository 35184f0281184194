/**
 * The flat tariff: one price for every kilowatt-hour and a value-added tax inside the payment. Pure: money in, lines out,
 * and the lines always sum to the money.
 */

import { BigNumber } from 'bignumber.js';
import { AMOUNT_MAX } from '../../lib/token/amount.ts';
import { decimal, minorOf, type Rounding, wholeQuotient } from './money.ts';

export interface FlatTerms {
  readonly kind: 'flat';
  /** ISO 4217. */
  readonly currency: string;
  /** Major units without tax, decimal text: '1.8652'. */
  readonly pricePerKwh: string;
  /** A fraction of the price without tax, decimal text: '0.15' is 15 %. */
  readonly vatRate: string;
  /** How money becomes whole 0.1 kWh (sts.md 9.5); the token coding may still round up (sts.md 2.3). */
  readonly energyRounding: Rounding;
  /** How the tax inside the payment becomes whole minor units; what remains is the energy line. */
  readonly taxRounding: Rounding;
  /** Least and most that one sale may take, minor units. */
  readonly minimumMinor: number;
  readonly maximumMinor: number;
}

export interface EnergyLine {
  readonly kind: 'energy';
  readonly amountMinor: number;
  readonly amountDeciKwh: number;
  readonly pricePerKwh: string;
}

export interface TaxLine {
  readonly kind: 'tax';
  readonly rate: string;
  readonly amountMinor: number;
}

export type SaleLine = EnergyLine | TaxLine;

export type Reckoning =
  | { readonly kind: 'reckoned'; readonly amountDeciKwh: number; readonly lines: readonly SaleLine[] }
  /** Below the minimum, or too little for 0.1 kWh. */
  | { readonly kind: 'payment_too_small' }
  /** Above the maximum, or more energy than one token carries. */
  | { readonly kind: 'payment_too_large' };

/**
 * What a payment buys. The tax is paid x rate / (1 + rate), rounded as `taxRounding` says; the rest buys energy at the
 * price without tax, rounded as `energyRounding` says.
 * @param paidMinor - minor units of the currency, tax included, at least 0.
 */
export function reckon(paidMinor: number, terms: FlatTerms): Reckoning {
  if (paidMinor < terms.minimumMinor) return { kind: 'payment_too_small' };
  if (paidMinor > terms.maximumMinor) return { kind: 'payment_too_large' };
  const paid = new BigNumber(paidMinor);
  const rate = decimal(terms.vatRate, 'vatRate');
  const taxMinor = wholeQuotient(paid.times(rate), rate.plus(1), terms.taxRounding);
  const energyMinor = paidMinor - taxMinor;
  const pricePerKwhMinor = minorOf(terms.pricePerKwh, terms.currency);
  const amountDeciKwh = wholeQuotient(
    new BigNumber(energyMinor).times(10),
    pricePerKwhMinor,
    terms.energyRounding,
  );
  if (amountDeciKwh < 1) return { kind: 'payment_too_small' };
  if (amountDeciKwh > AMOUNT_MAX) return { kind: 'payment_too_large' };
  const energy: EnergyLine = {
    kind: 'energy',
    amountMinor: energyMinor,
    amountDeciKwh,
    pricePerKwh: terms.pricePerKwh,
  };
  return {
    kind: 'reckoned',
    amountDeciKwh,
    lines: [energy, { kind: 'tax', rate: terms.vatRate, amountMinor: taxMinor }],
  };
}
