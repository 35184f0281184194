/**
 * The hash of what a request asks for, whatever way it was written down: the order of keys, spaces and the form of the
 * meter number do not matter. Two requests under one id are the same exactly when their hashes are.
 */
import { type CanonicalValue, canonicalHash } from '../ledger/canonical.ts';

/** `operation` keeps a sale and a deposit with equal fields apart. */
export function requestHash(
  operation: 'sale' | 'deposit' | 'payment' | 'keyChange',
  fields: Record<string, CanonicalValue>,
): string {
  return canonicalHash({ operation, fields });
}
