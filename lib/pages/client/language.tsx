/** Which language a page speaks, kept by the browser, and how its components say things. */
import { type ComponentChildren, createContext } from 'preact';
import { useContext, useEffect, useState } from 'preact/hooks';
import { fillIn, LANGUAGES, type Language, languageFor, localeFor, type Speech } from '../speech.ts';

const KEPT = 'wattoken.language';
const LanguageContext = createContext<Language>('en');

export type Say<Key extends string> = (
  key: Key,
  values?: Readonly<Record<string, string | number>>,
) => string;

export interface Speaking<Key extends string> {
  readonly say: Say<Key>;
  readonly language: Language;
  /** The browser's own kind of this language, for numbers and dates. */
  readonly locale: string;
}

/** @returns the hook by which the components of a page speak. */
export function speakingOf<Key extends string>(speech: Speech<Key>): () => Speaking<Key> {
  return () => {
    const language = useContext(LanguageContext);
    return {
      say: (key, values) => fillIn(speech[language][key], values),
      language,
      locale: localeFor(language, navigator.languages),
    };
  };
}

interface SpokenProps {
  /** What the choice of a language is called, in each of them. */
  readonly label: Readonly<Record<Language, string>>;
  /** Given the choice, to be put where the page has room for it. */
  readonly children: (languages: ComponentChildren) => ComponentChildren;
}

/** Lets what is inside speak one language: what was chosen before, or the first of the browser's own that the pages speak. */
export function Spoken({ label, children }: SpokenProps) {
  const [language, setLanguage] = useState(() =>
    languageFor([localStorage.getItem(KEPT) ?? '', ...navigator.languages]),
  );
  useEffect(() => {
    document.documentElement.lang = language;
    localStorage.setItem(KEPT, language);
  }, [language]);
  return (
    <LanguageContext.Provider value={language}>
      {children(
        <label class="choice">
          <span class="unseen">{label[language]}</span>
          <select value={language} onChange={(event) => setLanguage(event.currentTarget.value as Language)}>
            {Object.entries(LANGUAGES).map(([tag, name]) => (
              <option key={tag} value={tag} lang={tag}>
                {name}
              </option>
            ))}
          </select>
        </label>,
      )}
    </LanguageContext.Provider>
  );
}
