/** The frame of the control room: who is here, the menu, and the section that the address names. */
import { useEffect, useRef, useState } from 'preact/hooks';
import { NoAnswer, Refusal } from '../api.ts';
import type { Visit } from '../door.tsx';
import { type Section, sectionsFor } from './sections.ts';
import { useSay } from './speech.ts';

export function Room({ visit }: { readonly visit: Visit<void> }) {
  const { say } = useSay();
  const { session } = visit;
  const sections = sectionsFor(session);
  const [current, setCurrent] = useState(() => sectionAt(sections));
  const heading = useRef<HTMLHeadingElement>(null);
  const isMoved = useRef(false);
  useEffect(() => {
    const follow = () => {
      isMoved.current = true;
      setCurrent(sectionAt(sections));
    };
    addEventListener('hashchange', follow);
    return () => removeEventListener('hashchange', follow);
  }, [session]);
  useEffect(() => {
    if (current !== undefined) document.title = `${say(current.title)} – ${say('title')}`;
    // Whoever chose a section goes on in it, and hears which one it is.
    if (isMoved.current) heading.current?.focus();
  }, [current?.id, say(current?.title ?? 'title')]);
  const wordsOf = (error: unknown): string => {
    if (error instanceof NoAnswer) return say('noConnection');
    if (!(error instanceof Refusal)) throw error;
    if (error.status === 401) visit.leave(say('sessionOver'));
    return error.message;
  };
  return (
    <>
      <button type="button" class="skip" onClick={() => heading.current?.focus()}>
        {say('skip')}
      </button>
      <header class="bar">
        <strong>{say('title')}</strong>
        <span class="grow">{session.name}</span>
        {visit.languages}
        <button type="button" onClick={visit.signOut}>
          {say('signOut')}
        </button>
      </header>
      <div class="room">
        <nav class="menu" aria-label={say('menu')}>
          {sections.map(({ id, title }) => (
            <a key={id} href={`#/${id}`} aria-current={id === current?.id ? 'page' : undefined}>
              {say(title)}
            </a>
          ))}
        </nav>
        <main id="work" class="work">
          {current !== undefined && (
            <>
              <h1 ref={heading} tabIndex={-1}>
                {say(current.title)}
              </h1>
              <current.show key={current.id} session={session} wordsOf={wordsOf} />
            </>
          )}
        </main>
      </div>
    </>
  );
}

function sectionAt(sections: readonly Section[]): Section | undefined {
  const wanted = location.hash.replace(/^#\//, '').split('/')[0];
  return sections.find(({ id }) => id === wanted) ?? sections[0];
}
