/**
 * Which key-change set and which credit token to issue to a meter, given its register and the current vending key: the
 * roll-over of base dates, new revisions, tariff indexes, supply groups and expiry numbers (sts.md 1.2, 1.3, 9.3, 10). A pure
 * function: the keys themselves, the digits and the clock are the caller's.
 *
 * Sections are made under the key that the meter holds, with its algorithm and without a TID; the credit token that follows
 * them is made under the new key. What depends on open questions stands in `issue-policy.ts`.
 */
import { assertBoolean, assertFinite, assertObject } from '../assert.ts';
import { assertTariffIndex, BASE_DATES } from '../identity/attributes.ts';
import type { KeyChange } from '../keys/key-change.ts';
import { assertIssuePolicy, DEFAULT_ISSUE_POLICY, type IssuePolicy } from './issue-policy.ts';
import {
  assertVendingKeyRegister,
  type IssuedKeyChange,
  type MeterKeyAttributes,
  type MeterKeyRegister,
  settled,
  type VendingKeyRegister,
} from './issue-register.ts';
import {
  dateOfTid,
  isExpired,
  LAST_RESERVED_TID,
  lastMinuteOfBase,
  lastMinuteOfKey,
  nextReservedTidMinutes,
  nextTidMinutes,
  TID_MAX,
} from './tid.ts';

/** Everything that a plan depends on besides the policy. */
export interface IssueRequest {
  readonly meter: MeterKeyRegister;
  readonly currentKey: VendingKeyRegister;
  /** TI that the meter shall have, 0-99; part of the key, so that another one is a key change. */
  readonly tariffIndex: number;
  /** The present moment, milliseconds since 1970 UTC. */
  readonly epochMillis: number;
  /** Whether a key change is asked for by name, where the policy waits for that. */
  readonly isKeyChangeRequested: boolean;
  /** Whether the credit shall have the special reserved TID of 00:01. */
  readonly isReservedTidRequested: boolean;
}

/** A credit token to make: under which key and with which TID. Amount and RND are the caller's. */
export interface PlannedCredit {
  /** Of the key to derive: the TID counts from its base date. */
  readonly under: MeterKeyAttributes;
  readonly tidMinutes: number;
}

/** A key-change set to make: all sections under the old key, to be keyed before the credit. */
export interface PlannedKeyChange {
  /** Of the key that encrypts every section: the one that the meter holds. A KT 0 comes from the meter's manufacturer. */
  readonly under: MeterKeyAttributes;
  /** Of the key to derive and to put into the sections. */
  readonly to: MeterKeyAttributes;
  /** What `keyChangeSections` asks for besides the new key: KEN, RO, 3KCT and the new attributes. */
  readonly change: Omit<KeyChange, 'newDecoderKey'>;
  readonly sectionCount: 2 | 3 | 4;
}

/** What two keys of a meter can differ in. */
const KEY_DIFFERENCES = [
  'supplyGroupCode',
  'tariffIndex',
  'keyRevision',
  'keyType',
  'keyExpiry',
  'baseDate',
  'decoderKeyAlgorithm',
] as const;

/**
 * Every {@link KeyChangeReason}. `keyChangeNotConfirmed`: a set was issued and not confirmed, and only the same set again makes
 * sure of the meter's key.
 */
export const KEY_CHANGE_REASONS = [...KEY_DIFFERENCES, 'keyChangeNotConfirmed'] as const;

/** Why the meter is not on the current key. */
export type KeyChangeReason = (typeof KEY_CHANGE_REASONS)[number];

/** In their rank: the first that applies is the one that a plan names. */
export type IssueRefusal =
  /** EA07 to EA11 or back by token: in no source (sts.md 7.1, open question A18). */
  | 'algorithmMayNotChange'
  /** ACT of the current key lies ahead. */
  | 'keyNotActive'
  /** IUT of the current key is over. */
  | 'issueUntilPassed'
  /** No credit is issued under this key type. */
  | 'keyTypeCarriesNoCredit'
  | 'baseDateMayNotGoBack'
  /** RO moves a meter on by one base date: the one between has to be gone through. */
  | 'baseDateMayNotBeSkipped'
  /** DKGA02 leaves the base date out of the key: with nothing else new, zeroed memory would take old tokens again. */
  | 'rollOverKeepsKey'
  | 'keyTypeChangeNotAllowed'
  /** The new key type is for magnetic cards. */
  | 'keyTypeNeedsCard'
  | 'clusterChangeNotAllowed'
  /** IUT of the key that the meter holds is over, so that nothing is made under it. */
  | 'formerIssueUntilPassed'
  /** The special reserved TID is a right of its own. */
  | 'reservedTidNotAllowed'
  | 'baseDateNotBegun'
  | 'baseDateEnded'
  /** The TID lies beyond KEN. */
  | 'keyExpired'
  | 'tidTooFarAhead';

