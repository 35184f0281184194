/**
 * Two persons for what can make money out of nothing (vending.md section 4): one asks, another decides, and what was decided
 * happens once, with both names beside it. How many persons a kind needs is a setting, which itself takes two to lower.
 */
import { StsFault } from '../../lib/faults.ts';
import { type CanonicalValue, canonicalHash, canonicalJson } from '../ledger/canonical.ts';
import type { Store } from '../store/contract.ts';
import type {
  ApprovalEffect,
  ApprovalKind,
  ApprovalRecord,
  DecideResult,
  EffectResult,
} from '../store/people-contract.ts';
import { assertMay, type Caller } from './caller.ts';
import type { PeopleContext } from './context.ts';
import { reversalFault } from './reversal-fault.ts';
import type { Permission, Role } from './roles.ts';
import { countDeciders } from './users.ts';

interface ApprovalRule {
  /** What whoever asks must be allowed to. */
  readonly request: Permission;
  /** Roles of which the other person must have one. */
  readonly deciders: readonly Role[];
}

export const APPROVAL_RULES: Readonly<Record<ApprovalKind, ApprovalRule>> = {
  tariffVersion: { request: 'tariff.put', deciders: ['tariffAdmin', 'supervisor'] },
  deposit: { request: 'float.move', deciders: ['supervisor'] },
  depositReversal: { request: 'float.move', deciders: ['supervisor'] },
  saleReversal: { request: 'float.move', deciders: ['supervisor'] },
  creditLimit: { request: 'float.move', deciders: ['supervisor'] },
  commissionTerms: { request: 'commission.put', deciders: ['supervisor'] },
  commissionPayment: { request: 'float.move', deciders: ['supervisor'] },
  freeIssue: { request: 'approval.request', deciders: ['supervisor'] },
  replacement: { request: 'approval.request', deciders: ['supervisor'] },
  changeOut: { request: 'approval.request', deciders: ['engineer', 'supervisor'] },
  engineeringToken: { request: 'approval.request', deciders: ['engineer', 'supervisor'] },
  user: { request: 'user.put', deciders: ['administrator', 'supervisor'] },
  passwordReset: { request: 'user.put', deciders: ['administrator', 'supervisor'] },
  setting: { request: 'setting.put', deciders: ['administrator', 'supervisor'] },
};

export const APPROVAL_KINDS = Object.keys(APPROVAL_RULES) as readonly ApprovalKind[];

/** A request that nobody has decided about is too old after this. */
export const APPROVAL_LIFE_MILLIS = 3 * 86_400_000;

export const PERSONS_DEFAULT = 'persons.default';

export function personsSetting(kind: ApprovalKind): string {
  return `persons.${kind}`;
}

/** How many persons this kind needs at this moment. Without a setting it is two. */
export async function personsFor(
  { store }: Pick<PeopleContext, 'store'>,
  kind: ApprovalKind,
): Promise<1 | 2> {
  const { people } = store;
  const value =
    (await people.findSetting(personsSetting(kind))) ?? (await people.findSetting(PERSONS_DEFAULT));
  if (value === '1') return 1;
  // The first people of a utility have nobody to approve them.
  const opensPeople = kind === 'user' || kind === 'passwordReset';
  return opensPeople && (await countDeciders({ store }, APPROVAL_RULES[kind].deciders)) < 2 ? 1 : 2;
}

export interface Proposal {
  readonly kind: ApprovalKind;
  /** Exactly what shall be done. */
  readonly payload: CanonicalValue;
  /** The same thing asked for again while the first request is open is the same request. */
  readonly requestKey: string;
  readonly vendorId: string | null;
  readonly reason: string;
}

/**
 * @throws StsFault `permission_denied`, also for a key behind which nobody stands; `request_id_reused` for another payload
 *   under an open request key.
 */
export async function requestApproval(
  { store, clock, random }: PeopleContext,
  caller: Caller,
  proposal: Proposal,
): Promise<ApprovalRecord> {
  const { kind, payload, requestKey, vendorId, reason } = proposal;
  assertMay(caller, APPROVAL_RULES[kind].request);
  if ((await personBehind(store, caller.principal)) === undefined) {
    throw new StsFault(
      'permission_denied',
      'nobody stands behind this key: sign in, or use a key that a person made',
    );
  }
  const now = clock.now();
  const payloadHash = approvalHash(kind, payload);
  const held = await store.approvals.request({
    approvalId: newApprovalId(now, random.bytes(8)),
    kind,
    payload: canonicalJson(payload),
    payloadHash,
    requestKey: `${kind} ${requestKey}`,
    vendorId,
    reason,
    requestedBy: caller.principal,
    requestedAt: now,
    expiresAt: now + APPROVAL_LIFE_MILLIS,
  });
  if (held.payloadHash !== payloadHash) {
    throw new StsFault('request_id_reused', 'another request is open under this id');
  }
  return held;
}

export interface DecisionRequest {
  readonly approvalId: string;
  readonly approve: boolean;
  readonly note: string;
}

/**
 * @param effectOf - makes of a request what the store shall do; throws the fault that keeps it from being done.
 * @throws StsFault `approval_unknown`, `permission_denied`, `approval_same_person`, `approval_closed`, and what the effect
 *   is refused with; then the request stays open.
 */
