/** What the page reads of the server's answers; the OpenAPI document has the whole of them. */

export interface Vendor {
  readonly vendorId: string;
  readonly name: string;
  readonly currency: string;
  readonly floatMinor: number;
  readonly creditLimitMinor: number;
}

export interface Block {
  readonly block: number;
  readonly pricePerKwh: string;
  readonly leftDeciKwh: number | null;
}

export interface LookUp {
  readonly meter: { readonly drn: string; readonly tariffId: string };
  readonly lookUpCode: string;
  readonly customer: { readonly name: string | null; readonly addressLines: readonly string[] } | null;
  readonly canVend: boolean;
  readonly cannotVendBecause: string | null;
  readonly currency: string;
  readonly minimumMinor: number;
  readonly maximumMinor: number;
  readonly arrears: readonly { readonly label: string; readonly balanceMinor: number }[];
  readonly chargesDue: readonly { readonly label: string; readonly dueMinor: number }[];
  readonly freeUnitsDueDeciKwh: number;
  readonly monthUnitsDeciKwh: number;
  readonly block: Block | null;
  readonly keyChangeDue: boolean;
  readonly lastPurchaseAt: string | null;
}

export interface Line {
  readonly kind: 'energy' | 'currency' | 'paymentFee' | 'arrears' | 'fixedCharge';
  readonly amountMinor: number;
  readonly taxMinor: number;
  readonly label?: string;
  readonly steps?: readonly {
    readonly fromDeciKwh: number;
    readonly amountDeciKwh: number;
    readonly pricePerKwh: string;
  }[];
}

interface Picture {
  readonly meter: { readonly drn: string };
  readonly currency: string;
  readonly paidMinor: number;
  readonly lines: readonly Line[];
  readonly amountDeciKwh: number;
  readonly freeDeciKwh: number;
}

export interface Trial extends Picture {
  readonly isCovered: boolean;
}

export interface SoldToken {
  readonly kind: string;
  /** null of a sale that was taken back. */
  readonly tokenNoGrouped: string | null;
  readonly section?: number;
  readonly of?: number;
  readonly reason?: string;
  readonly amountKwh?: string;
}

export interface Sale extends Picture {
  readonly saleId: string;
  readonly requestId: string;
  readonly soldAt: string;
  readonly tokens: readonly SoldToken[];
  readonly reversed?: { readonly at: string };
}

/** What is asked of the server, kept until it is known what became of it. */
export interface SaleOrder {
  readonly requestId: string;
  readonly meter: string;
  readonly paidMinor: number;
  readonly currency: string;
  readonly lookUpCode: string;
  readonly tillId: string;
  readonly tender: 'cash';
  readonly shiftId?: string;
}

export interface ListedSale {
  readonly saleId: string;
  readonly soldAt: string;
  readonly drn: string;
  readonly currency: string;
  readonly paidMinor: number;
  readonly amountDeciKwh: number;
  readonly state: 'sold' | 'confirmed' | 'reversed';
}

export interface Shift {
  readonly shift: {
    readonly shiftId: string;
    readonly openedAt: string;
    readonly closedAt: string | null;
    readonly countedMinor: number | null;
  };
  readonly totals: { readonly all: { readonly sales: number; readonly paidMinor: number } };
  readonly expectedMinor: number;
  readonly differenceMinor: number | null;
}
