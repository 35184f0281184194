/**
 * The substitution and permutation tables of the Standard Transfer Algorithm (EA07), in the order and base in which
 * sts.md 5.1 prints them. The algorithm is one thing, its tables another: whoever holds a newer table hands it to
 * `createSta` without touching the code.
 */

export interface StaTables {
  /** 16 nibbles: S1 serves where the selector bit of the key register is 0. */
  readonly s1: readonly number[];
  /** 16 nibbles: S2 serves where the selector bit is 1. */
  readonly s2: readonly number[];
  /** 64 destinations: bit i of the block moves to bit p[i], bit 0 the least significant. */
  readonly p: readonly number[];
}

/** The tables of fielded meters. The official vectors of STS 531-1 confirm every entry (sts.md 5.1 [V]). */
export const STA_TABLES: StaTables = {
  s1: [14, 10, 7, 9, 12, 3, 2, 5, 13, 0, 15, 1, 4, 8, 6, 11],
  s2: [12, 8, 2, 13, 7, 6, 1, 3, 11, 5, 9, 15, 0, 4, 10, 14],
  // biome-ignore format: sixteen to a line, as printed
  p: [
    55, 42, 10, 18, 24, 21, 44, 35,  2, 22, 56, 43, 27, 58,  9, 50,
     6, 36, 12, 61, 37, 38, 53, 16, 62,  3,  7,  4, 32, 20, 63, 25,
    51, 52, 54, 33, 49, 19, 46, 29, 48, 31, 23, 30, 41, 28, 13,  5,
    40, 60, 39, 11, 15, 17,  1,  0, 57, 34, 59,  8, 47, 14, 45, 26,
  ],
};

/** Tables said to be printed in the IEC text for illustration; no meter uses them (sts.md 5.1 [1]). */
export const STA_SAMPLE_TABLES: StaTables = {
  s1: [12, 10, 8, 4, 3, 15, 0, 2, 14, 1, 5, 13, 6, 9, 7, 11],
  s2: [6, 9, 7, 4, 3, 10, 12, 14, 2, 13, 1, 15, 0, 11, 8, 5],
  // biome-ignore format: sixteen to a line, as printed
  p: [
    29, 27, 34,  9, 16, 62, 55,  2, 40, 49, 38, 25, 33, 61, 30, 23,
     1, 41, 21, 57, 42, 15,  5, 58, 19, 53, 22, 17, 48, 28, 24, 39,
     3, 60, 36, 14, 11, 52, 54, 12, 31, 51, 10, 26,  0, 45, 37, 43,
    44,  6, 59,  4,  7, 35, 56, 50, 13, 18, 32, 47, 46, 63, 20,  8,
  ],
};
