/**
 * API keys: 'wtk_' and 32 unpredictable bytes. A key is shown once; the store holds its SHA-256 alone, which is enough
 * because 256 bits cannot be guessed, so that a slow password hash would only cost time.
 */
import { createHash, timingSafeEqual } from 'node:crypto';
import { StsFault } from '../../lib/faults.ts';
import type { ApiKeyRole, Store } from '../store/contract.ts';
import type { Vending } from './context.ts';

/** Who calls: an operator, or one vendor. */
export type Caller =
  | { readonly role: 'operator'; readonly vendorId: null }
  | { readonly role: 'vendor'; readonly vendorId: string };

const API_KEY = /^wtk_[A-Za-z0-9_-]{43}$/;

/** Makes a key for a vendor that exists, or for an operator. @returns the key, to be shown once. */
export async function issueApiKey(
  { store, random }: Pick<Vending, 'store' | 'random'>,
  owner: Caller,
  label: string,
): Promise<string> {
  const apiKey = newApiKey(random);
  await addApiKey(store, apiKey, owner, label);
  return apiKey;
}

export function newApiKey(random: Vending['random']): string {
  return `wtk_${Buffer.from(random.bytes(32)).toString('base64url')}`;
}

export async function addApiKey(store: Store, apiKey: string, owner: Caller, label: string): Promise<void> {
  await store.addApiKey({ keyHash: keyHash(apiKey), role: owner.role, vendorId: owner.vendorId, label });
}

/**
 * @param apiKey - what came as a bearer token, anything.
 * @throws StsFault `authentication_required`, the same for a malformed and for an unknown key.
 */
export async function authenticate(store: Store, apiKey: string): Promise<Caller> {
  if (!API_KEY.test(apiKey)) throw new StsFault('authentication_required');
  const hash = keyHash(apiKey);
  const held = await store.findApiKey(hash);
  // The index look-up compares hashes of 256 random bits; the comparison that decides takes the same time for all.
  if (held === undefined || !timingSafeEqual(Buffer.from(hash, 'hex'), Buffer.from(held.keyHash, 'hex'))) {
    throw new StsFault('authentication_required');
  }
  if (held.role === 'operator') return { role: 'operator', vendorId: null };
  if (held.vendorId === null) throw new StsFault('store_damaged', 'a vendor key names no vendor');
  return { role: 'vendor', vendorId: held.vendorId };
}

/** @throws StsFault `permission_denied` unless the caller has one of these roles. */
export function requireRole(caller: Caller, roles: readonly ApiKeyRole[]): void {
  if (!roles.includes(caller.role)) throw new StsFault('permission_denied');
}

function keyHash(apiKey: string): string {
  return createHash('sha256').update(apiKey).digest('hex');
}
