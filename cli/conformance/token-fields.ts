/**
 * Between the flat fields of the adapter protocol and the library's kinds of token. The protocol speaks in classes and
 * subclasses and in the units that people use; the library in kinds and in whole tenths (sts.md 2.2).
 */
import { BigNumber } from 'bignumber.js';
import { StsFault } from '../../lib/faults.ts';
import { hexFromWord } from '../../lib/hex.ts';
import type { EncryptionAlgorithm, KeyType } from '../../lib/identity/attributes.ts';
import { type KeyChangeSection, keyChangeSections } from '../../lib/keys/key-change.ts';
import { decodeAmount } from '../../lib/token/amount.ts';
import { decodeCurrencyAmount } from '../../lib/token/currency-amount.ts';
import type { Resource, Token } from '../../lib/token/kinds.ts';
import { nextTidMinutes, tidMinutesAt } from '../../lib/token/tid.ts';
import type { TokenFields } from './protocol.ts';

const RESOURCES: readonly Resource[] = ['electricity', 'water', 'gas', 'time'];
/** Beyond every amount of a unit credit; keeps the number exact on its way to the range check. */
const UNITS_BEYOND = 2 ** 40;

/**
 * @returns the token that the fields describe.
 * @throws StsFault `request_malformed` naming the field that is missing; `operation_unsupported` for a subclass that is
 *   reserved or free for makers; whatever the library refuses.
 */
export function tokenOfFields(fields: TokenFields, encryptionAlgorithm: EncryptionAlgorithm): Token {
  switch (fields.class) {
    case 0:
      return creditOf(fields);
    case 1:
      return displayOf(fields);
    case 2:
      return managementOf(fields, encryptionAlgorithm);
  }
  throw notBuilt(fields);
}

function creditOf(fields: TokenFields): Token {
  const { subclass } = fields;
  const resource = RESOURCES[subclass % 4] ?? 'electricity';
  if (subclass > 7) throw notBuilt(fields);
  const tidMinutes = tidOf(fields);
  if (subclass >= 4) {
    const amountHundredThousandth =
      fields.value === undefined
        ? scaledUp(need(fields, 'amount'), 5)
        : decodeCurrencyAmount({ signAndExponent: need(fields, 'rnd') & 15, field: fields.value });
    return { kind: 'currencyCredit', resource, tidMinutes, amountHundredThousandth };
  }
  const rnd = need(fields, 'rnd');
  const units = fields.value === undefined ? unitsOf(need(fields, 'amount')) : decodeAmount(fields.value);
  switch (resource) {
    case 'electricity':
      return { kind: 'creditElectricity', tidMinutes, rnd, amountDeciKwh: units };
    case 'water':
      return { kind: 'creditWater', tidMinutes, rnd, amountDeciCubicMetre: units };
    case 'gas':
      return { kind: 'creditGas', tidMinutes, rnd, amountDeciCubicMetre: units };
    case 'time':
      return { kind: 'creditTime', tidMinutes, rnd, amountDeciMinute: units };
  }
}

function displayOf(fields: TokenFields): Token {
  const { subclass } = fields;
  const control = Number.parseInt(need(fields, 'control'), 16);
  if (subclass === 2) {
    // The index is the top 6 of the 36 bits; the rest is 0 in all known tokens (sts.md 2.5).
    if (control % 2 ** 30 !== 0) throw malformed('control', 'has bits below the index');
    return { kind: 'extendedRead', index: Math.floor(control / 2 ** 30) };
  }
  const manufacturerCode = need(fields, 'manufacturerCode');
  if (subclass < 2)
    return { kind: 'initiateTest', manufacturerDigits: subclass === 0 ? 2 : 4, control, manufacturerCode };
  if (subclass < 6) throw notBuilt(fields);
  return { kind: 'proprietaryTest', subclass, control, manufacturerCode };
}

function managementOf(fields: TokenFields, encryptionAlgorithm: EncryptionAlgorithm): Token {
  switch (fields.subclass) {
    case 3:
    case 4:
    case 8:
    case 9:
      return sectionOf(fields, encryptionAlgorithm);
  }
  const issue = { tidMinutes: tidOf(fields), rnd: need(fields, 'rnd') };
  const { value } = fields;
  switch (fields.subclass) {
    case 0:
      return { kind: 'setMaximumPowerLimit', ...issue, limitWatt: wattsOf(fields) };
    case 1:
      return { kind: 'clearCredit', ...issue, registerCode: value ?? need(fields, 'register') };
    case 2:
      return { kind: 'setTariffRate', ...issue, rateRaw: need(fields, 'value') };
    case 5:
      if (value !== undefined && value !== 0) throw malformed('value', 'of ClearTamper is 0');
      return { kind: 'clearTamper', ...issue };
    case 6:
      return { kind: 'setMaximumPhasePowerUnbalanceLimit', ...issue, limitWatt: wattsOf(fields) };
    case 7:
      return { kind: 'setWaterMeterFactor', ...issue, factorRaw: need(fields, 'value') };
    case 10: {
      const raw = need(fields, 'value');
      const index = raw >>> 10;
      if (index < 63) return { kind: 'setControl', ...issue, index, valueRaw: raw & 1023 };
      return { kind: 'setFlag', ...issue, flag: (raw >>> 1) & 511, isSet: (raw & 1) === 1 };
    }
  }
  throw notBuilt(fields);
}

