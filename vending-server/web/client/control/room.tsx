/** The frame of the control room: who is here, the menu, and the section that the address names. */
import { useEffect, useState } from 'preact/hooks';
import { NoAnswer, Refusal } from '../api.ts';
import type { Visit } from '../door.tsx';
import { type Section, sectionsFor } from './sections.ts';
import { useSay } from './speech.ts';

export function Room({ visit }: { readonly visit: Visit<void> }) {
  const { say } = useSay();
  const { session } = visit;
  const sections = sectionsFor(session);
  const [current, setCurrent] = useState(() => sectionAt(sections));
  useEffect(() => {
    const follow = () => setCurrent(sectionAt(sections));
    addEventListener('hashchange', follow);
    return () => removeEventListener('hashchange', follow);
  }, [session]);
  const wordsOf = (error: unknown): string => {
    if (error instanceof NoAnswer) return say('noConnection');
    if (!(error instanceof Refusal)) throw error;
    if (error.status === 401) visit.leave(say('sessionOver'));
    return error.message;
  };
  return (
    <>
      <a class="skip" href="#work">
        {say('skip')}
      </a>
      <header class="bar">
        <strong>{say('title')}</strong>
        <span class="grow">{session.name}</span>
        {visit.languages}
        <button type="button" onClick={visit.signOut}>
          {say('signOut')}
        </button>
      </header>
      <nav class="menu" aria-label={say('menu')}>
        {sections.map(({ id, title }) => (
          <a key={id} href={`#/${id}`} aria-current={id === current?.id ? 'page' : undefined}>
            {say(title)}
          </a>
        ))}
      </nav>
      <main id="work" class="work" tabIndex={-1}>
        {current !== undefined && (
          <>
            <h1>{say(current.title)}</h1>
            <current.show key={current.id} session={session} wordsOf={wordsOf} />
          </>
        )}
      </main>
    </>
  );
}

function sectionAt(sections: readonly Section[]): Section | undefined {
  const wanted = location.hash.replace(/^#\//, '').split('/')[0];
  return sections.find(({ id }) => id === wanted) ?? sections[0];
}
