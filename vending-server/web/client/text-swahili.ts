import type { CommonTexts } from './text-english.ts';

export const SWAHILI: CommonTexts = {
  signIn: 'Ingia',
  userId: 'Mtumiaji',
  password: 'Nenosiri',
  signOut: 'Toka',
  signInFailed: 'Mtumiaji au nenosiri si sahihi.',
  signInThrottled: 'Umejaribu mara nyingi. Subiri dakika moja ujaribu tena.',
  language: 'Lugha',
  refresh: 'Onyesha upya',
  noConnection: 'Seva haijibu. Kagua mawasiliano ujaribu tena.',
  sessionOver: 'Kipindi kimeisha. Ingia tena.',
  failed: 'Haikufanikiwa: {reason}',
};
