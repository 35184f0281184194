/**
 * The token chain: every token that a security module ever made, in the order of its counter, each entry bound to the one
 * before it. Anyone can recompute it from an export; the signatures need only the module's public key.
 */
import { createHash } from 'node:crypto';

/** The hash before the first entry. */
export const GENESIS_HASH = '0'.repeat(64);

export interface ChainLink {
  readonly moduleId: string;
  readonly counter: number;
  /** 64 lower-case hex digits. */
  readonly saleDigest: string;
  /** 64 lower-case hex digits. */
  readonly tokenDigest: string;
  /** 64 lower-case hex digits. */
  readonly previousHash: string;
}

/**
 * SHA-256 over the fields as text lines, so that a verifier in any language is ten lines long:
 * `wattoken-chain-1\n previousHash \n moduleId \n counter \n saleDigest \n tokenDigest`, joined without spaces.
 * @returns 64 lower-case hex digits.
 */
export function entryHash(link: ChainLink): string {
  const text = [
    'wattoken-chain-1',
    link.previousHash,
    link.moduleId,
    String(link.counter),
    link.saleDigest,
    link.tokenDigest,
  ].join('\n');
  return createHash('sha256').update(text).digest('hex');
}

/** SHA-256 of the 20 digits of a token number, hex: proves a token without telling it. */
export function tokenDigest(tokenNo: string): string {
  return createHash('sha256').update(`wattoken-token-1\n${tokenNo}`).digest('hex');
}
