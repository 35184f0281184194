/** Whole numbers in the bytes of a journal record: big-endian, two's complement below zero, exact up to 53 bits. */

/** Writes `value` over `length` bytes at `at`; exact for every safe integer that they can hold. */
export function writeInteger(bytes: Uint8Array, at: number, length: number, value: number): void {
  // Two words of 32 bits: a remainder of doubles costs more than all the rest.
  let word = value >>> 0;
  const end = at + length - 1;
  for (let index = end; index >= at; index--) {
    if (end - index === 4) word = Math.floor(value / 2 ** 32) >>> 0;
    bytes[index] = word;
    word >>>= 8;
  }
}

/** @returns 0 or more. */
export function readUnsigned(bytes: Uint8Array, at: number, length: number): number {
  let value = 0;
  for (let index = at; index < at + length; index++) value = value * 256 + (bytes[index] ?? 0);
  return value;
}

/** Two's complement of seven bytes, which hold every safe integer. */
export function readSigned56(bytes: Uint8Array, at: number): number {
  const top = readUnsigned(bytes, at, 3);
  return (top >= 0x800000 ? top - 0x1000000 : top) * 2 ** 32 + readUnsigned(bytes, at + 3, 4);
}

/**
 * What one part of the firmware keeps through a power cut: a fixed number of bytes in a journal record. The journal lays
 * sections one after another and knows nothing of what they mean.
 */
export interface Section<T> {
  readonly bytes: number;
  /** What a meter has that was never written. */
  readonly initial: T;
  encode(value: T, into: Uint8Array, at: number): void;
  /** Called only on bytes whose CRC was right. */
  decode(bytes: Uint8Array, at: number): T;
}
