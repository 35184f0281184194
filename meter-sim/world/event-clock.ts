/**
 * The clock of the simulated world: a queue of events in integer microseconds (exact in a double for 285 years,
 * meter-hardware.md 9). Time moves only here. Events of one time run in the order in which they were queued.
 *
 * Not here: wall time. A door that runs a meter live asks a wall clock and calls {@link EventClock.runUntil}.
 */
import { assertInteger, invariant } from '../../lib/assert.ts';
import type { Keeper } from '../firmware/keeper.ts';

export interface ScheduledEvent {
  cancel(): void;
}

/**
 * Something that lives between events, sample by sample. `catchUp` simulates up to `limit` (µs) and returns the time it
 * reached: less than `limit` only when it has just queued an event at that very time.
 */
export interface Follower {
  catchUp(limit: number): number;
}

class Entry implements ScheduledEvent {
  time: number;
  sequence: number;
  readonly run: () => void;
  /** With whom it goes, see {@link EventClock.forget}. */
  readonly owner: object | undefined;
  readonly #clock: EventQueue;
  /** Place in the heap; -1 when the event has run or was cancelled. */
  place = -1;

  constructor(time: number, sequence: number, run: () => void, clock: EventQueue, owner?: object) {
    this.time = time;
    this.sequence = sequence;
    this.run = run;
    this.#clock = clock;
    this.owner = owner;
  }

  cancel(): void {
    if (this.place >= 0) this.#clock.remove(this);
  }
}

function isBefore(a: Entry, b: Entry): boolean {
  return a.time < b.time || (a.time === b.time && a.sequence < b.sequence);
}

/** A binary heap whose entries know their place, so that what is cancelled is gone at once. */
class EventQueue {
  readonly #heap: Entry[] = [];

  get first(): Entry | undefined {
    return this.#heap[0];
  }

  get entries(): readonly Entry[] {
    return this.#heap;
  }

  clear(): void {
    for (const entry of this.#heap) entry.place = -1;
    this.#heap.length = 0;
  }

  add(entry: Entry): void {
    this.#heap.push(entry);
    this.#rise(entry, this.#heap.length - 1);
  }

  remove(entry: Entry): void {
    const heap = this.#heap;
    const { place } = entry;
    entry.place = -1;
    const last = heap.pop() as Entry;
    if (last === entry) return;
    if (place > 0 && isBefore(last, heap[(place - 1) >> 1] as Entry)) this.#rise(last, place);
    else this.#sink(last, place);
  }

  #rise(entry: Entry, from: number): void {
    const heap = this.#heap;
    let index = from;
    while (index > 0) {
      const parent = (index - 1) >> 1;
      const above = heap[parent] as Entry;
      if (!isBefore(entry, above)) break;
      heap[index] = above;
      above.place = index;
      index = parent;
    }
    heap[index] = entry;
    entry.place = index;
  }

  #sink(entry: Entry, from: number): void {
    const heap = this.#heap;
    let index = from;
    for (;;) {
      let child = 2 * index + 1;
      if (child >= heap.length) break;
      if (child + 1 < heap.length && isBefore(heap[child + 1] as Entry, heap[child] as Entry)) child++;
      const below = heap[child] as Entry;
      if (!isBefore(below, entry)) break;
      heap[index] = below;
      below.place = index;
      index = child;
    }
    heap[index] = entry;
    entry.place = index;
  }
}

/** Far more than anything in a meter does within a microsecond: what comes to this never ends. */
const MOST_EVENTS_AT_ONCE = 1_000_000;

export class EventClock {
  #now = 0;
  #sequence = 0;
  readonly #queue = new EventQueue();
  #isRunning = false;
  #follower: Follower | null = null;
  #afterEvent: (() => void) | null = null;
  #hashLow = 0x811c9dc5;
  #hashHigh = 0x01000193;
  #eventsRun = 0;
  #eventsAtOnce = 0;
  #lastEventAt = -1;

  /** µs since the world began. */
  now(): number {
    return this.#now;
  }

  /** How many events have run, cancelled ones not counted. */
  get eventsRun(): number {
    return this.#eventsRun;
  }

