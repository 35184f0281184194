/** A list of the server that goes on: the first page, and further ones when they are asked for. */
import { useEffect, useRef, useState } from 'preact/hooks';
import { call } from '../../api.ts';

export interface Pages<Row> {
  /** undefined before the first page is there. */
  readonly rows: readonly Row[] | undefined;
  readonly problem: string;
  readonly hasMore: boolean;
  readonly isBusy: boolean;
  readonly more: () => void;
  /** From the first page on. */
  readonly lookAgain: () => void;
}

type Cursor = string | number | null;

/**
 * @param path - with its query, but for where to go on; undefined asks nothing.
 * @param cursor - the parameter that says where.
 * @param rowsOf - takes the rows out of an answer.
 */
export function usePages<Answer extends { readonly next: Cursor }, Row>(
  path: string | undefined,
  cursor: 'before' | 'after',
  rowsOf: (answer: Answer) => readonly Row[],
  wordsOf: (error: unknown) => string,
): Pages<Row> {
  const [pages, setPages] = useState<{ rows: readonly Row[]; next: Cursor } | undefined>(undefined);
  const [problem, setProblem] = useState('');
  const [isBusy, setBusy] = useState(false);
  const wanted = useRef(path);
  wanted.current = path;
  const ask = async (before: readonly Row[], next: Cursor) => {
    if (path === undefined) return;
    setBusy(true);
    const further =
      next === null ? '' : `${path.includes('?') ? '&' : '?'}${cursor}=${encodeURIComponent(next)}`;
    try {
      const answer = await call<Answer>('GET', path + further);
      if (wanted.current !== path) return;
      setPages({ rows: [...before, ...rowsOf(answer)], next: answer.next });
      setProblem('');
    } catch (error) {
      if (wanted.current === path) setProblem(wordsOf(error));
    }
    setBusy(false);
  };
  useEffect(() => {
    setPages(undefined);
    void ask([], null);
    return () => {
      wanted.current = undefined;
    };
  }, [path]);
  return {
    rows: pages?.rows,
    problem,
    hasMore: pages !== undefined && pages.next !== null,
    isBusy,
    more: () => void ask(pages?.rows ?? [], pages?.next ?? null),
    lookAgain: () => void ask([], null),
  };
}
