/** The words of the counter. */
import { faultWordsOf } from '../fault-words.ts';
import { speakingWith } from '../speaking.ts';
import { ENGLISH, type TextKey } from './text-english.ts';
import { FRENCH } from './text-french.ts';
import { SWAHILI } from './text-swahili.ts';

export const useSay = speakingWith<TextKey>({ en: ENGLISH, fr: FRENCH, sw: SWAHILI });

export const useFaultWords = faultWordsOf<TextKey>(ENGLISH, useSay);
