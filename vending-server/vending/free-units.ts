/** Free basic units alone: the month's token without money, once a month for a meter, by any vendor. */
import { StsFault } from '../../lib/faults.ts';
import { parseMeterNumber } from '../../lib/identity/meter-pan.ts';
import type { Contact } from '../notify/notification.ts';
import type { SaleView } from '../store/contract.ts';
import { freeUnitsDue, takeFreeUnits } from '../tariff/reckon.ts';
import type { Vending } from './context.ts';
import {
  assertLookUpCode,
  detailsOf,
  emptyPicture,
  type MeterForSale,
  meterForSale,
  monthOf,
  planFor,
} from './purchase.ts';
import { requestHash } from './request-hash.ts';
import { type DeskRequest, deskDetails, deskOf } from './sale-desk.ts';
import { type PreparedVend, type SaleAnswer, vend } from './vend.ts';
import { energyTokens } from './wanted-tokens.ts';

export interface FreeUnitsRequest extends Pick<DeskRequest, 'operatorId' | 'tillId' | 'shiftId'> {
  readonly vendorId: string;
  readonly requestId: string;
  readonly meter: string;
  /** What the look-up answered for this meter. */
  readonly lookUpCode?: string | undefined;
  readonly sendTo?: Contact | undefined;
}

/**
 * @throws StsFault, in this order: those of the meter's number, `request_id_reused`, `meter_changed_out`, `vendor_unknown`,
 *   `meter_unknown`, `tariff_unknown`, `tariff_not_in_force`, `look_up_code_wrong`, `currency_mismatch`, `free_units_none`,
 *   `free_units_only_with_sale`, `free_units_taken`, those of `deskOf`, then those of `vend`.
 */
export async function giveFreeUnits(vending: Vending, request: FreeUnitsRequest): Promise<SaleAnswer> {
  const { meterPan } = parseMeterNumber(request.meter);
  const { vendorId, requestId, sendTo } = request;
  const hash = requestHash('freeUnits', { meterPan }, sendTo);
  return vend(vending, { vendorId, requestId, requestHash: hash, meterPan, sendTo }, (view, now) =>
    prepare(vending, request, view, now),
  );
}

async function prepare(
  vending: Vending,
  request: FreeUnitsRequest,
  view: SaleView,
  now: number,
): Promise<PreparedVend> {
  const found = meterForSale(view, now);
  const { vendor, meter, terms, purchases } = found;
  assertLookUpCode(request.lookUpCode, meter);
  // The commission for the token is paid in the vendor's currency.
  if (vendor.currency !== terms.currency) throw new StsFault('currency_mismatch');
  const freeDeciKwh = dueOrRefused(found, now);
  const { desk } = await deskOf(vending, request, 0, terms.currency);
  const plan = await planFor(vending, meter, now);
  const history = takeFreeUnits(terms, purchases.history, now);
  return {
    plan,
    wanted: energyTokens('free', freeDeciKwh, plan.key ?? {}),
    history,
    picture: { ...emptyPicture(terms, plan, history), freeDeciKwh, month: monthOf(found, history) },
    details: {
      ...detailsOf(found, now),
      kind: 'freeBasic',
      ...deskDetails(desk),
    },
    desk: { ...desk, saleKind: 'freeBasic', freeBasicTokens: 1 },
  };
}

function dueOrRefused({ terms, purchases }: MeterForSale, now: number): number {
  if (terms.freeUnitsDeciKwh === 0) throw new StsFault('free_units_none', undefined, { param: 'meter' });
  if (terms.freeUnitsOnlyWithSale === true)
    throw new StsFault('free_units_only_with_sale', undefined, { param: 'meter' });
  const due = freeUnitsDue(terms, purchases.history, now);
  if (due === 0) throw new StsFault('free_units_taken', undefined, { param: 'meter' });
  return due;
}
