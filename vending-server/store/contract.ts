/**
 * The store as whole operations. Each one is durable and complete when its promise resolves, or changed nothing; none can
 * be left half done by a caller. SQLite and PostgreSQL stand behind it and pass the same suite
 * (test/vending-server/store/store-contract.ts).
 *
 * Refusals that a caller must expect are members of the returned union, in the order in which they are looked for.
 * Money is integer minor units, energy integer 0.1 kWh, times are milliseconds since 1970 UTC.
 */
import type { BaseDate } from '../../lib/identity/attributes.ts';
import type {
  ChainEntry,
  JournalledEntry,
  MeterKeyAttributes,
  ModuleIdentity,
} from '../security-module/contract.ts';
import type { Debt, PurchaseHistory } from '../tariff/history.ts';
import type { AdviceStore } from './advice-contract.ts';
import type { CustomerStore, FaultReportStore, RegisteredContact } from './customer-contract.ts';
import type { KeyStore } from './key-contract.ts';
import type { DayCount, LimitStore, MoneyStore, SaleDesk } from './money-contract.ts';
import type { OperationStore } from './operation-contract.ts';
import type { NewNotification, Outbox, ReceiptKeys } from './outbox.ts';
import type { ApiKeyInfo, ApprovalStore, AuditStore, PeopleStore } from './people-contract.ts';
import type { VisitStore } from './visit-contract.ts';

export interface MeterRecord extends MeterKeyAttributes {
  /** 11 or 13 digits, the number on the meter. */
  readonly drn: string;
  readonly tariffId: string;
  readonly tokenCarrierType: number;
  /** KEN that the meter is known to hold, 0-255; null where that of its vending key counts. */
  readonly keyExpiry: number | null;
  /** Whether an EA07 meter keeps its supply group, and is told it by a third section of a key change. */
  readonly storesSupplyGroup: boolean;
  /** What the meter's key shall be made of from its next key change on; null where nothing shall change. */
  readonly wantedKey: WantedKey | null;
  /** The last set that was issued and that nobody has confirmed; the record names its new key already. */
  readonly issuedKeyChange: IssuedKeyChange | null;
  /** MeterPAN of the meter that took this one's place: nothing is sold to this one any more. */
  readonly replacedBy: string | null;
  /** MeterPAN of the meter whose place this one took. */
  readonly replaces: string | null;
}

/** What a utility decides about a meter's key; revision, type, expiry and base date follow from the vending keys. */
export interface WantedKey {
  readonly supplyGroupCode: string;
  readonly tariffIndex: number;
}

/** Of one key of a meter, all that its decoder key is made of besides the meter's own number, with its KEN. */
export type MeterKeyName = Pick<
  MeterKeyAttributes,
  'decoderKeyAlgorithm' | 'supplyGroupCode' | 'tariffIndex' | 'keyRevision' | 'keyType' | 'baseDate'
> & { readonly keyExpiry: number };

export interface IssuedKeyChange {
  readonly saleId: string;
  readonly changedAt: number;
  readonly from: MeterKeyName;
  readonly to: MeterKeyName;
  readonly threeSections: boolean;
}

/** One version of a tariff; it stands until the next one of the same id begins, and its terms never change. */
export interface TariffVersion {
  readonly tariffId: string;
  readonly validFrom: number;
  /** `TariffTerms` as canonical JSON. */
  readonly terms: string;
}

/** What a meter has bought and owes, with a number that rises by each change. */
export interface MeterPurchases {
  /** 0 for a meter that never bought. */
  readonly version: number;
  readonly history: PurchaseHistory;
}

export interface DebtRecord {
  readonly meterPan: string;
  readonly debt: Debt;
  readonly openedAt: number;
  /** The double entry that opens it. */
  readonly transfers: readonly Transfer[];
}

export interface VendorRecord {
  readonly vendorId: string;
  readonly name: string;
  /** ISO 4217. */
  readonly currency: string;
  /** How far below zero the float may go; 0 for a prepaid vendor. */
  readonly creditLimitMinor: number;
  readonly floatMinor: number;
}

export interface ApiKeyRecord extends ApiKeyInfo {
  /** SHA-256 of the key, hex; the key itself is shown once and never stored. */
  readonly keyHash: string;
}

