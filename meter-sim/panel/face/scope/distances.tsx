/** How far from a zero every switching so far was, beside what a random phase would have given. */
import { useEffect, useState } from 'preact/hooks';
import type { Distances } from '../../scope.ts';
import { ask } from './ask.ts';
import { place, type Scale, ticksOf } from './geometry.ts';
import { useSay } from './speech.ts';
import { useWidth } from './use-picture.ts';

/** Half of a half cycle at 50 Hz to either side. */
const REACH_MICROS = 5_000;
const NEAR_MICROS = 1_000;
/** Bins of the meter in one bar: a narrow one would not be seen. */
const BINS_A_BAR = 2;
const HEIGHT = 132;
const MIDDLE = 58;
const ROOM = 44;

interface Bars {
  readonly from: number;
  readonly width: number;
  readonly open: readonly number[];
  readonly close: readonly number[];
}

export function DistancesPicture({ newest }: { readonly newest: number | undefined }) {
  const { say } = useSay();
  const [distances, setDistances] = useState<Distances | undefined>(undefined);
  const [frame, width] = useWidth<HTMLDivElement>();
  // With every new switching the meter is asked again.
  useEffect(() => {
    void ask('distances').then((answer) => answer && setDistances(answer));
  }, [newest]);
  const bars = distances && barsOf(distances);
  const said = saidOf(distances);
  const x: Scale = { from: -REACH_MICROS, to: REACH_MICROS, start: 8, end: width - 8 };
  return (
    <figure class="distances">
      <figcaption>
        <strong>{say('distances')}</strong> <small>{say('distancesHint')}</small>
      </figcaption>
      <div class="picture" ref={frame}>
        <svg width={width} height={HEIGHT} aria-hidden="true">
          {ticksOf(-5, 5, 5).map((tick) => (
            <g key={tick}>
              <line
                class="grid"
                x1={place(x, tick * 1_000)}
                x2={place(x, tick * 1_000)}
                y1={8}
                y2={MIDDLE + ROOM + 4}
              />
              <text class="tick" x={place(x, tick * 1_000)} y={HEIGHT - 12} text-anchor="middle">
                {String(tick).replace('-', '−')}
              </text>
            </g>
          ))}
          <line class="axis" x1={x.start} x2={x.end} y1={MIDDLE} y2={MIDDLE} />
          {bars !== undefined && <Side x={x} bars={bars} kind="open" />}
          {bars !== undefined && <Side x={x} bars={bars} kind="close" />}
          <text class="lane-name" x={x.start + 2} y={18}>
            {say('openings')}
          </text>
          <text class="lane-name" x={x.start + 2} y={MIDDLE + ROOM}>
            {say('closings')}
          </text>
          <text class="tick" x={x.end} y={HEIGHT} text-anchor="end">
            {say('axisTime')}
          </text>
        </svg>
      </div>
      <p class="hint">
        {say('openingsSaid', said)} {say('closingsSaid', said)} {say('atRandom')}
      </p>
    </figure>
  );
}

interface SideProps {
  readonly x: Scale;
  readonly bars: Bars;
  readonly kind: 'open' | 'close';
}

/** Openings stand up from the axis, closings hang down from it. */
function Side({ x, bars, kind }: SideProps) {
  const counts = bars[kind];
  const all = counts.reduce((sum, count) => sum + count, 0);
  if (all === 0) return null;
  const most = Math.max(...counts);
  const even = (all * bars.width) / (2 * REACH_MICROS);
  const heightOf = (count: number): number => (count / Math.max(most, even)) * ROOM;
  const sign = kind === 'open' ? -1 : 1;
  return (
    <g class={kind}>
      {counts.map((count, index) => {
        if (count === 0) return null;
        const from = bars.from + index * bars.width;
        const left = place(x, from);
        const height = Math.max(2, heightOf(count));
        return (
          <rect
            key={from}
            class={`bar-${kind}`}
            x={left}
            y={kind === 'open' ? MIDDLE - height : MIDDLE}
            width={Math.max(2, place(x, from + bars.width) - left - 0.5)}
            height={height}
          />
        );
      })}
      <line
        class="even"
        x1={x.start}
        x2={x.end}
        y1={MIDDLE + sign * heightOf(even)}
        y2={MIDDLE + sign * heightOf(even)}
      />
    </g>
  );
}

function barsOf({ firstMicros, binMicros, open, close }: Distances): Bars {
  const sum = (counts: readonly number[]): number[] =>
    Array.from({ length: Math.ceil(counts.length / BINS_A_BAR) }, (_, bar) =>
      counts.slice(bar * BINS_A_BAR, (bar + 1) * BINS_A_BAR).reduce((all, count) => all + count, 0),
    );
  return { from: firstMicros, width: binMicros * BINS_A_BAR, open: sum(open), close: sum(close) };
}

function saidOf(distances: Distances | undefined) {
  const count = (counts: readonly number[], reach: number): number =>
    counts.reduce((sum, each, index) => {
      const from = (distances?.firstMicros ?? 0) + index * (distances?.binMicros ?? 0);
      return from >= -reach && from < reach ? sum + each : sum;
    }, 0);
  const { open = [], close = [] } = distances ?? {};
  return {
    openings: count(open, Number.POSITIVE_INFINITY),
    openingsNear: count(open, NEAR_MICROS),
    closings: count(close, Number.POSITIVE_INFINITY),
    closingsNear: count(close, NEAR_MICROS),
  };
}
