/** What these sections read of the server's answers about a meter; the OpenAPI document has the whole of them. */

export interface KeyName {
  readonly supplyGroupCode: string;
  readonly tariffIndex: number;
  readonly keyRevision: number;
  readonly keyType: number;
  readonly baseDate: string;
  readonly decoderKeyAlgorithm: number;
  /** null where that of the vending key counts. */
  readonly keyExpiry: number | null;
}

export interface Meter extends KeyName {
  readonly meterPan: string;
  readonly drn: string;
  readonly encryptionAlgorithm: number;
  readonly tariffId: string;
  readonly tokenCarrierType: number;
  readonly storesSupplyGroup: boolean;
  readonly wantedKey: { readonly supplyGroupCode: string; readonly tariffIndex: number } | null;
  readonly replacedBy: string | null;
  readonly replaces: string | null;
}

export interface VendingKey {
  readonly keyRevision: number;
  readonly keyType: number;
  readonly baseDate: string;
  readonly decoderKeyAlgorithm: number;
  readonly checkValue: string;
  readonly activeFrom: string;
  readonly issueUntil: string;
  readonly keyExpiry: number;
  readonly expiresAt: string;
  readonly baseDateEndsAt: string;
  readonly isUsable: boolean;
  readonly warnings: readonly {
    readonly kind: 'keyExpires' | 'baseDateEnds' | 'issueUntil';
    readonly at: string;
  }[];
}

/** In the order of a campaign. */
export const KEY_STATES = ['due', 'refused', 'unconfirmed', 'confirmed', 'current'] as const;
export type KeyState = (typeof KEY_STATES)[number];

export interface KeyRow {
  readonly drn: string;
  readonly meterPan: string;
  readonly state: KeyState;
  readonly refusal: string | null;
  readonly key: KeyName;
  readonly wantedKey: Meter['wantedKey'];
  readonly planned: {
    readonly to: KeyName;
    readonly sections: number;
    readonly rollOver: boolean;
    readonly reasons: readonly string[];
  } | null;
  readonly lastPurchaseAt: string | null;
  readonly lastChange: {
    readonly saleId: string;
    readonly changedAt: string;
    readonly isConfirmed: boolean;
  } | null;
}

export interface Debt {
  readonly debtId: string;
  readonly label: string;
  readonly balanceMinor: number;
  readonly recovery:
    | { readonly kind: 'fixed'; readonly amountMinor: number }
    | { readonly kind: 'percentage'; readonly rate: string }
    | { readonly kind: 'all' };
}

export interface Block {
  readonly block: number;
  readonly pricePerKwh: string;
  readonly leftDeciKwh: number | null;
}

/** The past that a purchase is reckoned with. */
export interface History {
  readonly monthUnitsDeciKwh: number;
  readonly carriedMinor: string;
  readonly debts: readonly Debt[];
  readonly month?: string;
  readonly freeUnitsMonth?: string;
  readonly charges?: Readonly<Record<string, unknown>>;
}

export interface MeterAccount {
  readonly meter: { readonly drn: string; readonly meterPan: string; readonly tariffId: string };
  readonly currency: string;
  readonly history: History;
  readonly monthUnitsDeciKwh: number;
  readonly block: Block | null;
  readonly chargesDue: readonly {
    readonly chargeId: string;
    readonly label: string;
    readonly dueMinor: number;
  }[];
  readonly freeUnitsDueDeciKwh: number;
  readonly lastPurchaseAt: string | null;
}

export interface MeterSale {
  readonly saleId: string;
  readonly vendorId: string;
  readonly kind: string;
  readonly soldAt: string;
  readonly currency: string;
  readonly paidMinor: number;
  readonly operator: string | null;
  readonly reason: string | null;
  readonly amountDeciKwh: number;
  readonly state: 'sold' | 'confirmed' | 'reversed';
  readonly tokens: readonly {
    readonly kind: string;
    readonly what: string | null;
    readonly amountDeciKwh: number | null;
  }[];
}

export interface MeterSales {
  readonly sales: readonly MeterSale[];
  readonly next: string | null;
}

/** How far the meters of a supply group are. */
export interface GroupReport {
  readonly supplyGroupCode: string;
  readonly meters: number;
  readonly states: Readonly<Record<KeyState, number>>;
  readonly wanted: number;
  readonly keys: readonly {
    readonly baseDate: string;
    readonly keyRevision: number;
    readonly keyType: number;
    readonly tariffIndex: number;
    readonly meters: number;
  }[];
  readonly refusals: readonly { readonly refusal: string; readonly meters: number }[];
  readonly vendingKeys: readonly VendingKey[];
}
