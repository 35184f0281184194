/** Where receipts are made: the settings of the utility, and the keys that sign and check. */

import { checkSeal, type ReceiptKey, type ReceiptPublicKey, type Seal, type SealCheck } from './seal.ts';
import type { ReceiptSettings } from './settings.ts';

export interface ReceiptDesk {
  readonly settings: ReceiptSettings;
  /** The bytes of the font that the settings name. */
  readonly font: Uint8Array | undefined;
  /** The key that signs now. */
  readonly key: () => ReceiptKey;
  /** Signs with a new key from now on. */
  readonly rotate: () => Promise<ReceiptPublicKey>;
  /** Every key that ever signed. */
  readonly publicKeys: () => Promise<readonly ReceiptPublicKey[]>;
  readonly findKey: (keyId: string) => Promise<ReceiptPublicKey | undefined>;
}

/** `unknownKey`: nobody signed this with a key of this server. */
export async function checkReceipt(
  desk: Pick<ReceiptDesk, 'findKey'>,
  seal: Seal,
): Promise<SealCheck | 'unknownKey'> {
  const key = await desk.findKey(seal.keyId);
  return key === undefined ? 'unknownKey' : checkSeal(seal, key);
}

/** The page for customers. */
export function checkAddressOf({ publicUrl }: ReceiptSettings): string | null {
  return publicUrl === null ? null : `${publicUrl}/customer`;
}
