/**
 * Every unknown of a meter's acceptance as one named value with its default. The numbers are those of the project's list of
 * open questions about the standard; a maker who knows better changes the value, not the code.
 */
import type { KeyType } from '../identity/attributes.ts';
import type { Resource, TokenKind } from '../token/kinds.ts';

export interface MeterConfiguration {
  /** Kinds of token that this meter carries out; the others answer FunctionError. */
  readonly supported: readonly TokenKind[];
  /** Resources with a register of their own; credit for another answers FunctionError, clearing it RangeError. */
  readonly resources: readonly Resource[];
  /** Slots of the TID memory (A1). */
  readonly tidMemorySize: number;
  /** Whether class 2 tokens check and fill the same memory as credit; otherwise they have one of their own (A2). */
  readonly managementSharesTidMemory: boolean;
  /** From each key type, the types that a key change may lead to (A3, sts.md 6.6). */
  readonly keyTypeChanges: Readonly<Record<KeyType, readonly KeyType[]>>;
  /** Key types that need a magnetic card, TCT 01, and are refused on any other carrier (A3). */
  readonly cardOnlyKeyTypes: readonly KeyType[];
  /** TCT: 1 magnetic card, 2 keypad. */
  readonly tokenCarrierType: number;
  /** Key types under which credit is refused as DDTKError (A4). */
  readonly creditRefusedUnder: readonly KeyType[];
  /** Whether a token that is refused after validation enters the TID memory all the same (A6). */
  readonly refusedTokensAreRemembered: boolean;
  /** An incomplete key-change set is forgotten when no further section comes within this (A7). */
  readonly keyChangeTimeoutSeconds: number;
  /** A section that contradicts a stored one of its kind: forget the stored ones, or refuse it as FormatError (A8). */
  readonly keyChangeConflict: 'discard-older' | 'refuse';
  /** Whether RO = 1 zeroes the TID memory even where there is no later base date (A9). */
  readonly rollOverZeroesMemoryAlways: boolean;
  /** Waiting time after wrong tokens (A10). */
  readonly lockout: LockoutPolicy;
  /** What reserved classes and subclasses answer (A13). */
  readonly reservedAnswer: 'FunctionError' | 'FormatError';
  /** Whether an EA07 meter stores a third section; otherwise it answers FunctionError and the group becomes 0 (A14). */
  readonly storesThirdSection: boolean;
  /** Whether manufacturer code 0 of a class 1 token addresses every meter (A15). */
  readonly manufacturerZeroIsWildcard: boolean;
  /** What ClearCredit of a register that the meter lacks answers (B6). */
  readonly unknownRegisterAnswer: 'RangeError' | 'FormatError';
  /** Whether a currency token below zero may leave a balance below zero (B9). */
  readonly negativeCurrencyBalance: boolean;
  /** Highest value of the electricity register, mWh; a token beyond it is refused as OverflowError. */
  readonly creditLimitMilliWh: number;
  /** Highest value of every other register, in its own unit. */
  readonly otherRegisterLimit: number;
}

export interface LockoutPolicy {
  /** Failures that cost nothing. */
  readonly freeFailures: number;
  /** Wait after the first failure beyond the free ones, seconds; doubles with each further one. */
  readonly firstWaitSeconds: number;
  readonly longestWaitSeconds: number;
}

/** Everything that the library reads, but what belongs to makers alone. */
export const STANDARD_TOKEN_KINDS: readonly TokenKind[] = [
  'creditElectricity',
  'creditWater',
  'creditGas',
  'creditTime',
  'currencyCredit',
  'initiateTest',
  'extendedRead',
  'setMaximumPowerLimit',
  'clearCredit',
  'setTariffRate',
  'clearTamper',
  'setMaximumPhasePowerUnbalanceLimit',
  'setWaterMeterFactor',
  'setFlag',
  'setControl',
  'keyChangeSection1',
  'keyChangeSection2',
  'keyChangeSection3Of3',
  'keyChangeSection3Of4',
  'keyChangeSection4',
];

export const DEFAULT_METER_CONFIGURATION: MeterConfiguration = {
  supported: STANDARD_TOKEN_KINDS,
  resources: ['electricity', 'water', 'gas', 'time'],
  tidMemorySize: 50,
  managementSharesTidMemory: true,
  keyTypeChanges: { 0: [0, 1, 2, 3], 1: [1, 2, 3], 2: [1, 2], 3: [1, 2, 3] },
  cardOnlyKeyTypes: [3],
  tokenCarrierType: 2,
  creditRefusedUnder: [0, 1],
  refusedTokensAreRemembered: false,
  keyChangeTimeoutSeconds: 600,
  keyChangeConflict: 'discard-older',
  rollOverZeroesMemoryAlways: true,
  lockout: { freeFailures: 2, firstWaitSeconds: 10, longestWaitSeconds: 1280 },
  reservedAnswer: 'FunctionError',
  storesThirdSection: true,
  manufacturerZeroIsWildcard: true,
  unknownRegisterAnswer: 'RangeError',
  negativeCurrencyBalance: true,
  creditLimitMilliWh: 9_999_999_990_000,
  otherRegisterLimit: 9_000_000_000_000_000,
};
