/**
 * Keys and checks of the line between meter and module: CBC-MAC over MISTY1 (RFC 2994) with the length in front, which makes it
 * sound for messages of any length. A session has its own key, from the pairing key and a nonce of either end, so that a
 * recorded line says nothing to the next module.
 */
import { type BlockCipher, blockFromBytes, bytesFromBlock, xorBlocks } from '../crypto/block-cipher.ts';
import { createMisty1 } from '../crypto/misty1.ts';

/** @returns 8 bytes. */
export function macOf(cipher: BlockCipher, ...parts: readonly Uint8Array[]): Uint8Array {
  const message = joined(...parts);
  const padded = new Uint8Array(8 + Math.ceil(message.length / 8) * 8);
  new DataView(padded.buffer).setUint32(4, message.length);
  padded.set(message, 8);
  let block = new Uint32Array(2);
  for (let at = 0; at < padded.length; at += 8) {
    block = xorBlocks(block, blockFromBytes(padded.subarray(at, at + 8))) as typeof block;
    cipher.encrypt(block);
  }
  return bytesFromBlock(block);
}

/** The cipher of a session between two nonces of 8 bytes. */
export function sessionCipher(pairing: BlockCipher, first: Uint8Array, second: Uint8Array): BlockCipher {
  const half = (label: number): Uint8Array => macOf(pairing, Uint8Array.of(0x4b, label), first, second);
  return createMisty1(joined(half(1), half(2)));
}

export function joined(...parts: readonly Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

/** Compares without telling by its time where the first difference is. */
export function sameBytes(left: Uint8Array, right: Uint8Array): boolean {
  if (left.length !== right.length) return false;
  let difference = 0;
  for (const [index, byte] of left.entries()) difference |= byte ^ (right[index] ?? 0);
  return difference === 0;
}
