import { useState } from 'preact/hooks';
import { call } from '../../../api.ts';
import { ActForm, type Values } from '../act-form.tsx';
import { KeyLife } from '../key-life.tsx';
import { KEY_STATE_WORDS, refusalWords } from '../key-words.ts';
import type { KeyName, KeyRow, VendingKey } from '../meter-answers.ts';
import { type GivenSale, SaleTokens } from '../sale-tokens.tsx';
import { showBaseDate } from '../show.ts';
import { useAnswer } from '../use-answer.ts';
import type { MeterCardProps } from './card-props.ts';
import { KeyChanges } from './key-changes.tsx';
import { useSay } from './speech.ts';

type KeyStateAnswer = KeyRow & { readonly vendingKey: VendingKey | null };

/** What the meter's tokens are made under, what shall become of it, and what was seen of it. */
export function KeyCard({
  meter,
  may,
  words,
  onChanged,
}: MeterCardProps & { readonly onChanged: () => void }) {
  const { say } = useSay();
  const state = useAnswer<KeyStateAnswer>(`/v1/meters/${meter.drn}/key-state`, words);
  const [turn, setTurn] = useState(0);
  const [sale, setSale] = useState<GivenSale | undefined>(undefined);
  const again = () => {
    state.again();
    onChanged();
    setTurn((before) => before + 1);
  };
  const isEngineer = may('meter.engineer');
  const ask = async ({ reason }: Values): Promise<string> => {
    const body = { requestId: crypto.randomUUID(), reason };
    setSale(await call<GivenSale>('POST', `/v1/meters/${meter.drn}/key-changes`, body));
    again();
    return '';
  };
  const want = async (wantedKey: object | null): Promise<string> => {
    await call('PUT', `/v1/meters/${meter.drn}/wanted-key`, { wantedKey });
    again();
    return say('changed');
  };
  const found = state.answer;
  return (
    <section class="card" aria-labelledby="meter-key">
      <h2 id="meter-key">
        {say('keyState')}{' '}
        {found !== undefined && (
          <span class={`mark key-${found.state}`}>{say(KEY_STATE_WORDS[found.state])}</span>
        )}
      </h2>
      {state.problem !== '' && <p class="problem">{state.problem}</p>}
      {found !== undefined && (
        <>
          <p>
            {say(`keyIs_${found.state}`, {
              refusal: found.refusal === null ? '' : refusalWords(found.refusal, say),
            })}
          </p>
          <KeyTable now={found.key} then={found.planned?.to} vendingKey={found.vendingKey} />
          {found.vendingKey === null ? (
            <p class="notice">{say('noVendingKey')}</p>
          ) : (
            <KeyLife vendingKey={found.vendingKey} now={Date.now()} />
          )}
          {found.wantedKey !== null && (
            <p>
              {say('wantedIs', {
                group: found.wantedKey.supplyGroupCode,
                index: found.wantedKey.tariffIndex,
              })}{' '}
              {isEngineer && (
                <button type="button" class="small" onClick={() => void want(null)}>
                  {say('dropWanted')}
                </button>
              )}
            </p>
          )}
        </>
      )}
      {sale !== undefined && <SaleTokens sale={sale} title={say('keyChangeIssued')} />}
      {isEngineer && (
        <>
          <details>
            <summary>{say('askKeyChange')}</summary>
            <p class="hint">{say('askKeyChangeHint')}</p>
            <ActForm
              id="key-change"
              fields={[{ name: 'reason', label: say('reason'), hint: say('reasonHint'), length: 200 }]}
              action={say('issueKeyChange')}
              act={ask}
              words={words}
            />
          </details>
          <details>
            <summary>{say('wantedKey')}</summary>
            <p class="hint">{say('wantedKeyHint')}</p>
            <ActForm
              id="wanted"
              fields={[
                {
                  name: 'supplyGroupCode',
                  label: say('supplyGroup'),
                  length: 6,
                  value: meter.wantedKey?.supplyGroupCode ?? meter.supplyGroupCode,
                },
                {
                  name: 'tariffIndex',
                  label: say('tariffIndex'),
                  kind: 'whole',
                  least: 0,
                  most: 99,
                  value: String(meter.wantedKey?.tariffIndex ?? meter.tariffIndex),
                },
              ]}
              action={say('setWanted')}
              act={({ supplyGroupCode, tariffIndex }) =>
                want({ supplyGroupCode, tariffIndex: Number(tariffIndex) })
              }
              words={words}
            />
          </details>
        </>
      )}
      <KeyChanges meter={meter} turn={turn} isEngineer={isEngineer} words={words} onChanged={again} />
    </section>
  );
}

interface KeyTableProps {
  readonly now: KeyName;
  readonly then: KeyName | undefined;
  readonly vendingKey: VendingKey | null;
}

/** What is new in the planned key stands out. */
function KeyTable({ now, then, vendingKey }: KeyTableProps) {
  const { say } = useSay();
  const rows = [
    [say('supplyGroup'), (key: KeyName) => key.supplyGroupCode],
    [say('tariffIndex'), (key: KeyName) => String(key.tariffIndex)],
    [say('keyRevision'), (key: KeyName) => String(key.keyRevision)],
    [say('keyType'), (key: KeyName) => String(key.keyType)],
    [say('baseDate'), (key: KeyName) => showBaseDate(key.baseDate)],
    [say('keyExpiry'), (key: KeyName) => String(key.keyExpiry ?? vendingKey?.keyExpiry ?? '–')],
    [say('decoderKeyAlgorithm'), (key: KeyName) => `DKGA0${key.decoderKeyAlgorithm}`],
  ] as const;
  return (
    <table class="table">
      <thead>
        <tr>
          <th scope="col">{say('keyState')}</th>
          <th scope="col">{say('keyNow')}</th>
          {then !== undefined && <th scope="col">{say('keyThen')}</th>}
        </tr>
      </thead>
      <tbody>
        {rows.map(([name, of]) => (
          <tr key={name}>
            <th scope="row">{name}</th>
            <td>{of(now)}</td>
            {then !== undefined && <td>{of(then) === of(now) ? of(then) : <b class="new">{of(then)}</b>}</td>}
          </tr>
        ))}
      </tbody>
    </table>
  );
}
