/** The attributes of a meter and its keys, with their ranges (sts.md 1.2). */
import { assertArray, assertInteger, assertObject, isDigits } from '../assert.ts';
import { StsFault } from '../faults.ts';

/** EA07 = Standard Transfer Algorithm, EA11 = MISTY1. EA09 (DES) is withdrawn and refused by name. */
export type EncryptionAlgorithm = 7 | 11;

/** DKGA02 = DES-based, 64-bit vending keys; DKGA04 = HMAC-SHA-256, 160-bit vending keys. */
export type DecoderKeyAlgorithm = 2 | 4;

/** 0 DITK initial, 1 DDTK default, 2 DUTK unique, 3 DCTK common. */
export type KeyType = 0 | 1 | 2 | 3;

/** The year from whose 1 January 00:00 UTC a TID counts minutes. */
export type BaseDate = '93' | '14' | '35';

/** In the order of time. Which of them the key management centre really issues keys for is not public: data (open question C7). */
export const BASE_DATES: readonly BaseDate[] = ['93', '14', '35'];

/** KRN: the least and the greatest revision that has been seen (open question B10). */
export const KEY_REVISIONS = [1, 9] as const;

/**
 * From each key type, the types that a key change may lead to: a reconstruction, not the official table (sts.md 6.6, open
 * question A3).
 */
export const KEY_TYPE_CHANGES: Readonly<Record<KeyType, readonly KeyType[]>> = {
  0: [0, 1, 2, 3],
  1: [1, 2, 3],
  2: [1, 2],
  3: [1, 2, 3],
};

/** Key types for the magnetic card (TCT 01) alone: a common key (sts.md 6.6, open question A3). */
export const CARD_ONLY_KEY_TYPES: readonly KeyType[] = [3];

/** Key types under which no credit is issued or accepted: initial and default keys (sts.md 6.6, open question A4). */
export const CREDITLESS_KEY_TYPES: readonly KeyType[] = [0, 1];

/**
 * @param code - EA as a number.
 * @throws StsFault `algorithm_not_supported` for EA09 (one source, no vector: open question C3) and every code that is not 7
 *   or 11.
 */
export function parseEncryptionAlgorithm(code: number): EncryptionAlgorithm {
  if (code === 7 || code === 11) return code;
  throw new StsFault('algorithm_not_supported', algorithmName('EA', code), { param: 'encryptionAlgorithm' });
}

/** How a refused algorithm is called: by its two digits; what is no number of two digits is not quoted. */
export function algorithmName(prefix: 'EA' | 'DKGA', code: unknown): string {
  const isCode = typeof code === 'number' && Number.isInteger(code) && code >= 0 && code <= 99;
  return isCode ? prefix + String(code).padStart(2, '0') : `a code that is no ${prefix} of two digits`;
}

/** @throws StsFault `supply_group_malformed` unless the text is 6 decimal digits. */
export function parseSupplyGroupCode(text: string): string {
  if (typeof text === 'string' && text.length === 6 && isDigits(text)) return text;
  throw new StsFault('supply_group_malformed', undefined, { param: 'supplyGroupCode' });
}

/** TI, 0-99; in key derivation two decimal digits. @throws TypeError when it is no number, RangeError outside. */
export function assertTariffIndex(value: unknown): asserts value is number {
  assertInteger(value, 0, 99, 'tariffIndex');
}

/** KRN, 1-9 as in {@link KEY_REVISIONS}. @throws TypeError when it is no number, RangeError outside. */
export function assertKeyRevision(value: unknown): asserts value is number {
  assertInteger(value, KEY_REVISIONS[0], KEY_REVISIONS[1], 'keyRevision');
}

/** KEN, 0-255 (sts.md 1.2). @throws TypeError when it is no number, RangeError outside. */
export function assertKeyExpiry(value: unknown): asserts value is number {
  assertInteger(value, 0, 255, 'keyExpiry');
}

/** KT, 0-3 (sts.md 6.6). @throws TypeError when it is no number, RangeError outside. */
export function assertKeyType(value: unknown): asserts value is KeyType {
  assertInteger(value, 0, 3, 'keyType');
}

/** A list of key types, as the tables of a meter and of an issuer hold them. @throws TypeError, RangeError. */
export function assertKeyTypes(value: unknown, name: string): asserts value is readonly KeyType[] {
  assertArray(value, name);
  if (value.length > 4) throw new RangeError(`"${name}" expected 4 key types at most, got ${value.length}`);
  for (const keyType of value) assertInteger(keyType, 0, 3, name);
}

/** '93', '14' or '35' (sts.md 1.2). @throws RangeError for everything else. */
export function assertBaseDate(value: unknown): asserts value is BaseDate {
  if (!BASE_DATES.includes(value as BaseDate)) {
    throw new RangeError(`"baseDate" expected one of ${BASE_DATES.join(', ')}`);
  }
}

/** What a decoder key and a key change have in common (sts.md 1.2). */
export interface KeyAttributes {
  readonly supplyGroupCode: string;
  readonly tariffIndex: number;
  readonly keyRevision: number;
  readonly keyType: KeyType;
}

/** @throws StsFault `supply_group_malformed`. @throws RangeError, TypeError when one of the others is out of its range. */
export function assertKeyAttributes(fields: KeyAttributes): void {
  assertObject(fields, 'fields');
  parseSupplyGroupCode(fields.supplyGroupCode);
  assertTariffIndex(fields.tariffIndex);
  assertKeyRevision(fields.keyRevision);
  assertKeyType(fields.keyType);
}
