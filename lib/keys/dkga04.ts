/**
 * DKGA04: a decoder key from a 160-bit vending key, one block of a key derivation in the style of NIST SP 800-108 with
 * HMAC-SHA-256 (sts.md 6.4). The key is the first 8 (EA07) or 16 (EA11) bytes of the HMAC, in order.
 */
import { hmac } from '@noble/hashes/hmac.js';
import { sha256 } from '@noble/hashes/sha2.js';
import { assertBytes, assertDigits, assertObject } from '../assert.ts';
import {
  assertBaseDate,
  assertKeyAttributes,
  type EncryptionAlgorithm,
  parseEncryptionAlgorithm,
} from '../identity/attributes.ts';
import type { DecoderKeyDerivation, MeterKeyFields } from './decoder-key.ts';

const DKGA04_KEY_BYTES = 20;
/** 45 of text and its lengths, and the output length in four. */
const MESSAGE_BYTES = 49;

/** Bytes of a decoder key: 64 bits for the Standard Transfer Algorithm, 128 for MISTY1. */
export const DECODER_KEY_BYTES: Readonly<Record<EncryptionAlgorithm, number>> = { 7: 8, 11: 16 };

/**
 * Prepares a vending key: the two blocks that HMAC spends on its key are hashed once and serve every meter.
 * @param vendingKey - 20 bytes; not kept, the caller may zero them afterwards.
 * @returns the derivation, 8 bytes for an EA07 meter, 16 for EA11.
 * @throws RangeError when the vending key is not 20 bytes.
 */
export function dkga04(vendingKey: Uint8Array): DecoderKeyDerivation {
  assertBytes(vendingKey, DKGA04_KEY_BYTES, 'vendingKey');
  const keyed = hmac.create(sha256, vendingKey);
  // One working copy for all meters: making a new one costs more than the two blocks that are hashed.
  const working = keyed.clone();
  return (meter) => {
    const mac = keyed._cloneInto(working).update(dkga04Message(meter)).digest();
    return mac.slice(0, DECODER_KEY_BYTES[meter.encryptionAlgorithm]);
  };
}

/**
 * The 49 bytes that are authenticated: two groups of length-prefixed ASCII fields, each group led by 04 (taken to be its
 * number of fields: open question C8), a zero between them, and the output length in bits at the end.
 * @throws StsFault `algorithm_not_supported`, `supply_group_malformed`. @throws TypeError, RangeError when another field is out
 *   of its range.
 */
export function dkga04Message(request: MeterKeyFields): Uint8Array {
  assertObject(request, 'meter');
  parseEncryptionAlgorithm(request.encryptionAlgorithm);
  assertBaseDate(request.baseDate);
  assertDigits(request.meterPan, 18, 'meterPan');
  assertKeyAttributes(request);
  const { baseDate, encryptionAlgorithm, tariffIndex, supplyGroupCode, keyType, keyRevision } = request;
  const algorithm = encryptionAlgorithm === 7 ? '07' : '11';
  const tariff = tariffIndex < 10 ? `0${tariffIndex}` : `${tariffIndex}`;
  const text =
    `\x04\x0204\x02${baseDate}\x02${algorithm}\x02${tariff}\0` +
    `\x04\x06${supplyGroupCode}\x01${keyType}\x01${keyRevision}\x12${request.meterPan}`;
  const message = new Uint8Array(MESSAGE_BYTES);
  for (let i = 0; i < text.length; i += 1) message[i] = text.charCodeAt(i);
  message[MESSAGE_BYTES - 1] = 8 * DECODER_KEY_BYTES[encryptionAlgorithm];
  return message;
}
