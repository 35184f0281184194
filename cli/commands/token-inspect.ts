/** `wattoken token inspect` and `token decode`: what 20 digits are, as far as the keys at hand tell. */
import { StsFault } from '../../lib/faults.ts';
import { readJsonFile } from '../files.ts';
import { type MeterKeyFile, meterKeyFile } from '../meter-key-file.ts';
import { type OutputOptions, printResult } from '../output.ts';
import { readToken, readyMeter } from '../token-lines.ts';
import { pictureOf } from '../token-picture.ts';

export interface TokenInspectOptions extends OutputOptions {
  /** A meter's settings with its decoder key. */
  readonly meterFile?: string;
  readonly showKeyBits?: boolean;
}

export function inspectToken(text: string, options: TokenInspectOptions): void {
  const meter = readyMeter(readMeter(options));
  const { baseDate, cipher } = meter;
  const { showKeyBits } = options;
  const picture = pictureOf(readToken(text, meter), { baseDate, keyBits: cipher.keyBits, showKeyBits });
  printResult(options, picture.json, picture.text);
}

export interface TokenDecodeOptions extends TokenInspectOptions {
  readonly bulk?: boolean;
  readonly workers?: number;
}

/** One token from the command line, or with `bulk` a line of stdin for each of many: 20 digits, or JSON with `tokenNo`. */
export async function decodeTokens(text: string, options: TokenDecodeOptions): Promise<void> {
  if (options.bulk !== true) {
    if (text === '') throw new StsFault('usage', 'give a token number, or --bulk', { param: 'digits' });
    inspectToken(text, options);
    return;
  }
  const { answerStdin } = await import('./token-bulk.ts');
  const { showKeyBits } = options;
  await answerStdin({ operation: 'decode', meter: readMeter(options), showKeyBits }, options.workers);
}

function readMeter({ meterFile }: TokenInspectOptions): MeterKeyFile | undefined {
  return meterFile === undefined ? undefined : readJsonFile(meterFile, '--meter-file', meterKeyFile);
}