export interface DepositRequest {
  readonly vendorId: string;
  readonly requestId: string;
  readonly requestHash: string;
  readonly amountMinor: number;
  readonly reference: string;
  readonly at: number;
  /** The double entry of the deposit, durable with it. */
  readonly transfers: readonly Transfer[];
}

export type DepositResult =
  | { readonly kind: 'recorded'; readonly floatMinor: number }
  /** `floatMinor` is the float right after the first recording, as it was answered then. */
  | { readonly kind: 'exists'; readonly floatMinor: number }
  | { readonly kind: 'exists_with_different_request' }
  | { readonly kind: 'vendor_unknown' }
  /** The float would pass 2^53 - 1. */
  | { readonly kind: 'float_too_large' };

/** `same`: held already with equal fields, a retry. `exists`: held with other fields, and left as it was. */
export type PutResult = 'created' | 'same' | 'exists';

/** What a sale asks of the store before a token is made. */
export interface VendClaimRequest {
  readonly vendorId: string;
  readonly requestId: string;
  /** SHA-256 of the canonical request, hex. */
  readonly requestHash: string;
  readonly meterPan: string;
  /** 0 for what is given without money. */
  readonly paidMinor: number;
  /** The version of the purchases that the sale was reckoned with. */
  readonly purchasesVersion: number;
  /** How many tokens carry a TID; 0 for sections of a key change and for money alone. */
  readonly tidCount: number;
  readonly baseDate: BaseDate;
  /** The TID of the present minute; the claim gives this or the next free ones. */
  readonly nowTidMinutes: number;
  /** Highest TID that may be given: how far a bumped TID may run ahead of the clock (open question D3). */
  readonly maxTidMinutes: number;
  /** Of a change-out, the old meter: held like the sale's own, so that nothing is sold to it meanwhile. */
  readonly besides?: { readonly meterPan: string; readonly purchasesVersion: number };
  /** What the counters of its day count of it; without it nothing is limited, and it counts on any day. */
  readonly counted?: ClaimCount;
}

/** A sale as the counters of its day count it, before it is made. */
export interface ClaimCount {
  /** 'YYYY-MM-DD' where the utility is. */
  readonly day: string;
  readonly operatorId: string | undefined;
  readonly amountDeciKwh: number;
  readonly limits: readonly ClaimLimit[];
}

/** The most that a vendor, or one of its operators, may sell on a day, this sale included; null bounds nothing. */
export interface ClaimLimit {
  readonly ruleId: string;
  readonly scope: 'vendor' | 'operator';
  readonly salesMax: number | null;
  readonly paidMinorMax: number | null;
  readonly amountDeciKwhMax: number | null;
}

export interface VendClaim {
  readonly claimId: number;
  readonly request: VendClaimRequest;
  /** As many as were asked for, rising. */
  readonly tidMinutes: readonly number[];
}

/** A finished sale with the exact answer that its request id gives from now on. */
export interface RecordedSale {
  readonly saleId: string;
  readonly vendorId: string;
  readonly requestId: string;
  /** SHA-256 of the canonical request that this answers, hex. */
  readonly requestHash: string;
  /** The exact bytes of the response body. */
  readonly responseBody: string;
}

export type ClaimVendResult =
  | { readonly kind: 'claimed'; readonly claim: VendClaim }
  /** This id with this request is answered already. */
  | { readonly kind: 'exists'; readonly sale: RecordedSale }
  | { readonly kind: 'exists_with_different_request' }
  /** This id, or one of the meters, is being sold at this moment; wait for `settled`, look again and claim again. */
  | { readonly kind: 'in_progress'; readonly settled: Promise<void> }
  /** The vendor has taken this id back before anything was sold under it. */
  | { readonly kind: 'withdrawn' }
  | { readonly kind: 'vendor_unknown' }
  | { readonly kind: 'meter_unknown' }
  /** One of the meters has bought since the sale was reckoned: look again, reckon again. */
  | { readonly kind: 'purchases_changed' }
  | LimitReached
  | { readonly kind: 'float_exhausted'; readonly availableMinor: number }
  | { readonly kind: 'tid_ahead_of_clock' };

