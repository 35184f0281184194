import { useLook } from '../use-look.ts';

export interface Answer<T> {
  /** The last one that came; undefined before the first, and after a refusal. */
  readonly answer: T | undefined;
  readonly problem: string;
  /** Asks again. */
  readonly again: () => void;
}

/**
 * What the server answers to a question, asked anew whenever the question changes.
 * @param path - undefined asks nothing.
 */
export function useAnswer<T>(path: string | undefined, words: (error: unknown) => string): Answer<T> {
  const { found, problem, lookAgain } = useLook<T>(path, { wordsOf: words });
  return { answer: problem === '' ? found : undefined, problem, again: lookAgain };
}