/** What an issuer should tell in time (sts.md 10); moments are milliseconds since 1970 UTC. */
export type IssueWarning =
  /** The last minute in which the key carries a TID, the base date has one, the key may be used. */
  | { readonly kind: 'keyExpires' | 'baseDateEnds' | 'issueUntil'; readonly atMillis: number }
  /** After the set that is issued again, the meter is still not on the current key. */
  | { readonly kind: 'furtherKeyChange'; readonly reasons: readonly KeyChangeReason[] };

/** What to issue, in the order of the slip: sections first, then credit (sts.md 9.3). */
export type IssuePlan =
  /** The meter is on the current key. */
  | { readonly kind: 'credit'; readonly credit: PlannedCredit; readonly warnings: readonly IssueWarning[] }
  | {
      readonly kind: 'keyChangeThenCredit';
      readonly reasons: readonly KeyChangeReason[];
      readonly keyChange: PlannedKeyChange;
      readonly credit: PlannedCredit;
      readonly warnings: readonly IssueWarning[];
    }
  /** The set that was issued and not confirmed, once more, and credit under its key: right for a meter on either. */
  | {
      readonly kind: 'reissueKeyChange';
      readonly keyChange: PlannedKeyChange;
      readonly credit: PlannedCredit;
      readonly warnings: readonly IssueWarning[];
    }
  /** The policy waits for somebody to ask for the key change, or never makes one. */
  | { readonly kind: 'keyChangeRequired'; readonly reasons: readonly KeyChangeReason[] }
  | {
      readonly kind: 'refused';
      readonly refusal: IssueRefusal;
      /** The moment from which it no longer applies, or since which it does; undefined where no moment decides. */
      readonly atMillis: number | undefined;
    };

type Refused = Extract<IssuePlan, { kind: 'refused' }>;

const MINUTE_MILLIS = 60_000;
const DAY_MILLIS = 1_440 * MINUTE_MILLIS;

/**
 * @returns the plan; every refusal that a register, a key, a date or the policy brings is part of it.
 * @throws TypeError, RangeError, StsFault `supply_group_malformed`, `algorithm_not_supported` when the request itself is not
 *   one: a field is missing or out of its range.
 */
export function planIssue(request: IssueRequest, policy: IssuePolicy = DEFAULT_ISSUE_POLICY): IssuePlan {
  assertIssuePolicy(policy);
  assertRequest(request);
  const { currentKey, tariffIndex } = request;
  const meter = settled(request.meter);
  const wanted = attributesOf({ ...currentKey, tariffIndex });
  if (meter.encryptionAlgorithm !== currentKey.encryptionAlgorithm) return refused('algorithmMayNotChange');
  const pending = meter.issuedKeyChange;
  if (pending !== undefined) return planReissue(meter, pending, wanted, request, policy);
  const present = attributesOf(meter);
  const reasons = differences(present, wanted, policy);
  const refusal = refusalOfKey(currentKey, request.epochMillis, policy);
  if (refusal !== undefined) return refusal;
  if (reasons.length === 0) {
    const under = { ...wanted, keyExpiry: Math.min(present.keyExpiry, wanted.keyExpiry) };
    const credit = planCredit(under, meter.lastTidMinutes, request, policy);
    if ('kind' in credit) return credit;
    return { kind: 'credit', credit, warnings: warningsOf(under, currentKey, request, policy) };
  }
  const forbidden = refusalOfChange(meter, wanted, request.epochMillis, policy);
  if (forbidden !== undefined) return refused(forbidden);
  if (!mayChange(request, policy)) return { kind: 'keyChangeRequired', reasons };
  const threeSections = policy.thirdSection && meter.storesSupplyGroup && meter.encryptionAlgorithm === 7;
  const keyChange = planKeyChange(meter, wanted, threeSections);
  // RO zeroes the memory and begins a new count; without RO the meter remembers what it took under the old key.
  const isCarriedOver = !keyChange.change.rollOver && policy.tidsRise === 'per-meter';
  const credit = planCredit(wanted, isCarriedOver ? meter.lastTidMinutes : -1, request, policy);
  if ('kind' in credit) return credit;
  const warnings = warningsOf(wanted, currentKey, request, policy);
  return { kind: 'keyChangeThenCredit', reasons, keyChange, credit, warnings };
}

/**
 * The meter holds the old key or that of the set. The same set again, then credit under its key, suits both: a meter that
 * has changed refuses the sections and takes the credit.
 */
