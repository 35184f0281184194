/**
 * What is said of sales after they were made: who has seen their tokens, what the vendor confirms, what is taken back. Part of
 * the store's contract: whole operations, durable when their promise resolves. Money is integer minor units, energy integer
 * 0.1 kWh, times are milliseconds since 1970 UTC.
 *
 * A sale without a word counts as seen by whoever asked for it. `unseen` is written when its answer has certainly not left;
 * from then on the first who shows its tokens turns the word into `seen`, and whoever takes the sale back turns it into
 * `reversed`: one of the two, once, on whatever server.
 */
import type { DebtRecord, RecordedSale, SaleRow, Transfer } from './contract.ts';

export type AdviceState = 'unseen' | 'seen' | 'confirmed' | 'reversed';

export interface SaleAdvice {
  readonly state: AdviceState;
  readonly at: number;
  /** Who said it, '' for a server that showed a token. */
  readonly by: string;
  /** Why it was taken back; '' otherwise. */
  readonly note: string;
}

export type WithdrawResult =
  /** Something was sold under this id: nothing is withdrawn. */
  | { readonly kind: 'sold'; readonly sale: RecordedSale }
  /** It is being sold at this moment: wait for `settled` and ask again. */
  | { readonly kind: 'in_progress'; readonly settled: Promise<void> }
  /** Nothing was sold under this id and nothing will be; `at` is when that was first said. */
  | { readonly kind: 'withdrawn'; readonly at: number }
  | { readonly kind: 'vendor_unknown' };

export type ConfirmResult =
  | { readonly kind: 'confirmed'; readonly at: number }
  | { readonly kind: 'reversed' }
  | { readonly kind: 'sale_unknown' };

interface ReversalBase {
  readonly sale: Pick<
    SaleRow,
    'saleId' | 'vendorId' | 'requestId' | 'meterPan' | 'paidMinor' | 'amountDeciKwh' | 'soldAt'
  >;
  readonly at: number;
  readonly by: string;
  readonly reason: string;
  /** The day whose counters the sale stands in, 'YYYY-MM-DD'. */
  readonly day: string;
  /** What gives the money back to the vendor's float, all of it. */
  readonly transfers: readonly Transfer[];
}

/** As if the sale had never been: the meter's history and debts go back too. */
export interface WholeReversal extends ReversalBase {
  readonly kind: 'whole';
  /** Whether it has tokens: then it must be `unseen`. */
  readonly hasTokens: boolean;
  /** What the sale took for debts and they are owed again. */
  readonly debts: readonly { readonly debtId: string; readonly amountMinor: number }[];
}

/** The vendor has his money back, and the meter owes it: its history stays, because the token may have been used. */
export interface DebtReversal extends ReversalBase {
  readonly kind: 'meterDebt';
  readonly debt: DebtRecord;
}

export type SaleReversal = WholeReversal | DebtReversal;

export type ReverseResult =
  | { readonly kind: 'reversed'; readonly at: number }
  /** It was before; `at` is when. */
  | { readonly kind: 'exists'; readonly at: number }
  | { readonly kind: 'confirmed' }
  | { readonly kind: 'token_may_be_seen' }
  /** The meter has bought since: its history cannot go back behind that. */
  | { readonly kind: 'sold_since' }
  /** The meter is being sold to: wait for `settled` and ask again. */
  | { readonly kind: 'in_progress'; readonly settled: Promise<void> }
  /** The debt's id is held by another one. */
  | { readonly kind: 'debt_exists' }
  | { readonly kind: 'float_too_large' };

/** A line of a vendor's list of sales. */
export interface SaleListEntry {
  /** Of the float's movement: lists go by it. */
  readonly entryId: number;
  readonly saleId: string;
  readonly requestId: string;
  readonly soldAt: number;
  readonly meterPan: string;
  readonly drn: string;
  readonly currency: string;
  readonly paidMinor: number;
  /** Energy of all tokens. */
  readonly amountDeciKwh: number;
  readonly saleKind: string;
  readonly operatorId: string | null;
  readonly tillId: string | null;
  readonly state: AdviceState | null;
}

export interface SaleListFilter {
  readonly vendorId: string;
  readonly operatorId: string | null;
  readonly tillId: string | null;
  /** Only sales before this entry; null from the newest. */
  readonly before: number | null;
  readonly limit: number;
}

/** How many movements one page of the list looks at, whoever is asked for. */
export const SALE_LIST_SCAN = 2000;

export interface SaleListPage {
  /** The newest first. */
  readonly sales: readonly SaleListEntry[];
  /** Where the next page begins; a page may be short, or empty, before the last one. */
  readonly next: number | null;
}

/** A sale to a meter, by whatever vendor. */
export interface MeterSale {
  readonly saleId: string;
  readonly vendorId: string;
  readonly soldAt: number;
  /** The exact answer, digits and all. */
  readonly responseBody: string;
  readonly state: AdviceState | null;
}

export interface AdviceStore {
  /**
   * Tokens of the sale are about to be shown: an `unseen` word is taken away for ever, and no `unseen` can be written any more.
   * @returns what is said of the sale then, never `unseen`: of a `reversed` one nothing may be shown.
   */
  show(saleId: string, at: number): Promise<SaleAdvice>;
  /** What is said of the sale, for those who show nothing of it. */
  find(saleId: string): Promise<SaleAdvice | undefined>;
  /**
   * The answer of this sale has certainly not left, and no message tells of it. @returns false when something was said before,
   * or a server that knows nothing of this may show it.
   */
  markUnseen(saleId: string, at: number): Promise<boolean>;
  /** The vendor says that the customer has the tokens; a second time changes nothing. */
  confirm(saleId: string, at: number, by: string): Promise<ConfirmResult>;
  /** Takes a request id away for ever, unless something was sold under it. */
  withdraw(request: {
    readonly vendorId: string;
    readonly requestId: string;
    readonly at: number;
    readonly by: string;
  }): Promise<WithdrawResult>;
  /** The sale as it stands in the books, with its transfers. */
  findSaleRow(saleId: string): Promise<SaleRow | undefined>;
  /** Gives the money of a sale back, once, with everything that belongs to it in one commit. */
  reverse(reversal: SaleReversal): Promise<ReverseResult>;
  sales(filter: SaleListFilter): Promise<SaleListPage>;
  /** What was sold to a meter, the newest first: before this sale, or from the newest for null. */
  meterSales(meterPan: string, before: string | null, limit: number): Promise<readonly MeterSale[]>;
}
