/**
 * DKGA04: a decoder key from a 160-bit vending key, one block of a key derivation in the style of NIST SP 800-108 with
 * HMAC-SHA-256 (sts.md 6.4). The key is the first 8 (EA07) or 16 (EA11) bytes of the HMAC, in order.
 */
import { hmac } from '@noble/hashes/hmac.js';
import { sha256 } from '@noble/hashes/sha2.js';
import { assertBytes } from '../assert.ts';
import type { EncryptionAlgorithm } from '../identity/attributes.ts';
import type { DecoderKeyDerivation, MeterKeyFields } from './decoder-key.ts';

const DKGA04_KEY_BYTES = 20;

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
  return (meter) => {
    const mac = keyed.clone().update(dkga04Message(meter)).digest();
    return mac.slice(0, DECODER_KEY_BYTES[meter.encryptionAlgorithm]);
  };
}

/**
 * The 49 bytes that are authenticated: two groups of length-prefixed ASCII fields, each group led by 04 (taken to be its
 * number of fields), a zero between them, and the output length in bits at the end.
 */
export function dkga04Message(request: MeterKeyFields): Uint8Array {
  const bits = 8 * DECODER_KEY_BYTES[request.encryptionAlgorithm];
  const bytes: number[] = [];
  const field = (text: string): void => {
    bytes.push(text.length);
    for (let i = 0; i < text.length; i += 1) bytes.push(text.charCodeAt(i));
  };
  bytes.push(4);
  field('04');
  field(request.baseDate);
  field(String(request.encryptionAlgorithm).padStart(2, '0'));
  field(String(request.tariffIndex).padStart(2, '0'));
  bytes.push(0, 4);
  field(request.supplyGroupCode);
  field(String(request.keyType));
  field(String(request.keyRevision));
  field(request.meterPan);
  bytes.push(0, 0, 0, bits);
  return Uint8Array.from(bytes);
}
