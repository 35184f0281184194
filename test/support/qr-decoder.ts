/**
 * Reads a QR code from its modules, independent of the package that draws them: format, mask, codewords in blocks, error
 * correction checked (all syndromes zero), byte mode. Written from ISO/IEC 18004; level M alone, versions 1 to 15.
 */

export type Modules = readonly (readonly boolean[])[];

/** Level M: error correction codewords of a block, then pairs of how many blocks and of how many data codewords each. */
const LEVEL_M: Readonly<Record<number, readonly number[]>> = {
  1: [10, 1, 16],
  2: [16, 1, 28],
  3: [26, 1, 44],
  4: [18, 2, 32],
  5: [24, 2, 43],
  6: [16, 4, 27],
  7: [18, 4, 31],
  8: [22, 2, 38, 2, 39],
  9: [22, 3, 36, 2, 37],
  10: [26, 4, 43, 1, 44],
  11: [30, 1, 50, 4, 51],
  12: [22, 6, 36, 2, 37],
  13: [22, 8, 37, 1, 38],
  14: [24, 4, 40, 5, 41],
  15: [24, 5, 41, 5, 42],
};
const ALIGNMENT: Readonly<Record<number, readonly number[]>> = {
  1: [],
  2: [6, 18],
  3: [6, 22],
  4: [6, 26],
  5: [6, 30],
  6: [6, 34],
  7: [6, 22, 38],
  8: [6, 24, 42],
  9: [6, 26, 46],
  10: [6, 28, 50],
  11: [6, 30, 54],
  12: [6, 32, 58],
  13: [6, 34, 62],
  14: [6, 26, 46, 66],
  15: [6, 26, 48, 70],
};

const MASKS: readonly ((row: number, column: number) => boolean)[] = [
  (i, j) => (i + j) % 2 === 0,
  (i) => i % 2 === 0,
  (_i, j) => j % 3 === 0,
  (i, j) => (i + j) % 3 === 0,
  (i, j) => (Math.floor(i / 2) + Math.floor(j / 3)) % 2 === 0,
  (i, j) => ((i * j) % 2) + ((i * j) % 3) === 0,
  (i, j) => (((i * j) % 2) + ((i * j) % 3)) % 2 === 0,
  (i, j) => (((i + j) % 2) + ((i * j) % 3)) % 2 === 0,
];

export function decodeQr(modules: Modules): string {
  const size = modules.length;
  const version = (size - 17) / 4;
  const shape = LEVEL_M[version];
  if (shape === undefined) throw new Error(`no version has ${size} modules`);
  const mask = MASKS[formatOf(modules) & 7]!;
  const isFunction = functionModules(size, version);
  const bits: number[] = [];
  let isUpward = true;
  for (let right = size - 1; right > 0; right -= 2) {
    if (right === 6) right -= 1;
    for (let step = 0; step < size; step += 1) {
      const row = isUpward ? size - 1 - step : step;
      for (const column of [right, right - 1]) {
        if (!isFunction(row, column)) bits.push(Number(modules[row]![column]! !== mask(row, column)));
      }
    }
    isUpward = !isUpward;
  }
  const codewords = Array.from({ length: Math.floor(bits.length / 8) }, (_, index) =>
    Number.parseInt(bits.slice(index * 8, index * 8 + 8).join(''), 2),
  );
  return textOf(dataOf(codewords, shape), version);
}

/** Two bits of level, three of mask, ten of BCH, all under a fixed mask; read from the upper left. */
function formatOf(modules: Modules): number {
  const at = (row: number, column: number) => Number(modules[row]![column]!);
  const bits = [0, 1, 2, 3, 4, 5].map((column) => at(8, column));
  bits.push(at(8, 7), at(8, 8), at(7, 8));
  for (let row = 5; row >= 0; row -= 1) bits.push(at(row, 8));
  const format = Number.parseInt(bits.join(''), 2) ^ 0b101010000010010;
  let rest = format;
  for (let bit = 14; bit >= 10; bit -= 1) if (rest & (1 << bit)) rest ^= 0b10100110111 << (bit - 10);
  if (rest !== 0) throw new Error('the format information is damaged');
  if (format >> 13 !== 0) throw new Error('not level M');
  return format >> 10;
}

