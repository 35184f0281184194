/** People of a utility over HTTP: each with a browser's cookie and the token that pages send with changes. */
import { randomBytes } from 'node:crypto';
import type { Reply, TestServer } from '../furnished.ts';

export interface Person {
  readonly userId: string;
  readonly password: string;
  cookie: string;
  csrf: string;
  call(method: string, path: string, body?: unknown, headers?: Record<string, string>): Promise<Reply>;
}

export function cookieOf(reply: Reply): string {
  return (reply.headers.get('set-cookie') ?? '').split(';')[0] ?? '';
}

/** Opens a user with the operator's key, which the first people of a utility need, and signs him in. */
export async function hire(
  at: TestServer,
  userId: string,
  roles: readonly string[],
  vendorId: string | null = null,
): Promise<Person> {
  const key = at.operatorKey;
  const put = await at.call('PUT', `/v1/users/${userId}`, {
    key,
    body: { name: `Person ${userId}`, roles, vendorId, version: 0 },
  });
  if (put.status !== 200) throw new Error(`user ${userId}: ${put.status} ${put.text}`);
  return settle(at, userId);
}

/** A first password by a setup code, and the session that comes with it. */
export async function settle(at: TestServer, userId: string): Promise<Person> {
  const code = await at.call('POST', `/v1/users/${userId}/setup-code`, {
    key: at.operatorKey,
    body: { requestId: `setup-${userId}` },
  });
  const password = `${randomBytes(12).toString('base64url')} of a test`;
  const { setupCode } = code.body;
  const reply = await at.call('POST', '/v1/session/setup', {
    body: { userId, setupCode, newPassword: password },
  });
  if (reply.status !== 201) throw new Error(`setup of ${userId}: ${reply.status} ${reply.text}`);
  const person: Person = {
    userId,
    password,
    cookie: cookieOf(reply),
    csrf: reply.body.csrfToken,
    call: (method, path, body, headers = {}) =>
      at.call(method, path, {
        ...(body === undefined ? {} : { body }),
        headers: { Cookie: person.cookie, 'X-CSRF-Token': person.csrf, ...headers },
      }),
  };
  return person;
}
