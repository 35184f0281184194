/** `wattoken token inspect`: what 20 digits are, as far as the keys at hand tell. */
import { z } from 'zod';
import { hexFromBlock } from '../../lib/crypto/block-cipher.ts';
import { bytesFromHex } from '../../lib/hex.ts';
import { BASE_DATES } from '../../lib/identity/attributes.ts';
import { createTokenCipher } from '../../lib/token/cipher.ts';
import { readEncryptedBlock, type TokenClass } from '../../lib/token/frame.ts';
import { decodeToken } from '../../lib/token/token.ts';
import { groupTokenNo, parseTokenNo } from '../../lib/token/token-no.ts';
import { tokenAsJson, tokenRows } from '../describe-token.ts';
import { readJsonFile } from '../files.ts';
import { type OutputOptions, printResult, table } from '../output.ts';

export interface TokenInspectOptions extends OutputOptions {
  /** A meter's settings with its decoder key. */
  readonly meterFile?: string;
}

const CLASS_NAMES: Readonly<Record<TokenClass, string>> = {
  0: 'credit (encrypted)',
  1: 'non-meter-specific management (clear)',
  2: 'meter-specific management (encrypted)',
  3: 'reserved',
};

/** The part of a meter's settings file that reading a token needs. */
const meterFile = z.object({
  encryptionAlgorithm: z.union([z.literal(7), z.literal(11)]),
  decoderKey: z.string().regex(/^([0-9a-fA-F]{16}|[0-9a-fA-F]{32})$/),
  baseDate: z.enum(BASE_DATES as ['93', '14', '35']),
});

export function inspectToken(text: string, options: TokenInspectOptions): void {
  const tokenNo = parseTokenNo(text);
  const block = new Uint32Array(2);
  const tokenClass = readEncryptedBlock(tokenNo, block);
  const bits = { tokenNo, tokenClass, className: CLASS_NAMES[tokenClass], block: hexFromBlock(block) };
  const rows: [string, string][] = [
    ['token', groupTokenNo(tokenNo)],
    ['class', `${tokenClass}  ${bits.className}`],
    [tokenClass === 1 ? 'block' : 'block, encrypted', bits.block],
  ];
  if (tokenClass === 1) {
    // Clear for everybody: any key reads it.
    const token = decodeToken(tokenNo, createTokenCipher(7, new Uint8Array(8)));
    rows.push(...tokenRows(token, '14'));
    printResult(options, { ...bits, token: tokenAsJson(token, '14') }, table(rows));
    return;
  }
  if (options.meterFile === undefined) {
    rows.push(['fields', 'give --meter-file to decrypt with a meter’s key']);
    printResult(options, bits, table(rows));
    return;
  }
  const meter = readJsonFile(options.meterFile, '--meter-file', meterFile);
  const cipher = createTokenCipher(meter.encryptionAlgorithm, bytesFromHex(meter.decoderKey));
  const token = decodeToken(tokenNo, cipher);
  rows.push(...tokenRows(token, meter.baseDate));
  printResult(options, { ...bits, token: tokenAsJson(token, meter.baseDate) }, table(rows));
}
