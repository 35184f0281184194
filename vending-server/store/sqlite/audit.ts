/** The audit trail in SQLite: rows that are only added, each with the hash of the one before it. */
import type { Statement } from 'better-sqlite3';
import { AUDIT_GENESIS, auditHash } from '../../people/audit.ts';
import type { AuditDraft, AuditEntry, AuditSearch, AuditStore } from '../people-contract.ts';
import { type AuditRow, auditEntryOf } from '../people-rows.ts';
import { prepareAll, type SqliteAccess } from './access.ts';

const COLUMNS = `sequence, at, principal, credential_id, roles, vendor_id, action, target, outcome, request_id,
  previous_hash, entry_hash`;

const SQL = {
  add: `INSERT INTO audit_entry (${COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
  last: `SELECT ${COLUMNS} FROM audit_entry ORDER BY sequence DESC LIMIT 1`,
  page: `SELECT ${COLUMNS} FROM audit_entry WHERE sequence > ? ORDER BY sequence LIMIT ?`,
  // No index but that of the numbers: every request of a seller writes an entry, and few ever ask.
  search: `SELECT ${COLUMNS} FROM (
      SELECT * FROM audit_entry WHERE sequence < :before ORDER BY sequence DESC LIMIT :among)
    WHERE (:principal IS NULL OR principal = :principal)
      AND (:subject IS NULL OR instr(target, :subject) > 0 OR instr(action, :subject) > 0)
    ORDER BY sequence DESC LIMIT :limit`,
} as const;

export class SqliteAudit implements AuditStore {
  readonly #access: SqliteAccess;
  readonly #sql: Readonly<Record<keyof typeof SQL, Statement>>;

  constructor(access: SqliteAccess) {
    this.#access = access;
    this.#sql = prepareAll(access.database, SQL);
  }

  append(draft: AuditDraft): Promise<AuditEntry> {
    return this.#access.write(() => {
      const last = this.#last();
      const sequence = (last?.sequence ?? 0) + 1;
      const previousHash = last?.entryHash ?? AUDIT_GENESIS;
      const entry = { ...draft, sequence, previousHash, entryHash: auditHash(draft, sequence, previousHash) };
      this.#sql.add.run(
        entry.sequence,
        entry.at,
        entry.principal,
        entry.credentialId,
        entry.roles,
        entry.vendorId,
        entry.action,
        entry.target,
        entry.outcome,
        entry.requestId,
        entry.previousHash,
        entry.entryHash,
      );
      return entry;
    });
  }

  entries(after: number, limit: number): Promise<readonly AuditEntry[]> {
    return this.#access.read(() => (this.#sql.page.all(after, limit) as AuditRow[]).map(auditEntryOf));
  }

  search({ before, among, limit, principal, subject }: AuditSearch): Promise<readonly AuditEntry[]> {
    const asked = { before, among, limit, principal: principal ?? null, subject: subject ?? null };
    return this.#access.read(() => (this.#sql.search.all(asked) as AuditRow[]).map(auditEntryOf));
  }

  head(): Promise<AuditEntry | undefined> {
    return this.#access.read(() => this.#last());
  }

  #last(): AuditEntry | undefined {
    const row = this.#sql.last.get() as AuditRow | undefined;
    return row && auditEntryOf(row);
  }
}
