/**
 * What the utility's people give without money. It is a sale of the utility's own vendor, so that one record of request ids,
 * one chain and one kind of answer hold it; and it takes two persons, unless the utility has set that one is enough.
 */

import { StsFault } from '../../lib/faults.ts';
import type { Contact } from '../notify/notification.ts';
import { approved, personsFor } from '../people/approvals.ts';
import type { Caller } from '../people/caller.ts';
import type { SaleView, Transfer } from '../store/contract.ts';
import type { SaleKind } from '../store/money-contract.ts';
import type { ApprovalRecord } from '../store/people-contract.ts';
import type { PurchaseHistory } from '../tariff/history.ts';
import { minorDigits } from '../tariff/minor-digits.ts';
import type { TariffTerms } from '../tariff/terms.ts';
import type { Vending } from './context.ts';
import { HOUSE_ID } from './house.ts';
import type { KeyPlan } from './key-plan.ts';
import { detailsOf, emptyPicture, type MeterForSale } from './purchase.ts';
import type { Reason } from './reasons.ts';
import { type Operation, requestHash } from './request-hash.ts';
import type { GivenAmount, SaleDetails } from './sale-response.ts';
import { requestUse, type UsedKind } from './two-persons.ts';
import { assertInPlace, type PreparedVend, type SaleAnswer, vend } from './vend.ts';
import { type CreditReason, energyTokens, moneyTokens, type WantedToken } from './wanted-tokens.ts';

/** What every request of this kind brings. */
export interface GivenRequest extends Reason {
  /** The caller's own id, made before the request was sent and kept for retries; one for all of the utility's people. */
  readonly requestId: string;
  /** What a second person has agreed to; it must be about exactly this. */
  readonly approvalId?: string | undefined;
  readonly sendTo?: Contact | undefined;
}

/** Given now or before, or put down for a second person. */
export type Given =
  | ({ readonly kind: 'given' } & SaleAnswer)
  | { readonly kind: 'asked'; readonly approval: ApprovalRecord };

export interface Gift {
  readonly operation: Operation;
  readonly approvalKind: UsedKind;
  /** Exactly what is given, to whom and why: what an approval is bound to. Flat, with whole numbers. */
  readonly payload: Readonly<Record<string, string | number | boolean>>;
  /** Whose tokens. */
  readonly meterPan: string;
  /** Reads only, and refuses what cannot be given; asked before anybody is asked to agree, too. */
  readonly prepare: (view: SaleView, now: number) => Promise<PreparedVend>;
}

/**
 * @throws StsFault `request_id_reused`, `meter_changed_out`, those of the gift, `approval_required`, `approval_unknown`,
 *   `approval_used`, `approval_closed`, `permission_denied`, then those of `vend`.
 */
export async function give(
  vending: Vending,
  caller: Caller,
  request: GivenRequest,
  gift: Gift,
): Promise<Given> {
  const { requestId, approvalId, sendTo, reasonCode, reason } = request;
  const { operation, approvalKind, meterPan, prepare } = gift;
  const payload = { ...gift.payload, reasonCode, reason };
  if (approvalId === undefined && (await personsFor(vending, approvalKind)) === 2) {
    const view = await vending.store.viewForSale({ vendorId: HOUSE_ID, requestId, meterPan });
    if (view.earlier === undefined) {
      assertInPlace(view.meter);
      await prepare(view, vending.clock.now());
      const about = `${reasonCode}: ${reason}`;
      const asked = { kind: approvalKind, requestId, payload, vendorId: null, reason: about };
      return { kind: 'asked', approval: await requestUse(vending, caller, asked) };
    }
  }
  const usedBy = `${HOUSE_ID} ${requestId}`;
  const hash = requestHash(operation, payload, sendTo);
  const asked = { vendorId: HOUSE_ID, requestId, requestHash: hash, meterPan, sendTo };
  const answer = await vend(vending, asked, async (view, now) => {
    const prepared = await prepare(view, now);
    // Last, so that nothing is used up by a request that is refused anyway.
    const { approvedBy } = await approved(vending, { kind: approvalKind, payload, approvalId, usedBy });
    const { details, desk } = prepared;
    const operator = caller.userId ?? caller.principal;
    return {
      ...prepared,
      details: { ...details, operator, reasonCode, reason, approvedBy },
      desk: { ...desk, operatorId: operator },
    };
  });
  return { kind: 'given', ...answer };
}

export interface GivenParts {
  readonly kind: SaleKind;
  readonly plan: KeyPlan;
  readonly wanted: readonly WantedToken[];
  /** As it was when absent, but for the moment. */
  readonly history?: PurchaseHistory;
  readonly details?: Partial<SaleDetails>;
  readonly transfers?: readonly Transfer[];
}

/** A gift as what is to be vended: without lines, and without a place in the blocks of the month. */
export function preparedGift(found: MeterForSale, parts: GivenParts, now: number): PreparedVend {
  const { kind, plan, wanted, transfers = [] } = parts;
  const { terms, purchases } = found;
  const history = parts.history ?? purchases.history;
  return {
    plan,
    wanted,
    history,
    picture: emptyPicture(terms, plan, history),
    details: { ...detailsOf(found, now), ...parts.details, kind },
    desk: { saleKind: kind },
    transfers,
  };
}

/**
 * @param amount - at least 1 of its unit.
 * @throws StsFault `operation_unsupported` for energy where the meter bills money itself, and the other way round;
 *   `payment_too_large` for more tokens than one request makes.
 */
export function creditTokens(
  reason: CreditReason,
  amount: GivenAmount,
  { terms, plan }: { readonly terms: TariffTerms; readonly plan: KeyPlan },
): readonly WantedToken[] {
  const limits = plan.key ?? {};
  const isMoney = 'amountMinor' in amount;
  if (isMoney !== (terms.energy.kind === 'timeOfUse')) {
    const detail = isMoney ? 'the meter takes energy and no money' : 'the meter takes money and no energy';
    throw new StsFault('operation_unsupported', detail, {
      param: isMoney ? 'amountMinor' : 'amountDeciKwh',
    });
  }
  if (!isMoney) return energyTokens(reason, amount.amountDeciKwh, limits);
  return moneyTokens(reason, hundredThousandthOf(amount.amountMinor, terms.currency), limits);
}

/** Whole 0.00001 of the currency unit. @throws StsFault `amount_out_of_range` beyond what a number holds exactly. */
export function hundredThousandthOf(amountMinor: number, currency: string): number {
  const amount = amountMinor * 10 ** (5 - minorDigits(currency));
  if (Number.isSafeInteger(amount)) return amount;
  throw new StsFault('amount_out_of_range', undefined, { param: 'amountMinor' });
}
