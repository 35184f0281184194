import { worksWith } from '../speech.ts';
import { ENGLISH, type TextKey } from './text-english.ts';
import { FRENCH } from './text-french.ts';
import { SWAHILI } from './text-swahili.ts';

export const useSay = worksWith<TextKey>({ en: ENGLISH, fr: FRENCH, sw: SWAHILI });
