/**
 * What an issuer does where the standard leaves it open or is not public: each unknown as one named value with its default.
 * The numbers are those of the project's list of open questions.
 */
import { assertBoolean, assertInteger, assertObject, assertOneOf } from '../assert.ts';
import {
  assertKeyTypes,
  CARD_ONLY_KEY_TYPES,
  CREDITLESS_KEY_TYPES,
  KEY_TYPE_CHANGES,
  type KeyType,
} from '../identity/attributes.ts';
import { TID_MAX } from './tid.ts';

/** What an issuer does; the values of one are changed by a spread of the default. */
export interface IssuePolicy {
  /** What a sale does when the meter is not on the current key: change it, wait to be asked, or never (D5). */
  readonly keyChange: 'with-sale' | 'on-request' | 'never';
  /** Whether a new KEN alone is a reason for a key change; otherwise the earlier of the two expiries holds. */
  readonly keyExpiryAlone: boolean;
  /** Whether an EA07 meter that can store its supply group is told it by a third section. */
  readonly thirdSection: boolean;
  /** From each key type, the types that a key change may lead to (A3). */
  readonly keyTypeChanges: Readonly<Record<KeyType, readonly KeyType[]>>;
  /** Key types that need a magnetic card, TCT 01 (A3). */
  readonly cardOnlyKeyTypes: readonly KeyType[];
  /** Key types under which no credit is issued (A4). */
  readonly creditlessKeyTypes: readonly KeyType[];
  /** Between which keys a change is allowed: within one supply group or cluster 0, or within any one cluster (C6). */
  readonly keyChangeWithin: 'group-or-cluster-0' | 'cluster';
  /** Minutes by which the clock of the TIDs runs ahead of UTC, -1440 to 1440; local time with daylight saving steps back (D1). */
  readonly tidOffsetMinutes: number;
  /** Whether this caller may ask for the special reserved TID (D2). */
  readonly mayUseReservedTid: boolean;
  /** How many minutes a TID may lie ahead of the clock, from 0 (D3); also the window of the security module (C6). */
  readonly tidAheadMinutes: number;
  /**
   * Whether the TIDs of a meter rise across all its keys of one base date, or for each key anew (D4). A meter that keeps its
   * memory through a key change answers UsedError or OldError to the second kind.
   */
  readonly tidsRise: 'per-meter' | 'per-meter-and-key';
  /** Days before the end of a key, of its issuing or of its base date from which a plan warns, 0 to 11651. */
  readonly warningDays: number;
}

/** The defaults of the open questions: key changes with the sale, UTC, 24 hours of advance, warnings 90 days ahead. */
export const DEFAULT_ISSUE_POLICY: IssuePolicy = {
  keyChange: 'with-sale',
  keyExpiryAlone: true,
  thirdSection: false,
  keyTypeChanges: KEY_TYPE_CHANGES,
  cardOnlyKeyTypes: CARD_ONLY_KEY_TYPES,
  creditlessKeyTypes: CREDITLESS_KEY_TYPES,
  keyChangeWithin: 'group-or-cluster-0',
  tidOffsetMinutes: 0,
  mayUseReservedTid: false,
  tidAheadMinutes: 1_440,
  tidsRise: 'per-meter',
  warningDays: 90,
};

const DAYS_OF_A_BASE_DATE = 11_651;
const MINUTES_OF_A_DAY = 1_440;

/** @throws TypeError, RangeError when a value is missing or none of those that its kind allows. */
export function assertIssuePolicy(value: unknown): asserts value is IssuePolicy {
  assertObject(value, 'policy');
  const policy = value as IssuePolicy;
  assertOneOf(policy.keyChange, ['with-sale', 'on-request', 'never'], 'keyChange');
  assertBoolean(policy.keyExpiryAlone, 'keyExpiryAlone');
  assertBoolean(policy.thirdSection, 'thirdSection');
  assertObject(policy.keyTypeChanges, 'keyTypeChanges');
  for (const keyType of [0, 1, 2, 3] as const)
    assertKeyTypes(policy.keyTypeChanges[keyType], 'keyTypeChanges');
  assertKeyTypes(policy.cardOnlyKeyTypes, 'cardOnlyKeyTypes');
  assertKeyTypes(policy.creditlessKeyTypes, 'creditlessKeyTypes');
  assertOneOf(policy.keyChangeWithin, ['group-or-cluster-0', 'cluster'], 'keyChangeWithin');
  assertInteger(policy.tidOffsetMinutes, -MINUTES_OF_A_DAY, MINUTES_OF_A_DAY, 'tidOffsetMinutes');
  assertBoolean(policy.mayUseReservedTid, 'mayUseReservedTid');
  assertInteger(policy.tidAheadMinutes, 0, TID_MAX, 'tidAheadMinutes');
  assertOneOf(policy.tidsRise, ['per-meter', 'per-meter-and-key'], 'tidsRise');
  assertInteger(policy.warningDays, 0, DAYS_OF_A_BASE_DATE, 'warningDays');
}
