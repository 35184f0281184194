/**
 * Every unknown of a meter's acceptance as one named value with its default. The numbers are those of the project's list of
 * open questions about the standard; a maker who knows better changes the value, not the code.
 */
import {
  CARD_ONLY_KEY_TYPES,
  CREDITLESS_KEY_TYPES,
  KEY_REVISIONS,
  KEY_TYPE_CHANGES,
  type KeyType,
} from '../identity/attributes.ts';
import type { Resource, TokenKind } from '../token/kinds.ts';
import { RESULT_CODES, type TokenResult } from './outcome.ts';

/**
 * The checks of sts.md 8.2 after the CRC, each of which can refuse a token by itself. `manufacturer`: the code of a class 1
 * token (step 5). `function`: whether the meter carries out this kind (6). `keyType`: no credit under a default key (7).
 * `keyExpiry`: KEN (8). `tid`: the memory (9, 10) and the reserved minute. `values`: ranges and overflow (11, 12).
 */
export type TokenCheck = 'manufacturer' | 'function' | 'keyType' | 'keyExpiry' | 'tid' | 'values';

/** What a make of meter does where the standard is not public; the values of one are changed by a spread of the default. */
export interface MeterConfiguration {
  /** Kinds of token that this meter carries out; the others answer FunctionError. */
  readonly supported: readonly TokenKind[];
  /** Resources with a register of their own; credit for another answers FunctionError, clearing it RangeError. */
  readonly resources: readonly Resource[];
  /** Slots of the TID memory; a new identifier takes the place of the smallest (A1). From 1 up. */
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
  /** Key types under which class 2 tokens with a TID are refused as DDTKError too; key changes never are (A4). */
  readonly managementRefusedUnder: readonly KeyType[];
  /**
   * In which order a token is judged, which shows where it fails in several ways (A5). Each check stands once: one that is
   * left out is not made. Before all of them stand lockout, digits, class and CRC, without which nothing is known.
   */
  readonly checkOrder: readonly TokenCheck[];
  /** Whether a token that is refused after validation enters the TID memory all the same (A6). */
  readonly refusedTokensAreRemembered: boolean;
  /** An incomplete key-change set is forgotten when no further section comes within this (A7). */
  readonly keyChangeTimeoutSeconds: number;
  /** A section that contradicts a stored one of its kind: forget the stored ones, or refuse it as FormatError (A8). */
  readonly keyChangeConflict: 'discard-older' | 'refuse';
  /** Whether RO = 1 zeroes the TID memory even where there is no later base date (A9). */
  readonly rollOverZeroesMemoryAlways: boolean;
  /** Whether the TID memory outlives a key change with RO = 0 (A9). */
  readonly memoryKeptWithoutRollOver: boolean;
  /** Waiting time after wrong tokens (A10). */
  readonly lockout: LockoutPolicy;
  /** The register value that each result is shown as; those of the third and fourth section are not public (A11). */
  readonly resultCodes: Readonly<Record<TokenResult, number>>;
  /** What a token with the TID of the reserved minute 00:01 meets: nothing of its own, or a refusal (A12). */
  readonly reservedTid: 'as-any-other' | 'FormatError' | 'RangeError' | 'FunctionError';
  /** What reserved subclasses answer (A13). */
  readonly reservedAnswer: 'FunctionError' | 'FormatError';
  /** What the reserved class 3 answers, which is not decrypted (A13). */
  readonly classThreeAnswer: 'FunctionError' | 'FormatError' | 'CRCError';
  /** Whether an EA07 meter stores a third section; otherwise it answers FunctionError and the group becomes 0 (A14). */
  readonly storesThirdSection: boolean;
  /** What 3KCT = 1 does at a meter that stores no third section: it takes two, or refuses the first (A14). */
  readonly announcedThirdSection: 'take-two' | 'FunctionError';
  /** The supply group after a two-section change: shown as 000000, or the one before (A14). */
  readonly supplyGroupAfterTwoSections: 'zero' | 'kept';
  /** Whether manufacturer code 0 of a class 1 token addresses every meter (A15). */
  readonly manufacturerZeroIsWildcard: boolean;
  /** Kinds of class 1 token whose manufacturer code is looked at: subclasses 0 and 1, and 6 to 15 (A15). */
  readonly manufacturerCheckedIn: readonly ('initiateTest' | 'proprietaryTest')[];
  /** A keypad forgets the digits of an entry when no further one comes within this, seconds (A17). */
  readonly keypadTimeoutSeconds: number;
  /** Indexes of SetControl that are carried out, as they came; the others answer FunctionError (B2). */
  readonly controlIndices: 'all' | readonly number[];
  /** What an extended read answers whose bits after the index are not zero (B3). */
  readonly extendedReadRestAnswer: 'FormatError' | 'RangeError' | 'FunctionError';
  /** Litres that one unit of a gas token adds: 100 for 0.1 m3; meters of editions 1 and 2 may count coarser (B4). */
  readonly gasUnitLitre: number;
  /** Seconds that one unit of a time token adds: 6 for 0.1 minute; meters of editions 1 and 2 may count coarser (B4). */
  readonly timeUnitSecond: number;
  /** What ClearCredit of a register that the meter lacks answers (B6). */
  readonly unknownRegisterAnswer: 'RangeError' | 'FormatError';
  /** Whether a currency token below zero may leave a balance below zero (B9). */
  readonly negativeCurrencyBalance: boolean;
  /** The least and the greatest KRN that a key change may bring; others answer RangeError (B10). 4 bits carry 0 to 15. */
  readonly keyRevisions: readonly [least: number, greatest: number];
  /** Highest value of the electricity register, mWh; a token beyond it is refused as OverflowError. */
  readonly creditLimitMilliWh: number;
  /** Highest value of every other register, in its own unit. */
  readonly otherRegisterLimit: number;
}

