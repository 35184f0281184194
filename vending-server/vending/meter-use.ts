/** How fast a meter's units go, told by its purchases alone: what was bought before the last one was used until then, about. */
import { BigNumber } from 'bignumber.js';
import { assertInteger } from '../../lib/assert.ts';
import { addDays, daysBetween } from '../tariff/local-time.ts';

export interface Bought {
  /** 'YYYY-MM-DD' where the utility is. */
  readonly day: string;
  /** Energy that its tokens carry, whole 0.1 kWh. */
  readonly amountDeciKwh: number;
}

export interface MeterUse {
  /** The days that it was told from: from the first purchase of them to the last. */
  readonly fromDay: string;
  readonly days: number;
  /** kWh a day, two decimals, half up. */
  readonly perDayKwh: string;
  /** How long the last day's purchases are likely to last, whole days. */
  readonly lastsDays: number;
  readonly lastsUntil: string;
}

/** A year: older habits say little. */
const WINDOW_DAYS = 365;

/** @returns undefined until there were purchases on two days. */
export function useOf(purchases: readonly Bought[]): MeterUse | undefined {
  const byDay = new Map<string, number>();
  for (const { day, amountDeciKwh } of purchases) {
    assertInteger(amountDeciKwh, 0, Number.MAX_SAFE_INTEGER, 'amountDeciKwh');
    if (amountDeciKwh > 0) byDay.set(day, (byDay.get(day) ?? 0) + amountDeciKwh);
  }
  const all = [...byDay].sort(([left], [right]) => (left < right ? -1 : 1));
  const [lastDay, lastDeciKwh] = all.at(-1) ?? ['', 0];
  const within = all.slice(0, -1).filter(([day]) => daysBetween(day, lastDay) <= WINDOW_DAYS);
  const [fromDay] = within[0] ?? [];
  if (fromDay === undefined) return undefined;
  const days = daysBetween(fromDay, lastDay);
  const usedDeciKwh = within.reduce((sum, [, amountDeciKwh]) => sum + amountDeciKwh, 0);
  const perDayKwh = new BigNumber(usedDeciKwh).dividedBy(10 * days).toFixed(2, BigNumber.ROUND_HALF_UP);
  const lastsDays = new BigNumber(lastDeciKwh).times(days).dividedToIntegerBy(usedDeciKwh).toNumber();
  return { fromDay, days, perDayKwh, lastsDays, lastsUntil: addDays(lastDay, lastsDays) };
}
