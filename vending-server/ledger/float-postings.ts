/** What a deposit taken back and a commission paid out move between which accounts (postings.ts names the others). */
import { assertInteger } from '../../lib/assert.ts';
import type { Transfer } from '../store/contract.ts';
import { bankDeposits, vendorFloat } from './postings.ts';

/** What the utility pays to those who sell for it. */
export function commissionPaid(currency: string): string {
  return `expense:commission:${currency}`;
}

/** @param amountMinor - minor units of the currency, at least 1. */
export function reversalTransfers(
  vendorId: string,
  currency: string,
  amountMinor: number,
): readonly Transfer[] {
  assertInteger(amountMinor, 1, Number.MAX_SAFE_INTEGER, 'amountMinor');
  return [
    { debitAccount: vendorFloat(vendorId, currency), creditAccount: bankDeposits(currency), amountMinor },
  ];
}

/** @param amountMinor - minor units of the currency, at least 1. */
export function commissionTransfers(
  vendorId: string,
  currency: string,
  amountMinor: number,
): readonly Transfer[] {
  assertInteger(amountMinor, 1, Number.MAX_SAFE_INTEGER, 'amountMinor');
  return [
    { debitAccount: commissionPaid(currency), creditAccount: vendorFloat(vendorId, currency), amountMinor },
  ];
}
