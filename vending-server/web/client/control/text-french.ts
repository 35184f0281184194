import type { Texts } from './text-english.ts';

export const FRENCH: Texts = {
  title: 'Salle de contrôle',
  menu: 'Rubriques',
  skip: 'Aller au contenu',
  nothingHere: 'Rien dans la salle de contrôle pour cet utilisateur.',
};
