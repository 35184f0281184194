/**
 * Charges by the day or the month that fall due whether or not energy is bought, and are collected with the next payment.
 * A payment that cannot cover them pays a part; the part is remembered, so that small payments neither escape nor pay twice.
 */

import type { ChargeState } from './history.ts';
import { addDays, addMonths, daysBetween, type LocalMoment, monthsBetween } from './local-time.ts';
import { withTax } from './tax.ts';
import type { FixedCharge, TariffTerms } from './terms.ts';

export interface ChargeDue {
  readonly charge: FixedCharge;
  /** For one day or month, tax included where the charge is taxed, minor units. */
  readonly periodMinor: number;
  /** Owed up to and including the present day or month, at least 0. */
  readonly dueMinor: number;
  readonly state: ChargeState;
}

/** What each charge of a tariff is owed now. A meter that never paid one owes it from the present period on. */
export function chargesDue(
  terms: TariffTerms,
  states: Readonly<Record<string, ChargeState>>,
  now: LocalMoment,
): readonly ChargeDue[] {
  return terms.fixedCharges.map((charge) => {
    const present = presentOf(charge, now);
    const state = states[charge.chargeId] ?? { paidThrough: later(charge, present, -1), partMinor: 0 };
    const periods = Math.max(0, periodsBetween(charge, state.paidThrough, present));
    const periodMinor = charge.isTaxed ? withTax(terms, charge.amountMinor) : charge.amountMinor;
    const dueMinor = Math.max(0, periods * periodMinor - state.partMinor);
    return { charge, periodMinor, dueMinor, state };
  });
}

/** The state after a payment of at most what is due. */
export function payCharge({ charge, periodMinor, state }: ChargeDue, paidMinor: number): ChargeState {
  if (paidMinor === 0) return state;
  const total = state.partMinor + paidMinor;
  const periods = Math.floor(total / periodMinor);
  return {
    paidThrough: later(charge, state.paidThrough, periods),
    partMinor: total - periods * periodMinor,
  };
}

function presentOf({ per }: FixedCharge, now: LocalMoment): string {
  return per === 'day' ? now.day : now.month;
}

function periodsBetween({ per }: FixedCharge, from: string, to: string): number {
  return per === 'day' ? daysBetween(from, to) : monthsBetween(from, to);
}

function later({ per }: FixedCharge, from: string, periods: number): string {
  return per === 'day' ? addDays(from, periods) : addMonths(from, periods);
}
