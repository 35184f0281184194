/** What would be another than it is, field by field: of two values of JSON, the paths at which they differ. */

export interface Difference {
  /** `energy.blocks.0.pricePerKwh`. */
  readonly path: string;
  /** undefined where nothing stood, or nothing will. */
  readonly before: string | undefined;
  readonly after: string | undefined;
}

export function differencesOf(before: unknown, after: unknown): readonly Difference[] {
  const [old, next] = [leavesOf(before), leavesOf(after)];
  const paths = [...new Set([...old.keys(), ...next.keys()])];
  return paths
    .map((path) => ({ path, before: old.get(path), after: next.get(path) }))
    .filter((difference) => difference.before !== difference.after);
}

function leavesOf(value: unknown, path = ''): Map<string, string> {
  if (value === undefined || value === null) return new Map();
  if (typeof value !== 'object') return new Map([[path, String(value)]]);
  const entries = Array.isArray(value) ? [...value.entries()] : Object.entries(value);
  if (entries.length === 0) return new Map([[path, '–']]);
  return new Map(
    entries.flatMap(([name, inner]) => [...leavesOf(inner, path === '' ? String(name) : `${path}.${name}`)]),
  );
}
