/**
 * DES (FIPS 46-3), one block in electronic codebook: what DKGA02 derives decoder keys with (sts.md 6.2). As a token
 * cipher (EA09) it is withdrawn and not offered.
 *
 * The tables keep the order of FIPS 46-3, where bit 1 is the most significant. At load they are folded into eight tables
 * of S-box and P together, and tables for IP and its inverse, PC-1 and PC-2. Look-ups depend on key and data (SECURITY.md).
 */
import { assertBytes } from '../assert.ts';
import type { Block, BlockCipher } from './block-cipher.ts';

// biome-ignore format: as printed in FIPS 46-3
const IP = [
  58, 50, 42, 34, 26, 18, 10, 2, 60, 52, 44, 36, 28, 20, 12, 4, 62, 54, 46, 38, 30, 22, 14, 6, 64, 56, 48, 40, 32, 24, 16, 8,
  57, 49, 41, 33, 25, 17,  9, 1, 59, 51, 43, 35, 27, 19, 11, 3, 61, 53, 45, 37, 29, 21, 13, 5, 63, 55, 47, 39, 31, 23, 15, 7,
];

// biome-ignore format: as printed in FIPS 46-3
const P = [16, 7, 20, 21, 29, 12, 28, 17, 1, 15, 23, 26, 5, 18, 31, 10, 2, 8, 24, 14, 32, 27, 3, 9, 19, 13, 30, 6, 22, 11, 4, 25];

// biome-ignore format: as printed in FIPS 46-3
const PC1 = [
  57, 49, 41, 33, 25, 17,  9,  1, 58, 50, 42, 34, 26, 18, 10,  2, 59, 51, 43, 35, 27, 19, 11,  3, 60, 52, 44, 36,
  63, 55, 47, 39, 31, 23, 15,  7, 62, 54, 46, 38, 30, 22, 14,  6, 61, 53, 45, 37, 29, 21, 13,  5, 28, 20, 12,  4,
];

// biome-ignore format: as printed in FIPS 46-3
const PC2 = [
  14, 17, 11, 24,  1,  5,  3, 28, 15,  6, 21, 10, 23, 19, 12,  4, 26,  8, 16,  7, 27, 20, 13,  2,
  41, 52, 31, 37, 47, 55, 30, 40, 51, 45, 33, 48, 44, 49, 39, 56, 34, 53, 46, 42, 50, 36, 29, 32,
];

const SHIFTS = [1, 1, 2, 2, 2, 2, 2, 2, 1, 2, 2, 2, 2, 2, 2, 1];

/** S1 to S8, each four rows of sixteen. */
// biome-ignore format: as printed in FIPS 46-3
const S = [
  [14,  4, 13,  1,  2, 15, 11,  8,  3, 10,  6, 12,  5,  9,  0,  7,  0, 15,  7,  4, 14,  2, 13,  1, 10,  6, 12, 11,  9,  5,  3,  8,
    4,  1, 14,  8, 13,  6,  2, 11, 15, 12,  9,  7,  3, 10,  5,  0, 15, 12,  8,  2,  4,  9,  1,  7,  5, 11,  3, 14, 10,  0,  6, 13],
  [15,  1,  8, 14,  6, 11,  3,  4,  9,  7,  2, 13, 12,  0,  5, 10,  3, 13,  4,  7, 15,  2,  8, 14, 12,  0,  1, 10,  6,  9, 11,  5,
    0, 14,  7, 11, 10,  4, 13,  1,  5,  8, 12,  6,  9,  3,  2, 15, 13,  8, 10,  1,  3, 15,  4,  2, 11,  6,  7, 12,  0,  5, 14,  9],
  [10,  0,  9, 14,  6,  3, 15,  5,  1, 13, 12,  7, 11,  4,  2,  8, 13,  7,  0,  9,  3,  4,  6, 10,  2,  8,  5, 14, 12, 11, 15,  1,
   13,  6,  4,  9,  8, 15,  3,  0, 11,  1,  2, 12,  5, 10, 14,  7,  1, 10, 13,  0,  6,  9,  8,  7,  4, 15, 14,  3, 11,  5,  2, 12],
  [ 7, 13, 14,  3,  0,  6,  9, 10,  1,  2,  8,  5, 11, 12,  4, 15, 13,  8, 11,  5,  6, 15,  0,  3,  4,  7,  2, 12,  1, 10, 14,  9,
   10,  6,  9,  0, 12, 11,  7, 13, 15,  1,  3, 14,  5,  2,  8,  4,  3, 15,  0,  6, 10,  1, 13,  8,  9,  4,  5, 11, 12,  7,  2, 14],
  [ 2, 12,  4,  1,  7, 10, 11,  6,  8,  5,  3, 15, 13,  0, 14,  9, 14, 11,  2, 12,  4,  7, 13,  1,  5,  0, 15, 10,  3,  9,  8,  6,
    4,  2,  1, 11, 10, 13,  7,  8, 15,  9, 12,  5,  6,  3,  0, 14, 11,  8, 12,  7,  1, 14,  2, 13,  6, 15,  0,  9, 10,  4,  5,  3],
  [12,  1, 10, 15,  9,  2,  6,  8,  0, 13,  3,  4, 14,  7,  5, 11, 10, 15,  4,  2,  7, 12,  9,  5,  6,  1, 13, 14,  0, 11,  3,  8,
    9, 14, 15,  5,  2,  8, 12,  3,  7,  0,  4, 10,  1, 13, 11,  6,  4,  3,  2, 12,  9,  5, 15, 10, 11, 14,  1,  7,  6,  0,  8, 13],
  [ 4, 11,  2, 14, 15,  0,  8, 13,  3, 12,  9,  7,  5, 10,  6,  1, 13,  0, 11,  7,  4,  9,  1, 10, 14,  3,  5, 12,  2, 15,  8,  6,
    1,  4, 11, 13, 12,  3,  7, 14, 10, 15,  6,  8,  0,  5,  9,  2,  6, 11, 13,  8,  1,  4, 10,  7,  9,  5,  0, 15, 14,  2,  3, 12],
  [13,  2,  8,  4,  6, 15, 11,  1, 10,  9,  3, 14,  5,  0, 12,  7,  1, 15, 13,  8, 10,  3,  7,  4, 12,  5,  6, 11,  0, 14,  9,  2,
    7, 11,  4,  1,  9, 12, 14,  2,  0,  6, 10, 13, 15,  3,  5,  8,  2,  1, 14,  7,  4, 10,  8, 13, 15, 12,  9,  0,  3,  5,  6, 11],
];

