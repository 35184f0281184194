/**
 * What a deposit and a sale move between which accounts, and whether the books balance. Every movement has one debit and
 * one credit account, so that debits equal credits by construction.
 */
import { assertInteger, invariant } from '../../lib/assert.ts';
import type { AccountBalance, Transfer } from '../store/contract.ts';
import type { SaleLine } from '../tariff/flat.ts';

/** Money that vendors paid in; its debit side is what the bank should hold. */
export const BANK_DEPOSITS = 'bank:deposits';
/** Energy sold, without tax. */
export const ENERGY_SALES = 'sales:energy';
/** Tax owed to the state. */
export const VAT = 'tax:vat';

/** What the utility owes to a vendor: credited by deposits, debited by sales. */
export function vendorFloat(vendorId: string): string {
  return `vendor:${vendorId}:float`;
}

/** @param amountMinor - minor units of the vendor's currency, at least 1. */
export function depositTransfers(vendorId: string, amountMinor: number): readonly Transfer[] {
  assertInteger(amountMinor, 1, Number.MAX_SAFE_INTEGER, 'amountMinor');
  return [{ debitAccount: BANK_DEPOSITS, creditAccount: vendorFloat(vendorId), amountMinor }];
}

/** One transfer for each line that is not zero, out of the vendor's float. */
export function saleTransfers(vendorId: string, lines: readonly SaleLine[]): readonly Transfer[] {
  const debitAccount = vendorFloat(vendorId);
  return lines
    .filter((line) => line.amountMinor !== 0)
    .map((line) => {
      assertInteger(line.amountMinor, 1, Number.MAX_SAFE_INTEGER, 'amountMinor');
      return { debitAccount, creditAccount: accountOf(line), amountMinor: line.amountMinor };
    });
}

function accountOf(line: SaleLine): string {
  switch (line.kind) {
    case 'energy':
      return ENERGY_SALES;
    case 'tax':
      return VAT;
  }
}

/** Both sums of a trial balance, minor units; they are text because a country's books may pass 2^53 cents. */
export interface TrialBalance {
  readonly balanced: boolean;
  readonly debitMinor: string;
  readonly creditMinor: string;
}

/** Adds the sides of all accounts; `balanced` is false when money appeared or vanished between two accounts. */
export function checkTrialBalance(balances: readonly AccountBalance[]): TrialBalance {
  let debit = 0n;
  let credit = 0n;
  for (const { account, debitMinor, creditMinor } of balances) {
    invariant(Number.isSafeInteger(debitMinor) && Number.isSafeInteger(creditMinor), `${account} is integer`);
    debit += BigInt(debitMinor);
    credit += BigInt(creditMinor);
  }
  return { balanced: debit === credit, debitMinor: String(debit), creditMinor: String(credit) };
}
