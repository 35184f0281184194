/** Users, sessions, failed logins, API keys and settings in SQLite. */
import type { Statement } from 'better-sqlite3';
import { countAttempt, FORGOTTEN_AFTER_MILLIS, type ThrottleRule } from '../../people/throttle.ts';
import type { ApiKeyRecord } from '../contract.ts';
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
import {
  type ApiKeyInfoRow,
  apiKeyInfoOf,
  type SessionRow,
  sameUser,
  sessionOf,
  type UserRow,
  userOf,
} from '../people-rows.ts';
import { prepareAll, type SqliteAccess } from './access.ts';
import type { Statements } from './statements.ts';

const USER_COLUMNS = `user_id, name, roles, vendor_id, is_disabled, version, created_at,
  password_hash IS NOT NULL AS has_password`;
const KEY_COLUMNS =
  'key_id, role, vendor_id, label, scopes, created_at, created_by, expires_at, revoked_at, last_used_day';

const SQL = {
  findUser: `SELECT ${USER_COLUMNS} FROM person WHERE user_id = ?`,
  users: `SELECT ${USER_COLUMNS} FROM person WHERE user_id > ? ORDER BY user_id LIMIT ?`,
  hasVendor: 'SELECT 1 FROM vendor WHERE vendor_id = ?',
  addUser: `INSERT INTO person (user_id, name, roles, vendor_id, is_disabled, version, created_at)
    VALUES (?, ?, ?, ?, ?, 1, ?)`,
  changeUser: `UPDATE person SET name = ?, roles = ?, vendor_id = ?, is_disabled = ?, version = version + 1
    WHERE user_id = ?`,
  findPassword: 'SELECT password_hash FROM person WHERE user_id = ?',
  setPassword: `UPDATE person SET password_hash = ?, password_set_at = ?, setup_code_hash = NULL, setup_code_until = NULL
    WHERE user_id = ?`,
  setSetupCode: 'UPDATE person SET setup_code_hash = ?, setup_code_until = ? WHERE user_id = ?',
  findSetupCode: 'SELECT 1 FROM person WHERE user_id = ? AND setup_code_hash = ? AND setup_code_until > ?',
  findAttempts: 'SELECT failures, last_at, allowed_at FROM login_attempt WHERE subject = ?',
  putAttempts: `INSERT INTO login_attempt (subject, failures, last_at, allowed_at) VALUES (?, ?, ?, ?)
    ON CONFLICT (subject) DO UPDATE SET failures = excluded.failures, last_at = excluded.last_at,
      allowed_at = excluded.allowed_at`,
  forgetOldAttempts: 'DELETE FROM login_attempt WHERE last_at < ?',
  forgetAttempts: 'DELETE FROM login_attempt WHERE subject = ?',
  addSession: `INSERT INTO person_session (session_hash, session_id, user_id, created_at, last_seen_at, ends_at)
    VALUES (?, ?, ?, ?, ?, ?)`,
  findSession: `SELECT session_hash, session_id, user_id, created_at, last_seen_at, ends_at FROM person_session
    WHERE session_hash = ?`,
  touchSession: 'UPDATE person_session SET last_seen_at = max(last_seen_at, ?) WHERE session_hash = ?',
  endSession: 'DELETE FROM person_session WHERE session_hash = ?',
  endSessionsOf: 'DELETE FROM person_session WHERE user_id = ?',
  forgetOldSessions: 'DELETE FROM person_session WHERE user_id = ? AND ends_at < ?',
  apiKeys: `SELECT ${KEY_COLUMNS} FROM api_key WHERE key_id > ? ORDER BY key_id LIMIT ?`,
  findApiKeyById: `SELECT ${KEY_COLUMNS} FROM api_key WHERE key_id = ?`,
  revokeApiKey: 'UPDATE api_key SET revoked_at = ? WHERE key_id = ? AND revoked_at IS NULL',
  expireApiKey: 'UPDATE api_key SET expires_at = min(coalesce(expires_at, :at), :at) WHERE key_id = :keyId',
  touchApiKey: 'UPDATE api_key SET last_used_day = ? WHERE key_hash = ?',
  findSetting: 'SELECT value FROM setting WHERE name = ?',
  settings: 'SELECT name, value FROM setting ORDER BY name',
  seedSetting: 'INSERT OR IGNORE INTO setting (name, value, changed_at) VALUES (?, ?, ?)',
  putSetting: `INSERT INTO setting (name, value, changed_at) VALUES (?, ?, ?)
    ON CONFLICT (name) DO UPDATE SET value = excluded.value, changed_at = excluded.changed_at`,
} as const;

