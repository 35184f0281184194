/**
 * Where records go in the memory: one after another through a region, so that every cell is worn alike; past pages that are
 * retired, never over what is still needed, and counted only when each page has been read back equal.
 */
import type { Keeper } from './keeper.ts';
import type { MemoryBus, Urgency } from './memory-bus.ts';
import { PAGE_BYTES } from './memory-map.ts';
import type { WornPageList } from './worn-pages.ts';

/** `abandoned`: given up between two pages; what stands there is no record. */
export type WriteResult = 'written' | 'failed' | 'abandoned';

export interface Span {
  /** Number of its first page in the memory. */
  readonly page: number;
  readonly pages: number;
}

export interface WriteOptions {
  readonly urgency: Urgency;
  /** Asked between two pages. */
  readonly isAbandoned: () => boolean;
}

/** More pages than this that fail at once are not worn: the memory as a whole does not answer. */
const MOST_RETIRED_AT_ONCE = 8;

export class RecordRing {
  readonly #bus: MemoryBus;
  readonly #worn: WornPageList;
  readonly #firstPage: number;
  readonly #pages: number;
  /** Records begin at multiples of this. */
  readonly #slotPages: number;
  #next: number;

  constructor(
    bus: MemoryBus,
    worn: WornPageList,
    region: { firstPage: number; slots: number; slotPages: number },
  ) {
    this.#bus = bus;
    this.#worn = worn;
    this.#firstPage = region.firstPage;
    this.#pages = region.slots * region.slotPages;
    this.#slotPages = region.slotPages;
    this.#next = region.firstPage;
  }

  get firstPage(): number {
    return this.#firstPage;
  }

  get pages(): number {
    return this.#pages;
  }

  /** Goes on behind a record that was found. */
  continueAfter({ page, pages }: Span): void {
    this.#next = this.#slotAfter(page + pages);
  }

  /** The next record goes to the beginning again. */
  rewind(): void {
    this.#next = this.#firstPage;
  }

  /**
   * @param bytes - whole pages; not changed by anybody until `done`.
   * @param kept - what is still needed.
   * @param done - with the place of the record when it was written.
   */
  write(
    bytes: Uint8Array,
    kept: readonly Span[],
    options: WriteOptions,
    done: (result: WriteResult, span: Span | undefined) => void,
  ): void {
    const pages = bytes.length / PAGE_BYTES;
    const failed: number[] = [];
    const attempt = (from: number, passed: number): void => {
      const place = this.#placeFor(pages, kept, from, passed);
      if (place === undefined) {
        done('failed', undefined);
        return;
      }
      const span = { page: place.page, pages };
      this.#writePages(bytes, span, 0, options, (result, badPage) => {
        if (result === 'failed' && badPage !== undefined) {
          failed.push(badPage);
          const next = this.#slotAfter(badPage + 1);
          attempt(next, place.passed + this.#distance(place.page, next));
          return;
        }
        if (result === 'written') {
          this.#next = this.#slotAfter(span.page + pages);
          if (failed.length <= MOST_RETIRED_AT_ONCE) for (const page of failed) this.#worn.retire(page);
        }
        done(result, span);
      });
    };
    attempt(this.#next, 0);
  }

  keep(keeper: Keeper): void {
    this.#next = keeper.value(this.#next);
  }

  /** The first place from `from` on, at most once round. */
  #placeFor(
    pages: number,
    kept: readonly Span[],
    from: number,
    passed: number,
  ): { page: number; passed: number } | undefined {
    let page = from;
    let gone = passed;
    while (gone < this.#pages) {
      const isInside = page + pages <= this.#firstPage + this.#pages;
      if (isInside && this.#isFree(page, pages, kept)) return { page, passed: gone };
      const next = isInside ? this.#slotAfter(page + 1) : this.#firstPage;
      gone += this.#distance(page, next);
      page = next;
    }
    return undefined;
  }

  #isFree(page: number, pages: number, kept: readonly Span[]): boolean {
    for (const span of kept) {
      if (page < span.page + span.pages && span.page < page + pages) return false;
    }
    for (let each = page; each < page + pages; each++) if (this.#worn.has(each)) return false;
    return true;
  }

  #slotAfter(page: number): number {
    const slot = Math.ceil((page - this.#firstPage) / this.#slotPages) * this.#slotPages;
    return this.#firstPage + (slot >= this.#pages ? 0 : slot);
  }

  #distance(from: number, to: number): number {
    return to > from ? to - from : to - from + this.#pages;
  }

  #writePages(
    bytes: Uint8Array,
    { page }: Span,
    index: number,
    options: WriteOptions,
    done: (result: WriteResult, badPage?: number) => void,
  ): void {
    const from = index * PAGE_BYTES;
    if (from >= bytes.length) {
      done('written');
      return;
    }
    if (options.isAbandoned()) {
      done('abandoned');
      return;
    }
    const address = (page + index) * PAGE_BYTES;
    this.#bus.write(address, bytes.subarray(from, from + PAGE_BYTES), options.urgency, (held) => {
      if (held) this.#writePages(bytes, { page, pages: 0 }, index + 1, options, done);
      else done('failed', page + index);
    });
  }
}
