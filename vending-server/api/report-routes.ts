/** What whoever runs the utility watches: sales of the moment, and the floats that they draw on. */
import { z } from 'zod';
import { findVendor } from '../vending/open-vendor.ts';
import { floatsOf, vendorFloats } from '../vending/vendor-floats.ts';
import { Day } from './money-schemas.ts';
import { PageById } from './people-schemas.ts';
import { json, type Route, withoutBody, withQuery } from './route.ts';
import { Currency, Id, Minor, Text } from './schemas.ts';
import { iso } from './time.ts';

const Time = z.iso.datetime();
const Count = z.int().min(0);
/** Less what went back in the same span; below 0 where that is more. */
const Sold = z.array(
  z.strictObject({
    currency: Currency,
    sales: Count,
    reversals: Count,
    paidMinor: z.int(),
    amountDeciKwh: z.int(),
  }),
);

const SalesNowAnswer = z.strictObject({
  at: Time,
  /** Where the utility is. */
  day: Day,
  timeZone: z.string(),
  /** The last hour, the earliest first; the last of them is not over. */
  minutes: z.array(
    z.strictObject({
      at: Time,
      sold: Sold,
      /** Sales that this server refused by name, and those that failed in it, since it was started. */
      refused: Count,
      failed: Count,
    }),
  ),
  today: Sold,
});

const FloatsAnswer = z.strictObject({
  vendors: z.array(
    z.strictObject({
      vendorId: Id,
      name: Text,
      currency: Currency,
      creditLimitMinor: Minor,
      floatMinor: z.int(),
      /** The float, and the credit that it may draw on. */
      availableMinor: z.int(),
      /** Where the utility is, whatever went back of it. */
      soldTodayMinor: Count,
      /**
       * `creditLimit`: less than a fifth of the credit is left. `day`: less is left than was sold today or yesterday. null: it
       * lasts.
       */
      lowBecause: z.enum(['creditLimit', 'day']).nullable(),
    }),
  ),
  next: z.string().nullable(),
});

export const REPORT_ROUTES: readonly Route[] = [
  withoutBody({
    method: 'get',
    path: '/v1/reports/sales-now',
    summary: 'The sales of the last hour minute by minute, and those of the day so far',
    permission: 'report.read',
    answers: [{ status: 200, description: 'The sales', schema: SalesNowAnswer }],
    faults: [],
    handle: async ({ salesWatch }) => {
      const { at, day, timeZone, minutes, today } = await salesWatch.now();
      const shown = minutes.map(({ at: minute, sold, refused, failed }) => ({
        at: iso(minute),
        sold,
        refused,
        failed,
      }));
      return json(200, { at: iso(at), day, timeZone, minutes: shown, today });
    },
  }),
  withQuery({
    path: '/v1/vendors',
    summary: 'The vendors by their ids, with what is left of their floats; a vendor sees itself',
    permission: 'vendor.read',
    query: PageById,
    answers: [{ status: 200, description: 'A page of vendors', schema: FloatsAnswer }],
    faults: [],
    handle: async ({ vending }, { caller, query }) => {
      if (caller.vendorId === null) return json(200, await vendorFloats(vending, query));
      const vendors = await floatsOf(vending, [await findVendor(vending, caller.vendorId)]);
      return json(200, { vendors, next: null });
    },
  }),
];
