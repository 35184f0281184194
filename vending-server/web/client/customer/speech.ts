/** The words of the page for customers. */
import { speakingWith } from '../speaking.ts';
import { ENGLISH, type TextKey } from './text-english.ts';
import { FRENCH } from './text-french.ts';
import { SWAHILI } from './text-swahili.ts';

export const useSay = speakingWith<TextKey>({ en: ENGLISH, fr: FRENCH, sw: SWAHILI });
