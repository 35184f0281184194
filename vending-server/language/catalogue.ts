/**
 * Everything that customers read, in each language, under one name per text. English is the measure: a language that lacks
 * a name does not compile, and a test holds the values between braces to be the same in all.
 */
import { ENGLISH } from './english.ts';
import { FRENCH } from './french.ts';
import { SWAHILI } from './swahili.ts';

export type TextName = keyof typeof ENGLISH;
export type Texts = Readonly<Record<TextName, string>>;

export const CATALOGUE = { en: ENGLISH, fr: FRENCH, sw: SWAHILI } as const satisfies Record<string, Texts>;

/** ISO 639-1. */
export type Language = keyof typeof CATALOGUE;

export const LANGUAGES = Object.keys(CATALOGUE) as readonly Language[];

/**
 * A text with its values in place.
 * @throws RangeError for a value that the text asks for and that is not given.
 */
export function say(
  language: Language,
  name: TextName,
  values: Readonly<Record<string, string | number>> = {},
): string {
  return CATALOGUE[language][name].replace(/\{(\w+)\}/g, (_whole, key: string) => {
    const value = values[key];
    if (value === undefined) throw new RangeError(`"${name}" expected a value for ${key}, got none`);
    return String(value);
  });
}

/** A decimal number as the language writes it: '12.5' is '12,5' in French. */
export function sayDecimal(language: Language, decimal: string): string {
  return decimal.replace('.', CATALOGUE[language].decimalMark);
}
