/** Tariffs: their versions in time, what each charges, a new version, and what a payment comes to under one or two of them. */
import { useState } from 'preact/hooks';
import type { SectionProps } from '../../sections.ts';
import { Fact } from '../fact.tsx';
import { useFaultWords } from '../speech.ts';
import { useAnswer } from '../use-answer.ts';
import { BandsPicture } from './bands-picture.tsx';
import { Calculator } from './calculator.tsx';
import { PricePicture } from './price-picture.tsx';
import { useSay } from './speech.ts';
import { type Terms, termLines, type Version } from './terms.ts';
import { VersionForm } from './version-form.tsx';
import { VersionsLine } from './versions-line.tsx';
import { showIn } from './zone-time.ts';

interface Summary {
  readonly tariffId: string;
  readonly energy: 'flat' | 'blocks' | 'timeOfUse';
  readonly inForceSince: string | null;
  readonly nextFrom: string | null;
}

/** As many as a page of the server has at the most; a utility has a few. */
const LIST_MOST = 200;

export function Tariffs({ session, wordsOf, place }: SectionProps) {
  const { say } = useSay();
  const words = useFaultWords(wordsOf);
  const list = useAnswer<{ tariffs: readonly Summary[] }>(`/v1/tariffs?limit=${LIST_MOST}`, words);
  const tariffs = list.answer?.tariffs ?? [];
  const chosen = tariffs.find(({ tariffId }) => tariffId === place) ?? tariffs[0];
  return (
    <>
      <section class="card" aria-label={say('tariffs')}>
        {list.problem !== '' && (
          <p class="problem" role="alert">
            {list.problem}
          </p>
        )}
        {list.answer !== undefined && tariffs.length === 0 && <p>{say('noTariffs')}</p>}
        {chosen !== undefined && (
          <label>
            {say('tariff')}
            <select
              value={chosen.tariffId}
              onChange={(event) => {
                location.hash = `#/tariffs/${event.currentTarget.value}`;
              }}
            >
              {tariffs.map(({ tariffId, energy }) => (
                <option key={tariffId} value={tariffId}>
                  {tariffId} – {say(`kind_${energy}`)}
                </option>
              ))}
            </select>
          </label>
        )}
      </section>
      {chosen !== undefined && (
        <Tariff key={chosen.tariffId} tariffId={chosen.tariffId} session={session} words={words} />
      )}
    </>
  );
}

interface TariffProps extends Pick<SectionProps, 'session'> {
  readonly tariffId: string;
  readonly words: (error: unknown) => string;
}

function Tariff({ tariffId, session, words }: TariffProps) {
  const { say, locale } = useSay();
  const tariff = useAnswer<{ versions: readonly Version[] }>(`/v1/tariffs/${tariffId}`, words);
  const [from, setFrom] = useState<string | undefined>(undefined);
  const [draft, setDraft] = useState<Terms | undefined>(undefined);
  const now = Date.now();
  const versions = tariff.answer?.versions ?? [];
  const inForce = versions.filter(({ validFrom }) => Date.parse(validFrom) <= now).at(-1) ?? versions[0];
  const chosen = versions.find(({ validFrom }) => validFrom === from) ?? inForce;
  if (chosen === undefined) return <p class="problem">{tariff.problem}</p>;
  const { terms, validFrom } = chosen;
  const isFirst = Date.parse(validFrom) === 0;
  const may = (permission: string) => session.permissions.includes(permission);
  return (
    <>
      <section class="card" aria-labelledby="versions">
        <h2 id="versions">{say('versions')}</h2>
        <VersionsLine
          versions={versions}
          chosen={chosen}
          now={now}
          onChoose={(version) => {
            setFrom(version.validFrom);
            setDraft(undefined);
          }}
        />
        <h3>
          {say('terms', { time: isFirst ? say('beginning') : showIn(validFrom, terms.timeZone, locale) })}
        </h3>
        <PricePicture terms={terms} />
        {terms.energy.kind === 'timeOfUse' && <BandsPicture calendar={terms.energy.calendar} />}
        <dl class="terms">
          {termLines(terms, { say, locale }).map(([name, value]) => (
            <Fact key={name} name={name}>
              {value}
            </Fact>
          ))}
        </dl>
        {may('tariff.put') && (
          <details>
            <summary>{say('newVersion')}</summary>
            <VersionForm
              key={validFrom}
              tariffId={tariffId}
              base={terms}
              draft={draft}
              onDraft={setDraft}
              now={now}
              words={words}
              onPut={tariff.again}
            />
          </details>
        )}
      </section>
      <Calculator
        tariffId={tariffId}
        versions={versions}
        chosen={chosen}
        draft={draft}
        mayFindMeters={may('customer.read')}
        words={words}
      />
    </>
  );
}
