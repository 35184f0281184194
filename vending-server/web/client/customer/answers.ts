/** What the server answers to a customer, as far as this page reads it. Money in minor units, energy in 0.1 kWh. */
import type { Line } from './split.ts';

export interface Visit {
  readonly meter: { readonly drn: string };
  readonly saleId: string;
  readonly secondsLeft: number;
  readonly csrfToken: string;
  readonly showsTokens: boolean;
  readonly isSandbox: boolean;
  readonly utility: { readonly name: string; readonly supportNumber: string | null };
  readonly hasPhone: boolean;
  readonly hasEmail: boolean;
}

export interface Purchase {
  readonly saleId: string;
  readonly receiptNumber: string;
  readonly day: string;
  readonly kind: string;
  readonly currency: string;
  readonly paidMinor: number;
  readonly boughtDeciKwh: number;
  readonly givenDeciKwh: number;
  readonly isTakenBack: boolean;
}

export interface Month {
  readonly month: string;
  readonly paidMinor: number;
  readonly boughtDeciKwh: number;
  readonly givenDeciKwh: number;
}

export interface Use {
  readonly days: number;
  readonly perDayKwh: string;
  readonly lastsDays: number;
  readonly lastsUntil: string;
}

export interface Purchases {
  readonly purchases: readonly Purchase[];
  readonly hasMore: boolean;
  readonly months: readonly Month[];
  readonly use: Use | null;
}

export interface Block {
  readonly block: number;
  readonly pricePerKwh: string;
  /** null in the last block. */
  readonly leftDeciKwh: number | null;
}

export interface Token {
  readonly kind: 'credit' | 'keyChange' | 'management';
  readonly tokenNo: string;
  readonly reason?: string;
  readonly amount?: { readonly unit: 'kWh'; readonly amountDeciKwh: number } | { readonly unit: 'money' };
  readonly section?: number;
  readonly of?: number;
}

export interface Receipt {
  readonly receiptNumber: string;
  readonly saleId: string;
  readonly soldAt: string;
  readonly reversedAt?: string;
  readonly timeZone: string;
  readonly utility: { readonly name: string; readonly supportNumber: string | null };
  readonly vendor: { readonly name: string };
  readonly tokens: readonly Token[];
  readonly currency: string;
  readonly paidMinor: number;
  readonly lines: readonly Line[];
  readonly pricesIncludeVat: boolean;
  readonly carriedMinor: string;
  readonly debtsLeft: readonly { readonly label: string; readonly balanceMinor: number }[];
  readonly month: {
    readonly unitsDeciKwh: number;
    readonly before: Block;
    readonly after: Block;
    readonly resetsOn: string;
  } | null;
}

export interface Choice {
  readonly isTold: boolean;
  readonly belowDeciKwh: number;
  readonly channel: 'sms' | 'email';
  readonly maskedTarget: string | null;
  readonly language: string;
  readonly byDay: boolean;
}
