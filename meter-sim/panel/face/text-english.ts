/** Everything that the meter’s face says, in English; the other languages have the same keys. `{name}` is filled in. */
export const ENGLISH = {
  title: 'Meter',
  language: 'Language',
  lost: 'The meter does not answer. Trying again…',
  scope: 'Oscilloscope',
} as const;

export type TextKey = keyof typeof ENGLISH;
export type Texts = Readonly<Record<TextKey, string>>;
