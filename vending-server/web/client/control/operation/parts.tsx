/** Small things that several sections are made of. */
import type { ComponentChildren } from 'preact';
import { useState } from 'preact/hooks';
import { useSay } from './speech.ts';
import type { Pages } from './use-page.ts';

/** A moment as the reader writes it; the whole of it for machines. */
export function Moment({ at }: { readonly at: string }) {
  const { locale } = useSay();
  const shown = new Intl.DateTimeFormat(locale, { dateStyle: 'short', timeStyle: 'medium' });
  return (
    <time dateTime={at} class="digits">
      {shown.format(new Date(at))}
    </time>
  );
}

/** Who it was: `user:vera` is Vera, a key is named as one. */
export function Who({ principal }: { readonly principal: string }) {
  const { say } = useSay();
  const [kind, ...id] = principal.split(':');
  if (kind === 'user') return <>{id.join(':')}</>;
  return <>{kind === 'key' ? say('aKey', { key: id.join(':') }) : principal}</>;
}

export function Problem({ text }: { readonly text: string }) {
  return (
    <p class="problem" role="alert">
      {text}
    </p>
  );
}

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
}

/** A form that does one thing, says how it went, and is not sent twice. */
export function Deed({ children, action, isMain = false, onDo, wordsOf, name, isKept, more }: DeedProps) {
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
      setProblem(error instanceof Incomplete ? error.message : wordsOf(error));
    }
    setBusy(false);
  };
  return (
    <form class="deed" onSubmit={(event) => void submit(event)}>
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

/** What was typed cannot be sent; the message says why, in the reader's language. */
export class Incomplete extends Error {}

export function textOf(fields: FormData, name: string): string {
  return String(fields.get(name) ?? '').trim();
}

/** @returns whether what was asked for waits for a second person: then the server answered with the open request. */
export function isWaiting(answer: object): boolean {
  return 'approvalId' in answer && 'state' in answer && answer.state === 'pending';
}

interface TableProps {
  readonly caption: string;
  /** Of the columns; those that begin with '#' hold amounts. */
  readonly heads: readonly string[];
  readonly children: ComponentChildren;
}

/** A table that scrolls within itself where it is too wide, also by the keyboard. */
export function Table({ caption, heads, children }: TableProps) {
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: a region that scrolls must be reached by the keyboard.
    <section class="wide-table" aria-label={caption} tabIndex={0}>
      <table class="table">
        <caption class="unseen">{caption}</caption>
        <thead>
          <tr>
            {heads.map((head) => (
              <th key={head} scope="col" class={head.startsWith('#') ? 'amount' : ''}>
                {head.replace(/^#/, '')}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>{children}</tbody>
      </table>
    </section>
  );
}

/** Below a list: that it is empty, or what shows more of it. */
export function ListEnd({ pages, empty }: { readonly pages: Pages<unknown>; readonly empty: string }) {
  const { say } = useSay();
  return (
    <div class="list-end">
      <Problem text={pages.problem} />
      {pages.rows?.length === 0 && !pages.hasMore && <p class="hint">{empty}</p>}
      {pages.hasMore && (
        <button type="button" disabled={pages.isBusy} onClick={pages.more}>
          {say('more')}
        </button>
      )}
    </div>
  );
}