export class SqlitePeople implements PeopleStore {
  readonly #access: SqliteAccess;
  readonly #sql: Readonly<Record<keyof typeof SQL, Statement>>;

  constructor(access: SqliteAccess) {
    this.#access = access;
    this.#sql = prepareAll(access.database, SQL);
  }

  putUser(put: UserPut): Promise<PutUserResult> {
    return this.#access.write(() => this.putUserNow(put));
  }

  /** Inside a transaction. */
  putUserNow({ user, expectedVersion, at }: UserPut): PutUserResult {
    const held = this.#user(user.userId);
    if (held !== undefined && sameUser(held, user)) return { kind: 'same', user: held };
    if ((held?.version ?? 0) !== expectedVersion)
      return { kind: 'version_differs', version: held?.version ?? 0 };
    if (user.vendorId !== null && this.#sql.hasVendor.get(user.vendorId) === undefined)
      return { kind: 'vendor_unknown' };
    const fields = [user.name, JSON.stringify(user.roles), user.vendorId, user.isDisabled ? 1 : 0];
    if (held === undefined) this.#sql.addUser.run(user.userId, ...fields, at);
    else {
      this.#sql.changeUser.run(...fields, user.userId);
      // What the user may do was looked up at the login of no session, but a disabled one must not linger.
      if (user.isDisabled) this.#sql.endSessionsOf.run(user.userId);
    }
    const changed = this.#user(user.userId);
    if (changed === undefined) throw new RangeError('"user" expected a row just written, got none');
    return { kind: held === undefined ? 'created' : 'changed', user: changed };
  }

  findUser(userId: string): Promise<UserRecord | undefined> {
    return this.#access.read(() => this.#user(userId));
  }

  users(after: string, limit: number): Promise<readonly UserRecord[]> {
    return this.#access.read(() => (this.#sql.users.all(after, limit) as UserRow[]).map(userOf));
  }

  findPasswordHash(userId: string): Promise<string | null | undefined> {
    return this.#access.read(
      () =>
        (this.#sql.findPassword.get(userId) as { password_hash: string | null } | undefined)?.password_hash,
    );
  }

  setPassword(userId: string, passwordHash: string, at: number): Promise<void> {
    return this.#access.write(() => {
      this.#sql.setPassword.run(passwordHash, at, userId);
      this.#sql.endSessionsOf.run(userId);
    });
  }

  setSetupCode(userId: string, codeHash: string, until: number): Promise<void> {
    return this.#access.write(() => {
      this.#sql.setSetupCode.run(codeHash, until, userId);
    });
  }

  spendSetupCode(userId: string, codeHash: string, passwordHash: string, at: number): Promise<boolean> {
    return this.#access.write(() => {
      if (this.#sql.findSetupCode.get(userId, codeHash, at) === undefined) return false;
      this.#sql.setPassword.run(passwordHash, at, userId);
      this.#sql.endSessionsOf.run(userId);
      return true;
    });
  }

  attemptLogin(rules: readonly ThrottleRule[], at: number): Promise<LoginAttempt> {
    return this.#access.write(() => {
      // Guesses at names that nobody has would fill the file.
      this.#sql.forgetOldAttempts.run(at - FORGOTTEN_AFTER_MILLIS);
      const counted = rules.map(({ subject, waits }) => ({
        subject,
        result: countAttempt(this.#attempts(subject), waits, at),
      }));
      const refusals = counted.flatMap(({ result }) => (result.allowed ? [] : [result.from]));
      if (refusals.length > 0) return { kind: 'throttled', allowedAt: Math.max(...refusals) };
      for (const { subject, result } of counted) {
        if (!result.allowed) continue;
        const { failures, lastAt, allowedAt } = result.attempts;
        this.#sql.putAttempts.run(subject, failures, lastAt, allowedAt);
      }
      return { kind: 'allowed' };
    });
  }

  forgetFailures(subject: string): Promise<void> {
    return this.#access.write(() => {
      this.#sql.forgetAttempts.run(subject);
    });
  }

  openSession(session: SessionRecord, endsHash: string | null): Promise<void> {
    return this.#access.write(() => {
      if (endsHash !== null) this.#sql.endSession.run(endsHash);
      this.#sql.forgetOldSessions.run(session.userId, session.createdAt);
      const { sessionHash, sessionId, userId, createdAt, lastSeenAt, endsAt } = session;
      this.#sql.addSession.run(sessionHash, sessionId, userId, createdAt, lastSeenAt, endsAt);
    });
  }

  findSession(sessionHash: string): Promise<{ session: SessionRecord; user: UserRecord } | undefined> {
    return this.#access.read(() => {
      const row = this.#sql.findSession.get(sessionHash) as SessionRow | undefined;
      const user = row && this.#user(row.user_id);
      if (row === undefined || user === undefined || user.isDisabled) return undefined;
      return { session: sessionOf(row), user };
    });
  }

  touchSession(sessionHash: string, at: number): Promise<void> {
    return this.#access.write(() => {
      this.#sql.touchSession.run(at, sessionHash);
    });
  }

  endSession(sessionHash: string): Promise<void> {
    return this.#access.write(() => {
      this.#sql.endSession.run(sessionHash);
    });
  }

  endSessionsOf(userId: string): Promise<number> {
    return this.#access.write(() => Number(this.#sql.endSessionsOf.run(userId).changes));
  }

  apiKeys(after: string, limit: number): Promise<readonly ApiKeyInfo[]> {
    return this.#access.read(() =>
      (this.#sql.apiKeys.all(after, limit) as ApiKeyInfoRow[]).map(apiKeyInfoOf),
    );
  }

  findApiKeyById(keyId: string): Promise<ApiKeyInfo | undefined> {
    return this.#access.read(() => this.#apiKey(keyId));
  }

  endApiKey(keyId: string, at: number, how: 'revoked' | 'expires'): Promise<ApiKeyInfo | undefined> {
    return this.#access.write(() => {
      if (how === 'revoked') this.#sql.revokeApiKey.run(at, keyId);
      else this.#sql.expireApiKey.run({ at, keyId });
      return this.#apiKey(keyId);
    });
  }

  touchApiKey(keyHash: string, day: string): Promise<void> {
    return this.#access.write(() => {
      this.#sql.touchApiKey.run(day, keyHash);
    });
  }

  findSetting(name: string): Promise<string | undefined> {
    return this.#access.read(() => (this.#sql.findSetting.get(name) as { value: string } | undefined)?.value);
  }

  settings(): Promise<Readonly<Record<string, string>>> {
    return this.#access.read(() => {
      const rows = this.#sql.settings.all() as { name: string; value: string }[];
      return Object.fromEntries(rows.map(({ name, value }) => [name, value]));
    });
  }

  seedSetting(name: string, value: string, at: number): Promise<void> {
    return this.#access.write(() => {
      this.#sql.seedSetting.run(name, value, at);
    });
  }

  putSetting(change: SettingChange): Promise<void> {
    return this.#access.write(() => this.putSettingNow(change));
  }

  /** Inside a transaction. */
  putSettingNow({ name, value, at }: SettingChange): void {
    this.#sql.putSetting.run(name, value, at);
  }

  #user(userId: string): UserRecord | undefined {
    const row = this.#sql.findUser.get(userId) as UserRow | undefined;
    return row && userOf(row);
  }

  #apiKey(keyId: string): ApiKeyInfo | undefined {
    const row = this.#sql.findApiKeyById.get(keyId) as ApiKeyInfoRow | undefined;
    return row && apiKeyInfoOf(row);
  }

  #attempts(subject: string) {
    const row = this.#sql.findAttempts.get(subject) as
      | { failures: number; last_at: number; allowed_at: number }
      | undefined;
    return row && { failures: row.failures, lastAt: row.last_at, allowedAt: row.allowed_at };
  }
}

/** Inside a transaction. */
export function addApiKey(sql: Statements, key: ApiKeyRecord): void {
  sql.addApiKey.run(
    key.keyHash,
    key.keyId,
    key.role,
    key.vendorId,
    key.label,
    key.scopes === null ? null : JSON.stringify(key.scopes),
    key.createdAt,
    key.createdBy,
    key.expiresAt,
    key.revokedAt,
    key.lastUsedDay,
  );
}
