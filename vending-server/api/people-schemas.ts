/** What goes over the wire about people, approvals and the audit trail. */
import { z } from 'zod';
import { APPROVAL_KINDS } from '../people/approvals.ts';
import { PERMISSION_NAMES, type Permission, ROLES } from '../people/roles.ts';
import { Id, Text } from './schemas.ts';

const Time = z.iso.datetime();
const Principal = z.string();
const RoleName = z.enum(ROLES);
const PermissionName = z.enum(PERMISSION_NAMES as unknown as [Permission, ...Permission[]]);
/** Never trimmed or narrowed: a password is whatever its owner typed. */
const Password = z.string().min(1).max(1000);

/** The lists: where to go on, and how many. */
export const Page = { limit: z.coerce.number().int().min(1).max(200).default(50) };
export const PageById = z.strictObject({ after: z.string().max(100).default(''), ...Page });
export const PageByNumber = z.strictObject({
  after: z.coerce.number().int().min(0).max(Number.MAX_SAFE_INTEGER).default(0),
  ...Page,
});
/** Newest first: before this number. */
export const PageBefore = z.strictObject({
  before: z.coerce.number().int().min(0).max(Number.MAX_SAFE_INTEGER).optional(),
  ...Page,
});

/** What is left out is not asked about. */
export const AuditSearchQuery = z.strictObject({
  /** As the trail has it: `user:<id>`, `key:<id>`, `nobody`. */
  principal: z.string().min(1).max(200).optional(),
  /** Part of what it was about, or of what was done. */
  subject: z.string().min(1).max(100).optional(),
  from: Time.optional(),
  /** The first moment after it. */
  until: Time.optional(),
  /** The `next` of the page before. */
  before: z.coerce.number().int().min(1).max(Number.MAX_SAFE_INTEGER).optional(),
  ...Page,
});

export const LoginBody = z.strictObject({ userId: Id, password: Password });
export const PasswordBody = z.strictObject({ password: Password, newPassword: Password });
export const SetupBody = z.strictObject({
  userId: Id,
  setupCode: z.string().min(1).max(100),
  newPassword: Password,
});
export const SessionAnswer = z.strictObject({
  userId: Id,
  name: Text,
  roles: z.array(RoleName),
  vendorId: Id.nullable(),
  permissions: z.array(PermissionName),
  sessionId: z.string(),
  endsAt: Time,
  /** To be sent as X-CSRF-Token with all but GET. */
  csrfToken: z.string(),
});
export const Done = z.strictObject({ status: z.literal('done') });

const userFields = {
  userId: Id,
  name: Text,
  roles: z.array(RoleName).max(ROLES.length),
  vendorId: Id.nullable(),
  isDisabled: z.boolean(),
};
export const UserBody = z.strictObject({
  name: Text,
  roles: z.array(RoleName).min(1).max(ROLES.length),
  vendorId: Id.nullable().default(null),
  isDisabled: z.boolean().default(false),
  /** 0 for a new user, else the version that is changed. */
  version: z.int().min(0),
  reason: Text.default('no reason given'),
});
export const UserAnswer = z.strictObject({
  ...userFields,
  version: z.int().min(1),
  hasPassword: z.boolean(),
  createdAt: Time,
});
export const UsersAnswer = z.strictObject({ users: z.array(UserAnswer), next: Id.nullable() });
export const SetupCodeBody = z.strictObject({ requestId: Id, approvalId: Id.optional() });
export const SetupCodeAnswer = z.strictObject({ userId: Id, setupCode: z.string(), until: Time });

export const KeyBody = z
  .strictObject({
    role: z.enum(['operator', 'vendor']),
    vendorId: Id.nullable().default(null),
    label: Text,
    scopes: z.array(PermissionName).max(PERMISSION_NAMES.length).nullable().default(null),
    expiresAt: Time.nullable().default(null),
  })
  .refine(({ role, vendorId }) => (role === 'vendor') === (vendorId !== null), {
    message: 'Invalid request: a vendor key names its vendor, an operator key none',
    path: ['vendorId'],
  });
export const KeyAnswer = z.strictObject({
  keyId: z.string(),
  role: z.enum(['operator', 'vendor']),
  vendorId: Id.nullable(),
  label: z.string(),
  scopes: z.array(PermissionName).nullable(),
  createdAt: Time,
  createdBy: Principal.nullable(),
  expiresAt: Time.nullable(),
  revokedAt: Time.nullable(),
  lastUsedDay: z.string().nullable(),
});
export const NewKeyAnswer = z.strictObject({ ...KeyAnswer.shape, apiKey: z.string() });
export const KeysAnswer = z.strictObject({ keys: z.array(KeyAnswer), next: z.string().nullable() });
export const RotateBody = z.strictObject({ graceSeconds: z.int().min(0).max(604_800).default(0) });

export const SettingBody = z.strictObject({
  value: z.string().min(1).max(100),
  reason: Text.default('no reason given'),
});
export const SettingAnswer = z.strictObject({ name: z.string(), value: z.string() });
export const SettingsAnswer = z.strictObject({ settings: z.record(z.string(), z.string()) });

const ApprovalStateName = z.enum(['pending', 'approved', 'executed', 'rejected', 'expired']);
export const ApprovalAnswer = z.strictObject({
  approvalId: z.string(),
  kind: z.enum(APPROVAL_KINDS as [(typeof APPROVAL_KINDS)[number]]),
  state: ApprovalStateName,
  payload: z.looseObject({}),
  payloadHash: z.string(),
  vendorId: Id.nullable(),
  reason: z.string(),
  requestedBy: Principal,
  requestedAt: Time,
  expiresAt: Time,
  decidedBy: Principal.nullable(),
  decidedAt: Time.nullable(),
  note: z.string(),
  usedBy: z.string().nullable(),
});
export const ApprovalsAnswer = z.strictObject({
  approvals: z.array(ApprovalAnswer),
  next: z.string().nullable(),
});
export const ApprovalQuery = z.strictObject({
  state: ApprovalStateName.optional(),
  before: z.string().max(100).default(''),
  ...Page,
});
/** What use cases take up later by the id of the approval. */
export const ApprovalBody = z.strictObject({
  kind: z.enum(['freeIssue', 'replacement', 'changeOut', 'engineeringToken', 'passwordReset']),
  requestId: Id,
  /** Exactly what the use case will be asked for; flat, and numbers are whole, so that it has one canonical form. */
  payload: z.record(z.string().max(64), z.union([Text, z.int(), z.boolean(), z.null()])),
  vendorId: Id.nullable().default(null),
  reason: Text,
});
export const DecisionBody = z.strictObject({ approve: z.boolean(), note: z.string().max(200).default('') });

const AuditRow = z.strictObject({
  sequence: z.int(),
  at: Time,
  principal: Principal,
  credentialId: z.string(),
  roles: z.string(),
  vendorId: Id.nullable(),
  action: z.string(),
  target: z.string(),
  outcome: z.string(),
  requestId: z.string(),
  previousHash: z.string(),
  entryHash: z.string(),
});
export const AuditAnswer = z.strictObject({ entries: z.array(AuditRow), next: z.int().nullable() });
export const VerificationQuery = z.strictObject({
  sequence: z.coerce.number().int().min(0).optional(),
  entryHash: z.string().max(64).optional(),
});
export const VerificationAnswer = z.strictObject({
  isWhole: z.boolean(),
  entries: z.int(),
  findings: z.array(z.strictObject({ kind: z.string(), sequence: z.int() })),
  /** To be kept by an outsider and given back with a later verification. */
  head: z.strictObject({ sequence: z.int(), entryHash: z.string() }),
});
