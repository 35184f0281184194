/** The block ciphers (sts.md 5.1; RFC 2994 2.2; FIPS 46-3). */
import { createCipheriv } from 'node:crypto';
import fc from 'fast-check';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import {
  type BlockCipher,
  blockFromBytes,
  blockFromHex,
  bytesFromBlock,
  hexFromBlock,
} from '../../../lib/crypto/block-cipher.ts';
import { createDes } from '../../../lib/crypto/des.ts';
import { createMisty1, expandKey } from '../../../lib/crypto/misty1.ts';
import { createSta } from '../../../lib/crypto/sta.ts';
import { STA_SAMPLE_TABLES, STA_TABLES } from '../../../lib/crypto/sta-tables.ts';
import { bytesFromHex, hexFromBytes } from '../../../lib/hex.ts';
import { count, report, seedOf } from '../../support/counts.ts';
import { NOT_A_KEY } from '../../support/hostile.ts';
import { mistake } from '../../support/throws.ts';

const test = suite('lib/crypto');
const seed = seedOf('lib/crypto');
const bytes = (length: number) => fc.uint8Array({ minLength: length, maxLength: length });

function encrypted(cipher: BlockCipher, hex: string): string {
  const block = blockFromHex(hex);
  cipher.encrypt(block);
  return hexFromBlock(block);
}

test('when STA runs with the sample tables of the IEC text then it gives the worked example', () => {
  const key = bytesFromHex('0123456789abcdef');
  assert.is(encrypted(createSta(key, STA_SAMPLE_TABLES), '0123456789abcdef'), '8696e2ddf711e916');
  assert.is.not(encrypted(createSta(key), '0123456789abcdef'), '8696e2ddf711e916');
});

test('when STA is written plainly bit by bit then it agrees with the byte tables', () => {
  const numRuns = count(20_000, 500);
  fc.assert(
    fc.property(bytes(8), bytes(8), fc.boolean(), (key, message, sample) => {
      const tables = sample ? STA_SAMPLE_TABLES : STA_TABLES;
      const block = blockFromBytes(message);
      createSta(key, tables).encrypt(block);
      assert.is(hexFromBlock(block), plainSta(key, message, tables));
    }),
    { seed, numRuns },
  );
  report(`STA against a plain BigInt reading of sts.md 5.1: ${numRuns} blocks, 0 mismatches`);
});

/** sts.md 5.1 word by word, one bit at a time. */
function plainSta(key: Uint8Array, message: Uint8Array, tables: typeof STA_TABLES): string {
  const MASK = (1n << 64n) - 1n;
  const number = (from: Uint8Array) => BigInt(`0x${hexFromBytes(from)}`);
  const turnLeft = (x: bigint) => ((x << 1n) | (x >> 63n)) & MASK;
  let k = ~number(key) & MASK;
  k = ((k >> 12n) | (k << 52n)) & MASK;
  let block = number(message);
  for (let round = 0; round < 16; round += 1) {
    let substituted = 0n;
    for (let nibble = 0n; nibble < 16n; nibble += 1n) {
      const selector = (k >> (4n * nibble + 3n)) & 1n;
      const box = selector === 0n ? tables.s1 : tables.s2;
      substituted |= BigInt(box[Number((block >> (4n * nibble)) & 15n)]!) << (4n * nibble);
    }
    block = 0n;
    for (const [from, to] of tables.p.entries()) block |= ((substituted >> BigInt(from)) & 1n) << BigInt(to);
    k = turnLeft(k);
  }
  return block.toString(16).padStart(16, '0');
}

test('when a table of STA is mistyped then it is refused, not used', () => {
  const broken = { ...STA_TABLES, p: STA_TABLES.p.map((to, i) => (i === 3 ? 55 : to)) };
  assert.throws(() => createSta(new Uint8Array(8), broken), mistake(RangeError, 'p'));
  const short = { ...STA_TABLES, s1: STA_TABLES.s1.slice(1) };
  assert.throws(() => createSta(new Uint8Array(8), short), mistake(RangeError, 's1'));
});

test('when DES runs then it agrees with triple DES of OpenSSL keyed three times alike', () => {
  const numRuns = count(20_000, 1_000);
  fc.assert(
    fc.property(bytes(8), bytes(8), (key, message) => {
      const openssl = createCipheriv('des-ede3-ecb', Buffer.concat([key, key, key]), null).setAutoPadding(
        false,
      );
      const block = blockFromBytes(message);
      createDes(key).encrypt(block);
      assert.is(hexFromBlock(block), openssl.update(message).toString('hex'));
    }),
    { seed, numRuns },
  );
  report(`DES against OpenSSL: ${numRuns} blocks, 0 mismatches`);
});

test('when a block is encrypted and decrypted then it is the same block, for every cipher', () => {
  const numRuns = count(20_000, 1_000);
  const ciphers = { sta: [createSta, 8], misty1: [createMisty1, 16], des: [createDes, 8] } as const;
  for (const [create, keyBytes] of Object.values(ciphers)) {
    fc.assert(
      fc.property(bytes(keyBytes), bytes(8), (key, message) => {
        const cipher = create(key);
        const block = blockFromBytes(message);
        cipher.encrypt(block);
        cipher.decrypt(block);
        assert.equal(bytesFromBlock(block), message);
      }),
      { seed, numRuns },
    );
  }
  report(`round trips: ${numRuns} for each of ${Object.keys(ciphers).length} ciphers`);
});

test('when a MISTY1 key is expanded then words 16 to 31 are the parts of words 8 to 15', () => {
  const ek = expandKey(bytesFromHex('00112233445566778899aabbccddeeff'));
  for (let i = 8; i < 16; i += 1) assert.is((ek[i + 16]! << 9) | ek[i + 8]!, ek[i]);
});

test('when a key is no key then every cipher refuses it by name', () => {
  for (const create of [createSta, createMisty1, createDes, expandKey]) {
    for (const key of NOT_A_KEY) {
      const kind = key instanceof Uint8Array ? RangeError : TypeError;
      assert.throws(() => create(key as Uint8Array), mistake(kind, 'key'), String(key?.constructor));
    }
  }
  assert.throws(() => blockFromHex('00'), mistake(RangeError, 'block'));
  assert.throws(() => bytesFromHex('0g'), mistake(RangeError, 'hex'));
  assert.throws(() => bytesFromHex('000'), mistake(RangeError, 'hex'));
  assert.throws(() => bytesFromHex(0 as unknown as string), mistake(TypeError, 'hex'));
});

test('when a malformed key text is refused then the text is not quoted', () => {
  try {
    bytesFromHex('deadbeefdeadbeeg');
    assert.unreachable();
  } catch (error) {
    assert.not.match((error as Error).message, /deadbeef/);
  }
});

test.run();
