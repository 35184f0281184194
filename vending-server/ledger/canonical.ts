/**
 * One text for one value, whoever writes it: the order of keys and spaces do not matter. Everything that is hashed and
 * recomputed later, perhaps by another program, goes through here.
 */
import { sha256 } from '../sha256.ts';

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
  switch (typeof value) {
    case 'string':
      return JSON.stringify(value);
    case 'number':
      if (!Number.isSafeInteger(value)) {
        throw new RangeError(`"value" expected a safe integer, got ${value}`);
      }
      return String(value);
    case 'boolean':
      return value ? 'true' : 'false';
    default:
      if (value === null) return 'null';
      return isList(value) ? listText(value) : objectText(value);
  }
}

/** Loops: every sale is hashed this way. */
function listText(list: readonly CanonicalValue[]): string {
  let text = '';
  for (const item of list) text += `${text === '' ? '[' : ','}${canonicalJson(item)}`;
  return text === '' ? '[]' : `${text}]`;
}

function objectText(fields: { readonly [name: string]: CanonicalValue }): string {
  let text = '';
  for (const name of Object.keys(fields).sort()) {
    text += `${text === '' ? '{' : ','}${JSON.stringify(name)}:${canonicalJson(fields[name] ?? null)}`;
  }
  return text === '' ? '{}' : `${text}}`;
}

/** SHA-256 of the canonical JSON, 64 lower-case hex digits. */
export function canonicalHash(value: CanonicalValue): string {
  return sha256(canonicalJson(value));
}

function isList(value: CanonicalValue): value is readonly CanonicalValue[] {
  return Array.isArray(value);
}
