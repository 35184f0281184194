/** Every switching that is kept, as a table. */
import type { SwitchingTrace } from '../../scope.ts';
import { FigureTable } from './figure-table.tsx';
import { switchingFigures } from './figures.ts';
import { FROM_AIM, FROM_ZERO, useSay } from './speech.ts';

const HEADS = ['number', 'direction', 'distance', 'arcEnergy', 'lead', 'againstAim', 'prediction'] as const;

interface SwitchingTableProps {
  readonly switchings: readonly SwitchingTrace[];
  readonly index: number;
  readonly onStep: (index: number) => void;
}

export function SwitchingTable({ switchings, index, onStep }: SwitchingTableProps) {
  const { say } = useSay();
  return (
    <FigureTable summary={say('everySwitching')} heads={HEADS.map((head) => say(head))}>
      {switchings.map((trace, place) => (
        <Row key={trace.number} trace={trace} place={place} isShown={place === index} onStep={onStep} />
      ))}
    </FigureTable>
  );
}

interface RowProps {
  readonly trace: SwitchingTrace;
  readonly place: number;
  readonly isShown: boolean;
  readonly onStep: (index: number) => void;
}

function Row({ trace, place, isShown, onStep }: RowProps) {
  const { say, digits, beside, lead } = useSay();
  const { leadMicros, leadDeviations, aimErrorMicros, predictionErrorMicros } = switchingFigures(trace);
  const near = (micros: number | null, words: typeof FROM_ZERO | typeof FROM_AIM): string =>
    micros === null ? '–' : beside(micros, words);
  return (
    <tr aria-current={isShown ? 'true' : undefined}>
      <th scope="row">
        <button type="button" class="small" onClick={() => onStep(place)}>
          {place + 1}
        </button>
      </th>
      <td>{say(trace.direction)}</td>
      <td>{trace.movedAtMicros === null ? say('notMoved') : near(trace.fromZeroMicros, FROM_ZERO)}</td>
      <td>{trace.arcMilliJoule === null ? '–' : `${digits(trace.arcMilliJoule, 1)} mJ`}</td>
      <td>{lead(leadMicros, leadDeviations)}</td>
      <td>{near(aimErrorMicros, FROM_AIM)}</td>
      <td>{near(predictionErrorMicros, FROM_AIM)}</td>
    </tr>
  );
}
