/**
 * Whether a meter's key is to be changed before it is given anything else, and to which key (`planIssue` of lib). The meter's
 * record names its new key from the issue of the set on: whoever keys in the sections first, as the slip says, can use all
 * that follows.
 */
import { StsFault } from '../../lib/faults.ts';
import {
  BASE_DATES,
  type BaseDate,
  CARD_ONLY_KEY_TYPES,
  CREDITLESS_KEY_TYPES,
  type KeyType,
} from '../../lib/identity/attributes.ts';
import {
  type IssuePlan,
  type IssueRefusal,
  type KeyChangeReason,
  planIssue,
} from '../../lib/token/issue-plan.ts';
import { DEFAULT_ISSUE_POLICY, type IssuePolicy } from '../../lib/token/issue-policy.ts';
import type { MeterKeyRegister, VendingKeyRegister } from '../../lib/token/issue-register.ts';
import { dateOfTid, isExpired, lastMinuteOfBase, tidMinutesAt } from '../../lib/token/tid.ts';
import type { VendingKeyAttributes } from '../security-module/contract.ts';
import type { MeterKeyName, MeterRecord } from '../store/contract.ts';
import { findKey, isUsable } from './key-directory.ts';

/** What the utility decides about key changes; each has a setting (people/settings.ts). */
export interface KeyPolicy {
  /** Whether a sale changes the key of a meter that is not on the current one, waits to be asked, or never does (D5). */
  readonly keyChange: IssuePolicy['keyChange'];
  /**
   * What a sale does after a set that nobody has confirmed: takes it for keyed in, or gives the same set once more, which
   * suits a meter on either key.
   */
  readonly unconfirmed: 'assume' | 'reissue';
}

export const DEFAULT_KEY_POLICY: KeyPolicy = {
  keyChange: DEFAULT_ISSUE_POLICY.keyChange,
  unconfirmed: 'assume',
};

export interface PlannedKeyChange {
  readonly from: MeterKeyName;
  readonly to: MeterKeyName;
  readonly threeSections: boolean;
  readonly sectionCount: 2 | 3 | 4;
  readonly rollOver: boolean;
  /** Why; empty for a set that is given once more. */
  readonly reasons: readonly KeyChangeReason[];
}

/** The key under which the meter's next tokens are made, and the set that leads there, if there is one. */
export interface KeyPlan {
  readonly meter: MeterRecord;
  readonly keyChange: PlannedKeyChange | undefined;
  /** Limits of the vending key under which tokens are made; undefined where the module does not hold it. */
  readonly key: VendingKeyAttributes | undefined;
}

/** Why no key change leads on from here, beside the refusals of `planIssue`. */
export type KeyRefusal =
  | IssueRefusal
  /** The module holds no key of the supply group that may be used now. */
  | 'noKeyOfGroup'
  /** The module does not hold the key that the meter has, under which the set would be made. */
  | 'formerKeyUnknown'
  /** The meter held the new key before: tokens of that time must not be new to it again. */
  | 'keyHeldBefore';

/** What a meter's key asks for now. */
export type KeyVerdict =
  /** The meter is on the current key. */
  | { readonly kind: 'current' }
  /** The policy waits to be asked, or never changes keys. */
  | { readonly kind: 'waits' }
  | { readonly kind: 'refused'; readonly refusal: KeyRefusal }
  | { readonly kind: 'changes'; readonly keyChange: PlannedKeyChange };

export interface KeyQuestion {
  readonly policy: KeyPolicy;
  /** Whether somebody asks for the key change by name. */
  readonly isRequested: boolean;
  /**
   * Keys that the meter's changes so far led from or to; undefined where nobody has looked. Whoever plans a set that is not
   * given once more must look before it is made.
   */
  readonly held?: readonly MeterKeyName[] | undefined;
}

/**
 * @throws StsFault, where it is asked for by name: `key_change_not_allowed` with the reason, `key_change_not_needed`.
 */
export function planKey(
  meter: MeterRecord,
  keys: readonly VendingKeyAttributes[],
  now: number,
  question: KeyQuestion,
): KeyPlan {
  const verdict = judgeKey(meter, keys, now, question);
  switch (verdict.kind) {
    case 'changes':
      return changed(meter, verdict.keyChange, keys);
    case 'current':
    case 'waits':
      if (question.isRequested) throw new StsFault('key_change_not_needed', undefined, { param: 'meter' });
      return { meter, keyChange: undefined, key: findKey(keys, meter) };
    case 'refused':
      if (question.isRequested)
        throw new StsFault('key_change_not_allowed', verdict.refusal, { param: 'meter' });
      // Without being asked for it is no reason to sell nothing: the security module judges the key that the meter has.
      return { meter, keyChange: undefined, key: findKey(keys, meter) };
  }
}

