/**
 * What a receipt says, as plain data (vending.md section 7): everything that is printed and signed, and nothing about how.
 * Language and the mark of a copy are no part of it, so that each print of one sale carries one signature.
 *
 * Money is integer minor units, energy integer 0.1 kWh, prices and carried money decimal text, times ISO 8601 UTC.
 */
import type { BlockPosition } from '../tariff/energy.ts';
import type { SaleLine } from '../tariff/reckon.ts';

export interface ReceiptFacts {
  readonly receiptNumber: string;
  /** null where the utility gives none; many countries want an unbroken series. */
  readonly vatInvoiceNumber: string | null;
  readonly saleId: string;
  readonly soldAt: string;
  /** When the sale was taken back: its tokens are then left out. Absent from all others. */
  readonly reversedAt?: string;
  /** IANA name: the receipt shows the time of the wall clock there. */
  readonly timeZone: string;
  readonly utility: Utility;
  readonly vendor: Seller;
  readonly operator: string | null;
  readonly terminal: string | null;
  readonly customer: Customer | null;
  readonly meter: ReceiptMeter;
  /** In the order in which they are keyed in: key-change tokens first. */
  readonly tokens: readonly ReceiptToken[];
  readonly currency: string;
  /** What the sale took: the lines sum to it. */
  readonly paidMinor: number;
  readonly lines: readonly ReceiptLine[];
  readonly tariffName: string;
  readonly pricesIncludeVat: boolean;
  /** Debts of the meter that this payment did not touch, or did not end. */
  readonly debtsLeft: readonly DebtLeft[];
  readonly cash: Cash | null;
  /** null for a tariff that bills by band. */
  readonly month: ReceiptMonth | null;
  /** Money below the price of 0.1 kWh that waits for the next purchase, minor units as decimal text. */
  readonly carriedMinor: string;
  /** What the utility tells its customers. */
  readonly message: string | null;
  /** What was given without money, and why; absent for a sale, so that its facts are what they always were. */
  readonly given?: GivenFacts;
}

export const GIVEN_KINDS = [
  'freeBasic',
  'freeIssue',
  'replacement',
  'transfer',
  'keyChange',
  'engineering',
] as const;
export type GivenKind = (typeof GIVEN_KINDS)[number];

export interface GivenFacts {
  readonly kind: GivenKind;
  /** A word of the utility's list, and a sentence. */
  readonly reasonCode: string | null;
  readonly reason: string | null;
  /** Who agreed to it. */
  readonly approvedBy: string | null;
  /** Number of the receipt on which the token stands that this one replaces. */
  readonly originalReceipt: string | null;
  /** Number of the meter that the credit was read off. */
  readonly oldMeter: string | null;
  /** Whether more was moved than the ledger ever sold to that meter. */
  readonly isAboveSold: boolean;
}

export interface Utility {
  readonly name: string;
  readonly addressLines: readonly string[];
  readonly taxNumber: string | null;
  /** Whom to call. */
  readonly supportNumber: string | null;
}

export interface Seller {
  readonly vendorId: string;
  readonly name: string;
  readonly addressLines: readonly string[];
}

export interface Customer {
  readonly name: string | null;
  readonly addressLines: readonly string[];
  readonly account: string | null;
  readonly locationReference: string | null;
}

export interface ReceiptMeter {
  readonly drn: string;
  readonly meterPan: string;
  readonly supplyGroupCode: string;
  readonly keyRevision: number;
  readonly tariffIndex: number;
  /** Encryption algorithm, 'AT' on slips; null where the sale did not keep it. */
  readonly encryptionAlgorithm: number | null;
  /** 'TT' on slips: 02 for 20 digits keyed by hand. */
  readonly tokenTechnology: string;
  readonly daysSinceLastPurchase: number | null;
}

export type CreditReason = 'paid' | 'free' | 'freeIssue' | 'replacement' | 'transfer';

export type ReceiptToken =
  | {
      readonly kind: 'credit';
      readonly reason: CreditReason;
      readonly tokenNo: string;
      readonly amount: TokenAmount;
    }
  | {
      readonly kind: 'keyChange';
      readonly tokenNo: string;
      /** 1 for the first of the set. */
      readonly section: number;
      readonly of: number;
    }
  | {
      readonly kind: 'management';
      readonly tokenNo: string;
      readonly purpose: Purpose;
      /** What the command sets, by the names of lib. */
      readonly values: Readonly<Record<string, number | boolean>>;
    };

export const PURPOSES = [
  'setMaximumPowerLimit',
  'clearCredit',
  'setTariffRate',
  'clearTamper',
  'setMaximumPhasePowerUnbalanceLimit',
  'setWaterMeterFactor',
  'setFlag',
  'setControl',
] as const;
export type Purpose = (typeof PURPOSES)[number];

/** What a token carries: energy, or money for a meter that bills by band, in whole 0.00001 of the currency unit. */
export type TokenAmount =
  | { readonly unit: 'kWh'; readonly amountDeciKwh: number }
  | { readonly unit: 'money'; readonly amountHundredThousandth: number };

/** A line of the sale, as the tariff reckoned it, or what rounding took or gave. */
export type ReceiptLine =
  | SaleLine
  | { readonly kind: 'rounding'; readonly amountMinor: number; readonly taxMinor: number };

export interface DebtLeft {
  readonly label: string;
  readonly balanceMinor: number;
}

export interface Cash {
  /** What the amount due was rounded by for want of small coins; below 0 in the customer's favour. */
  readonly roundingMinor: number;
  readonly tenderedMinor: number;
  readonly changeMinor: number;
}

export interface ReceiptMonth {
  /** Units bought in the month, this purchase included. */
  readonly unitsDeciKwh: number;
  readonly before: BlockPosition;
  readonly after: BlockPosition;
  /** The day on which the blocks begin anew, 'YYYY-MM-DD' where the utility is. */
  readonly resetsOn: string;
}
