/** The operator's part of the SQLite store. */
import type { Database, Statement } from 'better-sqlite3';
import { StsFault } from '../../../lib/faults.ts';
import type { CertificateBinding, LedgerKind, OperationStore } from '../operation-contract.ts';
import type { SqliteAccess } from './access.ts';
import { storeFault } from './faults.ts';
import type { GroupCommit } from './group-commit.ts';

/** Counts its looks, so that SQLite has a changed row to make durable even when the moment stays. */
const WITNESS_CLOCK = `
  INSERT INTO clock_witness (only_one, highest_at, looks) VALUES (1, @now, 1)
  ON CONFLICT DO UPDATE SET highest_at = max(highest_at, excluded.highest_at), looks = looks + 1
  RETURNING highest_at`;
const ACCEPT_CLOCK = `
  INSERT INTO clock_witness (only_one, highest_at, looks) VALUES (1, @now, 1)
  ON CONFLICT DO UPDATE SET highest_at = excluded.highest_at, looks = looks + 1`;
const FIND_KIND = 'SELECT kind FROM ledger_kind';
const ADD_KIND = 'INSERT INTO ledger_kind (only_one, kind) VALUES (1, ?)';
const HAS_SALE = 'SELECT EXISTS (SELECT 1 FROM sale)';
const HAS_VENDOR = 'SELECT EXISTS (SELECT 1 FROM vendor WHERE vendor_id = ?)';
const ADD_CERTIFICATE = 'INSERT OR IGNORE INTO vendor_certificate (vendor_id, kind, value) VALUES (?, ?, ?)';
const DROP_CERTIFICATE = 'DELETE FROM vendor_certificate WHERE vendor_id = ? AND kind = ? AND value = ?';
const FIND_CERTIFICATES = `
  SELECT vendor_id AS vendorId, kind, value FROM vendor_certificate WHERE vendor_id = ? ORDER BY kind, value`;

export class SqliteOperation implements OperationStore {
  readonly #access: SqliteAccess;
  readonly #database: Database;
  readonly #commits: GroupCommit;
  readonly #findCertificates: Statement;

  constructor(access: SqliteAccess, commits: GroupCommit) {
    const { database } = access;
    this.#access = access;
    this.#database = database;
    this.#commits = commits;
    this.#findCertificates = database.prepare(FIND_CERTIFICATES);
  }

  witnessClock(now: number): Promise<number> {
    return this.#access.write(() => this.#database.prepare(WITNESS_CLOCK).pluck().get({ now }) as number);
  }

  acceptClock(now: number): Promise<void> {
    return this.#access.write(() => void this.#database.prepare(ACCEPT_CLOCK).run({ now }));
  }

  bindLedgerKind(kind: LedgerKind): Promise<void> {
    return this.#access.write(() => {
      const held = this.#database.prepare(FIND_KIND).pluck().get() as LedgerKind | undefined;
      if (held === undefined) {
        // Sales that were made before there were two kinds were real ones.
        const sold = this.#database.prepare(HAS_SALE).pluck().get() === 1;
        if (sold && kind === 'sandbox') throw new StsFault('ledger_kind_wrong', 'it holds live sales');
        this.#database.prepare(ADD_KIND).run(kind);
      } else if (held !== kind) {
        throw new StsFault('ledger_kind_wrong', `it is ${held}`);
      }
    });
  }

  bindCertificate({ vendorId, kind, value }: CertificateBinding) {
    return this.#access.write(() => {
      if (this.#database.prepare(HAS_VENDOR).pluck().get(vendorId) !== 1) return 'vendor_unknown' as const;
      const { changes } = this.#database.prepare(ADD_CERTIFICATE).run(vendorId, kind, value);
      return changes === 1 ? ('created' as const) : ('same' as const);
    });
  }

  unbindCertificate({ vendorId, kind, value }: CertificateBinding): Promise<boolean> {
    return this.#access.write(
      () => this.#database.prepare(DROP_CERTIFICATE).run(vendorId, kind, value).changes === 1,
    );
  }

  certificatesOf(vendorId: string): Promise<readonly CertificateBinding[]> {
    return this.#access.peek(() =>
      this.#access.settled.get(
        `certificates ${vendorId}`,
        () => this.#findCertificates.all(vendorId) as CertificateBinding[],
      ),
    );
  }

  async copyTo(path: string): Promise<void> {
    this.#assertOpen();
    await this.#commits.settle();
    try {
      await this.#database.backup(path);
    } catch (error) {
      throw storeFault(error);
    }
  }

  #assertOpen(): void {
    if (!this.#database.open) throw new StsFault('store_unavailable', 'the database is closed');
  }
}
