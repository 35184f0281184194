/**
 * Looks for entries of the audit trail, the newest first. The trail has no index but its numbers, because every request of a
 * seller adds to it and few ever ask: a moment is found by halving, since numbers and times rise together, and the rest by
 * looking back over so many entries at a time.
 */
import type { AuditEntry, AuditStore } from '../store/people-contract.ts';

/** A page looks at no more: a tenth of a second where the trail is not in memory. */
export const LOOKED_AT_MAX = 20_000;

export interface TrailQuestion {
  readonly limit: number;
  readonly principal?: string | undefined;
  /** As the store's search has it. */
  readonly subject?: string | undefined;
  /** Milliseconds since 1970 UTC. */
  readonly from?: number;
  /** The first moment after it. */
  readonly until?: number;
  /** Where the page before ended. */
  readonly before?: number | undefined;
}

export interface FoundInTrail {
  readonly entries: readonly AuditEntry[];
  /** Looking further begins before this number; null when nothing older can match. */
  readonly next: number | null;
}

export async function searchTrail(audit: AuditStore, question: TrailQuestion): Promise<FoundInTrail> {
  const { from, until, before, limit, principal, subject } = question;
  const first = from === undefined ? 1 : await firstSince(audit, from);
  const end =
    before ?? (until === undefined ? await firstSince(audit, Infinity) : await firstSince(audit, until));
  const among = Math.min(LOOKED_AT_MAX, end - first);
  if (among <= 0) return { entries: [], next: null };
  const entries = await audit.search({
    before: end,
    among,
    limit,
    ...(principal === undefined ? {} : { principal }),
    ...(subject === undefined ? {} : { subject }),
  });
  const last = entries.length < limit ? undefined : entries.at(-1);
  const next = last?.sequence ?? end - among;
  return { entries, next: next > first ? next : null };
}

/** @returns the number of the first entry at this moment or later, or the one behind the last. */
async function firstSince(audit: AuditStore, at: number): Promise<number> {
  let before = 0;
  let reached = ((await audit.head())?.sequence ?? 0) + 1;
  if (at === Infinity) return reached;
  while (reached - before > 1) {
    const middle = Math.floor((before + reached) / 2);
    const [entry] = await audit.entries(middle - 1, 1);
    if (entry === undefined || entry.at >= at) reached = middle;
    else before = middle;
  }
  return reached;
}