/** One section of the set that the fields describe. */
function sectionOf(fields: TokenFields, encryptionAlgorithm: EncryptionAlgorithm): Token {
  const sections = keyChangeSections(encryptionAlgorithm, {
    newDecoderKey: need(fields, 'newDecoderKey'),
    keyExpiry: need(fields, 'keyExpiry'),
    keyRevision: need(fields, 'keyRevision'),
    keyType: need(fields, 'keyType') as KeyType,
    tariffIndex: need(fields, 'tariffIndex'),
    supplyGroupCode: need(fields, 'supplyGroupCode'),
    rollOver: fields.rollOver ?? false,
    threeSections: fields.threeSections ?? false,
  });
  const section = sections[[3, 4, 8, 9].indexOf(fields.subclass)];
  if (section === undefined) throw malformed('subclass', 'is no section of this set');
  return section;
}

function wattsOf(fields: TokenFields): number {
  return fields.value === undefined ? need(fields, 'watts') : decodeAmount(fields.value);
}

/** The identifier asked for, or that of the minute of issue, which is never the reserved one (sts.md 1.3). */
function tidOf(fields: TokenFields): number {
  if (fields.tidMinutes !== undefined) return fields.tidMinutes;
  const issued = need(fields, 'issued');
  const millis = Date.parse(`${issued}:00Z`);
  // Date.parse reads 30 February as 2 March.
  if (Number.isNaN(millis) || !new Date(millis).toISOString().startsWith(issued))
    throw malformed('issued', 'is no date');
  return nextTidMinutes(tidMinutesAt(millis, need(fields, 'baseDate')), -1);
}

/** Whole tenths of a unit, rounded up (sts.md 2.3). */
function unitsOf(amount: string): number {
  const units = scaledUp(amount, 1);
  return units > UNITS_BEYOND || units < -UNITS_BEYOND ? UNITS_BEYOND : Number(units);
}

/**
 * A decimal text times ten to the power of `places`, rounded toward plus infinity: the customer's favour for a credit and
 * for a debt. Digits that are moved stay exact, and cost a bulk line less than an object for the number.
 */
function scaledUp(amount: string, places: number): bigint {
  const [whole = '', fraction = ''] = amount.split('.');
  const cut = BigInt(whole + fraction.slice(0, places).padEnd(places, '0'));
  const isRoundedUp = !whole.startsWith('-') && /[1-9]/.test(fraction.slice(places));
  return isRoundedUp ? cut + 1n : cut;
}

function need<Name extends keyof TokenFields>(
  fields: TokenFields,
  name: Name,
): NonNullable<TokenFields[Name]> {
  const value = fields[name];
  if (value === undefined || value === null) throw malformed(name, 'is missing');
  return value as NonNullable<TokenFields[Name]>;
}

function malformed(field: string, what: string): StsFault {
  return new StsFault('request_malformed', `"${field}" ${what}`, { param: field });
}

function notBuilt(fields: TokenFields): StsFault {
  return new StsFault('operation_unsupported', `class ${fields.class} subclass ${fields.subclass}`);
}

/** What `decode` answers of a token besides class and subclass; `value` is the raw field of 16 bits. */
export function fieldsOfToken(token: Token, value: number): Record<string, unknown> {
  switch (token.kind) {
    case 'creditElectricity':
      return { ...issueOf(token), value, amount: tenths(token.amountDeciKwh) };
    case 'creditWater':
    case 'creditGas':
      return { ...issueOf(token), value, amount: tenths(token.amountDeciCubicMetre) };
    case 'creditTime':
      return { ...issueOf(token), value, amount: tenths(token.amountDeciMinute) };
    case 'currencyCredit': {
      const amount = new BigNumber(String(token.amountHundredThousandth)).shiftedBy(-5).toFixed();
      return { tidMinutes: token.tidMinutes, value, amount };
    }
    case 'setMaximumPowerLimit':
    case 'setMaximumPhasePowerUnbalanceLimit':
      return { ...issueOf(token), value, watts: token.limitWatt };
    case 'clearCredit':
      return { ...issueOf(token), value, register: token.registerCode };
    case 'setTariffRate':
    case 'clearTamper':
    case 'setWaterMeterFactor':
    case 'setFlag':
    case 'setControl':
      return { ...issueOf(token), value };
    case 'initiateTest':
    case 'proprietaryTest':
      return { control: token.control.toString(16), manufacturerCode: token.manufacturerCode };
    case 'extendedRead':
      return { control: (token.index * 2 ** 30).toString(16).padStart(9, '0') };
    default:
      return fieldsOfSection(token);
  }
}

function fieldsOfSection(section: KeyChangeSection): Record<string, unknown> {
  const { kind: _, ...fields } = section;
  return 'keyPart' in fields ? { ...fields, keyPart: hexFromWord(fields.keyPart) } : fields;
}

function issueOf({ tidMinutes, rnd }: { tidMinutes: number; rnd: number }): Record<string, unknown> {
  return { rnd, tidMinutes };
}

function tenths(units: number): string {
  return new BigNumber(units).shiftedBy(-1).toFixed();
}
