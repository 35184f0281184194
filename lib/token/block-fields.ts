/**
 * The layouts of sts.md 2.1, 2.4, 2.5, 2.7 and 7.1: a token's fields into the 64 bits of its block, and back. A block is
 * `high` (bits 63-32) and `low` (bits 31-0); the CRC in bits 15-0 is added and checked by `token.ts`.
 *
 *   with TID   63-60 subclass | 59-56 RND or sign and exponent | 55-32 TID | 31-16 value
 *   class 1    63-60 subclass | 59-24 control, 23-16 maker  or  59-32 control, 31-16 maker
 *   key change 63-60 subclass | fields | 47-16 32 bits of the key
 */
import { assertBoolean, assertInteger, assertOneOf } from '../assert.ts';
import type { Block } from '../crypto/block-cipher.ts';
import type { KeyType } from '../identity/attributes.ts';
import { assertKeyChangeSection, type KeyChangeSection } from '../keys/key-change.ts';
import { decodeAmount, encodeAmount } from './amount.ts';
import { type CurrencyFields, decodeCurrencyAmount, encodeCurrencyAmount } from './currency-amount.ts';
import type { TokenClass } from './frame.ts';
import type { CurrencyToken, DisplayToken, Issue, ManagementToken, Resource, Token } from './kinds.ts';
import { TID_MAX } from './tid.ts';

const RESOURCES: readonly Resource[] = ['electricity', 'water', 'gas', 'time'];
const SET_FLAG_INDEX = 63;
/** Registers that ClearCredit may name, and all of them. */
const CLEAR_ALL = 0xffff;
const LAST_REGISTER = 7;
const TWO_8 = 2 ** 8;

/**
 * Writes a token's fields into a block; bits 15-0, where the CRC will stand, are zero.
 * @returns the class.
 * @throws StsFault `amount_out_of_range`, `supply_group_malformed`. @throws RangeError, TypeError when a field is out of its
 *   bits; the block is then as it was.
 */
export function writeFields(token: Token, block: Block): TokenClass {
  switch (token.kind) {
    case 'creditElectricity':
      return writeCredit(block, 0, token, token.amountDeciKwh);
    case 'creditWater':
      return writeCredit(block, 1, token, token.amountDeciCubicMetre);
    case 'creditGas':
      return writeCredit(block, 2, token, token.amountDeciCubicMetre);
    case 'creditTime':
      return writeCredit(block, 3, token, token.amountDeciMinute);
    case 'currencyCredit':
      return writeCurrency(block, token);
    case 'initiateTest':
    case 'extendedRead':
    case 'proprietaryTest':
      return writeDisplay(block, token);
    case 'keyChangeSection1':
    case 'keyChangeSection2':
    case 'keyChangeSection3Of3':
    case 'keyChangeSection3Of4':
    case 'keyChangeSection4':
      return writeSection(block, token);
    default:
      return writeManagement(block, token);
  }
}

/** @returns the token, or undefined when the fields are not built as specified; null when the subclass is not used. */
export function tokenOfFields(
  tokenClass: TokenClass,
  block: Block,
  keyBits: 64 | 128,
): Token | undefined | null {
  // As signed words: only their bits count here, and an engine hands a signed 32-bit word on without making an object of it.
  const high = (block[0] ?? 0) | 0;
  const low = (block[1] ?? 0) | 0;
  const subclass = high >>> 28;
  switch (tokenClass) {
    case 0:
      return subclass < 8 ? creditOf(subclass, high, low >>> 16) : null;
    case 1:
      return displayOf(subclass, high, low);
    case 2:
      return isKeyChange(subclass)
        ? sectionOf(subclass, high, low, keyBits)
        : managementOf(subclass, high, low >>> 16);
    case 3:
      return null;
  }
}

// Credit.

function writeCredit(block: Block, subclass: number, { tidMinutes, rnd }: Issue, units: number): TokenClass {
  return writeIssued(block, 0, subclass, tidMinutes, rnd, encodeAmount(units));
}

