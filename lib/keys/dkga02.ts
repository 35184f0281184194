/**
 * DKGA02: a decoder key from a 64-bit DES vending key (sts.md 6.1, 6.2).
 *
 * key = DES_VK(X) xor X xor VK, where X is the PAN block xor the control block. The result is used as it is: no byte
 * reversal, no parity.
 */
import { assertBytes } from '../assert.ts';
import {
  type BlockCipher,
  blockFromBytes,
  blockFromHex,
  bytesFromBlock,
  xorBlocks,
} from '../crypto/block-cipher.ts';
import { createDes } from '../crypto/des.ts';
import type { DecoderKeyRequest } from './decoder-key.ts';

const DKGA02_KEY_BYTES = 8;

/** One vending key serves many meters: its DES schedule is kept for as long as the key's bytes are. */
const schedules = new WeakMap<Uint8Array, BlockCipher>();

/**
 * @returns 8 bytes.
 * @throws RangeError when the vending key is not 8 bytes.
 */
export function dkga02(request: DecoderKeyRequest): Uint8Array {
  const { vendingKey } = request;
  assertBytes(vendingKey, DKGA02_KEY_BYTES, 'vendingKey');
  const x = xorBlocks(blockFromHex(panBlock(request)), blockFromHex(controlBlock(request)));
  const encrypted = x.slice();
  schedule(vendingKey).encrypt(encrypted);
  return bytesFromBlock(xorBlocks(xorBlocks(encrypted, x), blockFromBytes(vendingKey)));
}

/**
 * The last 16 digits of IIN and DRN, without the PAN's check digit, packed. For a common key (KT 3) the DRN's digits are
 * zeros (sts.md 6.1 [1]).
 */
export function panBlock(request: Pick<DecoderKeyRequest, 'meterPan' | 'keyType'>): string {
  const { meterPan, keyType } = request;
  const digits = meterPan.slice(1, -1);
  if (keyType !== 3) return digits;
  const drnLength = meterPan.startsWith('600727') ? 11 : 13;
  return digits.slice(0, -drnLength) + '0'.repeat(drnLength);
}

/** KT, SGC, TI, KRN and six F, packed. */
export function controlBlock(
  request: Pick<DecoderKeyRequest, 'keyType' | 'supplyGroupCode' | 'tariffIndex' | 'keyRevision'>,
): string {
  const { keyType, supplyGroupCode, tariffIndex, keyRevision } = request;
  return `${keyType}${supplyGroupCode}${String(tariffIndex).padStart(2, '0')}${keyRevision}ffffff`;
}

function schedule(vendingKey: Uint8Array): BlockCipher {
  let des = schedules.get(vendingKey);
  if (des === undefined) {
    des = createDes(vendingKey);
    schedules.set(vendingKey, des);
  }
  return des;
}
