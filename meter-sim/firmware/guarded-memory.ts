/**
 * The EEPROM with its write-protect pin asserted whenever nothing is being written, so that a dying bus can begin no write of its
 * own (meter-hardware.md 4). Only a supply that is lost within a write finds the part unprotected.
 */
import type { NonVolatileMemory } from './hardware-interface.ts';

/** @param memory - the part; asserted from this call on. One write at a time, as the part takes them. */
export function guardedMemory(memory: NonVolatileMemory): NonVolatileMemory {
  memory.protect?.(true);
  return {
    size: memory.size,
    pageSize: memory.pageSize,
    read: (address, length) => memory.read(address, length),
    write: (address, bytes, done) => {
      memory.protect?.(false);
      memory.write(address, bytes, () => {
        memory.protect?.(true);
        done();
      });
    },
  };
}
