/** What the library makes of the vectors of requests and refusals, in the form in which each states its result. */
import * as assert from 'uvu/assert';
import { hexFromBlock } from '../../lib/crypto/block-cipher.ts';
import { isStsFault } from '../../lib/faults.ts';
import { bytesFromHex, hexFromBytes, hexFromWord } from '../../lib/hex.ts';
import { type DecoderKeyRequest, deriveDecoderKey } from '../../lib/keys/decoder-key.ts';
import { dkga04Message } from '../../lib/keys/dkga04.ts';
import { isRollOver, keyChangeSections } from '../../lib/keys/key-change.ts';
import { createTokenCipher } from '../../lib/token/cipher.ts';
import { decodeCurrencyAmount, encodeCurrencyAmount } from '../../lib/token/currency-amount.ts';
import { readClearBlock } from '../../lib/token/frame.ts';
import type { Token } from '../../lib/token/kinds.ts';
import { decodeToken, encodeToken, writeClearBlock } from '../../lib/token/token.ts';
import { parseTokenNo, readTokenNo } from '../../lib/token/token-no.ts';
import { fault } from '../support/throws.ts';
import type { VectorTest } from './schema.ts';
import type { REQUEST_SCHEMAS } from './schema-of-requests.ts';

type Checks = { readonly [Name in keyof typeof REQUEST_SCHEMAS]: (vector: VectorTest<Name>) => void };

export const REQUEST_CHECKS: Checks = {
  'decoder-key': (vector) => {
    const request = keyRequest(vector);
    assert.is(hexFromBytes(deriveDecoderKey(request)), vector.decoderKey);
    if (vector.decoderKeyAlgorithm === 4) assert.is(hexFromBytes(dkga04Message(request)), vector.keyInput);
  },
  'currency-amount': (vector) => {
    const made = encodeCurrencyAmount(BigInt(vector.amountHundredThousandth));
    assert.is(made.signAndExponent.toString(16), vector.signAndExponent);
    assert.is(made.field.toString(16).padStart(4, '0'), vector.field);
    assert.is(String(decodeCurrencyAmount(made)), vector.carriedHundredThousandth);
  },
  'token-number': ({ text, tokenNo, token66 }) => {
    assert.is(parseTokenNo(text), tokenNo);
    const { top, high, low } = readTokenNo(tokenNo ?? '', { top: 0, high: 0, low: 0 });
    assert.is(top.toString(16) + hexFromWord(high) + hexFromWord(low), token66);
    // What goes on to the meter is bare digits.
    if (text !== tokenNo)
      assert.throws(() => decodeToken(text, cipherOf(7, undefined)), fault('token_number_malformed'));
  },
  'token-refusal': ({ encryptionAlgorithm, decoderKey, tokenNo, tokenClass, block, outcome }) => {
    const cipher = cipherOf(encryptionAlgorithm, decoderKey);
    const clear = new Uint32Array(2);
    assert.is(readClearBlock(tokenNo, cipher, clear), tokenClass);
    assert.is(hexFromBlock(clear), block);
    const subclass = Number.parseInt(block[0] ?? '', 16);
    assert.equal(
      decodeToken(tokenNo, cipher),
      outcome === 'crcError' ? { kind: outcome } : { kind: outcome, tokenClass, subclass },
    );
  },
  'token-request': (vector) => {
    const cipher = cipherOf(vector.encryptionAlgorithm, vector.decoderKey);
    const made = encodeToken(tokenFromJson(vector.request), cipher);
    const carried = tokenFromJson(vector.carried ?? { kind: '' });
    assert.equal(made, { tokenNo: vector.tokenNo, carried });
    assert.equal(decodeToken(made.tokenNo, cipher), carried);
    const block = new Uint32Array(2);
    assert.is(writeClearBlock(tokenFromJson(vector.request), block), vector.tokenClass);
    assert.is(hexFromBlock(block), vector.block);
  },
  'key-change-refusal': ({ from, to, keyExpiry, threeSections }) => {
    const [oldKey, newKey] = [keyRequest(from), keyRequest(to)];
    const rollOver = isRollOver(oldKey, newKey);
    deriveDecoderKey(oldKey);
    const newDecoderKey = hexFromBytes(deriveDecoderKey(newKey));
    const { keyRevision, keyType, tariffIndex, supplyGroupCode, encryptionAlgorithm } = newKey;
    const attributes = { keyExpiry: keyExpiry as number, keyRevision, keyType, tariffIndex, supplyGroupCode };
    keyChangeSections(encryptionAlgorithm, { newDecoderKey, ...attributes, rollOver, threeSections });
  },
};

type KeyAttributes = VectorTest<'key-change-refusal'>['from'];

function keyRequest(attributes: KeyAttributes): DecoderKeyRequest {
  return { ...attributes, vendingKey: bytesFromHex(attributes.vendingKey) } as unknown as DecoderKeyRequest;
}

/** Classes 1 and 3 are clear: any key reads them. */
function cipherOf(encryptionAlgorithm: number, decoderKey: string | undefined) {
  const key = decoderKey ?? '0'.repeat(encryptionAlgorithm === 7 ? 16 : 32);
  return createTokenCipher(encryptionAlgorithm as 7 | 11, bytesFromHex(key));
}

/** Amounts of currency stand as text in JSON, the only member that does. */
export function tokenFromJson(fields: { kind: string; amountHundredThousandth?: unknown }): Token {
  if (fields.amountHundredThousandth === undefined) return fields as unknown as Token;
  return {
    ...fields,
    amountHundredThousandth: BigInt(String(fields.amountHundredThousandth)),
  } as unknown as Token;
}

/** Whether a refusal is the one that a vector names. */
export function isRefusalOf(
  error: unknown,
  vector: { fault?: string | undefined; argument?: string | undefined },
): boolean {
  if (isStsFault(error)) {
    const isOfArgument = vector.argument === undefined || error.param === vector.argument;
    return error.code === vector.fault && isOfArgument;
  }
  if (!(error instanceof RangeError || error instanceof TypeError)) return false;
  return error.name === vector.fault && error.message.startsWith(`"${vector.argument}" `);
}
