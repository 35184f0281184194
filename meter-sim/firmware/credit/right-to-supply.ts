/**
 * The right to supply: whether, for all that credit has to say, the relay may be closed, and why (meter-hardware.md 6, 8).
 * Tamper, overload and remote commands have their own say above it. Pure.
 */
import { paidCredit } from './account.ts';
import { accountInUse, emergencyOffer, hasSupply, termsInUse } from './machine.ts';
import type { CreditOptions, CreditState } from './state.ts';

export type SupplyRight =
  | { readonly mayClose: true; readonly reason: SupplyReason }
  | { readonly mayClose: false; readonly reason: NoSupplyReason };

/** `test`: the production test and the close test of a display token, which energy ends. */
export type SupplyReason = 'credit' | 'emergency' | 'friendly' | 'test';

/** `ready`: there is credit again, and a key press closes the relay. */
export type NoSupplyReason = 'emergencyOffered' | 'emergencyUsedUp' | 'outOfCredit' | 'ready';

export function rightToSupply(state: CreditState, isTest: boolean, options: CreditOptions): SupplyRight {
  if (isTest) return GIVEN.test;
  const account = accountInUse(state);
  if (hasSupply(state)) {
    if (state.awaitsKey) return REFUSED.ready;
    if (account.balance <= 0) return GIVEN.friendly;
    return paidCredit(account) > 0 ? GIVEN.credit : GIVEN.emergency;
  }
  if (account.emergency > 0) return REFUSED.emergencyUsedUp;
  return emergencyOffer(state, options) > 0 ? REFUSED.emergencyOffered : REFUSED.outOfCredit;
}

const GIVEN = {
  credit: { mayClose: true, reason: 'credit' },
  emergency: { mayClose: true, reason: 'emergency' },
  friendly: { mayClose: true, reason: 'friendly' },
  test: { mayClose: true, reason: 'test' },
} as const satisfies Record<SupplyReason, SupplyRight>;

const REFUSED = {
  emergencyOffered: { mayClose: false, reason: 'emergencyOffered' },
  emergencyUsedUp: { mayClose: false, reason: 'emergencyUsedUp' },
  outOfCredit: { mayClose: false, reason: 'outOfCredit' },
  ready: { mayClose: false, reason: 'ready' },
} as const satisfies Record<NoSupplyReason, SupplyRight>;

/** How many low-credit levels the balance has reached, the grant of emergency credit included. */
export function lowCreditLevel(state: CreditState, options: CreditOptions): number {
  const { balance } = accountInUse(state);
  let level = 0;
  for (const each of termsInUse(state, options).lowLevels) if (balance <= each) level += 1;
  return level;
}

/** What warns of low credit (meter-hardware.md 6). Nothing warns of a credit that is gone: the dark does. */
export interface LowCreditAlarm {
  readonly hasIcon: boolean;
  readonly hasLamp: boolean;
  readonly beeps: boolean;
}

const LAMP_LEVEL = 2;
const BEEP_LEVEL = 3;

/** @param nowSeconds - of the RTC, for the end of the silence. */
export function lowCreditAlarm(
  state: CreditState,
  nowSeconds: number,
  options: CreditOptions,
): LowCreditAlarm {
  const level = accountInUse(state).balance > 0 ? lowCreditLevel(state, options) : 0;
  const beeps = level >= BEEP_LEVEL && state.mutedUntilSeconds <= nowSeconds;
  return { hasIcon: level > 0, hasLamp: level >= LAMP_LEVEL, beeps };
}

/** Status of a prepayment account, by the names that COSEM gives its bits. */
export type AccountStatus =
  | 'inCredit'
  | 'lowCredit'
  | 'nextCreditEnabled'
  | 'nextCreditSelectable'
  | 'selectableCreditInUse'
  | 'outOfCredit';

/** Status of one credit of an account. */
export type CreditStatus = 'enabled' | 'selectable' | 'invoked' | 'inUse' | 'consumed';

export interface CosemStatus {
  readonly account: readonly AccountStatus[];
  readonly token: CreditStatus;
  /** undefined for a meter that gives no emergency credit. */
  readonly emergency: CreditStatus | undefined;
}

export function cosemStatus(state: CreditState, options: CreditOptions): CosemStatus {
  const { balance } = accountInUse(state);
  const token = paidCredit(accountInUse(state)) > 0 ? 'inUse' : 'consumed';
  const emergency = emergencyStatus(state, options);
  const status: AccountStatus[] = [balance > 0 ? 'inCredit' : 'outOfCredit'];
  if (balance > 0 && lowCreditLevel(state, options) > 0) status.push('lowCredit');
  if (emergency === 'enabled') status.push('nextCreditEnabled');
  if (emergency === 'selectable') status.push('nextCreditSelectable');
  if (emergency === 'inUse') status.push('selectableCreditInUse');
  return { account: status, token, emergency };
}

function emergencyStatus(state: CreditState, options: CreditOptions): CreditStatus | undefined {
  if (termsInUse(state, options).emergency === undefined) return undefined;
  const account = accountInUse(state);
  if (account.emergency === 0) return emergencyOffer(state, options) > 0 ? 'selectable' : 'enabled';
  if (account.balance <= 0) return 'consumed';
  return paidCredit(account) > 0 ? 'invoked' : 'inUse';
}