const INVERSE_IP = IP.map((_, i) => IP.indexOf(i + 1) + 1);
const SP = S.map((box) =>
  Int32Array.from({ length: 64 }, (_, six) => substituteAndPermute(box, S.indexOf(box), six)),
);
const PC1_TABLE = pc1Table();
const PC2_OF_C = pc2Table(PC2.slice(0, 24));
const PC2_OF_D = pc2Table(PC2.slice(24));
const IP_TABLE = permutationTable(IP);
const INVERSE_IP_TABLE = permutationTable(INVERSE_IP);

/**
 * @param key - 8 bytes; the lowest bit of each is parity and has no influence.
 * @throws RangeError when the key is not 8 bytes.
 */
export function createDes(key: Uint8Array): BlockCipher {
  return new Des(keySchedule(key));
}

class Des implements BlockCipher {
  readonly keyBits = 64;
  readonly #subkeys: readonly number[];

  constructor(subkeys: readonly number[]) {
    this.#subkeys = subkeys;
  }

  encrypt(block: Block): void {
    crypt(block, this.#subkeys, 0, 1);
  }

  decrypt(block: Block): void {
    crypt(block, this.#subkeys, 15, -1);
  }
}

/**
 * Sixteen subkeys, each as two words of four groups of six bits, a group a byte, in the order in which the S-boxes read
 * them: PC-2 takes its first 24 bits from C alone and the others from D alone. Words of 30 bits in a plain array: V8
 * allocates a typed array of more than 64 bytes outside its heap, which costs ten times the schedule itself.
 */
function keySchedule(key: Uint8Array): readonly number[] {
  assertBytes(key, 8, 'key');
  let c = 0;
  let d = 0;
  for (let byte = 0; byte < 8; byte += 1) {
    const at = 2 * (256 * byte + key[byte]!);
    c |= PC1_TABLE[at]!;
    d |= PC1_TABLE[at + 1]!;
  }
  const subkeys = new Array<number>(2 * SHIFTS.length).fill(0);
  for (let round = 0; round < SHIFTS.length; round += 1) {
    c = turn(c, SHIFTS[round]!);
    d = turn(d, SHIFTS[round]!);
    subkeys[2 * round] = choose(PC2_OF_C, c);
    subkeys[2 * round + 1] = choose(PC2_OF_D, d);
  }
  return subkeys;
}

/** A half of 28 bits, turned left. */
function turn(half: number, by: number): number {
  return ((half << by) | (half >>> (28 - by))) & 0x0fffffff;
}

/** PC-2 of a half, looked up by its four groups of seven bits. */
function choose(table: Int32Array, half: number): number {
  return (
    table[half >>> 21]! |
    table[128 | ((half >>> 14) & 0x7f)]! |
    table[256 | ((half >>> 7) & 0x7f)]! |
    table[384 | (half & 0x7f)]!
  );
}

/** [byte of the key, first byte first][value] -> C, D as 28 bits each. */
function pc1Table(): Int32Array {
  const table = new Int32Array(8 * 512);
  for (const [to, from] of PC1.entries()) {
    const byte = (from - 1) >>> 3;
    const mask = 0x80 >>> ((from - 1) & 7);
    for (let value = 0; value < 256; value += 1) {
      if ((value & mask) === 0) continue;
      const at = byte * 512 + 2 * value + (to < 28 ? 0 : 1);
      table[at] = table[at]! | (1 << (27 - (to % 28)));
    }
  }
  return table;
}

/** [group of seven bits, first group first][value] -> four groups of six bits, a group a byte. */
function pc2Table(positions: readonly number[]): Int32Array {
  const table = new Int32Array(4 * 128);
  for (const [to, position] of positions.entries()) {
    const from = (position - 1) % 28;
    const mask = 0x40 >>> (from % 7);
    const bit = 1 << (29 - to - 2 * Math.floor(to / 6));
    for (let value = 0; value < 128; value += 1) {
      const at = 128 * Math.floor(from / 7) + value;
      if ((value & mask) !== 0) table[at] = table[at]! | bit;
    }
  }
  return table;
}

function crypt(block: Block, subkeys: readonly number[], first: number, step: 1 | -1): void {
  permute(block, IP_TABLE);
  let left = block[0]! | 0;
  let right = block[1]! | 0;
  for (let round = 0; round < 16; round += 1) {
    const next = left ^ f(right, subkeys, 2 * (first + step * round));
    left = right;
    right = next;
  }
  block[0] = right; // the halves leave exchanged
  block[1] = left;
  permute(block, INVERSE_IP_TABLE);
}

/**
 * The cipher function. E reads eight windows of six bits, each overlapping its neighbours by one; the first takes the
 * half's last bit before its first five, and turning the half right by one puts all of them on plain shifts.
 */
function f(half: number, subkeys: readonly number[], at: number): number {
  const turned = (half >>> 1) | (half << 31);
  const first = subkeys[at]!;
  const second = subkeys[at + 1]!;
  const last = (half << 1) | (half >>> 31);
  return (
    SP[0]![((turned >>> 26) ^ (first >>> 24)) & 0x3f]! |
    SP[1]![((turned >>> 22) ^ (first >>> 16)) & 0x3f]! |
    SP[2]![((turned >>> 18) ^ (first >>> 8)) & 0x3f]! |
    SP[3]![((turned >>> 14) ^ first) & 0x3f]! |
    SP[4]![((turned >>> 10) ^ (second >>> 24)) & 0x3f]! |
    SP[5]![((turned >>> 6) ^ (second >>> 16)) & 0x3f]! |
    SP[6]![((turned >>> 2) ^ (second >>> 8)) & 0x3f]! |
    SP[7]![(last ^ second) & 0x3f]!
  );
}

function substituteAndPermute(box: readonly number[], index: number, six: number): number {
  const row = ((six >>> 4) & 2) | (six & 1);
  const nibble = box[16 * row + ((six >>> 1) & 15)]!;
  const word = nibble << (28 - 4 * index);
  let permuted = 0;
  for (const [to, from] of P.entries()) permuted |= ((word >>> (32 - from)) & 1) << (31 - to);
  return permuted;
}

/** [byte position, first byte first][value] -> high word, low word. */
function permutationTable(permutation: readonly number[]): Int32Array {
  const table = new Int32Array(8 * 512);
  for (const [to, from] of permutation.entries()) {
    const byte = (from - 1) >>> 3;
    const mask = 0x80 >>> ((from - 1) & 7);
    for (let value = 0; value < 256; value += 1) {
      if ((value & mask) === 0) continue;
      const at = byte * 512 + 2 * value + (to < 32 ? 0 : 1);
      table[at] = table[at]! | (1 << (31 - (to & 31)));
    }
  }
  return table;
}

function permute(block: Block, table: Int32Array): void {
  let high = 0;
  let low = 0;
  for (let byte = 0; byte < 8; byte += 1) {
    const value = (block[byte >>> 2]! >>> (24 - 8 * (byte & 3))) & 0xff;
    high |= table[byte * 512 + 2 * value]!;
    low |= table[byte * 512 + 2 * value + 1]!;
  }
  block[0] = high;
  block[1] = low;
}
