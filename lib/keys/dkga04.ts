/**
 * DKGA04: a decoder key from a 160-bit vending key, one block of a key derivation in the style of NIST SP 800-108 with
 * HMAC-SHA-256 (sts.md 6.4). The key is the first 8 (EA07) or 16 (EA11) bytes of the HMAC, in order.
 */
import { assertBytes, assertDigits, assertObject } from '../assert.ts';
import { fixedHmacSha256 } from '../crypto/hmac-sha256.ts';
import {
  assertBaseDate,
  assertKeyAttributes,
  type EncryptionAlgorithm,
  parseEncryptionAlgorithm,
} from '../identity/attributes.ts';
import type { DecoderKeyDerivation, MeterKeyFields } from './decoder-key.ts';

const DKGA04_KEY_BYTES = 20;

/** Bytes of a decoder key: 64 bits for the Standard Transfer Algorithm, 128 for MISTY1. */
export const DECODER_KEY_BYTES: Readonly<Record<EncryptionAlgorithm, number>> = { 7: 8, 11: 16 };

const hmac = fixedHmacSha256(DKGA04_KEY_BYTES);
const mac = new Uint8Array(32);

/**
 * Prepares a vending key: the two blocks that HMAC spends on its key are hashed once and serve every meter.
 * @param vendingKey - 20 bytes; not kept, the caller may zero them afterwards. What is kept instead derives keys as it does.
 * @returns the derivation, 8 bytes for an EA07 meter, 16 for EA11.
 * @throws RangeError, TypeError when the vending key is not 20 bytes.
 */
export function dkga04(vendingKey: Uint8Array): DecoderKeyDerivation {
  assertBytes(vendingKey, DKGA04_KEY_BYTES, 'vendingKey');
  const authenticate = hmac.prepare(vendingKey);
  return (meter) => {
    writeMessage(meter, message);
    authenticate(message, mac);
    return takeDecoderKey(meter.encryptionAlgorithm);
  };
}

/**
 * One decoder key from a vending key that is not used again.
 * @param vendingKey - 20 bytes; only read.
 * @returns 8 bytes for an EA07 meter, 16 for EA11.
 * @throws StsFault `algorithm_not_supported`, `supply_group_malformed`. @throws TypeError, RangeError when the vending key is
 *   not 20 bytes or another field is out of its range.
 */
export function dkga04Once(vendingKey: Uint8Array, meter: MeterKeyFields): Uint8Array {
  assertBytes(vendingKey, DKGA04_KEY_BYTES, 'vendingKey');
  writeMessage(meter, message);
  hmac.once(vendingKey, message, mac);
  return takeDecoderKey(meter.encryptionAlgorithm);
}

function takeDecoderKey(encryptionAlgorithm: EncryptionAlgorithm): Uint8Array {
  const decoderKey = mac.slice(0, DECODER_KEY_BYTES[encryptionAlgorithm]);
  mac.fill(0);
  return decoderKey;
}

/**
 * The 49 bytes that are authenticated: two groups of length-prefixed ASCII fields, each group led by 04 (taken to be its
 * number of fields: open question C8), a zero between them, and the output length in bits at the end.
 * @throws StsFault `algorithm_not_supported`, `supply_group_malformed`. @throws TypeError, RangeError when another field is out
 *   of its range.
 */
export function dkga04Message(request: MeterKeyFields): Uint8Array {
  const bytes = FRAME.slice();
  writeMessage(request, bytes);
  return bytes;
}

/** What is the same in every message: lengths, the DKGA code and the separator; the fields stand where zeros are. */
// biome-ignore format: a line a group, as the layout is printed
const FRAME = Uint8Array.of(
  4, 2, 0x30, 0x34, 2, 0, 0, 2, 0, 0, 2, 0, 0, 0,
  4, 6, 0, 0, 0, 0, 0, 0, 1, 0, 1, 0, 18, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
  0, 0, 0, 0,
);
/** Where each field begins. */
const AT = {
  baseDate: 5,
  algorithm: 8,
  tariff: 11,
  supplyGroup: 16,
  keyType: 23,
  keyRevision: 25,
  pan: 27,
  bits: 48,
};
const DIGIT = 0x30;

const message = FRAME.slice();

/** @param bytes - a copy of the frame, with whatever fields. */
function writeMessage(request: MeterKeyFields, bytes: Uint8Array): void {
  assertObject(request, 'meter');
  const { baseDate, encryptionAlgorithm, meterPan } = request;
  parseEncryptionAlgorithm(encryptionAlgorithm);
  assertBaseDate(baseDate);
  assertDigits(meterPan, 18, 'meterPan');
  assertKeyAttributes(request);
  const { tariffIndex, supplyGroupCode, keyType, keyRevision } = request;
  writeText(bytes, AT.baseDate, baseDate);
  writeText(bytes, AT.algorithm, encryptionAlgorithm === 7 ? '07' : '11');
  bytes[AT.tariff] = DIGIT + Math.floor(tariffIndex / 10);
  bytes[AT.tariff + 1] = DIGIT + (tariffIndex % 10);
  writeText(bytes, AT.supplyGroup, supplyGroupCode);
  bytes[AT.keyType] = DIGIT + keyType;
  bytes[AT.keyRevision] = DIGIT + keyRevision;
  writeText(bytes, AT.pan, meterPan);
  bytes[AT.bits] = 8 * DECODER_KEY_BYTES[encryptionAlgorithm];
}

function writeText(bytes: Uint8Array, at: number, text: string): void {
  for (let i = 0; i < text.length; i += 1) bytes[at + i] = text.charCodeAt(i);
}
