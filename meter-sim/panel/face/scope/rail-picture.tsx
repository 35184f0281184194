/** The rail's voltage over time with the levels at which something ends, and the EEPROM's writes below it as blocks. */
import type { RailLevels } from '../../../hardware/supply.ts';
import type { SupplyTrace } from '../../scope.ts';
import { isJournal, type SupplyFigures } from './figures.ts';
import { lineOf, place, type Scale, ticksOf } from './geometry.ts';
import { MARK_ROW, type Mark, Marks } from './marks.tsx';
import { type Saying, useSay } from './speech.ts';
import { useWidth } from './use-picture.ts';

interface RailPictureProps {
  readonly trace: SupplyTrace | undefined;
  readonly figures: SupplyFigures | undefined;
  readonly said: string;
}

const LEFT = 46;
const RIGHT = 10;
const TOP = 5 * MARK_ROW + 4;
const RAIL = 232;
const WRITES = TOP + RAIL + 8;
const WRITE = 30;
const BOTTOM = WRITES + WRITE;
const HEIGHT = BOTTOM + 36;
/** Room for the page's number in its block. */
const NUMBERED = 24;
/** Of the picture: a volt is higher than a name, for two levels lie a volt apart. */
const HIGHEST_VOLT = 13;
const NOTHING_MICROS = 60_000;

export function RailPicture({ trace, figures, said }: RailPictureProps) {
  const { say, span } = useSay();
  const [frame, width] = useWidth<HTMLDivElement>();
  const lost = figures?.lostAtMicros ?? 0;
  const last = trace?.atMicros.at(-1) ?? NOTHING_MICROS;
  const x: Scale = { from: lost, to: last, start: LEFT, end: width - RIGHT };
  const y: Scale = { from: 0, to: HIGHEST_VOLT, start: TOP + RAIL, end: TOP };
  const saved = figures?.savedAtMicros ?? null;
  const reset = figures?.resetAtMicros ?? null;
  return (
    <div class="picture" ref={frame}>
      <svg width={width} height={HEIGHT} role="img" aria-label={said}>
        {trace === undefined && (
          <foreignObject x={0} y={0} width={width} height={TOP}>
            <p class="instead">{say('noSupply')}</p>
          </foreignObject>
        )}
        <rect class="lane" x={x.start} y={TOP} width={x.end - x.start} height={RAIL} />
        <rect class="lane" x={x.start} y={WRITES} width={x.end - x.start} height={WRITE} />
        <Axes x={x} y={y} lost={lost} />
        {saved !== null && reset !== null && reset > saved && (
          <LeftTime
            from={place(x, saved)}
            to={place(x, reset)}
            words={say('left', { time: span(reset - saved) })}
          />
        )}
        {trace !== undefined && <Levels x={x} y={y} levels={trace.railLevels} />}
        {trace !== undefined && <path class="trace rail" d={lineOf(x, y, trace.atMicros, trace.railVolt)} />}
        <text class="lane-name rail" x={x.start + 5} y={TOP - 6}>
          {say('rail')}
        </text>
        <text
          class="tick"
          x={x.start - 4}
          y={WRITES + 19}
          text-anchor="end"
          textLength={LEFT - 6}
          lengthAdjust="spacingAndGlyphs"
        >
          {say('writes')}
        </text>
        {figures !== undefined && <Blocks x={x} figures={figures} />}
        {figures !== undefined && <Marks marks={marksOf(figures, say)} x={x} bottom={BOTTOM} />}
      </svg>
    </div>
  );
}

function marksOf(figures: SupplyFigures, say: Saying['say']): Mark[] {
  const { lostAtMicros, warnedAtMicros, savedAtMicros, resetAtMicros } = figures;
  const all = [
    { kind: 'lost', name: say('mainsLost'), at: lostAtMicros },
    { kind: 'warned', name: say('warned'), at: warnedAtMicros },
    { kind: 'saved', name: say('saved'), at: savedAtMicros },
    { kind: 'reset', name: say('reset'), at: resetAtMicros },
  ];
  return all.flatMap(({ kind, name, at }) => (at === null ? [] : [{ kind, name, at }]));
}

