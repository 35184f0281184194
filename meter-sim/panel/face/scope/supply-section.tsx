/** The supply rail while the mains is gone: what the firmware was warned of, what it saved, and how much time it had left. */
import { useState } from 'preact/hooks';
import { partOf } from '../../../firmware/memory-map.ts';
import type { SupplyTrace } from '../../scope.ts';
import { FigureList } from './figure-list.tsx';
import { FigureTable } from './figure-table.tsx';
import { type SupplyFigures, supplyFigures } from './figures.ts';
import { RailPicture } from './rail-picture.tsx';
import { useSay } from './speech.ts';
import { Stepper } from './stepper.tsx';

export function SupplySection({ supplies }: { readonly supplies: readonly SupplyTrace[] }) {
  const { say } = useSay();
  const [chosen, setChosen] = useState<number | undefined>(undefined);
  const found = supplies.findIndex(({ number }) => number === chosen);
  const index = found < 0 ? supplies.length - 1 : found;
  const trace = supplies[index];
  const figures = trace && supplyFigures(trace);
  const said = useSaid(figures);
  const step = (to: number): void => setChosen(to === supplies.length - 1 ? undefined : supplies[to]?.number);
  return (
    <section class="card scope" aria-labelledby="supply">
      <h2 id="supply">{say('supply')}</h2>
      <RailPicture trace={trace} figures={figures} said={said} />
      <Stepper name={say('historyOfCuts')} index={index} count={supplies.length} said={said} onStep={step} />
      <p class="said" role="status">
        {figures === undefined
          ? ''
          : say('supplySummary', { number: index + 1, count: supplies.length, said })}
      </p>
      <Figures figures={figures} />
      {figures !== undefined && <SavesTable figures={figures} />}
    </section>
  );
}

function useSaid(figures: SupplyFigures | undefined): string {
  const { say, span } = useSay();
  if (figures === undefined) return say('noSupply');
  const { savedAtMicros, lostAtMicros, leftMicros } = figures;
  const saved =
    savedAtMicros === null
      ? say('nothingSaved')
      : say('savedIn', { after: span(savedAtMicros - lostAtMicros) });
  if (figures.resetAtMicros === null) return `${saved}, ${say('cameBack')}`;
  return leftMicros === null ? saved : `${saved}, ${say('left', { time: span(leftMicros) })}`;
}

function Figures({ figures }: { readonly figures: SupplyFigures | undefined }) {
  const { say, span, digits } = useSay();
  const {
    lostAtMicros = 0,
    leftMicros = null,
    savedAtVolt = null,
    saves = [],
    tornWrites = 0,
  } = figures ?? {};
  const after = (at: number | null | undefined, instead: string): string => {
    if (at === undefined) return '–';
    return at === null ? instead : span(at - lostAtMicros);
  };
  const pages = say('ofJournal', {
    pages: digits(saves.length - tornWrites),
    journal: digits(figures?.journalPages ?? 0),
  });
  const torn = tornWrites === 0 ? pages : `${pages}, ${say('tornPages', { count: tornWrites })}`;
  return (
    <FigureList
      figures={[
        [say('noticedAfter'), after(figures?.warnedAtMicros, '–')],
        [say('savedAfter'), after(figures?.savedAtMicros, say('nothingSaved'))],
        [say('timeLeft'), leftMicros === null ? '–' : span(leftMicros)],
        [say('savedPages'), figures === undefined ? '–' : torn],
        [say('savedAtVolt'), savedAtVolt === null ? '–' : `${digits(savedAtVolt, 1)} V`],
        [say('heldFor'), after(figures?.resetAtMicros, say('cameBack'))],
      ]}
    />
  );
}

const SAVE_HEADS = ['page', 'part', 'from', 'to', 'state'] as const;

function SavesTable({ figures }: { readonly figures: SupplyFigures }) {
  const { say, digits } = useSay();
  const millis = (at: number): string => `${digits((at - figures.lostAtMicros) / 1_000, 2)} ms`;
  return (
    <FigureTable summary={say('everySave')} heads={SAVE_HEADS.map((head) => say(head))}>
      {figures.saves.map(({ page, beganAtMicros, endedAtMicros, isTorn }) => (
        <tr key={beganAtMicros}>
          <th scope="row">{page}</th>
          <td>{say(partOf(page))}</td>
          <td>{millis(beganAtMicros)}</td>
          <td>{millis(endedAtMicros)}</td>
          <td>{say(isTorn ? 'torn' : 'whole')}</td>
        </tr>
      ))}
    </FigureTable>
  );
}
