/** Users, API keys and settings. */
import { StsFault } from '../../lib/faults.ts';
import { issueApiKey, revokeApiKey, rotateApiKey } from '../people/api-keys.ts';
import { approved } from '../people/approvals.ts';
import { may } from '../people/caller.ts';
import { issueSetupCode, userUnknown } from '../people/login.ts';
import type { ApiKeyInfo, UserRecord } from '../store/people-contract.ts';
import { findVendor } from '../vending/open-vendor.ts';
import { AT_ONCE, askSecondPerson, userMatter } from '../vending/two-persons.ts';
import { approvalAnswer } from './approval-routes.ts';
import {
  ApprovalAnswer,
  Done,
  KeyAnswer,
  KeyBody,
  KeysAnswer,
  NewKeyAnswer,
  PageById,
  RotateBody,
  SettingAnswer,
  SettingBody,
  SettingsAnswer,
  SetupCodeAnswer,
  SetupCodeBody,
  UserAnswer,
  UserBody,
  UsersAnswer,
} from './people-schemas.ts';
import { checkedParam, json, param, type Route, withBody, withoutBody, withQuery } from './route.ts';
import { Id } from './schemas.ts';
import { iso } from './time.ts';

const ASKED = { status: 202, description: 'Waits for a second person', schema: ApprovalAnswer } as const;

const USERS: readonly Route[] = [
  withQuery({
    path: '/v1/users',
    summary: 'Users by their ids',
    permission: 'user.read',
    query: PageById,
    answers: [{ status: 200, description: 'A page of users', schema: UsersAnswer }],
    faults: [],
    handle: async ({ vending }, { query: { after, limit } }) => {
      const users = await vending.store.people.users(after, limit);
      return json(200, { users: users.map(userAnswer), next: nextOf(users, limit, ({ userId }) => userId) });
    },
  }),
  withoutBody({
    method: 'get',
    path: '/v1/users/{userId}',
    summary: 'A user',
    permission: 'user.read',
    answers: [{ status: 200, description: 'The user', schema: UserAnswer }],
    faults: ['user_unknown'],
    handle: async ({ vending }, call) => {
      const user = await vending.store.people.findUser(param(call, 'userId'));
      if (user === undefined) throw userUnknown();
      return json(200, userAnswer(user));
    },
  }),
  withBody({
    method: 'put',
    path: '/v1/users/{userId}',
    summary: 'Open or change a user; with two persons this waits for the second',
    permission: 'user.put',
    body: UserBody,
    answers: [{ status: 200, description: 'The user as he is now', schema: UserAnswer }, ASKED],
    faults: ['user_changed', 'vendor_unknown', 'request_id_reused'],
    handle: async ({ vending }, call) => {
      const { reason, ...fields } = call.body;
      const payload = userMatter({ userId: checkedParam(call, 'userId', Id), ...fields });
      const { vendorId } = payload.user;
      if (vendorId !== null) await findVendor(vending, vendorId);
      const asked = await askSecondPerson(vending, call.caller, 'user', { payload, reason });
      if (asked !== undefined) return json(202, approvalAnswer(asked));
      return json(200, userAnswer(await AT_ONCE.user(vending, payload)));
    },
  }),
  withBody({
    method: 'post',
    path: '/v1/users/{userId}/setup-code',
    summary: 'A code with which the user sets his password; for one who has a password it takes an approval',
    permission: 'user.put',
    body: SetupCodeBody,
    answers: [{ status: 201, description: 'The code, told once', schema: SetupCodeAnswer }],
    faults: ['user_unknown', 'approval_required', 'approval_unknown', 'approval_used', 'approval_closed'],
    handle: async ({ vending }, call) => {
      const userId = param(call, 'userId');
      const user = await vending.store.people.findUser(userId);
      if (user === undefined) throw userUnknown();
      const { requestId, approvalId } = call.body;
      if (user.hasPassword) {
        const usedBy = `${call.caller.principal} ${requestId}`;
        await approved(vending, { kind: 'passwordReset', payload: { userId }, approvalId, usedBy });
      }
      const { setupCode, until } = await issueSetupCode(vending, userId);
      return json(201, { userId, setupCode, until: iso(until) });
    },
  }),
  withoutBody({
    method: 'delete',
    path: '/v1/users/{userId}/sessions',
    summary: 'End all sessions of a user',
    permission: 'user.put',
    answers: [{ status: 200, description: 'Ended', schema: Done }],
    faults: ['user_unknown'],
    handle: async ({ vending }, call) => {
      const userId = param(call, 'userId');
      if ((await vending.store.people.findUser(userId)) === undefined) throw userUnknown();
      await vending.store.people.endSessionsOf(userId);
      return json(200, { status: 'done' });
    },
  }),
];

