/**
 * DKGA02: a decoder key from a 64-bit DES vending key (sts.md 6.1, 6.2).
 *
 * key = DES_VK(X) xor X xor VK, where X is the PAN block xor the control block. The result is used as it is: no byte
 * reversal, no parity.
 */
import { assertBytes, assertDigits, assertObject } from '../assert.ts';
import { type Block, blockFromBytes, bytesFromBlock } from '../crypto/block-cipher.ts';
import { createDes } from '../crypto/des.ts';
import { hexFromWord } from '../hex.ts';
import { assertKeyAttributes, assertKeyType, type KeyAttributes } from '../identity/attributes.ts';
import type { DecoderKeyDerivation, MeterKeyFields } from './decoder-key.ts';

const DKGA02_KEY_BYTES = 8;

/**
 * Prepares a vending key: its DES schedule is made once and serves every meter.
 * @param vendingKey - 8 bytes; copied, the caller may zero them afterwards.
 * @returns the derivation, 8 bytes for a meter.
 * @throws RangeError when the vending key is not 8 bytes.
 */
export function dkga02(vendingKey: Uint8Array): DecoderKeyDerivation {
  assertBytes(vendingKey, DKGA02_KEY_BYTES, 'vendingKey');
  const des = createDes(vendingKey);
  const [keyHigh = 0, keyLow = 0] = blockFromBytes(vendingKey);
  return (meter) => {
    const pan = panBlock(meter);
    const control = controlWords(meter);
    const high = packedDigits(pan, 0) ^ control.high;
    const low = packedDigits(pan, 8) ^ control.low;
    working[0] = high;
    working[1] = low;
    des.encrypt(working);
    working[0] = (working[0] ?? 0) ^ high ^ keyHigh;
    working[1] = (working[1] ?? 0) ^ low ^ keyLow;
    return bytesFromBlock(working);
  };
}

const working: Block = new Uint32Array(2);

/** Up to eight decimal digits, four bits each. */
function packedDigits(digits: string, from: number, to = from + 8): number {
  let word = 0;
  for (let i = from; i < to; i += 1) word = (word << 4) | (digits.charCodeAt(i) & 15);
  return word;
}

/**
 * The last 16 digits of IIN and DRN, without the PAN's check digit, packed. For a common key (KT 3) the DRN's digits are
 * zeros (sts.md 6.1 [1]).
 * @returns 16 digits.
 * @throws TypeError, RangeError when `meterPan` is not 18 digits or `keyType` not 0-3.
 */
export function panBlock(request: Pick<MeterKeyFields, 'meterPan' | 'keyType'>): string {
  assertObject(request, 'meter');
  const { meterPan, keyType } = request;
  assertDigits(meterPan, 18, 'meterPan');
  assertKeyType(keyType);
  const digits = meterPan.slice(1, -1);
  if (keyType !== 3) return digits;
  const drnLength = meterPan.startsWith('600727') ? 11 : 13;
  return digits.slice(0, -drnLength) + '0'.repeat(drnLength);
}

/**
 * KT, SGC, TI, KRN and six F, packed (sts.md 6.1).
 * @returns 16 hexadecimal digits.
 * @throws StsFault `supply_group_malformed`. @throws TypeError, RangeError when another field is out of its range.
 */
export function controlBlock(request: KeyAttributes): string {
  const { high, low } = controlWords(request);
  return hexFromWord(high) + hexFromWord(low);
}

/** KT, six digits of SGC and the first of TI; the second, KRN and the padding. */
function controlWords(request: KeyAttributes): { readonly high: number; readonly low: number } {
  assertKeyAttributes(request);
  const { keyType, supplyGroupCode, tariffIndex, keyRevision } = request;
  const high = (keyType << 28) | (packedDigits(supplyGroupCode, 0, 6) << 4) | Math.floor(tariffIndex / 10);
  const low = ((tariffIndex % 10) << 28) | (keyRevision << 24) | 0xffffff;
  return { high, low };
}
