/**
 * A change of decoder key as the sections that a meter receives: two for a 64-bit key, three when the meter shall also
 * learn its supply group, four for a 128-bit key (sts.md 7.1). Plain fields here; `lib/token` makes them 20 digits.
 */
import { assertArray, assertBoolean, assertBytes, assertInteger, assertObject } from '../assert.ts';
import { StsFault } from '../faults.ts';
import { bytesFromHex, hexFromBytes } from '../hex.ts';
import {
  assertBaseDate,
  assertKeyAttributes,
  assertKeyExpiry,
  assertKeyType,
  assertTariffIndex,
  BASE_DATES,
  type EncryptionAlgorithm,
  type KeyType,
  parseEncryptionAlgorithm,
  parseSupplyGroupCode,
} from '../identity/attributes.ts';
import type { MeterKeyFields } from './decoder-key.ts';
import { DECODER_KEY_BYTES } from './dkga04.ts';

/** The new key and what comes with it. */
export interface KeyChange {
  /** Lower-case hex, 16 digits for EA07, 32 for EA11; the algorithm of a meter never changes. */
  readonly newDecoderKey: string;
  /** KEN of the new vending key. */
  readonly keyExpiry: number;
  readonly keyRevision: number;
  readonly keyType: KeyType;
  readonly tariffIndex: number;
  /** Carried by three- and four-section sets alone; after a two-section set a meter shows 0. */
  readonly supplyGroupCode: string;
  /** RO: the base date moves on and the TID memory is zeroed. */
  readonly rollOver: boolean;
  /** 3KCT: a 64-bit key with a third section. */
  readonly threeSections: boolean;
}

/** One section; `keyPart` is 32 bits of the new key. */
export type KeyChangeSection =
  | {
      readonly kind: 'keyChangeSection1';
      readonly keyExpiryHigh: number;
      readonly keyRevision: number;
      readonly rollOver: boolean;
      readonly threeSections: boolean;
      readonly keyType: KeyType;
      readonly keyPart: number;
    }
  | {
      readonly kind: 'keyChangeSection2';
      readonly keyExpiryLow: number;
      readonly tariffIndex: number;
      readonly keyPart: number;
    }
  /** Third section of a 64-bit key: the supply group alone. */
  | { readonly kind: 'keyChangeSection3Of3'; readonly supplyGroupCode: string }
  /** Third section of a 128-bit key: the low 12 bits of the supply group. */
  | { readonly kind: 'keyChangeSection3Of4'; readonly supplyGroupLow: number; readonly keyPart: number }
  | { readonly kind: 'keyChangeSection4'; readonly supplyGroupHigh: number; readonly keyPart: number };

/**
 * Whether a section's fields fit into their bits (sts.md 7.1). KRN has four: that a meter knows 1 to 9 alone is its answer.
 * @throws StsFault `supply_group_malformed`. @throws RangeError, TypeError when another field is out of its range or the
 *   kind is none of the five.
 */
export function assertKeyChangeSection(section: KeyChangeSection): void {
  assertObject(section, 'section');
  switch (section.kind) {
    case 'keyChangeSection1':
      assertInteger(section.keyExpiryHigh, 0, 15, 'keyExpiryHigh');
      assertInteger(section.keyRevision, 0, 15, 'keyRevision');
      assertKeyType(section.keyType);
      assertInteger(section.keyPart, 0, 0xffffffff, 'keyPart');
      assertBoolean(section.rollOver, 'rollOver');
      assertBoolean(section.threeSections, 'threeSections');
      return;
    case 'keyChangeSection2':
      assertInteger(section.keyExpiryLow, 0, 15, 'keyExpiryLow');
      assertTariffIndex(section.tariffIndex);
      assertInteger(section.keyPart, 0, 0xffffffff, 'keyPart');
      return;
    case 'keyChangeSection3Of3':
      parseSupplyGroupCode(section.supplyGroupCode);
      return;
    case 'keyChangeSection3Of4':
      assertInteger(section.supplyGroupLow, 0, 0xfff, 'supplyGroupLow');
      assertInteger(section.keyPart, 0, 0xffffffff, 'keyPart');
      return;
    case 'keyChangeSection4':
      assertInteger(section.supplyGroupHigh, 0, 0xfff, 'supplyGroupHigh');
      assertInteger(section.keyPart, 0, 0xffffffff, 'keyPart');
      return;
  }
  throw new RangeError('"kind" expected that of a key-change section');
}

/**
 * @returns the sections in their order: 2 or 3 for EA07, 4 for EA11.
 * @throws StsFault `supply_group_malformed`. @throws RangeError, TypeError when a field is out of its range, the key has not
 *   the length of the algorithm, or three sections are asked for a 128-bit key.
 */
