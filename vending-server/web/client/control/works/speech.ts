/** The words that the sections about meters, keys, tariffs and tokens have in common, and how each adds its own. */
import type { Speech } from '../../../../../lib/pages/speech.ts';
import { faultWordsOf } from '../../fault-words.ts';
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

export const useFaultWords = faultWordsOf<WorksKey>(ENGLISH, useWorks);
