/**
 * What the books know of a meter when it buys: the past that a tariff may look at, as plain data that the store keeps and the
 * tariff reads. Money is integer minor units but for what is carried, which has fractions of a cent.
 */
import { BigNumber } from 'bignumber.js';

export interface PurchaseHistory {
  /** Month of the two figures below, 'YYYY-MM'; figures of another month count as 0. */
  readonly month: string;
  readonly monthUnitsDeciKwh: number;
  /** Month in which free units were last given, or ''. */
  readonly freeUnitsMonth: string;
  /** Money paid for energy and not yet turned into 0.1 kWh, minor units with the tax, decimal text. */
  readonly carriedMinor: string;
  readonly charges: Readonly<Record<string, ChargeState>>;
  readonly debts: readonly Debt[];
  /** When the meter last bought or was given anything, milliseconds since 1970 UTC; null for never. */
  readonly lastAt: number | null;
}

/** Up to which day or month a fixed charge is paid, and what was paid into the next one. */
export interface ChargeState {
  /** 'YYYY-MM-DD' or 'YYYY-MM'. */
  readonly paidThrough: string;
  readonly partMinor: number;
}

export interface Debt {
  readonly debtId: string;
  readonly label: string;
  readonly balanceMinor: number;
  readonly recovery: Recovery;
}

export type Recovery =
  /** So much of each payment. */
  | { readonly kind: 'fixed'; readonly amountMinor: number }
  /** This fraction of what is left of each payment when it is this debt's turn. */
  | { readonly kind: 'percentage'; readonly rate: string }
  /** Whatever the payment has, until the debt is gone. */
  | { readonly kind: 'all' };

export const NO_HISTORY: PurchaseHistory = {
  month: '',
  monthUnitsDeciKwh: 0,
  freeUnitsMonth: '',
  carriedMinor: '0',
  charges: {},
  debts: [],
  lastAt: null,
};

/**
 * The history of a meter that takes another one's place: the customer has bought what both have bought, and has paid what
 * either has paid. Debts are not among it, because each stands in the books under its own name.
 */
export function takenOver(own: PurchaseHistory, old: PurchaseHistory): PurchaseHistory {
  const [late, early] = own.month >= old.month ? [own, old] : [old, own];
  const charges: Record<string, ChargeState> = { ...old.charges };
  for (const [chargeId, state] of Object.entries(own.charges)) {
    charges[chargeId] = furtherPaid(state, old.charges[chargeId] ?? state);
  }
  return {
    month: late.month,
    monthUnitsDeciKwh: late.monthUnitsDeciKwh + (early.month === late.month ? early.monthUnitsDeciKwh : 0),
    freeUnitsMonth: own.freeUnitsMonth >= old.freeUnitsMonth ? own.freeUnitsMonth : old.freeUnitsMonth,
    carriedMinor: new BigNumber(own.carriedMinor).plus(old.carriedMinor).toFixed(),
    charges,
    debts: own.debts,
    lastAt:
      own.lastAt === null || old.lastAt === null
        ? (own.lastAt ?? old.lastAt)
        : Math.max(own.lastAt, old.lastAt),
  };
}

function furtherPaid(left: ChargeState, right: ChargeState): ChargeState {
  if (left.paidThrough !== right.paidThrough) return left.paidThrough > right.paidThrough ? left : right;
  return left.partMinor >= right.partMinor ? left : right;
}
