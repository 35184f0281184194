/** Signing in and out, for the pages. Machines have keys and need none of this. */
import { StsFault } from '../../lib/faults.ts';
import { may } from '../people/caller.ts';
import {
  authenticateSession,
  changePassword,
  login,
  logout,
  type OpenedSession,
  setUpPassword,
} from '../people/login.ts';
import { PERMISSION_NAMES } from '../people/roles.ts';
import { csrfToken } from '../people/session.ts';
import type { Vending } from '../vending/context.ts';
import { Done, LoginBody, PasswordBody, SessionAnswer, SetupBody } from './people-schemas.ts';
import { type Answer, type Browser, json, type Route, withBody, withoutBody } from './route.ts';
import { iso } from './time.ts';

const LOGIN_FAULTS = ['login_failed', 'login_throttled', 'login_busy', 'rate_limited'] as const;

export const SESSION_ROUTES: readonly Route[] = [
  withBody({
    method: 'post',
    path: '/v1/session',
    summary: 'Sign in: a new session in a cookie, whatever session there was',
    permission: undefined,
    audit: 'read',
    about: ({ userId }) => ({ userId }),
    body: LoginBody,
    answers: [{ status: 201, description: 'Signed in', schema: SessionAnswer }],
    faults: LOGIN_FAULTS,
    handle: async ({ vending }, { body, browser }) => {
      const { address, sessionToken: endsToken } = browser;
      return opened(vending, await login(vending, { ...body, address, endsToken }), browser);
    },
  }),
  withBody({
    method: 'post',
    path: '/v1/session/setup',
    summary: 'Set a first or a new password with a setup code, and sign in',
    permission: undefined,
    audit: 'read',
    about: ({ userId }) => ({ userId }),
    body: SetupBody,
    answers: [{ status: 201, description: 'Signed in', schema: SessionAnswer }],
    faults: ['setup_code_wrong', 'password_weak', 'login_throttled', 'login_busy', 'rate_limited'],
    handle: async ({ vending }, { body, browser }) =>
      opened(vending, await setUpPassword(vending, { ...body, address: browser.address }), browser),
  }),
  withoutBody({
    method: 'get',
    path: '/v1/session',
    summary: 'Who is signed in, and what he may do',
    permission: 'self.manage',
    answers: [{ status: 200, description: 'The session', schema: SessionAnswer }],
    faults: [],
    handle: async ({ vending }, { browser }) => json(200, await sessionAnswer(vending, tokenOf(browser))),
  }),
  withoutBody({
    method: 'delete',
    path: '/v1/session',
    summary: 'Sign out',
    permission: 'self.manage',
    answers: [{ status: 200, description: 'Signed out', schema: Done }],
    faults: [],
    handle: async ({ vending }, { browser }) => {
      await logout(vending, tokenOf(browser));
      return json(200, { status: 'done' }, { 'Set-Cookie': browser.cookieOf('') });
    },
  }),
  withBody({
    method: 'post',
    path: '/v1/session/password',
    summary: 'A new password: ends all sessions of the user and opens a new one',
    permission: 'self.manage',
    body: PasswordBody,
    answers: [{ status: 201, description: 'Changed', schema: SessionAnswer }],
    faults: [...LOGIN_FAULTS, 'password_weak'],
    handle: async ({ vending }, { body, caller, browser }) => {
      if (caller.userId === null) throw new StsFault('permission_denied');
      const { address } = browser;
      const request = { ...body, userId: caller.userId, address, endsToken: undefined };
      return opened(vending, await changePassword(vending, request), browser);
    },
  }),
];

async function opened(vending: Vending, { token }: OpenedSession, browser: Browser): Promise<Answer> {
  return json(201, await sessionAnswer(vending, token), { 'Set-Cookie': browser.cookieOf(token) });
}

async function sessionAnswer(vending: Vending, token: string) {
  const { caller, user, session } = await authenticateSession(vending, token);
  return {
    userId: user.userId,
    name: user.name,
    roles: user.roles,
    vendorId: user.vendorId,
    permissions: PERMISSION_NAMES.filter((permission) => may(caller, permission)),
    sessionId: session.sessionId,
    endsAt: iso(session.endsAt),
    csrfToken: csrfToken(token),
  };
}

/** @throws StsFault `permission_denied` for a machine, which has no session. */
function tokenOf({ sessionToken }: Browser): string {
  if (sessionToken === undefined) throw new StsFault('permission_denied');
  return sessionToken;
}
