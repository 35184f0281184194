/** Where things stand in a picture: scales, ticks, lines, labels out of each other's way. Pixels of CSS, y downwards. */

export interface Scale {
  readonly from: number;
  readonly to: number;
  /** Pixels at `from` and at `to`. */
  readonly start: number;
  readonly end: number;
}

/** @returns the pixel, to a tenth. */
export function place({ from, to, start, end }: Scale, value: number): number {
  return Math.round((start + ((value - from) / (to - from)) * (end - start)) * 10) / 10;
}

const TICK_STEPS = [1, 2, 5, 10];

/** @returns round values within a scale, at most `most` of them. */
export function ticksOf(from: number, to: number, most: number): number[] {
  const rough = (to - from) / most;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = power * (TICK_STEPS.find((each) => each * power >= rough) ?? 10);
  const first = Math.ceil(from / step);
  const count = Math.floor(to / step) - first + 1;
  // Multiples, for a sum of steps drifts; and no -0.
  return Array.from({ length: count }, (_, index) => Number(((first + index) * step).toPrecision(12)) + 0);
}

/** @returns a round value that is not below any of these, nor below `least`. */
export function roundCrest(values: readonly number[], least: number): number {
  const crest = values.reduce((most, value) => Math.max(most, Math.abs(value)), least);
  const power = 10 ** Math.floor(Math.log10(crest));
  return power * ([1, 1.5, 2, 3, 4, 5, 6, 8].find((each) => each * power >= crest) ?? 10);
}

/** @returns an SVG path through the points. */
export function lineOf(x: Scale, y: Scale, at: readonly number[], values: readonly number[]): string {
  return values
    .map((value, index) => `${index === 0 ? 'M' : 'L'}${place(x, at[index] as number)} ${place(y, value)}`)
    .join('');
}

/** @returns an SVG path that steps between two levels. */
export function stepsOf(x: Scale, at: readonly number[], values: readonly boolean[], height: number): string {
  const level = (isOn: boolean | undefined): number => (isOn ? 3 : height - 3);
  let path = '';
  for (const [index, isOn] of values.entries()) {
    if (index === 0) path = `M${place(x, at[0] as number)} ${level(isOn)}`;
    else if (isOn !== values[index - 1]) path += `H${place(x, at[index] as number)}V${level(isOn)}`;
  }
  const last = at[values.length - 1];
  return last === undefined ? path : `${path}H${place(x, last)}`;
}

export interface Label {
  /** Where what is named stands, and how wide its name is. */
  readonly x: number;
  readonly width: number;
}

export interface PlacedLabel {
  readonly row: number;
  readonly anchor: 'start' | 'end';
}

/**
 * Gives each label a row of its own, on the right of its line where there is room, else on the left. Whoever stands on the right
 * hangs above all that are farther right, whoever on the left above all that are farther left: so no line down from a label
 * crosses another one of its side.
 * @param end - how far the picture goes.
 */
export function spread(labels: readonly Label[], end: number): PlacedLabel[] {
  const anchors = labels.map(({ x, width }) => (x + width <= end || x < end / 2 ? 'start' : 'end'));
  const xOf = (index: number): number => (labels[index] as Label).x;
  const all = labels.map((_, index) => index);
  const left = all.filter((index) => anchors[index] === 'end').sort((a, b) => xOf(b) - xOf(a));
  const right = all.filter((index) => anchors[index] === 'start').sort((a, b) => xOf(a) - xOf(b));
  const rows = [...left, ...right];
  return all.map((index) => ({ row: rows.indexOf(index), anchor: anchors[index] as 'start' | 'end' }));
}
