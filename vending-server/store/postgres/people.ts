/** Users, sessions, failed logins, API keys and settings on PostgreSQL. */
import { countAttempt, FORGOTTEN_AFTER_MILLIS, type ThrottleRule } from '../../people/throttle.ts';
import type {
  ApiKeyInfo,
  LoginAttempt,
  PeopleStore,
  PutUserResult,
  SessionRecord,
  SettingChange,
  UserPut,
  UserRecord,
} from '../people-contract.ts';
import { apiKeyInfoOf, sameUser, sessionOf, userOf } from '../people-rows.ts';
import type { PostgresAccess } from './access.ts';
import type { Ask } from './connections.ts';

export class PostgresPeople implements PeopleStore {
  readonly #access: PostgresAccess;

  constructor(access: PostgresAccess) {
    this.#access = access;
  }

  putUser(put: UserPut): Promise<PutUserResult> {
    return this.#access.write(turnOf(put.user.userId), (ask) => putUser(ask, put));
  }

  findUser(userId: string): Promise<UserRecord | undefined> {
    return findUser(this.#access.query, userId);
  }

  async users(after: string, limit: number): Promise<readonly UserRecord[]> {
    return (await this.#access.query('users', [after, limit])).map(userOf);
  }

  async findPasswordHash(userId: string): Promise<string | null | undefined> {
    const [row] = await this.#access.query('findPassword', [userId]);
    return row?.password_hash;
  }

  setPassword(userId: string, passwordHash: string, at: number): Promise<void> {
    return this.#access.write(turnOf(userId), async (ask) => {
      await ask('setPassword', [userId, passwordHash, at]);
      await ask('endSessionsOf', [userId]);
    });
  }

  async setSetupCode(userId: string, codeHash: string, until: number): Promise<void> {
    await this.#access.query('setSetupCode', [userId, codeHash, until]);
  }

