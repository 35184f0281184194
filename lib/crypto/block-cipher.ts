/**
 * The shape of every 64-bit block cipher here. A block is two 32-bit words, [0] holding bits 63-32 and [1] bits 31-0,
 * changed in place: making a token allocates nothing on its way through the cipher.
 */
import { assertBytes, assertText } from '../assert.ts';
import { bytesFromHex, hexFromWord } from '../hex.ts';

/** Two unsigned 32-bit words, most significant first. */
export type Block = Uint32Array;

export interface BlockCipher {
  /** Bits of the key: the third section of a key change is laid out by it (sts.md 7.1). */
  readonly keyBits: 64 | 128;
  /** Replaces the block by its encryption. */
  encrypt(block: Block): void;
  /** Replaces the block by its decryption. */
  decrypt(block: Block): void;
}

/** @throws RangeError unless the text is 16 hex digits, TypeError when it is no text. */
export function blockFromHex(hex: string): Block {
  assertText(hex, 'block');
  if (hex.length !== 16) throw new RangeError(`"block" expected 16 hex digits, got ${hex.length}`);
  return blockFromBytes(bytesFromHex(hex, 'block'));
}

/**
 * @param bytes - 8 bytes, most significant first.
 * @throws RangeError when they are not 8, TypeError when they are no bytes.
 */
export function blockFromBytes(bytes: Uint8Array): Block {
  assertBytes(bytes, 8, 'bytes');
  const block = new Uint32Array(2);
  for (let i = 0; i < 8; i += 1) block[i >>> 2] = (block[i >>> 2]! << 8) | bytes[i]!;
  return block;
}

export function bytesFromBlock(block: Block): Uint8Array {
  const high = block[0]!;
  const low = block[1]!;
  const bytes = new Uint8Array(8);
  for (let i = 0; i < 4; i += 1) {
    bytes[i] = high >>> (24 - 8 * i);
    bytes[4 + i] = low >>> (24 - 8 * i);
  }
  return bytes;
}

/** 16 lower-case hex digits. */
export function hexFromBlock(block: Block): string {
  return hexFromWord(block[0]!) + hexFromWord(block[1]!);
}

/** @returns a new block, the exclusive-or of two. */
export function xorBlocks(a: Block, b: Block): Block {
  return Uint32Array.of(a[0]! ^ b[0]!, a[1]! ^ b[1]!);
}
