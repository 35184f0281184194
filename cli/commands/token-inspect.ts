/** `wattoken token inspect` and `token decode`: what 20 digits are, as far as the keys at hand tell. */
import { hexFromBlock } from '../../lib/crypto/block-cipher.ts';
import { StsFault } from '../../lib/faults.ts';
import { bytesFromHex } from '../../lib/hex.ts';
import { createTokenCipher } from '../../lib/token/cipher.ts';
import { readEncryptedBlock, type TokenClass } from '../../lib/token/frame.ts';
import { decodeToken } from '../../lib/token/token.ts';
import { groupTokenNo, parseTokenNo } from '../../lib/token/token-no.ts';
import { answerLines, parseJsonLine } from '../bulk-lines.ts';
import { tokenAsJson, tokenRows } from '../describe-token.ts';
import { readJsonFile } from '../files.ts';
import { type MeterKeyFile, meterKeyFile } from '../meter-key-file.ts';
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

export function inspectToken(text: string, options: TokenInspectOptions): void {
  const { value, rows } = inspection(text, readMeter(options));
  printResult(options, value, table(rows));
}

/** One token from the command line, or with `bulk` a line of stdin for each of many: 20 digits, or JSON with `tokenNo`. */
export async function decodeTokens(
  text: string,
  options: TokenInspectOptions & { readonly bulk?: boolean },
): Promise<void> {
  if (options.bulk !== true) {
    if (text === '') throw new StsFault('usage', 'give a token number, or --bulk', { param: 'digits' });
    inspectToken(text, options);
    return;
  }
  const meter = readMeter(options);
  await answerLines((line) => inspection(tokenNoOfLine(line), meter).value);
}

function tokenNoOfLine(line: string): string {
  if (!/^\s*[{"]/.test(line)) return line;
  const value = parseJsonLine(line);
  if (typeof value === 'string') return value;
  const { tokenNo } = value as { tokenNo?: unknown };
  return typeof tokenNo === 'string' ? tokenNo : '';
}

function readMeter({ meterFile }: TokenInspectOptions): MeterKeyFile | undefined {
  return meterFile === undefined ? undefined : readJsonFile(meterFile, '--meter-file', meterKeyFile);
}

function inspection(
  text: string,
  meter: MeterKeyFile | undefined,
): { value: object; rows: [string, string][] } {
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
    return { value: { ...bits, token: tokenAsJson(token, '14') }, rows };
  }
  if (meter === undefined) {
    rows.push(['fields', 'give --meter-file to decrypt with a meter’s key']);
    return { value: bits, rows };
  }
  const cipher = createTokenCipher(meter.encryptionAlgorithm, bytesFromHex(meter.decoderKey));
  const token = decodeToken(tokenNo, cipher);
  rows.push(...tokenRows(token, meter.baseDate));
  return { value: { ...bits, token: tokenAsJson(token, meter.baseDate) }, rows };
}