function planReissue(
  meter: MeterKeyRegister,
  pending: IssuedKeyChange,
  wanted: MeterKeyAttributes,
  request: IssueRequest,
  policy: IssuePolicy,
): IssuePlan {
  const { to } = pending;
  const reasons = differences(to, wanted, policy);
  // Of an older key no more is known here than what the set carried: its ACT and IUT are for the security module.
  const isCurrent = reasons.every((reason) => reason === 'tariffIndex' || reason === 'keyExpiry');
  const refusal = isCurrent ? refusalOfKey(request.currentKey, request.epochMillis, policy) : undefined;
  if (refusal !== undefined) return refusal;
  if (policy.creditlessKeyTypes.includes(to.keyType)) return refused('keyTypeCarriesNoCredit');
  if (isPassed(meter.issueUntilMillis, request.epochMillis)) return refused('formerIssueUntilPassed');
  if (!mayChange(request, policy)) return { kind: 'keyChangeRequired', reasons: ['keyChangeNotConfirmed'] };
  const keyChange = planKeyChange(meter, to, pending.threeSections);
  const under = isCurrent ? { ...to, keyExpiry: Math.min(to.keyExpiry, wanted.keyExpiry) } : to;
  const isCarriedOver = !keyChange.change.rollOver && policy.tidsRise === 'per-meter';
  const last = Math.max(pending.lastTidMinutes, isCarriedOver ? meter.lastTidMinutes : -1);
  const credit = planCredit(under, last, request, policy);
  if ('kind' in credit) return credit;
  const known = isCurrent ? request.currentKey : undefined;
  const warnings = warningsOf(under, known, request, policy);
  if (reasons.length > 0) warnings.push({ kind: 'furtherKeyChange', reasons });
  return { kind: 'reissueKeyChange', keyChange, credit, warnings };
}

function mayChange({ isKeyChangeRequested }: IssueRequest, { keyChange }: IssuePolicy): boolean {
  return keyChange === 'with-sale' || (keyChange === 'on-request' && isKeyChangeRequested);
}

function differences(
  present: MeterKeyAttributes,
  wanted: MeterKeyAttributes,
  { keyExpiryAlone }: IssuePolicy,
): readonly KeyChangeReason[] {
  const reasons = KEY_DIFFERENCES.filter((name) => present[name] !== wanted[name]);
  return reasons.length === 1 && reasons[0] === 'keyExpiry' && !keyExpiryAlone ? [] : reasons;
}

function refusalOfKey(key: VendingKeyRegister, now: number, policy: IssuePolicy): Refused | undefined {
  const { activeFromMillis, issueUntilMillis, keyType } = key;
  if (activeFromMillis !== undefined && now < activeFromMillis)
    return refused('keyNotActive', activeFromMillis);
  if (isPassed(issueUntilMillis, now)) return refused('issueUntilPassed', issueUntilMillis);
  return policy.creditlessKeyTypes.includes(keyType) ? refused('keyTypeCarriesNoCredit') : undefined;
}

function isPassed(issueUntilMillis: number | undefined, now: number): boolean {
  return issueUntilMillis !== undefined && now > issueUntilMillis;
}

function refusalOfChange(
  meter: MeterKeyRegister,
  to: MeterKeyAttributes,
  now: number,
  policy: IssuePolicy,
): IssueRefusal | undefined {
  const step = BASE_DATES.indexOf(to.baseDate) - BASE_DATES.indexOf(meter.baseDate);
  if (step < 0) return 'baseDateMayNotGoBack';
  if (step > 1) return 'baseDateMayNotBeSkipped';
  if (step === 1 && isSameKeyWithoutBaseDate(meter, to)) return 'rollOverKeepsKey';
  if (!policy.keyTypeChanges[meter.keyType].includes(to.keyType)) return 'keyTypeChangeNotAllowed';
  const isOnCard = meter.tokenCarrierType === 1;
  if (policy.cardOnlyKeyTypes.includes(to.keyType) && !isOnCard) return 'keyTypeNeedsCard';
  if (!isWithin(meter, to, policy)) return 'clusterChangeNotAllowed';
  return isPassed(meter.issueUntilMillis, now) ? 'formerIssueUntilPassed' : undefined;
}

/** Whether DKGA02 gives both the same key: it knows no base date (sts.md 6.2). */
function isSameKeyWithoutBaseDate(from: MeterKeyAttributes, to: MeterKeyAttributes): boolean {
  return (
    from.decoderKeyAlgorithm === 2 &&
    to.decoderKeyAlgorithm === 2 &&
    from.supplyGroupCode === to.supplyGroupCode &&
    from.tariffIndex === to.tariffIndex &&
    from.keyRevision === to.keyRevision &&
    from.keyType === to.keyType
  );
}

