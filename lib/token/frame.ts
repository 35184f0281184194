/**
 * From class and block to 66 bits and back: the two class bits change places with bits 28 and 27 of the (encrypted) block
 * (sts.md section 4). Class 0 and 2 blocks are encrypted here, class 1 blocks stay clear.
 */
import type { Block, BlockCipher } from '../crypto/block-cipher.ts';
import { readTokenNo, scanTokenNo, type Token66, tokenNoOf } from './token-no.ts';

/** 0 credit, 1 non-meter-specific management (clear), 2 meter-specific management, 3 reserved. */
export type TokenClass = 0 | 1 | 2 | 3;

/** Bits 28 and 27 of the low word, where the class stands in the 66 bits. */
const CLASS_SHIFT = 27;
const CLASS_MASK = 3 << CLASS_SHIFT;

/** Writes the class over bits 28-27 and gives the bits that stood there as the new top. @returns 20 digits. */
export function tokenNoOfBlock(tokenClass: TokenClass, block: Block): string {
  const high = (block[0] ?? 0) | 0;
  const low = (block[1] ?? 0) | 0;
  return tokenNoOf((low >>> CLASS_SHIFT) & 3, high, (low & ~CLASS_MASK) | (tokenClass << CLASS_SHIFT));
}

/** Puts the top bits back where the class stood. @returns the class; the block is written into `block`. */
export function blockOfToken66(token: Token66, block: Block): TokenClass {
  block[0] = token.high;
  block[1] = (token.low & ~CLASS_MASK) | (token.top << CLASS_SHIFT);
  return ((token.low >>> CLASS_SHIFT) & 3) as TokenClass;
}

const scratch: Token66 = { top: 0, high: 0, low: 0 };

/**
 * Reads a token number into its still encrypted block.
 * @throws StsFault `token_number_malformed`, `token_number_too_large`.
 */
export function readEncryptedBlock(tokenNo: string, block: Block): TokenClass {
  return blockOfToken66(readTokenNo(tokenNo, scratch), block);
}

/** @returns the class, or undefined when the digits are no token number; then the block is as it was. */
export function scanEncryptedBlock(tokenNo: string, block: Block): TokenClass | undefined {
  return scanTokenNo(tokenNo, scratch) === undefined ? blockOfToken66(scratch, block) : undefined;
}

/**
 * Reads a token number into its clear block.
 * @throws StsFault `token_number_malformed`, `token_number_too_large`.
 */
export function readClearBlock(tokenNo: string, cipher: BlockCipher, block: Block): TokenClass {
  const tokenClass = readEncryptedBlock(tokenNo, block);
  if (tokenClass === 0 || tokenClass === 2) cipher.decrypt(block);
  return tokenClass;
}
