/**
 * How many columns of a fixed-width printer a text takes, and where it may be cut. Chinese, Japanese, Korean and full-width
 * characters take two; marks that stand on a letter take none. A cut never parts a letter from its marks.
 */

/** East Asian Wide and Fullwidth by block (Unicode UAX #11), and pictures. */
const WIDE = new RegExp(
  [
    '[\\u1100-\\u115f\\u2e80-\\u303e\\u3041-\\u33ff\\u3400-\\u4dbf\\u4e00-\\ua4cf\\ua960-\\ua97c\\uac00-\\ud7a3]',
    '[\\uf900-\\ufaff\\ufe10-\\ufe19\\ufe30-\\ufe6f\\uff01-\\uff60\\uffe0-\\uffe6]',
    '[\\u{1f300}-\\u{1faff}\\u{20000}-\\u{3fffd}]',
    '\\p{Emoji_Presentation}',
  ].join('|'),
  'u',
);

/** Marks, and characters that only join or hide: nothing of them is seen. */
const UNSEEN = /^[\p{M}\p{Cf}]+$/u;

/** Controls would command the printer; marks of direction would let one text be read as another. */
const UNPRINTABLE = /[\p{Cc}\p{Zl}\p{Zp}\p{Cs}\u200e\u200f\u061c\u202a-\u202e\u2066-\u2069]/gu;

const letters = new Intl.Segmenter('und', { granularity: 'grapheme' });

export function printable(text: string): string {
  return text.replace(UNPRINTABLE, ' ');
}

/** Latin with its ready-made accents: each is one letter of one column. */
const PLAIN = /^[\x20-\x7e\u00a0-\u024f]*$/;

function lettersOf(text: string): readonly string[] {
  if (PLAIN.test(text)) return [...text];
  return [...letters.segment(text)].map(({ segment }) => segment);
}

export function widthOf(text: string): number {
  if (PLAIN.test(text)) return text.length;
  return lettersOf(text).reduce((sum, letter) => sum + letterWidth(letter), 0);
}

function letterWidth(letter: string): number {
  if (WIDE.test(letter)) return 2;
  return UNSEEN.test(letter) ? 0 : 1;
}

/**
 * Lines of at most `width`, broken between words, and inside a word only where it is longer than a line. An unbroken space
 * is printed as a plain one.
 * @param measure - the width of a text in the same unit; columns when absent.
 */
export function wrap(
  text: string,
  width: number,
  measure: (text: string) => number = widthOf,
): readonly string[] {
  const indent = /^ */.exec(text)?.[0] ?? '';
  const indented = measure(indent);
  const space = measure(' ');
  const lines: string[] = [];
  let line = indent;
  let filled = indented;
  let isEmpty = true;
  for (const word of printable(text)
    .split(' ')
    .filter((part) => part !== '')
    .flatMap((part) => pieces(part, width - indented, measure))) {
    const wide = measure(word);
    if (!isEmpty && filled + space + wide > width) {
      lines.push(line);
      line = indent;
      filled = indented;
      isEmpty = true;
    }
    line += isEmpty ? word : ` ${word}`;
    filled += isEmpty ? wide : space + wide;
    isEmpty = false;
  }
  return [...lines, line].map((whole) => whole.replaceAll('\u00a0', ' '));
}

function pieces(word: string, width: number, measure: (text: string) => number): readonly string[] {
  if (measure(word) <= width) return [word];
  const found: string[] = [];
  let piece = '';
  let filled = 0;
  for (const letter of lettersOf(word)) {
    const wide = measure(letter);
    if (piece !== '' && filled + wide > width) {
      found.push(piece);
      piece = '';
      filled = 0;
    }
    piece += letter;
    filled += wide;
  }
  return [...found, piece];
}
