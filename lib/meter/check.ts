/**
 * Whether a meter's state or configuration is one at all, field by field. `enterToken` trusts both: what `newMeterState` made
 * and `enterToken` returned needs no check, what was read from a file, a wire or a form does.
 */
import {
  assertArray,
  assertBoolean,
  assertBytes,
  assertFinite,
  assertInteger,
  assertObject,
  assertOneOf,
} from '../assert.ts';
import { bytesFromHex } from '../hex.ts';
import {
  assertBaseDate,
  assertKeyExpiry,
  assertKeyType,
  assertKeyTypes,
  assertTariffIndex,
  parseEncryptionAlgorithm,
  parseSupplyGroupCode,
} from '../identity/attributes.ts';
import { parseMeterNumber } from '../identity/meter-pan.ts';
import { DECODER_KEY_BYTES } from '../keys/dkga04.ts';
import { assertKeyChangeSection, type KeyChangeSection } from '../keys/key-change.ts';
import type { TokenKind } from '../token/kinds.ts';
import { TID_MAX } from '../token/tid.ts';
import type { LockoutPolicy, MeterConfiguration } from './configuration.ts';
import { RESULT_CODES } from './outcome.ts';
import type { CurrencyRegisters, MeterExtension, MeterFactorySettings, MeterState } from './state.ts';

/** Throws unless the value is right; the name is that of the field. */
type Check = (value: unknown, name: string) => void;
type Checks<T> = Readonly<Record<keyof T, Check>>;

/** More than any meter remembers or lists; a longer array is a mistake, and reading it would take for ever. */
const LONGEST_LIST = 65_535;

const whole =
  (min: number, max: number): Check =>
  (value, name) =>
    assertInteger(value, min, max, name);

const seconds: Check = (value, name) => {
  assertFinite(value, name);
  if (value < 0) throw new RangeError(`"${name}" expected no less than 0`);
};

const oneOf =
  (...allowed: readonly unknown[]): Check =>
  (value, name) =>
    assertOneOf(value, allowed, name);

const optional =
  (check: Check): Check =>
  (value, name) => {
    if (value !== undefined) check(value, name);
  };

function listOf(check: Check, least = 0, most = LONGEST_LIST): Check {
  return (value, name) => {
    assertArray(value, name);
    if (value.length < least || value.length > most) {
      throw new RangeError(`"${name}" expected ${least} to ${most} elements, got ${value.length}`);
    }
    for (const item of value) check(item, name);
  };
}

function fieldsOf<T>(checks: Checks<T>): Check {
  return (value, name) => {
    assertObject(value, name);
    for (const [field, check] of Object.entries<Check>(checks)) check(Reflect.get(value, field), field);
  };
}

const register = whole(0, Number.MAX_SAFE_INTEGER);
const money = whole(-Number.MAX_SAFE_INTEGER, Number.MAX_SAFE_INTEGER);
const word16 = whole(0, 0xffff);
const resource = oneOf('electricity', 'water', 'gas', 'time');
const meterPan: Check = (value, name) => {
  if (parseMeterNumber(value as string).meterPan !== value) {
    throw new RangeError(`"${name}" expected the 18 digits of a MeterPAN`);
  }
};

const FACTORY: Checks<MeterFactorySettings> = {
  meterPan,
  encryptionAlgorithm: (value) => parseEncryptionAlgorithm(value as number),
  decoderKey: (value, name) => bytesFromHex(value as string, name),
  keyType: assertKeyType,
  // Four bits: which of them a meter takes is its configuration.
  keyRevision: whole(0, 15),
  keyExpiry: assertKeyExpiry,
  supplyGroupCode: (value) => parseSupplyGroupCode(value as string),
  tariffIndex: assertTariffIndex,
  baseDate: assertBaseDate,
};

const EXTENSION: Checks<MeterExtension> = {
  managementTidMemory: listOf(whole(0, TID_MAX)),
  waterLitre: register,
  gasLitre: register,
  timeSecond: register,
  currencyHundredThousandth: fieldsOf<CurrencyRegisters>({
    electricity: money,
    water: money,
    gas: money,
    time: money,
  }),
  maximumPowerWatt: optional(register),
  maximumPhaseUnbalanceWatt: optional(register),
  tariffRateRaw: optional(word16),
  waterFactorRaw: optional(word16),
  flags: listOf(whole(0, 511)),
  controls: listOf((value, name) => {
    listOf(whole(0, 1023), 2, 2)(value, name);
    assertInteger((value as readonly unknown[])[0], 0, 62, name);
  }),
  isTampered: assertBoolean,
  keyChange: optional(
    fieldsOf({
      sections: listOf((section) => assertKeyChangeSection(section as KeyChangeSection), 0, 4),
      lastSeconds: assertFinite,
    }),
  ),
};

const STATE: Checks<MeterState> = {
  ...FACTORY,
  tidMemory: listOf(whole(0, TID_MAX), 1),
  creditMilliWh: money,
  lockout: fieldsOf({ failures: register, untilSeconds: seconds }),
  extension: fieldsOf(EXTENSION),
};

