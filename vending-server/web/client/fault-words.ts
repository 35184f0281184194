import type { Say } from '../../../lib/pages/client/language.tsx';
import type { Refusal } from './api.ts';

/**
 * Why something was refused, in the page's language where its texts have a key for the fault's code (`fault_…`), else in the
 * server's own words.
 */
export function faultWords<Key extends string>(
  texts: Readonly<Record<string, string>>,
  say: Say<Key>,
  { code, message }: Refusal,
): string {
  const key = `fault_${code}`;
  return Object.hasOwn(texts, key) ? say(key as Key) : message;
}
