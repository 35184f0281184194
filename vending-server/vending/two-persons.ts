/**
 * The use cases that a second person may have to approve, each in two halves: what is checked and put down when it is asked
 * for, and what the store does with it when it is decided. With one person both halves are one call.
 */
import { StsFault } from '../../lib/faults.ts';
import { type CanonicalValue, canonicalHash } from '../ledger/canonical.ts';
import { type DecisionRequest, decideApproval, personsFor, requestApproval } from '../people/approvals.ts';
import { assertMay, type Caller } from '../people/caller.ts';
import { settingNeedsTwo } from '../people/settings.ts';
import { putUser, type UserRequest, userFieldsOf } from '../people/users.ts';
import type { ApprovalEffect, ApprovalRecord, UserFields } from '../store/people-contract.ts';
import { isTimeZone } from '../tariff/local-time.ts';
import {
  assertCommission,
  type CommissionPaymentRequest,
  type CommissionRequest,
  commissionPaymentOf,
  commissionVersionOf,
  putCommission,
} from './commission.ts';
import type { Vending } from './context.ts';
import { deposit, depositRequestOf, type VendorDeposit } from './deposit.ts';
import { findVendor } from './open-vendor.ts';
import { putTariff, type TariffRequest, tariffVersionOf } from './put-tariff.ts';
import {
  changeCreditLimit,
  changeFloat,
  creditLimitOf,
  type ReversalRequest,
  reversalOf,
} from './vendor-float.ts';

export interface SettingRequest {
  readonly name: string;
  readonly value: string;
}

/** The kinds that the store executes, with what is asked for. */
export interface Matters {
  readonly tariffVersion: TariffRequest;
  readonly deposit: VendorDeposit;
  readonly depositReversal: ReversalRequest;
  readonly creditLimit: { readonly vendorId: string; readonly creditLimitMinor: number };
  readonly commissionTerms: CommissionRequest;
  readonly commissionPayment: CommissionPaymentRequest;
  readonly user: { readonly user: UserFields; readonly version: number };
  readonly setting: SettingRequest;
}

type Matter = keyof Matters;

interface MatterRule<Kind extends Matter> {
  /** Whose money it is about, if anybody's. */
  readonly vendorId: (payload: Matters[Kind]) => string | null;
  /** What two requests for the same thing have in common. */
  readonly requestKey: (payload: Matters[Kind]) => string;
  /** What the store shall do, checked against the books of this moment. */
  readonly effect: (vending: Vending, payload: Matters[Kind]) => Promise<ApprovalEffect>;
}

const MATTERS: { readonly [Kind in Matter]: MatterRule<Kind> } = {
  tariffVersion: {
    vendorId: () => null,
    requestKey: ({ tariffId, validFrom }) => `${tariffId} ${validFrom ?? 0}`,
    effect: async (vending, payload) => ({
      kind: 'tariffVersion',
      version: await tariffVersionOf(vending, payload),
    }),
  },
  deposit: {
    vendorId: ({ vendorId }) => vendorId,
    requestKey: ({ vendorId, requestId }) => `${vendorId} ${requestId}`,
    effect: async (vending, payload) => {
      const { currency } = await findVendor(vending, payload.vendorId);
      if (currency !== payload.currency)
        throw new StsFault('currency_mismatch', undefined, { param: 'currency' });
      return { kind: 'deposit', deposit: depositRequestOf(vending, payload) };
    },
  },
  depositReversal: {
    vendorId: ({ vendorId }) => vendorId,
    requestKey: ({ vendorId, requestId }) => `${vendorId} ${requestId}`,
    effect: async (vending, payload) => ({ kind: 'float', change: await reversalOf(vending, payload) }),
  },
  creditLimit: {
    vendorId: ({ vendorId }) => vendorId,
    requestKey: ({ vendorId, creditLimitMinor }) => `${vendorId} ${creditLimitMinor}`,
    effect: async (vending, payload) => ({
      kind: 'creditLimit',
      change: await creditLimitOf(vending, payload),
    }),
  },
  commissionTerms: {
    vendorId: ({ vendorId }) => vendorId,
    requestKey: ({ vendorId, fromMonth }) => `${vendorId} ${fromMonth}`,
    effect: async (vending, payload) => {
      await assertCommission(vending, payload);
      return { kind: 'commissionTerms', version: commissionVersionOf(payload) };
    },
  },
  commissionPayment: {
    vendorId: ({ vendorId }) => vendorId,
    requestKey: ({ vendorId, month }) => `${vendorId} ${month}`,
    effect: async (vending, payload) => ({
      kind: 'float',
      change: await commissionPaymentOf(vending, payload),
    }),
  },
  user: {
    vendorId: ({ user }) => user.vendorId,
    requestKey: ({ user, version }) => `${user.userId} ${version}`,
    effect: async ({ clock }, { user, version }) => ({
      kind: 'user',
      put: { user, expectedVersion: version, at: clock.now() },
    }),
  },
  setting: {
    vendorId: () => null,
    requestKey: ({ name }) => name,
    effect: async (vending, { name, value }) => {
      await settingNeedsTwo(vending, { name, value }, isTimeZone);
      return { kind: 'settings', changes: [{ name, value, at: vending.clock.now() }] };
    },
  },
};