const KEYS: readonly Route[] = [
  withQuery({
    path: '/v1/keys',
    summary: 'API keys by their ids; never the keys themselves',
    permission: 'key.read',
    query: PageById,
    answers: [{ status: 200, description: 'A page of keys', schema: KeysAnswer }],
    faults: [],
    handle: async ({ vending }, { query: { after, limit } }) => {
      const keys = await vending.store.people.apiKeys(after, limit);
      return json(200, { keys: keys.map(keyAnswer), next: nextOf(keys, limit, ({ keyId }) => keyId) });
    },
  }),
  withBody({
    method: 'post',
    path: '/v1/keys',
    summary: 'Make an API key, limited to the scopes that are named; it is shown once',
    permission: 'key.manage',
    body: KeyBody,
    answers: [{ status: 201, description: 'The new key', schema: NewKeyAnswer }],
    faults: ['vendor_unknown'],
    handle: async ({ vending }, { body, caller }) => {
      const expiresAt = body.expiresAt === null ? null : Date.parse(body.expiresAt);
      if (body.vendorId !== null) await findVendor(vending, body.vendorId);
      // A key that is limited must not make one that is not.
      if (
        caller.scopes !== null &&
        !(body.scopes ?? [undefined]).every((scope) => scope && may(caller, scope))
      )
        throw new StsFault('permission_denied');
      const request = { ...body, expiresAt, createdBy: caller.principal };
      const { apiKey, key } = await issueApiKey(vending, request);
      return json(201, { ...keyAnswer(key), apiKey });
    },
  }),
  withoutBody({
    method: 'delete',
    path: '/v1/keys/{keyId}',
    summary: 'Revoke an API key, at once and for ever',
    permission: 'key.manage',
    answers: [{ status: 200, description: 'Revoked, now or before', schema: KeyAnswer }],
    faults: ['api_key_unknown'],
    handle: async ({ vending }, call) =>
      json(200, keyAnswer(await revokeApiKey(vending, param(call, 'keyId')))),
  }),
  withBody({
    method: 'post',
    path: '/v1/keys/{keyId}/rotate',
    summary: 'A new key with the same rights; the old one ends after the grace',
    permission: 'key.manage',
    body: RotateBody,
    answers: [{ status: 201, description: 'The new key', schema: NewKeyAnswer }],
    faults: ['api_key_unknown'],
    handle: async ({ vending }, call) => {
      const { body, caller } = call;
      const grace = body.graceSeconds * 1000;
      const { apiKey, key } = await rotateApiKey(vending, param(call, 'keyId'), grace, caller.principal);
      return json(201, { ...keyAnswer(key), apiKey });
    },
  }),
];

const SETTINGS: readonly Route[] = [
  withoutBody({
    method: 'get',
    path: '/v1/settings',
    summary: 'What the utility has set',
    permission: 'setting.read',
    answers: [{ status: 200, description: 'The settings', schema: SettingsAnswer }],
    faults: [],
    handle: async ({ vending }) => json(200, { settings: await vending.store.people.settings() }),
  }),
  withBody({
    method: 'put',
    path: '/v1/settings/{name}',
    summary: 'Set one; what asks fewer persons than now waits for a second one',
    permission: 'setting.put',
    body: SettingBody,
    answers: [{ status: 200, description: 'Set', schema: SettingAnswer }, ASKED],
    faults: ['approvers_missing', 'request_id_reused'],
    handle: async ({ vending }, call) => {
      const { value, reason } = call.body;
      const payload = { name: param(call, 'name'), value };
      const asked = await askSecondPerson(vending, call.caller, 'setting', { payload, reason });
      if (asked !== undefined) return json(202, approvalAnswer(asked));
      await AT_ONCE.setting(vending, payload);
      return json(200, payload);
    },
  }),
];

export const USER_ROUTES: readonly Route[] = [...USERS, ...KEYS, ...SETTINGS];

/** Where the next page begins; null when this one was not full. */
export function nextOf<T, Cursor>(
  rows: readonly T[],
  limit: number,
  cursorOf: (row: T) => Cursor,
): Cursor | null {
  const last = rows.at(-1);
  return rows.length < limit || last === undefined ? null : cursorOf(last);
}

function userAnswer({ createdAt, ...user }: UserRecord) {
  return { ...user, createdAt: iso(createdAt) };
}

function keyAnswer(key: ApiKeyInfo) {
  return {
    keyId: key.keyId,
    role: key.role,
    vendorId: key.vendorId,
    label: key.label,
    scopes: key.scopes,
    createdAt: iso(key.createdAt),
    createdBy: key.createdBy,
    expiresAt: key.expiresAt === null ? null : iso(key.expiresAt),
    revokedAt: key.revokedAt === null ? null : iso(key.revokedAt),
    lastUsedDay: key.lastUsedDay,
  };
}
