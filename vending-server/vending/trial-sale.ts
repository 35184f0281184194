/** A sale without money and without a token: the same lines to the cent, for as long as nothing else is sold to the meter. */

import type { Vending } from './context.ts';
import { lookUpCode, type PurchaseRequest, reckonPurchase } from './purchase.ts';
import { type PurchasePicture, pictureOf } from './sale-response.ts';

export interface TrialSale extends PurchasePicture {
  readonly vendorId: string;
  readonly lookUpCode: string;
  /** Whether the vendor's float covers it now; it is asked again at the sale. */
  readonly isCovered: boolean;
}

/** @throws StsFault of `reckonPurchase`. */
export async function trialSale(vending: Vending, request: PurchaseRequest): Promise<TrialSale> {
  const purchase = await reckonPurchase(vending, request, vending.clock.now());
  const { vendor, meter, paidMinor } = purchase;
  return {
    vendorId: vendor.vendorId,
    ...pictureOf(purchase),
    lookUpCode: lookUpCode(meter),
    isCovered: paidMinor <= vendor.floatMinor + vendor.creditLimitMinor,
  };
}
