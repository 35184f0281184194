/**
 * What an issuer holds of keys: the register of a meter, the register of the current vending key, and what becomes of the
 * first when a plan is carried out or a key change is confirmed. Plain data: the caller makes it durable with the tokens.
 */
import { assertBoolean, assertFinite, assertInteger, assertObject, assertOneOf } from '../assert.ts';
import {
  assertBaseDate,
  assertKeyExpiry,
  assertKeyRevision,
  assertKeyType,
  assertTariffIndex,
  type BaseDate,
  type DecoderKeyAlgorithm,
  type EncryptionAlgorithm,
  type KeyType,
  parseEncryptionAlgorithm,
  parseSupplyGroupCode,
} from '../identity/attributes.ts';
import type { IssuePlan, PlannedCredit } from './issue-plan.ts';
import { TID_MAX } from './tid.ts';

/** The attributes of a vending key. */
export interface VendingKeyAttributes {
  /** 6 digits. */
  readonly supplyGroupCode: string;
  /** KRN, 1-9. */
  readonly keyRevision: number;
  readonly keyType: KeyType;
  /** KEN, 0-255. */
  readonly keyExpiry: number;
  readonly baseDate: BaseDate;
  readonly decoderKeyAlgorithm: DecoderKeyAlgorithm;
  /** CLU; only 0 is defined (sts.md 1.2). */
  readonly cluster: number;
}

/** With the tariff index: what a meter's decoder key is made of, besides the meter's number. */
export interface MeterKeyAttributes extends VendingKeyAttributes {
  /** TI, 0-99. */
  readonly tariffIndex: number;
}

/** The vending key under which credit is to be issued now. */
export interface VendingKeyRegister extends VendingKeyAttributes {
  /** The algorithm of the meters that it serves. */
  readonly encryptionAlgorithm: EncryptionAlgorithm;
  /** ACT, milliseconds since 1970 UTC; undefined when it is not known. */
  readonly activeFromMillis: number | undefined;
  /** IUT, milliseconds since 1970 UTC: the last moment of issue; undefined when it is not known. */
  readonly issueUntilMillis: number | undefined;
}

/** A meter and the key that it is known to hold. */
export interface MeterKeyRegister extends MeterKeyAttributes {
  readonly encryptionAlgorithm: EncryptionAlgorithm;
  /** Whether an EA07 meter takes a third section and shows its supply group. */
  readonly storesSupplyGroup: boolean;
  /** TCT: 1 magnetic card, 2 keypad. */
  readonly tokenCarrierType: number;
  /** The last TID given to this meter on the base date of its key, -1 when there is none. */
  readonly lastTidMinutes: number;
  /** IUT of the vending key that the meter's key comes from: no key change is made under it later. */
  readonly issueUntilMillis: number | undefined;
  /** A key change that was issued to this meter, undefined when there is none that matters any more. */
  readonly issuedKeyChange: IssuedKeyChange | undefined;
}

/** A key-change set that left the house. Until it is confirmed nobody knows whether the meter holds the old key or the new. */
export interface IssuedKeyChange {
  readonly to: MeterKeyAttributes;
  readonly threeSections: boolean;
  readonly isConfirmed: boolean;
  /** The last TID given to this meter on the base date of the new key, -1 when there is none. */
  readonly lastTidMinutes: number;
}

/**
 * The register to keep once the tokens of a plan are issued; it must become durable with them, before they leave.
 * @returns the same register when the plan issues nothing.
 * @throws TypeError, RangeError when the register is not one.
 */
export function recordIssue(meter: MeterKeyRegister, plan: IssuePlan): MeterKeyRegister {
  const present = settled(meter);
  assertObject(plan, 'plan');
  switch (plan.kind) {
    case 'keyChangeRequired':
    case 'refused':
      return meter;
    case 'credit':
      return { ...present, lastTidMinutes: tidOf(plan.credit) };
    case 'keyChangeThenCredit':
    case 'reissueKeyChange': {
      assertObject(plan.keyChange, 'keyChange');
      const { to, change } = plan.keyChange;
      assertObject(change, 'change');
      const tidMinutes = tidOf(plan.credit);
      const issuedKeyChange = {
        to,
        threeSections: change.threeSections,
        isConfirmed: false,
        lastTidMinutes: tidMinutes,
      };
      assertIssuedKeyChange(issuedKeyChange);
      const isSameBase = present.baseDate === to.baseDate;
      return {
        ...present,
        lastTidMinutes: isSameBase ? tidMinutes : present.lastTidMinutes,
        issuedKeyChange,
      };
    }
  }
  throw new RangeError('"plan" expected a plan that planIssue made');
}

