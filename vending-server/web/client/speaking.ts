/** How the pages of this server speak: each its own words, and those that all of them have. */
import { type Speaking, speakingOf } from '../../../lib/pages/client/language.tsx';
import type { Language, Speech } from '../../../lib/pages/speech.ts';
import { ENGLISH } from './text-english.ts';
import { FRENCH } from './text-french.ts';
import { SWAHILI } from './text-swahili.ts';

type CommonKey = keyof typeof ENGLISH;

/** The words that all pages have. */
export const COMMON: Speech<CommonKey> = { en: ENGLISH, fr: FRENCH, sw: SWAHILI };

export const useCommon = speakingOf(COMMON);

/** @returns the hook by which the components of a page speak: its own words and the common ones. */
export function speakingWith<Key extends string>({
  en,
  fr,
  sw,
}: Speech<Key>): () => Speaking<Key | CommonKey> {
  return speakingOf<Key | CommonKey>({
    en: { ...COMMON.en, ...en },
    fr: { ...COMMON.fr, ...fr },
    sw: { ...COMMON.sw, ...sw },
  });
}

/** What the choice of a language is called. */
export const LANGUAGE_LABEL: Readonly<Record<Language, string>> = {
  en: COMMON.en.language,
  fr: COMMON.fr.language,
  sw: COMMON.sw.language,
};