function isWithin(
  from: MeterKeyAttributes,
  to: MeterKeyAttributes,
  { keyChangeWithin }: IssuePolicy,
): boolean {
  if (keyChangeWithin === 'cluster') return from.cluster === to.cluster;
  return from.supplyGroupCode === to.supplyGroupCode || (from.cluster === 0 && to.cluster === 0);
}

function planKeyChange(
  meter: MeterKeyRegister,
  to: MeterKeyAttributes,
  threeSections: boolean,
): PlannedKeyChange {
  const { keyExpiry, keyRevision, keyType, tariffIndex, supplyGroupCode } = to;
  const rollOver = to.baseDate !== meter.baseDate;
  return {
    under: attributesOf(meter),
    to,
    change: { keyExpiry, keyRevision, keyType, tariffIndex, supplyGroupCode, rollOver, threeSections },
    sectionCount: meter.encryptionAlgorithm === 11 ? 4 : threeSections ? 3 : 2,
  };
}

/** @returns the credit token to make, or why there is none. */
function planCredit(
  under: MeterKeyAttributes,
  lastTidMinutes: number,
  { epochMillis, isReservedTidRequested }: IssueRequest,
  policy: IssuePolicy,
): PlannedCredit | Refused {
  if (isReservedTidRequested && !policy.mayUseReservedTid) return refused('reservedTidNotAllowed');
  const { baseDate, keyExpiry } = under;
  const offsetMillis = policy.tidOffsetMinutes * MINUTE_MILLIS;
  const momentOf = (tidMinutes: number) => dateOfTid(tidMinutes, baseDate) - offsetMillis;
  const now = Math.floor((epochMillis - momentOf(0)) / MINUTE_MILLIS);
  if (now < 0) return refused('baseDateNotBegun', momentOf(0));
  // A memory of zeros holds TID 0, so that a token with it would look used.
  const last = Math.max(lastTidMinutes, 0);
  if (now > TID_MAX || last >= (isReservedTidRequested ? LAST_RESERVED_TID : TID_MAX)) {
    return refused('baseDateEnded', momentOf(TID_MAX));
  }
  const tidMinutes = isReservedTidRequested ? nextReservedTidMinutes(now, last) : nextTidMinutes(now, last);
  if (isExpired(tidMinutes, keyExpiry)) {
    return refused('keyExpired', lastMinuteOfKey(keyExpiry, baseDate) - offsetMillis);
  }
  if (tidMinutes > now + policy.tidAheadMinutes) {
    return refused('tidTooFarAhead', momentOf(tidMinutes) - policy.tidAheadMinutes * MINUTE_MILLIS);
  }
  return { under, tidMinutes };
}

function warningsOf(
  under: MeterKeyAttributes,
  key: VendingKeyRegister | undefined,
  { epochMillis }: IssueRequest,
  { warningDays, tidOffsetMinutes }: IssuePolicy,
): IssueWarning[] {
  const { keyExpiry, baseDate } = under;
  const offsetMillis = tidOffsetMinutes * MINUTE_MILLIS;
  const ends: IssueWarning[] = [
    { kind: 'baseDateEnds', atMillis: lastMinuteOfBase(baseDate) - offsetMillis },
  ];
  // KEN 255 is the end of the base date itself.
  if (keyExpiry < 255) {
    ends.unshift({ kind: 'keyExpires', atMillis: lastMinuteOfKey(keyExpiry, baseDate) - offsetMillis });
  }
  if (key?.issueUntilMillis !== undefined) ends.push({ kind: 'issueUntil', atMillis: key.issueUntilMillis });
  return ends.filter((end) => 'atMillis' in end && end.atMillis - epochMillis <= warningDays * DAY_MILLIS);
}

/** The attributes alone, whatever else the caller's object holds. */
function attributesOf(key: MeterKeyAttributes): MeterKeyAttributes {
  const { supplyGroupCode, tariffIndex, keyRevision, keyType, keyExpiry, baseDate } = key;
  const { decoderKeyAlgorithm, cluster } = key;
  return {
    supplyGroupCode,
    tariffIndex,
    keyRevision,
    keyType,
    keyExpiry,
    baseDate,
    decoderKeyAlgorithm,
    cluster,
  };
}

function refused(refusal: IssueRefusal, atMillis?: number): Refused {
  return { kind: 'refused', refusal, atMillis };
}

function assertRequest(request: IssueRequest): void {
  assertObject(request, 'request');
  assertVendingKeyRegister(request.currentKey);
  assertTariffIndex(request.tariffIndex);
  assertFinite(request.epochMillis, 'epochMillis');
  assertBoolean(request.isKeyChangeRequested, 'isKeyChangeRequested');
  assertBoolean(request.isReservedTidRequested, 'isReservedTidRequested');
}
