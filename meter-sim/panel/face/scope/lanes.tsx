/** Voltage, current, coil and contact one below the other over one axis of time: what runs, and what is frozen. */
import type { ComponentChildren } from 'preact';
import type { Span } from './figures.ts';
import { lineOf, place, roundCrest, type Scale, stepsOf, ticksOf } from './geometry.ts';
import { MARK_ROW, type Mark, Marks } from './marks.tsx';
import { useSay } from './speech.ts';
import { useWidth } from './use-picture.ts';

export interface LaneColumns {
  readonly atMicros: readonly number[];
  readonly volt: readonly number[];
  readonly amp: readonly number[];
  readonly coil: readonly boolean[];
  readonly contact: readonly boolean[];
}

interface LanesProps {
  readonly columns: LaneColumns | undefined;
  /** What is shown, and which moment the axis counts from. */
  readonly window: Span;
  readonly originMicros: number;
  readonly axis: string;
  readonly marks?: readonly Mark[];
  readonly arcs?: readonly Span[];
  /** What the arc was, for a wide picture and for a narrow one. */
  readonly arcNames?: readonly [wide: string, narrow: string];
  /** What the picture says, for those who do not see it. */
  readonly said: string;
  /** Instead of a picture that is not there yet. */
  readonly instead?: string;
}

const LEFT = 58;
const RIGHT = 10;
const TOP = 5 * MARK_ROW + 4;
const WAVE = 92;
const STEP = 24;
/** Between two lanes stands the name of the lower one. */
const GAP = 20;
const LANES = {
  volt: TOP,
  amp: TOP + WAVE + GAP,
  coil: TOP + 2 * WAVE + GAP + 10,
  contact: TOP + 2 * WAVE + GAP + 10 + STEP + 8,
};
const BOTTOM = LANES.contact + STEP;
/** Of the whole picture; the same whatever is in it, so that nothing moves. */
export const LANES_HEIGHT = BOTTOM + 36;
/** Below this width the names of two things in a row would meet. */
const NARROW = 500;
/** An arc is seen however narrow it is. */
const NARROWEST_ARC = 2;

export function Lanes(props: LanesProps) {
  const { columns, window, originMicros, axis, marks = [], arcs = [], arcNames, said, instead } = props;
  const { say } = useSay();
  const [frame, width] = useWidth<HTMLDivElement>();
  const x: Scale = { from: window[0], to: window[1], start: LEFT, end: width - RIGHT };
  const shaded = arcs.map(([from, to]) => {
    const at = place(x, Math.max(from, x.from));
    return { at, wide: Math.max(NARROWEST_ARC, place(x, Math.min(to, x.to)) - at) };
  });
  return (
    <div class="picture" ref={frame}>
      <svg width={width} height={LANES_HEIGHT} role="img" aria-label={said}>
        {instead !== undefined && <Instead width={width} text={instead} />}
        <TimeAxis x={x} originMicros={originMicros} name={axis} />
        <Wave x={x} kind="volt" name={say('voltage')} columns={columns} least={10} />
        <Wave x={x} kind="amp" name={say('current')} columns={columns} least={1}>
          {shaded.map(({ at, wide }) => (
            <rect key={at} class="arc" x={at} y={0} width={wide} height={WAVE} />
          ))}
        </Wave>
        {arcNames !== undefined && (
          <text class="arc-name" x={x.end} y={LANES.amp - 6} text-anchor="end">
            {arcs.length > 0 && <tspan class="arc-key">■ </tspan>}
            {arcNames[width < NARROW ? 1 : 0]}
          </text>
        )}
        <Steps x={x} kind="coil" name={say('coil')} columns={columns} />
        <Steps x={x} kind="contact" name={say('contact')} columns={columns} />
        <Marks marks={marks} x={x} bottom={BOTTOM} />
      </svg>
    </div>
  );
}

function Instead({ width, text }: { readonly width: number; readonly text: string }) {
  return (
    <foreignObject x={0} y={0} width={width} height={TOP}>
      <p class="instead">{text}</p>
    </foreignObject>
  );
}

