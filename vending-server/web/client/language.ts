/** Which language the page speaks, and its words. */
import { createContext } from 'preact';
import { useContext } from 'preact/hooks';
import { ENGLISH, type TextKey, type Texts } from './text-english.ts';
import { FRENCH } from './text-french.ts';
import { SWAHILI } from './text-swahili.ts';

export const LANGUAGES = { en: 'English', fr: 'Français', sw: 'Kiswahili' } as const;
export type Language = keyof typeof LANGUAGES;

export const TEXTS: Readonly<Record<Language, Texts>> = { en: ENGLISH, fr: FRENCH, sw: SWAHILI };

/** Some systems hand on names of theirs that are no language tags. */
const TAG = /^[a-z]{2,3}(-[A-Za-z0-9]{2,8})*$/;
const KEPT = 'wattoken.language';

/** What was chosen before, or the first of the browser's own that the page speaks. */
export function firstLanguage(): Language {
  const wanted = [localStorage.getItem(KEPT) ?? '', ...navigator.languages].map((tag) => tag.slice(0, 2));
  return wanted.find((tag): tag is Language => tag in TEXTS) ?? 'en';
}

export function keepLanguage(language: Language): void {
  localStorage.setItem(KEPT, language);
}

export const LanguageContext = createContext<Language>('en');

export type Say = (key: TextKey, values?: Readonly<Record<string, string | number>>) => string;

interface Speech {
  readonly say: Say;
  readonly language: Language;
  /** The browser's own kind of this language, for numbers and dates. */
  readonly locale: string;
}

export function useSay(): Speech {
  const language = useContext(LanguageContext);
  const say: Say = (key, values = {}) =>
    TEXTS[language][key].replace(/\{(\w+)\}/g, (_all, name: string) => String(values[name] ?? ''));
  const locale = navigator.languages.find((tag) => TAG.test(tag) && tag.startsWith(language)) ?? language;
  return { say, language, locale };
}
