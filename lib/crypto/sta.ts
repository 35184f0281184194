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
/** The tables of one byte, one for each pair of selector bits. */
const BYTE_WORDS = 4 * TABLE_WORDS;

interface CompiledTables {
  /** Substitute, then permute: [byte position][selector pair][byte value] -> high word, low word. */
  readonly encrypt: Int32Array;
  /** Undo the substitution, then undo the permutation of the round before; laid out as `encrypt`, and so are the others. */
  readonly decrypt: Int32Array;
  /** Undo a permutation alone, whatever the selectors: what the first decryption round starts with. */
  readonly unpermute: Int32Array;
  /** Undo a substitution alone: what the last decryption round ends with. */
  readonly unsubstitute: Int32Array;
}

/** The permutation has no selectors: whichever table is read, it is the same. */
const NO_SELECTORS = new Uint16Array(1);

const compiled = new WeakMap<StaTables, CompiledTables>();

/**
 * @param key - 8 bytes, the decoder key as DKGA prints it, first byte most significant; only read.
 * @param tables - the production tables unless an illustration asks for others.
 * @throws RangeError when the key is not 8 bytes.
 */
export function createSta(key: Uint8Array, tables: StaTables = STA_TABLES): BlockCipher {
  assertBytes(key, 8, 'key');
  return new Sta(compile(tables), selectorsOf(key));
}

/** A class, so that a new key costs one object and 16 words: a vending server makes one cipher a sale. */
class Sta implements BlockCipher {
  readonly keyBits = 64;
  readonly #lookup: CompiledTables;
  /** A word a round, nibble n's selector in bit n. */
  readonly #selectors: Uint16Array;

  constructor(lookup: CompiledTables, selectors: Uint16Array) {
    this.#lookup = lookup;
    this.#selectors = selectors;
  }

  encrypt(block: Block): void {
    runRounds(block, this.#lookup.encrypt, this.#selectors, 0, 1, ROUNDS);
  }

  /**
   * The rounds backwards. Encryption ends with a permutation, so decryption begins by undoing one; after that each round
   * undoes its substitution and the permutation of the round before, and the first round has none before it.
   */
  decrypt(block: Block): void {
    const { decrypt, unpermute, unsubstitute } = this.#lookup;
    runRounds(block, unpermute, NO_SELECTORS, 0, 1, 1);
    runRounds(block, decrypt, this.#selectors, ROUNDS - 1, -1, ROUNDS - 1);
    runRounds(block, unsubstitute, this.#selectors, 0, 1, 1);
  }
}

/**
 * The selector bits of each round, 16 a round, nibble n's in bit n: bit 4n+3 of the key register, which starts as NOT key
 * rotated right by 12 and rotates left by one a round.
 */
function selectorsOf(key: Uint8Array): Uint16Array {
  let high = ~((key[0]! << 24) | (key[1]! << 16) | (key[2]! << 8) | key[3]!);
  let low = ~((key[4]! << 24) | (key[5]! << 16) | (key[6]! << 8) | key[7]!);
  const leaving = low << 20;
  low = (low >>> 12) | (high << 20);
  high = (high >>> 12) | leaving;
  const selectors = new Uint16Array(ROUNDS);
  for (let round = 0; round < ROUNDS; round += 1) {
    selectors[round] = (everyFourthBit(high) << 8) | everyFourthBit(low);
    const carried = high >>> 31;
    high = (high << 1) | (low >>> 31);
    low = (low << 1) | carried;
  }
  return selectors;
}

/** Bits 3, 7, … 31 of a word as one byte, by halving the gaps between them. */
function everyFourthBit(word: number): number {
  let bits = (word >>> 3) & 0x11111111;
  bits = (bits | (bits >>> 3)) & 0x03030303;
  bits = (bits | (bits >>> 6)) & 0x000f000f;
  return (bits | (bits >>> 12)) & 0xff;
}

/**
 * `count` rounds, from the one whose selectors stand at `at`, forwards or backwards: each looks up its eight bytes at once.
 * Byte b has its four tables at b * BYTE_WORDS, and the two selector bits of its nibbles, 2b+1 and 2b, choose among them.
 */
function runRounds(
  block: Block,
  table: Int32Array,
  selectors: Uint16Array,
  at: number,
  step: number,
  count: number,
): void {
  let high = block[0]!;
  let low = block[1]!;
  for (let round = 0, from = at; round < count; round += 1, from += step) {
    const s = selectors[from]!;
    const i0 = ((s << 9) & 0x600) | ((low << 1) & 0x1fe);
    const i1 = BYTE_WORDS | ((s << 7) & 0x600) | ((low >>> 7) & 0x1fe);
    const i2 = (2 * BYTE_WORDS) | ((s << 5) & 0x600) | ((low >>> 15) & 0x1fe);
    const i3 = (3 * BYTE_WORDS) | ((s << 3) & 0x600) | ((low >>> 23) & 0x1fe);
    const i4 = (4 * BYTE_WORDS) | ((s << 1) & 0x600) | ((high << 1) & 0x1fe);
    const i5 = (5 * BYTE_WORDS) | ((s >>> 1) & 0x600) | ((high >>> 7) & 0x1fe);
    const i6 = (6 * BYTE_WORDS) | ((s >>> 3) & 0x600) | ((high >>> 15) & 0x1fe);
    const i7 = (7 * BYTE_WORDS) | ((s >>> 5) & 0x600) | ((high >>> 23) & 0x1fe);
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
    unpermute: byteTables(stay, stay, back),
    unsubstitute: byteTables(u1, u2, stay),
  };
}

/** Tables [byte position][selector pair][byte value] of a substitution followed by a movement of bits. */
function byteTables(zero: readonly number[], one: readonly number[], move: readonly number[]): Int32Array {
  const table = new Int32Array(BYTES * BYTE_WORDS);
  for (let byte = 0; byte < BYTES; byte += 1) {
    for (let selectors = 0; selectors < 4; selectors += 1) {
      const lowNibble = selectors & 1 ? one : zero;
      const highNibble = selectors & 2 ? one : zero;
      for (let value = 0; value < 256; value += 1) {
        const substituted = lowNibble[value & 15]! | (highNibble[value >>> 4]! << 4);
        const at = byte * BYTE_WORDS + selectors * TABLE_WORDS + 2 * value;
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
