/**
 * The audit trail on PostgreSQL: rows that are only added, each with the hash of the one before it. One chain has one writer
 * at a time, so this is the one lock that all servers share; it is held for a look and an insert, no sale's transaction ever
 * holds it, and what a server has to write meanwhile goes into its next insert together.
 */
import { AUDIT_GENESIS, auditHash } from '../../people/audit.ts';
import type { AuditDraft, AuditEntry, AuditSearch, AuditStore } from '../people-contract.ts';
import { auditEntryOf } from '../people-rows.ts';
import type { PostgresAccess } from './access.ts';
import type { Ask } from './connections.ts';
import { Lane } from './lane.ts';

export class PostgresAudit implements AuditStore {
  readonly #access: PostgresAccess;
  readonly #lane = new Lane<AuditDraft, AuditEntry>(async (drafts) => {
    const entries = await this.#access.write('audit', (ask) => append(ask, drafts));
    return entries.map((value) => ({ value }));
  });

  constructor(access: PostgresAccess) {
    this.#access = access;
  }

  append(draft: AuditDraft): Promise<AuditEntry> {
    return this.#lane.add(draft);
  }

  async entries(after: number, limit: number): Promise<readonly AuditEntry[]> {
    return (await this.#access.query('auditEntries', [after, limit])).map(auditEntryOf);
  }

  async search({ before, among, limit, principal, subject }: AuditSearch): Promise<readonly AuditEntry[]> {
    const asked = [before, among, limit, principal ?? null, subject ?? null];
    return (await this.#access.query('searchAudit', asked)).map(auditEntryOf);
  }

  async head(): Promise<AuditEntry | undefined> {
    const [row] = await this.#access.query('lastAuditEntry');
    return row && auditEntryOf(row);
  }
}

async function append(ask: Ask, drafts: readonly AuditDraft[]): Promise<readonly AuditEntry[]> {
  await ask('lockNames', [['audit']]);
  const [last] = await ask('lastAuditEntry');
  let { sequence, entryHash } = last ? auditEntryOf(last) : { sequence: 0, entryHash: AUDIT_GENESIS };
  const entries: AuditEntry[] = [];
  for (const draft of drafts.map(storable)) {
    sequence += 1;
    const previousHash = entryHash;
    entryHash = auditHash(draft, sequence, previousHash);
    entries.push({ ...draft, sequence, previousHash, entryHash });
  }
  await ask('addAuditEntries', [JSON.stringify(entries.map(rowOf))]);
  return entries;
}

/** A caller may put into a path what no text of PostgreSQL holds: it stands as U+FFFD in the trail, and in its hash. */
function storable(draft: AuditDraft): AuditDraft {
  const text = (given: string) => given.replaceAll('\0', '\ufffd').replace(/\p{Cs}/gu, '\ufffd');
  return {
    ...draft,
    principal: text(draft.principal),
    vendorId: draft.vendorId === null ? null : text(draft.vendorId),
    target: text(draft.target),
    requestId: text(draft.requestId),
  };
}

function rowOf(entry: AuditEntry) {
  return {
    sequence: entry.sequence,
    at: entry.at,
    principal: entry.principal,
    credential_id: entry.credentialId,
    roles: entry.roles,
    vendor_id: entry.vendorId,
    action: entry.action,
    target: entry.target,
    outcome: entry.outcome,
    request_id: entry.requestId,
    previous_hash: entry.previousHash,
    entry_hash: entry.entryHash,
  };
}
