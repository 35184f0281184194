/** Rows of people, approvals and the audit trail as the two databases give them, and what they mean. */
import type { Permission, Role } from '../people/roles.ts';
import type {
  ApiKeyInfo,
  ApprovalRecord,
  ApprovalState,
  AuditEntry,
  EffectResult,
  SessionRecord,
  UserPut,
  UserRecord,
} from './people-contract.ts';

export interface UserRow {
  readonly user_id: string;
  readonly name: string;
  readonly roles: string;
  readonly vendor_id: string | null;
  /** 1 or true. */
  readonly is_disabled: number | boolean;
  readonly version: number;
  readonly created_at: number;
  readonly has_password: number | boolean;
}

export function userOf(row: UserRow): UserRecord {
  return {
    userId: row.user_id,
    name: row.name,
    roles: JSON.parse(row.roles) as Role[],
    vendorId: row.vendor_id,
    isDisabled: Boolean(row.is_disabled),
    version: row.version,
    hasPassword: Boolean(row.has_password),
    createdAt: row.created_at,
  };
}

export function sameUser(held: UserRecord, user: UserPut['user']): boolean {
  return (
    held.name === user.name &&
    held.vendorId === user.vendorId &&
    held.isDisabled === user.isDisabled &&
    JSON.stringify(held.roles) === JSON.stringify(user.roles)
  );
}

export interface SessionRow {
  readonly session_hash: string;
  readonly session_id: string;
  readonly user_id: string;
  readonly created_at: number;
  readonly last_seen_at: number;
  readonly ends_at: number;
}

export function sessionOf(row: SessionRow): SessionRecord {
  return {
    sessionHash: row.session_hash,
    sessionId: row.session_id,
    userId: row.user_id,
    createdAt: row.created_at,
    lastSeenAt: row.last_seen_at,
    endsAt: row.ends_at,
  };
}

export interface ApiKeyInfoRow {
  readonly key_id: string;
  readonly role: 'operator' | 'vendor';
  readonly vendor_id: string | null;
  readonly label: string;
  readonly scopes: string | null;
  readonly created_at: number;
  readonly created_by: string | null;
  readonly expires_at: number | null;
  readonly revoked_at: number | null;
  readonly last_used_day: string | null;
}

export function apiKeyInfoOf(row: ApiKeyInfoRow): ApiKeyInfo {
  return {
    keyId: row.key_id,
    role: row.role,
    vendorId: row.vendor_id,
    label: row.label,
    scopes: row.scopes === null ? null : (JSON.parse(row.scopes) as Permission[]),
    createdAt: row.created_at,
    createdBy: row.created_by,
    expiresAt: row.expires_at,
    revokedAt: row.revoked_at,
    lastUsedDay: row.last_used_day,
  };
}

/** A refused effect changed nothing by itself: every one of them looks before it writes. */
export function isRefused(done: EffectResult): boolean {
  switch (done.kind) {
    case 'none':
    case 'settings':
      return false;
    case 'tariffVersion':
    case 'commissionTerms':
      return done.result === 'exists';
    case 'creditLimit':
      return done.result !== 'changed';
    case 'deposit':
    case 'float':
      return done.result.kind !== 'recorded' && done.result.kind !== 'exists';
    case 'saleReversal':
      return done.result.kind !== 'reversed' && done.result.kind !== 'exists';
    case 'user':
      return done.result.kind === 'version_differs' || done.result.kind === 'vendor_unknown';
  }
}

export interface ApprovalRow {
  readonly approval_id: string;
  readonly kind: ApprovalRecord['kind'];
  readonly payload: string;
  readonly payload_hash: string;
  readonly request_key: string;
  readonly vendor_id: string | null;
  readonly reason: string;
  readonly requested_by: string;
  readonly requested_at: number;
  readonly expires_at: number;
  readonly state: ApprovalState;
  readonly decided_by: string | null;
  readonly decided_at: number | null;
  readonly note: string;
  readonly used_by: string | null;
  readonly result: string;
}

export function approvalOf(row: ApprovalRow): ApprovalRecord {
  return {
    approvalId: row.approval_id,
    kind: row.kind,
    payload: row.payload,
    payloadHash: row.payload_hash,
    requestKey: row.request_key,
    vendorId: row.vendor_id,
    reason: row.reason,
    requestedBy: row.requested_by,
    requestedAt: row.requested_at,
    expiresAt: row.expires_at,
    state: row.state,
    decidedBy: row.decided_by,
    decidedAt: row.decided_at,
    note: row.note,
    usedBy: row.used_by,
    result: row.result,
  };
}

export interface AuditRow {
  readonly sequence: number;
  readonly at: number;
  readonly principal: string;
  readonly credential_id: string;
  readonly roles: string;
  readonly vendor_id: string | null;
  readonly action: string;
  readonly target: string;
  readonly outcome: string;
  readonly request_id: string;
  readonly previous_hash: string;
  readonly entry_hash: string;
}

export function auditEntryOf(row: AuditRow): AuditEntry {
  return {
    sequence: row.sequence,
    at: row.at,
    principal: row.principal,
    credentialId: row.credential_id,
    roles: row.roles,
    vendorId: row.vendor_id,
    action: row.action,
    target: row.target,
    outcome: row.outcome,
    requestId: row.request_id,
    previousHash: row.previous_hash,
    entryHash: row.entry_hash,
  };
}
