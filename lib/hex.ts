/** Hex text and bytes, most significant digit first; lower case out, either case in. */

/** @throws RangeError when the text is not an even number of hex digits. */
export function bytesFromHex(hex: string): Uint8Array {
  if (typeof hex !== 'string') throw new TypeError(`"hex" expected text, got ${typeof hex}`);
  if (hex.length % 2 !== 0 || !/^[0-9a-fA-F]*$/.test(hex)) {
    // The text itself may be a key: it is never quoted.
    throw new RangeError(`"hex" expected an even number of hex digits, got ${hex.length} characters`);
  }
  const bytes = new Uint8Array(hex.length / 2);
  for (let i = 0; i < bytes.length; i += 1) bytes[i] = Number.parseInt(hex.slice(2 * i, 2 * i + 2), 16);
  return bytes;
}

export function hexFromBytes(bytes: Uint8Array): string {
  let hex = '';
  for (const byte of bytes) hex += byte.toString(16).padStart(2, '0');
  return hex;
}

/** 8 hex digits of an unsigned 32-bit word. */
export function hexFromWord(word: number): string {
  return (word >>> 0).toString(16).padStart(8, '0');
}
