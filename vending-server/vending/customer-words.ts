/** By which words a customer is found: all of what is said of him, without case, accents and marks between. */
import type { CustomerRecord } from '../store/customer-contract.ts';

const WORD_LENGTH = 64;

/** Words of letters and digits, in the order of the text: 'Mokoéna-Dube' gives 'mokoena' and 'dube'. */
export function wordsIn(text: string): readonly string[] {
  const plain = text.normalize('NFKD').replace(/\p{M}/gu, '').toUpperCase().toLowerCase();
  return (plain.match(/[\p{L}\p{N}]+/gu) ?? []).map((word) =>
    Array.from(word).slice(0, WORD_LENGTH).join(''),
  );
}

/** Numbers are found by their parts, and written together too: '700-1417' by '700', '1417' and '7001417'. */
export function wordsOf(customer: CustomerRecord): readonly string[] {
  const { name, addressLines, account, locationReference, reference } = customer;
  const numbers = [account, locationReference, reference].filter((text) => text !== null);
  const texts = [name ?? '', ...addressLines, ...numbers];
  const joined = numbers.flatMap((text) => wordsIn(text.replace(/[^\p{L}\p{N}]/gu, '')));
  return [...new Set([...texts.flatMap(wordsIn), ...joined])];
}

const BEGINNINGS_MAX = 6;
/** One of the beginnings must have so many letters: fewer would be a look through the whole registry. */
const LEAST_LETTERS = 3;

/** @returns undefined for a text that says too little. */
export function beginningsIn(text: string): readonly string[] | undefined {
  const words = [...new Set(wordsIn(text))];
  // What another one begins with says nothing more.
  const telling = words.filter((word) => !words.some((other) => other !== word && other.startsWith(word)));
  const isEnough = telling.some((word) => Array.from(word).length >= LEAST_LETTERS);
  return isEnough && telling.length <= BEGINNINGS_MAX ? telling : undefined;
}
