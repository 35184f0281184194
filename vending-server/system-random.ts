/**
 * Real chance for the server and the security module: unpredictable bytes of the system, fetched many at a time because each
 * fetch is a system call.
 */
import { randomFillSync } from 'node:crypto';
import type { Random } from './clock.ts';

const POOL_BYTES = 4096;

/** @returns a source whose bytes are given out once and forgotten. */
export function systemRandom(): Random {
  const pool = Buffer.alloc(POOL_BYTES);
  let at = POOL_BYTES;
  return {
    bytes(length) {
      if (length > POOL_BYTES) return randomFillSync(new Uint8Array(length));
      if (at + length > POOL_BYTES) {
        randomFillSync(pool);
        at = 0;
      }
      const bytes = new Uint8Array(pool.subarray(at, at + length));
      // Some of them become keys: they must not lie about in this process.
      pool.fill(0, at, at + length);
      at += length;
      return bytes;
    },
  };
}
