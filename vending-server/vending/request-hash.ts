/**
 * The hash of what a request asks for, whatever way it was written down: the order of keys, spaces and the form of the
 * meter number do not matter. Two requests under one id are the same exactly when their hashes are.
 */
import { type CanonicalValue, canonicalHash } from '../ledger/canonical.ts';

/** What is asked for: it keeps a sale and a deposit with equal fields apart. */
export type Operation =
  | 'sale'
  | 'deposit'
  | 'keyChange'
  | 'freeUnits'
  | 'freeIssue'
  | 'replacement'
  | 'changeOut'
  | 'engineering';

export function requestHash(operation: Operation, fields: Record<string, CanonicalValue>): string {
  return canonicalHash({ operation, fields });
}