  /** A digest of (time, order) of every event that has run: equal seeds must give equal traces. */
  get traceHash(): string {
    const hex = (word: number): string => (word >>> 0).toString(16).padStart(8, '0');
    return hex(this.#hashHigh) + hex(this.#hashLow);
  }

  /**
   * Queues `run` for `time` (µs, not before now).
   * @param owner - whose end also ends what waits: {@link forget}.
   * @throws RangeError when `time` is no integer or lies in the past.
   */
  at(time: number, run: () => void, owner?: object): ScheduledEvent {
    assertInteger(time, this.#now, Number.MAX_SAFE_INTEGER, 'time');
    const entry = new Entry(time, this.#sequence++, run, this.#queue, owner);
    this.#queue.add(entry);
    return entry;
  }

  /** Cancels whatever waits for this owner. */
  forget(owner: object): void {
    for (const entry of [...this.#queue.entries]) if (entry.owner === owner) entry.cancel();
  }

  /** The one process that lives between events; the metering chip's converters. */
  follow(follower: Follower): void {
    this.#follower = follower;
  }

  /** `look` runs after every event, for what must hold at each of them. */
  watch(look: (() => void) | null): void {
    this.#afterEvent = look;
  }

  /** Runs every event up to and including `time`, then stands at `time`. */
  runUntil(time: number): void {
    assertInteger(time, this.#now, Number.MAX_SAFE_INTEGER, 'time');
    invariant(!this.#isRunning, 'the clock is not run from inside an event');
    this.#isRunning = true;
    try {
      this.#run(time);
    } finally {
      this.#isRunning = false;
    }
  }

  /** Runs `delta` µs further: `runUntil(now() + delta)`. */
  advance(delta: number): void {
    assertInteger(delta, 0, Number.MAX_SAFE_INTEGER, 'delta');
    this.runUntil(this.#now + delta);
  }

  /** Names a planned event of a part that is put away or taken up. @param run - what runs then; {@link keep} gives it its time. */
  keepEvent(keeper: Keeper, event: ScheduledEvent | null, run: () => void): ScheduledEvent | null {
    return keeper.handle(event, () => this.at(this.#now, run)) ?? null;
  }

  /** After everybody who plans events: whatever waking parts have planned gives way to what was planned before. */
  keep(keeper: Keeper): void {
    keeper.idle(!this.#isRunning, 'an event runs');
    this.#now = keeper.value(this.#now);
    this.#sequence = keeper.value(this.#sequence);
    this.#hashLow = keeper.value(this.#hashLow);
    this.#hashHigh = keeper.value(this.#hashHigh);
    this.#eventsRun = keeper.value(this.#eventsRun);
    this.#eventsAtOnce = keeper.value(this.#eventsAtOnce);
    this.#lastEventAt = keeper.value(this.#lastEventAt);
    const entries = keeper.order(this.#queue.entries);
    for (const entry of entries) {
      entry.time = keeper.value(entry.time);
      entry.sequence = keeper.value(entry.sequence);
    }
    if (!keeper.isWaking) return;
    this.#queue.clear();
    for (const entry of entries) this.#queue.add(entry);
  }

  #run(until: number): void {
    for (;;) {
      const next = this.#queue.first;
      const limit = next === undefined || next.time > until ? until : next.time;
      const reached = this.#follower === null ? limit : this.#follower.catchUp(limit);
      this.#now = reached;
      if (reached < limit) continue;
      if (this.#queue.first !== next) continue; // The follower queued something due at this time or before.
      if (next === undefined || next.time > until) return;
      this.#queue.remove(next);
      this.#eventsRun++;
      this.#eventsAtOnce = next.time === this.#lastEventAt ? this.#eventsAtOnce + 1 : 0;
      this.#lastEventAt = next.time;
      invariant(this.#eventsAtOnce < MOST_EVENTS_AT_ONCE, 'time goes on');
      this.#trace(next);
      next.run();
      this.#afterEvent?.();
    }
  }

  #trace(entry: Entry): void {
    this.#hashLow = Math.imul(this.#hashLow ^ (entry.time % 0x100000000), 0x01000193) ^ entry.sequence;
    this.#hashHigh = Math.imul(this.#hashHigh ^ this.#hashLow, 0x85ebca6b) + (this.#hashLow >>> 13);
  }
}
