/** The words of the meter's face. */
import { speakingOf } from '../../../lib/pages/client/language.tsx';
import { ENGLISH, type TextKey } from './text-english.ts';
import { FRENCH } from './text-french.ts';
import { SWAHILI } from './text-swahili.ts';

export const useSay = speakingOf<TextKey>({ en: ENGLISH, fr: FRENCH, sw: SWAHILI });

export const LANGUAGE_LABEL = { en: ENGLISH.language, fr: FRENCH.language, sw: SWAHILI.language };
