import type { Speaking } from '../../../lib/pages/client/language.tsx';
import { Refusal } from './api.ts';

/**
 * @param texts - with a key `fault_…` for the code of each fault that is said in the page's language.
 * @param useSpeech - how the page speaks these texts.
 * @returns the hook that says why something was refused: what is known here in the page's language, the rest in the server's
 *   own words. It takes what the frame says, which ends the page where the session is over.
 */
export function faultWordsOf<Key extends string>(
  texts: Readonly<Record<Key, string>>,
  useSpeech: () => Pick<Speaking<Key>, 'say'>,
): (wordsOf: (error: unknown) => string) => (error: unknown) => string {
  return (wordsOf) => {
    const { say } = useSpeech();
    return (error) => {
      const text = wordsOf(error);
      const key = error instanceof Refusal ? `fault_${error.code}` : '';
      return Object.hasOwn(texts, key) ? say(key as Key) : text;
    };
  };
}
