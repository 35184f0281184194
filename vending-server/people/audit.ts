/**
 * The audit trail: who saw and did what, when, and how it ended, as a chain that anyone can recompute from an export. A
 * deleted, altered or moved row breaks it; a trail cut off at its end is found by a head that an outsider has kept.
 */

import { sha256 } from '../sha256.ts';
import type { AuditDraft, AuditEntry, AuditStore } from '../store/people-contract.ts';

/** The hash before the first entry. */
export const AUDIT_GENESIS = '0'.repeat(64);

/**
 * SHA-256 over JSON text `["wattoken-audit-1", previousHash, sequence, at, principal, credentialId, roles, vendorId, action,
 * target, outcome, requestId]`: a list of strings, numbers and null has one text.
 */
export function auditHash(draft: AuditDraft, sequence: number, previousHash: string): string {
  const { at, principal, credentialId, roles, vendorId, action, target, outcome, requestId } = draft;
  const fields = [at, principal, credentialId, roles, vendorId, action, target, outcome, requestId];
  const text = JSON.stringify(['wattoken-audit-1', previousHash, sequence, ...fields]);
  return sha256(text);
}

export type AuditFindingKind = 'gap' | 'broken_link' | 'altered' | 'not_at_head';

export interface AuditFinding {
  readonly kind: AuditFindingKind;
  readonly sequence: number;
}

export interface AuditHead {
  readonly sequence: number;
  readonly entryHash: string;
}

/**
 * @param entries - a run of the trail in order, the first one after `after`.
 * @returns what is wrong; nothing for a whole trail.
 */
export function verifyAudit(
  entries: Iterable<AuditEntry>,
  after?: AuditHead,
): {
  readonly findings: readonly AuditFinding[];
  readonly head: AuditHead;
} {
  let head: AuditHead = after ?? { sequence: 0, entryHash: AUDIT_GENESIS };
  const findings: AuditFinding[] = [];
  for (const entry of entries) {
    const { sequence, previousHash, entryHash } = entry;
    if (sequence !== head.sequence + 1) findings.push({ kind: 'gap', sequence });
    else if (previousHash !== head.entryHash) findings.push({ kind: 'broken_link', sequence });
    if (auditHash(entry, sequence, previousHash) !== entryHash) findings.push({ kind: 'altered', sequence });
    head = { sequence, entryHash };
  }
  return { findings, head };
}

const PAGE = 1000;

/** @param witnessed - a head that was noted earlier; the trail must pass through it. */
export async function verifyTrail(
  audit: AuditStore,
  witnessed?: AuditHead,
): Promise<{
  readonly entries: number;
  readonly findings: readonly AuditFinding[];
  readonly head: AuditHead;
}> {
  let head: AuditHead = { sequence: 0, entryHash: AUDIT_GENESIS };
  const findings: AuditFinding[] = [];
  let count = 0;
  let seen = witnessed === undefined || witnessed.sequence === 0;
  for (;;) {
    const page = await audit.entries(head.sequence, PAGE);
    if (page.length === 0) break;
    const verified = verifyAudit(page, head);
    findings.push(...verified.findings);
    count += page.length;
    head = verified.head;
    seen ||= page.some(
      ({ sequence, entryHash }) => sequence === witnessed?.sequence && entryHash === witnessed.entryHash,
    );
  }
  if (!seen) findings.push({ kind: 'not_at_head', sequence: witnessed?.sequence ?? 0 });
  return { entries: count, findings, head };
}

/** A run of 20 digits and more may be a token number: its last four are enough to know it again. */
const TOKEN_LIKE = /[0-9][0-9 -]{18,}[0-9]/g;
const TARGET_LENGTH = 200;

/** What an action was about, from what came with the request: short, printable, without a token number. */
export function auditTarget(parts: Readonly<Record<string, unknown>>): string {
  return Object.entries(parts)
    .filter(([, value]) => typeof value === 'string' || typeof value === 'number')
    .map(([name, value]) => `${name}=${value}`)
    .join(' ')
    .replace(TOKEN_LIKE, (digits) =>
      digits.replace(/\D/g, '').length < 20 ? digits : `…${digits.slice(-4)}`,
    )
    .replace(/[\p{Cc}\p{Cs}]/gu, '?')
    .slice(0, TARGET_LENGTH);
}