function functionModules(size: number, version: number): (row: number, column: number) => boolean {
  const centres = ALIGNMENT[version]!;
  const last = centres.at(-1) ?? 0;
  const isAlignment = (row: number, column: number) =>
    centres.some((y) =>
      centres.some(
        (x) =>
          !((y === 6 && x === 6) || (y === 6 && x === last) || (y === last && x === 6)) &&
          Math.abs(row - y) <= 2 &&
          Math.abs(column - x) <= 2,
      ),
    );
  return (row, column) => {
    if (row === 6 || column === 6) return true;
    if ((row < 9 && column < 9) || (row < 9 && column >= size - 8) || (row >= size - 8 && column < 9))
      return true;
    if (version >= 7 && ((row < 6 && column >= size - 11) || (column < 6 && row >= size - 11))) return true;
    return isAlignment(row, column);
  };
}

function dataOf(codewords: readonly number[], [ec = 0, ...groups]: readonly number[]): readonly number[] {
  const blocks: { length: number; words: number[] }[] = [];
  for (let index = 0; index < groups.length; index += 2) {
    for (let n = 0; n < groups[index]!; n += 1) blocks.push({ length: groups[index + 1]!, words: [] });
  }
  let at = 0;
  const longest = Math.max(...blocks.map(({ length }) => length));
  for (let index = 0; index < longest; index += 1) {
    for (const { length, words } of blocks) if (index < length) words.push(codewords[at++]!);
  }
  for (let index = 0; index < ec; index += 1) for (const { words } of blocks) words.push(codewords[at++]!);
  for (const { words } of blocks) checkSyndromes(words, ec);
  return blocks.flatMap(({ length, words }) => words.slice(0, length));
}

/** A code word of the Reed-Solomon code is zero at 2^0 to 2^(ec-1) in GF(256), polynomial 0x11d. */
function checkSyndromes(words: readonly number[], ec: number): void {
  let root = 1;
  for (let index = 0; index < ec; index += 1) {
    const value = words.reduce((sum, word) => times(sum, root) ^ word, 0);
    if (value !== 0) throw new Error('a code word is damaged');
    root = times(root, 2);
  }
}

function times(left: number, right: number): number {
  let product = 0;
  let shifted = left;
  for (let bits = right; bits > 0; bits >>= 1) {
    if (bits & 1) product ^= shifted;
    shifted = (shifted << 1) ^ (shifted & 0x80 ? 0x11d : 0);
  }
  return product;
}

const ALPHANUMERIC = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ $%*+-./:';

/** Segments of digits, of alphanumeric characters and of bytes, as a writer may mix them to save room. */
function textOf(data: readonly number[], version: number): string {
  let bits = data.map((word) => word.toString(2).padStart(8, '0')).join('');
  const take = (length: number) => {
    const value = Number.parseInt(bits.slice(0, length), 2);
    bits = bits.slice(length);
    return value;
  };
  let text = '';
  while (bits.length >= 4) {
    const mode = take(4);
    if (mode === 0) break;
    if (mode === 1) {
      let left = take(version < 10 ? 10 : 12);
      for (; left >= 3; left -= 3) text += String(take(10)).padStart(3, '0');
      if (left > 0) text += String(take(left === 2 ? 7 : 4)).padStart(left, '0');
    } else if (mode === 2) {
      let left = take(version < 10 ? 9 : 11);
      for (; left >= 2; left -= 2) {
        const pair = take(11);
        text += `${ALPHANUMERIC[Math.floor(pair / 45)]}${ALPHANUMERIC[pair % 45]}`;
      }
      if (left === 1) text += ALPHANUMERIC[take(6)];
    } else if (mode === 4) {
      const length = take(version < 10 ? 8 : 16);
      text += Buffer.from(Array.from({ length }, () => take(8))).toString('utf8');
    } else throw new Error(`mode ${mode} is not read here`);
  }
  return text;
}
