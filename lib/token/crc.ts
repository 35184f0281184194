/**
 * The checksum of a token: the CRC-16 known as MODBUS (x16 + x15 + x2 + 1, reflected, start FFFF, no final exclusive-or)
 * over the 50 bits `class | block bits 63-16` as 7 big-endian bytes, its two result bytes exchanged (sts.md section 3).
 * Currency tokens use CRC_C: the same over 8 bytes, a 01 appended.
 */

const TABLE = Uint16Array.from({ length: 256 }, (_, value) => {
  let register = value;
  for (let bit = 0; bit < 8; bit += 1) register = register & 1 ? (register >>> 1) ^ 0xa001 : register >>> 1;
  return register;
});

/**
 * @param tokenClass - 0-3.
 * @param high - block bits 63-32.
 * @param low - block bits 31-0; its lower half, where the CRC itself stands, is not read.
 * @returns the 16 bits as they stand in block bits 15-0.
 */
export function tokenCrc(tokenClass: number, high: number, low: number): number {
  return exchangeBytes(register(tokenClass, high, low));
}

/** CRC_C, for class 0 subclasses 4-7 only. */
export function currencyTokenCrc(tokenClass: number, high: number, low: number): number {
  return exchangeBytes(step(register(tokenClass, high, low), 1));
}

function register(tokenClass: number, high: number, low: number): number {
  let crc = step(0xffff, tokenClass);
  crc = step(crc, high >>> 24);
  crc = step(crc, high >>> 16);
  crc = step(crc, high >>> 8);
  crc = step(crc, high);
  crc = step(crc, low >>> 24);
  return step(crc, low >>> 16);
}

/** One byte, the low eight bits of `value`, into the register. */
function step(crc: number, value: number): number {
  return (crc >>> 8) ^ (TABLE[(crc ^ value) & 0xff] ?? 0);
}

function exchangeBytes(crc: number): number {
  return ((crc & 0xff) << 8) | (crc >>> 8);
}