/** How a meter slows guessing (sts.md 8.5, open question A10). */
export interface LockoutPolicy {
  /** Results that count as a failure (A10). */
  readonly counts: readonly Extract<TokenResult, `${string}Error`>[];
  /** Whether count and wait outlive a power cut; where they do not, a power cycle is a way round them (A10). */
  readonly survivesPowerLoss: boolean;
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

/** The defaults of the open questions, on a keypad meter with registers for every resource. */
export const DEFAULT_METER_CONFIGURATION: MeterConfiguration = {
  supported: STANDARD_TOKEN_KINDS,
  resources: ['electricity', 'water', 'gas', 'time'],
  tidMemorySize: 50,
  managementSharesTidMemory: true,
  keyTypeChanges: KEY_TYPE_CHANGES,
  cardOnlyKeyTypes: CARD_ONLY_KEY_TYPES,
  tokenCarrierType: 2,
  creditRefusedUnder: CREDITLESS_KEY_TYPES,
  managementRefusedUnder: [],
  checkOrder: ['manufacturer', 'function', 'keyType', 'keyExpiry', 'tid', 'values'],
  refusedTokensAreRemembered: false,
  keyChangeTimeoutSeconds: 600,
  keyChangeConflict: 'discard-older',
  rollOverZeroesMemoryAlways: true,
  memoryKeptWithoutRollOver: true,
  lockout: {
    counts: ['CRCError'],
    survivesPowerLoss: true,
    freeFailures: 2,
    firstWaitSeconds: 10,
    longestWaitSeconds: 1280,
  },
  resultCodes: RESULT_CODES,
  reservedTid: 'as-any-other',
  reservedAnswer: 'FunctionError',
  classThreeAnswer: 'FunctionError',
  storesThirdSection: true,
  announcedThirdSection: 'take-two',
  supplyGroupAfterTwoSections: 'zero',
  manufacturerZeroIsWildcard: true,
  manufacturerCheckedIn: ['initiateTest', 'proprietaryTest'],
  keypadTimeoutSeconds: 20,
  controlIndices: 'all',
  extendedReadRestAnswer: 'FormatError',
  gasUnitLitre: 100,
  timeUnitSecond: 6,
  unknownRegisterAnswer: 'RangeError',
  negativeCurrencyBalance: true,
  keyRevisions: KEY_REVISIONS,
  creditLimitMilliWh: 9_999_999_990_000,
  otherRegisterLimit: 9_000_000_000_000_000,
};
