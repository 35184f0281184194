/** Energy or money without charge, for a reason, to one meter. It fills no block of the month. */
import { parseMeterNumber } from '../../lib/identity/meter-pan.ts';
import type { Caller } from '../people/caller.ts';
import type { Vending } from './context.ts';
import { creditTokens, type Given, type GivenRequest, give, preparedGift } from './given.ts';
import { meterForSale, planFor } from './purchase.ts';
import type { FREE_ISSUE_REASONS } from './reasons.ts';
import type { GivenAmount } from './sale-response.ts';

export interface FreeIssueRequest extends GivenRequest {
  readonly meter: string;
  readonly amount: GivenAmount;
  readonly reasonCode: (typeof FREE_ISSUE_REASONS)[number];
}

/**
 * @throws StsFault of the meter's number, of `give`, `meter_unknown`, `tariff_unknown`, `tariff_not_in_force`,
 *   `operation_unsupported`, `payment_too_large`.
 */
export async function issueFree(vending: Vending, caller: Caller, request: FreeIssueRequest): Promise<Given> {
  const { meterPan } = parseMeterNumber(request.meter);
  const { amount } = request;
  return give(vending, caller, request, {
    operation: 'freeIssue',
    approvalKind: 'freeIssue',
    payload: { meterPan, ...amount },
    meterPan,
    prepare: async (view, now) => {
      const found = meterForSale(view, now);
      const plan = await planFor(vending, found.meter, now);
      const wanted = creditTokens('freeIssue', amount, { terms: found.terms, plan });
      const history = { ...found.purchases.history, lastAt: now };
      return preparedGift(found, { kind: 'freeIssue', plan, wanted, history }, now);
    },
  });
}
