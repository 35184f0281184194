/**
 * The checksum of a token: the CRC-16 known as MODBUS (x16 + x15 + x2 + 1, reflected, start FFFF, no final exclusive-or)
 * over the 50 bits `class | block bits 63-16` as 7 big-endian bytes, its two result bytes exchanged (sts.md section 3).
 * Currency tokens use CRC_C: the same over 8 bytes, a 01 appended.
 */

/** Bytes after the first in the longest message, that of CRC_C. */
const LAST = 7;
/** What CRC_C appends. */
const APPENDED = 0x01;

/** The register after one byte has gone through a register of zeros. */
function ofByte(value: number): number {
  let register = value;
  for (let bit = 0; bit < 8; bit += 1) register = register & 1 ? (register >>> 1) ^ 0xa001 : register >>> 1;
  return register;
}

/**
 * The register is linear in what goes in: it is the exclusive-or of what the start value and each byte alone would leave.
 * So every byte is looked up by its value and by how many bytes follow it, [bytes after it][value], and no look-up waits
 * for the one before. The shares have their two bytes exchanged already.
 */
const SHARES = new Uint16Array((LAST + 1) * 256);
for (let value = 0; value < 256; value += 1) {
  let register = ofByte(value);
  for (let after = 0; after <= LAST; after += 1) {
    SHARES[(after << 8) | value] = exchangeBytes(register);
    register = (register >>> 8) ^ ofByte(register & 0xff);
  }
}

/** FFFF before a message of 7 bytes is as two bytes FF before its end, met by its first two. */
const START = share(6, 0xff) ^ share(5, 0xff);
/** The same before 8 bytes, and the byte that CRC_C appends. */
const CURRENCY_START = share(7, 0xff) ^ share(6, 0xff) ^ share(0, APPENDED);

/**
 * @param tokenClass - 0-3.
 * @param high - block bits 63-32.
 * @param low - block bits 31-0; its lower half, where the CRC itself stands, is not read.
 * @returns the 16 bits as they stand in block bits 15-0.
 */
export function tokenCrc(tokenClass: number, high: number, low: number): number {
  return START ^ shares(0, tokenClass, high, low);
}

/** CRC_C, for class 0 subclasses 4-7 only. */
export function currencyTokenCrc(tokenClass: number, high: number, low: number): number {
  return CURRENCY_START ^ shares(1, tokenClass, high, low);
}

/** @param after - how many bytes follow the seven. */
function shares(after: number, tokenClass: number, high: number, low: number): number {
  return (
    share(after + 6, tokenClass) ^
    share(after + 5, high >>> 24) ^
    share(after + 4, high >>> 16) ^
    share(after + 3, high >>> 8) ^
    share(after + 2, high) ^
    share(after + 1, low >>> 24) ^
    share(after, low >>> 16)
  );
}

function share(after: number, value: number): number {
  return SHARES[(after << 8) | (value & 0xff)] ?? 0;
}

function exchangeBytes(crc: number): number {
  return ((crc & 0xff) << 8) | (crc >>> 8);
}
