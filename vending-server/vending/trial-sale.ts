/** A sale without money and without a token: the same lines to the cent, for as long as nothing else is sold to the meter. */
import { parseMeterNumber } from '../../lib/identity/meter-pan.ts';
import type { Vending } from './context.ts';
import { lookUpCode, type PurchaseRequest, pictureOf, reckonPurchase } from './purchase.ts';
import type { PurchasePicture } from './sale-response.ts';

export interface TrialSale extends PurchasePicture {
  readonly vendorId: string;
  readonly lookUpCode: string;
  /** Whether the vendor's float covers it now; it is asked again at the sale. */
  readonly isCovered: boolean;
}

/** @throws StsFault of the meter's number and of `reckonPurchase`. */
export async function trialSale(vending: Vending, request: PurchaseRequest): Promise<TrialSale> {
  const { meterPan } = parseMeterNumber(request.meter);
  const view = await vending.store.viewForSale({ vendorId: request.vendorId, meterPan });
  const purchase = await reckonPurchase(vending, request, view, vending.clock.now());
  const { vendor, meter, paidMinor } = purchase;
  return {
    vendorId: vendor.vendorId,
    ...pictureOf(purchase),
    lookUpCode: lookUpCode(meter),
    isCovered: paidMinor <= vendor.floatMinor + vendor.creditLimitMinor,
  };
}
