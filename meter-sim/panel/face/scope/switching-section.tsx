/** The oscilloscope: the running trace, and the last switchings frozen around their zero. */
import { useEffect, useState } from 'preact/hooks';
import type { SwitchingTrace } from '../../scope.ts';
import { FASTEST_SWEEP, type RunningTrace } from '../../sweep.ts';
import type { LiveLine, MeterState } from '../live.ts';
import { DistancesPicture } from './distances.tsx';
import { FigureList } from './figure-list.tsx';
import { exactColumns, type SwitchingFigures, switchingFigures } from './figures.ts';
import { Lanes } from './lanes.tsx';
import type { Mark } from './marks.tsx';
import { FROM_AIM, FROM_ZERO, type Saying, useSay } from './speech.ts';
import { Stepper } from './stepper.tsx';
import { SwitchingTable } from './switching-table.tsx';
import { useLooking } from './use-picture.ts';

interface SwitchingSectionProps {
  readonly line: LiveLine;
  /** Oldest first. */
  readonly switchings: readonly SwitchingTrace[];
  /** The number of the last one that happened while the page was open: the trace freezes at it. */
  readonly happened: number | undefined;
  readonly speed: MeterState['speed'];
}

/** Milliseconds around the zero; what is sampled in all is the widest. */
const ZOOMS = [60, 20, 6, 2] as const;
type Zoom = (typeof ZOOMS)[number];

export function SwitchingSection({ line, switchings, happened, speed }: SwitchingSectionProps) {
  const { say } = useSay();
  const [place, isLooking] = useLooking<HTMLElement>();
  const [isRunning, setRunning] = useState(true);
  const [zoom, setZoom] = useState<Zoom>(20);
  // By its number, for the oldest go as new ones come; undefined follows the newest.
  const [chosen, setChosen] = useState<number | undefined>(undefined);
  const newest = switchings.at(-1)?.number;
  useEffect(() => {
    if (happened !== undefined) setRunning(false);
  }, [happened]);
  const found = switchings.findIndex(({ number }) => number === chosen);
  const index = found < 0 ? switchings.length - 1 : found;
  const step = (to: number): void => {
    setRunning(false);
    setChosen(to === switchings.length - 1 ? undefined : switchings[to]?.number);
  };
  const trace = switchings[index];
  const said = useSaid(trace);
  const wordsOfArc = useArcWords('arc');
  return (
    <section class="card scope" aria-labelledby="scope" ref={place}>
      <div class="row wrap scope-head">
        <h2 id="scope" class="grow">
          {say('scope')}
        </h2>
        <button type="button" aria-pressed={isRunning} onClick={() => setRunning(true)}>
          {say('running')}
        </button>
        <button type="button" aria-pressed={!isRunning} onClick={() => setRunning(false)}>
          {say('frozen')}
        </button>
        <label class="choice">
          <span>{say('zoom')}</span>
          <select
            value={zoom}
            disabled={isRunning}
            onChange={(event) => setZoom(Number(event.currentTarget.value) as Zoom)}
          >
            {ZOOMS.map((each) => (
              <option key={each} value={each}>
                {say('milliseconds', { time: each })}
              </option>
            ))}
          </select>
        </label>
      </div>
      {isRunning ? (
        <Running line={line} isLooking={isLooking} speed={speed} />
      ) : (
        <Frozen trace={trace} zoom={zoom} said={said} />
      )}
      <Stepper name={say('history')} index={index} count={switchings.length} said={said} onStep={step} />
      <p class="said" role="status">
        {trace === undefined
          ? ''
          : say('summary', {
              direction: say(trace.direction),
              number: index + 1,
              count: switchings.length,
              distance: said,
              arc: wordsOfArc(trace),
            })}
      </p>
      <div class="beside">
        <Figures trace={trace} />
        <DistancesPicture newest={newest} />
      </div>
      <SwitchingTable switchings={switchings} index={index} onStep={step} />
    </section>
  );
}

interface RunningProps {
  readonly line: LiveLine;
  readonly isLooking: boolean;
  readonly speed: MeterState['speed'];
}