const RESULTS = Object.keys(RESULT_CODES);
const REFUSALS = ['FormatError', 'RangeError', 'FunctionError'] as const;

/** Every kind of token once, so that a new one cannot be forgotten here. */
const KINDS: Readonly<Record<TokenKind, true>> = {
  creditElectricity: true,
  creditWater: true,
  creditGas: true,
  creditTime: true,
  currencyCredit: true,
  initiateTest: true,
  extendedRead: true,
  proprietaryTest: true,
  setMaximumPowerLimit: true,
  clearCredit: true,
  setTariffRate: true,
  clearTamper: true,
  setMaximumPhasePowerUnbalanceLimit: true,
  setWaterMeterFactor: true,
  setFlag: true,
  setControl: true,
  keyChangeSection1: true,
  keyChangeSection2: true,
  keyChangeSection3Of3: true,
  keyChangeSection3Of4: true,
  keyChangeSection4: true,
};

const LOCKOUT: Checks<LockoutPolicy> = {
  counts: listOf(oneOf(...RESULTS.filter((result) => result.endsWith('Error')))),
  survivesPowerLoss: assertBoolean,
  freeFailures: register,
  firstWaitSeconds: seconds,
  longestWaitSeconds: seconds,
};

const CONFIGURATION: Checks<MeterConfiguration> = {
  supported: listOf(oneOf(...Object.keys(KINDS))),
  resources: listOf(resource),
  tidMemorySize: whole(1, LONGEST_LIST),
  managementSharesTidMemory: assertBoolean,
  keyTypeChanges: fieldsOf({ 0: assertKeyTypes, 1: assertKeyTypes, 2: assertKeyTypes, 3: assertKeyTypes }),
  cardOnlyKeyTypes: assertKeyTypes,
  tokenCarrierType: whole(0, 99),
  creditRefusedUnder: assertKeyTypes,
  managementRefusedUnder: assertKeyTypes,
  checkOrder: listOf(oneOf('manufacturer', 'function', 'keyType', 'keyExpiry', 'tid', 'values')),
  refusedTokensAreRemembered: assertBoolean,
  keyChangeTimeoutSeconds: seconds,
  keyChangeConflict: oneOf('discard-older', 'refuse'),
  rollOverZeroesMemoryAlways: assertBoolean,
  memoryKeptWithoutRollOver: assertBoolean,
  lockout: fieldsOf(LOCKOUT),
  resultCodes: fieldsOf(Object.fromEntries(RESULTS.map((result) => [result, whole(0, 255)]))),
  reservedTid: oneOf('as-any-other', ...REFUSALS),
  reservedAnswer: oneOf('FunctionError', 'FormatError'),
  classThreeAnswer: oneOf('FunctionError', 'FormatError', 'CRCError'),
  storesThirdSection: assertBoolean,
  announcedThirdSection: oneOf('take-two', 'FunctionError'),
  supplyGroupAfterTwoSections: oneOf('zero', 'kept'),
  manufacturerZeroIsWildcard: assertBoolean,
  manufacturerCheckedIn: listOf(oneOf('initiateTest', 'proprietaryTest')),
  keypadTimeoutSeconds: seconds,
  controlIndices: (value, name) => {
    if (value !== 'all') listOf(whole(0, 62))(value, name);
  },
  extendedReadRestAnswer: oneOf(...REFUSALS),
  gasUnitLitre: whole(1, 1_000_000),
  timeUnitSecond: whole(1, 1_000_000),
  unknownRegisterAnswer: oneOf('RangeError', 'FormatError'),
  negativeCurrencyBalance: assertBoolean,
  keyRevisions: listOf(whole(0, 15), 2, 2),
  creditLimitMilliWh: register,
  otherRegisterLimit: register,
};

/**
 * @throws TypeError, RangeError, StsFault `meter_number_malformed`, `meter_number_check_digit`, `algorithm_not_supported`,
 *   `supply_group_malformed`: each names the field, none quotes the key.
 */
export function assertFactorySettings(value: unknown): asserts value is MeterFactorySettings {
  fieldsOf(FACTORY)(value, 'factory');
  assertKeyLength(value as MeterFactorySettings);
}

/** A state from outside: fields that are unknown here are left alone. @throws as `assertFactorySettings` does. */
export function assertMeterState(value: unknown): asserts value is MeterState {
  fieldsOf(STATE)(value, 'state');
  assertKeyLength(value as MeterState);
}

/** @throws TypeError, RangeError, naming the field. */
export function assertMeterConfiguration(value: unknown): asserts value is MeterConfiguration {
  fieldsOf(CONFIGURATION)(value, 'configuration');
}

function assertKeyLength({ decoderKey, encryptionAlgorithm }: MeterFactorySettings): void {
  assertBytes(bytesFromHex(decoderKey, 'decoderKey'), DECODER_KEY_BYTES[encryptionAlgorithm], 'decoderKey');
}
