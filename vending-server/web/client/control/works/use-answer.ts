import { useEffect, useState } from 'preact/hooks';
import { call } from '../../api.ts';

export interface Answer<T> {
  /** The last one that came; undefined before the first. */
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
  const [held, setHeld] = useState<{ path?: string | undefined; answer?: T; problem: string }>({
    problem: '',
  });
  const [turn, setTurn] = useState(0);
  useEffect(() => {
    let isLate = false;
    if (path === undefined) return;
    call<T>('GET', path).then(
      (answer) => isLate || setHeld({ path, answer, problem: '' }),
      (error) => isLate || setHeld({ path, problem: words(error) }),
    );
    return () => {
      isLate = true;
    };
  }, [path, turn]);
  // What was asked of another meter must not stand under this one's name.
  const isCurrent = held.path === path;
  return {
    answer: isCurrent ? held.answer : undefined,
    problem: isCurrent ? held.problem : '',
    again: () => setTurn((before) => before + 1),
  };
}
