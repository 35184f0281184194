/** Hex text and bytes, most significant digit first; lower case out, either case in. */

/** @throws RangeError when the text is not an even number of hex digits. */
export function bytesFromHex(hex: string): Uint8Array {
  if (typeof hex !== 'string') throw new TypeError(`"hex" expected text, got ${typeof hex}`);
  const bytes = new Uint8Array(hex.length >>> 1);
  let wrong = hex.length & 1;
  for (let i = 0; i < bytes.length; i += 1) {
    const byte = (digitOf(hex.charCodeAt(2 * i)) << 4) | digitOf(hex.charCodeAt(2 * i + 1));
    wrong |= byte & ~0xff;
    bytes[i] = byte;
  }
  // The text itself may be a key: it is never quoted.
  if (wrong !== 0) {
    throw new RangeError(`"hex" expected an even number of hex digits, got ${hex.length} characters`);
  }
  return bytes;
}

/** @returns the value of one hex digit, -1 when the character is none. */
function digitOf(charCode: number): number {
  if (charCode >= 48 && charCode <= 57) return charCode - 48;
  const lower = charCode | 0x20;
  return lower >= 97 && lower <= 102 ? lower - 87 : -1;
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
