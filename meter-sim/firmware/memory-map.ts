/**
 * Where everything stands in the EEPROM, in pages of 64 bytes.
 *
 *     page   0 ........ 95   the two rings of format 1: read once, at its migration, and never written by this firmware
 *     page  96 ....... 159   deltas: the ring of vital records (journal.ts)
 *     page 160 ....... 303   snapshots: 6 slots of 24 pages
 *     page 304 ....... 335   statistics: 4 slots of 8 pages
 *     page 336 ....... 439   events: 4 rings of 26 pages, 104 events each
 *     page 440 ....... 511   free, as is everything beyond on a larger part
 */
export const PAGE_BYTES = 64;

export interface Region {
  readonly firstPage: number;
  readonly slots: number;
  readonly slotPages: number;
}

export const DELTAS: Region = { firstPage: 96, slots: 64, slotPages: 1 };
export const SNAPSHOTS: Region = { firstPage: 160, slots: 6, slotPages: 24 };
export const STATISTICS: Region = { firstPage: 304, slots: 4, slotPages: 8 };
export const EVENTS: Region = { firstPage: 336, slots: 104, slotPages: 1 };

/** Pages from here to the end of the part are free for what else a meter stores. */
export const FIRST_FREE_PAGE = 440;

/** What stands in each part of the map, in order of its first page; `profile` goes on to the end of the part. */
export const MEMORY_PARTS = [
  { name: 'format-1', firstPage: 0 },
  { name: 'deltas', firstPage: DELTAS.firstPage },
  { name: 'snapshots', firstPage: SNAPSHOTS.firstPage },
  { name: 'statistics', firstPage: STATISTICS.firstPage },
  { name: 'events', firstPage: EVENTS.firstPage },
  { name: 'profile', firstPage: FIRST_FREE_PAGE },
] as const;

export type MemoryPart = (typeof MEMORY_PARTS)[number]['name'];

export function partOf(page: number): MemoryPart {
  return MEMORY_PARTS.reduce<MemoryPart>(
    (part, { name, firstPage }) => (page >= firstPage ? name : part),
    'format-1',
  );
}

/** Pages whose wear is remembered. */
export const MAPPED_PAGES = 512;
