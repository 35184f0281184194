/**
 * The library behind the adapter protocol: a line in, a line out, never an exception. What stands between two lines is the
 * meters of one session and nothing else.
 */
import { z } from 'zod';
import { type BlockCipher, blockFromHex, hexFromBlock } from '../../lib/crypto/block-cipher.ts';
import { FAULTS, type FaultCode, isStsFault, StsFault } from '../../lib/faults.ts';
import { bytesFromHex, hexFromBytes, hexFromWord } from '../../lib/hex.ts';
import {
  assertKeyExpiry,
  assertKeyRevision,
  assertKeyType,
  assertTariffIndex,
  type DecoderKeyAlgorithm,
  type EncryptionAlgorithm,
  type KeyType,
  parseEncryptionAlgorithm,
  parseSupplyGroupCode,
} from '../../lib/identity/attributes.ts';
import { parseMeterNumber } from '../../lib/identity/meter-pan.ts';
import { type DecoderKeyRequest, deriveDecoderKey } from '../../lib/keys/decoder-key.ts';
import { isRollOver, keyChangeSections } from '../../lib/keys/key-change.ts';
import { createTokenCipher } from '../../lib/token/cipher.ts';
import { readEncryptedBlock } from '../../lib/token/frame.ts';
import type { Token } from '../../lib/token/kinds.ts';
import { dateOfTid } from '../../lib/token/tid.ts';
import { decodeTokenInto, encodeToken, writeClearBlock } from '../../lib/token/token.ts';
import { readTokenNo } from '../../lib/token/token-no.ts';
import { MeterBench } from './meter-bench.ts';
import {
  type DecoderKeyFields,
  idSchema,
  type Operation,
  REQUESTS,
  type Refusal,
  type Request,
  type RequestId,
} from './protocol.ts';
import { fieldsOfToken, tokenOfFields } from './token-fields.ts';

type Handlers = { readonly [Name in Operation]: (request: Request<Name>) => object };

const IDENTIFIED = z.looseObject({ id: idSchema.optional() });
const OPERATION = z.looseObject({ op: z.string() });

export class AdapterSession {
  private readonly meters = new MeterBench();
  private readonly handlers: Handlers = {
    decoderKey: (request) => ({ decoderKey: hexFromBytes(deriveKey(request)) }),
    encrypt: (request) => crypt('encrypt', request),
    decrypt: (request) => crypt('decrypt', request),
    encode,
    keyChange,
    decode,
    meterNew: (request) => ({ meter: this.meters.add(meterSettings(request), request.tidMemory) }),
    meterEnter: (request) => this.meters.enter(request.meter, request.tokenNo, request.at),
  };

  /** @param line - one request as text. @returns one answer as text, without a line end. */
  answerLine(line: string): string {
    let value: unknown;
    try {
      value = JSON.parse(line);
    } catch {
      return JSON.stringify(refusalOf(null, new StsFault('request_malformed', 'the line is not JSON')));
    }
    return JSON.stringify(this.answer(value));
  }

  /** @returns the answer to one request, or its refusal. */
  answer(value: unknown): object {
    const id = idOf(value);
    try {
      const { op } = read(OPERATION, value);
      if (!Object.hasOwn(this.handlers, op)) {
        throw new StsFault('operation_unsupported', 'there is no such "op"', { param: 'op' });
      }
      return { id, ...this.run(op as Operation, value) };
    } catch (error) {
      return refusalOf(id, error);
    }
  }

  private run<Name extends Operation>(op: Name, value: unknown): object {
    const request = read<Request<Name>>(REQUESTS[op] as never, value);
    return (this.handlers[op] as (request: Request<Name>) => object)(request);
  }
}

/** The answer to a line that is too long to be read: its id is lost with it. */
export function refuseLongLine(): string {
  return JSON.stringify(refusalOf(null, new StsFault('request_too_large', 'a line holds at most 1 MB')));
}

function idOf(value: unknown): RequestId {
  const holder = IDENTIFIED.safeParse(value);
  return holder.success ? (holder.data.id ?? null) : null;
}

function read<Shape>(schema: z.ZodType<Shape>, value: unknown): Shape {
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0];
  const field = issue?.path.join('.') ?? '';
  // The value itself may be a key: only the field is named, and what was expected of it.
  const detail = `${field === '' ? '' : `"${field}": `}${issue?.message ?? 'not as documented'}`.slice(
    0,
    300,
  );
  throw new StsFault('request_malformed', detail, { param: field });
}

/** A programmer's mistake of the library is the sender's here; an unknown error may quote a secret and is not repeated. */
function refusalOf(id: RequestId, error: unknown): Refusal {
  if (isStsFault(error)) return { id, error: { code: error.code, message: error.message } };
  const isMistake = error instanceof RangeError || error instanceof TypeError;
  const code: FaultCode = isMistake ? 'request_malformed' : 'internal_error';
  return { id, error: { code, message: isMistake ? error.message.slice(0, 300) : FAULTS[code].text } };
}

function deriveKey(fields: DecoderKeyFields): Uint8Array {
  return deriveDecoderKey(keyRequest(fields));
}

function keyRequest(fields: DecoderKeyFields): DecoderKeyRequest {
  return {
    decoderKeyAlgorithm: fields.dkga as DecoderKeyAlgorithm,
    encryptionAlgorithm: parseEncryptionAlgorithm(fields.encryptionAlgorithm),
    vendingKey: bytesFromHex(fields.vendingKey),
    meterPan: meterPanOf(fields.meterPan),
    supplyGroupCode: fields.supplyGroupCode,
    tariffIndex: fields.tariffIndex,
    keyRevision: fields.keyRevision,
    keyType: fields.keyType as KeyType,
    baseDate: fields.baseDate,
  };
}

