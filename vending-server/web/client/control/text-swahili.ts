import type { Texts } from './text-english.ts';

export const SWAHILI: Texts = {
  title: 'Chumba cha usimamizi',
  menu: 'Sehemu',
  skip: 'Nenda kwenye maudhui',
  nothingHere: 'Hakuna kitu katika chumba cha usimamizi kwa mtumiaji huyu.',
  meters: 'Mita',
  keys: 'Funguo na kuhama',
  tariffs: 'Ushuru',
  engineering: 'Tokeni bila fedha',
  ours: 'Tokeni hii ni yetu?',
  now: 'Sasa',
  vendors: 'Wauzaji',
  days: 'Mwisho wa siku',
  alarms: 'Tahadhari',
  faultReports: 'Hitilafu',
  approvals: 'Idhini',
  audit: 'Ukaguzi',
  proof: 'Uthibitisho',
  people: 'Watu',
};
