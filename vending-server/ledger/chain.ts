/**
 * The token chain: every token that a security module ever made, in the order of its counter, each entry bound to the one
 * before it. Anyone can recompute it from an export; the signatures need only the module's public key.
 */
import { sha256 } from '../sha256.ts';

/** The hash before the first entry. */
export const GENESIS_HASH = '0'.repeat(64);

export interface ChainLink {
  readonly moduleId: string;
  readonly counter: number;
  /** 64 lower-case hex digits. */
  readonly saleDigest: string;
  /** 64 lower-case hex digits; for money without a token {@link paymentDigest}. */
  readonly tokenDigest: string;
  /** 64 lower-case hex digits. */
  readonly previousHash: string;
  /** What the module says of the token (token-statement.ts); '' in entries of format 1, which say nothing. */
  readonly statement: string;
}

/**
 * SHA-256 over the fields as text lines, so that a verifier in any language is ten lines long:
 * `wattoken-chain-2\n previousHash \n moduleId \n counter \n saleDigest \n tokenDigest \n statement`, joined without
 * spaces. Entries of format 1 begin with `wattoken-chain-1` and end with the token digest; they stay what they were.
 * @returns 64 lower-case hex digits.
 */
export function entryHash(link: ChainLink): string {
  const { previousHash, moduleId, counter, saleDigest, tokenDigest, statement } = link;
  const fields = [previousHash, moduleId, String(counter), saleDigest, tokenDigest];
  const lines =
    statement === '' ? ['wattoken-chain-1', ...fields] : ['wattoken-chain-2', ...fields, statement];
  return sha256(lines.join('\n'));
}

/** SHA-256 of the 20 digits of a token number, hex: proves a token without telling it. */
export function tokenDigest(tokenNo: string): string {
  return sha256(`wattoken-token-1\n${tokenNo}`);
}

/** What a payment that made no token has in the place of a token's digest, hex. */
export function paymentDigest(saleDigest: string): string {
  return sha256(`wattoken-payment-1\n${saleDigest}`);
}
