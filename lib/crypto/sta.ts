/**
 * The Standard Transfer Algorithm, encryption algorithm 07 of IEC 62055-41: a 64-bit block, a 64-bit key, 16 rounds, each
 * a key-selected substitution of 16 nibbles followed by a fixed permutation of 64 bits (sts.md 5.1).
 *
 * Written as byte tables: substitution and permutation of one byte are looked up together, as the 64-bit contribution of
 * that byte to the round's result. Four tables a byte, one for each pair of selector bits. Which table is read depends on
 * the key, which line of it on the data: the run time is not constant (SECURITY.md says what that means).
 */
import { assertBytes } from '../assert.ts';
import type { Block, BlockCipher } from './block-cipher.ts';
import { STA_TABLES, type StaTables } from './sta-tables.ts';

const ROUNDS = 16;
const BYTES = 8;
/** One table: 256 byte values, two words each. */
const TABLE_WORDS = 512;

interface CompiledTables {
  /** Substitute, then permute: [byte position][selector pair][byte value] -> high word, low word. */
  readonly encrypt: Int32Array;
  /** Undo the substitution, then undo the permutation of the round before. */
  readonly decrypt: Int32Array;
  /** Undo a permutation alone: what the first decryption round starts with. [byte position][byte value] */
  readonly unpermute: Int32Array;
  /** Undo a substitution alone: what the last decryption round ends with. [byte position][selector pair][byte value] */
  readonly unsubstitute: Int32Array;
}

const compiled = new WeakMap<StaTables, CompiledTables>();

/**
 * @param key - 8 bytes, the decoder key as DKGA prints it, first byte most significant; only read.
 * @param tables - the production tables unless an illustration asks for others.
 * @throws RangeError when the key is not 8 bytes.
 */
export function createSta(key: Uint8Array, tables: StaTables = STA_TABLES): BlockCipher {
  assertBytes(key, 8, 'key');
  const lookup = compile(tables);
  const offsets = tableOffsets(key);
  return {
    keyBits: 64,
    encrypt: (block) => encrypt(block, lookup.encrypt, offsets),
    decrypt: (block) => decrypt(block, lookup, offsets),
  };
}

/**
 * Where in a compiled table each byte of each round looks: the selector of nibble n in round r is bit 4n+3 of the key
 * register, which starts as NOT key rotated right by 12 and rotates left by one a round.
 */
function tableOffsets(key: Uint8Array): Uint16Array {
  let high = ~((key[0]! << 24) | (key[1]! << 16) | (key[2]! << 8) | key[3]!);
  let low = ~((key[4]! << 24) | (key[5]! << 16) | (key[6]! << 8) | key[7]!);
  [high, low] = [(high >>> 12) | (low << 20), (low >>> 12) | (high << 20)];
  const offsets = new Uint16Array(ROUNDS * BYTES);
  for (let round = 0; round < ROUNDS; round += 1) {
    for (let byte = 0; byte < BYTES; byte += 1) {
      const word = byte < 4 ? low : high;
      const shift = 8 * (byte & 3);
      const selectors = ((word >>> (shift + 3)) & 1) | ((word >>> (shift + 6)) & 2);
      offsets[round * BYTES + byte] = (byte * 4 + selectors) * TABLE_WORDS;
    }
    [high, low] = [(high << 1) | (low >>> 31), (low << 1) | (high >>> 31)];
  }
  return offsets;
}

/** `count` rounds from the one whose offsets begin at `at`, forwards or backwards: each looks up its eight bytes at once. */
function runRounds(
  block: Block,
  table: Int32Array,
  offsets: Uint16Array,
  at: number,
  step: number,
  count: number,
): void {
  let high = block[0]!;
  let low = block[1]!;
  for (let round = 0, from = at; round < count; round += 1, from += step) {
    const i0 = offsets[from]! + ((low << 1) & 0x1fe);
    const i1 = offsets[from + 1]! + ((low >>> 7) & 0x1fe);
    const i2 = offsets[from + 2]! + ((low >>> 15) & 0x1fe);
    const i3 = offsets[from + 3]! + ((low >>> 23) & 0x1fe);
    const i4 = offsets[from + 4]! + ((high << 1) & 0x1fe);
    const i5 = offsets[from + 5]! + ((high >>> 7) & 0x1fe);
    const i6 = offsets[from + 6]! + ((high >>> 15) & 0x1fe);
    const i7 = offsets[from + 7]! + ((high >>> 23) & 0x1fe);
    high =
      table[i0]! | table[i1]! | table[i2]! | table[i3]! | table[i4]! | table[i5]! | table[i6]! | table[i7]!;
    low =
      table[i0 + 1]! |
      table[i1 + 1]! |
      table[i2 + 1]! |
      table[i3 + 1]! |
      table[i4 + 1]! |
      table[i5 + 1]! |
      table[i6 + 1]! |
      table[i7 + 1]!;
  }
  block[0] = high;
  block[1] = low;
}

