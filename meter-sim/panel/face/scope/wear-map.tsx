/** The map itself: one widget, in which arrow keys, a finger or a pointer choose a page and its figures are told. */
import { partOf } from '../../../firmware/memory-map.ts';
import type { WearView } from '../../bench-view.ts';
import { lifeDays, wearLevel } from './figures.ts';
import { useSay } from './speech.ts';
import { useWidth } from './use-picture.ts';

interface WearMapProps {
  readonly wear: WearView;
  readonly page: number;
  readonly onPage: (page: number) => void;
}

/** Nearly every part begins and ends with a whole row of these. */
const COLUMNS = { narrow: 16, wide: 32 };
const WIDE = 520;

const idOf = (page: number): string => `page-${page}`;

export function WearMap({ wear, page, onPage }: WearMapProps) {
  const { say, digits } = useSay();
  const [frame, width] = useWidth<HTMLDivElement>();
  const { pages, parts } = wear;
  const columns = width < WIDE ? COLUMNS.narrow : COLUMNS.wide;
  const nameOf = (at: number): string => {
    const writes = pages[at] ?? 0;
    const many = writes === 1 ? say('writesOne') : say('writesMany', { count: digits(writes) });
    return say('cell', {
      page: at,
      part: say(partOf(at)),
      writes: writes === 0 ? say('never') : many,
    });
  };
  const pressed = (event: KeyboardEvent): void => {
    const to = targetOf(event.key, page, columns, pages.length);
    if (to === undefined) return;
    event.preventDefault();
    document.getElementById(idOf(to))?.focus();
  };
  const chosen = (event: Event): void => {
    const at = (event.target as Element).getAttribute('data-page');
    if (at !== null && Number(at) !== page) onPage(Number(at));
  };
  return (
    <div ref={frame}>
      <table
        class="wear-map"
        // biome-ignore lint/a11y/noNoninteractiveElementToInteractiveRole: a grid is a table that keys move in
        role="grid"
        aria-label={say('wearMap')}
        onKeyDown={pressed}
        onFocusCapture={chosen}
        onMouseMove={chosen}
        onClick={chosen}
      >
        {parts.map((part) => (
          <Part key={part.name} wear={wear} part={part} columns={columns} chosen={page} nameOf={nameOf} />
        ))}
      </table>
      <p class="said" role="status">
        {nameOf(page)}
      </p>
    </div>
  );
}

interface PartProps {
  readonly wear: WearView;
  readonly part: WearView['parts'][number];
  readonly columns: number;
  readonly chosen: number;
  readonly nameOf: (page: number) => string;
}

function Part({ wear, part: { name, firstPage, pages: count }, columns, chosen, nameOf }: PartProps) {
  const { say, life } = useSay();
  const { pages, countedMicros, endurance } = wear;
  const most = Math.max(...pages);
  const worst = Math.max(...pages.slice(firstPage, firstPage + count));
  const rows = Array.from({ length: Math.ceil(count / columns) }, (_, row) => firstPage + row * columns);
  return (
    <tbody>
      <tr>
        <th colSpan={columns} scope="rowgroup">
          {say(name)} <small>{say('pages', { count })}</small>
          <small class="digits">
            {' · '}
            {worst === 0
              ? say('never')
              : `${say('life')}: ${life(lifeDays(worst, countedMicros, endurance))}`}
          </small>
        </th>
      </tr>
      {rows.map((from) => (
        <tr key={from}>
          {Array.from({ length: Math.min(columns, firstPage + count - from) }, (_, index) => {
            const at = from + index;
            return (
              <td
                key={at}
                id={idOf(at)}
                data-page={at}
                // biome-ignore lint/a11y/noNoninteractiveElementToInteractiveRole: its cells are what they move to
                role="gridcell"
                tabIndex={at === chosen ? 0 : -1}
                aria-label={nameOf(at)}
                aria-selected={at === chosen}
                class={`cell wear-${wearLevel(pages[at] ?? 0, most)}`}
              />
            );
          })}
        </tr>
      ))}
    </tbody>
  );
}

function targetOf(key: string, page: number, columns: number, count: number): number | undefined {
  const steps: Readonly<Record<string, number>> = {
    ArrowLeft: page - 1,
    ArrowRight: page + 1,
    ArrowUp: page - columns,
    ArrowDown: page + columns,
    Home: 0,
    End: count - 1,
  };
  const to = steps[key];
  return to === undefined ? undefined : Math.min(count - 1, Math.max(0, to));
}