export function judgeKey(
  meter: MeterRecord,
  keys: readonly VendingKeyAttributes[],
  now: number,
  { policy, isRequested, held }: KeyQuestion,
): KeyVerdict {
  const pending = policy.unconfirmed === 'reissue' || isRequested ? meter.issuedKeyChange : null;
  const current = currentKey(meter, keys, now);
  if (current === undefined) return { kind: 'refused', refusal: 'noKeyOfGroup' };
  if (pending === null && isOn(meter, current)) return { kind: 'current' };
  const plan = planIssue(
    {
      meter: registerOf(meter, keys, pending),
      currentKey: vendingKeyRegister(meter, current),
      tariffIndex: meter.wantedKey?.tariffIndex ?? meter.tariffIndex,
      epochMillis: now,
      isKeyChangeRequested: isRequested,
      isReservedTidRequested: false,
    },
    { ...DEFAULT_ISSUE_POLICY, keyChange: isRequested ? 'with-sale' : policy.keyChange, thirdSection: true },
  );
  switch (plan.kind) {
    case 'keyChangeThenCredit':
    case 'reissueKeyChange':
      return judgeChange(plannedOf(plan), keys, held ?? []);
    case 'credit':
      return { kind: 'current' };
    case 'keyChangeRequired':
      return { kind: 'waits' };
    case 'refused':
      return plan;
  }
}

/** What `planIssue` cannot know: which keys the module holds, and which ones the meter held. */
function judgeChange(
  keyChange: PlannedKeyChange,
  keys: readonly VendingKeyAttributes[],
  held: readonly MeterKeyName[],
): KeyVerdict {
  if (findKey(keys, keyChange.from) === undefined) return { kind: 'refused', refusal: 'formerKeyUnknown' };
  if (leadsBack(keyChange, held)) return { kind: 'refused', refusal: 'keyHeldBefore' };
  return { kind: 'changes', keyChange };
}

/** Whether the set leads to a key that the meter held before. */
export function leadsBack(keyChange: PlannedKeyChange, held: readonly MeterKeyName[]): boolean {
  const { from, to } = keyChange;
  // A new KEN alone leaves the meter on its key; a set that is given once more leads where it led.
  if (isGivenAgain(keyChange) || isSameDecoderKey(from, to)) return false;
  return held.some((key) => isSameDecoderKey(key, to));
}

/** Whether the set is one that was issued before and that nobody has confirmed. */
export function isGivenAgain({ reasons }: PlannedKeyChange): boolean {
  return reasons.length === 0;
}

/**
 * Whether two names are of one decoder key of a meter, as far as a name tells. DKGA02 knows no base date, so that a key of it
 * is taken for the same on any (sts.md 6.2); KEN is part of no key.
 */
export function isSameDecoderKey(
  a: Omit<MeterKeyName, 'keyExpiry'>,
  b: Omit<MeterKeyName, 'keyExpiry'>,
): boolean {
  return (
    a.decoderKeyAlgorithm === b.decoderKeyAlgorithm &&
    a.supplyGroupCode === b.supplyGroupCode &&
    a.tariffIndex === b.tariffIndex &&
    a.keyRevision === b.keyRevision &&
    a.keyType === b.keyType &&
    (a.decoderKeyAlgorithm === 2 || a.baseDate === b.baseDate)
  );
}

/** Whether credit for this meter would be made now, as far as dates and types of its key tell. */
export function mayCarryCredit({ meter, key }: KeyPlan, now: number): boolean {
  if (key === undefined || !isUsable(key, now) || CREDITLESS_KEY_TYPES.includes(key.keyType)) return false;
  if (CARD_ONLY_KEY_TYPES.includes(key.keyType) && meter.tokenCarrierType !== MAGNETIC_CARD) return false;
  const { baseDate } = meter;
  if (now < dateOfTid(0, baseDate) || now >= lastMinuteOfBase(baseDate) + MINUTE_MILLIS) return false;
  const keyExpiry = Math.min(key.keyExpiry, meter.keyExpiry ?? 255);
  return !isExpired(tidMinutesAt(now, baseDate), keyExpiry);
}

/** TCT of the magnetic card, for which alone common keys are (sts.md 1.2, 6.6). */
const MAGNETIC_CARD = 1;
const MINUTE_MILLIS = 60_000;

/**
 * Of the keys that may be used now for what the meter shall belong to, the one that became active last: the owner of a
 * supply group decides by its dates when the next one takes over.
 */
export function currentKey(
  meter: MeterRecord,
  keys: readonly VendingKeyAttributes[],
  now: number,
): VendingKeyAttributes | undefined {
  const supplyGroupCode = meter.wantedKey?.supplyGroupCode ?? meter.supplyGroupCode;
  const [best] = keys
    .filter((key) => key.supplyGroupCode === supplyGroupCode && isUsable(key, now))
    .filter((key) => servesMeter(key, meter))
    .sort(
      (a, b) =>
        Date.parse(b.activeFrom) - Date.parse(a.activeFrom) ||
        BASE_DATES.indexOf(b.baseDate) - BASE_DATES.indexOf(a.baseDate) ||
        b.keyRevision - a.keyRevision,
    );
  return best;
}