function encrypt(block: Block, table: Int32Array, offsets: Uint16Array): void {
  runRounds(block, table, offsets, 0, BYTES, ROUNDS);
}

/**
 * The rounds backwards. Encryption ends with a permutation, so decryption begins by undoing one; after that each round
 * undoes its substitution and the permutation of the round before, and the first round has none before it.
 */
function decrypt(block: Block, lookup: CompiledTables, offsets: Uint16Array): void {
  const { decrypt: table, unpermute, unsubstitute } = lookup;
  mapBytes(block, unpermute, (byte) => byte * TABLE_WORDS);
  runRounds(block, table, offsets, (ROUNDS - 1) * BYTES, -BYTES, ROUNDS - 1);
  mapBytes(block, unsubstitute, (byte) => offsets[byte]!);
}

/** Replaces the block by what each of its bytes contributes, looked up where `offsetOf` says. */
function mapBytes(block: Block, table: Int32Array, offsetOf: (byte: number) => number): void {
  let high = 0;
  let low = 0;
  for (let byte = 0; byte < BYTES; byte += 1) {
    const i = offsetOf(byte) + 2 * byteOf(block, byte);
    high |= table[i]!;
    low |= table[i + 1]!;
  }
  block[0] = high;
  block[1] = low;
}

/** Byte `index` of the block, 0 the least significant. */
function byteOf(block: Block, index: number): number {
  return (block[index < 4 ? 1 : 0]! >>> (8 * (index & 3))) & 0xff;
}

function compile(tables: StaTables): CompiledTables {
  const known = compiled.get(tables);
  if (known !== undefined) return known;
  const fresh = compileFresh(tables);
  compiled.set(tables, fresh);
  return fresh;
}

function compileFresh(tables: StaTables): CompiledTables {
  const stay = Array.from({ length: 64 }, (_, i) => i);
  const back = inverse(tables.p, 64, 'p');
  const u1 = inverse(tables.s1, 16, 's1');
  const u2 = inverse(tables.s2, 16, 's2');
  return {
    encrypt: byteTables(tables.s1, tables.s2, tables.p),
    decrypt: byteTables(u1, u2, back),
    unpermute: byteTables(stay, stay, back, 1),
    unsubstitute: byteTables(u1, u2, stay),
  };
}

/** Tables [byte position][selector pair][byte value] of a substitution followed by a movement of bits. */
function byteTables(
  zero: readonly number[],
  one: readonly number[],
  move: readonly number[],
  selectorPairs = 4,
): Int32Array {
  const table = new Int32Array(BYTES * selectorPairs * TABLE_WORDS);
  for (let byte = 0; byte < BYTES; byte += 1) {
    for (let selectors = 0; selectors < selectorPairs; selectors += 1) {
      const lowNibble = selectors & 1 ? one : zero;
      const highNibble = selectors & 2 ? one : zero;
      for (let value = 0; value < 256; value += 1) {
        const substituted = lowNibble[value & 15]! | (highNibble[value >>> 4]! << 4);
        const at = (byte * selectorPairs + selectors) * TABLE_WORDS + 2 * value;
        for (let bit = 0; bit < 8; bit += 1) {
          if (((substituted >>> bit) & 1) === 0) continue;
          const to = move[8 * byte + bit]!;
          if (to >= 32) table[at] = table[at]! | (1 << (to - 32));
          else table[at + 1] = table[at + 1]! | (1 << to);
        }
      }
    }
  }
  return table;
}

/** The inverse of a table that must be a permutation of 0 … length-1: a mistyped table is caught here. */
function inverse(table: readonly number[], length: number, name: string): number[] {
  const result = new Array<number>(length).fill(-1);
  for (const [from, to] of table.entries()) result[to] = from;
  if (table.length !== length || result.length !== length || result.includes(-1)) {
    throw new RangeError(`"${name}" expected a permutation of 0 to ${length - 1}`);
  }
  return result;
}
