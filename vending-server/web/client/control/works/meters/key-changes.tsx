import { useEffect } from 'preact/hooks';
import { call } from '../../../api.ts';
import { ActForm } from '../act-form.tsx';
import type { KeyName, Meter } from '../meter-answers.ts';
import { showBaseDate, showMoment } from '../show.ts';
import { useAnswer } from '../use-answer.ts';
import { useSay } from './speech.ts';

interface KeyChange {
  readonly saleId: string;
  readonly changedAt: string;
  readonly from: KeyName;
  readonly to: KeyName;
  readonly operatorId: string | null;
  readonly vendorId: string;
  readonly confirmedAt: string | null;
  readonly confirmedBy: string | null;
  readonly revokedAt: string | null;
  readonly revokedBy: string | null;
}

interface KeyChangesProps {
  readonly meter: Meter;
  /** Rises when there may be a new one. */
  readonly turn: number;
  readonly isEngineer: boolean;
  readonly words: (error: unknown) => string;
  readonly onChanged: () => void;
}

const SHOWN = 10;

/** Key changes of a meter, the newest first; of the last that stands, whether the meter took it. */
export function KeyChanges({ meter, turn, isEngineer, words, onChanged }: KeyChangesProps) {
  const { say, locale } = useSay();
  const path = `/v1/meters/${meter.drn}/key-changes`;
  const { answer, problem, again } = useAnswer<{ keyChanges: KeyChange[] }>(`${path}?limit=${SHOWN}`, words);
  useEffect(() => {
    if (turn > 0) again();
  }, [turn]);
  const judge = async (saleId: string, verdict: 'confirmation' | 'revocation', body?: object) => {
    await call('POST', `${path}/${saleId}/${verdict}`, body);
    onChanged();
    return say('changed');
  };
  const changes = answer?.keyChanges ?? [];
  if (problem !== '') return <p class="problem">{problem}</p>;
  if (changes.length === 0) return null;
  return (
    <>
      <h3>{say('keyChanges')}</h3>
      <ul class="recent">
        {changes.map((change) => (
          <li key={change.saleId} class="stack">
            <span>
              {showMoment(change.changedAt, locale)}, {change.operatorId ?? change.vendorId}
              <small>{say('fromTo', { from: keyWords(change.from), to: keyWords(change.to) })}</small>
              <small>{fateOf(change)}</small>
            </span>
            {isEngineer && change.confirmedAt === null && change.revokedAt === null && (
              <>
                <ActForm
                  id={`confirm-${change.saleId}`}
                  fields={[]}
                  action={say('confirm')}
                  act={() => judge(change.saleId, 'confirmation')}
                  words={words}
                />
                <details>
                  <summary>{say('revoke')}</summary>
                  <p class="hint">{say('revokeHint')}</p>
                  <ActForm
                    id={`revoke-${change.saleId}`}
                    fields={[{ name: 'reason', label: say('reason'), length: 200 }]}
                    action={say('revoke')}
                    act={({ reason }) => judge(change.saleId, 'revocation', { reason })}
                    words={words}
                  />
                </details>
              </>
            )}
          </li>
        ))}
      </ul>
    </>
  );

  function fateOf({ confirmedAt, confirmedBy, revokedAt, revokedBy }: KeyChange): string {
    if (revokedAt !== null)
      return say('revokedBy', { time: showMoment(revokedAt, locale), by: revokedBy ?? '' });
    if (confirmedAt === null) return say('notConfirmed');
    return say('confirmedBy', { time: showMoment(confirmedAt, locale), by: confirmedBy ?? '' });
  }
}

/** As the trade writes a key in short. */
function keyWords({ supplyGroupCode, tariffIndex, keyRevision, keyType, baseDate }: KeyName): string {
  const index = String(tariffIndex).padStart(2, '0');
  return `SGC ${supplyGroupCode} TI ${index} KRN ${keyRevision} KT ${keyType} BDT ${showBaseDate(baseDate)}`;
}
