/**
 * Pages of one sandbox know each other by what its printed addresses have behind their `#`: `…/#meter=http://127.0.0.1:8081/`.
 * It never reaches a server, and only addresses of this machine are believed, so that no crafted link leads anybody away.
 */

const HERE = ['127.0.0.1', 'localhost', '[::1]'];

/** @returns the address of the page of this name, with our own behind its `#`; undefined where there is none to be believed. */
export function neighbourIn(
  { hash, origin }: { readonly hash: string; readonly origin: string },
  name: string,
  ownName: string,
): string | undefined {
  const given = new URLSearchParams(hash.slice(1)).get(name);
  if (given === null || !URL.canParse(given)) return undefined;
  const address = new URL(given);
  if (address.protocol !== 'http:' || !HERE.includes(address.hostname)) return undefined;
  return `${address.origin}/#${ownName}=${origin}/`;
}
