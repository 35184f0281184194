import type { Texts } from './text-english.ts';

export const FRENCH: Texts = {
  progress: 'Combien de compteurs sont sur leur clé actuelle',
  progressAt: 'État du {time}.',
  doneShare: '{done} sur {meters} faits',
  noMeters: 'Aucun compteur n’a de clé de ce groupe.',
  noGroups: 'Il n’y a encore ni clé de vente ni compteur.',
  metersIn: '{count} compteurs : {state}',
  list: 'Compteurs du groupe {group} : {state}',
  close: 'Fermer la liste',
  nextStep: 'Suite',
  lastPurchase: 'Dernier achat',
  lastChange: 'Dernier changement de clé',
  keysOfMeters: 'Clés des compteurs',
  metersColumn: 'Compteurs',
  wantedCount: '{count} compteurs sont voulus sous un autre groupe ou indice tarifaire.',
  refusals: 'Pourquoi des clés ne peuvent changer',
  refusalCount: '{count} : {refusal}',
  vendingKeys: 'Clés de vente',
  vendingKeysHint:
    'Comme le module de sécurité les dit : attributs, dates et valeurs de contrôle. Aucune clé ne le ' +
    'quitte jamais.',
  usable: 'émet maintenant',
  notUsable: 'n’émet rien maintenant',
  warn_keyExpires: 'Son KEN finit le {at} : les compteurs doivent avoir une nouvelle clé avant.',
  warn_baseDateEnds: 'Sa date de base finit le {at} : les compteurs doivent être basculés avant.',
  warn_issueUntil: 'Elle n’émet plus rien après le {at}.',
  campaign: 'Vouloir une autre clé pour tout le groupe',
  campaignHint:
    'Chaque compteur du groupe doit avoir une clé de ce groupe et de cet indice dès son prochain ' +
    'changement : à la prochaine vente, ou sur demande.',
  fromTariffIndex: 'Seulement les compteurs de cet indice',
  start: 'La vouloir pour tous',
  started: '{changed} compteurs sur {looked} modifiés, {refused} refusés.',
  lookedAt: '{looked} compteurs vus…',
  due: 'à faire',
  underWay: 'en cours',
  finished: 'fait',
  stuck: 'impossible',
};
