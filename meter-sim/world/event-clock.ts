/**
 * The clock of the simulated world: a queue of events in integer microseconds (exact in a double for 285 years,
 * meter-hardware.md 9). Time moves only here. Events of one time run in the order in which they were queued.
 *
 * Not here: wall time. A door that runs a meter live asks a wall clock and calls {@link EventClock.runUntil}.
 */
import { assertInteger, invariant } from '../../lib/assert.ts';

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
  readonly time: number;
  readonly sequence: number;
  run: (() => void) | null;

  constructor(time: number, sequence: number, run: () => void) {
    this.time = time;
    this.sequence = sequence;
    this.run = run;
  }

  cancel(): void {
    this.run = null; // The entry stays in the heap and is dropped when its turn comes, or by a compaction.
  }
}

function isBefore(a: Entry, b: Entry): boolean {
  return a.time < b.time || (a.time === b.time && a.sequence < b.sequence);
}

export class EventClock {
  #now = 0;
  #sequence = 0;
  #heap: Entry[] = [];
  #compactAt = 1024;
  #isRunning = false;
  #follower: Follower | null = null;
  #hashLow = 0x811c9dc5;
  #hashHigh = 0x01000193;
  #eventsRun = 0;

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
   * @throws RangeError when `time` is no integer or lies in the past.
   */
  at(time: number, run: () => void): ScheduledEvent {
    assertInteger(time, this.#now, Number.MAX_SAFE_INTEGER, 'time');
    const entry = new Entry(time, this.#sequence++, run);
    this.#push(entry);
    return entry;
  }

  /** The one process that lives between events; the metering chip's converters. */
  follow(follower: Follower): void {
    this.#follower = follower;
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

  #run(until: number): void {
    for (;;) {
      const next = this.#heap[0];
      const limit = next === undefined || next.time > until ? until : next.time;
      const reached = this.#follower === null ? limit : this.#follower.catchUp(limit);
      this.#now = reached;
      if (reached < limit) continue;
      if (this.#heap[0] !== next) continue; // The follower queued something due at this time or before.
      if (next === undefined || next.time > until) return;
      this.#pop();
      const { run } = next;
      if (run === null) continue;
      next.run = null;
      this.#eventsRun++;
      this.#trace(next);
      run();
    }
  }

  #trace(entry: Entry): void {
    this.#hashLow = Math.imul(this.#hashLow ^ (entry.time % 0x100000000), 0x01000193) ^ entry.sequence;
    this.#hashHigh = Math.imul(this.#hashHigh ^ this.#hashLow, 0x85ebca6b) + (this.#hashLow >>> 13);
  }

  #push(entry: Entry): void {
    if (this.#heap.length >= this.#compactAt) this.#compact();
    const heap = this.#heap;
    let index = heap.length;
    heap.push(entry);
    while (index > 0) {
      const parent = (index - 1) >> 1;
      const above = heap[parent] as Entry;
      if (!isBefore(entry, above)) break;
      heap[index] = above;
      index = parent;
    }
    heap[index] = entry;
  }

  #pop(): void {
    const heap = this.#heap;
    const last = heap.pop() as Entry;
    if (heap.length === 0) return;
    let index = 0;
    for (;;) {
      let child = 2 * index + 1;
      if (child >= heap.length) break;
      if (child + 1 < heap.length && isBefore(heap[child + 1] as Entry, heap[child] as Entry)) child++;
      if (!isBefore(heap[child] as Entry, last)) break;
      heap[index] = heap[child] as Entry;
      index = child;
    }
    heap[index] = last;
  }

  /** Throws cancelled entries away; a sorted array is a heap. */
  #compact(): void {
    this.#heap = this.#heap
      .filter((entry) => entry.run !== null)
      .sort((a, b) => a.time - b.time || a.sequence - b.sequence);
    this.#compactAt = Math.max(1024, 2 * this.#heap.length);
  }
}
