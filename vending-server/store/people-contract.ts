/**
 * What the store keeps of people and machines: users, sessions, failed logins, API keys, settings, approvals and the audit
 * trail. Whole operations like those of the store itself: each is durable and complete, or changed nothing.
 */
import type { Permission, Role } from '../people/roles.ts';
import type { ThrottleRule } from '../people/throttle.ts';
import type { ReverseResult, SaleReversal } from './advice-contract.ts';
import type { DepositRequest, DepositResult, PutResult, TariffVersion } from './contract.ts';
import type {
  CommissionVersion,
  CreditLimitChange,
  FloatChange,
  FloatChangeResult,
} from './money-contract.ts';

export interface UserFields {
  readonly userId: string;
  readonly name: string;
  readonly roles: readonly Role[];
  /** null for the utility's own people. */
  readonly vendorId: string | null;
  readonly isDisabled: boolean;
}

export interface UserRecord extends UserFields {
  /** Rises by each change of the fields; 1 when new. */
  readonly version: number;
  readonly hasPassword: boolean;
  readonly createdAt: number;
}

export interface UserPut {
  readonly user: UserFields;
  /** 0 for a new user. */
  readonly expectedVersion: number;
  readonly at: number;
}

export type PutUserResult =
  | { readonly kind: 'created' | 'changed' | 'same'; readonly user: UserRecord }
  /** Somebody else has changed it in between, or it exists, or it does not. */
  | { readonly kind: 'version_differs'; readonly version: number }
  | { readonly kind: 'vendor_unknown' };

export interface SessionRecord {
  readonly sessionHash: string;
  readonly sessionId: string;
  readonly userId: string;
  readonly createdAt: number;
  readonly lastSeenAt: number;
  readonly endsAt: number;
}

export type LoginAttempt =
  | { readonly kind: 'allowed' }
  | { readonly kind: 'throttled'; readonly allowedAt: number };

export interface ApiKeyInfo {
  readonly keyId: string;
  readonly role: 'operator' | 'vendor';
  readonly vendorId: string | null;
  readonly label: string;
  readonly scopes: readonly Permission[] | null;
  readonly createdAt: number;
  /** Who made it: a request by this key counts as one by him. null for the first key of a data folder. */
  readonly createdBy: string | null;
  readonly expiresAt: number | null;
  readonly revokedAt: number | null;
  /** 'YYYY-MM-DD' UTC. */
  readonly lastUsedDay: string | null;
}

export interface PeopleStore {
  putUser(put: UserPut): Promise<PutUserResult>;
  findUser(userId: string): Promise<UserRecord | undefined>;
  /** By user id, after this one. */
  users(after: string, limit: number): Promise<readonly UserRecord[]>;
  /** The stored form of a password; undefined for no such user, null for one without. */
  findPasswordHash(userId: string): Promise<string | null | undefined>;
  /** Ends all sessions of the user. */
  setPassword(userId: string, passwordHash: string, at: number): Promise<void>;
  /** One code at a time; a new one replaces the old. */
  setSetupCode(userId: string, codeHash: string, until: number): Promise<void>;
  /** Spends the code and sets the password in one step. @returns false for a wrong, spent or old code. */
  spendSetupCode(userId: string, codeHash: string, passwordHash: string, at: number): Promise<boolean>;

  /** Counts a guess before it is tried. */
  attemptLogin(rules: readonly ThrottleRule[], at: number): Promise<LoginAttempt>;
  forgetFailures(subject: string): Promise<void>;
  /** Opens a session and ends the one that it takes the place of. */
  openSession(session: SessionRecord, endsHash: string | null): Promise<void>;
  /** undefined for one that has ended by anything but age or idleness. */
  findSession(sessionHash: string): Promise<{ session: SessionRecord; user: UserRecord } | undefined>;
  touchSession(sessionHash: string, at: number): Promise<void>;
  endSession(sessionHash: string): Promise<void>;
  endSessionsOf(userId: string): Promise<number>;

  apiKeys(after: string, limit: number): Promise<readonly ApiKeyInfo[]>;
  findApiKeyById(keyId: string): Promise<ApiKeyInfo | undefined>;
  /** Ends a key from a moment on; an earlier end stays. @returns the key as it is then. */
  endApiKey(keyId: string, at: number, how: 'revoked' | 'expires'): Promise<ApiKeyInfo | undefined>;
  touchApiKey(keyHash: string, day: string): Promise<void>;

  findSetting(name: string): Promise<string | undefined>;
  settings(): Promise<Readonly<Record<string, string>>>;
  /** Writes only what is absent, for a first start. */
  seedSetting(name: string, value: string, at: number): Promise<void>;
  putSetting(change: SettingChange): Promise<void>;
}

export interface SettingChange {
  readonly name: string;
  readonly value: string;
  readonly at: number;
}

export type ApprovalKind =
  | 'tariffVersion'
  | 'deposit'
  | 'depositReversal'
  | 'saleReversal'
  | 'creditLimit'
  | 'commissionTerms'
  | 'commissionPayment'
  | 'freeIssue'
  | 'replacement'
  | 'changeOut'
  | 'engineeringToken'
  | 'user'
  | 'passwordReset'
  | 'setting';

export type ApprovalState = 'pending' | 'approved' | 'executed' | 'rejected' | 'expired';

