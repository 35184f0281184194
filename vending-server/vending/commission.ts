/** A vendor's commission: dated terms, what a month came to, and its payment into the float. */
import { StsFault } from '../../lib/faults.ts';
import { type Commission, commissionFault, reckonCommission } from '../commission/reckon.ts';
import type { CommissionFigures, CommissionTerms } from '../commission/terms.ts';
import { type CanonicalValue, canonicalJson } from '../ledger/canonical.ts';
import { commissionTransfers } from '../ledger/float-postings.ts';
import { timeZoneOf } from '../people/settings.ts';
import type { CommissionVersion, FloatChange } from '../store/money-contract.ts';
import { localMoment } from '../tariff/local-time.ts';
import type { Vending } from './context.ts';
import { spanOfMonth } from './local-days.ts';
import { findVendor } from './open-vendor.ts';

export interface CommissionRequest {
  readonly vendorId: string;
  /** 'YYYY-MM', this month or a later one: what was earned stays earned. */
  readonly fromMonth: string;
  readonly terms: CommissionTerms;
}

/** @throws StsFault `vendor_unknown`, `currency_mismatch`, `request_malformed`, `commission_exists` for a month that is over. */
export async function assertCommission(
  vending: Vending,
  { vendorId, fromMonth, terms }: CommissionRequest,
): Promise<void> {
  const { currency } = await findVendor(vending, vendorId);
  if (currency !== terms.currency)
    throw new StsFault('currency_mismatch', undefined, { param: 'terms.currency' });
  const fault = commissionFault(terms);
  if (fault !== undefined) throw new StsFault('request_malformed', fault, { param: 'terms.shapes' });
  const thisMonth = localMoment(vending.clock.now(), await timeZoneOf(vending)).month;
  if (fromMonth < thisMonth) throw new StsFault('commission_exists', 'it is over', { param: 'fromMonth' });
}

export function commissionVersionOf({ vendorId, fromMonth, terms }: CommissionRequest): CommissionVersion {
  return { vendorId, fromMonth, terms: canonicalJson(terms as unknown as CanonicalValue) };
}

/** @throws StsFault of `assertCommission`, `commission_exists` for other terms from the same month. */
export async function putCommission(
  vending: Vending,
  request: CommissionRequest,
): Promise<{ created: boolean }> {
  await assertCommission(vending, request);
  const result = await vending.store.money.putCommission(commissionVersionOf(request));
  if (result === 'vendor_unknown') throw new StsFault('vendor_unknown');
  if (result === 'exists') throw new StsFault('commission_exists', undefined, { param: 'fromMonth' });
  return { created: result === 'created' };
}

export interface CommissionPaymentRequest {
  readonly vendorId: string;
  /** 'YYYY-MM', over. */
  readonly month: string;
}

export interface CommissionStatement extends CommissionPaymentRequest, Commission {
  readonly currency: string;
  /** When the month is over nothing more comes to it. */
  readonly isOver: boolean;
  readonly figures: CommissionFigures;
  readonly isPaid: boolean;
}

/** @throws StsFault `vendor_unknown`, `commission_unknown` when no terms stand in the month. */
export async function commissionOf(
  vending: Vending,
  { vendorId, month }: CommissionPaymentRequest,
): Promise<CommissionStatement> {
  const { currency } = await findVendor(vending, vendorId);
  const { money } = vending.store;
  const versions = await money.findCommission(vendorId);
  const version = versions.filter(({ fromMonth }) => fromMonth <= month).at(-1);
  if (version === undefined) throw new StsFault('commission_unknown', undefined, { param: 'month' });
  // Only `putCommission` and its approval write terms.
  const terms = JSON.parse(version.terms) as CommissionTerms;
  const span = spanOfMonth(month, await timeZoneOf(vending));
  const figures = await money.commissionFigures(vendorId, span.from, span.until);
  const isPaid = (await money.findFloatChange('commission', vendorId, month)) !== undefined;
  const isOver = vending.clock.now() >= span.until + SETTLED_MILLIS;
  return { vendorId, month, currency, isOver, isPaid, figures, ...reckonCommission(terms, figures, month) };
}

/** A sale of the last second may still be on its way into the books. */
export const SETTLED_MILLIS = 5 * 60_000;

/** @throws StsFault of `commissionOf`, `period_not_over`, `payment_too_small` for a month that earned nothing. */
export async function commissionPaymentOf(
  vending: Vending,
  request: CommissionPaymentRequest,
): Promise<FloatChange> {
  const { isOver, totalMinor, currency, vendorId, month } = await commissionOf(vending, request);
  if (!isOver) throw new StsFault('period_not_over', undefined, { param: 'month' });
  if (totalMinor === 0) throw new StsFault('payment_too_small', 'the month earned nothing');
  return {
    kind: 'commission',
    vendorId,
    reference: month,
    amountMinor: totalMinor,
    at: vending.clock.now(),
    transfers: commissionTransfers(vendorId, currency, totalMinor),
  };
}