/**
 * Checks what is asked for and, where the kind needs two persons, puts it down for the other.
 * @returns the open request, or undefined when one person is enough and the use case shall go on by itself.
 * @throws StsFault of the use case, `permission_denied`, `request_id_reused`.
 */
export async function askSecondPerson<Kind extends Matter>(
  vending: Vending,
  caller: Caller,
  kind: Kind,
  { payload, reason }: { readonly payload: Matters[Kind]; readonly reason: string },
): Promise<ApprovalRecord | undefined> {
  const needsTwo =
    kind === 'setting'
      ? await settingNeedsTwo(vending, payload as Matters['setting'], isTimeZone)
      : (await personsFor(vending, kind)) === 2;
  if (!needsTwo) return undefined;
  const rule: MatterRule<Kind> = MATTERS[kind];
  await rule.effect(vending, payload);
  return requestApproval(vending, caller, {
    kind,
    payload: plain(payload),
    requestKey: rule.requestKey(payload),
    vendorId: rule.vendorId(payload),
    reason,
  });
}

/** Decides about an open request; what was approved is done when this returns. @throws see `decideApproval`. */
export async function decide(
  vending: Vending,
  caller: Caller,
  request: DecisionRequest,
): Promise<ApprovalRecord> {
  const { approval } = await decideApproval(vending, caller, request, (open) => effectOf(vending, open));
  vending.rules.forget();
  return approval;
}

async function effectOf(vending: Vending, { kind, payload: text }: ApprovalRecord): Promise<ApprovalEffect> {
  if (kind === 'freeIssue' || kind === 'engineeringToken' || kind === 'passwordReset')
    return { kind: 'none' };
  // Only `askSecondPerson` writes payloads of these kinds.
  const payload: unknown = JSON.parse(text);
  return (MATTERS[kind].effect as (vending: Vending, payload: unknown) => Promise<ApprovalEffect>)(
    vending,
    payload,
  );
}

/** One person: the use case at once. */
export const AT_ONCE = {
  tariffVersion: putTariff,
  deposit,
  depositReversal: async (vending: Vending, payload: ReversalRequest) =>
    changeFloat(vending, await reversalOf(vending, payload)),
  creditLimit: async (vending: Vending, payload: Matters['creditLimit']) =>
    changeCreditLimit(vending, await creditLimitOf(vending, payload)),
  commissionTerms: putCommission,
  commissionPayment: async (vending: Vending, payload: CommissionPaymentRequest) =>
    changeFloat(vending, await commissionPaymentOf(vending, payload)),
  user: (vending: Vending, { user, version }: Matters['user']) =>
    putUser(vending, { user, expectedVersion: version, at: vending.clock.now() }),
  setting: async ({ store, clock, rules }: Vending, { name, value }: SettingRequest) => {
    await store.people.putSetting({ name, value, at: clock.now() });
    rules.forget();
  },
} as const;

/** A request for what a use case takes up later: free units, an engineering token, another's password. */
export async function requestUse(
  vending: Vending,
  caller: Caller,
  request: {
    readonly kind: 'freeIssue' | 'engineeringToken' | 'passwordReset';
    readonly requestId: string;
    readonly payload: CanonicalValue;
    readonly vendorId: string | null;
    readonly reason: string;
  },
): Promise<ApprovalRecord> {
  const { kind, requestId, payload, vendorId, reason } = request;
  // The permission to ask at all is the widest of them; the kind's own is asked for here.
  assertMay(caller, kind === 'passwordReset' ? 'user.put' : 'approval.request');
  const requestKey = `${caller.principal} ${requestId} ${canonicalHash(payload).slice(0, 16)}`;
  return requestApproval(vending, caller, { kind, payload, requestKey, vendorId, reason });
}

export function userMatter(request: UserRequest): Matters['user'] {
  return { user: userFieldsOf(request), version: request.version };
}

/** Without the fields that are undefined: canonical JSON has no word for them. */
function plain(value: unknown): CanonicalValue {
  return JSON.parse(JSON.stringify(value)) as CanonicalValue;
}
