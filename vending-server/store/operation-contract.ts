/**
 * What the store keeps for whoever runs the server, beside sales: the highest clock ever seen, whether the ledger is a
 * sandbox's, the client certificates of vendors, and a copy of the whole database while it is in use.
 */

export type LedgerKind = 'live' | 'sandbox';

/** One client certificate that a vendor may come with: this very one, or any that our authority issued to this subject. */
export interface CertificateBinding {
  readonly vendorId: string;
  readonly kind: 'fingerprint' | 'subject';
  /** SHA-256 of the certificate in 64 lower-case hex digits, or the subject's common name. */
  readonly value: string;
}

export interface OperationStore {
  /**
   * Writes down that the clock showed this moment, durably unless a later one is held already: a real write and a real
   * commit on every call, so that it also proves that the database can be written.
   * @returns the highest moment ever seen, milliseconds since 1970 UTC.
   */
  witnessClock(now: number): Promise<number>;
  /** Forgets later moments: for an operator who knows that the clock once ran ahead. */
  acceptClock(now: number): Promise<void>;
  /**
   * Ties the data folder to live sales or to a sandbox, for ever, at its first start.
   * @throws StsFault `ledger_kind_wrong`.
   */
  bindLedgerKind(kind: LedgerKind): Promise<void>;
  bindCertificate(binding: CertificateBinding): Promise<'created' | 'same' | 'vendor_unknown'>;
  /** @returns false when it was not bound. */
  unbindCertificate(binding: CertificateBinding): Promise<boolean>;
  certificatesOf(vendorId: string): Promise<readonly CertificateBinding[]>;
  /**
   * A consistent copy of the database as one file, made beside running sales. The file must not exist.
   * @throws StsFault `operation_unsupported` where the database has tools of its own for this.
   */
  copyTo(path: string): Promise<void>;
}

/** One group commit: how many writes shared it and how long it took. */
export interface CommitReport {
  readonly writes: number;
  readonly seconds: number;
}
