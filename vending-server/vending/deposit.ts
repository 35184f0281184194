/** Money into a vendor's float, once per request id. */
import { StsFault } from '../../lib/faults.ts';
import { depositTransfers } from '../ledger/postings.ts';
import type { DepositRequest } from '../store/contract.ts';
import type { Vending } from './context.ts';
import { findVendor } from './open-vendor.ts';
import { requestHash } from './request-hash.ts';

export interface VendorDeposit {
  readonly vendorId: string;
  readonly requestId: string;
  readonly amountMinor: number;
  readonly currency: string;
  /** What the operator wants to find again: a bank slip, a transfer number. */
  readonly reference: string;
}

export interface DepositAnswer {
  /** The float right after this deposit, minor units. */
  readonly floatMinor: number;
  readonly replayed: boolean;
}

/** @throws StsFault `vendor_unknown`, `currency_mismatch`, `request_id_reused`, `payment_too_large`. */
export async function deposit(vending: Vending, request: VendorDeposit): Promise<DepositAnswer> {
  const { vendorId, currency } = request;
  const vendor = await findVendor(vending, vendorId);
  if (vendor.currency !== currency) {
    throw new StsFault('currency_mismatch', undefined, { param: 'currency' });
  }
  const result = await vending.store.deposit(depositRequestOf(vending, request));
  switch (result.kind) {
    case 'recorded':
    case 'exists':
      return { floatMinor: result.floatMinor, replayed: result.kind === 'exists' };
    case 'exists_with_different_request':
      throw new StsFault('request_id_reused', undefined, { param: 'requestId' });
    case 'vendor_unknown':
      throw new StsFault('vendor_unknown', undefined, { param: 'vendorId' });
    case 'float_too_large':
      throw new StsFault('payment_too_large', 'the float would pass 2^53', { param: 'amountMinor' });
  }
}

/** As the store records it at this moment. */
export function depositRequestOf({ clock }: Pick<Vending, 'clock'>, request: VendorDeposit): DepositRequest {
  const { vendorId, requestId, amountMinor, currency, reference } = request;
  return {
    vendorId,
    requestId,
    requestHash: requestHash('deposit', { amountMinor, currency, reference }),
    amountMinor,
    reference,
    at: clock.now(),
    transfers: depositTransfers(vendorId, currency, amountMinor),
  };
}
