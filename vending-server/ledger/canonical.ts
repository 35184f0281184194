/**
 * One text for one value, whoever writes it: the order of keys and spaces do not matter. Everything that is hashed and
 * recomputed later, perhaps by another program, goes through here.
 */
import { createHash } from 'node:crypto';

export type CanonicalValue =
  | string
  | number
  | boolean
  | null
  | readonly CanonicalValue[]
  | { readonly [name: string]: CanonicalValue };

/**
 * JSON with the keys of every object sorted by their UTF-16 units and no spaces, as RFC 8785 orders them.
 * @throws RangeError for a number that is not a safe integer: its text would depend on the writer.
 */
export function canonicalJson(value: CanonicalValue): string {
  if (typeof value === 'number' && !Number.isSafeInteger(value)) {
    throw new RangeError(`"value" expected a safe integer, got ${value}`);
  }
  if (value === null || typeof value !== 'object') return JSON.stringify(value);
  if (isList(value)) return `[${value.map((item) => canonicalJson(item)).join(',')}]`;
  const fields = Object.keys(value)
    .sort()
    .map((name) => `${JSON.stringify(name)}:${canonicalJson(value[name] ?? null)}`);
  return `{${fields.join(',')}}`;
}

/** SHA-256 of the canonical JSON, 64 lower-case hex digits. */
export function canonicalHash(value: CanonicalValue): string {
  return createHash('sha256').update(canonicalJson(value)).digest('hex');
}

function isList(value: CanonicalValue): value is readonly CanonicalValue[] {
  return Array.isArray(value);
}
