/**
 * What a sale that is taken back moves between which accounts: the mirror of its own transfers, one for one and in their order.
 * Where the token may have been used the energy stays sold, and the meter owes what was paid for it: the other side is then no
 * account of the sale but what of it is owed (postings.ts names the accounts).
 */
import type { Transfer } from '../store/contract.ts';

/** Part of the name of a transfer's cause: `saleReversal <saleId>`. */
export const REVERSAL_CAUSE = 'saleReversal';

const ON_DEBT = 'debts:reversed:';

/** Of what an account of sales had from a sale, the part that a meter owes instead of the vendor; currency last, as always. */
export function soldOnDebt(account: string): string {
  return `${ON_DEBT}${account}`;
}

/** The account behind {@link soldOnDebt}; undefined for any other. */
export function accountSoldOnDebt(account: string): string | undefined {
  return account.startsWith(ON_DEBT) ? account.slice(ON_DEBT.length) : undefined;
}

/** @param transfers - of the sale, in the order of posting. */
export function mirrored(transfers: readonly Transfer[], form: 'whole' | 'meterDebt'): readonly Transfer[] {
  return transfers.map(({ debitAccount, creditAccount, amountMinor }) => ({
    debitAccount: form === 'whole' ? creditAccount : soldOnDebt(creditAccount),
    creditAccount: debitAccount,
    amountMinor,
  }));
}

/** The debt of a meter whose sale was taken back with the token perhaps seen. */
export function reversalDebtId(saleId: string): string {
  return `reversed-${saleId}`;
}

/** The debt that an account of postings.ts is of; undefined for any other account. */
export function debtOf(account: string): string | undefined {
  return /^debt:([^:]+):[^:]+$/.exec(account)?.[1];
}
