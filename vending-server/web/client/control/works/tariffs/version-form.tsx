import { useState } from 'preact/hooks';
import { call } from '../../../api.ts';
import { WrongInput } from '../../deed.tsx';
import { ActForm, type Values } from '../act-form.tsx';
import { draftOf, fieldsOf } from './draft.ts';
import { PricePicture } from './price-picture.tsx';
import { useSay } from './speech.ts';
import { type Block, type Terms, termLines } from './terms.ts';
import { momentIn, nextMonthIn } from './zone-time.ts';

interface VersionFormProps {
  readonly tariffId: string;
  /** What the new version begins from. */
  readonly base: Terms;
  readonly draft: Terms | undefined;
  readonly onDraft: (draft: Terms | undefined) => void;
  /** Milliseconds since 1970 UTC. */
  readonly now: number;
  readonly words: (error: unknown) => string;
  readonly onPut: () => void;
}

/** First what changes, then the asking: nobody sends terms that he has not seen beside the old ones. */
export function VersionForm(props: VersionFormProps) {
  const { tariffId, base, draft, onDraft, now, words, onPut } = props;
  const { say } = useSay();
  const [blocks, setBlocks] = useState<readonly Block[]>(() =>
    base.energy.kind === 'blocks' ? base.energy.blocks : [],
  );
  const [waits, setWaits] = useState('');
  const propose = async ({ begins = '' }: Values): Promise<string> => {
    const validFrom = momentIn(begins, base.timeZone);
    if (validFrom === undefined || Date.parse(validFrom) <= Date.now())
      throw new WrongInput(say('beginsWrong'));
    const body = { tariffId, validFrom, terms: draft };
    const answer = await call<{ approvalId?: string }>('PUT', '/v1/tariffs', body);
    onDraft(undefined);
    onPut();
    setWaits(answer.approvalId ?? '');
    return answer.approvalId === undefined ? say('proposed') : say('waitsForSecond');
  };
  const last = blocks.at(-1);
  return (
    <>
      <p class="hint">{say('newVersionHint')}</p>
      <ActForm
        key={blocks.length}
        id="version"
        fields={fieldsOf(base, blocks, say)}
        action={say('showChanges')}
        words={words}
        act={async (values) => {
          setWaits('');
          onDraft(draftOf(base, values, blocks.length, say));
          return '';
        }}
      >
        {last !== undefined && (
          <div class="row wrap">
            <button type="button" onClick={() => setBlocks([...blocks.slice(0, -1), grown(blocks), last])}>
              {say('addBlock')}
            </button>
            {blocks.length > 1 && (
              <button type="button" onClick={() => setBlocks([...blocks.slice(0, -2), last])}>
                {say('dropBlock')}
              </button>
            )}
          </div>
        )}
      </ActForm>
      {draft !== undefined && (
        <section class="inset" aria-labelledby="what-changes">
          <h3 id="what-changes">{say('whatChanges')}</h3>
          <Changes before={base} after={draft} />
          <PricePicture terms={draft} before={base} />
          <ActForm
            id="propose"
            isMain
            fields={[
              {
                name: 'begins',
                label: say('begins', { zone: base.timeZone }),
                kind: 'moment',
                value: nextMonthIn(now, base.timeZone),
              },
            ]}
            action={say('propose')}
            act={propose}
            words={words}
          />
        </section>
      )}
      {waits !== '' && (
        <p class="notice" role="status">
          {say('waitsForSecond')} {say('decidesHint', { approval: waits })}{' '}
          <a href="#/approvals">{say('toApprovals')}</a>
        </p>
      )}
    </>
  );
}

/** A block between the last two, to be written over. */
function grown(blocks: readonly Block[]): Block {
  const end = blocks.at(-2)?.untilDeciKwh ?? 0;
  return { untilDeciKwh: end + 1_000, pricePerKwh: blocks.at(-1)?.pricePerKwh ?? '1' };
}

function Changes({ before, after }: { readonly before: Terms; readonly after: Terms }) {
  const { say, locale } = useSay();
  const old = termLines(before, { say, locale });
  const changed = termLines(after, { say, locale }).flatMap(([name, value], index) => {
    const was = old[index]?.[1] ?? '';
    return was === value ? [] : [{ name, was, value }];
  });
  if (changed.length === 0) return <p>{say('nothingChanges')}</p>;
  return (
    <table class="table">
      <thead>
        <tr>
          <th scope="col">{say('line')}</th>
          <th scope="col">{say('before')}</th>
          <th scope="col">{say('after')}</th>
        </tr>
      </thead>
      <tbody>
        {changed.map(({ name, was, value }) => (
          <tr key={name}>
            <th scope="row">{name}</th>
            <td>{was}</td>
            <td>
              <b class="new">{value}</b>
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}