function creditOf(subclass: number, high: number, field: number): Token {
  const tidMinutes = high & TID_MAX;
  const rnd = (high >>> 24) & 15;
  switch (subclass) {
    case 0:
      return electricityOf(tidMinutes, rnd, decodeAmount(field));
    case 1:
      return { kind: 'creditWater', tidMinutes, rnd, amountDeciCubicMetre: decodeAmount(field) };
    case 2:
      return { kind: 'creditGas', tidMinutes, rnd, amountDeciCubicMetre: decodeAmount(field) };
    case 3:
      return { kind: 'creditTime', tidMinutes, rnd, amountDeciMinute: decodeAmount(field) };
    default:
      return currencyOf(subclass, tidMinutes, { signAndExponent: rnd, field });
  }
}

function electricityOf(tidMinutes: number, rnd: number, amountDeciKwh: number): Token {
  return { kind: 'creditElectricity', tidMinutes, rnd, amountDeciKwh };
}

// An engine lays objects of one shape out by what it has met in their fields. A caller's token with an amount that is held as
// a double would change that layout under code already compiled, and reading would fall to a quarter of its speed for good. So
// the fields are first met holding no number: after that they hold anything.
electricityOf(undefined as never, undefined as never, undefined as never);

function currencyOf(subclass: number, tidMinutes: number, fields: CurrencyFields): Token {
  const resource = RESOURCES[subclass - 4] ?? 'electricity';
  return {
    kind: 'currencyCredit',
    resource,
    tidMinutes,
    amountHundredThousandth: decodeCurrencyAmount(fields),
  };
}

function writeCurrency(block: Block, token: CurrencyToken): TokenClass {
  const { resource, tidMinutes, amountHundredThousandth } = token;
  const { signAndExponent, field } = encodeCurrencyAmount(amountHundredThousandth);
  const index = RESOURCES.indexOf(resource);
  if (index < 0) throw new RangeError(`"resource" expected one of ${RESOURCES.join(', ')}`);
  return writeIssued(block, 0, 4 + index, tidMinutes, signAndExponent, field);
}

// Management with a TID.

function writeManagement(block: Block, token: ManagementToken): TokenClass {
  const { tidMinutes, rnd } = token;
  switch (token.kind) {
    case 'setMaximumPowerLimit':
      return writeIssued(block, 2, 0, tidMinutes, rnd, encodeAmount(token.limitWatt));
    case 'clearCredit':
      assertInteger(token.registerCode, 0, CLEAR_ALL, 'registerCode');
      return writeIssued(block, 2, 1, tidMinutes, rnd, token.registerCode);
    case 'setTariffRate':
      assertInteger(token.rateRaw, 0, 0xffff, 'rateRaw');
      return writeIssued(block, 2, 2, tidMinutes, rnd, token.rateRaw);
    case 'clearTamper':
      return writeIssued(block, 2, 5, tidMinutes, rnd, 0);
    case 'setMaximumPhasePowerUnbalanceLimit':
      return writeIssued(block, 2, 6, tidMinutes, rnd, encodeAmount(token.limitWatt));
    case 'setWaterMeterFactor':
      assertInteger(token.factorRaw, 0, 0xffff, 'factorRaw');
      return writeIssued(block, 2, 7, tidMinutes, rnd, token.factorRaw);
    case 'setFlag':
      assertInteger(token.flag, 0, 511, 'flag');
      assertBoolean(token.isSet, 'isSet');
      return writeIssued(
        block,
        2,
        10,
        tidMinutes,
        rnd,
        (SET_FLAG_INDEX << 10) | (token.flag << 1) | (token.isSet ? 1 : 0),
      );
    case 'setControl':
      assertInteger(token.index, 0, SET_FLAG_INDEX - 1, 'index');
      assertInteger(token.valueRaw, 0, 1023, 'valueRaw');
      return writeIssued(block, 2, 10, tidMinutes, rnd, (token.index << 10) | token.valueRaw);
  }
  throw new RangeError('"kind" expected a kind of token');
}

