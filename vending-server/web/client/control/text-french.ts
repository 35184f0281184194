import type { Texts } from './text-english.ts';

export const FRENCH: Texts = {
  title: 'Salle de contrôle',
  menu: 'Rubriques',
  skip: 'Aller au contenu',
  nothingHere: 'Rien dans la salle de contrôle pour cet utilisateur.',
  meters: 'Compteurs',
  keys: 'Clés et bascule',
  tariffs: 'Tarifs',
  engineering: 'Jetons sans argent',
  ours: 'Ce jeton est-il à nous ?',
};
