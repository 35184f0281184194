import type { Texts } from './text-english.ts';

export const SWAHILI: Texts = {
  title: 'Mita',
  language: 'Lugha',
  lost: 'Mita haijibu. Inajaribu tena…',
  scope: 'Osiloskopu',
};
