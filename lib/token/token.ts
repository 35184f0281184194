/**
 * Any token: fields to 20 digits and back. One door for every kind of `kinds.ts`; the layouts stand in `block-fields.ts`,
 * the transposition in `frame.ts`, the checksum in `crc.ts`.
 */
import type { Block, BlockCipher } from '../crypto/block-cipher.ts';
import { tokenOfFields, writeFields } from './block-fields.ts';
import { currencyTokenCrc, tokenCrc } from './crc.ts';
import { readClearBlock, type TokenClass, tokenNoOfBlock } from './frame.ts';
import type { DecodedToken, Token } from './kinds.ts';

/** The digits of a token, and what they say. */
export interface EncodedToken {
  /** 20 digits. */
  readonly tokenNo: string;
  /** What the token really carries: amounts rounded as their coding rounds, always in the customer's favour. */
  readonly carried: Token;
}

const scratch: Block = new Uint32Array(2);

/**
 * @param cipher - of the meter's decoder key, for a key change the old one; class 1 tokens stay clear.
 * @throws StsFault `amount_out_of_range`, `supply_group_malformed`. @throws RangeError, TypeError when a field is out of its
 *   bits.
 */
export function encodeToken(token: Token, cipher: BlockCipher): EncodedToken {
  const tokenClass = writeFields(token, scratch);
  const carried = tokenOfFields(tokenClass, scratch, cipher.keyBits);
  if (carried?.kind !== token.kind) throw otherKeyLength();
  return { tokenNo: sealBlock(tokenClass, scratch, cipher), carried };
}

/** Third and fourth sections are laid out by the length of the key: under a key of the other length they are something else. */
function otherKeyLength(): RangeError {
  return new RangeError('"kind" expected a section for a key of the length of the cipher\'s');
}

/** Writes the unencrypted block with its CRC. @returns the class. */
export function writeClearBlock(token: Token, block: Block): TokenClass {
  const tokenClass = writeFields(token, block);
  addCrc(tokenClass, block);
  return tokenClass;
}

/** From fields to digits: adds the CRC, encrypts unless the class is clear. @returns 20 digits. */
export function sealBlock(tokenClass: TokenClass, block: Block, cipher: BlockCipher): string {
  addCrc(tokenClass, block);
  if (tokenClass !== 1) cipher.encrypt(block);
  return tokenNoOfBlock(tokenClass, block);
}

function addCrc(tokenClass: TokenClass, block: Block): void {
  const high = (block[0] ?? 0) | 0;
  const low = (block[1] ?? 0) | 0;
  block[1] = low | crcOf(tokenClass, high, low);
}

/**
 * Decrypts, checks the CRC that the subclass asks for, and reads the fields; it judges nothing else. Whether a meter would
 * accept the token is `lib/meter`'s to say.
 * @throws StsFault `token_number_malformed`, `token_number_too_large`.
 */
export function decodeToken(tokenNo: string, cipher: BlockCipher): DecodedToken {
  return decodeTokenInto(tokenNo, cipher, scratch);
}

/**
 * As `decodeToken`, for callers that also show the bits.
 * @param block - filled with the clear block, whatever it turns out to be.
 */
export function decodeTokenInto(tokenNo: string, cipher: BlockCipher, block: Block): DecodedToken {
  const tokenClass = readClearBlock(tokenNo, cipher, block);
  const high = (block[0] ?? 0) | 0;
  const low = (block[1] ?? 0) | 0;
  const subclass = high >>> 28;
  if (tokenClass === 3) return { kind: 'unsupported', tokenClass, subclass };
  if ((low & 0xffff) !== crcOf(tokenClass, high, low)) return { kind: 'crcError' };
  const token = tokenOfFields(tokenClass, block, cipher.keyBits);
  if (token === null) return { kind: 'unsupported', tokenClass, subclass };
  return token ?? { kind: 'malformed', tokenClass, subclass };
}

/** CRC_C for currency tokens, the plain CRC for all others (sts.md section 3). */
function crcOf(tokenClass: TokenClass, high: number, low: number): number {
  const isCurrency = tokenClass === 0 && high >>> 30 === 1;
  return isCurrency ? currencyTokenCrc(tokenClass, high, low) : tokenCrc(tokenClass, high, low);
}
