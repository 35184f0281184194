/**
 * CRC-32 (IEEE 802.3: reflected polynomial EDB88320, start and final value all ones) over a journal record.
 * CRC-16 let torn records through in a count of ten million cuts, CRC-32 none (meter-hardware.md 4).
 */

/** Table k gives what a byte leaves after k further bytes of zero, so that four bytes are taken in one step. */
const TABLES = Array.from({ length: 4 }, () => new Uint32Array(256));
const [TABLE = new Uint32Array(256)] = TABLES;
for (let byte = 0; byte < 256; byte++) {
  let remainder = byte;
  for (let bit = 0; bit < 8; bit++) remainder = (remainder >>> 1) ^ (remainder & 1 ? 0xedb88320 : 0);
  TABLE[byte] = remainder >>> 0;
}
for (let byte = 0; byte < 256; byte++) {
  let remainder = TABLE[byte] ?? 0;
  for (const table of TABLES.slice(1)) {
    remainder = (remainder >>> 8) ^ (TABLE[remainder & 0xff] ?? 0);
    table[byte] = remainder;
  }
}
const [, TABLE_1 = TABLE, TABLE_2 = TABLE, TABLE_3 = TABLE] = TABLES;

/**
 * CRC-32 of the bytes from `from` up to, not including, `to`.
 * @returns 32 bits, unsigned; `crc32` of the nine ASCII digits `123456789` is cbf43926.
 */
export function crc32(bytes: Uint8Array, from = 0, to = bytes.length): number {
  let remainder = 0xffffffff | 0;
  let at = from;
  for (const last = to - 3; at < last; at += 4) {
    const a = (remainder ^ (bytes[at] as number)) & 0xff;
    const b = ((remainder >>> 8) ^ (bytes[at + 1] as number)) & 0xff;
    const c = ((remainder >>> 16) ^ (bytes[at + 2] as number)) & 0xff;
    const d = (remainder >>> 24) ^ (bytes[at + 3] as number);
    remainder =
      (TABLE_3[a] as number) ^ (TABLE_2[b] as number) ^ (TABLE_1[c] as number) ^ (TABLE[d] as number);
  }
  for (; at < to; at++) {
    remainder = (remainder >>> 8) ^ (TABLE[(remainder ^ (bytes[at] as number)) & 0xff] as number);
  }
  return ~remainder >>> 0;
}
