import type { Texts } from './text-english.ts';

export const FRENCH: Texts = {
  title: 'Compteur',
  language: 'Langue',
  lost: 'Le compteur ne répond pas. Nouvel essai…',
  scope: 'Oscilloscope',
};