  spendSetupCode(userId: string, codeHash: string, passwordHash: string, at: number): Promise<boolean> {
    return this.#access.write(turnOf(userId), async (ask) => {
      if ((await ask('spendSetupCode', [userId, codeHash, passwordHash, at])).length === 0) return false;
      await ask('endSessionsOf', [userId]);
      return true;
    });
  }

  /** A server counts one guess after another: a storm of them holds one connection, and no sale waits for it. */
  attemptLogin(rules: readonly ThrottleRule[], at: number): Promise<LoginAttempt> {
    return this.#access.write('login', async (ask) => {
      await ask('lockNames', [rules.map(({ subject }) => `login ${subject}`)]);
      // Guesses at names that nobody has would fill the table.
      await ask('forgetOldAttempts', [at - FORGOTTEN_AFTER_MILLIS]);
      const counted = [];
      for (const { subject, waits } of rules) {
        const [row] = await ask('findAttempts', [subject]);
        const held = row && { failures: row.failures, lastAt: row.last_at, allowedAt: row.allowed_at };
        counted.push({ subject, result: countAttempt(held, waits, at) });
      }
      const refusals = counted.flatMap(({ result }) => (result.allowed ? [] : [result.from]));
      if (refusals.length > 0) return { kind: 'throttled', allowedAt: Math.max(...refusals) };
      for (const { subject, result } of counted) {
        if (!result.allowed) continue;
        const { failures, lastAt, allowedAt } = result.attempts;
        await ask('putAttempts', [subject, failures, lastAt, allowedAt]);
      }
      return { kind: 'allowed' };
    });
  }

  async forgetFailures(subject: string): Promise<void> {
    await this.#access.query('forgetAttempts', [subject]);
  }

  openSession(session: SessionRecord, endsHash: string | null): Promise<void> {
    return this.#access.write(turnOf(session.userId), async (ask) => {
      if (endsHash !== null) await ask('endSession', [endsHash]);
      await ask('forgetOldSessions', [session.userId, session.createdAt]);
      const { sessionHash, sessionId, userId, createdAt, lastSeenAt, endsAt } = session;
      await ask('addSession', [sessionHash, sessionId, userId, createdAt, lastSeenAt, endsAt]);
    });
  }

  async findSession(sessionHash: string): Promise<{ session: SessionRecord; user: UserRecord } | undefined> {
    const [row] = await this.#access.query('findSession', [sessionHash]);
    return row && { session: sessionOf({ ...row, created_at: row.opened_at }), user: userOf(row) };
  }

  async touchSession(sessionHash: string, at: number): Promise<void> {
    await this.#access.query('touchSession', [sessionHash, at]);
  }

  async endSession(sessionHash: string): Promise<void> {
    await this.#access.query('endSession', [sessionHash]);
  }

  async endSessionsOf(userId: string): Promise<number> {
    return (await this.#access.query('endSessionsOf', [userId])).length;
  }

  async apiKeys(after: string, limit: number): Promise<readonly ApiKeyInfo[]> {
    return (await this.#access.query('apiKeys', [after, limit])).map(apiKeyInfoOf);
  }

  async findApiKeyById(keyId: string): Promise<ApiKeyInfo | undefined> {
    const [row] = await this.#access.query('findApiKeyById', [keyId]);
    return row && apiKeyInfoOf(row);
  }

  async endApiKey(keyId: string, at: number, how: 'revoked' | 'expires'): Promise<ApiKeyInfo | undefined> {
    await this.#access.query(how === 'revoked' ? 'revokeApiKey' : 'expireApiKey', [keyId, at]);
    return this.findApiKeyById(keyId);
  }

  async touchApiKey(keyHash: string, day: string): Promise<void> {
    await this.#access.query('touchApiKey', [keyHash, day]);
  }

  async findSetting(name: string): Promise<string | undefined> {
    const [row] = await this.#access.query('findSetting', [name]);
    return row?.value;
  }

  async settings(): Promise<Readonly<Record<string, string>>> {
    const rows = await this.#access.query('settings');
    return Object.fromEntries(rows.map(({ name, value }) => [name, value]));
  }

  async seedSetting(name: string, value: string, at: number): Promise<void> {
    await this.#access.query('seedSetting', [name, value, at]);
  }

  putSetting(change: SettingChange): Promise<void> {
    return putSetting(this.#access.query, change);
  }
}

/** Inside a transaction. */
export async function putUser(ask: Ask, { user, expectedVersion, at }: UserPut): Promise<PutUserResult> {
  const { userId, name, vendorId, isDisabled } = user;
  await ask('lockNames', [[turnOf(userId)]]);
  const held = await findUser(ask, userId);
  if (held !== undefined && sameUser(held, user)) return { kind: 'same', user: held };
  if ((held?.version ?? 0) !== expectedVersion)
    return { kind: 'version_differs', version: held?.version ?? 0 };
  if (vendorId !== null && (await ask('hasVendor', [vendorId])).length === 0)
    return { kind: 'vendor_unknown' };
  const fields = [userId, name, JSON.stringify(user.roles), vendorId, isDisabled];
  if (held === undefined) await ask('addUser', [...fields, at]);
  else {
    await ask('changeUser', fields);
    // What the user may do was looked up at the login of no session, but a disabled one must not linger.
    if (isDisabled) await ask('endSessionsOf', [userId]);
  }
  const changed = await findUser(ask, userId);
  if (changed === undefined) throw new RangeError('"user" expected a row just written, got none');
  return { kind: held === undefined ? 'created' : 'changed', user: changed };
}

/** Inside a transaction or by itself. */
export async function putSetting(ask: Ask, { name, value, at }: SettingChange): Promise<void> {
  await ask('putSetting', [name, value, at]);
}

async function findUser(ask: Ask, userId: string): Promise<UserRecord | undefined> {
  const [row] = await ask('findUser', [userId]);
  return row && userOf(row);
}

function turnOf(userId: string): string {
  return `user ${userId}`;
}
