/**
 * The hash of what a request asks for, whatever way it was written down: the order of keys, spaces and the form of the
 * meter number do not matter. Two requests under one id are the same exactly when their hashes are.
 */
import { type CanonicalValue, canonicalHash } from '../ledger/canonical.ts';
import type { Contact } from '../notify/notification.ts';

/** What is asked for: it keeps a sale and a deposit with equal fields apart. */
export type Operation =
  | 'sale'
  | 'deposit'
  | 'payment'
  | 'keyChange'
  | 'freeUnits'
  | 'freeIssue'
  | 'replacement'
  | 'changeOut'
  | 'engineering';

/** @param sendTo - where the tokens shall be sent: whoever asks for another place asks for something else. */
export function requestHash(
  operation: Operation,
  fields: Record<string, CanonicalValue>,
  sendTo?: Contact,
): string {
  if (sendTo === undefined) return canonicalHash({ operation, fields });
  return canonicalHash({ operation, fields: { ...fields, sendTo: { ...sendTo } as Record<string, string> } });
}
