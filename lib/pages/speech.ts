/** What a page says, in the languages that all pages speak. */

/** The languages by their tags (BCP 47), each named in itself. */
export const LANGUAGES = { en: 'English', fr: 'Français', sw: 'Kiswahili' } as const;

/** The tag of a language that the pages speak. */
export type Language = keyof typeof LANGUAGES;

/** A page's words: for each language the same keys. `{name}` in a text is a place to fill in. */
export type Speech<Key extends string> = Readonly<Record<Language, Readonly<Record<Key, string>>>>;

/** Some systems hand on names of theirs that are no language tags. */
const TAG = /^[a-z]{2,3}(-[A-Za-z0-9]{2,8})*$/;

/**
 * @param wanted - tags of languages, the most wanted first, as a browser has them.
 * @returns the first that the pages speak, English where they speak none.
 */
export function languageFor(wanted: readonly string[]): Language {
  const short = wanted.map((tag) => tag.slice(0, 2));
  return short.find((tag): tag is Language => Object.hasOwn(LANGUAGES, tag)) ?? 'en';
}

/** @returns whoever reads the page's own kind of its language, for numbers and dates: `en-ZA` rather than `en`. */
export function localeFor(language: Language, wanted: readonly string[]): string {
  return wanted.find((tag) => TAG.test(tag) && tag.startsWith(language)) ?? language;
}

/** @returns the text with its places filled in; a place without a value stands empty. */
export function fillIn(text: string, values: Readonly<Record<string, string | number>> = {}): string {
  return text.replace(/\{(\w+)\}/g, (_all, name: string) => String(values[name] ?? ''));
}
