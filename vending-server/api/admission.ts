/** Who calls: a machine by its key, or a person by the cookie of a session; and what such a caller owes besides. */
import type { Request, Response } from 'express';
import { StsFault } from '../../lib/faults.ts';
import { authenticateKey } from '../people/api-keys.ts';
import type { Caller } from '../people/caller.ts';
import { authenticateSession } from '../people/login.ts';
import { isCsrfToken, LIFE_MILLIS } from '../people/session.ts';
import type { Vending } from '../vending/context.ts';
import { setHeader } from './reply.ts';

const SESSION_COOKIE = 'wattoken_session';

/**
 * A bearer key counts before a cookie: a page never sends both, and a machine that does means its key.
 * @throws StsFault `authentication_required`, `csrf_token_wrong`.
 */
export async function callerOf({ store, clock }: Vending, request: Request): Promise<Caller> {
  const context = { store, clock: { now: () => clock.latest?.() ?? clock.now() } };
  const { authorization } = request.headers;
  if (authorization !== undefined) {
    const bearer = /^Bearer +(\S+)$/i.exec(authorization);
    return authenticateKey(context, bearer?.[1] ?? '');
  }
  const token = sessionTokenOf(request);
  if (token === undefined) throw new StsFault('authentication_required');
  const { caller } = await authenticateSession(context, token);
  if (request.method !== 'GET' && request.method !== 'HEAD') {
    const given = request.headers['x-csrf-token'];
    if (typeof given !== 'string' || !isCsrfToken(given, token)) throw new StsFault('csrf_token_wrong');
  }
  return caller;
}

export function sessionTokenOf(request: Request): string | undefined {
  const cookies = (request.headers.cookie ?? '').split(';').map((cookie) => cookie.trim());
  const found = cookies.find((cookie) => cookie.startsWith(`${SESSION_COOKIE}=`));
  return found?.slice(SESSION_COOKIE.length + 1);
}

/** No script reads it and no other site sends it. An empty token takes it away. */
export function sessionCookie(token: string, isSecure: boolean): string {
  const age = token === '' ? 0 : LIFE_MILLIS / 1000;
  const secure = isSecure ? '; Secure' : '';
  return `${SESSION_COOKIE}=${token}; Path=/; HttpOnly; SameSite=Strict; Max-Age=${age}${secure}`;
}

export function addressOf(request: Request): string {
  return request.socket.remoteAddress ?? 'unknown';
}

export function retryAfter(response: Response, error: unknown, retry: string): void {
  const seconds = error instanceof StsFault ? error.retryAfterSeconds : undefined;
  if (seconds !== undefined) setHeader(response, 'Retry-After', String(seconds));
  else if (retry === 'later') setHeader(response, 'Retry-After', '1');
}
