/** The attributes of a meter and its keys, with their ranges (sts.md 1.2). */
import { assertInteger } from '../assert.ts';
import { StsFault } from '../faults.ts';

/** EA07 = Standard Transfer Algorithm, EA11 = MISTY1. EA09 (DES) is withdrawn and refused by name. */
export type EncryptionAlgorithm = 7 | 11;

/** DKGA02 = DES-based, 64-bit vending keys; DKGA04 = HMAC-SHA-256, 160-bit vending keys. */
export type DecoderKeyAlgorithm = 2 | 4;

/** 0 DITK initial, 1 DDTK default, 2 DUTK unique, 3 DCTK common. */
export type KeyType = 0 | 1 | 2 | 3;

/** The year from whose 1 January 00:00 UTC a TID counts minutes. */
export type BaseDate = '93' | '14' | '35';

export const BASE_DATES: readonly BaseDate[] = ['93', '14', '35'];

/** @throws StsFault `algorithm_not_supported` for EA09 and every code that is not 7 or 11. */
export function parseEncryptionAlgorithm(code: number): EncryptionAlgorithm {
  if (code === 7 || code === 11) return code;
  throw new StsFault('algorithm_not_supported', `EA${String(code).padStart(2, '0')}`, {
    param: 'encryptionAlgorithm',
  });
}

/** @throws StsFault `supply_group_malformed` unless the text is 6 decimal digits. */
export function parseSupplyGroupCode(text: string): string {
  if (typeof text === 'string' && /^[0-9]{6}$/.test(text)) return text;
  throw new StsFault('supply_group_malformed', undefined, { param: 'supplyGroupCode' });
}

/** TI, 0-99; in key derivation two decimal digits. */
export function assertTariffIndex(value: unknown): asserts value is number {
  assertInteger(value, 0, 99, 'tariffIndex');
}

/** KRN, 1-9: no other revision has been seen (open question B10). */
export function assertKeyRevision(value: unknown): asserts value is number {
  assertInteger(value, 1, 9, 'keyRevision');
}

/** KEN, 0-255. */
export function assertKeyExpiry(value: unknown): asserts value is number {
  assertInteger(value, 0, 255, 'keyExpiry');
}

/** KT, 0-3. */
export function assertKeyType(value: unknown): asserts value is KeyType {
  assertInteger(value, 0, 3, 'keyType');
}
