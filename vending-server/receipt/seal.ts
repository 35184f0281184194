/**
 * The signature of a receipt, and the short text under its QR code that carries it.
 *
 * What is signed (Ed25519) is seven lines of text: the three things that a customer can check on the paper, and the hash of
 * all the rest. So the QR code is verified with nothing but the public key, and a receipt as JSON down to its last field.
 * README.md of this folder holds a verifier of twenty lines.
 */
import { createPrivateKey, createPublicKey, type KeyObject, sign, verify } from 'node:crypto';
import { type CanonicalValue, canonicalHash } from '../ledger/canonical.ts';
import { sha256 } from '../sha256.ts';
import type { ReceiptFacts } from './facts.ts';

const SEAL_FORMAT = 'wattoken-receipt-1';
const QR_FORMAT = 'WTR1';

/** The key that signs, and its name: the first 16 hex digits of the SHA-256 of the public key. */
export interface ReceiptKey {
  readonly keyId: string;
  readonly privateKey: KeyObject;
}

export interface ReceiptPublicKey {
  readonly keyId: string;
  /** Ed25519, SPKI DER in base64. */
  readonly publicKey: string;
}

/** What the signature is over, besides its format. */
export interface SealedFields {
  readonly keyId: string;
  readonly receiptNumber: string;
  readonly currency: string;
  readonly paidMinor: number;
  /** SHA-256 of all token numbers in the order of the receipt, hex. */
  readonly tokensDigest: string;
  /** SHA-256 of the canonical JSON of the facts, hex. */
  readonly receiptHash: string;
}

export interface Seal extends SealedFields {
  /** Base64url, 86 characters. */
  readonly signature: string;
}

export function sealReceipt(facts: ReceiptFacts, { keyId, privateKey }: ReceiptKey): Seal {
  const fields: SealedFields = {
    keyId,
    receiptNumber: facts.receiptNumber,
    currency: facts.currency,
    paidMinor: facts.paidMinor,
    tokensDigest: tokensDigest(facts.tokens.map(({ tokenNo }) => tokenNo)),
    receiptHash: receiptHash(facts),
  };
  return {
    ...fields,
    signature: sign(null, Buffer.from(sealText(fields)), privateKey).toString('base64url'),
  };
}

export type SealCheck = 'genuine' | 'forged';

/** @param publicKey - that of the seal's own `keyId`. */
export function checkSeal(seal: Seal, { publicKey, keyId }: ReceiptPublicKey): SealCheck {
  const signature = Buffer.from(seal.signature, 'base64url');
  // Base64 is read leniently: only the one spelling that the signer writes counts.
  if (seal.keyId !== keyId || signature.toString('base64url') !== seal.signature) return 'forged';
  const key = createPublicKey({ key: Buffer.from(publicKey, 'base64'), format: 'der', type: 'spki' });
  return verify(null, Buffer.from(sealText(seal)), key, signature) ? 'genuine' : 'forged';
}

/** SHA-256 of the facts as canonical JSON (keys sorted, no spaces), hex. */
export function receiptHash(facts: ReceiptFacts): string {
  return canonicalHash(facts as unknown as CanonicalValue);
}

/** SHA-256 of the 20 digits of each token, one a line; of nothing when the payment bought none. */
export function tokensDigest(tokenNos: readonly string[]): string {
  return sha256(['wattoken-tokens-1', ...tokenNos].join('\n'));
}

function sealText(fields: SealedFields): string {
  const { keyId, receiptNumber, currency, paidMinor, tokensDigest: tokens, receiptHash: hash } = fields;
  return [SEAL_FORMAT, keyId, receiptNumber, currency, String(paidMinor), tokens, hash].join('\n');
}

/**
 * What the QR code holds: `WTR1.keyId.receiptNumber.currency.paidMinor.tokens.hash.signature`, the last three in base64url.
 * With a page, its address at which anybody checks it. The text stands behind `#`, which a browser keeps to itself: in no log
 * of any server stands what opens the page of a meter.
 * @param checkAddress - `https://…/customer`, or null for the bare text.
 */
export function qrText(seal: Seal, checkAddress: string | null): string {
  const { keyId, receiptNumber, currency, paidMinor, signature } = seal;
  const bare = [
    QR_FORMAT,
    keyId,
    receiptNumber,
    currency,
    paidMinor,
    base64url(seal.tokensDigest),
    base64url(seal.receiptHash),
    signature,
  ].join('.');
  return checkAddress === null ? bare : `${checkAddress}#${bare}`;
}

const QR_TEXT =
  /^WTR1\.([0-9a-f]{16})\.([A-Za-z0-9_-]{1,64})\.([A-Z]{3})\.(0|[1-9][0-9]{0,15})\.([\w-]{43})\.([\w-]{43})\.([\w-]{86})$/;

/** @returns undefined for anything that {@link qrText} does not write, or wrote when its addresses ended in `?code=`. */
export function parseQrText(text: string): Seal | undefined {
  const bare = text.replace(/^(?:[^?#]*\?code=|[^#]*#)/, '');
  const parts = QR_TEXT.exec(bare);
  if (parts === null) return undefined;
  const [, keyId = '', receiptNumber = '', currency = '', paid, tokens = '', hash = '', signature = ''] =
    parts;
  const paidMinor = Number(paid);
  if (!Number.isSafeInteger(paidMinor)) return undefined;
  const digests = { tokensDigest: hex(tokens), receiptHash: hex(hash) };
  const seal = { keyId, receiptNumber, currency, paidMinor, ...digests, signature };
  return qrText(seal, null) === bare ? seal : undefined;
}

export function receiptKeyOf(privateKeyPem: string): ReceiptKey & ReceiptPublicKey {
  const privateKey = createPrivateKey(privateKeyPem);
  const spki = createPublicKey(privateKey).export({ format: 'der', type: 'spki' });
  const keyId = sha256(spki).slice(0, 16);
  return { keyId, privateKey, publicKey: spki.toString('base64') };
}

function base64url(hexDigits: string): string {
  return Buffer.from(hexDigits, 'hex').toString('base64url');
}

function hex(text: string): string {
  return Buffer.from(text, 'base64url').toString('hex');
}
