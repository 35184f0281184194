/** Where the load profile stands: numbered places of one page each, in what the journal leaves free of the EEPROM. */
import type { MemoryBus } from '../memory-bus.ts';
import { FIRST_FREE_PAGE, PAGE_BYTES } from '../memory-map.ts';

export interface ProfileStore {
  readonly slots: number;
  read(slot: number): Uint8Array;
  /** Writes behind everything that is more urgent. */
  write(slot: number, bytes: Uint8Array): void;
}

/** The free pages of the part: 72 of 32 kB, 584 of 64 kB. */
export function profileStoreOn(bus: MemoryBus): ProfileStore {
  const addressOf = (slot: number): number => (FIRST_FREE_PAGE + slot) * PAGE_BYTES;
  return {
    slots: Math.max(0, Math.floor(bus.size / PAGE_BYTES) - FIRST_FREE_PAGE),
    read: (slot) => bus.read(addressOf(slot), PAGE_BYTES),
    // A page that does not hold costs what was new in it: the next version goes to the other of its two places.
    write: (slot, bytes) => bus.write(addressOf(slot), bytes, 'background', () => {}),
  };
}
