/** Moments in a picture: a line down from a name, each name in a row of its own. */
import { place, type Scale, spread } from './geometry.ts';

export interface Mark {
  readonly name: string;
  /** Its kind, for its colour and its dashes. */
  readonly kind: string;
  readonly at: number;
}

interface MarksProps {
  readonly marks: readonly Mark[];
  readonly x: Scale;
  /** Where the lines end. */
  readonly bottom: number;
}

export const MARK_ROW = 17;
/** Of the letters of a name at 12 pixels, a little more than most fonts need. */
const LETTER = 6.7;
const GAP = 5;

export function Marks({ marks, x, bottom }: MarksProps) {
  const shown = marks.filter(({ at }) => at >= x.from && at <= x.to);
  if (shown.length === 0) return null;
  const labels = shown.map(({ name, at }) => ({ x: place(x, at), width: name.length * LETTER + GAP }));
  const places = spread(labels, x.end);
  return (
    <g class="marks">
      {shown.map(({ kind }, index) => {
        const { x: at } = labels[index] as (typeof labels)[number];
        const { row } = places[index] as (typeof places)[number];
        return (
          <line key={kind} class={`mark mark-${kind}`} x1={at} x2={at} y1={row * MARK_ROW + 3} y2={bottom} />
        );
      })}
      {shown.map(({ kind, name }, index) => {
        const { x: at } = labels[index] as (typeof labels)[number];
        const { row, anchor } = places[index] as (typeof places)[number];
        const side = anchor === 'start' ? GAP : -GAP;
        return (
          <text
            key={kind}
            class={`mark-name name-${kind}`}
            x={at + side}
            y={row * MARK_ROW + 13}
            text-anchor={anchor}
          >
            {name}
          </text>
        );
      })}
    </g>
  );
}
