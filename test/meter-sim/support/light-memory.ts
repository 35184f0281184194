/** An EEPROM without a clock: a write waits until the test lets it happen, whole or torn. For counts in millions. */
import type { NonVolatileMemory } from '../../../meter-sim/firmware/hardware-interface.ts';

export interface PendingWrite {
  readonly address: number;
  readonly bytes: Uint8Array;
  readonly done: () => void;
}

export class LightMemory implements NonVolatileMemory {
  readonly size: number;
  readonly pageSize = 64;
  readonly cells: Uint8Array;
  pending: PendingWrite | undefined;
  /** Writes by page. */
  readonly wear = new Map<number, number>();

  constructor(cells: Uint8Array) {
    this.cells = cells;
    this.size = cells.length;
  }

  read(address: number, length: number): Uint8Array {
    return this.cells.slice(address, address + length);
  }

  write(address: number, bytes: Uint8Array, done: () => void): void {
    if (this.pending !== undefined) throw new Error('a write was sent while the part is busy');
    this.pending = { address, bytes: bytes.slice(), done };
  }

  /** Completes the write that waits. @returns false when none does. */
  step(): boolean {
    const { pending } = this;
    if (pending === undefined) return false;
    this.pending = undefined;
    this.cells.set(pending.bytes, pending.address);
    const page = Math.floor(pending.address / 64);
    this.wear.set(page, (this.wear.get(page) ?? 0) + 1);
    pending.done();
    return true;
  }

  run(): void {
    while (this.step());
  }
}
