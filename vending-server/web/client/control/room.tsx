/** The frame of the control room: who is here, the menu, and the section that the address names. */
import { useEffect, useRef, useState } from 'preact/hooks';
import type { Visit } from '../door.tsx';
import { type Section, sectionsFor } from './sections.ts';
import { useSay } from './speech.ts';

export function Room({ visit }: { readonly visit: Visit<void> }) {
  const { say } = useSay();
  const { session } = visit;
  const sections = sectionsFor(session);
  const [hash, setHash] = useState(location.hash);
  const { current, place } = placeAt(hash, sections);
  const heading = useRef<HTMLHeadingElement>(null);
  const menu = useRef<HTMLElement>(null);
  const isMoved = useRef(false);
  useEffect(() => {
    const follow = () => {
      isMoved.current = true;
      setHash(location.hash);
    };
    addEventListener('hashchange', follow);
    return () => removeEventListener('hashchange', follow);
  }, [session]);
  useEffect(() => {
    if (current !== undefined) document.title = `${say(current.title)} – ${say('title')}`;
    showCurrent(menu.current);
    // Whoever chose a section goes on in it, and hears which one it is.
    if (isMoved.current) heading.current?.focus();
  }, [current?.id, say(current?.title ?? 'title')]);
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
        <nav class="menu" ref={menu} aria-label={say('menu')}>
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
              <current.show key={current.id} session={session} wordsOf={visit.wordsOf} place={place} />
            </>
          )}
        </main>
      </div>
    </>
  );
}

/** On a phone the menu is wider than the page: what is chosen stands in its middle. */
function showCurrent(menu: HTMLElement | null): void {
  const link = menu?.querySelector<HTMLElement>('[aria-current]');
  if (menu == null || link == null) return;
  menu.scrollLeft = link.offsetLeft - menu.offsetLeft - (menu.clientWidth - link.offsetWidth) / 2;
}

/** `#/vendors/shop` is the section `vendors` at the place `shop`. */
function placeAt(
  hash: string,
  sections: readonly Section[],
): { readonly current: Section | undefined; readonly place: string } {
  const [wanted, place = ''] = hash.replace(/^#\//, '').split('/');
  const found = sections.find(({ id }) => id === wanted);
  return { current: found ?? sections[0], place: found === undefined ? '' : decodeURIComponent(place) };
}
