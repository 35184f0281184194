import type { Texts } from './text-english.ts';

export const SWAHILI: Texts = {
  title: 'Chumba cha usimamizi',
  menu: 'Sehemu',
  skip: 'Nenda kwenye maudhui',
  nothingHere: 'Hakuna kitu katika chumba cha usimamizi kwa mtumiaji huyu.',
};
