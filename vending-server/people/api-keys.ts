/**
 * API keys: 'wtk_' and 32 unpredictable bytes, for machines. A key is shown once; the store holds its SHA-256 alone, which is
 * enough because 256 bits cannot be guessed, so that a slow password hash would only cost time.
 */
import { timingSafeEqual } from 'node:crypto';
import { StsFault } from '../../lib/faults.ts';
import type { Random } from '../clock.ts';
import type { ApiKeyRecord, Store } from '../store/contract.ts';
import type { ApiKeyInfo } from '../store/people-contract.ts';
import type { Caller } from './caller.ts';
import type { PeopleContext } from './context.ts';
import { type Permission, rolesOfKey } from './roles.ts';
import { secretHash } from './session.ts';

const API_KEY = /^wtk_[A-Za-z0-9_-]{43}$/;

/** A key that is replaced works on for this long at most, so that tills can be changed one by one. */
export const ROTATION_GRACE_MAX_MILLIS = 7 * 86_400_000;

export interface KeyRequest {
  readonly role: 'operator' | 'vendor';
  /** null for an operator. */
  readonly vendorId: string | null;
  readonly label: string;
  /** null for all that the role holds. */
  readonly scopes: readonly Permission[] | null;
  /** null for a key without an end. */
  readonly expiresAt: number | null;
  readonly createdBy: string | null;
}

/** Makes a key for a vendor that exists, or for an operator. @returns the key, to be shown once. */
export async function issueApiKey(
  { store, random, clock }: PeopleContext,
  request: KeyRequest,
): Promise<{ readonly apiKey: string; readonly key: ApiKeyInfo }> {
  const apiKey = newApiKey(random);
  return { apiKey, key: await addApiKey(store, apiKey, request, clock.now()) };
}

export function newApiKey(random: Random): string {
  return `wtk_${Buffer.from(random.bytes(32)).toString('base64url')}`;
}

export async function addApiKey(
  store: Store,
  apiKey: string,
  request: KeyRequest,
  createdAt: number,
): Promise<ApiKeyInfo> {
  const keyHash = secretHash(apiKey);
  const key: ApiKeyInfo = {
    keyId: keyIdOf(keyHash),
    role: request.role,
    vendorId: request.vendorId,
    label: request.label,
    scopes: request.scopes,
    createdAt,
    createdBy: request.createdBy,
    expiresAt: request.expiresAt,
    revokedAt: null,
    lastUsedDay: null,
  };
  await store.addApiKey({ ...key, keyHash });
  return key;
}

/**
 * @param apiKey - what came as a bearer token, anything.
 * @throws StsFault `authentication_required`, the same for a malformed, an unknown, a revoked and an expired key.
 */
export async function authenticateKey(
  { store, clock }: Pick<PeopleContext, 'store' | 'clock'>,
  apiKey: string,
): Promise<Caller> {
  if (!API_KEY.test(apiKey)) throw new StsFault('authentication_required');
  const hash = secretHash(apiKey);
  const held = await store.findApiKey(hash);
  // The index look-up compares hashes of 256 random bits; the comparison that decides takes the same time for all.
  if (held === undefined || !timingSafeEqual(Buffer.from(hash, 'hex'), Buffer.from(held.keyHash, 'hex'))) {
    throw new StsFault('authentication_required');
  }
  const now = clock.now();
  if (held.revokedAt !== null || (held.expiresAt !== null && now >= held.expiresAt)) {
    throw new StsFault('authentication_required');
  }
  noteUse(store, held, now);
  return callerOf(held);
}

function callerOf({ role, vendorId, keyId, scopes }: ApiKeyRecord): Caller {
  if ((role === 'vendor') === (vendorId === null)) {
    throw new StsFault('store_damaged', 'a key and its vendor do not fit');
  }
  const roles = rolesOfKey(role);
  return {
    kind: 'key',
    principal: `key:${keyId}`,
    userId: null,
    credentialId: keyId,
    roles,
    vendorId,
    scopes,
  };
}

/** Once a day, and never in the way of the call: a key that nobody uses any more should be found and revoked. */
function noteUse(store: Store, { keyHash, lastUsedDay }: ApiKeyRecord, now: number): void {
  const day = new Date(now).toISOString().slice(0, 10);
  if (lastUsedDay === day) return;
  store.people.touchApiKey(keyHash, day).catch(() => undefined);
}

/** @throws StsFault `api_key_unknown`. */
export async function revokeApiKey({ store, clock }: PeopleContext, keyId: string): Promise<ApiKeyInfo> {
  const key = await store.people.endApiKey(keyId, clock.now(), 'revoked');
  if (key === undefined) throw unknown();
  return key;
}

/**
 * A new key with the same rights; the old one works on for `graceMillis`.
 * @throws StsFault `api_key_unknown`, also for a revoked or expired one; RangeError for a grace out of range.
 */
export async function rotateApiKey(
  context: PeopleContext,
  keyId: string,
  graceMillis: number,
  rotatedBy: string,
): Promise<{ readonly apiKey: string; readonly key: ApiKeyInfo }> {
  if (!(graceMillis >= 0 && graceMillis <= ROTATION_GRACE_MAX_MILLIS)) {
    throw new RangeError(`"graceMillis" expected 0 to ${ROTATION_GRACE_MAX_MILLIS}, got ${graceMillis}`);
  }
  const { people } = context.store;
  const now = context.clock.now();
  const held = await people.findApiKeyById(keyId);
  if (held === undefined || held.revokedAt !== null) throw unknown();
  if (held.expiresAt !== null && now >= held.expiresAt) throw unknown();
  // The new one first: a crash between the two leaves both, and not none.
  const issued = await issueApiKey(context, { ...held, createdBy: rotatedBy });
  await people.endApiKey(keyId, now + graceMillis, 'expires');
  return issued;
}

/** What logs, lists and the audit trail call a key by. */
function keyIdOf(keyHash: string): string {
  return `key_${keyHash.slice(0, 16)}`;
}

function unknown(): StsFault {
  return new StsFault('api_key_unknown', undefined, { param: 'keyId' });
}
