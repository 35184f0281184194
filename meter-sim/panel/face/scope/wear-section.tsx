/** How worn every page of the EEPROM is, which part of the memory map it belongs to, and how long it would last so. */
import { useEffect, useMemo, useState } from 'preact/hooks';
import type { WearView } from '../../bench-view.ts';
import { ask } from './ask.ts';
import { FigureList } from './figure-list.tsx';
import { lifeDays, WEAR_LEVELS } from './figures.ts';
import { useSay } from './speech.ts';
import { useLooking } from './use-picture.ts';
import { WearMap } from './wear-map.tsx';

/** A meter writes a few pages an hour. */
const ASK_MILLIS = 2_000;

export function WearSection() {
  const { say } = useSay();
  const [place, isLooking] = useLooking<HTMLElement>();
  const [wear, setWear] = useState<WearView | undefined>(undefined);
  useEffect(() => {
    if (!isLooking) return;
    const again = (): void => void ask('wear').then((answer) => answer && setWear(answer));
    again();
    const timer = setInterval(again, ASK_MILLIS);
    return () => clearInterval(timer);
  }, [isLooking]);
  return (
    <section class="card scope" aria-labelledby="wear" ref={place}>
      <h2 id="wear">{say('wear')}</h2>
      <p class="hint">{say('wearHint')}</p>
      {wear === undefined ? <p>{say('waiting')}</p> : <Wear wear={wear} />}
    </section>
  );
}

function Wear({ wear }: { readonly wear: WearView }) {
  const most = Math.max(...wear.pages);
  const [page, setPage] = useState(wear.parts[1]?.firstPage ?? 0);
  const map = useMemo(() => <WearMap wear={wear} page={page} onPage={setPage} />, [wear, page]);
  return (
    <>
      {map}
      <Scale most={most} />
      <Totals wear={wear} most={most} />
    </>
  );
}

function Scale({ most }: { readonly most: number }) {
  const { say, digits } = useSay();
  const levels = Array.from({ length: WEAR_LEVELS }, (_, index) => {
    const from = Math.floor((index * most) / WEAR_LEVELS) + 1;
    const to = Math.floor(((index + 1) * most) / WEAR_LEVELS);
    return { level: index + 1, from, to };
  }).filter(({ from, to }) => from <= to);
  return (
    <ul class="wear-scale" aria-label={say('scale')}>
      <li aria-hidden="true">{say('scale')}</li>
      <li>
        <span class="cell wear-0" /> {say('never')}
      </li>
      {levels.map(({ level, from, to }) => (
        <li key={level}>
          <span class={`cell wear-${level}`} /> {from === to ? digits(from) : `${digits(from)}–${digits(to)}`}
        </li>
      ))}
    </ul>
  );
}

function Totals({ wear, most }: { readonly wear: WearView; readonly most: number }) {
  const { say, digits, age, life } = useSay();
  const { pages, countedMicros, endurance } = wear;
  return (
    <FigureList
      figures={[
        [say('writesBegun'), digits(wear.writes)],
        [say('tornWrites'), digits(wear.tornWrites)],
        [say('lostWrites'), digits(wear.lostWrites)],
        [say('mostWorn'), most === 0 ? '–' : `${say('page')} ${pages.indexOf(most)}: ${digits(most)}`],
        [say('life'), life(lifeDays(most, countedMicros, endurance))],
        [say('counted'), age(countedMicros)],
      ]}
    />
  );
}
