/**
 * The event log: one ring for each group, of which the last hundred events are always whole (meter-hardware.md 6).
 *
 *     byte 0  number of the event in its group, 4, rising from 1     8  code, 1
 *          4  epoch seconds, 4                                       9  detail, 3
 *                                                                   12  CRC-32 of bytes 0-11
 *
 * An event is written where the oldest stands, four to a page and each by itself, so that a cut costs at most the one that
 * was being written. Nothing is asked of the vital record: the newest number in a ring shows where it goes on.
 */
import { readUnsigned, writeInteger } from './bytes.ts';
import { crc32 } from './crc32.ts';
import { EVENT_GROUPS, EVENT_KINDS, type EventGroup, type EventName, eventNamed } from './events.ts';
import type { RealTimeClock } from './hardware-interface.ts';
import type { Keeper } from './keeper.ts';
import type { MemoryBus } from './memory-bus.ts';
import { EVENTS, PAGE_BYTES } from './memory-map.ts';
import type { WornPageList } from './worn-pages.ts';

const EVENT_BYTES = 16;
const EVENTS_PER_PAGE = PAGE_BYTES / EVENT_BYTES;
const RING_PAGES = EVENTS.slots / EVENT_GROUPS.length;
export const RING_EVENTS = RING_PAGES * EVENTS_PER_PAGE;
/** What a reader gets at most; the other places are the one being overwritten and the reserve for worn pages. */
export const LISTED_EVENTS = 100;
/** Events that wait for the memory; more at once can only be chatter. */
const MOST_WAITING = 100;
const MOST_RETIRED_AT_ONCE = 8;
const GREATEST_DETAIL = 0xffffff;

export interface LoggedEvent {
  /** In its group, rising from 1. */
  readonly number: number;
  readonly epochSeconds: number;
  readonly code: number;
  /** undefined for a code unknown here. */
  readonly name: EventName | undefined;
  /** 0-16,777,215; its unit belongs to the event. */
  readonly detail: number;
}

interface Ring {
  /** Where the next event goes; undefined until the ring has been read. */
  place: number | undefined;
  newest: number;
  readonly waiting: LoggedEvent[];
  isWriting: boolean;
}