/** The first of the limits that a claim would pass, and what is sold and claimed on its day without it. */
export interface LimitReached {
  readonly kind: 'limit_reached';
  readonly ruleId: string;
  readonly count: Omit<DayCount, 'lastAt'>;
}

/** One movement of money between two accounts; a positive amount, so that debits equal credits by construction. */
export interface Transfer {
  readonly debitAccount: string;
  readonly creditAccount: string;
  readonly amountMinor: number;
}

/** Everything that becomes durable with its tokens, in one commit. */
export interface VendRecord {
  readonly saleId: string;
  readonly soldAt: number;
  readonly currency: string;
  /** Energy of all tokens. */
  readonly amountDeciKwh: number;
  /** Energy that was paid for. */
  readonly boughtDeciKwh: number;
  readonly transfers: readonly Transfer[];
  /** What the meter has bought and owes after this sale. */
  readonly history: PurchaseHistory;
  /** One for each token, or one for money that made none, in the order of their counters. */
  readonly entries: readonly JournalledEntry[];
  /** The 20 digits of each token, so that a token can be found by them; none for money alone. */
  readonly tokenNos: readonly string[];
  readonly responseBody: string;
  /** What its credit tokens carry once they are coded; nothing for the token that stands for an earlier one. */
  readonly carried?: Carried;
  /** The meter's record after the key change that the sale begins with. */
  readonly meter?: MeterRecord;
  /** Of a replacement: the token that it stands for, once and for ever. */
  readonly replaces?: ReplacedToken;
  /** Of a change-out: what moves from the meter that the claim holds besides. */
  readonly changeOut?: ChangeOut;
  /** Who sold it, where and for what money. */
  readonly desk?: SaleDesk;
  /** Messages about the sale; none when absent. */
  readonly notifications?: readonly NewNotification[];
}

/** What credit tokens carry, energy and money for meters that bill by band. */
export interface Carried {
  readonly amountDeciKwh: number;
  /** Whole 0.00001 of the currency unit. */
  readonly amountHundredThousandth: number;
}

/** A token of an earlier sale. */
export interface ReplacedToken {
  readonly saleId: string;
  /** Of the answer's tokens, from 1. */
  readonly place: number;
  /** Its entry of the chain. */
  readonly moduleId: string;
  readonly counter: number;
}

/** The old meter's debts go to new ones on the meter of the sale, opened by the sale's own transfers. */
export interface ChangeOut {
  readonly debts: readonly MovedDebt[];
}

export interface MovedDebt {
  readonly fromDebtId: string;
  /** As it stands on the new meter; the old one is left with nothing. */
  readonly debt: Debt;
}

/** What became of a sale's tokens since. */
export interface SaleAftermath {
  /** Taken back, because its tokens were seen by nobody. */
  readonly isReversed: boolean;
  readonly replaced: readonly { readonly place: number; readonly bySaleId: string }[];
}

/** Everything that a sale looks at, of one moment. */
export interface SaleView {
  /** Undefined unless a request id was asked for and is answered. */
  readonly earlier: RecordedSale | undefined;
  readonly vendor: VendorRecord | undefined;
  readonly meter: MeterRecord | undefined;
  readonly purchases: MeterPurchases;
  /** All versions of the meter's tariff, the earliest first. */
  readonly tariff: readonly TariffVersion[];
  /** Where the meter's customer is told of sales, if he agreed to it. */
  readonly contact: RegisteredContact | undefined;
}

export interface AccountBalance {
  readonly account: string;
  readonly debitMinor: number;
  readonly creditMinor: number;
}

/** A chain entry as the ledger holds it: sold, or issued by the module and never released. */
export interface LedgerEntry extends ChainEntry {
  readonly state: 'released' | 'unreleased';
  readonly saleId: string | null;
  readonly meterPan: string;
  /** null for a section of a key change, which carries none. */
  readonly tidMinutes: number | null;
}