function Running({ line, isLooking, speed }: RunningProps) {
  const { say } = useSay();
  const [trace, setTrace] = useState<RunningTrace | undefined>(undefined);
  useEffect(() => (isLooking ? line.watch(setTrace) : undefined), [line, isLooking]);
  const isTooFast = speed === 'max' || speed > FASTEST_SWEEP;
  const step = trace?.stepMicros ?? 1;
  const columns = trace && { ...trace, atMicros: trace.volt.map((_, index) => index * step) };
  const instead = isTooFast ? say('tooFast') : say('waiting');
  return (
    <Lanes
      columns={columns}
      window={[0, (trace?.length ?? 80_000) * step]}
      originMicros={0}
      axis={say('axisTime')}
      said={say('running')}
      {...(isTooFast || trace === undefined ? { instead } : {})}
    />
  );
}

interface FrozenProps {
  readonly trace: SwitchingTrace | undefined;
  readonly zoom: Zoom;
  readonly said: string;
}

function Frozen({ trace, zoom, said }: FrozenProps) {
  const { say } = useSay();
  const wordsOfArc = useArcWords('arc');
  const shortWordsOfArc = useArcWords('arcValue');
  if (trace === undefined) {
    return (
      <Lanes
        columns={undefined}
        window={[-10_000, 10_000]}
        originMicros={0}
        axis={say('axisZero')}
        said={say('noSwitching')}
        instead={say('noSwitching')}
      />
    );
  }
  const figures = switchingFigures(trace);
  const origin = figures.zeroAtMicros ?? trace.movedAtMicros ?? trace.expectedAtMicros ?? trace.firedAtMicros;
  const half = (zoom * 1_000) / 2;
  const isWhole = zoom === ZOOMS[0];
  return (
    <Lanes
      columns={exactColumns(trace)}
      window={
        isWhole ? [trace.firedAtMicros, trace.firedAtMicros + 2 * half] : [origin - half, origin + half]
      }
      originMicros={origin}
      axis={figures.zeroAtMicros === null ? say('axisTime') : say('axisZero')}
      marks={marksOf(trace, figures, say)}
      arcs={figures.arcs}
      arcNames={[wordsOfArc(trace), shortWordsOfArc(trace)]}
      said={said}
    />
  );
}

function marksOf(trace: SwitchingTrace, { zeroAtMicros }: SwitchingFigures, say: Saying['say']): Mark[] {
  const { direction, predictedZeroAtMicros, expectedAtMicros, movedAtMicros } = trace;
  const all = [
    { kind: 'zero', name: say('trueZero'), at: zeroAtMicros },
    { kind: 'predicted', name: say('predictedZero'), at: predictedZeroAtMicros },
    { kind: 'aimed', name: say(`aimed_${direction}`), at: expectedAtMicros },
    { kind: 'moved', name: say(`actual_${direction}`), at: movedAtMicros },
  ];
  return all.flatMap(({ kind, name, at }) => (at === null ? [] : [{ kind, name, at }]));
}

/** What became of a switching, in words. */
function useSaid(trace: SwitchingTrace | undefined): string {
  const { say, beside } = useSay();
  if (trace === undefined) return say('noSwitching');
  if (trace.movedAtMicros === null) return say('notMoved');
  return trace.fromZeroMicros === null ? say('withoutZero') : beside(trace.fromZeroMicros, FROM_ZERO);
}

function useArcWords(key: 'arc' | 'arcValue'): (trace: SwitchingTrace) => string {
  const { say, digits, span } = useSay();
  return (trace) => {
    const { arcMicros } = switchingFigures(trace);
    if (!trace.arcMilliJoule) return say('noArc');
    return say(key, { energy: digits(trace.arcMilliJoule, 1), time: span(arcMicros) });
  };
}

function Figures({ trace }: { readonly trace: SwitchingTrace | undefined }) {
  const { say, digits, span, beside, lead } = useSay();
  const wordsOfArc = useArcWords('arcValue');
  const said = useSaid(trace);
  const figures = trace && switchingFigures(trace);
  const against = (micros: number | null): string => (micros === null ? '–' : beside(micros, FROM_AIM));
  const known =
    trace === undefined || figures === undefined
      ? []
      : [
          said,
          wordsOfArc(trace),
          lead(figures.leadMicros, figures.leadDeviations),
          against(figures.aimErrorMicros),
          against(figures.predictionErrorMicros),
          figures.delayMicros === null ? '–' : span(figures.delayMicros),
          `${digits(trace.firedAtMicros / 1e6, 3)} s`,
        ];
  const names = ['distance', 'arcEnergy', 'lead', 'againstAim', 'prediction', 'delay', 'at'] as const;
  return <FigureList figures={names.map((name, index) => [say(name), known[index] ?? '–'])} />;
}