export function keyChangeSections(
  encryptionAlgorithm: EncryptionAlgorithm,
  change: KeyChange,
): readonly KeyChangeSection[] {
  assertObject(change, 'change');
  const key = bytesFromHex(change.newDecoderKey, 'newDecoderKey');
  assertBytes(key, DECODER_KEY_BYTES[parseEncryptionAlgorithm(encryptionAlgorithm)], 'newDecoderKey');
  assertKeyExpiry(change.keyExpiry);
  assertKeyAttributes(change);
  assertBoolean(change.rollOver, 'rollOver');
  assertBoolean(change.threeSections, 'threeSections');
  const supplyGroup = Number(change.supplyGroupCode);
  const { keyRevision, rollOver, threeSections, keyType, tariffIndex, supplyGroupCode } = change;
  // A 64-bit key is NKHO | NKLO, a 128-bit key NKHO | NKMO2 | NKMO1 | NKLO, most significant first.
  const words = new DataView(key.buffer, key.byteOffset, key.length);
  const first: KeyChangeSection = {
    kind: 'keyChangeSection1',
    keyExpiryHigh: change.keyExpiry >>> 4,
    keyRevision,
    rollOver,
    threeSections,
    keyType,
    keyPart: words.getUint32(0),
  };
  const second: KeyChangeSection = {
    kind: 'keyChangeSection2',
    keyExpiryLow: change.keyExpiry & 15,
    tariffIndex,
    keyPart: words.getUint32(key.length - 4),
  };
  if (encryptionAlgorithm === 7) {
    return threeSections
      ? [first, second, { kind: 'keyChangeSection3Of3', supplyGroupCode }]
      : [first, second];
  }
  if (threeSections)
    throw new RangeError('"threeSections" expected false for a 128-bit key, which always has four');
  return [
    first,
    second,
    { kind: 'keyChangeSection3Of4', supplyGroupLow: supplyGroup & 0xfff, keyPart: words.getUint32(4) },
    { kind: 'keyChangeSection4', supplyGroupHigh: supplyGroup >>> 12, keyPart: words.getUint32(8) },
  ];
}

/**
 * Whether a change between two keys of one meter is a roll-over: RO is 1 when the base date moves on (sts.md 7.1).
 * @throws StsFault `algorithm_not_supported` when the encryption algorithm changes, of which no source tells (open question
 *   A18). @throws RangeError when the keys are of two meters, a base date is unknown, or the new one is the older (sts.md 10).
 */
export function isRollOver(from: MeterKeyFields, to: MeterKeyFields): boolean {
  assertObject(from, 'from');
  assertObject(to, 'to');
  if (from.encryptionAlgorithm !== to.encryptionAlgorithm) {
    throw new StsFault('algorithm_not_supported', 'a meter keeps its encryption algorithm for life', {
      param: 'encryptionAlgorithm',
    });
  }
  if (from.meterPan !== to.meterPan) throw new RangeError('"meterPan" expected the same in both keys');
  assertBaseDate(from.baseDate);
  assertBaseDate(to.baseDate);
  const years = BASE_DATES.indexOf(to.baseDate) - BASE_DATES.indexOf(from.baseDate);
  if (years < 0) throw new RangeError('"baseDate" expected one that is not older: none moves back');
  return years > 0;
}

/**
 * Puts the sections of one set together again, in whatever order they came.
 * @returns the change; `supplyGroupCode` is '000000' after a two-section set, which does not carry it (sts.md 7.3).
 *   Undefined while a section is missing.
 * @throws as `assertKeyChangeSection` does.
 */
export function assembleKeyChange(sections: readonly KeyChangeSection[]): KeyChange | undefined {
  assertArray(sections, 'sections');
  for (const section of sections) assertKeyChangeSection(section);
  const find = <Kind extends KeyChangeSection['kind']>(kind: Kind) =>
    sections.find((section): section is Extract<KeyChangeSection, { kind: Kind }> => section.kind === kind);
  const first = find('keyChangeSection1');
  const second = find('keyChangeSection2');
  const third64 = find('keyChangeSection3Of3');
  const third128 = find('keyChangeSection3Of4');
  const fourth = find('keyChangeSection4');
  if (first === undefined || second === undefined) return undefined;
  if (first.threeSections && third64 === undefined) return undefined;
  const isLong = third128 !== undefined || fourth !== undefined;
  if (isLong && (third128 === undefined || fourth === undefined)) return undefined;
  const parts = isLong
    ? [first.keyPart, third128?.keyPart ?? 0, fourth?.keyPart ?? 0, second.keyPart]
    : [first.keyPart, second.keyPart];
  const supplyGroup = isLong
    ? ((fourth?.supplyGroupHigh ?? 0) << 12) | (third128?.supplyGroupLow ?? 0)
    : Number(third64?.supplyGroupCode ?? 0);
  return {
    newDecoderKey: hexOfWords(parts),
    keyExpiry: (first.keyExpiryHigh << 4) | second.keyExpiryLow,
    keyRevision: first.keyRevision,
    keyType: first.keyType,
    tariffIndex: second.tariffIndex,
    supplyGroupCode: String(supplyGroup).padStart(6, '0'),
    rollOver: first.rollOver,
    threeSections: first.threeSections,
  };
}

function hexOfWords(words: readonly number[]): string {
  const bytes = new Uint8Array(4 * words.length);
  const view = new DataView(bytes.buffer);
  for (const [index, word] of words.entries()) view.setUint32(4 * index, word);
  return hexFromBytes(bytes);
}
