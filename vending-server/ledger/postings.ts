/**
 * What a deposit and a sale move between which accounts, and whether the books balance. Every movement has one debit and
 * one credit account, so that debits equal credits by construction. An account holds one currency, whose ISO 4217 code ends
 * its name: cents of two countries are never added up.
 */
import { assertInteger, invariant } from '../../lib/assert.ts';
import type { AccountBalance, Transfer } from '../store/contract.ts';
import type { SaleLine } from '../tariff/reckon.ts';

/** Money that vendors paid in; its debit side is what the bank should hold. */
export function bankDeposits(currency: string): string {
  return `bank:deposits:${currency}`;
}

/** Energy sold, without tax. */
export function energySales(currency: string): string {
  return `sales:energy:${currency}`;
}

/** Tax owed to the state. */
export function valueAddedTax(currency: string): string {
  return `tax:vat:${currency}`;
}

/** A fixed charge collected, without tax. */
export function fixedCharge(chargeId: string, currency: string): string {
  return `sales:charge:${chargeId}:${currency}`;
}

/** Fees of the sales channel, without tax. */
export function paymentFees(currency: string): string {
  return `sales:fee:${currency}`;
}

/** What a customer owes: debited when the debt is opened, credited by what sales recover. */
export function customerDebt(debtId: string, currency: string): string {
  return `debt:${debtId}:${currency}`;
}

/** Where debts come from: an earlier account, a repair, a meter that was bypassed. */
export function debtsOpened(currency: string): string {
  return `debts:opened:${currency}`;
}

/** What the utility owes to a vendor: credited by deposits, debited by sales. */
export function vendorFloat(vendorId: string, currency: string): string {
  return `vendor:${vendorId}:float:${currency}`;
}

/** @param amountMinor - minor units of the currency, at least 1. */
export function depositTransfers(
  vendorId: string,
  currency: string,
  amountMinor: number,
): readonly Transfer[] {
  assertInteger(amountMinor, 1, Number.MAX_SAFE_INTEGER, 'amountMinor');
  return [
    { debitAccount: bankDeposits(currency), creditAccount: vendorFloat(vendorId, currency), amountMinor },
  ];
}

/** @param amountMinor - minor units of the currency, at least 1. */
export function debtTransfers(debtId: string, currency: string, amountMinor: number): readonly Transfer[] {
  assertInteger(amountMinor, 1, Number.MAX_SAFE_INTEGER, 'amountMinor');
  return [
    { debitAccount: customerDebt(debtId, currency), creditAccount: debtsOpened(currency), amountMinor },
  ];
}

/** One transfer for each line that is not zero and one for all tax, out of the vendor's float. */
export function saleTransfers(
  vendorId: string,
  currency: string,
  lines: readonly SaleLine[],
): readonly Transfer[] {
  const debitAccount = vendorFloat(vendorId, currency);
  const parts = lines.map((line) => ({
    creditAccount: accountOf(line, currency),
    amountMinor: line.amountMinor,
  }));
  const taxMinor = lines.reduce((sum, line) => sum + line.taxMinor, 0);
  return [...parts, { creditAccount: valueAddedTax(currency), amountMinor: taxMinor }]
    .filter(({ amountMinor }) => amountMinor !== 0)
    .map(({ creditAccount, amountMinor }) => {
      assertInteger(amountMinor, 1, Number.MAX_SAFE_INTEGER, 'amountMinor');
      return { debitAccount, creditAccount, amountMinor };
    });
}

function accountOf(line: SaleLine, currency: string): string {
  switch (line.kind) {
    case 'energy':
    case 'currency':
      return energySales(currency);
    case 'paymentFee':
      return paymentFees(currency);
    case 'fixedCharge':
      return fixedCharge(line.chargeId, currency);
    case 'arrears':
      return customerDebt(line.debtId, currency);
  }
}

/** Both sums of one currency, minor units; they are text because a country's books may pass 2^53 cents. */
export interface CurrencySums {
  readonly debitMinor: string;
  readonly creditMinor: string;
}

export interface TrialBalance {
  /** True when both sums are equal in every currency. */
  readonly balanced: boolean;
  /** By ISO 4217 code, in the order of the accounts. */
  readonly sums: Readonly<Record<string, CurrencySums>>;
}

/** Adds the sides of all accounts of a currency; out of balance, money appeared or vanished between two accounts. */
export function checkTrialBalance(balances: readonly AccountBalance[]): TrialBalance {
  const sums = new Map<string, { debit: bigint; credit: bigint }>();
  for (const { account, debitMinor, creditMinor } of balances) {
    invariant(Number.isSafeInteger(debitMinor) && Number.isSafeInteger(creditMinor), `${account} is integer`);
    const currency = account.slice(account.lastIndexOf(':') + 1);
    const { debit, credit } = sums.get(currency) ?? { debit: 0n, credit: 0n };
    sums.set(currency, { debit: debit + BigInt(debitMinor), credit: credit + BigInt(creditMinor) });
  }
  return {
    balanced: [...sums.values()].every(({ debit, credit }) => debit === credit),
    sums: Object.fromEntries(
      [...sums].map(([currency, { debit, credit }]) => [
        currency,
        { debitMinor: String(debit), creditMinor: String(credit) },
      ]),
    ),
  };
}
