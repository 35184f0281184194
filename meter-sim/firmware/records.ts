/**
 * The two kinds of journal record as bytes (big-endian), and back.
 *
 *     byte  0  format version            33  relay command: 0 open, 1 closed
 *           1  kind: 'A' or 'T'          34  opening: mean µs 2, deviation µs 2, operations 1
 *           2  sequence, 4               39  closing: the same
 *           6  token sequence, 4         44  lockout failures 1
 *          10  accepted mWh, 7           45  lockout until, epoch seconds 5
 *          17  balance mWh, 7, signed    50  account: zeros to 59, CRC-32 of bytes 0-59 at 60
 *          24  total register mWh, 7     50  token: see below
 *          31  remainder mJ, 2
 *
 *     token 50 MeterPAN, 18 digits BCD   79  SGC, 6 digits BCD
 *          59  EA                        82  TI
 *          60  decoder key, 16           83  base date: 93, 14 or 35
 *          76  KT                        84  number of TIDs, at most 55
 *          77  KRN                       85  TIDs, 3 bytes each, in the order of their slots
 *          78  KEN                      252  CRC-32 of bytes 0-251
 */
import { bytesFromHex, hexFromBytes } from '../../lib/hex.ts';
import type { BaseDate, KeyType } from '../../lib/identity/attributes.ts';
import type { LockoutState, MeterState } from '../../lib/meter/state.ts';
import { readSigned56, readUnsigned, type Section, writeInteger } from './bytes.ts';
import { crc32 } from './crc32.ts';
import { CREDIT_SECTION } from './credit/section.ts';
import { SWITCH_SECTION } from './switch-commands.ts';
import { TAMPER_SECTION } from './tamper.ts';

/** A record of another version is never guessed at: firmware that changes the layout adds a reader for each older one. */
export const FORMAT_VERSION = 1;
export const ACCOUNT_RECORD_BYTES = 64;
export const TOKEN_RECORD_BYTES = 256;
export const MAX_RECORDED_TIDS = 55;

const KIND_ACCOUNT = 0x41;
const KIND_TOKEN = 0x54;

/** A relay delay as learnt so far: mean and standard deviation in µs; 0 operations means never measured. */
export interface DelayRecord {
  readonly meanMicros: number;
  readonly deviationMicros: number;
  readonly operations: number;
}

/** What both kinds of record hold. `balance = accepted - total`, always. */
export interface AccountFields {
  readonly acceptedMilliWh: number;
  readonly balanceMilliWh: number;
  readonly totalMilliWh: number;
  /** Energy measured but not yet a whole mWh, 0-3599 mJ. */
  readonly remainderMilliJoule: number;
  readonly relayCommand: 'open' | 'closed';
  readonly opening: DelayRecord;
  readonly closing: DelayRecord;
  readonly lockout: LockoutState;
}

/** The token application without what the account holds, and without what no token sets that this meter carries out. */
export type TokenApplication = Omit<MeterState, 'creditMilliWh' | 'lockout' | 'extension'>;

export interface AccountRecord extends AccountFields {
  readonly sequence: number;
  /** Sequence of the token record whose credit `acceptedMilliWh` includes last. */
  readonly tokenSequence: number;
}

export interface TokenRecord extends AccountRecord {
  readonly application: TokenApplication;
}

/** What the load switch has learnt of its relay. */
export interface LearntDelays {
  readonly opening: DelayRecord;
  readonly closing: DelayRecord;
}

const NEVER_MEASURED: DelayRecord = { meanMicros: 0, deviationMicros: 0, operations: 0 };

const DELAYS: Section<LearntDelays> = {
  bytes: 10,
  initial: { opening: NEVER_MEASURED, closing: NEVER_MEASURED },
  encode: ({ opening, closing }, into, at) => {
    writeDelay(into, at, opening);
    writeDelay(into, at + 5, closing);
  },
  decode: (bytes, at) => ({ opening: readDelay(bytes, at), closing: readDelay(bytes, at + 5) }),
};

/**
 * What the parts of the firmware keep in the vital record, in this order: written with every token, at every checkpoint and
 * on power fail. A part adds its section here and writes its state by `Books.keep`. The values are never changed in place:
 * a section whose value is the same object is not encoded again.
 */
export const VITAL_SECTIONS = {
  delays: DELAYS,
  tamper: TAMPER_SECTION,
  switchCommands: SWITCH_SECTION,
  credit: CREDIT_SECTION,
};

/** As {@link VITAL_SECTIONS}, in the slower record: hourly, and on power fail behind the vital one. */
export const STATISTICS_SECTIONS = {};

type Kept<Sections> = {
  readonly [Name in keyof Sections]: Sections[Name] extends Section<infer Value> ? Value : never;
};

export type VitalState = Kept<typeof VITAL_SECTIONS>;
export type StatisticsState = Kept<typeof STATISTICS_SECTIONS>;

export const INITIAL_VITAL = initialOf(VITAL_SECTIONS) as VitalState;
export const INITIAL_STATISTICS = initialOf(STATISTICS_SECTIONS) as StatisticsState;

function initialOf(sections: Readonly<Record<string, Section<unknown>>>): unknown {
  return Object.fromEntries(Object.entries(sections).map(([name, { initial }]) => [name, initial]));
}

export function encodeAccountRecord(record: AccountRecord): Uint8Array {
  const bytes = new Uint8Array(ACCOUNT_RECORD_BYTES);
  writeCommon(bytes, KIND_ACCOUNT, record);
  return sealed(bytes);
}

