/** What several pages say, in English; the other languages have the same keys. `{name}` is filled in. */
export const ENGLISH = {
  signIn: 'Sign in',
  userId: 'User',
  password: 'Password',
  signOut: 'Sign out',
  signInFailed: 'User or password is wrong.',
  signInThrottled: 'Too many tries. Wait a minute and try again.',
  language: 'Language',
  refresh: 'Refresh',
  noConnection: 'The server does not answer. Check the line and try again.',
  sessionOver: 'The session is over. Sign in again.',
  failed: 'That did not work: {reason}',
} as const;

export type CommonTexts = Readonly<Record<keyof typeof ENGLISH, string>>;
