/** The block cipher that an encryption algorithm and a decoder key make. */
import type { BlockCipher } from '../crypto/block-cipher.ts';
import { createMisty1 } from '../crypto/misty1.ts';
import { createSta } from '../crypto/sta.ts';
import type { EncryptionAlgorithm } from '../identity/attributes.ts';
import { parseEncryptionAlgorithm } from '../identity/attributes.ts';

/**
 * @param decoderKey - 8 bytes for EA07, 16 for EA11. The schedule is made once here: keep the cipher while the key lasts.
 * @throws StsFault `algorithm_not_supported` for EA09 and unknown codes. @throws RangeError for a key of another length.
 */
export function createTokenCipher(
  encryptionAlgorithm: EncryptionAlgorithm,
  decoderKey: Uint8Array,
): BlockCipher {
  switch (parseEncryptionAlgorithm(encryptionAlgorithm)) {
    case 7:
      return createSta(decoderKey);
    case 11:
      return createMisty1(decoderKey);
  }
}
