/**
 * The slower record: what the parts count and would not lose, but would not wear the journal for either. Whole records in a
 * ring of their own; the newest whole one counts.
 *
 *     0  format version 2     1  kind 'R'     2  pages     3  sequence, 4     7  the sections, zeros, CRC-32 at the end
 */
import { readUnsigned, type Section, writeInteger } from './bytes.ts';
import { CRC_32, FORMAT_VERSION, isSealed, pagesFor, seal } from './journal-records.ts';
import type { Keeper } from './keeper.ts';
import type { MemoryBus } from './memory-bus.ts';
import { PAGE_BYTES, STATISTICS } from './memory-map.ts';
import { RecordRing, type Span } from './record-rings.ts';
import { INITIAL_STATISTICS, STATISTICS_SECTIONS, type StatisticsState } from './records.ts';
import type { WornPageList } from './worn-pages.ts';

const KIND = 0x52;
const HEAD_BYTES = 7;
const ENTRIES: readonly (readonly [string, Section<unknown>])[] =
  Object.entries<Section<unknown>>(STATISTICS_SECTIONS);

/** What the sections take together. */
export const STATISTICS_BYTES = ENTRIES.reduce((sum, [, section]) => sum + section.bytes, 0);
/** What they may take. */
export const MAX_STATISTICS_BYTES = STATISTICS.slotPages * PAGE_BYTES - HEAD_BYTES - CRC_32.bytes;

export class StatisticsStore {
  readonly #bus: MemoryBus;
  readonly #ring: RecordRing;
  #sequence = 0;
  #newest: Span | undefined;
  #written: StatisticsState | undefined;
  #isWriting = false;
  #waiting: (() => StatisticsState) | undefined;

  constructor(bus: MemoryBus, worn: WornPageList) {
    this.#bus = bus;
    this.#ring = new RecordRing(bus, worn, STATISTICS);
  }

  /** What the newest whole record holds, or what a new meter has. */
  load(): StatisticsState {
    let newest: Uint8Array | undefined;
    for (let slot = 0; slot < STATISTICS.slots; slot++) {
      const page = STATISTICS.firstPage + slot * STATISTICS.slotPages;
      const bytes = this.#read(page);
      if (bytes === undefined) continue;
      const sequence = readUnsigned(bytes, 3, 4);
      if (newest !== undefined && sequence <= this.#sequence) continue;
      newest = bytes;
      this.#sequence = sequence;
      this.#newest = { page, pages: bytes.length / PAGE_BYTES };
    }
    if (this.#newest !== undefined) this.#ring.continueAfter(this.#newest);
    this.#written = newest === undefined ? INITIAL_STATISTICS : decode(newest);
    return this.#written;
  }

  /** Writes the state of the moment at which the memory is free, unless it stands there already. */
  save(build: () => StatisticsState): void {
    this.#waiting = build;
    if (!this.#isWriting) this.#startNext();
  }

  keep(keeper: Keeper): void {
    keeper.idle(!this.#isWriting && this.#waiting === undefined, 'the slower record is being written');
    this.#ring.keep(keeper);
    this.#sequence = keeper.value(this.#sequence);
    this.#newest = keeper.value(this.#newest);
    this.#written = keeper.value(this.#written);
  }

  #startNext(): void {
    const state = this.#waiting?.();
    this.#waiting = undefined;
    if (state === undefined || state === this.#written || ENTRIES.length === 0) return;
    this.#isWriting = true;
    const kept = this.#newest === undefined ? [] : [this.#newest];
    const options = { urgency: 'statistics', isAbandoned: () => false } as const;
    this.#ring.write(encode(state, this.#sequence + 1), kept, options, (result, span) => {
      this.#isWriting = false;
      if (result === 'written') {
        this.#sequence += 1;
        this.#newest = span;
        this.#written = state;
      }
      this.#startNext();
    });
  }

  #read(page: number): Uint8Array | undefined {
    const pages = pagesFor(HEAD_BYTES + STATISTICS_BYTES, CRC_32);
    const bytes = this.#bus.read(page * PAGE_BYTES, pages * PAGE_BYTES);
    if (bytes[0] !== FORMAT_VERSION || bytes[1] !== KIND || bytes[2] !== pages) return undefined;
    return isSealed(bytes, CRC_32) ? bytes : undefined;
  }
}

function encode(state: StatisticsState, sequence: number): Uint8Array {
  const pages = pagesFor(HEAD_BYTES + STATISTICS_BYTES, CRC_32);
  const bytes = new Uint8Array(pages * PAGE_BYTES);
  bytes[0] = FORMAT_VERSION;
  bytes[1] = KIND;
  bytes[2] = pages;
  writeInteger(bytes, 3, 4, sequence);
  const values: Readonly<Record<string, unknown>> = state;
  let at = HEAD_BYTES;
  for (const [name, section] of ENTRIES) {
    section.encode(values[name], bytes, at);
    at += section.bytes;
  }
  seal(bytes, CRC_32);
  return bytes;
}

function decode(bytes: Uint8Array): StatisticsState {
  let at = HEAD_BYTES;
  const values = ENTRIES.map(([name, section]) => {
    const value = section.decode(bytes, at);
    at += section.bytes;
    return [name, value];
  });
  return Object.fromEntries(values) as StatisticsState;
}
