/** What the frame of the control room says, in English; the other languages have the same keys. `{name}` is filled in. */
export const ENGLISH = {
  title: 'Control room',
  menu: 'Sections',
  skip: 'Go to the content',
  nothingHere: 'There is nothing in the control room for this user.',
} as const;

export type TextKey = keyof typeof ENGLISH;
export type Texts = Readonly<Record<TextKey, string>>;
