/**
 * HMAC-SHA-256 (FIPS 198-1, RFC 2104) over the SHA-256 of @noble/hashes, for short keys of one length: what DKGA04 derives
 * decoder keys with (sts.md 6.4). The library's own HMAC makes four new states for every message, which costs more
 * than the hashing; here they are made once.
 */
import { sha256 } from '@noble/hashes/sha2.js';
import { assertBytes } from '../assert.ts';

/** Of the 64 bytes of a block; a key of at most so many leaves the second half to the pad alone. */
const HALF_BYTES = 32;
const INNER_PAD = 0x36;
const OUTER_PAD = 0x5c;
const INNER_REST = new Uint8Array(HALF_BYTES).fill(INNER_PAD);
const OUTER_REST = new Uint8Array(HALF_BYTES).fill(OUTER_PAD);

/** Writes the MAC of a message, 32 bytes. */
export type HmacSha256 = (message: Uint8Array, mac: Uint8Array) => void;

/** HMAC for keys of one length. */
export interface FixedHmacSha256 {
  /**
   * Hashes the key's two blocks once for many messages. Not the key is kept but the two states: they make MACs as it does.
   * @throws TypeError, RangeError when the key has another length.
   */
  readonly prepare: (key: Uint8Array) => HmacSha256;
  /**
   * One message under a key that is not used again; nothing of the key stays behind.
   * @throws TypeError, RangeError when the key has another length.
   */
  readonly once: (key: Uint8Array, message: Uint8Array, mac: Uint8Array) => void;
}

const empty = sha256.create();
const working = sha256.create();

/** @param keyBytes - length of every key, at most 32. */
export function fixedHmacSha256(keyBytes: number): FixedHmacSha256 {
  // In halves: a whole block would be read through a view that is made for it, which costs more than one more call.
  const keyed = new Uint8Array(HALF_BYTES);
  const takeKey = (key: Uint8Array, pad: number, rest: Uint8Array) => {
    for (let i = 0; i < HALF_BYTES; i += 1) keyed[i] = i < keyBytes ? key[i]! ^ pad : pad;
    return empty._cloneInto(working).update(keyed).update(rest);
  };
  return {
    prepare(key) {
      assertBytes(key, keyBytes, 'key');
      const inner = takeKey(key, INNER_PAD, INNER_REST)._cloneInto();
      const outer = takeKey(key, OUTER_PAD, OUTER_REST)._cloneInto();
      keyed.fill(0);
      // The working hash still has the key's block in its buffer.
      working.update(INNER_REST).update(INNER_REST);
      return (message, mac) => {
        inner._cloneInto(working).update(message).digestInto(mac);
        outer._cloneInto(working).update(mac).digestInto(mac);
      };
    },
    once(key, message, mac) {
      assertBytes(key, keyBytes, 'key');
      takeKey(key, INNER_PAD, INNER_REST).update(message).digestInto(mac);
      takeKey(key, OUTER_PAD, OUTER_REST).update(mac).digestInto(mac);
      keyed.fill(0);
    },
  };
}
