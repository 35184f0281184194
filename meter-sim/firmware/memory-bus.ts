/**
 * The one way to the EEPROM: a page at a time, read back after it is written, the most urgent page first. A record of several
 * pages gives way between two of them, so that a vital one never waits for more than the page in work.
 */
import type { NonVolatileMemory } from './hardware-interface.ts';
import type { Keeper } from './keeper.ts';

/** In this order; on power fail registers come before events (meter-hardware.md 4). */
export const URGENCIES = ['vital', 'statistics', 'event', 'snapshot', 'background'] as const;
export type Urgency = (typeof URGENCIES)[number];

interface PageWrite {
  readonly address: number;
  readonly bytes: Uint8Array;
  readonly done: (held: boolean) => void;
}

export class MemoryBus {
  readonly #memory: NonVolatileMemory;
  readonly #waiting: Readonly<Record<Urgency, PageWrite[]>> = {
    vital: [],
    statistics: [],
    event: [],
    snapshot: [],
    background: [],
  };
  #busy = false;

  constructor(memory: NonVolatileMemory) {
    this.#memory = memory;
  }

  get size(): number {
    return this.#memory.size;
  }

  /** Whether a page is being written at this moment. */
  get isBusy(): boolean {
    return this.#busy;
  }

  read(address: number, length: number): Uint8Array {
    return this.#memory.read(address, length);
  }

  /**
   * Queues a write inside one page.
   * @param bytes - not changed by anybody until `done`.
   * @param done - whether the cells hold what was written; never called if the supply is lost first.
   */
  write(address: number, bytes: Uint8Array, urgency: Urgency, done: (held: boolean) => void): void {
    this.#waiting[urgency].push({ address, bytes, done });
    if (!this.#busy) this.#startNext();
  }

  keep(keeper: Keeper): void {
    const isIdle = !this.#busy && URGENCIES.every((urgency) => this.#waiting[urgency].length === 0);
    keeper.idle(isIdle, 'a page is being written');
  }

  #startNext(): void {
    for (const urgency of URGENCIES) {
      const next = this.#waiting[urgency].shift();
      if (next === undefined) continue;
      this.#busy = true;
      this.#memory.write(next.address, next.bytes, () => this.#written(next));
      return;
    }
  }

  #written({ address, bytes, done }: PageWrite): void {
    this.#busy = false;
    done(holds(this.#memory.read(address, bytes.length), bytes));
    if (!this.#busy) this.#startNext();
  }
}

function holds(cells: Uint8Array, bytes: Uint8Array): boolean {
  for (let at = 0; at < bytes.length; at++) if (cells[at] !== bytes[at]) return false;
  return true;
}
