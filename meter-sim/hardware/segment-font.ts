/**
 * The glass's characters as cells of fourteen segments and a point: what is lit when the firmware shows a text.
 *
 *      aaaaa        a top, b and c right, d bottom, e and f left, g middle left, p middle right,
 *     fh i jb       h i j the upper inner strokes (falling, upright, rising),
 *     f hij b       k l m the lower inner strokes (rising, upright, falling), `.` the point.
 *      gg pp
 *     e klm c       A point in a text lights the point of the cell before it, unless that is taken or there is none.
 *     ek l mc
 *      ddddd .
 */

/** Letters of the segments in the order of their bits: bit 0 is `a`, bit 14 the point. */
export const SEGMENTS = 'abcdefghijklmp.';

const POINT = 1 << (SEGMENTS.length - 1);

/** Character, then its lit segments. Unlike characters look unlike, but for the brackets and what the test lists. */
const FONT_TEXT = `
0 abcdefjk|1 bcj|2 abdegp|3 abcdp|4 bcfgp|5 adfgm|6 acdefgp|7 abc|8 abcdefgp|9 abcdfgp
A abcefgp|B abcdpil|C adef|D abcdil|E adefgp|F aefg|G acdefp|H bcefgp|I adil|J bcde|K efgjm|L def|M bcefhj
N bcefhm|O abcdef|P abefgp|Q abcdefm|R abefgpm|S acdfgp|T ail|U bcdef|V efjk|W bcefkm|X hjkm|Y hjl|Z adjk
a degl|b defgm|c degp|d bcdpk|e degk|f gpjl|g bcdpj|h efgl|i l|j bcd|k ijlm|l ef|m ceglp|n egl|o cdegp|p efgh
q bcpj|r eg|s dpm|t defg|u cde|v ek|w cekm|x gpkm|y bcdpi|z dgk
- gp|_ d|+ gpil|/ jk|\\ hm|* ghijklmp|= dgp|( jm|) hk|< gjm|> hkp|[ adef|] abcd|{ gadil|} padil|% cfjk|, k|: il|; ik
' i|" bi|! bcl|? abpl|# bcdgpil|$ acdfgpil|& acdehm|@ abdefpi|^ km|\` h|~ fgp|° abfgp`;

const FONT = readFont(FONT_TEXT);

/**
 * @param text - at most `width` characters.
 * @returns one number per cell, the bits of {@link SEGMENTS}; a dark cell is 0.
 * @throws RangeError for a character that the glass cannot draw.
 */
export function litSegments(text: string, width: number): number[] {
  const cells: number[] = [];
  for (const character of text) {
    const last = cells.length - 1;
    const before = cells[last];
    if (character === '.' && before !== undefined && (before & POINT) === 0) cells[last] = before | POINT;
    else cells.push(segmentsOf(character));
  }
  while (cells.length < width) cells.push(0);
  return cells;
}

/** @returns the letters of the lit segments of one cell, as in `abc.`. */
export function segmentLetters(cell: number): string {
  return Array.from(SEGMENTS)
    .filter((_, bit) => (cell & (1 << bit)) !== 0)
    .join('');
}

function segmentsOf(character: string): number {
  const bits = FONT.get(character);
  if (bits === undefined) throw new RangeError(`"text" expected characters of the glass, got "${character}"`);
  return bits;
}

function readFont(text: string): ReadonlyMap<string, number> {
  const font = new Map<string, number>([
    [' ', 0],
    ['.', POINT],
    ['|', bitsOf('il')],
  ]);
  for (const entry of text.trim().split(/[|\n]/)) font.set(entry.charAt(0), bitsOf(entry.slice(2)));
  return font;
}

function bitsOf(letters: string): number {
  return Array.from(letters).reduce((bits, letter) => bits | (1 << SEGMENTS.indexOf(letter)), 0);
}
