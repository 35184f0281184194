/**
 * Whose meters they are, and what vendors report of them. Part of the store's contract. Everything here is personal: it is in no
 * log, no error, no address and no chain, and goes when it is removed.
 */

export interface CustomerRecord {
  readonly meterPan: string;
  readonly name: string | null;
  readonly addressLines: readonly string[];
  readonly account: string | null;
  /** Where the meter hangs, in the utility's own words: a stand, a pole, a plot. */
  readonly locationReference: string | null;
  /** An identity or customer number. */
  readonly reference: string | null;
  /** E.164. */
  readonly phone: string | null;
  readonly email: string | null;
  readonly language: string | null;
  /** Whether the customer wants to be told at this contact of what is bought for the meter. */
  readonly notify: boolean;
  readonly updatedAt: number;
}

/** Where a customer who agreed to it is told. */
export interface RegisteredContact {
  readonly phone: string | null;
  readonly email: string | null;
  readonly language: string | null;
}

/** The place in a list of what was found: the word that led to the last one, and its meter. */
export interface SearchPlace {
  /** Which of the beginnings leads. */
  readonly lead: number;
  readonly word: string;
  readonly meterPan: string;
}

export interface CustomerSearch {
  /** Beginnings of words, all of which must be met. At least one. */
  readonly beginnings: readonly string[];
  readonly after: SearchPlace | null;
  readonly limit: number;
}

export interface FoundCustomer {
  readonly customer: CustomerRecord;
  readonly drn: string;
}

export interface SearchPage {
  readonly found: readonly FoundCustomer[];
  /** A page may be short, or empty, before the last one. */
  readonly next: SearchPlace | null;
}

/** Of each beginning so many words are counted to find the rarest; of that one so many are looked at for a page. */
export const SEARCH_COUNT = 1000;
export const SEARCH_SCAN = 2000;

export interface CustomerStore {
  /** @param words - all by which it is found. */
  put(
    customer: CustomerRecord,
    words: readonly string[],
  ): Promise<'created' | 'changed' | 'same' | 'meter_unknown'>;
  find(meterPan: string): Promise<CustomerRecord | undefined>;
  /** With its words and all messages to its contact. @returns false when there was none. */
  remove(meterPan: string): Promise<boolean>;
  search(search: CustomerSearch): Promise<SearchPage>;
}

export const FAULT_REPORT_KINDS = [
  'noSupply',
  'tokenRejected',
  'displayBlank',
  'meterDamaged',
  'tampered',
  'other',
] as const;
export type FaultReportKind = (typeof FAULT_REPORT_KINDS)[number];

export const FAULT_REPORT_STATES = ['open', 'underWay', 'closed'] as const;
export type FaultReportState = (typeof FAULT_REPORT_STATES)[number];

export interface FaultReport {
  readonly reportId: number;
  readonly vendorId: string;
  /** The vendor's own id: the same report told twice is told once. */
  readonly requestId: string;
  readonly meterPan: string;
  readonly kind: FaultReportKind;
  readonly text: string;
  readonly reportedAt: number;
  readonly reportedBy: string;
  readonly state: FaultReportState;
  /** What the utility says of it. */
  readonly note: string;
  readonly changedAt: number | null;
  readonly changedBy: string | null;
}

export type FaultReportDraft = Omit<FaultReport, 'reportId' | 'state' | 'note' | 'changedAt' | 'changedBy'>;

export interface FaultReportStore {
  /** @returns `exists_with_different_request` for an id that was used for another meter, kind or text. */
  add(
    report: FaultReportDraft,
  ): Promise<
    | { readonly kind: 'created' | 'same'; readonly report: FaultReport }
    | { readonly kind: 'exists_with_different_request' | 'meter_unknown' }
  >;
  find(reportId: number): Promise<FaultReport | undefined>;
  /** The newest first, before this id. */
  list(filter: {
    readonly vendorId: string | null;
    readonly meterPan: string | null;
    readonly state: FaultReportState | null;
    readonly before: number | null;
    readonly limit: number;
  }): Promise<readonly FaultReport[]>;
  /** @returns undefined when there is no such report. */
  change(
    change: Pick<FaultReport, 'reportId' | 'state' | 'note'> & { readonly at: number; readonly by: string },
  ): Promise<FaultReport | undefined>;
}
