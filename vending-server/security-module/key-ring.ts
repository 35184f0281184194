/** The vending keys made ready for use, and the token ciphers of the meters that bought last. */
import type { BlockCipher } from '../../lib/crypto/block-cipher.ts';
import { StsFault } from '../../lib/faults.ts';
import { type DecoderKeyDerivation, prepareVendingKey } from '../../lib/keys/decoder-key.ts';
import { createTokenCipher } from '../../lib/token/cipher.ts';
import type { MeterKeyAttributes, VendingKeyAttributes } from './contract.ts';
import { keyName } from './key-name.ts';
import type { HeldVendingKey } from './key-store.ts';

/** Ciphers kept ready, about 1 kB each: a town's meters, or a day's buyers of a city. */
const CIPHERS_KEPT = 4096;

/** A vending key made ready once for all its meters. */
export interface ReadyVendingKey {
  readonly name: string;
  readonly attributes: VendingKeyAttributes;
  readonly activeFromMillis: number;
  readonly issueUntilMillis: number;
  /** Undefined where the key may issue everything. */
  readonly allowedSubclasses: ReadonlySet<string> | undefined;
  readonly derive: DecoderKeyDerivation;
}

export class KeyRing {
  readonly #keys: ReadonlyMap<string, ReadyVendingKey>;
  /** By meter and key attributes, the longest unused first. */
  readonly #ciphers = new Map<string, BlockCipher>();

  constructor(held: readonly HeldVendingKey[]) {
    this.#keys = new Map(held.map((key) => [keyName(key.attributes), readyKey(key)]));
  }

  /** @throws StsFault `vending_key_unknown`. */
  keyOf(meter: MeterKeyAttributes): ReadyVendingKey {
    const name = keyName(meter);
    const key = this.#keys.get(name);
    if (key === undefined) throw new StsFault('vending_key_unknown', name);
    const { decoderKeyAlgorithm } = key.attributes;
    if (decoderKeyAlgorithm !== meter.decoderKeyAlgorithm) {
      throw new StsFault('vending_key_unknown', `${name} is a key of DKGA0${decoderKeyAlgorithm}`);
    }
    return key;
  }

  /** Every key of a supply group, whatever its revision, type and base date. */
  keysOfGroup(supplyGroupCode: string): readonly ReadyVendingKey[] {
    return [...this.#keys.values()].filter((key) => key.attributes.supplyGroupCode === supplyGroupCode);
  }

  /**
   * The cipher of the meter's decoder key.
   * @throws StsFault `key_type_not_supported`, `algorithm_not_supported`.
   */
  cipherOf(meter: MeterKeyAttributes, { name: keyName, derive }: ReadyVendingKey): BlockCipher {
    const { encryptionAlgorithm, meterPan, tariffIndex } = meter;
    const name = `${keyName} EA ${encryptionAlgorithm} TI ${tariffIndex} ${meterPan}`;
    let cipher = this.#ciphers.get(name);
    if (cipher === undefined) {
      const decoderKey = derive(meter);
      cipher = createTokenCipher(encryptionAlgorithm, decoderKey);
      decoderKey.fill(0);
    } else {
      this.#ciphers.delete(name);
    }
    this.#ciphers.set(name, cipher);
    if (this.#ciphers.size > CIPHERS_KEPT) {
      for (const oldest of this.#ciphers.keys()) {
        this.#ciphers.delete(oldest);
        break;
      }
    }
    return cipher;
  }
}

function readyKey({ attributes, vendingKey }: HeldVendingKey): ReadyVendingKey {
  const { allowedSubclasses, activeFrom, issueUntil, decoderKeyAlgorithm } = attributes;
  return {
    name: keyName(attributes),
    attributes,
    activeFromMillis: Date.parse(activeFrom),
    issueUntilMillis: Date.parse(issueUntil),
    allowedSubclasses: allowedSubclasses === undefined ? undefined : new Set(allowedSubclasses),
    derive: prepareVendingKey(decoderKeyAlgorithm, vendingKey),
  };
}
