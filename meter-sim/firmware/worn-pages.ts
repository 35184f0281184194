/**
 * Pages of the EEPROM that did not hold what was written to them: out of use, also after the next boot, for the list is part of
 * the vital record.
 */
import type { Section } from './bytes.ts';
import type { Keeper } from './keeper.ts';
import { MAPPED_PAGES } from './memory-map.ts';

/** Retired page numbers, rising. */
export type WornPages = readonly number[];

/** One bit a page. */
export const WORN_PAGES: Section<WornPages> = {
  bytes: MAPPED_PAGES / 8,
  initial: [],
  encode: (pages, into, at) => {
    into.fill(0, at, at + MAPPED_PAGES / 8);
    for (const page of pages) {
      const byte = at + (page >> 3);
      into[byte] = (into[byte] ?? 0) | (1 << (page & 7));
    }
  },
  decode: (bytes, at) => {
    const pages: number[] = [];
    for (let byte = 0; byte < MAPPED_PAGES / 8; byte++) {
      const bits = bytes[at + byte] ?? 0;
      if (bits === 0) continue;
      for (let bit = 0; bit < 8; bit++) if ((bits >> bit) & 1) pages.push(byte * 8 + bit);
    }
    return pages;
  },
};

/** The list while the meter runs, shared by everything that writes. */
export class WornPageList {
  #pages: WornPages = WORN_PAGES.initial;

  get pages(): WornPages {
    return this.#pages;
  }

  /** What the journal held. */
  restore(pages: WornPages): void {
    this.#pages = pages;
  }

  has(page: number): boolean {
    return this.#pages.length > 0 && this.#pages.includes(page);
  }

  /** Durable with the next vital record; until then a boot would find out again by itself. */
  retire(page: number): void {
    if (page < MAPPED_PAGES && !this.has(page)) this.#pages = [...this.#pages, page].sort((a, b) => a - b);
  }

  keep(keeper: Keeper): void {
    this.#pages = keeper.value(this.#pages);
  }
}
