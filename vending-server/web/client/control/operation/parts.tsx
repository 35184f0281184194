/** Small things that several sections are made of. */
import type { ComponentChildren } from 'preact';
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
