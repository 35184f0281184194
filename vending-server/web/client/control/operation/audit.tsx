/** Who saw and did what: the trail from its end, by person, subject and time; and whether it is whole. */
import { useState } from 'preact/hooks';
import { call } from '../../api.ts';
import { Deed, textOf } from '../deed.tsx';
import type { SectionProps } from '../sections.ts';
import type { AuditPage, AuditRow, AuditVerification } from './answers.ts';
import { ListEnd, Moment, Table, Who } from './parts.tsx';
import { useFaultWords, useSay } from './speech.ts';
import { usePages } from './use-page.ts';

export function Audit({ wordsOf }: SectionProps) {
  const { say } = useSay();
  const words = useFaultWords(wordsOf);
  const [query, setQuery] = useState('limit=50');
  const path = `/v1/audit/search?${query}`;
  const pages = usePages<AuditPage, AuditRow>(path, 'before', ({ entries }) => entries, words);
  const search = async (fields: FormData) => {
    const asked = new URLSearchParams({ limit: '50' });
    const person = textOf(fields, 'person');
    if (person !== '') asked.set('principal', person.includes(':') ? person : `user:${person}`);
    const subject = textOf(fields, 'subject');
    if (subject !== '') asked.set('subject', subject);
    for (const name of ['from', 'until'] as const) {
      const moment = textOf(fields, name);
      if (moment !== '') asked.set(name, new Date(moment).toISOString());
    }
    setQuery(String(asked));
    return '';
  };
  return (
    <>
      <section class="card" aria-labelledby="search">
        <h2 id="search">{say('search')}</h2>
        <SearchForm onSearch={search} wordsOf={words} />
      </section>
      <section class="card" aria-labelledby="trail">
        <h2 id="trail">{say('trail')}</h2>
        <Table
          caption={say('trail')}
          heads={[say('when'), say('who'), say('action'), say('subject'), say('outcome')]}
        >
          {pages.rows?.map((row) => (
            <tr key={row.sequence}>
              <td>
                <Moment at={row.at} />
              </td>
              <td>
                <Who principal={row.principal} />
                <small> {row.roles.replaceAll(',', ', ')}</small>
              </td>
              <td class="hash">{row.action}</td>
              <td class="hash">{row.target}</td>
              <td>{row.outcome}</td>
            </tr>
          ))}
        </Table>
        <ListEnd pages={pages} empty={say('nothingFound')} />
        {pages.hasMore && <p class="hint">{say('lookFurther')}</p>}
      </section>
      <Wholeness wordsOf={words} />
    </>
  );
}

interface SearchFormProps {
  readonly onSearch: (fields: FormData) => Promise<string>;
  readonly wordsOf: (error: unknown) => string;
}

/** What was asked stays in its fields, to be asked a little otherwise. */
function SearchForm({ onSearch, wordsOf }: SearchFormProps) {
  const { say } = useSay();
  return (
    <Deed action={say('search')} onDo={onSearch} wordsOf={wordsOf} isKept>
      <div class="cards">
        <label>
          {say('person')}
          <input name="person" autocomplete="off" autocapitalize="off" maxLength={100} />
        </label>
        <label>
          {say('subjectOrAction')}
          <input name="subject" autocomplete="off" autocapitalize="off" maxLength={100} />
        </label>
        <label>
          {say('from')}
          <input name="from" type="datetime-local" />
        </label>
        <label>
          {say('before')}
          <input name="until" type="datetime-local" />
        </label>
      </div>
    </Deed>
  );
}

function Wholeness({ wordsOf }: { readonly wordsOf: (error: unknown) => string }) {
  const { say } = useSay();
  const [verified, setVerified] = useState<AuditVerification | undefined>(undefined);
  const verify = async () => {
    setVerified(await call<AuditVerification>('GET', '/v1/audit/verification'));
    return '';
  };
  return (
    <section class="card" aria-labelledby="whole">
      <h2 id="whole">{say('trailProof')}</h2>
      <p class="hint">{say('trailProofHint')}</p>
      <Deed action={say('verifyTrail')} onDo={verify} wordsOf={wordsOf} />
      {verified !== undefined && (
        <div role="status">
          <p>
            <span class={verified.isWhole ? 'mark good' : 'mark bad'}>
              {say(verified.isWhole ? 'trailWhole' : 'trailBroken')}
            </span>{' '}
            {say('trailEntries', { count: verified.entries })}
          </p>
          <p class="hash">
            {verified.head.sequence} {verified.head.entryHash}
          </p>
          <ul>
            {verified.findings.slice(0, 20).map(({ kind, sequence }) => (
              <li key={`${kind} ${sequence}`}>
                {kind} {sequence}
              </li>
            ))}
          </ul>
        </div>
      )}
    </section>
  );
}
