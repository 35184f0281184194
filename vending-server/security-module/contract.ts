/**
 * The security module as the rest of the server sees it: questions about keys go in, tokens and signed evidence come out.
 *
 * The module alone holds vending keys. It numbers every token with its own counter, without a gap, and links each one to
 * the one before it, so that a ledger can be proved complete against it:
 *
 *   entryHash(n) = SHA-256(entryHash(n-1) | moduleId | counter | saleDigest | tokenDigest)   (ledger/chain.ts)
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
}

export interface IssueCreditRequest {
  readonly meter: MeterKeyAttributes;
  readonly tidMinutes: number;
  /** Whole 0.1 kWh before token coding; the token carries this or up to one step more. */
  readonly amountDeciKwh: number;
  /** SHA-256 of what is sold to whom, 64 lower-case hex digits; ties the token to its sale without telling it. */
  readonly saleDigest: string;
}

/** The module's evidence for one token, a row of the chain. */
export interface ChainEntry {
  readonly moduleId: string;
  /** 1, 2, 3 … without a gap for the life of the module. */
  readonly counter: number;
  readonly saleDigest: string;
  /** SHA-256 of the 20 digits, hex. */
  readonly tokenDigest: string;
  readonly previousHash: string;
  readonly entryHash: string;
  /** Ed25519 over the 32 bytes of the entry hash, base64; on the last entry of each batch, '' on the others. */
  readonly signature: string;
}

export interface IssuedCredit {
  readonly tokenNo: string;
  /** What the token really carries, 0.1 kWh. */
  readonly carriedDeciKwh: number;
  readonly entry: ChainEntry;
  /** Resolves when the module's journal holds the entry durably; rejects with an StsFault when it cannot. */
  readonly sealed: Promise<void>;
}

/** An entry of the module's journal, enough to account for a token that the ledger never saw. */
export interface JournalledEntry extends ChainEntry {
  readonly meterPan: string;
  readonly tidMinutes: number;
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

/** The attributes of a vending key that may be told; never the key. */
export interface VendingKeyAttributes {
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

export interface SecurityModule {
  identity(): Promise<ModuleIdentity>;
  vendingKeys(): Promise<readonly VendingKeyAttributes[]>;
  /**
   * @throws StsFault `vending_key_unknown`, `vending_key_not_active`, `vending_key_no_credit`, `key_expired`,
   *   `amount_out_of_range`, `security_module_unavailable`.
   */
  issueCredit(request: IssueCreditRequest): Promise<IssuedCredit>;
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
  /** Called when the module has died; the client then answers `security_module_unavailable` for ever. */
  onExit(listener: (reason: string) => void): void;
  close(): Promise<void>;
}