function managementOf(subclass: number, high: number, field: number): Token | undefined | null {
  const issue = issueOf(high);
  switch (subclass) {
    case 0:
      return { kind: 'setMaximumPowerLimit', ...issue, limitWatt: decodeAmount(field) };
    case 1:
      return { kind: 'clearCredit', ...issue, registerCode: field };
    case 2:
      return { kind: 'setTariffRate', ...issue, rateRaw: field };
    case 5:
      return field === 0 ? { kind: 'clearTamper', ...issue } : undefined;
    case 6:
      return { kind: 'setMaximumPhasePowerUnbalanceLimit', ...issue, limitWatt: decodeAmount(field) };
    case 7:
      return { kind: 'setWaterMeterFactor', ...issue, factorRaw: field };
    case 10: {
      const index = field >>> 10;
      if (index === SET_FLAG_INDEX)
        return { kind: 'setFlag', ...issue, flag: (field >>> 1) & 511, isSet: (field & 1) === 1 };
      return { kind: 'setControl', ...issue, index, valueRaw: field & 1023 };
    }
    default:
      return null;
  }
}

/** Whether ClearCredit may name this register (sts.md 2.6); a meter answers RangeError to others (open question B6). */
export function isRegisterCode(registerCode: number): boolean {
  if (!Number.isInteger(registerCode) || registerCode < 0) return false;
  return registerCode <= LAST_REGISTER || registerCode === CLEAR_ALL;
}

/**
 * Writes a block with an identifier and a value of 16 bits, which the caller has checked.
 * @returns the class. @throws RangeError, TypeError when tidMinutes or rnd is out of its bits.
 */
export function writeIssued(
  block: Block,
  tokenClass: 0 | 2,
  subclass: number,
  tidMinutes: number,
  rnd: number,
  field: number,
): TokenClass {
  assertInteger(tidMinutes, 0, TID_MAX, 'tidMinutes');
  assertInteger(rnd, 0, 15, 'rnd');
  block[0] = (subclass << 28) | (rnd << 24) | tidMinutes;
  block[1] = field << 16;
  return tokenClass;
}

function issueOf(high: number): Issue {
  return { tidMinutes: high & TID_MAX, rnd: (high >>> 24) & 15 };
}

// Key change.

function isKeyChange(subclass: number): boolean {
  return subclass === 3 || subclass === 4 || subclass === 8 || subclass === 9;
}

function writeSection(block: Block, section: KeyChangeSection): TokenClass {
  assertKeyChangeSection(section);
  switch (section.kind) {
    case 'keyChangeSection1': {
      const { keyExpiryHigh, keyRevision, rollOver, threeSections, keyType, keyPart } = section;
      const flags = (rollOver ? 8 : 0) | (threeSections ? 4 : 0) | keyType;
      return writeWithKeyPart(block, 3, (keyExpiryHigh << 8) | (keyRevision << 4) | flags, keyPart);
    }
    case 'keyChangeSection2':
      return writeWithKeyPart(block, 4, (section.keyExpiryLow << 8) | section.tariffIndex, section.keyPart);
    case 'keyChangeSection3Of3': {
      const supplyGroup = Number(section.supplyGroupCode);
      block[0] = (8 << 28) | (supplyGroup << 4);
      block[1] = 0;
      return 2;
    }
    case 'keyChangeSection3Of4':
      return writeWithKeyPart(block, 8, section.supplyGroupLow, section.keyPart);
    case 'keyChangeSection4':
      return writeWithKeyPart(block, 9, section.supplyGroupHigh, section.keyPart);
  }
}

/** subclass (4) | fields (12) | 32 bits of the key | CRC. */
function writeWithKeyPart(block: Block, subclass: number, fields: number, keyPart: number): TokenClass {
  block[0] = (subclass << 28) | (fields << 16) | (keyPart >>> 16);
  block[1] = keyPart << 16;
  return 2;
}

function sectionOf(subclass: number, high: number, low: number, keyBits: 64 | 128): Token | undefined | null {
  const fields = (high >>> 16) & 0xfff;
  const keyPart = ((high << 16) | (low >>> 16)) >>> 0;
  switch (subclass) {
    case 3:
      return {
        kind: 'keyChangeSection1',
        keyExpiryHigh: fields >>> 8,
        keyRevision: (fields >>> 4) & 15,
        rollOver: (fields & 8) !== 0,
        threeSections: (fields & 4) !== 0,
        keyType: (fields & 3) as KeyType,
        keyPart,
      };
    case 4: {
      const tariffIndex = fields & 0xff;
      return tariffIndex <= 99
        ? { kind: 'keyChangeSection2', keyExpiryLow: fields >>> 8, tariffIndex, keyPart }
        : undefined;
    }
    case 8:
      return keyBits === 128
        ? { kind: 'keyChangeSection3Of4', supplyGroupLow: fields, keyPart }
        : shortThird(high, low);
    default:
      return keyBits === 128 ? { kind: 'keyChangeSection4', supplyGroupHigh: fields, keyPart } : null;
  }
}

