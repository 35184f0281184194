/**
 * The token application as a fixed number of bytes (big-endian), and back.
 *
 *       0  MeterPAN, 18 digits BCD            420  water litre 7, gas litre 7, time second 7
 *       9  EA                                 441  money: electricity, water, gas, time, 7 each, signed
 *      10  decoder key, 16                    469  what is there: bits of PRESENT
 *      26  KT, KRN, KEN                       470  maximum power W 7, phase unbalance W 7
 *      29  SGC, 6 digits BCD                  484  tariff rate 2, water factor 2
 *      32  TI                                 488  flags, one bit each, 512
 *      33  base date: 93, 14 or 35            552  controls 0-62, 2 each: bit 15 set, value
 *      34  number of TIDs, 64 x 3             678  pending key change: sections by bit 1, since 6,
 *     227  management TIDs, the same               then 6, 6, 3, 6 and 6 for each kind
 */
import { bytesFromHex, hexFromBytes } from '../../lib/hex.ts';
import type { BaseDate, KeyType } from '../../lib/identity/attributes.ts';
import type { KeyChangeSection } from '../../lib/keys/key-change.ts';
import type { MeterExtension, PendingKeyChange } from '../../lib/meter/state.ts';
import { readSigned56, readUnsigned, writeInteger } from './bytes.ts';
import type { TokenApplication } from './records.ts';

/** Slots that each of the two TID memories has room for. */
export const MAX_RECORDED_TIDS = 64;
const TIDS = 34;
const MANAGEMENT_TIDS = 227;
const REGISTERS = 420;
const PRESENT_AT = 469;
const FLAGS = 488;
const CONTROLS = 552;
const CONTROL_COUNT = 63;
const PENDING = 678;
const SECTIONS = PENDING + 7;
export const APPLICATION_BYTES = SECTIONS + 27;

const PRESENT = { power: 1, unbalance: 2, tariff: 4, water: 8, tampered: 16, keyChange: 32 } as const;
const CONTROL_SET = 0x8000;

/** @throws RangeError when a TID memory has more slots than {@link MAX_RECORDED_TIDS}. */
export function encodeApplication(application: TokenApplication, into: Uint8Array, at: number): void {
  into.fill(0, at, at + APPLICATION_BYTES);
  into.set(bytesFromHex(application.meterPan), at);
  into[at + 9] = application.encryptionAlgorithm;
  into.set(bytesFromHex(application.decoderKey), at + 10);
  into[at + 26] = application.keyType;
  into[at + 27] = application.keyRevision;
  into[at + 28] = application.keyExpiry;
  into.set(bytesFromHex(application.supplyGroupCode), at + 29);
  into[at + 32] = application.tariffIndex;
  into[at + 33] = Number(application.baseDate);
  writeTids(into, at + TIDS, application.tidMemory);
  encodeExtension(application.extension, into, at);
}

export function decodeApplication(bytes: Uint8Array, at: number): TokenApplication {
  const encryptionAlgorithm = bytes[at + 9] === 7 ? 7 : 11;
  return {
    meterPan: hexFromBytes(bytes.subarray(at, at + 9)),
    encryptionAlgorithm,
    decoderKey: hexFromBytes(bytes.subarray(at + 10, at + (encryptionAlgorithm === 7 ? 18 : 26))),
    keyType: (bytes[at + 26] ?? 0) as KeyType,
    keyRevision: bytes[at + 27] ?? 0,
    keyExpiry: bytes[at + 28] ?? 0,
    supplyGroupCode: hexFromBytes(bytes.subarray(at + 29, at + 32)),
    tariffIndex: bytes[at + 32] ?? 0,
    baseDate: String(bytes[at + 33]) as BaseDate,
    tidMemory: readTids(bytes, at + TIDS),
    extension: decodeExtension(bytes, at),
  };
}

function writeTids(into: Uint8Array, at: number, tids: readonly number[]): void {
  if (tids.length > MAX_RECORDED_TIDS) {
    throw new RangeError(`"tidMemory" expected at most ${MAX_RECORDED_TIDS} TIDs`);
  }
  into[at] = tids.length;
  let start = at + 1;
  for (const tid of tids) {
    into[start] = tid >>> 16;
    into[start + 1] = tid >>> 8;
    into[start + 2] = tid;
    start += 3;
  }
}

