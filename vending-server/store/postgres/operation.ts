/** The operator's part of the PostgreSQL store; all servers of a database share one clock's witness and one kind. */
import { StsFault } from '../../../lib/faults.ts';
import type { CertificateBinding, LedgerKind, OperationStore } from '../operation-contract.ts';
import type { PostgresAccess } from './access.ts';
import { Lane } from './lane.ts';

export class PostgresOperation implements OperationStore {
  readonly #access: PostgresAccess;
  /** Every request of a vendor asks for his: those that ask together share a statement. */
  readonly #certificates = new Lane<string, readonly CertificateBinding[]>((ids) =>
    this.#certificatesOf(ids),
  );

  constructor(access: PostgresAccess) {
    this.#access = access;
  }

  async witnessClock(now: number): Promise<number> {
    const [row] = await this.#access.query('witnessClock', [now]);
    return row.highest_at;
  }

  async acceptClock(now: number): Promise<void> {
    await this.#access.query('acceptClock', [now]);
  }

  bindLedgerKind(kind: LedgerKind): Promise<void> {
    return this.#access.write('ledger kind', async (ask) => {
      await ask('lockNames', [['ledger kind']]); // two servers may start first at once
      const [held] = await ask('findLedgerKind');
      if (held === undefined) {
        // Sales that were made before there were two kinds were real ones.
        const [sale] = await ask('hasSale');
        if (sale.has && kind === 'sandbox') throw new StsFault('ledger_kind_wrong', 'it holds live sales');
        await ask('addLedgerKind', [kind]);
      } else if (held.kind !== kind) {
        throw new StsFault('ledger_kind_wrong', `it is ${held.kind}`);
      }
    });
  }

  bindCertificate({ vendorId, kind, value }: CertificateBinding) {
    return this.#access.write(`certificates ${vendorId}`, async (ask) => {
      if ((await ask('hasVendor', [vendorId])).length === 0) return 'vendor_unknown' as const;
      const added = await ask('addCertificate', [vendorId, kind, value]);
      return added.length === 1 ? ('created' as const) : ('same' as const);
    });
  }

  async unbindCertificate({ vendorId, kind, value }: CertificateBinding): Promise<boolean> {
    return (await this.#access.query('dropCertificate', [vendorId, kind, value])).length === 1;
  }

  certificatesOf(vendorId: string): Promise<readonly CertificateBinding[]> {
    return this.#certificates.add(vendorId);
  }

  async #certificatesOf(vendorIds: readonly string[]) {
    const rows = await this.#access.query('findCertificates', [[...new Set(vendorIds)]]);
    const bound = rows.map((row) => ({ vendorId: row.vendor_id, kind: row.kind, value: row.value }));
    return vendorIds.map((vendorId) => ({ value: bound.filter((each) => each.vendorId === vendorId) }));
  }

  /** The database's own tools make a copy: pg_dump, or a base backup with its log. */
  async copyTo(): Promise<void> {
    throw new StsFault('operation_unsupported', 'PostgreSQL is copied with its own tools');
  }
}