/** Whether the meter's key could be one of this vending key, by type, carrier and algorithm. */
export function servesMeter(key: VendingKeyAttributes, meter: MeterRecord): boolean {
  const isForCredit = (keyType: KeyType) => !CREDITLESS_KEY_TYPES.includes(keyType);
  if (isForCredit(meter.keyType) ? key.keyType !== meter.keyType : !isForCredit(key.keyType)) return false;
  if (CARD_ONLY_KEY_TYPES.includes(key.keyType) && meter.tokenCarrierType !== MAGNETIC_CARD) return false;
  return meter.encryptionAlgorithm === 7 || key.decoderKeyAlgorithm === 4;
}

function isOn(meter: MeterRecord, key: VendingKeyAttributes): boolean {
  return (
    meter.supplyGroupCode === key.supplyGroupCode &&
    meter.keyRevision === key.keyRevision &&
    meter.keyType === key.keyType &&
    meter.baseDate === key.baseDate &&
    meter.decoderKeyAlgorithm === key.decoderKeyAlgorithm &&
    (meter.wantedKey === null || meter.wantedKey.tariffIndex === meter.tariffIndex) &&
    (meter.keyExpiry === null || meter.keyExpiry === key.keyExpiry)
  );
}

function registerOf(
  meter: MeterRecord,
  keys: readonly VendingKeyAttributes[],
  pending: MeterRecord['issuedKeyChange'],
): MeterKeyRegister {
  const held = pending?.from ?? keyNameOf(meter, keys);
  const vendingKey = findKey(keys, held);
  return {
    ...held,
    cluster: vendingKey?.cluster ?? 0,
    encryptionAlgorithm: meter.encryptionAlgorithm,
    storesSupplyGroup: meter.storesSupplyGroup,
    tokenCarrierType: meter.tokenCarrierType,
    // The claim gives the TIDs.
    lastTidMinutes: -1,
    issueUntilMillis: vendingKey === undefined ? undefined : Date.parse(vendingKey.issueUntil),
    issuedKeyChange:
      pending === null
        ? undefined
        : {
            to: { ...pending.to, cluster: findKey(keys, pending.to)?.cluster ?? 0 },
            threeSections: pending.threeSections,
            isConfirmed: false,
            lastTidMinutes: -1,
          },
  };
}

/** The meter's key with its expiry: as the meter is known to hold it, else that of its vending key. */
export function keyNameOf(meter: MeterRecord, keys: readonly VendingKeyAttributes[]): MeterKeyName {
  const { decoderKeyAlgorithm, supplyGroupCode, tariffIndex, keyRevision, keyType, baseDate } = meter;
  const keyExpiry = meter.keyExpiry ?? findKey(keys, meter)?.keyExpiry ?? 255;
  return { decoderKeyAlgorithm, supplyGroupCode, tariffIndex, keyRevision, keyType, baseDate, keyExpiry };
}

function vendingKeyRegister(meter: MeterRecord, key: VendingKeyAttributes): VendingKeyRegister {
  const {
    supplyGroupCode,
    keyRevision,
    keyType,
    keyExpiry,
    baseDate,
    decoderKeyAlgorithm,
    cluster = 0,
  } = key;
  return {
    supplyGroupCode,
    keyRevision,
    keyType,
    keyExpiry,
    baseDate,
    decoderKeyAlgorithm,
    cluster,
    encryptionAlgorithm: meter.encryptionAlgorithm,
    activeFromMillis: Date.parse(key.activeFrom),
    // IUT there is the last moment of issue, here the first that is none.
    issueUntilMillis: Date.parse(key.issueUntil) - 1,
  };
}

type ChangePlan = Extract<IssuePlan, { kind: 'keyChangeThenCredit' | 'reissueKeyChange' }>;

function plannedOf(plan: ChangePlan): PlannedKeyChange {
  const { under, to, change, sectionCount } = plan.keyChange;
  return {
    from: nameOf(under),
    to: nameOf(to),
    threeSections: change.threeSections,
    sectionCount,
    rollOver: change.rollOver,
    reasons: plan.kind === 'keyChangeThenCredit' ? plan.reasons : [],
  };
}

function changed(
  meter: MeterRecord,
  keyChange: PlannedKeyChange,
  keys: readonly VendingKeyAttributes[],
): KeyPlan {
  // What is wanted is reached by a new set; one that is given once more leads where somebody wanted to go before.
  const wantedKey = isGivenAgain(keyChange) ? meter.wantedKey : null;
  return {
    meter: { ...meter, ...keyChange.to, wantedKey },
    keyChange,
    key: findKey(keys, keyChange.to),
  };
}

function nameOf(key: MeterKeyName & { readonly baseDate: BaseDate }): MeterKeyName {
  const { decoderKeyAlgorithm, supplyGroupCode, tariffIndex, keyRevision, keyType, baseDate, keyExpiry } =
    key;
  return { decoderKeyAlgorithm, supplyGroupCode, tariffIndex, keyRevision, keyType, baseDate, keyExpiry };
}
