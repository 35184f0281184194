/**
 * The token identifiers a meter remembers (sts.md 8.3): a fixed number of slots, zero-filled. A TID in a slot is used; one
 * below the smallest slot is old; an accepted one takes the place of the smallest. Until the zeros are gone nothing is
 * old, and a token bought earlier but keyed later is still good while it lies above the smallest.
 */
import { assertInteger } from '../assert.ts';
import { TID_MAX } from '../token/tid.ts';

/** What the memory says of an identifier. */
export type TidVerdict = 'fresh' | 'used' | 'old';

/**
 * Looks one TID up; the memory is not changed. Used comes before old, and both cannot be.
 * @throws TypeError, RangeError when the TID is out of its 24 bits.
 */
export function judgeTid(memory: readonly number[], tidMinutes: number): TidVerdict {
  assertInteger(tidMinutes, 0, TID_MAX, 'tidMinutes');
  if (memory.includes(tidMinutes)) return 'used';
  return tidMinutes < smallest(memory) ? 'old' : 'fresh';
}

/**
 * @returns a new memory with the smallest entry replaced; the caller has judged the TID fresh.
 * @throws TypeError, RangeError when the TID is out of its 24 bits.
 */
export function rememberTid(memory: readonly number[], tidMinutes: number): readonly number[] {
  assertInteger(tidMinutes, 0, TID_MAX, 'tidMinutes');
  const slot = memory.indexOf(smallest(memory));
  return memory.map((entry, index) => (index === slot ? tidMinutes : entry));
}

function smallest(memory: readonly number[]): number {
  let least = Number.POSITIVE_INFINITY;
  for (const entry of memory) if (entry < least) least = entry;
  return least;
}
