/** Who sells, at which till, for what money: what a vendor's till tells of it. */
import { StsFault } from '../../lib/faults.ts';
import type { SaleDesk, Tender } from '../store/money-contract.ts';
import type { Vending } from './context.ts';
import type { Cash, SaleDetails } from './sale-response.ts';

/** All of it optional: a vendor's own till may not tell. */
export interface DeskRequest {
  readonly operatorId?: string | undefined;
  readonly tillId?: string | undefined;
  /** An open shift of the vendor; its operator and till are the sale's. */
  readonly shiftId?: string | undefined;
  readonly tender?: Tender | undefined;
  /** What the customer handed over, minor units; change is told. */
  readonly tenderedMinor?: number | undefined;
}

export interface Desk {
  readonly desk: SaleDesk;
  readonly cash: Cash | null;
}

/**
 * @throws StsFault `shift_unknown`, `shift_closed`, `shift_of_another` for an operator or a till that is not the shift's,
 *   `tendered_too_little`.
 */
export async function deskOf(
  vending: Pick<Vending, 'store' | 'rules'>,
  request: DeskRequest & { readonly vendorId: string },
  paidMinor: number,
  currency: string,
): Promise<Desk> {
  const { vendorId, tender, tenderedMinor } = request;
  const place = await placeOf(vending, vendorId, request);
  const coinMinor = tender === 'cash' ? await vending.rules.cashRoundingMinor(currency) : 1;
  const dueMinor = nearestMultiple(paidMinor, coinMinor);
  const roundingMinor = dueMinor - paidMinor;
  if (tenderedMinor !== undefined && tenderedMinor < dueMinor) {
    throw new StsFault('tendered_too_little', `${dueMinor} is due`, { param: 'tenderedMinor' });
  }
  const cash: Cash | null =
    tenderedMinor === undefined && roundingMinor === 0
      ? null
      : {
          roundingMinor,
          tenderedMinor: tenderedMinor ?? dueMinor,
          changeMinor: (tenderedMinor ?? dueMinor) - dueMinor,
        };
  return { desk: { ...place, ...(tender === undefined ? {} : { tender }), roundingMinor }, cash };
}

/** What the answer tells of it. */
export function deskDetails({
  operatorId,
  tillId,
  shiftId,
}: SaleDesk): Pick<SaleDetails, 'operator' | 'terminal' | 'shiftId'> {
  return { operator: operatorId ?? null, terminal: tillId ?? null, shiftId: shiftId ?? null };
}

/** Halves go up. */
function nearestMultiple(amount: number, of: number): number {
  const rest = amount % of;
  return 2 * rest >= of ? amount - rest + of : amount - rest;
}

async function placeOf(
  { store }: Pick<Vending, 'store'>,
  vendorId: string,
  { operatorId, tillId, shiftId }: DeskRequest,
): Promise<Pick<SaleDesk, 'operatorId' | 'tillId' | 'shiftId'>> {
  if (shiftId === undefined) {
    return {
      ...(operatorId === undefined ? {} : { operatorId }),
      ...(tillId === undefined ? {} : { tillId }),
    };
  }
  const shift = await store.money.findShift(vendorId, shiftId);
  if (shift === undefined) throw new StsFault('shift_unknown', undefined, { param: 'shiftId' });
  if (shift.closedAt !== null) throw new StsFault('shift_closed', undefined, { param: 'shiftId' });
  for (const [name, given, own] of [
    ['operatorId', operatorId, shift.operatorId],
    ['tillId', tillId, shift.tillId],
  ] as const) {
    if (given !== undefined && given !== own)
      throw new StsFault('shift_of_another', undefined, { param: name });
  }
  return { operatorId: shift.operatorId, tillId: shift.tillId, shiftId };
}
