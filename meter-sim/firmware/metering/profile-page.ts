/**
 * A page of the load profile: the periods of a few hours, whole under one CRC-32 (meter-hardware.md 6: 30 minutes by default,
 * a status with each entry). Periods of one page follow each other without a gap.
 *
 *     byte 0  format 0xB1                       13  export register at the first period's start, Wh, 4
 *          1  sequence, 3                       17  number of entries
 *          4  minutes of a period               18  entries, to 59
 *          5  number of the first period, 4     60  CRC-32 of bytes 0-59
 *          9  import register, Wh, 4
 *
 * An entry is a byte of status (4 bits) and of the lengths of import and export (2 bits each), then both in Wh without leading
 * zeros: three bytes for a household's half hour. Periods are numbered from 1970 on local time.
 */
import { readUnsigned, writeInteger } from '../bytes.ts';
import { crc32 } from '../crc32.ts';

export const PROFILE_PAGE_BYTES = 64;
export const PROFILE_SEQUENCES = 2 ** 24;

const FORMAT = 0xb1;
const ENTRIES_AT = 18;
const CRC_AT = 60;
const WH_LIMIT = 2 ** 32;

/** Bits of an entry's status. */
export const PROFILE_STATUS = {
  /** The supply failed within the period, or all through it. */
  powerDown: 1,
  clockInvalid: 2,
  /** Something disturbed the measurement: a magnet, an open cover. */
  disturbed: 4,
  clockAdjusted: 8,
} as const;

export interface ProfileEntry {
  readonly importWh: number;
  readonly exportWh: number;
  /** Sum of {@link PROFILE_STATUS} bits. */
  readonly status: number;
}

export interface ProfilePage {
  readonly sequence: number;
  readonly periodMinutes: number;
  readonly firstPeriod: number;
  /** The registers, whole Wh, when the first period began. */
  readonly importWh: number;
  readonly exportWh: number;
  readonly entries: readonly ProfileEntry[];
}

/** @returns the bytes that the entry takes in a page. */
export function entryBytes({ importWh, exportWh }: ProfileEntry): number {
  return 1 + widthOf(importWh) + widthOf(exportWh);
}

/** Whether one more entry fits beside these. */
export function hasRoom(entries: readonly ProfileEntry[], entry: ProfileEntry): boolean {
  const used = entries.reduce((sum, each) => sum + entryBytes(each), entryBytes(entry));
  return used <= CRC_AT - ENTRIES_AT;
}

/** @throws RangeError when the entries do not fit. */
export function encodeProfilePage(page: ProfilePage): Uint8Array {
  const bytes = new Uint8Array(PROFILE_PAGE_BYTES);
  bytes[0] = FORMAT;
  writeInteger(bytes, 1, 3, page.sequence);
  bytes[4] = page.periodMinutes;
  writeInteger(bytes, 5, 4, page.firstPeriod);
  writeInteger(bytes, 9, 4, page.importWh % WH_LIMIT);
  writeInteger(bytes, 13, 4, page.exportWh % WH_LIMIT);
  bytes[17] = page.entries.length;
  let at = ENTRIES_AT;
  for (const entry of page.entries) {
    const width = widthOf(entry.importWh);
    const exportWidth = widthOf(entry.exportWh);
    if (at + 1 + width + exportWidth > CRC_AT) throw new RangeError('"entries" expected to fit in a page');
    bytes[at] = (entry.status << 4) | (width << 2) | exportWidth;
    writeInteger(bytes, at + 1, width, entry.importWh);
    writeInteger(bytes, at + 1 + width, exportWidth, entry.exportWh);
    at += 1 + width + exportWidth;
  }
  writeInteger(bytes, CRC_AT, 4, crc32(bytes.subarray(0, CRC_AT)));
  return bytes;
}

/** @returns undefined for a blank, torn or foreign page. */
export function decodeProfilePage(
  bytes: Uint8Array,
): (ProfilePage & { readonly entries: ProfileEntry[] }) | undefined {
  if (bytes[0] !== FORMAT || readUnsigned(bytes, CRC_AT, 4) !== crc32(bytes.subarray(0, CRC_AT))) {
    return undefined;
  }
  const entries: ProfileEntry[] = [];
  let at = ENTRIES_AT;
  for (let left = bytes[17] ?? 0; left > 0 && at < CRC_AT; left--) {
    const lead = bytes[at] ?? 0;
    const width = (lead >> 2) & 3;
    const exportWidth = lead & 3;
    entries.push({
      importWh: readUnsigned(bytes, at + 1, width),
      exportWh: readUnsigned(bytes, at + 1 + width, exportWidth),
      status: lead >> 4,
    });
    at += 1 + width + exportWidth;
  }
  return {
    sequence: readUnsigned(bytes, 1, 3),
    periodMinutes: bytes[4] ?? 0,
    firstPeriod: readUnsigned(bytes, 5, 4),
    importWh: readUnsigned(bytes, 9, 4),
    exportWh: readUnsigned(bytes, 13, 4),
    entries,
  };
}

/** Bytes of a number without leading zeros; at most 3, which hold more than any meter's period. */
function widthOf(wattHours: number): number {
  if (wattHours === 0) return 0;
  if (wattHours < 0x100) return 1;
  return wattHours < 0x10000 ? 2 : 3;
}
