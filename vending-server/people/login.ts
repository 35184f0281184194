/** Signing in and out, and the passwords of people. */
import { StsFault } from '../../lib/faults.ts';
import type { SessionRecord, UserRecord } from '../store/people-contract.ts';
import type { Caller } from './caller.ts';
import type { PeopleContext } from './context.ts';
import { assertPassword, hashPassword, verifyPassword } from './password.ts';
import {
  IDLE_MILLIS,
  isSessionToken,
  LIFE_MILLIS,
  newSessionToken,
  secretHash,
  sessionIdOf,
  TOUCH_MILLIS,
} from './session.ts';
import { throttleRules } from './throttle.ts';

export interface LoginRequest {
  readonly userId: string;
  readonly password: string;
  /** Of the socket; many failures from one are slowed down whatever users they name. */
  readonly address: string;
  /** The session that the browser has now; the new one takes its place. */
  readonly endsToken: string | undefined;
}

export interface OpenedSession {
  readonly token: string;
  readonly session: SessionRecord;
  readonly user: UserRecord;
}

/**
 * @throws StsFault `login_throttled` with the wait, `login_busy`, `login_failed`: the same, after the same time, for a wrong
 *   password, an unknown user, a disabled one and one without a password.
 */
export async function login(context: PeopleContext, request: LoginRequest): Promise<OpenedSession> {
  const { people } = context.store;
  const { userId, password, address, endsToken } = request;
  await countAttempt(context, userId, address);
  const stored = await people.findPasswordHash(userId);
  const isRight = await verifyPassword(password, stored);
  const user = await people.findUser(userId);
  if (!isRight || user === undefined || user.isDisabled) throw new StsFault('login_failed');
  await people.forgetFailures(`user:${userId}`);
  return openSession(context, user, endsToken);
}

async function countAttempt({ store, clock }: PeopleContext, userId: string, address: string): Promise<void> {
  const now = clock.now();
  const attempt = await store.people.attemptLogin(throttleRules(userId, address), now);
  if (attempt.kind === 'allowed') return;
  const retryAfterSeconds = Math.max(1, Math.ceil((attempt.allowedAt - now) / 1000));
  throw new StsFault('login_throttled', `${retryAfterSeconds} s`, { retryAfterSeconds });
}

async function openSession(
  { store, clock, random }: PeopleContext,
  user: UserRecord,
  endsToken: string | undefined,
): Promise<OpenedSession> {
  const token = newSessionToken(random);
  const sessionHash = secretHash(token);
  const now = clock.now();
  const session: SessionRecord = {
    sessionHash,
    sessionId: sessionIdOf(sessionHash),
    userId: user.userId,
    createdAt: now,
    lastSeenAt: now,
    endsAt: now + LIFE_MILLIS,
  };
  const ends = endsToken !== undefined && isSessionToken(endsToken) ? secretHash(endsToken) : null;
  await store.people.openSession(session, ends);
  return { token, session, user };
}

/** @throws StsFault `authentication_required` for a session that is unknown, idle too long, too old or of a disabled user. */
export async function authenticateSession(
  { store, clock }: Pick<PeopleContext, 'store' | 'clock'>,
  token: string,
): Promise<{ readonly caller: Caller; readonly user: UserRecord; readonly session: SessionRecord }> {
  if (!isSessionToken(token)) throw new StsFault('authentication_required');
  const found = await store.people.findSession(secretHash(token));
  if (found === undefined) throw new StsFault('authentication_required');
  const { session, user } = found;
  const now = clock.now();
  if (now >= session.endsAt || now - session.lastSeenAt >= IDLE_MILLIS) {
    throw new StsFault('authentication_required');
  }
  if (now - session.lastSeenAt >= TOUCH_MILLIS) await store.people.touchSession(session.sessionHash, now);
  const { userId, roles, vendorId } = user;
  const principal = `user:${userId}`;
  const caller: Caller = {
    kind: 'user',
    principal,
    userId,
    credentialId: session.sessionId,
    roles,
    vendorId,
    scopes: null,
  };
  return { caller, user, session };
}

/** An unknown session is over already. */
export async function logout({ store }: Pick<PeopleContext, 'store'>, token: string): Promise<void> {
  if (isSessionToken(token)) await store.people.endSession(secretHash(token));
}

/**
 * A new password ends all sessions of the user and opens a new one.
 * @throws StsFault `login_throttled`, `login_failed` for a wrong old password, `password_weak`.
 */
export async function changePassword(
  context: PeopleContext,
  request: LoginRequest & { readonly newPassword: string },
): Promise<OpenedSession> {
  const { userId, password, newPassword, address } = request;
  assertPassword(newPassword, userId);
  const { people } = context.store;
  await countAttempt(context, userId, address);
  const user = await people.findUser(userId);
  const isRight = await verifyPassword(password, await people.findPasswordHash(userId));
  if (!isRight || user === undefined || user.isDisabled) throw new StsFault('login_failed');
  await people.setPassword(userId, await hashPassword(newPassword, context.random), context.clock.now());
  await people.forgetFailures(`user:${userId}`);
  return openSession(context, user, undefined);
}

/** A setup code lives a day: long enough to be handed over, too short to lie about. */
const SETUP_CODE_MILLIS = 86_400_000;

/**
 * A code with which the user, and nobody else, sets a first or a new password; told once.
 * @throws StsFault `user_unknown`.
 */
export async function issueSetupCode(
  { store, random, clock }: PeopleContext,
  userId: string,
): Promise<{ readonly setupCode: string; readonly until: number }> {
  if ((await store.people.findUser(userId)) === undefined) throw userUnknown();
  const setupCode = Buffer.from(random.bytes(20)).toString('base64url');
  const until = clock.now() + SETUP_CODE_MILLIS;
  await store.people.setSetupCode(userId, secretHash(setupCode), until);
  return { setupCode, until };
}

/** @throws StsFault `password_weak`, `login_throttled`, `setup_code_wrong`, also for an unknown or disabled user. */
export async function setUpPassword(
  context: PeopleContext,
  request: {
    readonly userId: string;
    readonly setupCode: string;
    readonly newPassword: string;
    readonly address: string;
  },
): Promise<OpenedSession> {
  const { userId, setupCode, newPassword, address } = request;
  assertPassword(newPassword, userId);
  await countAttempt(context, userId, address);
  const { people } = context.store;
  const passwordHash = await hashPassword(newPassword, context.random);
  const user = await people.findUser(userId);
  if (user === undefined || user.isDisabled) throw new StsFault('setup_code_wrong');
  const spent = await people.spendSetupCode(userId, secretHash(setupCode), passwordHash, context.clock.now());
  if (!spent) throw new StsFault('setup_code_wrong');
  await people.forgetFailures(`user:${userId}`);
  return openSession(context, { ...user, hasPassword: true }, undefined);
}

export function userUnknown(): StsFault {
  return new StsFault('user_unknown', undefined, { param: 'userId' });
}
