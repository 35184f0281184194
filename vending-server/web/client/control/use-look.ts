/** What a section shows of the server, looked up when it opens and again now and then while somebody watches. */
import { useCallback, useEffect, useRef, useState } from 'preact/hooks';
import { call } from '../api.ts';

export interface Looked<T> {
  /** The last that came; it stays while the next is on its way, so that nothing jumps. */
  readonly found: T | undefined;
  readonly problem: string;
  /** Nobody has touched the page for long: it is not asked again, so that its session can end. */
  readonly isPaused: boolean;
  readonly lookAgain: () => void;
}

/** A page that looks by itself would keep the session of somebody who has gone. */
const UNTOUCHED_MILLIS = 15 * 60_000;
const TOUCHES = ['pointerdown', 'pointermove', 'keydown', 'scroll'] as const;

/** When somebody last touched the page. */
let touchedAt = Date.now();
for (const kind of TOUCHES) addEventListener(kind, () => (touchedAt = Date.now()), { passive: true });

interface LookOptions {
  readonly wordsOf: (error: unknown) => string;
  /** Not by itself when absent. */
  readonly everyMillis?: number;
}

/** @param path - undefined asks nothing. */
export function useLook<T>(path: string | undefined, { wordsOf, everyMillis }: LookOptions): Looked<T> {
  const [held, setHeld] = useState<{ path?: string; found?: T; problem: string }>({ problem: '' });
  const [isPaused, setPaused] = useState(false);
  const wanted = useRef<string | undefined>(undefined);
  const look = useCallback(async () => {
    if (path === undefined) return;
    try {
      const answer = await call<T>('GET', path);
      // Another path was asked for meanwhile, or the section is gone.
      if (wanted.current !== path) return;
      setHeld({ path, found: answer, problem: '' });
    } catch (error) {
      if (wanted.current !== path) return;
      const problem = wordsOf(error);
      setHeld((before) => (before.path === path ? { ...before, problem } : { path, problem }));
    }
  }, [path]);
  useEffect(() => {
    wanted.current = path;
    void look();
    return () => {
      wanted.current = undefined;
    };
  }, [look]);
  useEffect(() => {
    if (everyMillis === undefined) return undefined;
    let timer: ReturnType<typeof setTimeout>;
    const wait = () => {
      timer = setTimeout(async () => {
        const isLeft = Date.now() - touchedAt > UNTOUCHED_MILLIS;
        setPaused(isLeft);
        if (!isLeft && !document.hidden) await look();
        wait();
      }, everyMillis);
    };
    wait();
    return () => clearTimeout(timer);
  }, [look, everyMillis]);
  // What was asked of another meter or vendor must not stand under this one's name.
  const { found, problem } = held.path === path ? held : { found: undefined, problem: '' };
  return { found, problem, isPaused, lookAgain: () => void look() };
}
