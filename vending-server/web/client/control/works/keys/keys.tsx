/** Keys: how far a change of them has come in each supply group, and the vending keys that the module holds. */
import { useState } from 'preact/hooks';
import type { SectionProps } from '../../sections.ts';
import { refusalWords } from '../key-words.ts';
import type { GroupReport, KeyState, VendingKey } from '../meter-answers.ts';
import { showBaseDate, showCount, showMoment } from '../show.ts';
import { useFaultWords } from '../speech.ts';
import { useAnswer } from '../use-answer.ts';
import { CampaignForm } from './campaign-form.tsx';
import { KeyMeters } from './key-meters.tsx';
import { ProgressBar } from './progress-bar.tsx';
import { useSay } from './speech.ts';
import { VendingKeys } from './vending-keys.tsx';

interface KeyReport {
  readonly at: string;
  readonly supplyGroups: readonly GroupReport[];
}

export function Keys({ session, wordsOf }: SectionProps) {
  const { say, locale } = useSay();
  const words = useFaultWords(wordsOf);
  const may = (permission: string) => session.permissions.includes(permission);
  const mayReport = may('keyChange.read');
  const report = useAnswer<KeyReport>(mayReport ? '/v1/reports/key-changes' : undefined, words);
  // Who has custody of keys alone is told of them and of no meter.
  const held = useAnswer<{ vendingKeys: readonly (VendingKey & { supplyGroupCode: string })[] }>(
    mayReport ? undefined : '/v1/vending-keys',
    words,
  );
  const groups = report.answer?.supplyGroups ?? [];
  const problem = report.problem || held.problem;
  const vendingKeys =
    held.answer?.vendingKeys ??
    groups.flatMap(({ supplyGroupCode, vendingKeys }) =>
      vendingKeys.map((key) => ({ supplyGroupCode, ...key })),
    );
  return (
    <>
      {problem !== '' && (
        <p class="problem" role="alert">
          {problem}
        </p>
      )}
      {report.answer !== undefined && (
        <section class="card" aria-labelledby="progress">
          <h2 id="progress">{say('progress')}</h2>
          <div class="row wrap">
            <p class="hint grow">{say('progressAt', { time: showMoment(report.answer.at, locale) })}</p>
            <button type="button" onClick={report.again}>
              {say('refresh')}
            </button>
          </div>
          {groups.length === 0 && <p>{say('noGroups')}</p>}
          {groups.map((group) => (
            <Group
              key={group.supplyGroupCode}
              group={group}
              mayWant={may('meter.engineer')}
              words={words}
              onChanged={report.again}
            />
          ))}
        </section>
      )}
      {(report.answer ?? held.answer) !== undefined && (
        <VendingKeys vendingKeys={vendingKeys} now={Date.now()} />
      )}
    </>
  );
}

interface GroupProps {
  readonly group: GroupReport;
  readonly mayWant: boolean;
  readonly words: (error: unknown) => string;
  readonly onChanged: () => void;
}

function Group({ group, mayWant, words, onChanged }: GroupProps) {
  const { say, locale } = useSay();
  const [shown, setShown] = useState<KeyState | undefined>(undefined);
  const { supplyGroupCode, keys, refusals, wanted } = group;
  return (
    <article class="group">
      <ProgressBar group={group} shown={shown} onShow={setShown} />
      {shown !== undefined && (
        <KeyMeters
          key={shown}
          supplyGroupCode={supplyGroupCode}
          state={shown}
          words={words}
          onClose={() => setShown(undefined)}
        />
      )}
      {wanted > 0 && <p class="hint">{say('wantedCount', { count: showCount(wanted, locale) })}</p>}
      {refusals.length > 0 && (
        <p class="hint">
          {say('refusals')}:{' '}
          {refusals
            .map(({ refusal, meters }) =>
              say('refusalCount', { count: showCount(meters, locale), refusal: refusalWords(refusal, say) }),
            )
            .join('; ')}
        </p>
      )}
      {keys.length > 0 && (
        <details>
          <summary>{say('keysOfMeters')}</summary>
          {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reached by the keyboard */}
          <section class="wide-table" tabIndex={0} aria-label={say('keysOfMeters')}>
            <table class="table">
              <thead>
                <tr>
                  {[say('baseDate'), say('keyRevision'), say('keyType'), say('tariffIndex')].map((name) => (
                    <th key={name} scope="col">
                      {name}
                    </th>
                  ))}
                  <th scope="col" class="amount">
                    {say('metersColumn')}
                  </th>
                </tr>
              </thead>
              <tbody>
                {keys.map(({ baseDate, keyRevision, keyType, tariffIndex, meters }) => (
                  <tr key={[baseDate, keyRevision, keyType, tariffIndex].join()}>
                    <td>{showBaseDate(baseDate)}</td>
                    <td>{keyRevision}</td>
                    <td>{keyType}</td>
                    <td>{tariffIndex}</td>
                    <td class="amount">{showCount(meters, locale)}</td>
                  </tr>
                ))}
              </tbody>
            </table>
          </section>
        </details>
      )}
      {mayWant && (
        <details>
          <summary>{say('campaign')}</summary>
          <CampaignForm supplyGroupCode={supplyGroupCode} words={words} onDone={onChanged} />
        </details>
      )}
    </article>
  );
}
