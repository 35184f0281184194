/** What the transfers of one sale are made of, by the accounts that they credit (postings.ts). */
import type { Transfer } from '../store/contract.ts';

export interface SaleParts {
  readonly energyMinor: number;
  readonly taxMinor: number;
  readonly arrearsMinor: number;
  readonly chargesMinor: number;
  readonly feesMinor: number;
}

type Part = keyof SaleParts;

/** The longest beginning that fits decides; whatever is not named here is energy. */
const BY_ACCOUNT: readonly (readonly [beginning: string, part: Part])[] = [
  ['tax:', 'taxMinor'],
  ['debt:', 'arrearsMinor'],
  ['sales:charge:', 'chargesMinor'],
  ['sales:fee:', 'feesMinor'],
];

export function partOfAccount(creditAccount: string): Part {
  return BY_ACCOUNT.find(([beginning]) => creditAccount.startsWith(beginning))?.[1] ?? 'energyMinor';
}

/** The parts add up to what was paid: what moves between two debts comes from no vendor. */
export function salePartsOf(transfers: readonly Transfer[]): SaleParts {
  const parts: Record<Part, number> = {
    energyMinor: 0,
    taxMinor: 0,
    arrearsMinor: 0,
    chargesMinor: 0,
    feesMinor: 0,
  };
  for (const { debitAccount, creditAccount, amountMinor } of transfers) {
    if (debitAccount.startsWith('vendor:')) parts[partOfAccount(creditAccount)] += amountMinor;
  }
  return parts;
}