interface AxesProps {
  readonly x: Scale;
  readonly y: Scale;
  readonly lost: number;
}

function Axes({ x, y, lost }: AxesProps) {
  const { say, digits } = useSay();
  const ticks = ticksOf(
    (x.from - lost) / 1_000,
    (x.to - lost) / 1_000,
    Math.max(3, Math.floor((x.end - x.start) / 70)),
  );
  return (
    <g>
      {ticksOf(0, 12, 4).map((volt) => (
        <g key={volt}>
          <line class="grid" x1={x.start} x2={x.end} y1={place(y, volt)} y2={place(y, volt)} />
          <text class="tick" x={x.start - 5} y={place(y, volt) + 4} text-anchor="end">
            {volt}
          </text>
        </g>
      ))}
      {ticks.map((tick) => {
        const at = place(x, lost + tick * 1_000);
        return (
          <g key={tick}>
            <line class="grid" x1={at} x2={at} y1={TOP} y2={BOTTOM} />
            <text class="tick" x={at} y={BOTTOM + 15} text-anchor="middle">
              {digits(tick)}
            </text>
          </g>
        );
      })}
      <text class="tick" x={x.end} y={BOTTOM + 31} text-anchor="end">
        {say('axisLost')}
      </text>
    </g>
  );
}

interface LevelsProps {
  readonly x: Scale;
  readonly y: Scale;
  readonly levels: RailLevels;
}

/** While the rail is high the corner below it is empty: there the names stand, the first above its line, the others below. */
function Levels({ x, y, levels }: LevelsProps) {
  const { say, digits } = useSay();
  const rows = [
    { name: 'brownOut', volt: levels.brownOutVolt, below: -4 },
    { name: 'memoryLevel', volt: levels.memoryVolt, below: 12 },
    { name: 'ramLevel', volt: levels.ramVolt, below: 12 },
  ] as const;
  return (
    <g>
      {rows.map(({ name, volt, below }) => (
        <g key={name}>
          <line
            class={`level level-${name}`}
            x1={x.start}
            x2={x.end}
            y1={place(y, volt)}
            y2={place(y, volt)}
          />
          <text class="level-name" x={x.start + 6} y={place(y, volt) + below}>
            {say(name, { volt: digits(volt, 1) })}
          </text>
        </g>
      ))}
    </g>
  );
}

function Blocks({ x, figures }: { readonly x: Scale; readonly figures: SupplyFigures }) {
  return (
    <g>
      {figures.saves.map(({ page, beganAtMicros, endedAtMicros, isTorn }) => {
        const from = place(x, Math.max(x.from, beganAtMicros));
        const wide = Math.max(2, place(x, Math.min(x.to, endedAtMicros)) - from - 1);
        return (
          <g key={beganAtMicros}>
            <rect class={blockOf(page, isTorn)} x={from} y={WRITES + 3} width={wide} height={WRITE - 6} />
            {wide >= NUMBERED && (
              <text class="block-name" x={from + wide / 2} y={WRITES + 19} text-anchor="middle">
                {page}
              </text>
            )}
          </g>
        );
      })}
    </g>
  );
}

/** The vital records before all that may be lost. */
function blockOf(page: number, isTorn: boolean): string {
  if (isTorn) return 'block torn';
  return isJournal(page) ? 'block' : 'block less';
}

interface LeftTimeProps {
  readonly from: number;
  readonly to: number;
  readonly words: string;
}

function LeftTime({ from, to, words }: LeftTimeProps) {
  const isRoomy = to - from > words.length * 7;
  return (
    <g>
      <rect class="left-time" x={from} y={TOP} width={to - from} height={RAIL} />
      {isRoomy && (
        <text class="left-name" x={(from + to) / 2} y={TOP + 18} text-anchor="middle">
          {words}
        </text>
      )}
    </g>
  );
}