export interface ApprovalRequest {
  readonly approvalId: string;
  readonly kind: ApprovalKind;
  /** What is to be done, as canonical JSON. */
  readonly payload: string;
  /** SHA-256 of kind and payload, hex. */
  readonly payloadHash: string;
  /** The same thing asked for again while the first is open is one request. */
  readonly requestKey: string;
  readonly vendorId: string | null;
  readonly reason: string;
  readonly requestedBy: string;
  readonly requestedAt: number;
  readonly expiresAt: number;
}

export interface ApprovalRecord extends ApprovalRequest {
  readonly state: ApprovalState;
  readonly decidedBy: string | null;
  readonly decidedAt: number | null;
  readonly note: string;
  /** Which use case has used it, for kinds that are used and not executed here. */
  readonly usedBy: string | null;
  /** Canonical JSON of what the execution gave, or ''. */
  readonly result: string;
}

/** What an approval does in the same commit that decides it. */
export type ApprovalEffect =
  /** Is used later by a use case, once. */
  | { readonly kind: 'none' }
  | { readonly kind: 'tariffVersion'; readonly version: TariffVersion }
  | { readonly kind: 'deposit'; readonly deposit: DepositRequest }
  | { readonly kind: 'float'; readonly change: FloatChange }
  | { readonly kind: 'saleReversal'; readonly reversal: SaleReversal }
  | { readonly kind: 'creditLimit'; readonly change: CreditLimitChange }
  | { readonly kind: 'commissionTerms'; readonly version: CommissionVersion }
  | { readonly kind: 'user'; readonly put: UserPut }
  | { readonly kind: 'settings'; readonly changes: readonly SettingChange[] };

/** What the effect answered; a refusal among them leaves the approval pending. */
export type EffectResult =
  | { readonly kind: 'none' | 'settings' }
  | { readonly kind: 'tariffVersion' | 'commissionTerms'; readonly result: PutResult }
  | { readonly kind: 'deposit'; readonly result: DepositResult }
  | { readonly kind: 'float'; readonly result: FloatChangeResult }
  | { readonly kind: 'saleReversal'; readonly result: ReverseResult }
  | {
      readonly kind: 'creditLimit';
      readonly result: 'changed' | 'vendor_unknown' | 'changed_meanwhile' | 'below_float';
    }
  | { readonly kind: 'user'; readonly result: PutUserResult };

export interface Decision {
  readonly approvalId: string;
  readonly decidedBy: string;
  readonly at: number;
  readonly note: string;
  /** undefined rejects. */
  readonly effect: ApprovalEffect | undefined;
}

export type DecideResult =
  | { readonly kind: 'decided'; readonly approval: ApprovalRecord; readonly effect: EffectResult | undefined }
  | { readonly kind: 'unknown' }
  | { readonly kind: 'decided_before'; readonly approval: ApprovalRecord }
  | { readonly kind: 'expired' }
  | { readonly kind: 'same_person' }
  | { readonly kind: 'effect_refused'; readonly effect: EffectResult };

export type UseResult = 'used' | 'used_by_other' | 'unknown' | 'not_approved' | 'expired' | 'differs';

export interface ApprovalStore {
  /** @returns the open request under this request key, new or from before. */
  request(request: ApprovalRequest): Promise<ApprovalRecord>;
  find(approvalId: string): Promise<ApprovalRecord | undefined>;
  /** Newest first; before this id, or from the newest for ''. */
  list(filter: {
    readonly state?: ApprovalState;
    readonly before: string;
    readonly limit: number;
  }): Promise<readonly ApprovalRecord[]>;
  /** Decides, and does what was approved, in one commit. */
  decide(decision: Decision): Promise<DecideResult>;
  /** Ties an approved request to one use, for ever; the same use again is 'used' again. */
  use(use: {
    readonly approvalId: string;
    readonly payloadHash: string;
    readonly usedBy: string;
    readonly at: number;
  }): Promise<UseResult>;
}

export interface AuditDraft {
  readonly at: number;
  readonly principal: string;
  readonly credentialId: string;
  readonly roles: string;
  readonly vendorId: string | null;
  /** Method and route, or another name of what was done. */
  readonly action: string;
  /** On what: the parameters of the route, token numbers by their last four digits. */
  readonly target: string;
  /** 'begun', 'done', or the code of a fault. */
  readonly outcome: string;
  readonly requestId: string;
}

export interface AuditEntry extends AuditDraft {
  /** From 1, without gaps. */
  readonly sequence: number;
  readonly previousHash: string;
  readonly entryHash: string;
}

/** What is looked for in the trail; what is left out is not asked about. */
export interface AuditSearch {
  /** The newest entry looked at is the one before this sequence. */
  readonly before: number;
  /** At most so many entries are looked at, and so many of them given. */
  readonly among: number;
  readonly limit: number;
  readonly principal?: string;
  /** Stands somewhere in what the entry is about, or in what was done. */
  readonly subject?: string;
}

export interface AuditStore {
  append(draft: AuditDraft): Promise<AuditEntry>;
  /** In the order in which they were written, after this sequence. */
  entries(after: number, limit: number): Promise<readonly AuditEntry[]>;
  /** The newest first. */
  search(search: AuditSearch): Promise<readonly AuditEntry[]>;
  head(): Promise<AuditEntry | undefined>;
}
