/**
 * What the books know of a meter when it buys: the past that a tariff may look at, as plain data that the store keeps and the
 * tariff reads. Money is integer minor units but for what is carried, which has fractions of a cent.
 */

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
