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
  const view = new DataView(bytes.buffer, bytes.byteOffset, 8);
  return Uint32Array.of(view.getUint32(0), view.getUint32(4));
}

export function bytesFromBlock(block: Block): Uint8Array {
  const bytes = new Uint8Array(8);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, block[0]!);
  view.setUint32(4, block[1]!);
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
