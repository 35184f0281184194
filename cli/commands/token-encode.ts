/** `wattoken token encode`: fields to 20 digits, one token or a line of JSON for each of many. */
import { z } from 'zod';
import { StsFault } from '../../lib/faults.ts';
import type { Token } from '../../lib/token/kinds.ts';
import { groupTokenNo } from '../../lib/token/token-no.ts';
import { answerLines, parseJsonLine } from '../bulk-lines.ts';
import { makeToken } from '../conformance/adapter.ts';
import { type TokenFields, tokenFields } from '../conformance/protocol.ts';
import { tokenOfFields } from '../conformance/token-fields.ts';
import { tokenAsJson, tokenRows } from '../describe-token.ts';
import { readJsonFile } from '../files.ts';
import { type MeterKeyFile, meterKeyFile } from '../meter-key-file.ts';
import { type OutputOptions, printResult, table } from '../output.ts';

export interface TokenEncodeOptions extends OutputOptions {
  readonly meterFile?: string;
  /** JSON object of fields; flags win over it. */
  readonly fields?: string;
  readonly bulk?: boolean;
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

/** Class 1 is clear: any key makes it. */
const NO_KEY: MeterKeyFile = { encryptionAlgorithm: 7, decoderKey: '0000000000000000', baseDate: '14' };

export async function encodeTokens(options: TokenEncodeOptions): Promise<void> {
  const meter =
    options.meterFile === undefined
      ? undefined
      : readJsonFile(options.meterFile, '--meter-file', meterKeyFile);
  if (options.bulk === true) {
    await answerLines((text) => encodeFields(readFields(parseJsonLine(text)), meter).result);
    return;
  }
  const given = options.fields === undefined ? {} : parseFields(options.fields);
  const flags = Object.fromEntries(
    FLAG_FIELDS.filter((name) => options[name] !== undefined).map((name) => [name, options[name]]),
  );
  const { token, result, baseDate } = encodeFields(readFields({ ...given, ...flags }), meter);
  printResult(
    options,
    result,
    table([['token', groupTokenNo(result.tokenNo)], ...tokenRows(token, baseDate)]),
  );
}

function encodeFields(fields: TokenFields, meter: MeterKeyFile | undefined) {
  if (meter === undefined && fields.class !== 1) {
    throw new StsFault('request_malformed', 'an encrypted token needs --meter-file', {
      param: '--meter-file',
    });
  }
  const { encryptionAlgorithm, decoderKey, baseDate } = meter ?? NO_KEY;
  const token = tokenOfFields({ rnd: 0, baseDate, ...fields }, encryptionAlgorithm);
  const { carried, ...made } = makeToken(token, encryptionAlgorithm, decoderKey);
  // What the token really carries: amounts are rounded in the customer's favour.
  const result = { ...made, carried: withoutKey(carried, fields.baseDate ?? baseDate) };
  return { token: carried, result, baseDate: fields.baseDate ?? baseDate };
}

/** A section of a key change holds a part of the new key, which a result does not repeat. */
function withoutKey(token: Token, baseDate: MeterKeyFile['baseDate']): object {
  const { keyPart: _, ...fields } = tokenAsJson(token, baseDate) as Record<string, unknown>;
  return fields;
}

const fieldsShape = z.strictObject(tokenFields);

function readFields(value: unknown): TokenFields {
  const parsed = fieldsShape.safeParse(value);
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0];
  const detail = `"${issue?.path.join('.') ?? ''}": ${issue?.message ?? ''}`.slice(0, 300);
  throw new StsFault('request_malformed', detail, { param: issue?.path.join('.') ?? '' });
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
