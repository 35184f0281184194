/** What the meter is asked over HTTP, beside what its line brings by itself. */
import type { ScopeView, WearView } from '../../bench-view.ts';
import type { Distances } from '../../scope.ts';

interface Answers {
  readonly scope: ScopeView;
  readonly distances: Distances;
  readonly wear: WearView;
}

/** @returns undefined when the meter does not answer; the page says so where its line is lost. */
export async function ask<Name extends keyof Answers>(name: Name): Promise<Answers[Name] | undefined> {
  try {
    const reply = await fetch(`/v1/meter/${name}`);
    return reply.ok ? ((await reply.json()) as Answers[Name]) : undefined;
  } catch {
    return undefined;
  }
}