export interface Store {
  /** What whoever runs the server needs of the store, beside sales. */
  readonly operation: OperationStore;
  readonly people: PeopleStore;
  readonly approvals: ApprovalStore;
  readonly audit: AuditStore;
  readonly money: MoneyStore;
  readonly limits: LimitStore;
  readonly advice: AdviceStore;
  readonly customers: CustomerStore;
  readonly faultReports: FaultReportStore;
  readonly visits: VisitStore;
  readonly keys: KeyStore;
  readonly outbox: Outbox;
  readonly receiptKeys: ReceiptKeys;
  /**
   * Rises whenever anything but a sale is written, where this process alone writes: settings that were read stand until then.
   * Undefined where others write too.
   */
  settingsVersion(): number | undefined;

  // Registry.
  putTariff(version: TariffVersion): Promise<PutResult>;
  /** All versions, the earliest first; none when there is no such tariff. */
  findTariff(tariffId: string): Promise<readonly TariffVersion[]>;
  /** By their names, after this one. */
  tariffIds(after: string, limit: number): Promise<readonly string[]>;
  putMeter(meter: MeterRecord): Promise<PutResult>;
  findMeter(meterPan: string): Promise<MeterRecord | undefined>;
  findPurchases(meterPan: string): Promise<MeterPurchases>;
  /** @returns `exists` for an id that is held with other terms or by another meter. */
  openDebt(debt: DebtRecord): Promise<PutResult | 'meter_unknown' | 'meter_changed_out'>;
  putVendor(vendor: Omit<VendorRecord, 'floatMinor'>): Promise<PutResult>;
  findVendor(vendorId: string): Promise<VendorRecord | undefined>;
  /** By their ids, those after this one. */
  vendors(after: string, limit: number): Promise<readonly VendorRecord[]>;
  addApiKey(key: ApiKeyRecord): Promise<void>;
  findApiKey(keyHash: string): Promise<ApiKeyRecord | undefined>;
  hasOperatorKey(): Promise<boolean>;
  /** Idempotent by (vendor, request id) like a sale. */
  deposit(request: DepositRequest): Promise<DepositResult>;

  // Selling: look, claim, then record or release. A claim lives only as long as this process.
  viewForSale(asked: {
    readonly vendorId: string;
    readonly requestId?: string;
    readonly meterPan: string;
  }): Promise<SaleView>;
  /** @param view - what the sale was reckoned with: what still stands of it need not be looked up again. */
  claimVend(request: VendClaimRequest, view?: SaleView): Promise<ClaimVendResult>;
  /**
   * @throws StsFault `token_not_replaceable` when what is to be replaced was replaced or taken back, `meter_changed_out` when
   *   the old meter of a change-out is not as it was reckoned with: both only where a claim did not keep others away.
   */
  recordVend(claim: VendClaim, record: VendRecord): Promise<RecordedSale>;
  /** Gives the float and the request id back; the TID stays used. */
  releaseClaim(claim: VendClaim): void;
  findSale(saleId: string): Promise<RecordedSale | undefined>;
  findSaleByRequest(vendorId: string, requestId: string): Promise<RecordedSale | undefined>;
  findAftermath(saleId: string): Promise<SaleAftermath>;
  /** What all released tokens of a meter carry, without those that were replaced or taken back. */
  soldTo(meterPan: string): Promise<Carried>;

  // Proof.
  /**
   * Ties the data folder to one module for ever, before its first token.
   * @throws StsFault `ledger_mismatch` for another module, and for one that has issued tokens into a ledger that is gone.
   */
  bindModule(identity: Pick<ModuleIdentity, 'moduleId' | 'publicKey' | 'counter'>): Promise<void>;
  /** The modules whose chains stand in these books, by their ids: one on SQLite, on PostgreSQL each server's. */
  modules(): Promise<readonly Pick<ModuleIdentity, 'moduleId' | 'publicKey'>[]>;
  /** SPKI DER, base64, of a module that these books know: the server's own, or on PostgreSQL another server's. */
  publicKeyOf(moduleId: string): Promise<string | undefined>;
  lastEntry(moduleId: string): Promise<LedgerEntry | undefined>;
  /** The last entry that carries a signature. */
  lastSignedEntry(moduleId: string): Promise<LedgerEntry | undefined>;
  /** The highest counter up to which no entry is missing; sales may become durable in another order than their counters. */
  counterWithoutGap(moduleId: string): Promise<number>;
  entries(moduleId: string, afterCounter: number, limit: number): Promise<readonly LedgerEntry[]>;
  /** The entry of a token, sold or never released. @param tokenNo - 20 digits. */
  findEntryByToken(tokenNo: string): Promise<LedgerEntry | undefined>;
  /** The entries of a sale in the order of their counters; none when there is no such sale. */
  findEntriesBySale(saleId: string): Promise<readonly LedgerEntry[]>;
  /**
   * Names tokens that the module made and no sale released, and keeps their TIDs used. Entries held already are skipped.
   * @returns how many were added.
   * @throws StsFault `ledger_mismatch` when an entry is held with another hash; then none is added.
   */
  recordUnreleased(entries: readonly JournalledEntry[]): Promise<number>;
  trialBalance(): Promise<readonly AccountBalance[]>;