function readTids(bytes: Uint8Array, at: number): readonly number[] {
  const count = Math.min(bytes[at] ?? 0, MAX_RECORDED_TIDS);
  const tids = new Array<number>(count);
  for (let slot = 0; slot < count; slot++) tids[slot] = readUnsigned(bytes, at + 1 + 3 * slot, 3);
  return tids;
}

function encodeExtension(extension: MeterExtension, into: Uint8Array, at: number): void {
  const { currencyHundredThousandth: money, keyChange } = extension;
  writeTids(into, at + MANAGEMENT_TIDS, extension.managementTidMemory);
  const registers = [extension.waterLitre, extension.gasLitre, extension.timeSecond];
  registers.push(money.electricity, money.water, money.gas, money.time);
  for (const [index, value] of registers.entries()) writeInteger(into, at + REGISTERS + 7 * index, 7, value);
  into[at + PRESENT_AT] =
    (extension.maximumPowerWatt === undefined ? 0 : PRESENT.power) |
    (extension.maximumPhaseUnbalanceWatt === undefined ? 0 : PRESENT.unbalance) |
    (extension.tariffRateRaw === undefined ? 0 : PRESENT.tariff) |
    (extension.waterFactorRaw === undefined ? 0 : PRESENT.water) |
    (extension.isTampered ? PRESENT.tampered : 0) |
    (keyChange === undefined ? 0 : PRESENT.keyChange);
  writeInteger(into, at + 470, 7, extension.maximumPowerWatt ?? 0);
  writeInteger(into, at + 477, 7, extension.maximumPhaseUnbalanceWatt ?? 0);
  writeInteger(into, at + 484, 2, extension.tariffRateRaw ?? 0);
  writeInteger(into, at + 486, 2, extension.waterFactorRaw ?? 0);
  for (const flag of extension.flags) {
    const byte = at + FLAGS + (flag >> 3);
    into[byte] = (into[byte] ?? 0) | (1 << (flag & 7));
  }
  for (const [index, value] of extension.controls) {
    writeInteger(into, at + CONTROLS + 2 * index, 2, CONTROL_SET | value);
  }
  if (keyChange !== undefined) encodePending(keyChange, into, at);
}

function decodeExtension(bytes: Uint8Array, at: number): MeterExtension {
  const money = at + REGISTERS + 21;
  const present = bytes[at + PRESENT_AT] ?? 0;
  const optional = (bit: number, start: number, length: number): number | undefined =>
    (present & bit) === 0 ? undefined : readUnsigned(bytes, at + start, length);
  return {
    managementTidMemory: readTids(bytes, at + MANAGEMENT_TIDS),
    waterLitre: readUnsigned(bytes, at + REGISTERS, 7),
    gasLitre: readUnsigned(bytes, at + REGISTERS + 7, 7),
    timeSecond: readUnsigned(bytes, at + REGISTERS + 14, 7),
    currencyHundredThousandth: {
      electricity: readSigned56(bytes, money),
      water: readSigned56(bytes, money + 7),
      gas: readSigned56(bytes, money + 14),
      time: readSigned56(bytes, money + 21),
    },
    maximumPowerWatt: optional(PRESENT.power, 470, 7),
    maximumPhaseUnbalanceWatt: optional(PRESENT.unbalance, 477, 7),
    tariffRateRaw: optional(PRESENT.tariff, 484, 2),
    waterFactorRaw: optional(PRESENT.water, 486, 2),
    flags: readFlags(bytes, at + FLAGS),
    controls: readControls(bytes, at + CONTROLS),
    isTampered: (present & PRESENT.tampered) !== 0,
    keyChange: (present & PRESENT.keyChange) === 0 ? undefined : decodePending(bytes, at),
  };
}

