/**
 * A meter's decoder key from a vending key and the meter's attributes (sts.md section 6).
 *
 * DKGA02 and DKGA04 are built because official vectors prove them. DKGA01 and DKGA03 are refused by name: sources
 * contradict each other and no vector exists (open question C2).
 */
import { assertObject } from '../assert.ts';
import { StsFault } from '../faults.ts';
import {
  algorithmName,
  assertBaseDate,
  type BaseDate,
  type DecoderKeyAlgorithm,
  type EncryptionAlgorithm,
  type KeyType,
  parseEncryptionAlgorithm,
} from '../identity/attributes.ts';
import { dkga02 } from './dkga02.ts';
import { dkga04, dkga04Once } from './dkga04.ts';

/** What a decoder key depends on besides the vending key. */
export interface MeterKeyFields {
  readonly encryptionAlgorithm: EncryptionAlgorithm;
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

/** A vending key and one meter, for a key that is derived once. */
export interface DecoderKeyRequest extends MeterKeyFields {
  readonly decoderKeyAlgorithm: DecoderKeyAlgorithm;
  /** 8 bytes for DKGA02, 20 for DKGA04; only read. */
  readonly vendingKey: Uint8Array;
}

/** A vending key made ready: fields of a meter in, its decoder key out, the first byte most significant. */
export type DecoderKeyDerivation = (meter: MeterKeyFields) => Uint8Array;

/**
 * Makes one vending key ready for many meters.
 * @throws StsFault `algorithm_not_supported` for DKGA01 and DKGA03; the derivation itself throws it for EA09 and for DKGA02
 *   with EA11, and `key_type_not_supported` for an initial key (KT 0, put in by the manufacturer) and for a common key under
 *   DKGA04 (open question C1).
 * @throws RangeError, TypeError when a field is out of its range or the vending key has the wrong length.
 */
export function prepareVendingKey(
  decoderKeyAlgorithm: DecoderKeyAlgorithm,
  vendingKey: Uint8Array,
): DecoderKeyDerivation {
  const derive = prepared(decoderKeyAlgorithm, vendingKey);
  return (meter) => {
    assertFields(meter, decoderKeyAlgorithm);
    return derive(meter);
  };
}

/**
 * One decoder key from one vending key.
 * @returns 8 bytes for EA07, 16 for EA11.
 * @throws as `prepareVendingKey` and its derivation do.
 */
export function deriveDecoderKey(request: DecoderKeyRequest): Uint8Array {
  assertObject(request, 'request');
  const { decoderKeyAlgorithm, vendingKey } = request;
  if (decoderKeyAlgorithm !== 4) return prepareVendingKey(decoderKeyAlgorithm, vendingKey)(request);
  assertFields(request, decoderKeyAlgorithm);
  return dkga04Once(vendingKey, request);
}

function prepared(decoderKeyAlgorithm: DecoderKeyAlgorithm, vendingKey: Uint8Array): DecoderKeyDerivation {
  switch (decoderKeyAlgorithm) {
    case 2:
      return dkga02(vendingKey);
    case 4:
      return dkga04(vendingKey);
  }
  throw unsupported(algorithmName('DKGA', decoderKeyAlgorithm));
}

/** What a derivation asks beside its own checks of the fields that it reads. */
function assertFields(meter: MeterKeyFields, decoderKeyAlgorithm: DecoderKeyAlgorithm): void {
  assertObject(meter, 'meter');
  const { keyType } = meter;
  if (keyType === 0) {
    throw new StsFault(
      'key_type_not_supported',
      'an initial key (KT 0) is put in by the manufacturer, not derived',
      { param: 'keyType' },
    );
  }
  if (decoderKeyAlgorithm === 4) {
    if (keyType !== 3) return;
    throw new StsFault('key_type_not_supported', 'no vector shows how DKGA04 makes a common key (KT 3)', {
      param: 'keyType',
    });
  }
  // DKGA02 reads neither of the two.
  assertBaseDate(meter.baseDate);
  if (parseEncryptionAlgorithm(meter.encryptionAlgorithm) !== 7) {
    throw unsupported('DKGA02 makes 64-bit keys, which EA11 does not take');
  }
}

function unsupported(what: string): StsFault {
  return new StsFault('algorithm_not_supported', what, { param: 'decoderKeyAlgorithm' });
}