export function encodeTokenRecord(record: TokenRecord): Uint8Array {
  const { application } = record;
  if (application.tidMemory.length > MAX_RECORDED_TIDS) {
    throw new RangeError(`"tidMemory" expected at most ${MAX_RECORDED_TIDS} TIDs`);
  }
  const bytes = new Uint8Array(TOKEN_RECORD_BYTES);
  writeCommon(bytes, KIND_TOKEN, record);
  bytes.set(bytesFromHex(application.meterPan), 50);
  bytes[59] = application.encryptionAlgorithm;
  bytes.set(bytesFromHex(application.decoderKey), 60);
  bytes[76] = application.keyType;
  bytes[77] = application.keyRevision;
  bytes[78] = application.keyExpiry;
  bytes.set(bytesFromHex(application.supplyGroupCode), 79);
  bytes[82] = application.tariffIndex;
  bytes[83] = Number(application.baseDate);
  bytes[84] = application.tidMemory.length;
  application.tidMemory.forEach((tid, slot) => {
    writeInteger(bytes, 85 + 3 * slot, 3, tid);
  });
  return sealed(bytes);
}

/** @returns undefined for a blank, torn or foreign slot, `'newer'` for a whole record of a version unknown here. */
export function decodeAccountRecord(bytes: Uint8Array): AccountRecord | 'newer' | undefined {
  return opened(bytes, KIND_ACCOUNT, readCommon);
}

/** As {@link decodeAccountRecord}, for a token record. */
export function decodeTokenRecord(bytes: Uint8Array): TokenRecord | 'newer' | undefined {
  return opened(bytes, KIND_TOKEN, (whole) => {
    const encryptionAlgorithm = whole[59] === 7 ? 7 : 11;
    const count = whole[84] ?? 0;
    return {
      ...readCommon(whole),
      application: {
        meterPan: hexFromBytes(whole.subarray(50, 59)),
        encryptionAlgorithm,
        decoderKey: hexFromBytes(whole.subarray(60, encryptionAlgorithm === 7 ? 68 : 76)),
        keyType: (whole[76] ?? 0) as KeyType,
        keyRevision: whole[77] ?? 0,
        keyExpiry: whole[78] ?? 0,
        supplyGroupCode: hexFromBytes(whole.subarray(79, 82)),
        tariffIndex: whole[82] ?? 0,
        baseDate: String(whole[83]) as BaseDate,
        tidMemory: Array.from({ length: count }, (_, slot) => readUnsigned(whole, 85 + 3 * slot, 3)),
      },
    };
  });
}

function writeCommon(bytes: Uint8Array, kind: number, record: AccountRecord): void {
  bytes[0] = FORMAT_VERSION;
  bytes[1] = kind;
  writeInteger(bytes, 2, 4, record.sequence);
  writeInteger(bytes, 6, 4, record.tokenSequence);
  writeInteger(bytes, 10, 7, record.acceptedMilliWh);
  writeInteger(bytes, 17, 7, record.balanceMilliWh);
  writeInteger(bytes, 24, 7, record.totalMilliWh);
  writeInteger(bytes, 31, 2, record.remainderMilliJoule);
  bytes[33] = record.relayCommand === 'closed' ? 1 : 0;
  writeDelay(bytes, 34, record.opening);
  writeDelay(bytes, 39, record.closing);
  bytes[44] = Math.min(record.lockout.failures, 0xff);
  writeInteger(bytes, 45, 5, record.lockout.untilSeconds);
}

function readCommon(bytes: Uint8Array): AccountRecord {
  return {
    sequence: readUnsigned(bytes, 2, 4),
    tokenSequence: readUnsigned(bytes, 6, 4),
    acceptedMilliWh: readUnsigned(bytes, 10, 7),
    balanceMilliWh: readSigned56(bytes, 17),
    totalMilliWh: readUnsigned(bytes, 24, 7),
    remainderMilliJoule: readUnsigned(bytes, 31, 2),
    relayCommand: bytes[33] === 1 ? 'closed' : 'open',
    opening: readDelay(bytes, 34),
    closing: readDelay(bytes, 39),
    lockout: { failures: bytes[44] ?? 0, untilSeconds: readUnsigned(bytes, 45, 5) },
  };
}

function writeDelay(bytes: Uint8Array, at: number, delay: DelayRecord): void {
  writeInteger(bytes, at, 2, Math.min(Math.round(delay.meanMicros), 0xffff));
  writeInteger(bytes, at + 2, 2, Math.min(Math.round(delay.deviationMicros), 0xffff));
  bytes[at + 4] = Math.min(delay.operations, 0xff);
}

function readDelay(bytes: Uint8Array, at: number): DelayRecord {
  return {
    meanMicros: readUnsigned(bytes, at, 2),
    deviationMicros: readUnsigned(bytes, at + 2, 2),
    operations: bytes[at + 4] ?? 0,
  };
}

function sealed(bytes: Uint8Array): Uint8Array {
  const end = bytes.length - 4;
  writeInteger(bytes, end, 4, crc32(bytes.subarray(0, end)));
  return bytes;
}

function opened<T extends AccountFields>(
  bytes: Uint8Array,
  kind: number,
  read: (whole: Uint8Array) => T,
): T | 'newer' | undefined {
  const end = bytes.length - 4;
  if (readUnsigned(bytes, end, 4) !== crc32(bytes.subarray(0, end)) || bytes[1] !== kind) return undefined;
  if (bytes[0] !== FORMAT_VERSION) return 'newer';
  const record = read(bytes);
  // A record that breaks the books was never written by this firmware: it is not money.
  return record.acceptedMilliWh - record.totalMilliWh === record.balanceMilliWh ? record : undefined;
}
