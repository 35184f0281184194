/**
 * The security module as the rest of the server sees it: questions about keys go in, tokens and signed evidence come out.
 *
 * The module alone holds vending keys. It numbers every token with its own counter, without a gap, and links each one to
 * the one before it, so that a ledger can be proved complete against it:
 *
 *   entryHash(n) = SHA-256(entryHash(n-1) | moduleId | counter | saleDigest | tokenDigest | statement)   (ledger/chain.ts)
 *
 * One Ed25519 signature covers the last entry hash of every batch and with it all entries before. The module keeps its own
 * durable journal: `sealed` means that the journal is on disk, and only then may a token leave the server.
 */
import type {
  BaseDate,
  DecoderKeyAlgorithm,
  EncryptionAlgorithm,
  KeyType,
} from '../../lib/identity/attributes.ts';
import type { KeyChangeSection } from '../../lib/keys/key-change.ts';
import type { CreditToken, CurrencyToken, DisplayToken, ManagementToken } from '../../lib/token/kinds.ts';

/** Which vending key and which meter: everything the decoder key is derived from. */
export interface MeterKeyAttributes {
  /** 18 digits. */
  readonly meterPan: string;
  readonly encryptionAlgorithm: EncryptionAlgorithm;
  readonly decoderKeyAlgorithm: DecoderKeyAlgorithm;
  readonly supplyGroupCode: string;
  readonly tariffIndex: number;
  readonly keyRevision: number;
  readonly keyType: KeyType;
  readonly baseDate: BaseDate;
  /** TCT, 0-99; 1 is the magnetic card, for which alone common keys are (sts.md 1.2, 6.6). A keypad when left out. */
  readonly tokenCarrierType?: number;
}

/** One of a union without the fields that the order or the module gives. */
type Unissued<Token> = Token extends unknown ? Omit<Token, 'tidMinutes' | 'rnd'> : never;

/** A currency credit as it crosses between processes: JSON has no integers of this size, so the amount is text. */
export type CurrencyTokenText = Omit<CurrencyToken, 'amountHundredThousandth'> & {
  /** Whole 0.00001 of the currency unit, decimal digits, with '-' for a debt. */
  readonly amountHundredThousandth: string;
};

export interface CreditOrder {
  readonly purpose: 'credit';
  readonly meter: MeterKeyAttributes;
  readonly tidMinutes: number;
  readonly token: Unissued<CreditToken> | Unissued<CurrencyTokenText>;
}

export interface ManagementOrder {
  readonly purpose: 'management';
  readonly meter: MeterKeyAttributes;
  readonly tidMinutes: number;
  readonly token: Unissued<ManagementToken>;
}

/** A key-change set: two, three or four tokens under the old key. RO comes from the base dates, KEN from the new key. */
export interface KeyChangeOrder {
  readonly purpose: 'keyChange';
  readonly from: MeterKeyAttributes;
  readonly to: MeterKeyAttributes;
  /** A third section with the supply group, for meters with EA07 that keep it; EA11 sets always have four. */
  readonly threeSections: boolean;
  /** KEN as the meter holds it, where known: with nothing else changed, a set can bring it a new one. */
  readonly fromKeyExpiry?: number;
}

/** Money that makes no token, because arrears and charges take all of it: counted and chained like a token, needs no key. */
export interface PaymentOrder {
  readonly purpose: 'payment';
  readonly meter: MeterKeyAttributes;
}

export type TokenOrder = CreditOrder | ManagementOrder | KeyChangeOrder | PaymentOrder;

/** All tokens of one sale: all are made, or none and no counter is taken. */
export interface IssueRequest {
  /** One at least; a key change comes first, and at most one; a payment stands alone. */
  readonly orders: readonly TokenOrder[];
  /** SHA-256 of what is sold to whom, 64 lower-case hex digits; ties the tokens to their sale without telling it. */
  readonly saleDigest: string;
}

/** The module's evidence for one token, a row of the chain. */
export interface ChainEntry {
  readonly moduleId: string;
  /** 1, 2, 3 … without a gap for the life of the module. */
  readonly counter: number;
  readonly saleDigest: string;
  /** SHA-256 of the 20 digits, hex; of a payment without a token that of the sale (ledger/chain.ts). */
  readonly tokenDigest: string;
  readonly previousHash: string;
  readonly entryHash: string;
  /** Ed25519 over the 32 bytes of the entry hash, base64; on the last entry of each batch, '' on the others. */
  readonly signature: string;
  /** What the token is (ledger/token-statement.ts), bound by the hash; '' in entries made before there were statements. */
  readonly statement: string;
}

/** What a token carries; of a key change without the 32 bits of the new key. */
export type CarriedToken =
  | CreditToken
  | CurrencyTokenText
  | ManagementToken
  | (KeyChangeSection extends infer Section
      ? Section extends unknown
        ? Omit<Section, 'keyPart'>
        : never
      : never);

/** An entry of the chain that stands for money alone. */
export interface PaymentEntry {
  readonly kind: 'payment';
}

export interface IssuedToken {
  /** 20 digits; null for a payment. */
  readonly tokenNo: string | null;
  readonly carried: CarriedToken | PaymentEntry;
  readonly entry: ChainEntry;
}

export interface IssuedTokens {
  /** In the order of the request; a key change gives all its sections. */
  readonly tokens: readonly IssuedToken[];
  /**
   * Whether nothing else was made with them, so that the last entry carries the signature: a ledger that holds them is proof
   * enough for a journal that lost them. Then they may be recorded before they are sealed, and not otherwise: an entry
   * without a signature that only the ledger holds could not be told from a forgery.
   */
  readonly isProvable: boolean;
  /** Resolves when the module's journal holds the entries durably; rejects with an StsFault when it cannot. */
  readonly sealed: Promise<void>;
}

