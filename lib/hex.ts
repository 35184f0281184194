/** Hex text and bytes, most significant digit first; lower case out, either case in. */
import { assertInteger, assertText, isBytes } from './assert.ts';

/**
 * @param name - what a refusal calls the text.
 * @throws RangeError when the text is not an even number of hex digits, TypeError when it is no text.
 */
export function bytesFromHex(hex: string, name: string = 'hex'): Uint8Array {
  assertText(hex, name);
  const bytes = new Uint8Array(hex.length >>> 1);
  let wrong = hex.length & 1;
  for (let i = 0; i < bytes.length; i += 1) {
    const byte = (digitOf(hex.charCodeAt(2 * i)) << 4) | digitOf(hex.charCodeAt(2 * i + 1));
    wrong |= byte & ~0xff;
    bytes[i] = byte;
  }
  // The text itself may be a key: it is never quoted.
  if (wrong !== 0) {
    throw new RangeError(`"${name}" expected an even number of hex digits, got ${hex.length} characters`);
  }
  return bytes;
}

/** @returns the value of one hex digit, -1 when the character is none. */
function digitOf(charCode: number): number {
  if (charCode >= 48 && charCode <= 57) return charCode - 48;
  const lower = charCode | 0x20;
  return lower >= 97 && lower <= 102 ? lower - 87 : -1;
}

/** @throws TypeError unless they are bytes: numbers of another array could be wider than two digits. */
export function hexFromBytes(bytes: Uint8Array): string {
  if (!isBytes(bytes)) throw new TypeError('"bytes" expected bytes');
  let hex = '';
  for (let i = 0; i < bytes.length; i += 1) hex += byteHex(bytes[i] ?? 0);
  return hex;
}

/**
 * 8 hex digits of a 32-bit word, signed or unsigned.
 * @throws RangeError, TypeError when it is not a whole number of 32 bits.
 */
export function hexFromWord(word: number): string {
  assertInteger(word, -0x80000000, 0xffffffff, 'word');
  return byteHex(word >>> 24) + byteHex(word >>> 16) + byteHex(word >>> 8) + byteHex(word);
}

/** A number's own `toString(16)` divides by floating point: every token in bulk would pay for it. */
const BYTES_AS_HEX = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, '0'));

function byteHex(byte: number): string {
  return BYTES_AS_HEX[byte & 0xff] ?? '';
}
