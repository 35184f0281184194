/** A household for a fleet: what it draws through the day and when it buys, by its own seed (all figures assumed). */
import type { Appliance } from '../hardware/load.ts';
import type { RandomStream } from '../world/random.ts';

/** Loads are whole steps, so that many households share what follows from one. */
const STEP_WATT = 50;
const HOUR_MICROS = 3_600_000_000;
/** Hours at which the load changes, and the share of the household's peak that is drawn from then on. */
const DAY: readonly (readonly [hour: number, share: number])[] = [
  [5.5, 0.35],
  [8, 0.12],
  [12, 0.2],
  [14, 0.1],
  [17.5, 0.8],
  [21.5, 0.25],
  [23.5, 0.06],
];

export interface Household {
  readonly peakWatt: number;
  readonly isElectronic: boolean;
  /** kWh of one purchase. */
  readonly purchaseKwh: number;
  /** Buys when less is left than this many mWh: now and then that is too late. */
  readonly buysBelowMilliWh: number;
}

export function household(random: RandomStream): Household {
  return {
    peakWatt: 400 + 200 * random.integer(0, 15),
    isElectronic: random.uniform() < 0.2,
    purchaseKwh: 5 * random.integer(1, 10),
    buysBelowMilliWh: 100_000 * random.integer(0, 40),
  };
}

export function appliancesOf({ isElectronic }: Household, watt: number): readonly Appliance[] {
  if (isElectronic) return [{ kind: 'electronic', watt }];
  return [{ kind: 'resistive', watt }];
}

/** The moments of one day at which the load changes, µs from midnight, with the watts from then on. */
export function dayOf(
  { peakWatt }: Household,
  random: RandomStream,
): readonly { readonly at: number; readonly watt: number }[] {
  return DAY.map(([hour, share]) => ({
    at: Math.round((hour + random.uniform() - 0.5) * HOUR_MICROS),
    watt: STEP_WATT * Math.round((peakWatt * share * (0.6 + 0.8 * random.uniform())) / STEP_WATT),
  }));
}
