/** A vendor's float beside sales and deposits: a deposit taken back, and how far below zero the float may go. */
import { StsFault } from '../../lib/faults.ts';
import { reversalTransfers } from '../ledger/float-postings.ts';
import type { CreditLimitChange, FloatChange, FloatChangeResult } from '../store/money-contract.ts';
import type { Vending } from './context.ts';
import { findVendor } from './open-vendor.ts';

export interface ReversalRequest {
  readonly vendorId: string;
  /** Of the deposit. */
  readonly requestId: string;
}

/** A bank slip that bounced: the whole deposit leaves the float, once. @throws StsFault `vendor_unknown`, `deposit_unknown`. */
export async function reversalOf(vending: Vending, request: ReversalRequest): Promise<FloatChange> {
  const { vendorId, requestId } = request;
  const { currency } = await findVendor(vending, vendorId);
  const held = await vending.store.money.findDeposit(vendorId, requestId);
  if (held === undefined) throw new StsFault('deposit_unknown', undefined, { param: 'requestId' });
  return {
    kind: 'depositReversal',
    vendorId,
    reference: requestId,
    amountMinor: -held.amountMinor,
    at: vending.clock.now(),
    transfers: reversalTransfers(vendorId, currency, held.amountMinor),
  };
}

/** @throws StsFault `vendor_unknown`. */
export async function creditLimitOf(
  vending: Vending,
  { vendorId, creditLimitMinor }: { readonly vendorId: string; readonly creditLimitMinor: number },
): Promise<CreditLimitChange> {
  const { creditLimitMinor: fromMinor } = await findVendor(vending, vendorId);
  return { vendorId, fromMinor, toMinor: creditLimitMinor };
}

/** @throws StsFault `credit_limit_refused`, `vendor_unknown`. */
export async function changeCreditLimit({ store }: Vending, change: CreditLimitChange): Promise<void> {
  const result = await store.money.changeCreditLimit(change);
  if (result === 'vendor_unknown') throw new StsFault('vendor_unknown', undefined, { param: 'vendorId' });
  if (result !== 'changed') {
    throw new StsFault('credit_limit_refused', result, { param: 'creditLimitMinor' });
  }
}

/** @throws StsFault `float_exhausted` when the money was spent, `vendor_unknown`, `payment_too_large`. */
export async function changeFloat(
  { store }: Vending,
  change: FloatChange,
): Promise<{ readonly floatMinor: number; readonly replayed: boolean }> {
  const result = await store.money.changeFloat(change);
  const fault = floatFault(result);
  if (fault !== undefined) throw fault;
  return result.kind === 'recorded' || result.kind === 'exists'
    ? { floatMinor: result.floatMinor, replayed: result.kind === 'exists' }
    : { floatMinor: 0, replayed: false };
}

function floatFault(result: FloatChangeResult): StsFault | undefined {
  switch (result.kind) {
    case 'recorded':
    case 'exists':
      return undefined;
    case 'vendor_unknown':
      return new StsFault('vendor_unknown', undefined, { param: 'vendorId' });
    case 'float_exhausted':
      return new StsFault('float_exhausted', `the float is ${result.floatMinor}`);
    case 'float_too_large':
      return new StsFault('payment_too_large', 'the float would pass 2^53');
  }
}