/** An entry of the module's journal, enough to account for a token that the ledger never saw. */
export interface JournalledEntry extends ChainEntry {
  readonly meterPan: string;
  /** null for a section of a key change, which carries none. */
  readonly tidMinutes: number | null;
  /** Of the key under which the token was made. */
  readonly baseDate: BaseDate;
}

export interface ModuleIdentity {
  readonly moduleId: string;
  /** Ed25519 public key, SPKI DER, base64: all that a verifier needs. */
  readonly publicKey: string;
  /** Last counter and entry hash of the journal; 0 and 64 zeros when nothing was issued yet. */
  readonly counter: number;
  readonly entryHash: string;
}

/** What limits the use of a vending key beyond its dates; each is optional (sts.md 9.1). */
export interface VendingKeyLimits {
  /** Class and subclass of what it may issue, such as '0.0'; everything when left out. */
  readonly allowedSubclasses?: readonly string[];
  /** ULM: most units on one token, in 0.1 of its unit. */
  readonly unitLimitDeci?: number;
  /** CLM: most money on one token, in 0.00001 of the currency unit. */
  readonly currencyLimitHundredThousandth?: number;
  /** CLU: keys change within one cluster alone; 0 when left out. */
  readonly cluster?: number;
}

/** The attributes of a vending key that may be told; never the key. */
export interface VendingKeyAttributes extends VendingKeyLimits {
  readonly supplyGroupCode: string;
  readonly keyRevision: number;
  readonly keyType: KeyType;
  readonly baseDate: BaseDate;
  readonly keyExpiry: number;
  readonly decoderKeyAlgorithm: DecoderKeyAlgorithm;
  /** ISO 8601 UTC. */
  readonly activeFrom: string;
  readonly issueUntil: string;
  /** Six hex digits of our own HMAC-based check value (open question C4), to compare two copies of a key. */
  readonly checkValue: string;
}

/** One batch: how many tokens it asked for, how many requests waited behind it, how long until its journal was durable. */
export interface BatchReport {
  readonly requests: number;
  readonly waiting: number;
  readonly seconds: number;
}

/** What the module has made of one kind under one vending key, in its whole life. */
export interface KeyCounter {
  readonly supplyGroupCode: string;
  readonly keyRevision: number;
  readonly keyType: KeyType;
  readonly baseDate: BaseDate;
  readonly kind: string;
  readonly tokens: number;
  /** Sum of what credits carry, in the unit of the kind, decimal text; '0' for other kinds. */
  readonly carried: string;
}

export interface ModuleCounters {
  /** The sum of all tokens below, and the counter of the last entry. */
  readonly counter: number;
  readonly keys: readonly KeyCounter[];
  /** Entries from before there were counters, and those that the journal lost and took over from the ledger. */
  readonly uncounted: number;
}

export interface VerifyRequest {
  readonly tokenNo: string;
  readonly meter: MeterKeyAttributes;
  /** Tries every vending key held for the supply group: each revision, key type and base date. */
  readonly underAnyKey: boolean;
}

/** What a token is under one key. */
export interface VerifiedToken {
  readonly supplyGroupCode: string;
  readonly keyRevision: number;
  readonly keyType: KeyType;
  readonly baseDate: BaseDate;
  readonly read:
    | CarriedToken
    | DisplayToken
    | { readonly kind: 'crcError' }
    | { readonly kind: 'malformed' | 'unsupported'; readonly tokenClass: number; readonly subclass: number };
}

export interface SecurityModule {
  identity(): Promise<ModuleIdentity>;
  vendingKeys(): Promise<readonly VendingKeyAttributes[]>;
  counters(): Promise<ModuleCounters>;
  /**
   * @throws StsFault, in this order: `request_malformed`, `vending_key_no_credit`, `vending_key_unknown`,
   *   `key_type_not_supported`, `algorithm_not_supported`, `vending_key_not_active`, `vending_key_issue_ended`,
   *   `token_carrier_not_allowed`, `subclass_not_allowed`, `base_date_ended`, `key_expired`, `tid_outside_clock_window`,
   *   `amount_out_of_range`, `unit_limit_exceeded`, `currency_limit_exceeded`; for a key change `key_change_not_allowed`
   *   and `date_out_of_range`; at any time `security_module_unavailable`. A refusal takes no counter.
   */
  issue(request: IssueRequest): Promise<IssuedTokens>;
  /**
   * Reads a token under one key; under any key, only those that it fits, and none when it fits no key. Dates and limits of
   * keys do not matter here: old tokens must stay readable.
   * @throws StsFault `request_malformed`, `vending_key_unknown`, `token_number_too_large`, `key_type_not_supported`,
   *   `security_module_unavailable`.
   */
  verify(request: VerifyRequest): Promise<readonly VerifiedToken[]>;
  /** Journalled entries with a counter above `counter`, in order; at most `limit`. */
  entriesAfter(counter: number, limit: number): Promise<readonly JournalledEntry[]>;
  /**
   * Tells the module the last entry that the ledger holds. A journal that lost its tail in a power cut adopts it after
   * checking its own signature; one that contradicts it refuses.
   * @throws StsFault `ledger_mismatch`.
   */
  reconcile(lastSigned: ChainEntry): Promise<ModuleIdentity>;
  /** A consistent copy of the journal as one file, made beside running sales. The file must not exist. */
  copyJournal(path: string): Promise<void>;
  /** Called when the module has died for good; it then answers `security_module_unavailable` for ever. */
  onExit(listener: (reason: string) => void): void;
  close(): Promise<void>;
}
