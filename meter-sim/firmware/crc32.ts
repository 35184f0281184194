/**
 * CRC-32 (IEEE 802.3: reflected polynomial EDB88320, start and final value all ones) over a journal record.
 * CRC-16 let torn records through in a count of ten million cuts, CRC-32 none (meter-hardware.md 4).
 */

const TABLE = new Uint32Array(256);
for (let byte = 0; byte < 256; byte++) {
  let remainder = byte;
  for (let bit = 0; bit < 8; bit++) remainder = (remainder >>> 1) ^ (remainder & 1 ? 0xedb88320 : 0);
  TABLE[byte] = remainder >>> 0;
}

/**
 * CRC-32 of the bytes from `from` up to, not including, `to`.
 * @returns 32 bits, unsigned; `crc32` of the nine ASCII digits `123456789` is cbf43926.
 */
export function crc32(bytes: Uint8Array, from = 0, to = bytes.length): number {
  let remainder = 0xffffffff;
  for (let at = from; at < to; at++) {
    remainder = (remainder >>> 8) ^ (TABLE[(remainder ^ (bytes[at] ?? 0)) & 0xff] ?? 0);
  }
  return (remainder ^ 0xffffffff) >>> 0;
}
