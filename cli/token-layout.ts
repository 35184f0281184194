/**
 * Where each field of a token stands: the layouts of sts.md 2.1, 2.3, 2.4, 2.5, 2.7 and 7.1 as one table. Names and widths
 * are written once, most significant first; every position is reckoned from them.
 */
import { type Block, hexFromBlock } from '../lib/crypto/block-cipher.ts';
import type { TokenClass } from '../lib/token/frame.ts';

/** A field's name and its width in bits. */
type Part = readonly [name: string, width: number];

interface Layout {
  readonly parts: readonly Part[];
}

/** One field with what it holds. */
export interface LaidField {
  readonly name: string;
  /** Its most and its least significant bit among the 66. */
  readonly high: number;
  readonly low: number;
  /** Zeros and ones, or null when they are part of a key and not shown. */
  readonly bits: string | null;
  readonly value: number | null;
}

const SUBCLASS: Part = ['subclass', 4];
const CRC: Part = ['CRC', 16];
const ISSUE: readonly Part[] = [SUBCLASS, ['RND', 4], ['TID', 24]];
const AMOUNT: readonly Part[] = [
  ['exponent', 2],
  ['mantissa', 14],
];
const WIDE: readonly Part[] = [SUBCLASS, ['control', 36], ['manufacturer', 8], CRC];
const NARROW: readonly Part[] = [SUBCLASS, ['control', 28], ['manufacturer', 16], CRC];

/** Bits of a new key; so is the CRC of a section of them, for it tells sixteen of their sums. */
const KEY_PARTS = ['NKHO', 'NKLO', 'NKMO1', 'NKMO2'];

interface Row {
  readonly tokenClass: TokenClass;
  readonly subclasses: readonly number[];
  /** Where the length of the key decides. */
  readonly keyBits?: 64 | 128;
  /** Where the six high bits of the value decide: 63 for a flag. */
  readonly isFlag?: boolean;
  readonly parts: readonly Part[];
}

/** The first row that fits decides. */
const ROWS: readonly Row[] = [
  { tokenClass: 0, subclasses: [0, 1, 2, 3], parts: [...ISSUE, ...AMOUNT, CRC] },
  {
    tokenClass: 0,
    subclasses: [4, 5, 6, 7],
    parts: [
      SUBCLASS,
      ['sign', 1],
      ['exponent, high', 3],
      ['TID', 24],
      ['exponent, low', 2],
      ['mantissa', 14],
      ['CRC_C', 16],
    ],
  },
  { tokenClass: 1, subclasses: [0, 11, 12, 13, 14, 15], parts: WIDE },
  { tokenClass: 1, subclasses: [1, 6, 7, 8, 9, 10], parts: NARROW },
  { tokenClass: 1, subclasses: [2], parts: [SUBCLASS, ['index', 6], ['zeros', 38], CRC] },
  { tokenClass: 2, subclasses: [0, 6], parts: [...ISSUE, ...AMOUNT, CRC] },
  { tokenClass: 2, subclasses: [1], parts: [...ISSUE, ['register', 16], CRC] },
  {
    tokenClass: 2,
    subclasses: [3],
    parts: [SUBCLASS, ['KENHO', 4], ['KRN', 4], ['RO', 1], ['3KCT', 1], ['KT', 2], ['NKHO', 32], CRC],
  },
  { tokenClass: 2, subclasses: [4], parts: [SUBCLASS, ['KENLO', 4], ['TI', 8], ['NKLO', 32], CRC] },
  { tokenClass: 2, subclasses: [8], keyBits: 64, parts: [SUBCLASS, ['SGC', 24], ['zeros', 20], CRC] },
  { tokenClass: 2, subclasses: [8], keyBits: 128, parts: [SUBCLASS, ['SGCLO', 12], ['NKMO2', 32], CRC] },
  { tokenClass: 2, subclasses: [9], keyBits: 128, parts: [SUBCLASS, ['SGCHO', 12], ['NKMO1', 32], CRC] },
  {
    tokenClass: 2,
    subclasses: [10],
    isFlag: true,
    parts: [...ISSUE, ['index', 6], ['flag', 9], ['set', 1], CRC],
  },
  { tokenClass: 2, subclasses: [10], parts: [...ISSUE, ['index', 6], ['data', 10], CRC] },
  { tokenClass: 2, subclasses: [2, 5, 7, 11, 12, 13, 14, 15], parts: [...ISSUE, ['value', 16], CRC] },
];

