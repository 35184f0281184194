/** The attributes of the vending keys that the security module holds, remembered for a moment: every sale looks at them. */
import type { SecurityModule, VendingKeyAttributes } from '../security-module/contract.ts';

/** A module that was started again may hold other keys. */
const REMEMBERED_MILLIS = 1000;

export class KeyDirectory {
  readonly #module: Pick<SecurityModule, 'vendingKeys'>;
  #asked: { readonly at: number; readonly keys: Promise<readonly VendingKeyAttributes[]> } | undefined;

  constructor(module: Pick<SecurityModule, 'vendingKeys'>) {
    this.#module = module;
  }

  /** @throws StsFault `security_module_unavailable`. */
  keys(): Promise<readonly VendingKeyAttributes[]> {
    const at = performance.now();
    if (this.#asked === undefined || at - this.#asked.at > REMEMBERED_MILLIS) {
      const keys = this.#module.vendingKeys();
      this.#asked = { at, keys };
      // What failed is asked again at once.
      keys.catch(() => {
        if (this.#asked?.keys === keys) this.#asked = undefined;
      });
    }
    return this.#asked.keys;
  }
}

/** Which vending key: the four attributes by which the module finds it, and its algorithm. */
export type KeyChoice = Pick<
  VendingKeyAttributes,
  'supplyGroupCode' | 'keyRevision' | 'keyType' | 'baseDate' | 'decoderKeyAlgorithm'
>;

export function findKey(
  keys: readonly VendingKeyAttributes[],
  wanted: KeyChoice,
): VendingKeyAttributes | undefined {
  return keys.find(
    (key) =>
      key.supplyGroupCode === wanted.supplyGroupCode &&
      key.keyRevision === wanted.keyRevision &&
      key.keyType === wanted.keyType &&
      key.baseDate === wanted.baseDate &&
      key.decoderKeyAlgorithm === wanted.decoderKeyAlgorithm,
  );
}

export function isUsable({ activeFrom, issueUntil }: VendingKeyAttributes, now: number): boolean {
  return now >= Date.parse(activeFrom) && now < Date.parse(issueUntil);
}
