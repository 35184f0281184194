/** What waits for a second person, and the audit trail. */
import { findApproval } from '../people/approvals.ts';
import { verifyTrail } from '../people/audit.ts';
import { searchTrail } from '../people/search-trail.ts';
import type { ApprovalRecord, AuditEntry } from '../store/people-contract.ts';
import { decide, requestUse } from '../vending/two-persons.ts';
import {
  ApprovalAnswer,
  ApprovalBody,
  ApprovalQuery,
  ApprovalsAnswer,
  AuditAnswer,
  AuditSearchQuery,
  DecisionBody,
  PageByNumber,
  VerificationAnswer,
  VerificationQuery,
} from './people-schemas.ts';
import { json, param, type Route, withBody, withoutBody, withQuery } from './route.ts';
import { iso } from './time.ts';

const APPROVALS: readonly Route[] = [
  withQuery({
    path: '/v1/approvals',
    summary: 'What was asked for, the newest first',
    permission: 'approval.read',
    query: ApprovalQuery,
    answers: [{ status: 200, description: 'A page of requests', schema: ApprovalsAnswer }],
    faults: [],
    handle: async ({ vending }, { query: { state, before, limit } }) => {
      const filter = { before, limit, ...(state === undefined ? {} : { state }) };
      const approvals = await vending.store.approvals.list(filter);
      const next = approvals.length < limit ? null : (approvals.at(-1)?.approvalId ?? null);
      return json(200, { approvals: approvals.map(approvalAnswer), next });
    },
  }),
  withoutBody({
    method: 'get',
    path: '/v1/approvals/{approvalId}',
    summary: 'One request, with exactly what it would do',
    permission: 'approval.read',
    answers: [{ status: 200, description: 'The request', schema: ApprovalAnswer }],
    faults: ['approval_unknown'],
    handle: async ({ vending }, call) =>
      json(200, approvalAnswer(await findApproval(vending.store, param(call, 'approvalId')))),
  }),
  withBody({
    method: 'post',
    path: '/v1/approvals',
    summary: 'Ask for what another request takes up later: free units, an engineering token, a new password',
    permission: 'approval.read',
    about: ({ kind, requestId }) => ({ kind, requestId }),
    body: ApprovalBody,
    answers: [{ status: 201, description: 'The open request', schema: ApprovalAnswer }],
    faults: ['request_id_reused'],
    handle: async ({ vending }, { body, caller }) =>
      json(201, approvalAnswer(await requestUse(vending, caller, body))),
  }),
  withBody({
    method: 'post',
    path: '/v1/approvals/{approvalId}/decision',
    summary: 'Approve or reject, by another person than who asked; what is approved is done with the answer',
    permission: 'approval.decide',
    about: ({ approve }) => ({ decision: approve === true ? 'approve' : 'reject' }),
    body: DecisionBody,
    answers: [{ status: 200, description: 'Decided', schema: ApprovalAnswer }],
    faults: [
      'approval_unknown',
      'approval_closed',
      'approval_same_person',
      'approvers_missing',
      'tariff_exists',
      'tariff_in_the_past',
      'commission_exists',
      'commission_unknown',
      'credit_limit_refused',
      'debt_exists',
      'meter_sold_since',
      'operation_unsupported',
      'sale_confirmed',
      'sale_unknown',
      'token_may_be_seen',
      'currency_mismatch',
      'deposit_unknown',
      'float_exhausted',
      'payment_too_large',
      'payment_too_small',
      'period_not_over',
      'request_id_reused',
      'user_changed',
      'vendor_unknown',
    ],
    handle: async ({ vending }, call) => {
      const approvalId = param(call, 'approvalId');
      return json(200, approvalAnswer(await decide(vending, call.caller, { approvalId, ...call.body })));
    },
  }),
];

const AUDIT: readonly Route[] = [
  withQuery({
    path: '/v1/audit',
    summary: 'The audit trail in its order',
    permission: 'audit.read',
    query: PageByNumber,
    answers: [{ status: 200, description: 'A page of the trail', schema: AuditAnswer }],
    faults: [],
    handle: async ({ vending }, { query: { after, limit } }) => {
      const entries = await vending.store.audit.entries(after, limit);
      const next = entries.length < limit ? null : (entries.at(-1)?.sequence ?? null);
      return json(200, { entries: entries.map(auditAnswer), next });
    },
  }),
  withQuery({
    path: '/v1/audit/search',
    summary: 'Who did what, to what and when, the newest first; each page looks back over so many entries',
    permission: 'audit.read',
    query: AuditSearchQuery,
    answers: [{ status: 200, description: 'What was found, and where to look further', schema: AuditAnswer }],
    faults: [],
    handle: async ({ vending }, { query: { from, until, ...search } }) => {
      const found = await searchTrail(vending.store.audit, {
        ...search,
        ...(from === undefined ? {} : { from: Date.parse(from) }),
        ...(until === undefined ? {} : { until: Date.parse(until) }),
      });
      return json(200, { entries: found.entries.map(auditAnswer), next: found.next });
    },
  }),
  withQuery({
    path: '/v1/audit/verification',
    summary: 'Recompute the whole trail, and whether it passes through a head that was kept',
    permission: 'audit.read',
    audit: 'read',
    query: VerificationQuery,
    answers: [{ status: 200, description: 'What was found', schema: VerificationAnswer }],
    faults: [],
    handle: async ({ vending }, { query: { sequence, entryHash } }) => {
      const witnessed =
        sequence === undefined || entryHash === undefined ? undefined : { sequence, entryHash };
      const verified = await verifyTrail(vending.store.audit, witnessed);
      return json(200, { isWhole: verified.findings.length === 0, ...verified });
    },
  }),
];

export const APPROVAL_ROUTES: readonly Route[] = [...APPROVALS, ...AUDIT];

export function approvalAnswer(approval: ApprovalRecord) {
  const { requestKey: _key, result: _result, payload, requestedAt, expiresAt, decidedAt, ...rest } = approval;
  return {
    ...rest,
    payload: JSON.parse(payload) as unknown,
    requestedAt: iso(requestedAt),
    expiresAt: iso(expiresAt),
    decidedAt: decidedAt === null ? null : iso(decidedAt),
  };
}

function auditAnswer({ at, ...entry }: AuditEntry) {
  return { ...entry, at: iso(at) };
}
