/** The strokes of a cell of fourteen segments and a point, in a box of 14 by 36 (hardware/segment-font.ts names the letters). */
const STROKES: Readonly<Record<string, string>> = {
  a: 'M2.6 1.4H11.4',
  b: 'M12.8 3V16.4',
  c: 'M12.8 19.6V33',
  d: 'M2.6 34.6H11.4',
  e: 'M1.2 19.6V33',
  f: 'M1.2 3V16.4',
  g: 'M2.6 18H6',
  p: 'M8 18H11.4',
  h: 'M2.9 4L5.6 15.6',
  i: 'M7 3.4V16.2',
  j: 'M11.1 4L8.4 15.6',
  k: 'M2.9 32L5.6 20.4',
  l: 'M7 19.8V32.6',
  m: 'M11.1 32L8.4 20.4',
  '.': 'M16.2 34.6h.1',
};

/** @returns one path for all lit segments of a cell. */
export function strokesOf(letters: string): string {
  return Array.from(letters, (letter) => STROKES[letter] ?? '').join('');
}

export const ALL_STROKES = Object.values(STROKES).join('');
