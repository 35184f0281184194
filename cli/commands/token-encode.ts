/** `wattoken token encode`: fields to 20 digits, one token or a line of JSON for each of many. */
import { StsFault } from '../../lib/faults.ts';
import { parseJsonLine } from '../bulk-lines.ts';
import { readJsonFile } from '../files.ts';
import { meterKeyFile } from '../meter-key-file.ts';
import { type OutputOptions, printResult } from '../output.ts';
import { encodeFields, encodingAsJson, readFields, readToken, readyMeter } from '../token-lines.ts';
import { pictureOf } from '../token-picture.ts';

export interface TokenEncodeOptions extends OutputOptions {
  readonly meterFile?: string;
  /** JSON object of fields; flags win over it. */
  readonly fields?: string;
  readonly bulk?: boolean;
  readonly workers?: number;
  readonly showKeyBits?: boolean;
  readonly class?: number;
  readonly subclass?: number;
  readonly issued?: string;
  readonly tidMinutes?: number;
  readonly rnd?: number;
  readonly amount?: string;
  readonly watts?: number;
  readonly register?: number;
  readonly value?: number;
  readonly control?: string;
  readonly manufacturerCode?: number;
}

const FLAG_FIELDS = [
  'class',
  'subclass',
  'issued',
  'tidMinutes',
  'rnd',
  'amount',
  'watts',
  'register',
  'value',
  'control',
  'manufacturerCode',
] as const;

export async function encodeTokens(options: TokenEncodeOptions): Promise<void> {
  const meter =
    options.meterFile === undefined
      ? undefined
      : readJsonFile(options.meterFile, '--meter-file', meterKeyFile);
  const { showKeyBits } = options;
  if (options.bulk === true) {
    const { answerStdin } = await import('./token-bulk.ts');
    await answerStdin({ operation: 'encode', meter, showKeyBits }, options.workers);
    return;
  }
  const given = options.fields === undefined ? {} : parseFields(options.fields);
  const flags = Object.fromEntries(
    FLAG_FIELDS.filter((name) => options[name] !== undefined).map((name) => [name, options[name]]),
  );
  const ready = readyMeter(meter);
  const encoded = encodeFields(readFields({ ...given, ...flags }), ready);
  // Read again from its digits: what is drawn is what a meter will see.
  const reading = readToken(encoded.made.tokenNo, ready);
  const { keyBits } = ready.cipher;
  const picture = pictureOf(reading, { baseDate: encoded.baseDate, keyBits, showKeyBits });
  const { bits } = picture.json;
  printResult(options, { ...encodingAsJson(encoded, showKeyBits), bits }, picture.text);
}

function parseFields(text: string): object {
  const value = parseJsonLine(text);
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new StsFault('request_malformed', '--fields expected a JSON object', { param: '--fields' });
  }
  if ('newDecoderKey' in value) {
    throw new StsFault(
      'usage',
      'a key does not belong on a command line: see key change-set, or token encode --bulk',
      { param: '--fields' },
    );
  }
  return value;
}