interface LaneProps {
  readonly x: Scale;
  readonly name: string;
  readonly columns: LaneColumns | undefined;
}

interface WaveProps extends LaneProps {
  readonly kind: 'volt' | 'amp';
  /** The least that the lane reaches up to. */
  readonly least: number;
  readonly children?: ComponentChildren;
}

/** What does not fit is cut off at the lane's edge, as an inner `svg` does. */
function Wave({ x, kind, name, columns, least, children }: WaveProps) {
  const top = LANES[kind];
  const { atMicros = [] } = columns ?? {};
  const seen = columns?.[kind].filter((_, index) => isWithin(x, atMicros[index] as number)) ?? [];
  const crest = roundCrest(seen, least);
  const y: Scale = { from: -crest, to: crest, start: WAVE - 4, end: 4 };
  return (
    <g>
      <rect class="lane" x={x.start} y={top} width={x.end - x.start} height={WAVE} />
      {[crest, 0, -crest].map((value) => (
        <g key={value}>
          <line class="grid" x1={x.start} x2={x.end} y1={top + place(y, value)} y2={top + place(y, value)} />
          <text class="tick" x={x.start - 5} y={top + place(y, value) + 4} text-anchor="end">
            {String(value).replace('-', '−')}
          </text>
        </g>
      ))}
      <svg
        aria-hidden="true"
        x={x.start}
        y={top}
        width={x.end - x.start}
        height={WAVE}
        viewBox={boxOf(x, WAVE)}
      >
        {children}
        {columns !== undefined && (
          <path class={`trace ${kind}`} d={lineOf(x, y, columns.atMicros, columns[kind])} />
        )}
      </svg>
      <text class={`lane-name ${kind}`} x={x.start} y={top - 6}>
        {name}
      </text>
    </g>
  );
}

function Steps({ x, kind, name, columns }: LaneProps & { readonly kind: 'coil' | 'contact' }) {
  const top = LANES[kind];
  return (
    <g>
      <rect class="lane" x={x.start} y={top} width={x.end - x.start} height={STEP} />
      <svg
        aria-hidden="true"
        x={x.start}
        y={top}
        width={x.end - x.start}
        height={STEP}
        viewBox={boxOf(x, STEP)}
      >
        {columns !== undefined && (
          <path class={`trace ${kind}`} d={stepsOf(x, columns.atMicros, columns[kind], STEP)} />
        )}
      </svg>
      <text class={`lane-name ${kind}`} x={x.start - 5} y={top + 16} text-anchor="end">
        {name}
      </text>
    </g>
  );
}

const isWithin = ({ from, to }: Scale, at: number): boolean => at >= from && at <= to;

const boxOf = (x: Scale, height: number): string => `${x.start} 0 ${x.end - x.start} ${height}`;

interface TimeAxisProps {
  readonly x: Scale;
  readonly originMicros: number;
  readonly name: string;
}

function TimeAxis({ x, originMicros, name }: TimeAxisProps) {
  const { digits } = useSay();
  const [from, to] = [(x.from - originMicros) / 1_000, (x.to - originMicros) / 1_000];
  const ticks = ticksOf(from, to, Math.max(3, Math.floor((x.end - x.start) / 75)));
  const step = (ticks[1] ?? 1) - (ticks[0] ?? 0);
  const decimals = Math.max(0, -Math.floor(Math.log10(step) + 1e-9));
  return (
    <g>
      {ticks.map((tick) => {
        const at = place(x, originMicros + tick * 1_000);
        return (
          <g key={tick}>
            <line class="grid" x1={at} x2={at} y1={TOP} y2={BOTTOM} />
            <text class="tick" x={at} y={BOTTOM + 15} text-anchor="middle">
              {digits(tick, decimals).replace('-', '−')}
            </text>
          </g>
        );
      })}
      <text class="tick" x={x.end} y={BOTTOM + 31} text-anchor="end">
        {name}
      </text>
    </g>
  );
}
