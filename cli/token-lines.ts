/** What `token decode` and `token encode` do with one line, for one meter: the same for a single line and for millions. */
import { z } from 'zod';
import { type BlockCipher, hexFromBlock } from '../lib/crypto/block-cipher.ts';
import { StsFault } from '../lib/faults.ts';
import { bytesFromHex } from '../lib/hex.ts';
import { createTokenCipher } from '../lib/token/cipher.ts';
import { readEncryptedBlock, type TokenClass } from '../lib/token/frame.ts';
import type { DecodedToken } from '../lib/token/kinds.ts';
import { decodeTokenInto } from '../lib/token/token.ts';
import { parseTokenNo } from '../lib/token/token-no.ts';
import { parseJsonLine } from './bulk-lines.ts';
import { type MadeToken, makeTokenWith } from './conformance/adapter.ts';
import { type TokenFields, tokenFields } from './conformance/protocol.ts';
import { tokenOfFields } from './conformance/token-fields.ts';
import { type DescribeOptions, tokenAsJson } from './describe-token.ts';
import type { MeterKeyFile } from './meter-key-file.ts';

/** A job that is the same for every line; it crosses to worker threads as it is. */
export interface BulkJob {
  /** `decode` takes 20 digits a line, or JSON with `tokenNo`; `encode` fields as the adapter protocol names them. */
  readonly operation: 'decode' | 'encode';
  /** Without a meter, class 1 alone is read whole or made. */
  readonly meter?: MeterKeyFile | undefined;
  /** Whether sections of a key change show their bits of the new key; not when absent. */
  readonly showKeyBits?: boolean | undefined;
}

export const CLASS_NAMES: Readonly<Record<TokenClass, string>> = {
  0: 'credit (encrypted)',
  1: 'non-meter-specific management (clear)',
  2: 'meter-specific management (encrypted)',
  3: 'reserved',
};

/** A meter's key made ready for many tokens. */
export interface ReadyMeter {
  readonly encryptionAlgorithm: 7 | 11;
  readonly baseDate: MeterKeyFile['baseDate'];
  readonly cipher: BlockCipher;
  /** Whether the key is a meter's own; class 1 is clear, and any key makes and reads it. */
  readonly isKnown: boolean;
}

/** @throws StsFault `algorithm_not_supported`. @throws RangeError when the key has not the length of the algorithm. */
export function readyMeter(meter: MeterKeyFile | undefined): ReadyMeter {
  const { encryptionAlgorithm, decoderKey, baseDate } = meter ?? {
    encryptionAlgorithm: 7,
    decoderKey: '0000000000000000',
    baseDate: '14',
  };
  const cipher = createTokenCipher(encryptionAlgorithm, bytesFromHex(decoderKey));
  return { encryptionAlgorithm, baseDate, cipher, isKnown: meter !== undefined };
}

/** @throws as `readyMeter` does; what the result throws is the line's fault. */
export function lineWork({ operation, meter, showKeyBits }: BulkJob): (line: string) => object {
  const ready = readyMeter(meter);
  const { baseDate } = ready;
  return operation === 'decode'
    ? (line) => readingAsJson(readToken(tokenNoOfLine(line), ready), { baseDate, showKeyBits })
    : (line) => encodingAsJson(encodeFields(readFields(parseJsonLine(line)), ready), showKeyBits);
}

/** What 20 digits are, as far as the key at hand tells. */
export interface TokenReading {
  readonly tokenNo: string;
  readonly tokenClass: TokenClass;
  readonly encrypted: Uint32Array;
  /** Undefined where no key is at hand; of class 1 it is what came. */
  readonly clear: Uint32Array | undefined;
  readonly token: DecodedToken | undefined;
}

/** @throws StsFault `token_number_malformed`, `token_number_too_large`. */
export function readToken(text: string, meter: ReadyMeter): TokenReading {
  const tokenNo = parseTokenNo(text);
  const encrypted = new Uint32Array(2);
  const tokenClass = readEncryptedBlock(tokenNo, encrypted);
  if (tokenClass !== 1 && !meter.isKnown)
    return { tokenNo, tokenClass, encrypted, clear: undefined, token: undefined };
  const clear = new Uint32Array(2);
  const token = decodeTokenInto(tokenNo, meter.cipher, clear);
  return { tokenNo, tokenClass, encrypted, clear, token };
}

export function readingAsJson(reading: TokenReading, options: DescribeOptions): object {
  const { tokenNo, tokenClass, encrypted, token } = reading;
  return {
    tokenNo,
    tokenClass,
    className: CLASS_NAMES[tokenClass],
    block: hexFromBlock(encrypted),
    token: token === undefined ? undefined : tokenAsJson(token, options),
  };
}

function tokenNoOfLine(line: string): string {
  if (!/^\s*[{"]/.test(line)) return line;
  const value = parseJsonLine(line);
  if (typeof value === 'string') return value;
  const { tokenNo } = value as { tokenNo?: unknown };
  return typeof tokenNo === 'string' ? tokenNo : '';
}

export interface EncodedFields {
  /** `carried` is what the token really carries: amounts are rounded in the customer's favour. */
  readonly made: MadeToken;
  readonly baseDate: MeterKeyFile['baseDate'];
}

/** @throws StsFault, RangeError, TypeError naming the field that is wrong. */
export function encodeFields(fields: TokenFields, meter: ReadyMeter): EncodedFields {
  if (!meter.isKnown && fields.class !== 1) {
    throw new StsFault('request_malformed', 'an encrypted token needs --meter-file', {
      param: '--meter-file',
    });
  }
  const baseDate = fields.baseDate ?? meter.baseDate;
  const token = tokenOfFields({ rnd: 0, ...fields, baseDate }, meter.encryptionAlgorithm);
  return { made: makeTokenWith(token, meter.cipher), baseDate };
}

/** The clear block of a section holds a part of the new key, which a result does not repeat unasked. */
export function encodingAsJson({ made, baseDate }: EncodedFields, showKeyBits: boolean | undefined): object {
  const { block, token66, tokenNo, carried } = made;
  const isHidden = 'keyPart' in carried && showKeyBits !== true;
  return {
    block: isHidden ? undefined : block,
    token66,
    tokenNo,
    carried: tokenAsJson(carried, { baseDate, showKeyBits }),
  };
}

const fieldsShape = z.strictObject(tokenFields);

/**
 * The fields that are there are asked one by one: the whole shape makes an object for each of the twenty that there could
 * be, half of all that a bulk line leaves to be collected. It is asked when something is wrong, for it names what.
 * @throws StsFault `request_malformed` naming the field; its value, which may be a key, is not quoted.
 */
export function readFields(value: unknown): TokenFields {
  if (isTokenFields(value)) return value;
  const parsed = fieldsShape.safeParse(value);
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0];
  const detail = `"${issue?.path.join('.') ?? ''}": ${issue?.message ?? ''}`.slice(0, 300);
  throw new StsFault('request_malformed', detail, { param: issue?.path.join('.') ?? '' });
}

const schemas: Readonly<Record<string, z.ZodType>> = tokenFields;

function isTokenFields(value: unknown): value is TokenFields {
  if (typeof value !== 'object' || value === null) return false;
  if (!Object.hasOwn(value, 'class') || !Object.hasOwn(value, 'subclass')) return false;
  for (const name of Object.keys(value)) {
    if (
      !Object.hasOwn(schemas, name) ||
      schemas[name]?.safeParse((value as Record<string, unknown>)[name]).success !== true
    )
      return false;
  }
  return true;
}
