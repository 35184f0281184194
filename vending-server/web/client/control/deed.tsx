/** A form that does one thing, says how it went, and is not sent twice. */
import type { ComponentChildren } from 'preact';
import { useState } from 'preact/hooks';

interface DeedProps {
  /** The fields of the form. */
  readonly children?: ComponentChildren;
  readonly action: string;
  readonly isMain?: boolean;
  /** @returns what was done, in words. @throws what `wordsOf` has words for. */
  readonly onDo: (fields: FormData) => Promise<string>;
  readonly wordsOf: (error: unknown) => string;
  /** Of the button, among the fields, where there is more than one. */
  readonly name?: readonly [name: string, value: string];
  /** What was typed stays when it was done. */
  readonly isKept?: boolean;
  /** Further buttons. */
  readonly more?: ComponentChildren;
  /** For its look. */
  readonly class?: string;
}

export function Deed({
  children,
  action,
  isMain = false,
  onDo,
  wordsOf,
  name,
  isKept,
  more,
  ...look
}: DeedProps) {
  const [problem, setProblem] = useState('');
  const [done, setDone] = useState('');
  const [isBusy, setBusy] = useState(false);
  const submit = async (event: SubmitEvent) => {
    event.preventDefault();
    const form = event.target as HTMLFormElement;
    const fields = new FormData(form, event.submitter);
    setBusy(true);
    setProblem('');
    setDone('');
    try {
      setDone(await onDo(fields));
      if (isKept !== true) form.reset();
    } catch (error) {
      setProblem(error instanceof WrongInput ? error.message : wordsOf(error));
    }
    setBusy(false);
  };
  return (
    <form class={`deed ${look.class ?? ''}`} aria-busy={isBusy} onSubmit={(event) => void submit(event)}>
      {children}
      <div class="row wrap">
        <button
          type="submit"
          class={isMain ? 'main' : ''}
          disabled={isBusy}
          name={name?.[0]}
          value={name?.[1]}
        >
          {action}
        </button>
        {more}
        <span role="status" class="done">
          {done}
        </span>
        <span role="alert" class="problem">
          {problem}
        </span>
      </div>
    </form>
  );
}

/** What was typed cannot be what is meant; the message says so, in the page's language. */
export class WrongInput extends Error {}

export function textOf(fields: FormData, name: string): string {
  return String(fields.get(name) ?? '').trim();
}
