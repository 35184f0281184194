/**
 * Reads the journal of the first firmware: two rings of records that shared one rising sequence. It is never written again;
 * a meter that holds it goes on in the present format from its next boot.
 *
 *     page   0 ........ 63   account ring: 64 slots of one page
 *     page  64 ........ 95   token ring: 8 slots of four pages; the account again and the whole token application
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
 *
 * The newest token record gives the application and the sum of accepted credit, the newest record of either kind the
 * registers; balance = accepted - total.
 */
import { hexFromBytes } from '../../lib/hex.ts';
import type { BaseDate, KeyType } from '../../lib/identity/attributes.ts';
import { NEW_EXTENSION } from '../../lib/meter/state.ts';
import { readSigned56, readUnsigned } from './bytes.ts';
import { crc32 } from './crc32.ts';
import { EMPTY_ACCOUNT } from './credit/account.ts';
import { DELAYS, INITIAL_VITAL, type JournalState } from './records.ts';

const ACCOUNT_SLOTS = 64;
const ACCOUNT_BYTES = 64;
const TOKEN_SLOTS = 8;
const TOKEN_BYTES = 256;
const TOKEN_RING = ACCOUNT_SLOTS * ACCOUNT_BYTES;
const KIND_ACCOUNT = 0x41;
const KIND_TOKEN = 0x54;
/** The whole of the two rings. */
export const FORMAT_1_BYTES = TOKEN_RING + TOKEN_SLOTS * TOKEN_BYTES;

export interface Format1State extends JournalState {
  /** True when the newest token record is gone: its credit and its TID were undone together. */
  readonly acceptanceLost: boolean;
  readonly sequence: number;
}

/**
 * @param bytes - the first {@link FORMAT_1_BYTES} of the memory.
 * @returns undefined when no token record is whole.
 */
export function readFormat1(bytes: Uint8Array): Format1State | undefined {
  const token = newest(bytes, TOKEN_RING, TOKEN_SLOTS, TOKEN_BYTES, KIND_TOKEN);
  if (token === undefined) return undefined;
  const account = newest(bytes, 0, ACCOUNT_SLOTS, ACCOUNT_BYTES, KIND_ACCOUNT);
  const latest = account !== undefined && sequenceOf(account) > sequenceOf(token) ? account : token;
  const acceptedMilliWh = readUnsigned(token, 10, 7);
  const totalMilliWh = readUnsigned(latest, 24, 7);
  const energy = {
    ...EMPTY_ACCOUNT,
    accepted: acceptedMilliWh,
    charged: totalMilliWh,
    balance: acceptedMilliWh - totalMilliWh,
  };
  return {
    sequence: sequenceOf(latest),
    acceptanceLost: readUnsigned(latest, 6, 4) > sequenceOf(token),
    application: applicationOf(token),
    account: {
      totalMilliWh,
      remainderMilliJoule: readUnsigned(latest, 31, 2),
      relayCommand: latest[33] === 1 ? 'closed' : 'open',
      lockout: { failures: latest[44] ?? 0, untilSeconds: readUnsigned(latest, 45, 5) },
    },
    vital: {
      ...INITIAL_VITAL,
      delays: DELAYS.decode(latest, 34),
      credit: { ...INITIAL_VITAL.credit, energy },
    },
  };
}

function applicationOf(token: Uint8Array): JournalState['application'] {
  const encryptionAlgorithm = token[59] === 7 ? 7 : 11;
  return {
    meterPan: hexFromBytes(token.subarray(50, 59)),
    encryptionAlgorithm,
    decoderKey: hexFromBytes(token.subarray(60, encryptionAlgorithm === 7 ? 68 : 76)),
    keyType: (token[76] ?? 0) as KeyType,
    keyRevision: token[77] ?? 0,
    keyExpiry: token[78] ?? 0,
    supplyGroupCode: hexFromBytes(token.subarray(79, 82)),
    tariffIndex: token[82] ?? 0,
    baseDate: String(token[83]) as BaseDate,
    tidMemory: Array.from({ length: token[84] ?? 0 }, (_, slot) => readUnsigned(token, 85 + 3 * slot, 3)),
    extension: NEW_EXTENSION,
  };
}

function newest(
  bytes: Uint8Array,
  from: number,
  slots: number,
  length: number,
  kind: number,
): Uint8Array | undefined {
  let found: Uint8Array | undefined;
  for (let slot = 0; slot < slots; slot++) {
    const record = bytes.subarray(from + slot * length, from + (slot + 1) * length);
    if (!isWhole(record, kind)) continue;
    if (found === undefined || sequenceOf(record) > sequenceOf(found)) found = record;
  }
  return found;
}

function isWhole(record: Uint8Array, kind: number): boolean {
  if (record[0] !== 1 || record[1] !== kind) return false;
  const end = record.length - 4;
  if (readUnsigned(record, end, 4) !== crc32(record, 0, end)) return false;
  // A record that breaks the books was never written by that firmware: it is not money.
  return readUnsigned(record, 10, 7) - readUnsigned(record, 24, 7) === readSigned56(record, 17);
}

function sequenceOf(record: Uint8Array): number {
  return readUnsigned(record, 2, 4);
}
