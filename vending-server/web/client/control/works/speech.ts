/** The words that the sections about meters, keys, tariffs and tokens have in common, and how each adds its own. */
import type { Speech } from '../../../../../lib/pages/speech.ts';
import { Refusal } from '../../api.ts';
import { faultWords } from '../../fault-words.ts';
import { speakingWith } from '../../speaking.ts';
import { ENGLISH, type WorksKey } from './text-english.ts';
import { FRENCH } from './text-french.ts';
import { SWAHILI } from './text-swahili.ts';

const WORKS: Speech<WorksKey> = { en: ENGLISH, fr: FRENCH, sw: SWAHILI };

export const useWorks = speakingWith<WorksKey>(WORKS);

/** @returns the hook of one section: its own words, and those that all of them have. */
export function worksWith<Key extends string>({ en, fr, sw }: Speech<Key>) {
  return speakingWith<Key | WorksKey>({
    en: { ...WORKS.en, ...en },
    fr: { ...WORKS.fr, ...fr },
    sw: { ...WORKS.sw, ...sw },
  });
}

/**
 * @param wordsOf - of the frame: it ends the page where the session is over.
 * @returns what says why something was refused: faults that are known here in the page's language, others as the server does.
 */
export function useFaultWords(wordsOf: (error: unknown) => string): (error: unknown) => string {
  const { say } = useWorks();
  return (error) => {
    const text = wordsOf(error);
    return error instanceof Refusal && error.status !== 401 ? faultWords(ENGLISH, say, error) : text;
  };
}
