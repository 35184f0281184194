/** The vendors and what is left of their floats, with a mark on those that will soon sell no more. */
import { timeZoneOf } from '../people/settings.ts';
import type { VendorRecord } from '../store/contract.ts';
import { addDays, localMoment } from '../tariff/local-time.ts';
import type { Vending } from './context.ts';
import { HOUSE_ID } from './house.ts';

export interface VendorFloat extends VendorRecord {
  /** The float, and the credit that it may draw on. */
  readonly availableMinor: number;
  /** What the vendor has sold today, in the utility's time zone, whatever went back of it. */
  readonly soldTodayMinor: number;
  /**
   * `creditLimit`: less than a fifth of the credit is left. `day`: less is left than was sold today or yesterday, so that it
   * will not last a day.
   */
  readonly lowBecause: 'creditLimit' | 'day' | null;
}

/** A fifth. */
const LOW_CREDIT_PARTS = 5;

export interface FloatsPage {
  readonly vendors: readonly VendorFloat[];
  /** Where the next page begins; null when this was the last. */
  readonly next: string | null;
}

export async function vendorFloats(
  vending: Pick<Vending, 'store' | 'clock'>,
  page: { readonly after: string; readonly limit: number },
): Promise<FloatsPage> {
  const { store, clock } = vending;
  const held = await store.vendors(page.after, page.limit);
  const vendors = await floatsOf(
    { store, clock },
    held.filter(({ vendorId }) => vendorId !== HOUSE_ID),
  );
  const last = held.at(-1);
  return { vendors, next: held.length < page.limit || last === undefined ? null : last.vendorId };
}

export async function floatsOf(
  { store, clock }: Pick<Vending, 'store' | 'clock'>,
  vendors: readonly VendorRecord[],
): Promise<readonly VendorFloat[]> {
  const { day } = localMoment(clock.now(), await timeZoneOf({ store }));
  const subjects = vendors.map(({ vendorId }) => ({ scope: 'vendor', subject: vendorId }) as const);
  const [today, yesterday] = await Promise.all(
    [day, addDays(day, -1)].map(async (each) => {
      const counts = await store.limits.dayCounts(subjects, each);
      return new Map(counts.map(({ subject, paidMinor }) => [subject, paidMinor]));
    }),
  );
  return vendors.map((vendor): VendorFloat => {
    const { vendorId, name, currency, creditLimitMinor, floatMinor } = vendor;
    const availableMinor = floatMinor + creditLimitMinor;
    const soldTodayMinor = today?.get(vendorId) ?? 0;
    const busyDayMinor = Math.max(soldTodayMinor, yesterday?.get(vendorId) ?? 0);
    const isCreditLow = creditLimitMinor > 0 && availableMinor < creditLimitMinor / LOW_CREDIT_PARTS;
    const lowBecause = isCreditLow ? 'creditLimit' : availableMinor < busyDayMinor ? 'day' : null;
    const left = { availableMinor, soldTodayMinor, lowBecause } as const;
    return { vendorId, name, currency, creditLimitMinor, floatMinor, ...left };
  });
}
