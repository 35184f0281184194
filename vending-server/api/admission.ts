/** Who calls: a machine by its key, or a person by the cookie of a session; and what such a caller owes besides. */
import type { Request, Response } from 'express';
import { StsFault } from '../../lib/faults.ts';
import { latestOf } from '../clock.ts';
import { authenticateKey } from '../people/api-keys.ts';
import type { Caller } from '../people/caller.ts';
import { authenticateSession } from '../people/login.ts';
import { isCsrfToken, LIFE_MILLIS } from '../people/session.ts';
import type { VisitRecord } from '../store/visit-contract.ts';
import type { Vending } from '../vending/context.ts';
import { findVisit, VISIT_MILLIS } from '../vending/visits.ts';
import { setHeader } from './reply.ts';

export const SESSION_COOKIE = 'wattoken_session';
export const VISIT_COOKIE = 'wattoken_visit';

/**
 * A bearer key counts before a cookie: a page never sends both, and a machine that does means its key.
 * @throws StsFault `authentication_required`, `csrf_token_wrong`.
 */
export async function callerOf({ store, clock }: Vending, request: Request): Promise<Caller> {
  const context = { store, clock: { now: () => latestOf(clock) } };
  const { authorization } = request.headers;
  if (authorization !== undefined) {
    const bearer = /^Bearer +(\S+)$/i.exec(authorization);
    return authenticateKey(context, bearer?.[1] ?? '');
  }
  const token = sessionTokenOf(request);
  if (token === undefined) throw new StsFault('authentication_required');
  const { caller } = await authenticateSession(context, token);
  assertOwnPage(request, token);
  return caller;
}

/** A customer who has shown a receipt. @throws StsFault `visit_required`, `csrf_token_wrong`. */
export async function visitorOf(vending: Vending, request: Request): Promise<VisitRecord> {
  const secret = visitSecretOf(request);
  const visit = await findVisit(vending, secret);
  assertOwnPage(request, secret ?? '');
  return visit;
}

/** Another site can make a browser send a cookie, and cannot know what goes with it. @throws StsFault `csrf_token_wrong`. */
function assertOwnPage({ method, headers }: Request, secret: string): void {
  if (method === 'GET' || method === 'HEAD') return;
  const given = headers['x-csrf-token'];
  if (typeof given !== 'string' || !isCsrfToken(given, secret)) throw new StsFault('csrf_token_wrong');
}

export function sessionTokenOf(request: Request): string | undefined {
  return cookieOf(request, SESSION_COOKIE);
}

export function visitSecretOf(request: Request): string | undefined {
  return cookieOf(request, VISIT_COOKIE);
}

function cookieOf({ headers }: Request, name: string): string | undefined {
  // A machine sends none, and asks most.
  if (headers.cookie === undefined) return undefined;
  const cookies = headers.cookie.split(';').map((cookie) => cookie.trim());
  return cookies.find((cookie) => cookie.startsWith(`${name}=`))?.slice(name.length + 1);
}

export function sessionCookie(token: string, isSecure: boolean): string {
  return setCookie(SESSION_COOKIE, token, { path: '/', lifeMillis: LIFE_MILLIS, isSecure });
}

/** Sent to the customers' part alone. */
export function visitCookie(secret: string, isSecure: boolean): string {
  return setCookie(VISIT_COOKIE, secret, { path: '/v1/customer', lifeMillis: VISIT_MILLIS, isSecure });
}

/** No script reads it and no other site sends it. An empty value takes it away. */
function setCookie(
  name: string,
  value: string,
  { path, lifeMillis, isSecure }: { path: string; lifeMillis: number; isSecure: boolean },
): string {
  const age = value === '' ? 0 : lifeMillis / 1000;
  const secure = isSecure ? '; Secure' : '';
  return `${name}=${value}; Path=${path}; HttpOnly; SameSite=Strict; Max-Age=${age}${secure}`;
}

export function addressOf(request: Request): string {
  return request.socket.remoteAddress ?? 'unknown';
}

export function retryAfter(response: Response, error: unknown, retry: string): void {
  const seconds = error instanceof StsFault ? error.retryAfterSeconds : undefined;
  if (seconds !== undefined) setHeader(response, 'Retry-After', String(seconds));
  else if (retry === 'later') setHeader(response, 'Retry-After', '1');
}
