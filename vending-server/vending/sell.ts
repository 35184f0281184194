/** A sale: money in; a key change where it is due, free units of the month, and what the money buys. */
import { parseMeterNumber } from '../../lib/identity/meter-pan.ts';
import type { Contact } from '../notify/notification.ts';
import type { Vending } from './context.ts';
import { type PurchaseRequest, purchaseVend, reckonPurchase } from './purchase.ts';
import { requestHash } from './request-hash.ts';
import { type DeskRequest, deskOf } from './sale-desk.ts';
import { type SaleAnswer, vend } from './vend.ts';

export type { SaleAnswer } from './vend.ts';

export interface SaleRequest extends PurchaseRequest, DeskRequest {
  /** The vendor's own id, made before the request was sent and kept for retries. */
  readonly requestId: string;
  /** Where the customer wants the token; part of what the request asks for. */
  readonly sendTo?: Contact | undefined;
}

/**
 * @throws StsFault, in this order: `meter_number_malformed`, `meter_number_check_digit`, `request_id_reused`, those of
 *   `reckonPurchase` and `deskOf`, then those of `vend`.
 */
export async function sell(vending: Vending, request: SaleRequest): Promise<SaleAnswer> {
  const { meterPan } = parseMeterNumber(request.meter);
  const { vendorId, requestId, currency, sendTo } = request;
  const hash = requestHash('sale', { meterPan, ...askedOf(request), currency }, sendTo);
  return vend(vending, { vendorId, requestId, requestHash: hash, meterPan, sendTo }, async (view, now) => {
    const purchase = await reckonPurchase(vending, request, view, now);
    const desk = await deskOf(vending, request, purchase.paidMinor, currency);
    return purchaseVend(purchase, desk, now);
  });
}

/**
 * Money or units, and what changes what is given: what tells one request from another. The look-up code guards a request and
 * is no part of it, and who stands at the till is not asked for.
 */
function askedOf({ paidMinor, amountDeciKwh, freeUnits }: SaleRequest) {
  return {
    ...(amountDeciKwh === undefined ? { paidMinor: paidMinor ?? 0 } : { amountDeciKwh }),
    ...(freeUnits === false ? { freeUnits } : {}),
  };
}
