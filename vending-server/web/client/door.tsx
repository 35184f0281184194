/** Who is at a page: the sign-in, or what stands behind it. */
import type { ComponentChildren } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import { call, NoAnswer, Refusal, useCsrfToken } from './api.ts';
import type { Session } from './session.ts';
import { SignIn } from './sign-in.tsx';
import { useCommon } from './speaking.ts';

export interface Visit<T> {
  readonly session: Session;
  /** What the page asked for when its visitor came in. */
  readonly entered: T;
  readonly setEntered: (entered: T) => void;
  /** Back to the sign-in, with the reason if there is one. */
  readonly leave: (reason?: string) => void;
  /** A refusal that ends the session ends the page; @returns any other in words. @throws what is no refusal. */
  readonly wordsOf: (error: unknown) => string;
  /** Ends the session at the server too. */
  readonly signOut: () => void;
  readonly languages: ComponentChildren;
}

interface DoorProps<T> {
  /** Of the window, in the page's language. */
  readonly title: string;
  readonly languages: ComponentChildren;
  /** Asks for what the page needs of this visitor. @throws Refusal of one who has no business here: he is signed out again. */
  readonly onEnter: (session: Session) => Promise<T>;
  readonly children: (visit: Visit<T>) => ComponentChildren;
}

/** `undefined` while nobody knows. */
type Who<T> = { readonly session: Session; readonly entered: T } | 'nobody' | undefined;

export function Door<T>({ title, languages, onEnter, children }: DoorProps<T>) {
  const { say } = useCommon();
  const [who, setWho] = useState<Who<T>>(undefined);
  const [problem, setProblem] = useState('');
  const enter = async (session: Session) => {
    useCsrfToken(session.csrfToken);
    try {
      setWho({ session, entered: await onEnter(session) });
    } catch (error) {
      if (!(error instanceof NoAnswer)) await call('DELETE', '/v1/session');
      throw error;
    }
  };
  useEffect(() => {
    const look = async () => {
      try {
        await enter(await call<Session>('GET', '/v1/session'));
      } catch (error) {
        setWho('nobody');
        if (error instanceof NoAnswer) setProblem(say('noConnection'));
      }
    };
    void look();
  }, []);
  useEffect(() => {
    document.title = `Wattoken – ${title}`;
  }, [title]);
  const leave = (reason = '') => {
    setProblem(reason);
    setWho('nobody');
  };
  if (who === undefined) return null;
  if (who === 'nobody') return <SignIn problem={problem} onSignedIn={enter} languages={languages} />;
  const signOut = async () => {
    await call('DELETE', '/v1/session').catch(() => undefined);
    leave();
  };
  const wordsOf = (error: unknown): string => {
    if (error instanceof NoAnswer) return say('noConnection');
    if (!(error instanceof Refusal)) throw error;
    if (error.status === 401) leave(say('sessionOver'));
    return error.message;
  };
  const setEntered = (entered: T) => setWho({ ...who, entered });
  return children({ ...who, setEntered, leave, wordsOf, signOut: () => void signOut(), languages });
}
