/**
 * A meter's decoder key from a vending key and the meter's attributes (sts.md section 6).
 *
 * DKGA02 and DKGA04 are built because official vectors prove them. DKGA01 and DKGA03 are refused by name: sources
 * contradict each other and no vector exists (open question C2).
 */
import { assertDigits } from '../assert.ts';
import { StsFault } from '../faults.ts';
import {
  assertKeyRevision,
  assertKeyType,
  assertTariffIndex,
  BASE_DATES,
  type BaseDate,
  type DecoderKeyAlgorithm,
  type EncryptionAlgorithm,
  type KeyType,
  parseEncryptionAlgorithm,
  parseSupplyGroupCode,
} from '../identity/attributes.ts';
import { dkga02 } from './dkga02.ts';
import { dkga04 } from './dkga04.ts';

export interface DecoderKeyRequest {
  readonly decoderKeyAlgorithm: DecoderKeyAlgorithm;
  readonly encryptionAlgorithm: EncryptionAlgorithm;
  /** 8 bytes for DKGA02, 20 for DKGA04; only read. */
  readonly vendingKey: Uint8Array;
  /** 18 digits. */
  readonly meterPan: string;
  readonly supplyGroupCode: string;
  /** TI, 0-99. */
  readonly tariffIndex: number;
  /** KRN, 1-9. */
  readonly keyRevision: number;
  readonly keyType: KeyType;
  /** Part of the derivation in DKGA04 only. */
  readonly baseDate: BaseDate;
}

/**
 * @returns 8 bytes for EA07, 16 for EA11, the first byte most significant.
 * @throws StsFault `algorithm_not_supported` for DKGA01, DKGA03, EA09 and DKGA02 with EA11; `key_type_not_supported` for an
 *   initial key (KT 0, put in by the manufacturer) and for a common key under DKGA04 (open question C1).
 * @throws RangeError, TypeError when a field is out of its range or the vending key has the wrong length.
 */
export function deriveDecoderKey(request: DecoderKeyRequest): Uint8Array {
  assertFields(request);
  switch (request.decoderKeyAlgorithm) {
    case 2:
      if (request.encryptionAlgorithm !== 7)
        throw unsupported('DKGA02 makes 64-bit keys, which EA11 does not take');
      return dkga02(request);
    case 4:
      if (request.keyType === 3) {
        throw new StsFault('key_type_not_supported', 'no vector shows how DKGA04 makes a common key (KT 3)');
      }
      return dkga04(request);
  }
  throw unsupported(`DKGA${String(request.decoderKeyAlgorithm).padStart(2, '0')}`);
}

function assertFields(request: DecoderKeyRequest): void {
  parseEncryptionAlgorithm(request.encryptionAlgorithm);
  parseSupplyGroupCode(request.supplyGroupCode);
  assertDigits(request.meterPan, 18, 'meterPan');
  assertTariffIndex(request.tariffIndex);
  assertKeyRevision(request.keyRevision);
  assertKeyType(request.keyType);
  if (!BASE_DATES.includes(request.baseDate)) {
    throw new RangeError(`"baseDate" expected one of ${BASE_DATES.join(', ')}`);
  }
  if (request.keyType === 0) {
    throw new StsFault(
      'key_type_not_supported',
      'an initial key (KT 0) is put in by the manufacturer, not derived',
    );
  }
}

function unsupported(what: string): StsFault {
  return new StsFault('algorithm_not_supported', what, { param: 'decoderKeyAlgorithm' });
}
