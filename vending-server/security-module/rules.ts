/**
 * The rules of issuing by the attributes of a vending key (sts.md 6.6, 9.1, 9.3), each with a fault of its own.
 */
import { StsFault } from '../../lib/faults.ts';
import {
  CARD_ONLY_KEY_TYPES,
  CREDITLESS_KEY_TYPES,
  KEY_TYPE_CHANGES,
} from '../../lib/identity/attributes.ts';
import { isRollOver } from '../../lib/keys/key-change.ts';
import { dateOfTid, isExpired, TID_MAX, tidMinutesAt } from '../../lib/token/tid.ts';
import type { CarriedToken, KeyChangeOrder, MeterKeyAttributes, VendingKeyAttributes } from './contract.ts';
import type { ReadyVendingKey } from './key-ring.ts';
import { KEY_CHANGE_SUBCLASSES, subclassOf, type TokenName } from './subclasses.ts';

const MINUTE_MILLIS = 60_000;
/** TCT of the magnetic card (sts.md 1.2). */
const MAGNETIC_CARD = 1;

/** @throws StsFault `vending_key_no_credit` for an initial or default key. */
export function assertCreditKey(meter: MeterKeyAttributes, keyName: string): void {
  if (CREDITLESS_KEY_TYPES.includes(meter.keyType)) throw new StsFault('vending_key_no_credit', keyName);
}

/**
 * Whether the key may be used at all at this time and for this carrier.
 * @throws StsFault `vending_key_not_active`, `vending_key_issue_ended`, `token_carrier_not_allowed`.
 */
export function assertUsable(key: ReadyVendingKey, meter: MeterKeyAttributes, now: number): void {
  const { activeFrom, issueUntil } = key.attributes;
  if (now < key.activeFromMillis) {
    throw new StsFault('vending_key_not_active', `${key.name} from ${activeFrom}`);
  }
  if (now >= key.issueUntilMillis) {
    throw new StsFault('vending_key_issue_ended', `${key.name} until ${issueUntil}`);
  }
  if (CARD_ONLY_KEY_TYPES.includes(meter.keyType) && meter.tokenCarrierType !== MAGNETIC_CARD) {
    throw new StsFault('token_carrier_not_allowed', `${key.name}: TCT 01 alone`);
  }
}

/** @throws StsFault `subclass_not_allowed`: by the key's own list, and for a default key all but a key change. */
export function assertSubclass(key: ReadyVendingKey, token: TokenName): void {
  const subclass = subclassOf(token);
  const isDefault = key.attributes.keyType === 1;
  const byType = !isDefault || KEY_CHANGE_SUBCLASSES.includes(subclass);
  if (byType && key.allowedSubclasses?.has(subclass) !== false) return;
  throw new StsFault('subclass_not_allowed', `${key.name}: ${subclass}`);
}

/** @throws StsFault `base_date_ended`, `key_expired`, `tid_outside_clock_window`. */
export function assertTid(
  key: ReadyVendingKey,
  tidMinutes: number,
  now: number,
  windowMinutes: number,
): void {
  const { baseDate, keyExpiry } = key.attributes;
  const nowMinutes = Math.floor((now - dateOfTid(0, baseDate)) / MINUTE_MILLIS);
  if (nowMinutes > TID_MAX) throw new StsFault('base_date_ended', key.name);
  if (isExpired(tidMinutes, keyExpiry)) throw new StsFault('key_expired', key.name);
  if (Math.abs(tidMinutes - nowMinutes) > windowMinutes) {
    throw new StsFault('tid_outside_clock_window', `more than ${windowMinutes} minutes`);
  }
}

/** @throws StsFault `unit_limit_exceeded`, `currency_limit_exceeded`, by what the token really carries. */
export function assertLimits(key: ReadyVendingKey, carried: CarriedToken): void {
  const { unitLimitDeci, currencyLimitHundredThousandth } = key.attributes;
  if (carried.kind === 'currencyCredit') {
    const amount = BigInt(carried.amountHundredThousandth);
    const magnitude = amount < 0n ? -amount : amount;
    if (currencyLimitHundredThousandth !== undefined && magnitude > BigInt(currencyLimitHundredThousandth)) {
      throw new StsFault('currency_limit_exceeded', key.name);
    }
    return;
  }
  const units = unitsOf(carried);
  if (units !== undefined && unitLimitDeci !== undefined && units > unitLimitDeci) {
    throw new StsFault('unit_limit_exceeded', `${key.name}: ${unitLimitDeci} in 0.1 of the unit`);
  }
}

/** Units of a credit in 0.1 of its unit; undefined for all other tokens. */
export function unitsOf(carried: CarriedToken): number | undefined {
  switch (carried.kind) {
    case 'creditElectricity':
      return carried.amountDeciKwh;
    case 'creditWater':
    case 'creditGas':
      return carried.amountDeciCubicMetre;
    case 'creditTime':
      return carried.amountDeciMinute;
    default:
      return undefined;
  }
}

/**
 * Whether a change leads from one key to the other (sts.md 6.6, 9.3, open questions A3 and C6), and whether it is a
 * roll-over. A meter must not be led to a key that nothing can be sold under.
 * @throws StsFault `key_change_not_allowed`, `algorithm_not_supported`, `base_date_ended`, `date_out_of_range` for a base
 *   date that has not begun, `key_expired`.
 */
export function assertKeyChange(
  order: KeyChangeOrder,
  from: VendingKeyAttributes,
  to: VendingKeyAttributes,
  now: number,
): { rollOver: boolean } {
  const refuse = (detail: string, field: string) =>
    new StsFault('key_change_not_allowed', detail, { param: field });
  if (order.from.meterPan !== order.to.meterPan) throw refuse('the keys are of two meters', 'to.meterPan');
  if (!KEY_TYPE_CHANGES[order.from.keyType].includes(order.to.keyType)) {
    throw refuse(`from key type ${order.from.keyType} to ${order.to.keyType}`, 'to.keyType');
  }
  if ((from.cluster ?? 0) !== (to.cluster ?? 0)) throw refuse('the keys are of two clusters', 'to');
  if (dateOfTid(0, order.to.baseDate) < dateOfTid(0, order.from.baseDate)) {
    throw refuse('no base date moves back', 'to.baseDate');
  }
  if (order.threeSections && order.from.encryptionAlgorithm === 11) {
    throw refuse('EA11 sets have four sections', 'threeSections');
  }
  if (isSameKey(order) && (order.fromKeyExpiry === undefined || order.fromKeyExpiry === to.keyExpiry)) {
    throw refuse('nothing would change', 'to');
  }
  const rollOver = isRollOver(order.from, order.to);
  const nowMinutes = (now - dateOfTid(0, to.baseDate)) / MINUTE_MILLIS;
  if (nowMinutes >= TID_MAX + 1) throw new StsFault('base_date_ended', `base ${to.baseDate}`);
  if (isExpired(tidMinutesAt(now, to.baseDate), to.keyExpiry))
    throw new StsFault('key_expired', 'the new key');
  return { rollOver };
}

function isSameKey({ from, to }: KeyChangeOrder): boolean {
  return (
    from.supplyGroupCode === to.supplyGroupCode &&
    from.tariffIndex === to.tariffIndex &&
    from.keyRevision === to.keyRevision &&
    from.keyType === to.keyType &&
    from.baseDate === to.baseDate &&
    from.decoderKeyAlgorithm === to.decoderKeyAlgorithm
  );
}