/** What is known of a block whose fields are not: after a wrong CRC, of a reserved subclass. */
const UNKNOWN: readonly Part[] = [SUBCLASS, ['not specified', 44], CRC];
/** The 66 bits as they are keyed in: the class stands inside, over two bits of the block that stand in front (sts.md 4). */
const KEYED: Layout = {
  parts: [
    ['block 28-27', 2],
    ['block 63-29', 35],
    ['class', 2],
    ['block 26-0', 27],
  ],
};
const CLASS: Part = ['class', 2];

/** The 66 bits in the order in which they are keyed in. */
export function keyedFields(tokenClass: TokenClass, block: Block): LaidField[] {
  const bits = bitsOf(block);
  const from = (high: number, low: number) => bits.slice(63 - high, 64 - low);
  return lay(KEYED, from(28, 27) + from(63, 29) + classBits(tokenClass) + from(26, 0), []);
}

/**
 * Class and clear block, field by field.
 * @param isRead - false when the CRC does not fit: nothing is then known of what the bits mean.
 * @param showKeyBits - false gives the bits of a new key as null.
 */
export function clearFields(
  tokenClass: TokenClass,
  block: Block,
  { keyBits, isRead, showKeyBits }: { keyBits: 64 | 128; isRead: boolean; showKeyBits: boolean },
): LaidField[] {
  const parts = isRead ? (rowOf(tokenClass, block, keyBits)?.parts ?? UNKNOWN) : UNKNOWN;
  const isSection = parts.some(([name]) => KEY_PARTS.includes(name));
  const hidden = showKeyBits || !isSection ? [] : [...KEY_PARTS, 'CRC'];
  return lay({ parts: [CLASS, ...parts] }, classBits(tokenClass) + bitsOf(block), hidden);
}

/** 16 hex digits, or stars where bits are hidden. */
export function hexOfFields(fields: readonly LaidField[]): string {
  const bits = fields.map(({ bits, high, low }) => bits ?? '*'.repeat(high - low + 1)).join('');
  const nibbles = bits.slice(bits.length % 4).match(/.{4}/g) ?? [];
  return nibbles
    .map((nibble) => (nibble.includes('*') ? '*' : Number.parseInt(nibble, 2).toString(16)))
    .join('');
}

function rowOf(tokenClass: TokenClass, block: Block, keyBits: 64 | 128): Row | undefined {
  const subclass = (block[0] ?? 0) >>> 28;
  const isFlag = (block[1] ?? 0) >>> 26 === 63;
  return ROWS.find(
    (row) =>
      row.tokenClass === tokenClass &&
      row.subclasses.includes(subclass) &&
      (row.keyBits ?? keyBits) === keyBits &&
      (row.isFlag ?? isFlag) === isFlag,
  );
}

function lay({ parts }: Layout, bits: string, hidden: readonly string[]): LaidField[] {
  let at = 0;
  return parts.map(([name, width]) => {
    const own = bits.slice(at, at + width);
    const high = bits.length - 1 - at;
    at += width;
    const isHidden = hidden.includes(name);
    return {
      name,
      high,
      low: high - width + 1,
      bits: isHidden ? null : own,
      value: isHidden ? null : Number.parseInt(own, 2),
    };
  });
}

function classBits(tokenClass: TokenClass): string {
  return tokenClass.toString(2).padStart(2, '0');
}

function bitsOf(block: Block): string {
  return BigInt(`0x${hexFromBlock(block)}`)
    .toString(2)
    .padStart(64, '0');
}
