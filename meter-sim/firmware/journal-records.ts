/**
 * The records of journal format 2 as bytes (big-endian), and back. Every one takes whole pages and ends in its checksum.
 *
 *     0  format version 2                 all kinds
 *     1  kind: 'D', 'S' or 'C'
 *     2  pages
 *     3  sequence, 4                      S: of the record whose state it is
 *     7  base, 4                          D: sequence of the snapshot that it changes. C: of the record that it continues
 *    11  total register mWh 7             D and S
 *    18  remainder mJ 2
 *    20  relay command: 0 open, 1 closed
 *    21  lockout failures 2
 *    23  lockout until, epoch seconds 6
 *    29  D: patches (state-image.ts), then zeros
 *    29  S: length of the image 2, the image, zeros
 *    11  C: energy since, mJ 6, then zeros
 */
import { readUnsigned, writeInteger } from './bytes.ts';
import { crc32 } from './crc32.ts';
import { PAGE_BYTES } from './memory-map.ts';
import { MILLI_JOULE_PER_MILLI_WH } from './metering.ts';
import type { AccountFields } from './records.ts';

/** A record of a later version is never guessed at: firmware that changes the layout adds a reader for each older one. */
export const FORMAT_VERSION = 2;

export const KIND_DELTA = 0x44;
export const KIND_SNAPSHOT = 0x53;
export const KIND_CONTINUED = 0x43;

export const HEADER_BYTES = 11;
export const FIXED_BYTES = 29;
export const SNAPSHOT_IMAGE_AT = 31;

/** What seals a record. A parameter of the journal, so that a test can show what a weaker one would let through. */
export interface Checksum {
  readonly bytes: number;
  of(bytes: Uint8Array, from: number, to: number): number;
}

export const CRC_32: Checksum = { bytes: 4, of: crc32 };

export interface Header {
  readonly kind: number;
  readonly pages: number;
  readonly sequence: number;
  readonly base: number;
}

export function writeHeader(bytes: Uint8Array, { kind, pages, sequence, base }: Header): void {
  bytes[0] = FORMAT_VERSION;
  bytes[1] = kind;
  bytes[2] = pages;
  writeInteger(bytes, 3, 4, sequence);
  writeInteger(bytes, 7, 4, base);
}

export function writeAccount(bytes: Uint8Array, account: AccountFields): void {
  writeInteger(bytes, 11, 7, account.totalMilliWh);
  writeInteger(bytes, 18, 2, account.remainderMilliJoule);
  bytes[20] = account.relayCommand === 'closed' ? 1 : 0;
  writeInteger(bytes, 21, 2, Math.min(account.lockout.failures, 0xffff));
  writeInteger(bytes, 23, 6, Math.floor(account.lockout.untilSeconds));
}

export function readAccount(bytes: Uint8Array): AccountFields {
  return {
    totalMilliWh: readUnsigned(bytes, 11, 7),
    remainderMilliJoule: readUnsigned(bytes, 18, 2),
    relayCommand: bytes[20] === 1 ? 'closed' : 'open',
    lockout: { failures: readUnsigned(bytes, 21, 2), untilSeconds: readUnsigned(bytes, 23, 6) },
  };
}

/** Everything that was ever measured, mJ. */
export function energyOf({ totalMilliWh, remainderMilliJoule }: AccountFields): number {
  return totalMilliWh * MILLI_JOULE_PER_MILLI_WH + remainderMilliJoule;
}

export function pagesFor(bytes: number, checksum: Checksum): number {
  return Math.ceil((bytes + checksum.bytes) / PAGE_BYTES);
}

export function seal(bytes: Uint8Array, checksum: Checksum): void {
  const at = bytes.length - checksum.bytes;
  writeInteger(bytes, at, checksum.bytes, checksum.of(bytes, 0, at));
}

/** Whether the checksum at the end of `bytes` fits. */
export function isSealed(bytes: Uint8Array, checksum: Checksum): boolean {
  const at = bytes.length - checksum.bytes;
  return readUnsigned(bytes, at, checksum.bytes) === checksum.of(bytes, 0, at);
}