function shortThird(high: number, low: number): Token | undefined {
  const supplyGroup = (high >>> 4) & 0xff_ffff;
  const rest = (high & 15) | (low >>> 16);
  if (supplyGroup > 999_999 || rest !== 0) return undefined;
  return { kind: 'keyChangeSection3Of3', supplyGroupCode: String(supplyGroup).padStart(6, '0') };
}

// Display.

/**
 * Control bits of test n, 1 to 36 or 28; test 0 is all of them (sts.md 2.5).
 * @throws TypeError, RangeError when the test has no bit in this width.
 */
export function controlOfTest(test: number, manufacturerDigits: 2 | 4): number {
  const bits = controlBits(manufacturerDigits);
  assertInteger(test, 0, bits, 'test');
  return test === 0 ? 2 ** bits - 1 : 2 ** (test - 1);
}

function controlBits(manufacturerDigits: 2 | 4): number {
  assertOneOf(manufacturerDigits, [2, 4], 'manufacturerDigits');
  return manufacturerDigits === 2 ? 36 : 28;
}

function writeDisplay(block: Block, token: DisplayToken): TokenClass {
  switch (token.kind) {
    case 'initiateTest':
      return writeControl(block, token.manufacturerDigits === 2 ? 0 : 1, token.manufacturerDigits, token);
    case 'extendedRead':
      assertInteger(token.index, 0, 63, 'index');
      block[0] = (2 << 28) | (token.index << 22);
      block[1] = 0;
      return 1;
    case 'proprietaryTest':
      assertInteger(token.subclass, 6, 15, 'subclass');
      return writeControl(block, token.subclass, token.subclass <= 10 ? 4 : 2, token);
  }
}

function writeControl(
  block: Block,
  subclass: number,
  manufacturerDigits: 2 | 4,
  { control, manufacturerCode }: { control: number; manufacturerCode: number },
): TokenClass {
  assertInteger(control, 0, 2 ** controlBits(manufacturerDigits) - 1, 'control');
  assertInteger(manufacturerCode, 0, manufacturerDigits === 2 ? 99 : 9999, 'manufacturerCode');
  if (manufacturerDigits === 4) {
    block[0] = (subclass << 28) | control;
    block[1] = manufacturerCode << 16;
    return 1;
  }
  block[0] = (subclass << 28) | Math.floor(control / TWO_8);
  block[1] = ((control % TWO_8) << 24) | (manufacturerCode << 16);
  return 1;
}

function displayOf(subclass: number, high: number, low: number): Token | undefined | null {
  const upper = high & 0xfffffff;
  const wide = { control: upper * TWO_8 + (low >>> 24), manufacturerCode: (low >>> 16) & 0xff };
  const narrow = { control: upper, manufacturerCode: low >>> 16 };
  if (subclass === 0) return made(wide, 99, { kind: 'initiateTest', manufacturerDigits: 2, ...wide });
  if (subclass === 1) return made(narrow, 9999, { kind: 'initiateTest', manufacturerDigits: 4, ...narrow });
  if (subclass === 2) {
    const rest = (high & 0x3fffff) | (low >>> 16);
    return rest === 0 ? { kind: 'extendedRead', index: (high >>> 22) & 63 } : undefined;
  }
  if (subclass < 6) return null;
  return subclass <= 10
    ? made(narrow, 9999, { kind: 'proprietaryTest', subclass, ...narrow })
    : made(wide, 99, { kind: 'proprietaryTest', subclass, ...wide });
}

/** A manufacturer code is a decimal number of its digits, coded in binary. */
function made(
  { manufacturerCode }: { manufacturerCode: number },
  most: number,
  token: Token,
): Token | undefined {
  return manufacturerCode <= most ? token : undefined;
}