  /** Cheap proof that the database answers. @throws StsFault `store_unavailable`, `store_damaged`. */
  ping(): Promise<void>;
  close(): Promise<void>;
}

/** A sale as it stands in the books, with the money that its posting moved. */
export interface SaleRow {
  readonly saleId: string;
  readonly vendorId: string;
  readonly requestId: string;
  readonly requestHash: string;
  readonly meterPan: string;
  readonly currency: string;
  readonly paidMinor: number;
  readonly amountDeciKwh: number;
  readonly soldAt: number;
  readonly responseBody: string;
  /** SHA-256 of the response body, as it was when it was written. */
  readonly responseDigest: string;
  readonly transfers: readonly Transfer[];
}

/** A deposit as it stands in the books. */
export interface DepositRow {
  readonly vendorId: string;
  readonly requestId: string;
  readonly requestHash: string;
  readonly currency: string;
  readonly amountMinor: number;
  readonly reference: string;
  readonly depositedAt: number;
  readonly transfers: readonly Transfer[];
}

/** A debt as it was opened, and what is left of it. */
export interface DebtRow {
  readonly debtId: string;
  readonly meterPan: string;
  readonly openedMinor: number;
  readonly balanceMinor: number;
  readonly openedAt: number;
  readonly transfers: readonly Transfer[];
}

/** A chain entry with the sale that it is the first of; `sale` is undefined on the others, and when no such sale is held. */
export interface EntryRow {
  readonly entry: LedgerEntry & Pick<JournalledEntry, 'baseDate'>;
  readonly sale: SaleRow | undefined;
}

/** What was taken back of a sale, as it stands in the books: the word about it, and the money that moved. */
export interface ReversalRow {
  readonly saleId: string;
  /** null where the transfers stand alone, without the word that the sale was taken back. */
  readonly reversedAt: number | null;
  readonly reversedBy: string | null;
  readonly reason: string | null;
  readonly transfers: readonly Transfer[];
}

/** A sale whose entries stand in another module's chain. */
export interface ElsewhereRow {
  readonly moduleId: string;
  readonly sale: SaleRow;
}

/** Rows one after another, as fast as the reader takes them: SQLite gives them at once, a server over a wire later. */
export type Rows<Row> = Iterable<Row> | AsyncIterable<Row>;

/**
 * One moment of the books, for auditors: every row as it stands, believed by nobody. All of it is read from one snapshot, in
 * the order of the counters and never all at once; a server may go on selling meanwhile.
 */
export interface LedgerSnapshot {
  readonly module: Pick<ModuleIdentity, 'moduleId' | 'publicKey'> | undefined;
  /** Every sale that was taken back; few of them. */
  reversals(): Rows<ReversalRow>;
  entries(): Rows<EntryRow>;
  /** Sales that no entry names: an honest ledger has none. */
  salesWithoutEntry(): Rows<SaleRow>;
  /** Where several modules sell into one ledger: all sales but this module's, whose money the floats hold too. */
  salesElsewhere?(): Rows<ElsewhereRow>;
  deposits(): Rows<DepositRow>;
  debts(): Rows<DebtRow>;
  /** Transfers that neither a sale, its reversal, a deposit nor a debt explains. */
  otherTransfers(): Rows<Transfer & { readonly cause: string }>;
  vendors(): Rows<VendorRecord>;
  close(): void | Promise<void>;
}
