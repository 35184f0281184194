/**
 * A purchase for practice, in a sandbox alone: sold like any other there, under the sandbox's key, by a vendor whose float
 * nobody fills.
 */
import { StsFault } from '../../lib/faults.ts';
import { sha256 } from '../sha256.ts';
import type { RecordedSale } from '../store/contract.ts';
import type { VisitRecord } from '../store/visit-contract.ts';
import type { Vending } from './context.ts';
import { findTerms } from './find-tariff.ts';
import type { sell } from './sell.ts';

/** Begins the ids of these vendors, one for each currency; no vendor can be opened under such an id. */
export const PRACTICE_ID = '@practice';
const CREDIT_LIMIT_MINOR = 1_000_000_000_000;

/** @throws StsFault `meter_unknown` and those of a sale. */
export async function practise(
  vending: Vending,
  sellTo: typeof sell,
  { meterPan }: VisitRecord,
  asked: { readonly requestId: string; readonly paidMinor: number },
): Promise<RecordedSale> {
  const { store, clock } = vending;
  const meter = await store.findMeter(meterPan);
  if (meter === undefined) throw new StsFault('meter_unknown');
  const { currency } = (await findTerms(store, meter.tariffId, clock.now())).terms;
  const vendorId = `${PRACTICE_ID}-${currency}`;
  await store.putVendor({ vendorId, name: 'Practice', currency, creditLimitMinor: CREDIT_LIMIT_MINOR });
  // Visitors of several meters may choose the same id.
  const requestId = sha256(`${meterPan} ${asked.requestId}`);
  const { paidMinor } = asked;
  const { sale } = await sellTo(vending, { vendorId, requestId, meter: meterPan, paidMinor, currency });
  return sale;
}
