import { useEffect, useState } from 'preact/hooks';
import { useFocus } from '../../../../../../lib/pages/client/use-focus.ts';
import { call } from '../../../api.ts';
import { KEY_STATE_WORDS } from '../key-words.ts';
import type { KeyRow, KeyState } from '../meter-answers.ts';
import { showBaseDate, showMoment } from '../show.ts';
import { useSay } from './speech.ts';

interface Page {
  readonly meters: readonly KeyRow[];
  readonly next: string | null;
}

interface KeyMetersProps {
  readonly supplyGroupCode: string;
  readonly state: KeyState;
  readonly words: (error: unknown) => string;
  readonly onClose: () => void;
}

const PAGE = 50;

/** The meters behind one part of a bar; each leads to its own page. */
export function KeyMeters({ supplyGroupCode, state, words, onClose }: KeyMetersProps) {
  const { say, locale } = useSay();
  const place = useFocus<HTMLHeadingElement>();
  const [page, setPage] = useState<Page>({ meters: [], next: '' });
  const [problem, setProblem] = useState('');
  const more = async () => {
    const after = page.next === null || page.next === '' ? '' : `&after=${page.next}`;
    try {
      const path = `/v1/reports/key-changes/meters?state=${state}&supplyGroup=${supplyGroupCode}&limit=${PAGE}`;
      const { meters, next } = await call<Page>('GET', path + after);
      setPage((before) => ({ meters: [...before.meters, ...meters], next }));
    } catch (error) {
      setProblem(words(error));
    }
  };
  useEffect(() => void more(), []);
  const title = say('list', { group: supplyGroupCode, state: say(KEY_STATE_WORDS[state]) });
  return (
    <section class="inset" aria-label={title}>
      <div class="row wrap">
        <h4 class="grow" ref={place} tabIndex={-1}>
          {title}
        </h4>
        <button type="button" onClick={onClose}>
          {say('close')}
        </button>
      </div>
      {problem !== '' && <p class="problem">{problem}</p>}
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reached by the keyboard */}
      <section class="wide-table" tabIndex={0} aria-label={title}>
        <table class="table">
          <thead>
            <tr>
              {[say('meter'), say('tariffIndex'), say('keyRevision'), say('baseDate')].map((name) => (
                <th key={name} scope="col">
                  {name}
                </th>
              ))}
              <th scope="col">{say('lastChange')}</th>
              <th scope="col">{say('lastPurchase')}</th>
            </tr>
          </thead>
          <tbody>
            {page.meters.map((row) => (
              <tr key={row.meterPan}>
                <th scope="row">
                  <a href={`#/meters/${row.drn}`}>{row.drn}</a>
                </th>
                <td>{changeOf(row.key.tariffIndex, row.planned?.to.tariffIndex)}</td>
                <td>{changeOf(row.key.keyRevision, row.planned?.to.keyRevision)}</td>
                <td>
                  {changeOf(
                    showBaseDate(row.key.baseDate),
                    row.planned === null ? undefined : showBaseDate(row.planned.to.baseDate),
                  )}
                </td>
                <td class="when">
                  {row.lastChange === null ? '–' : showMoment(row.lastChange.changedAt, locale)}
                </td>
                <td class="when">
                  {row.lastPurchaseAt === null ? say('never') : showMoment(row.lastPurchaseAt, locale)}
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      </section>
      {page.next !== null && page.next !== '' && (
        <button type="button" onClick={() => void more()}>
          {say('more')}
        </button>
      )}
    </section>
  );
}

function changeOf(now: string | number, then: string | number | undefined): string {
  return then === undefined || then === now ? String(now) : `${now} → ${then}`;
}
