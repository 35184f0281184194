/**
 * One prepayment account as plain integers, in whatever unit it is kept: mWh, or 0.00001 of the currency. Pure.
 *
 * Five registers, each kept on its own, that must always agree (meter-hardware.md 8):
 * `balance = accepted + emergency - charged - cleared`. Emergency credit is a grant on top of what was paid for; what was
 * paid for and not used, `balance - emergency`, may fall below zero, and then that much is owed. Only charges (and tokens of
 * negative money) make it fall: neither the grant nor its end ever does.
 */
import { invariant } from '../../../lib/assert.ts';

export interface Account {
  /** Sum of all tokens. */
  readonly accepted: number;
  /** The grant that is open: 0, or the limit under which it was taken. */
  readonly emergency: number;
  readonly charged: number;
  /** What clear-credit tokens took away; they give back where the customer owed. */
  readonly cleared: number;
  /** What may still be used before the supply ends; below zero when the load outran the relay or a friendly window. */
  readonly balance: number;
}

export const EMPTY_ACCOUNT: Account = { accepted: 0, emergency: 0, charged: 0, cleared: 0, balance: 0 };

/** What was paid for and is left; below zero when something is owed. */
export function paidCredit({ balance, emergency }: Account): number {
  return balance - emergency;
}

/** What the next token pays first. */
export function owedCredit(account: Account): number {
  return Math.max(0, -paidCredit(account));
}

/** @param amount - of a token, its own unit; below zero only for a currency token that carries a debt. */
export function accept(account: Account, amount: number): Account {
  const accepted = account.accepted + amount;
  return settled({ ...account, accepted, balance: account.balance + amount });
}

/** @param amount - 0 or more. */
export function charge(account: Account, amount: number): Account {
  // Field by field, for this is done at every charge: a copy that is then changed costs V8 fifty times as much.
  return checked({
    accepted: account.accepted,
    emergency: account.emergency,
    charged: account.charged + amount,
    cleared: account.cleared,
    balance: account.balance - amount,
  });
}

/** A clear-credit token: nothing is left, nothing is owed, no grant is open. */
export function clear(account: Account): Account {
  const cleared = account.cleared + paidCredit(account);
  return checked({ ...account, cleared, emergency: 0, balance: 0 });
}

/** Opens a grant where none is open. */
export function grant(account: Account, limit: number): Account {
  invariant(account.emergency === 0, 'one grant at a time');
  return checked({ ...account, emergency: limit, balance: account.balance + limit });
}

/** A token pays what is owed first; when nothing is owed any more, the rest of the grant goes back to where it came from. */
function settled(account: Account): Account {
  const { emergency, balance } = account;
  if (emergency === 0 || balance - emergency <= 0) return checked(account);
  return checked({ ...account, emergency: 0, balance: balance - emergency });
}

function checked(account: Account): Account {
  const { accepted, emergency, charged, cleared, balance } = account;
  invariant(
    accepted + emergency - charged - cleared === balance,
    'accepted + emergency - charged - cleared = balance',
  );
  invariant(Number.isSafeInteger(balance) && Number.isSafeInteger(charged), 'an account is whole numbers');
  return account;
}
