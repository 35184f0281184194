/** The proof of the ledger: the heads of all chains, the whole of one proved now, what an outsider takes along. */
import { useState } from 'preact/hooks';
import { call } from '../../api.ts';
import { Deed } from '../deed.tsx';
import type { SectionProps } from '../sections.ts';
import { useLook } from '../use-look.ts';
import type { LedgerModule } from './answers.ts';
import { Problem } from './parts.tsx';
import { ProofCard } from './proof-card.tsx';
import { useFaultWords, useSay } from './speech.ts';
import { download, witnessIn } from './witness-file.ts';

export function Proof({ wordsOf }: SectionProps) {
  const { say } = useSay();
  const words = useFaultWords(wordsOf);
  const { found, problem, lookAgain } = useLook<{ modules: readonly LedgerModule[] }>('/v1/ledger', {
    wordsOf: words,
  });
  const [chosen, setChosen] = useState<string | undefined>(undefined);
  const modules = found?.modules ?? [];
  const module =
    modules.find(({ moduleId }) => moduleId === chosen) ?? modules.find(({ isOwn }) => isOwn) ?? modules[0];
  return (
    <>
      <Problem text={problem} />
      <section class="card" aria-labelledby="heads">
        <div class="row wrap">
          <h2 id="heads" class="grow">
            {say('heads')}
          </h2>
          <button type="button" onClick={lookAgain}>
            {say('refresh')}
          </button>
        </div>
        <p class="hint">{say('headsHint')}</p>
        <ul class="entries">
          {modules.map((each) => (
            <li key={each.moduleId}>
              <label class="choice">
                <input
                  type="radio"
                  name="module"
                  checked={each.moduleId === module?.moduleId}
                  onChange={() => setChosen(each.moduleId)}
                />
                <b>{each.moduleId}</b> {each.isOwn && <span class="mark good">{say('ownModule')}</span>}
              </label>
              <dl class="heads">
                <div>
                  <dt>{say('entries')}</dt>
                  <dd class="digits" data-figure="head">
                    {each.head?.counter ?? 0}
                  </dd>
                </div>
                <div>
                  <dt>{say('headHash')}</dt>
                  <dd class="hash">{each.head?.entryHash ?? '–'}</dd>
                </div>
                <div>
                  <dt>{say('publicKey')}</dt>
                  <dd class="hash">{each.publicKey}</dd>
                </div>
              </dl>
            </li>
          ))}
        </ul>
      </section>
      {module !== undefined && (
        <>
          <ProofCard module={module} wordsOf={words} onProved={lookAgain} />
          <div class="cards">
            <WitnessCard module={module} wordsOf={words} />
            <section class="card" aria-labelledby="export">
              <h2 id="export">{say('export')}</h2>
              <p class="hint">{say('exportHint')}</p>
              <p>
                <a
                  class="button"
                  href={`/v1/ledger/export?moduleId=${encodeURIComponent(module.moduleId)}`}
                  download
                >
                  {say('downloadExport')}
                </a>
              </p>
            </section>
          </div>
        </>
      )}
    </>
  );
}

interface WitnessCardProps {
  readonly module: LedgerModule;
  readonly wordsOf: (error: unknown) => string;
}

function WitnessCard({ module: { moduleId }, wordsOf }: WitnessCardProps) {
  const { say } = useSay();
  const take = async (fields: FormData) => {
    const earlier = await witnessIn(fields, 'earlier');
    const witness = await call<{ heads: readonly { counter: number }[] }>('POST', '/v1/ledger/witnesses', {
      moduleId,
      earlier,
    });
    download(`wattoken-witness-${moduleId}.json`, JSON.stringify(witness, undefined, 2));
    return say('witnessTaken', { counter: witness.heads.at(-1)?.counter ?? 0, heads: witness.heads.length });
  };
  return (
    <section class="card" aria-labelledby="witness">
      <h2 id="witness">{say('witness')}</h2>
      <p class="hint">{say('witnessHint')}</p>
      <Deed action={say('downloadWitness')} onDo={take} wordsOf={wordsOf}>
        <label>
          {say('earlierWitness')}
          <input name="earlier" type="file" accept="application/json,.json" />
        </label>
      </Deed>
    </section>
  );
}
