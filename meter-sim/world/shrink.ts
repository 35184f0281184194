/** Shrinks a list that fails to a small one that still does: delta debugging by halves, then one by one. */

/**
 * @param fails - must hold of `list`; equal lists must give equal answers.
 * @returns a sublist, order kept, that fails and of which no single member can be left out.
 */
export function shrink<T>(list: readonly T[], fails: (part: readonly T[]) => boolean): readonly T[] {
  let kept = list;
  for (let pieces = 2; kept.length > 1; ) {
    const size = Math.ceil(kept.length / pieces);
    const smaller = firstFailing(kept, size, fails);
    if (smaller !== undefined) {
      kept = smaller;
      pieces = Math.max(2, pieces - 1);
    } else if (size === 1) {
      return kept;
    } else {
      pieces = Math.min(kept.length, pieces * 2);
    }
  }
  return kept.length === 1 && fails([]) ? [] : kept;
}

function firstFailing<T>(
  list: readonly T[],
  size: number,
  fails: (part: readonly T[]) => boolean,
): readonly T[] | undefined {
  for (let from = 0; from < list.length; from += size) {
    const without = [...list.slice(0, from), ...list.slice(from + size)];
    if (fails(without)) return without;
  }
  return undefined;
}
