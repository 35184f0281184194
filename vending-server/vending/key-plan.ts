/**
 * Whether a meter's key is to be changed before it is given anything else, and to which key (`planIssue` of lib). The meter's
 * record names its new key from the issue of the set on: whoever keys in the sections first, as the slip says, can use all
 * that follows.
 */
import { StsFault } from '../../lib/faults.ts';
import { BASE_DATES, type BaseDate } from '../../lib/identity/attributes.ts';
import { type IssuePlan, type KeyChangeReason, planIssue } from '../../lib/token/issue-plan.ts';
import { DEFAULT_ISSUE_POLICY, type IssuePolicy } from '../../lib/token/issue-policy.ts';
import type { MeterKeyRegister, VendingKeyRegister } from '../../lib/token/issue-register.ts';
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

/**
 * @param isRequested - whether somebody asks for the key change by name.
 * @throws StsFault `key_change_not_allowed` with the reason, when it is asked for and cannot be; `key_change_not_needed`.
 */
export function planKey(
  meter: MeterRecord,
  keys: readonly VendingKeyAttributes[],
  now: number,
  policy: KeyPolicy,
  isRequested = false,
): KeyPlan {
  const pending = policy.unconfirmed === 'reissue' || isRequested ? meter.issuedKeyChange : null;
  const current = currentKey(meter, keys, now);
  const kept: KeyPlan = { meter, keyChange: undefined, key: findKey(keys, meter) };
  if (current === undefined)
    return isRequested ? refuse('no key of this supply group may be used now') : kept;
  if (pending === null && isOn(meter, current)) return isRequested ? refuse(undefined) : kept;
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
      return changed(meter, plan, keys);
    case 'credit':
      return isRequested ? refuse(undefined) : kept;
    case 'keyChangeRequired':
      return kept;
    case 'refused':
      // Without being asked for it is no reason to sell nothing: the security module judges the key that the meter has.
      return isRequested ? refuse(plan.refusal) : kept;
  }
}

function refuse(detail: string | undefined): never {
  if (detail === undefined) throw new StsFault('key_change_not_needed', undefined, { param: 'meter' });
  throw new StsFault('key_change_not_allowed', detail, { param: 'meter' });
}

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
  const isForCredit = (keyType: number) => keyType === 2 || keyType === 3;
  const [best] = keys
    .filter((key) => key.supplyGroupCode === supplyGroupCode && isUsable(key, now))
    .filter((key) => (isForCredit(meter.keyType) ? key.keyType === meter.keyType : isForCredit(key.keyType)))
    .filter((key) => meter.encryptionAlgorithm === 7 || key.decoderKeyAlgorithm === 4)
    .sort(
      (a, b) =>
        Date.parse(b.activeFrom) - Date.parse(a.activeFrom) ||
        BASE_DATES.indexOf(b.baseDate) - BASE_DATES.indexOf(a.baseDate) ||
        b.keyRevision - a.keyRevision,
    );
  return best;
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

function changed(meter: MeterRecord, plan: ChangePlan, keys: readonly VendingKeyAttributes[]): KeyPlan {
  const { under, to, change, sectionCount } = plan.keyChange;
  const keyChange: PlannedKeyChange = {
    from: nameOf(under),
    to: nameOf(to),
    threeSections: change.threeSections,
    sectionCount,
    rollOver: change.rollOver,
    reasons: plan.kind === 'keyChangeThenCredit' ? plan.reasons : [],
  };
  const { keyExpiry, ...attributes } = keyChange.to;
  return {
    meter: { ...meter, ...attributes, keyExpiry, wantedKey: null },
    keyChange,
    key: findKey(keys, keyChange.to),
  };
}

function nameOf(key: MeterKeyName & { readonly baseDate: BaseDate }): MeterKeyName {
  const { decoderKeyAlgorithm, supplyGroupCode, tariffIndex, keyRevision, keyType, baseDate, keyExpiry } =
    key;
  return { decoderKeyAlgorithm, supplyGroupCode, tariffIndex, keyRevision, keyType, baseDate, keyExpiry };
}
