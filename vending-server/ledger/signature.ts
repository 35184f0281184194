/**
 * The signatures of the token chain: Ed25519 over the 32 bytes of an entry hash, base64. The public key travels as SPKI
 * DER in base64, so that any tool can read it.
 */
import { createPublicKey, type KeyObject, sign, verify } from 'node:crypto';

export function signEntryHash(entryHash: string, privateKey: KeyObject): string {
  return sign(null, Buffer.from(entryHash, 'hex'), privateKey).toString('base64');
}

/** @throws TypeError when the text is no public key. */
export function readPublicKey(publicKey: string): KeyObject {
  try {
    return createPublicKey({ key: Buffer.from(publicKey, 'base64'), format: 'der', type: 'spki' });
  } catch (error) {
    throw new TypeError('"publicKey" expected SPKI DER in base64', { cause: error });
  }
}

/** @returns false for anything that is no signature of this hash; never throws on bad text. */
export function isSignatureOf(signature: string, entryHash: string, publicKey: KeyObject): boolean {
  const bytes = Buffer.from(signature, 'base64');
  // Base64 is read leniently: only the one spelling that the signer writes counts.
  if (bytes.length !== 64 || bytes.toString('base64') !== signature) return false;
  return verify(null, Buffer.from(entryHash, 'hex'), publicKey, bytes);
}

/** As `isSignatureOf`, reckoned beside the event loop: a chain of a million single sales has a million signatures. */
export function isSignatureOfLater(
  signature: string,
  entryHash: string,
  publicKey: KeyObject,
): Promise<boolean> {
  const bytes = Buffer.from(signature, 'base64');
  if (bytes.length !== 64 || bytes.toString('base64') !== signature) return Promise.resolve(false);
  return new Promise((resolve) => {
    verify(null, Buffer.from(entryHash, 'hex'), publicKey, bytes, (error, isRight) =>
      resolve(error === null && isRight),
    );
  });
}