function readFlags(bytes: Uint8Array, at: number): readonly number[] {
  const flags: number[] = [];
  for (let byte = 0; byte < 64; byte++) {
    const bits = bytes[at + byte] ?? 0;
    if (bits === 0) continue;
    for (let bit = 0; bit < 8; bit++) if ((bits >> bit) & 1) flags.push(8 * byte + bit);
  }
  return flags;
}

function readControls(bytes: Uint8Array, at: number): MeterExtension['controls'] {
  const controls: [number, number][] = [];
  for (let index = 0; index < CONTROL_COUNT; index++) {
    const value = readUnsigned(bytes, at + 2 * index, 2);
    if ((value & CONTROL_SET) !== 0) controls.push([index, value & 0x3ff]);
  }
  return controls;
}

/** In the order of their bits and places. */
const KINDS: readonly KeyChangeSection['kind'][] = [
  'keyChangeSection1',
  'keyChangeSection2',
  'keyChangeSection3Of3',
  'keyChangeSection3Of4',
  'keyChangeSection4',
];
const PLACES = [0, 6, 12, 15, 21];

function encodePending({ sections, lastSeconds }: PendingKeyChange, into: Uint8Array, at: number): void {
  let mask = 0;
  for (const section of sections) {
    const kind = KINDS.indexOf(section.kind);
    mask |= 1 << kind;
    encodeSection(section, into, at + SECTIONS + (PLACES[kind] ?? 0));
  }
  into[at + PENDING] = mask;
  writeInteger(into, at + PENDING + 1, 6, Math.floor(lastSeconds));
}

function encodeSection(section: KeyChangeSection, into: Uint8Array, at: number): void {
  switch (section.kind) {
    case 'keyChangeSection1':
      into[at] = (section.keyExpiryHigh << 4) | section.keyRevision;
      into[at + 1] =
        section.keyType | (section.rollOver ? ROLL_OVER : 0) | (section.threeSections ? THREE_SECTIONS : 0);
      break;
    case 'keyChangeSection2':
      into[at] = section.keyExpiryLow;
      into[at + 1] = section.tariffIndex;
      break;
    case 'keyChangeSection3Of3':
      into.set(bytesFromHex(section.supplyGroupCode), at);
      return;
    case 'keyChangeSection3Of4':
      writeInteger(into, at, 2, section.supplyGroupLow);
      break;
    case 'keyChangeSection4':
      writeInteger(into, at, 2, section.supplyGroupHigh);
      break;
  }
  writeInteger(into, at + 2, 4, section.keyPart);
}

const ROLL_OVER = 4;
const THREE_SECTIONS = 8;

function decodePending(bytes: Uint8Array, at: number): PendingKeyChange {
  const mask = bytes[at + PENDING] ?? 0;
  const sections = KINDS.flatMap((kind, index) =>
    (mask >> index) & 1 ? [decodeSection(kind, bytes, at + SECTIONS + (PLACES[index] ?? 0))] : [],
  );
  return { sections, lastSeconds: readUnsigned(bytes, at + PENDING + 1, 6) };
}

function decodeSection(kind: KeyChangeSection['kind'], bytes: Uint8Array, at: number): KeyChangeSection {
  const first = bytes[at] ?? 0;
  const second = bytes[at + 1] ?? 0;
  const keyPart = readUnsigned(bytes, at + 2, 4);
  switch (kind) {
    case 'keyChangeSection1':
      return {
        kind,
        keyExpiryHigh: first >> 4,
        keyRevision: first & 15,
        rollOver: (second & ROLL_OVER) !== 0,
        threeSections: (second & THREE_SECTIONS) !== 0,
        keyType: (second & 3) as KeyType,
        keyPart,
      };
    case 'keyChangeSection2':
      return { kind, keyExpiryLow: first, tariffIndex: second, keyPart };
    case 'keyChangeSection3Of3':
      return { kind, supplyGroupCode: hexFromBytes(bytes.subarray(at, at + 3)) };
    case 'keyChangeSection3Of4':
      return { kind, supplyGroupLow: first * 256 + second, keyPart };
    case 'keyChangeSection4':
      return { kind, supplyGroupHigh: first * 256 + second, keyPart };
  }
}
