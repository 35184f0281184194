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
  now: 'En direct',
  vendors: 'Vendeurs',
  days: 'Fins de journée',
  alarms: 'Alarmes',
  faultReports: 'Pannes',
  approvals: 'Approbations',
  audit: "Piste d'audit",
  proof: 'Preuve',
  people: 'Personnes',
};