/** 18 digits with both Luhn digits right: a key for a number that no meter has would serve nobody (CTSA17). */
function meterPanOf(text: string): string {
  if (text.length !== 18) throw new StsFault('meter_number_malformed', '"meterPan" expected 18 digits');
  return parseMeterNumber(text).meterPan;
}

function crypt(direction: 'encrypt' | 'decrypt', request: Request<'encrypt'>): object {
  const cipher = cipherOf(request.encryptionAlgorithm, request.key);
  const block = blockFromHex(request.block);
  cipher[direction](block);
  return { block: hexFromBlock(block) };
}

function cipherOf(encryptionAlgorithm: number, key: string) {
  return createTokenCipher(parseEncryptionAlgorithm(encryptionAlgorithm), bytesFromHex(key));
}

/** Makes a token and shows the values in the middle; `carried` is what the amounts were rounded to. */
export function makeToken(
  token: Token,
  encryptionAlgorithm: EncryptionAlgorithm,
  decoderKey: string,
): MadeToken {
  return makeTokenWith(token, cipherOf(encryptionAlgorithm, decoderKey));
}

export interface MadeToken {
  readonly block: string;
  readonly token66: string;
  readonly tokenNo: string;
  readonly carried: Token;
}

/** As `makeToken`, for many tokens of one meter. */
export function makeTokenWith(token: Token, cipher: BlockCipher): MadeToken {
  const block = new Uint32Array(2);
  writeClearBlock(token, block);
  const { tokenNo, carried } = encodeToken(token, cipher);
  const { top, high, low } = readTokenNo(tokenNo, { top: 0, high: 0, low: 0 });
  return {
    block: hexFromBlock(block),
    token66: `${top}${hexFromWord(high)}${hexFromWord(low)}`,
    tokenNo,
    carried,
  };
}

/** Class 1 is clear: any key makes and reads it. */
const NO_KEY = '0000000000000000';

function encode(request: Request<'encode'>): object {
  const algorithm = parseEncryptionAlgorithm(request.encryptionAlgorithm);
  const token = tokenOfFields(request, algorithm);
  if (request.decoderKey === undefined && request.class !== 1) {
    throw new StsFault('request_malformed', '"decoderKey" is missing', { param: 'decoderKey' });
  }
  const made =
    request.decoderKey === undefined
      ? makeToken(token, 7, NO_KEY)
      : makeToken(token, algorithm, request.decoderKey);
  return { block: made.block, token66: made.token66, tokenNo: made.tokenNo };
}

/** The whole set for a change between two keys, under the old one; RO follows from the base dates (sts.md 7.1). */
function keyChange({ from, to, keyExpiry, threeSections }: Request<'keyChange'>): object {
  const rollOver = isRollOver(keyRequest(from), keyRequest(to));
  const algorithm = parseEncryptionAlgorithm(from.encryptionAlgorithm);
  const oldKey = hexFromBytes(deriveKey(from));
  const sections = keyChangeSections(algorithm, {
    newDecoderKey: hexFromBytes(deriveKey(to)),
    keyExpiry,
    keyRevision: to.keyRevision,
    keyType: to.keyType as KeyType,
    tariffIndex: to.tariffIndex,
    supplyGroupCode: to.supplyGroupCode,
    rollOver,
    threeSections,
  });
  const tokens = sections.map((section) => {
    const { block, tokenNo } = makeToken(section, algorithm, oldKey);
    return { block, tokenNo };
  });
  return { tokens };
}

function decode(request: Request<'decode'>): object {
  const cipher = cipherOf(request.encryptionAlgorithm, request.decoderKey);
  const block = new Uint32Array(2);
  const token = decodeTokenInto(request.tokenNo, cipher, block);
  // Where the class stands no cipher reaches: the digits are looked at once more for it, the key is not.
  const tokenClass = readEncryptedBlock(request.tokenNo, new Uint32Array(2));
  const subclass = (block[0] ?? 0) >>> 28;
  switch (token.kind) {
    case 'crcError':
      return { result: 'CRCError' };
    case 'malformed':
      return { result: 'FormatError', class: tokenClass, subclass };
    case 'unsupported':
      return { result: 'FunctionError', class: tokenClass, subclass };
    default:
      return {
        result: 'ok',
        class: tokenClass,
        subclass,
        ...fieldsOfToken(token, (block[1] ?? 0) >>> 16),
        ...('tidMinutes' in token && request.baseDate !== undefined
          ? { issued: new Date(dateOfTid(token.tidMinutes, request.baseDate)).toISOString().slice(0, 16) }
          : {}),
      };
  }
}

function meterSettings(request: Request<'meterNew'>) {
  const encryptionAlgorithm = parseEncryptionAlgorithm(request.encryptionAlgorithm);
  assertKeyType(request.keyType);
  assertKeyRevision(request.keyRevision);
  assertKeyExpiry(request.keyExpiry);
  assertTariffIndex(request.tariffIndex);
  cipherOf(encryptionAlgorithm, request.decoderKey); // a key of another length is refused now, not at the first token
  return {
    meterPan: meterPanOf(request.meterPan),
    encryptionAlgorithm,
    decoderKey: request.decoderKey.toLowerCase(),
    keyType: request.keyType as KeyType,
    keyRevision: request.keyRevision,
    keyExpiry: request.keyExpiry,
    supplyGroupCode: parseSupplyGroupCode(request.supplyGroupCode),
    tariffIndex: request.tariffIndex,
    baseDate: request.baseDate,
  };
}
