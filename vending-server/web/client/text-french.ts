import type { CommonTexts } from './text-english.ts';

export const FRENCH: CommonTexts = {
  signIn: 'Se connecter',
  userId: 'Utilisateur',
  password: 'Mot de passe',
  signOut: 'Se déconnecter',
  signInFailed: 'Utilisateur ou mot de passe incorrect.',
  signInThrottled: 'Trop d’essais. Attendez une minute et réessayez.',
  language: 'Langue',
  refresh: 'Actualiser',
  noConnection: 'Le serveur ne répond pas. Vérifiez la ligne et réessayez.',
  sessionOver: 'La session est terminée. Connectez-vous de nouveau.',
  failed: 'Échec : {reason}',
};