export class EventLog {
  readonly #bus: MemoryBus;
  readonly #worn: WornPageList;
  readonly #rtc: Pick<RealTimeClock, 'epochSeconds'>;
  readonly #rings: Readonly<Record<EventGroup, Ring>> = {
    standard: emptyRing(),
    tamper: emptyRing(),
    relay: emptyRing(),
    grid: emptyRing(),
  };
  #dropped = 0;

  constructor(bus: MemoryBus, worn: WornPageList, rtc: Pick<RealTimeClock, 'epochSeconds'>) {
    this.#bus = bus;
    this.#worn = worn;
    this.#rtc = rtc;
  }

  /** Events that were not noted, for more came than the memory takes. */
  get dropped(): number {
    return this.#dropped;
  }

  /**
   * Notes an event with the time of now; durable a few milliseconds later, on power fail after the registers.
   * @param detail - a whole number; cut to 0-16,777,215.
   */
  log(name: EventName, detail = 0): void {
    const { group, code } = EVENT_KINDS[name];
    const ring = this.#ring(group);
    if (ring.waiting.length >= MOST_WAITING) {
      this.#dropped += 1;
      return;
    }
    ring.newest += 1;
    ring.waiting.push({
      number: ring.newest,
      epochSeconds: this.#rtc.epochSeconds(),
      code,
      name,
      detail: Math.min(Math.max(Math.trunc(detail), 0), GREATEST_DETAIL),
    });
    if (!ring.isWriting) this.#writeNext(group, ring, 0);
  }

  /** The number of the newest event in each group; 0 for none. */
  newest(): Readonly<Record<EventGroup, number>> {
    const { standard, tamper, relay, grid } = this.#rings;
    for (const group of EVENT_GROUPS) this.#ring(group);
    return { standard: standard.newest, tamper: tamper.newest, relay: relay.newest, grid: grid.newest };
  }

  /** @returns the last hundred events of a group, the newest first, those still waiting for the memory among them. */
  list(group: EventGroup): readonly LoggedEvent[] {
    const written = this.#bus.read(addressOf(group, 0), RING_EVENTS * EVENT_BYTES);
    const events = [...this.#ring(group).waiting];
    for (let place = 0; place < RING_EVENTS; place++) {
      const event = decode(group, written, place * EVENT_BYTES);
      if (event !== undefined && events.every(({ number }) => number !== event.number)) events.push(event);
    }
    return events.sort((a, b) => b.number - a.number).slice(0, LISTED_EVENTS);
  }

  keep(keeper: Keeper): void {
    for (const group of EVENT_GROUPS) {
      const ring = this.#rings[group];
      keeper.idle(ring.waiting.length === 0 && !ring.isWriting, 'an event is being written');
      ring.place = keeper.value(ring.place);
      ring.newest = keeper.value(ring.newest);
    }
    this.#dropped = keeper.value(this.#dropped);
  }

  /** Read when first asked for: a boot has no time to lose. */
  #ring(group: EventGroup): Ring {
    const ring = this.#rings[group];
    if (ring.place !== undefined) return ring;
    ring.place = 0;
    const bytes = this.#bus.read(addressOf(group, 0), RING_EVENTS * EVENT_BYTES);
    for (let place = 0; place < RING_EVENTS; place++) {
      const event = decode(group, bytes, place * EVENT_BYTES);
      if (event === undefined || event.number <= ring.newest) continue;
      ring.newest = event.number;
      ring.place = (place + 1) % RING_EVENTS;
    }
    return ring;
  }

  #writeNext(group: EventGroup, ring: Ring, tried: number): void {
    const event = ring.waiting[0];
    ring.isWriting = event !== undefined;
    if (event === undefined) return;
    if (tried === RING_EVENTS) {
      ring.waiting.shift();
      this.#dropped += 1;
      this.#writeNext(group, ring, 0);
      return;
    }
    const place = ring.place ?? 0;
    const address = addressOf(group, place);
    const page = Math.floor(address / PAGE_BYTES);
    ring.place = (place + 1) % RING_EVENTS;
    if (this.#worn.has(page)) {
      this.#writeNext(group, ring, tried + 1);
      return;
    }
    this.#bus.write(address, encode(event), 'event', (held) => {
      if (!held) {
        this.#writeNext(group, ring, tried + 1);
        return;
      }
      // A page is worn when another one holds what it did not; when all have failed, it was not the pages.
      if (tried <= MOST_RETIRED_AT_ONCE) this.#retireBefore(group, place, tried);
      ring.waiting.shift();
      this.#writeNext(group, ring, 0);
    });
  }

  #retireBefore(group: EventGroup, place: number, tried: number): void {
    for (let back = 1; back <= tried; back++) {
      const failed = (place - back + RING_EVENTS) % RING_EVENTS;
      this.#worn.retire(Math.floor(addressOf(group, failed) / PAGE_BYTES));
    }
  }
}

function emptyRing(): Ring {
  return { place: undefined, newest: 0, waiting: [], isWriting: false };
}

function addressOf(group: EventGroup, place: number): number {
  const page = EVENTS.firstPage + EVENT_GROUPS.indexOf(group) * RING_PAGES;
  return page * PAGE_BYTES + place * EVENT_BYTES;
}

function encode(event: LoggedEvent): Uint8Array {
  const bytes = new Uint8Array(EVENT_BYTES);
  writeInteger(bytes, 0, 4, event.number);
  writeInteger(bytes, 4, 4, event.epochSeconds);
  bytes[8] = event.code;
  writeInteger(bytes, 9, 3, event.detail);
  writeInteger(bytes, 12, 4, crc32(bytes, 0, 12));
  return bytes;
}

function decode(group: EventGroup, bytes: Uint8Array, at: number): LoggedEvent | undefined {
  if (readUnsigned(bytes, at + 12, 4) !== crc32(bytes, at, at + 12)) return undefined;
  const code = bytes[at + 8] ?? 0;
  return {
    number: readUnsigned(bytes, at, 4),
    epochSeconds: readUnsigned(bytes, at + 4, 4),
    code,
    name: eventNamed(group, code),
    detail: readUnsigned(bytes, at + 9, 3),
  };
}
