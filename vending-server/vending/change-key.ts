/**
 * A key-change set because somebody asks for it: without money and without credit, once per request id for ever. A set that
 * nobody has confirmed is given once more, which suits a meter on either key.
 */
import { StsFault } from '../../lib/faults.ts';
import { parseMeterNumber } from '../../lib/identity/meter-pan.ts';
import type { Contact } from '../notify/notification.ts';
import type { SaleView } from '../store/contract.ts';
import type { Vending } from './context.ts';
import { HOUSE_ID } from './house.ts';
import { detailsOf, emptyPicture, meterForSale, planFor } from './purchase.ts';
import { requestHash } from './request-hash.ts';
import { type DeskRequest, deskDetails, deskOf } from './sale-desk.ts';
import { type PreparedVend, type SaleAnswer, vend } from './vend.ts';

export interface KeyChangeRequest extends Pick<DeskRequest, 'operatorId' | 'tillId' | 'shiftId'> {
  /** `HOUSE_ID` for the utility's own engineers. */
  readonly vendorId: string;
  /** The asker's own id, made before the request was sent and kept for retries. */
  readonly requestId: string;
  /** DRN of 11 or 13 digits or MeterPAN of 18. */
  readonly meter: string;
  /** Why it is asked for; stands on the receipt. */
  readonly reason?: string | undefined;
  /** Where the customer wants the tokens; part of what the request asks for. */
  readonly sendTo?: Contact | undefined;
}

/**
 * @throws StsFault, in this order: `meter_number_malformed`, `meter_number_check_digit`, `request_id_reused`, `vendor_unknown`,
 *   `meter_unknown`, `tariff_unknown`, `tariff_not_in_force`, `key_change_not_allowed` with the reason (`policy` for a vendor
 *   where the utility changes no keys at tills), `key_change_not_needed`, those of `deskOf`, then those of `vend`.
 */
export function changeKey(vending: Vending, request: KeyChangeRequest): Promise<SaleAnswer> {
  const { meterPan } = parseMeterNumber(request.meter);
  const { vendorId, requestId, reason, sendTo } = request;
  const hash = requestHash('keyChange', { meterPan, ...(reason === undefined ? {} : { reason }) }, sendTo);
  return vend(vending, { vendorId, requestId, requestHash: hash, meterPan, sendTo }, (view, now) =>
    prepare(vending, request, view, now),
  );
}

async function prepare(
  vending: Vending,
  request: KeyChangeRequest,
  view: SaleView,
  now: number,
): Promise<PreparedVend> {
  const { vendor, meter, terms, purchases } = meterForSale(view, now);
  const isAtTill = vendor.vendorId !== HOUSE_ID;
  if (isAtTill && (await vending.rules.keyPolicy()).keyChange === 'never') {
    throw new StsFault('key_change_not_allowed', 'policy', { param: 'meter' });
  }
  const plan = await planFor(vending, meter, now, true);
  // Of what the meter owes and carries; nothing is paid here.
  const { desk } = await deskOf(vending, request, 0, terms.currency);
  return {
    plan,
    wanted: [],
    history: purchases.history,
    picture: emptyPicture(terms, plan, purchases.history),
    details: {
      ...detailsOf({ terms, purchases }, now),
      kind: 'keyChange',
      ...deskDetails(desk),
      reason: request.reason ?? null,
    },
    desk: { ...desk, saleKind: 'keyChange' },
  };
}
