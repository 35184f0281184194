import type { ComponentChildren } from 'preact';
import { useState } from 'preact/hooks';
import { useFocus } from '../../../lib/pages/client/use-focus.ts';
import { call, NoAnswer, Refusal } from './api.ts';
import type { Session } from './session.ts';
import { useCommon } from './speaking.ts';

interface SignInProps {
  readonly problem: string;
  readonly onSignedIn: (session: Session) => Promise<void>;
  readonly languages: ComponentChildren;
}

export function SignIn({ problem: before, onSignedIn, languages }: SignInProps) {
  const { say } = useCommon();
  const place = useFocus<HTMLInputElement>();
  const [problem, setProblem] = useState(before);
  const [busy, setBusy] = useState(false);
  const submit = async (event: Event) => {
    event.preventDefault();
    const fields = new FormData(event.target as HTMLFormElement);
    setBusy(true);
    setProblem('');
    try {
      const body = { userId: fields.get('userId'), password: fields.get('password') };
      await onSignedIn(await call<Session>('POST', '/v1/session', body));
    } catch (error) {
      setProblem(reasonOf(error));
      setBusy(false);
    }
  };
  const reasonOf = (error: unknown): string => {
    if (error instanceof NoAnswer) return say('noConnection');
    if (!(error instanceof Refusal)) throw error;
    switch (error.code) {
      case 'login_failed':
      case 'request_malformed':
        return say('signInFailed');
      case 'login_throttled':
      case 'rate_limited':
        return say('signInThrottled');
    }
    return error.message;
  };
  return (
    <main class="door">
      <form class="card" onSubmit={(event) => void submit(event)}>
        <h1>Wattoken</h1>
        <label>
          {say('userId')}
          <input name="userId" autocomplete="username" autocapitalize="off" required ref={place} />
        </label>
        <label>
          {say('password')}
          <input name="password" type="password" autocomplete="current-password" required />
        </label>
        <p class="problem" role="alert">
          {problem}
        </p>
        <button type="submit" class="main" disabled={busy}>
          {say('signIn')}
        </button>
      </form>
      {languages}
    </main>
  );
}