function tidOf(credit: PlannedCredit): number {
  assertObject(credit, 'credit');
  assertInteger(credit.tidMinutes, 0, TID_MAX, 'tidMinutes');
  return credit.tidMinutes;
}

/**
 * The register once a meter is known to hold the key that its last set brought, because it took a token of that key or shows
 * its key revision.
 * @param issueUntilMillis - IUT of the new vending key, where known.
 * @returns the same register when no set waits for it.
 * @throws TypeError, RangeError when the register is not one.
 */
export function confirmKeyChange(meter: MeterKeyRegister, issueUntilMillis?: number): MeterKeyRegister {
  assertMeterKeyRegister(meter);
  if (issueUntilMillis !== undefined) assertFinite(issueUntilMillis, 'issueUntilMillis');
  const { issuedKeyChange } = meter;
  if (issuedKeyChange === undefined) return meter;
  const confirmed = settled({ ...meter, issuedKeyChange: { ...issuedKeyChange, isConfirmed: true } });
  return { ...confirmed, issueUntilMillis };
}

/**
 * A register with its confirmed key change taken over; one that is not confirmed stays beside it.
 * @returns the same register when there is nothing to take over.
 * @throws TypeError, RangeError, StsFault as {@link assertMeterKeyRegister} does.
 */
export function settled(meter: MeterKeyRegister): MeterKeyRegister {
  assertMeterKeyRegister(meter);
  const { issuedKeyChange } = meter;
  if (issuedKeyChange === undefined || !issuedKeyChange.isConfirmed) return meter;
  const { to, lastTidMinutes } = issuedKeyChange;
  const isSameBase = to.baseDate === meter.baseDate;
  return {
    ...meter,
    ...to,
    // TIDs of another base date count from another minute: none of them is carried over.
    lastTidMinutes: isSameBase ? Math.max(meter.lastTidMinutes, lastTidMinutes) : lastTidMinutes,
    issueUntilMillis: undefined,
    issuedKeyChange: undefined,
  };
}

/** @throws TypeError, RangeError, StsFault `supply_group_malformed`, `algorithm_not_supported`. */
export function assertMeterKeyRegister(value: unknown): asserts value is MeterKeyRegister {
  assertObject(value, 'meter');
  const meter = value as MeterKeyRegister;
  assertMeterKeyAttributes(meter);
  parseEncryptionAlgorithm(meter.encryptionAlgorithm);
  assertBoolean(meter.storesSupplyGroup, 'storesSupplyGroup');
  assertInteger(meter.tokenCarrierType, 0, 99, 'tokenCarrierType');
  assertInteger(meter.lastTidMinutes, -1, TID_MAX, 'lastTidMinutes');
  assertMoment(meter.issueUntilMillis, 'issueUntilMillis');
  if (meter.issuedKeyChange !== undefined) assertIssuedKeyChange(meter.issuedKeyChange);
}

function assertIssuedKeyChange(issuedKeyChange: IssuedKeyChange): void {
  assertObject(issuedKeyChange, 'issuedKeyChange');
  assertObject(issuedKeyChange.to, 'to');
  assertMeterKeyAttributes(issuedKeyChange.to);
  assertBoolean(issuedKeyChange.threeSections, 'threeSections');
  assertBoolean(issuedKeyChange.isConfirmed, 'isConfirmed');
  assertInteger(issuedKeyChange.lastTidMinutes, -1, TID_MAX, 'lastTidMinutes');
}

/** @throws as {@link assertMeterKeyRegister} does. */
export function assertVendingKeyRegister(value: unknown): asserts value is VendingKeyRegister {
  assertObject(value, 'currentKey');
  const key = value as VendingKeyRegister;
  assertVendingKeyAttributes(key);
  parseEncryptionAlgorithm(key.encryptionAlgorithm);
  assertMoment(key.activeFromMillis, 'activeFromMillis');
  assertMoment(key.issueUntilMillis, 'issueUntilMillis');
}

function assertMeterKeyAttributes(key: MeterKeyAttributes): void {
  assertVendingKeyAttributes(key);
  assertTariffIndex(key.tariffIndex);
}

function assertVendingKeyAttributes(key: VendingKeyAttributes): void {
  parseSupplyGroupCode(key.supplyGroupCode);
  assertKeyRevision(key.keyRevision);
  assertKeyType(key.keyType);
  assertKeyExpiry(key.keyExpiry);
  assertBaseDate(key.baseDate);
  assertOneOf(key.decoderKeyAlgorithm, [2, 4], 'decoderKeyAlgorithm');
  assertInteger(key.cluster, 0, 99, 'cluster');
}

function assertMoment(millis: unknown, name: string): void {
  if (millis !== undefined) assertFinite(millis, name);
}