export async function decideApproval(
  { store, clock }: PeopleContext,
  caller: Caller,
  { approvalId, approve, note }: DecisionRequest,
  effectOf: (approval: ApprovalRecord) => Promise<ApprovalEffect>,
): Promise<{ readonly approval: ApprovalRecord; readonly effect: EffectResult | undefined }> {
  const approval = await findApproval(store, approvalId);
  // A key may be held by anyone who has read a file: only people decide.
  if (caller.kind !== 'user' || (await personBehind(store, approval.requestedBy)) === caller.principal) {
    throw new StsFault('approval_same_person');
  }
  assertMay(caller, 'approval.decide');
  const { deciders } = APPROVAL_RULES[approval.kind];
  if (!caller.roles.some((role) => deciders.includes(role))) throw new StsFault('permission_denied');
  const at = clock.now();
  if (approval.state !== 'pending') throw closed(approval.state);
  if (at >= approval.expiresAt) throw closed('too old');
  const effect = approve ? await effectOf(approval) : undefined;
  return decided(await store.approvals.decide({ approvalId, decidedBy: caller.principal, at, note, effect }));
}

/** A key that makes a key that makes a key is a mistake, not an organisation. */
const KEYS_IN_A_ROW_MAX = 10;

/**
 * Who stands behind a principal: a key asks in the name of whoever made it, because one person with a key in his hand is still
 * one person.
 * @returns undefined for the first key of a data folder and for what was made with it: anybody may hold that.
 */
async function personBehind(
  { people }: Pick<Store, 'people'>,
  principal: string,
): Promise<string | undefined> {
  let behind: string | null = principal;
  for (let i = 0; i < KEYS_IN_A_ROW_MAX && behind?.startsWith('key:'); i += 1) {
    behind = (await people.findApiKeyById(behind.slice('key:'.length)))?.createdBy ?? null;
  }
  return behind?.startsWith('user:') ? behind : undefined;
}

function decided(result: DecideResult) {
  switch (result.kind) {
    case 'decided':
      return { approval: result.approval, effect: result.effect };
    case 'effect_refused':
      throw effectFault(result.effect);
    case 'unknown':
      throw new StsFault('approval_unknown');
    case 'same_person':
      throw new StsFault('approval_same_person');
    case 'expired':
      throw closed('too old');
    case 'decided_before':
      throw closed(result.approval.state);
  }
}

/** Why what was approved could not be done. */
function effectFault(effect: EffectResult): StsFault {
  switch (effect.kind) {
    case 'tariffVersion':
      return new StsFault('tariff_exists');
    case 'commissionTerms':
      return new StsFault('commission_exists');
    case 'creditLimit':
      return new StsFault('credit_limit_refused', String(effect.result));
    case 'user':
      return new StsFault('user_changed');
    case 'deposit':
      return new StsFault(
        effect.result.kind === 'exists_with_different_request' ? 'request_id_reused' : 'payment_too_large',
      );
    case 'float':
      return new StsFault(effect.result.kind === 'float_exhausted' ? 'float_exhausted' : 'payment_too_large');
    case 'saleReversal':
      return reversalFault(effect.result) ?? new StsFault('internal_error');
    case 'none':
    case 'settings':
      return new StsFault('internal_error');
  }
}

export interface ApprovalUse {
  readonly kind: ApprovalKind;
  /** Exactly what is about to be done. */
  readonly payload: CanonicalValue;
  readonly approvalId: string | undefined;
  /** Who uses it: one request id, so that a retry is the same use and nothing else is. */
  readonly usedBy: string;
}

/**
 * For use cases that issue what was approved, free units and engineering tokens: passes when the kind needs one person, or
 * when this approval is for exactly this and was used by nobody else. It is tied to `usedBy` durably before this returns, so
 * that a crash afterwards leaves it to a retry of the same request.
 * @returns whom to name beside the token.
 * @throws StsFault `approval_required`, `approval_unknown`, `approval_used`, `approval_closed`.
 */
export async function approved(
  context: PeopleContext,
  { kind, payload, approvalId, usedBy }: ApprovalUse,
): Promise<{ readonly approvedBy: string | null }> {
  if (approvalId === undefined) {
    if ((await personsFor(context, kind)) === 1) return { approvedBy: null };
    throw new StsFault('approval_required', kind, { param: 'approvalId' });
  }
  const { approvals } = context.store;
  const payloadHash = approvalHash(kind, payload);
  const at = context.clock.now();
  switch (await approvals.use({ approvalId, payloadHash, usedBy, at })) {
    case 'used':
      return { approvedBy: (await findApproval(context.store, approvalId)).decidedBy };
    case 'used_by_other':
      throw new StsFault('approval_used', undefined, { param: 'approvalId' });
    case 'unknown':
      throw new StsFault('approval_unknown', undefined, { param: 'approvalId' });
    case 'expired':
      throw closed('too old');
    case 'not_approved':
      throw new StsFault('approval_required', 'not approved', { param: 'approvalId' });
    case 'differs':
      throw new StsFault('approval_required', 'it is for something else', { param: 'approvalId' });
  }
}

/** @throws StsFault `approval_unknown`. */
export async function findApproval(
  store: Pick<Store, 'approvals'>,
  approvalId: string,
): Promise<ApprovalRecord> {
  const approval = await store.approvals.find(approvalId);
  if (approval === undefined) throw new StsFault('approval_unknown', undefined, { param: 'approvalId' });
  return approval;
}

function approvalHash(kind: ApprovalKind, payload: CanonicalValue): string {
  return canonicalHash({ kind, payload });
}

/** Time first, so that the newest stand at the end of the list. */
function newApprovalId(now: number, random: Uint8Array): string {
  return `apr_${now.toString(16).padStart(12, '0')}${Buffer.from(random).toString('hex')}`;
}

function closed(why: string): StsFault {
  return new StsFault('approval_closed', why, { param: 'approvalId' });
}
