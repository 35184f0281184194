/**
 * A second opinion, written from sts.md 5.1 for clarity alone: the Standard Transfer Algorithm on bit strings and BigInt.
 * Nothing of `lib` is used. Encryption is the text's; decryption its "equivalent form", which shares no line with it.
 */
const S1 = [14, 10, 7, 9, 12, 3, 2, 5, 13, 0, 15, 1, 4, 8, 6, 11];
const S2 = [12, 8, 2, 13, 7, 6, 1, 3, 11, 5, 9, 15, 0, 4, 10, 14];
// biome-ignore format: as printed
const P = [
  55, 42, 10, 18, 24, 21, 44, 35,  2, 22, 56, 43, 27, 58,  9, 50,
   6, 36, 12, 61, 37, 38, 53, 16, 62,  3,  7,  4, 32, 20, 63, 25,
  51, 52, 54, 33, 49, 19, 46, 29, 48, 31, 23, 30, 41, 28, 13,  5,
  40, 60, 39, 11, 15, 17,  1,  0, 57, 34, 59,  8, 47, 14, 45, 26,
];

const ONES = (1n << 64n) - 1n;

function rotateRight(register: bigint, by: bigint): bigint {
  return ((register >> by) | (register << (64n - by))) & ONES;
}

function bit(register: bigint, index: number): number {
  return Number((register >> BigInt(index)) & 1n);
}

/** Each nibble through the box that its selector bit chooses. */
function substitute(block: bigint, boxOf: (nibble: number) => readonly number[]): bigint {
  let result = 0n;
  for (let nibble = 0; nibble < 16; nibble += 1) {
    const value = Number((block >> BigInt(4 * nibble)) & 15n);
    result |= BigInt(boxOf(nibble)[value]!) << BigInt(4 * nibble);
  }
  return result;
}

export function staEncrypt(key: bigint, block: bigint): bigint {
  let k = rotateRight(~key & ONES, 12n);
  let state = block;
  for (let round = 0; round < 16; round += 1) {
    const substituted = substitute(state, (nibble) => (bit(k, 4 * nibble + 3) === 0 ? S1 : S2));
    state = 0n;
    for (let i = 0; i < 64; i += 1) state |= BigInt(bit(substituted, i)) << BigInt(P[i]!);
    k = rotateRight(k, 63n);
  }
  return state;
}

const INVERSE_S1 = S1.map((_, value) => S1.indexOf(value));
const INVERSE_S2 = S2.map((_, value) => S2.indexOf(value));

/** k = the key itself, selector = bit 4n of k: 0 takes the inverse of S2, 1 that of S1; k rotates right. */
export function staDecrypt(key: bigint, block: bigint): bigint {
  let k = key;
  let state = block;
  for (let round = 0; round < 16; round += 1) {
    let moved = 0n;
    for (let i = 0; i < 64; i += 1) moved |= BigInt(bit(state, P[i]!)) << BigInt(i);
    state = substitute(moved, (nibble) => (bit(k, 4 * nibble) === 0 ? INVERSE_S2 : INVERSE_S1));
    k = rotateRight(k, 1n);
  }
  return state;
}
