/**
 * Tokens per second on one core, whole: fields to 20 digits and back. The yardstick in the same run is `node:crypto`'s
 * HMAC-SHA-256 of 49 bytes, one DKGA04 message: a figure that every machine can put beside ours.
 */
import { createHmac } from 'node:crypto';
import { bytesFromHex, hexFromBytes } from '../../lib/hex.ts';
import { type DecoderKeyRequest, deriveDecoderKey, prepareVendingKey } from '../../lib/keys/decoder-key.ts';
import { dkga04Message } from '../../lib/keys/dkga04.ts';
import { AMOUNT_MAX } from '../../lib/token/amount.ts';
import { createTokenCipher } from '../../lib/token/cipher.ts';
import { encodeCreditElectricity } from '../../lib/token/credit.ts';
import { decodeToken } from '../../lib/token/token.ts';
import { referenceDecode, referenceEncode } from '../reference/token.ts';
import { readVectors } from '../support/vectors.ts';
import { type Contender, digestOf, type Measured, perSecond, printTable, race } from './harness.ts';

/** Public test keys of STS 531-1. */
const V2 = bytesFromHex('abababababababab949494949494949401234567');
const V1 = V2.slice(0, 8);
const METER = {
  meterPan: '600727000000000009',
  supplyGroupCode: '201457',
  tariffIndex: 1,
  keyRevision: 1,
  keyType: 2,
  baseDate: '14',
} as const;

const credit = (i: number) => ({
  tidMinutes: (i * 7919) & 0xffffff,
  rnd: i & 15,
  amountDeciKwh: (i * 104_729) % AMOUNT_MAX,
});

/** Different meters, so that no cache of a decoder key could help. */
const meterPan = (i: number) => `6007270000${String(i % 100_000_000).padStart(8, '0')}`;

function contenders(): Contender[] {
  const yardstick: Contender = {
    name: 'node:crypto HMAC-SHA-256, 49 bytes',
    run(times) {
      const message = dkga04Message({ ...METER, encryptionAlgorithm: 7 });
      let last = 0;
      for (let i = 0; i < times; i += 1) {
        message[48] = i & 0xff;
        last ^= createHmac('sha256', V2).update(message).digest()[0] ?? 0;
      }
      return last;
    },
  };
  return [
    yardstick,
    ...([7, 11] as const).flatMap(tokenContenders),
    ...derivationContenders(),
    ...([7, 11] as const).flatMap(referenceContenders),
  ];
}

/** The rival that any reader of the standard would write first: bits as text and BigInt (`test/reference`). */
function referenceContenders(encryptionAlgorithm: 7 | 11): Contender[] {
  const key = deriveDecoderKey({ ...METER, encryptionAlgorithm, decoderKeyAlgorithm: 4, vendingKey: V2 });
  const keyHex = hexFromBytes(key);
  const token = (i: number) => ({ kind: 'creditElectricity' as const, ...credit(i) });
  const tokens = Array.from({ length: 16 }, (_, i) => referenceEncode(token(i), keyHex));
  const name = `EA${String(encryptionAlgorithm).padStart(2, '0')}`;
  return [
    {
      name: `${name} encode, plain BigInt`,
      run(times) {
        let digits = 0;
        for (let i = 0; i < times; i += 1) digits += referenceEncode(token(i), keyHex).charCodeAt(19);
        return digits;
      },
    },
    {
      name: `${name} decode, plain BigInt`,
      run(times) {
        let read = 0;
        for (let i = 0; i < times; i += 1)
          read += referenceDecode(tokens[i & 15] ?? '', keyHex) === 'crcError' ? 0 : 1;
        return read;
      },
    },
  ];
}

function tokenContenders(encryptionAlgorithm: 7 | 11): Contender[] {
  const key = deriveDecoderKey({ ...METER, encryptionAlgorithm, decoderKeyAlgorithm: 4, vendingKey: V2 });
  const cipher = createTokenCipher(encryptionAlgorithm, key);
  const tokens = Array.from({ length: 4096 }, (_, i) => encodeCreditElectricity(credit(i), cipher).tokenNo);
  const name = `EA${String(encryptionAlgorithm).padStart(2, '0')}`;
  return [
    {
      name: `${name} encode, cached key`,
      run(times) {
        let digits = 0;
        for (let i = 0; i < times; i += 1)
          digits += encodeCreditElectricity(credit(i), cipher).tokenNo.charCodeAt(19);
        return digits;
      },
    },
    {
      name: `${name} decode, cached key`,
      run(times) {
        let sum = 0;
        for (let i = 0; i < times; i += 1) {
          const token = decodeToken(tokens[i & 4095] ?? '', cipher);
          sum += token.kind === 'creditElectricity' ? token.rnd : 1e9;
        }
        return sum;
      },
    },
  ];
}

/**
 * A decoder key for every token and never the same twice: from the vending key's bytes each time, and from a vending key that
 * was made ready once, as a security module has it.
 */
function derivationContenders(): Contender[] {
  return [
    ...derivationsOf('EA07', 'DKGA02', { encryptionAlgorithm: 7, decoderKeyAlgorithm: 2, vendingKey: V1 }),
    ...derivationsOf('EA07', 'DKGA04', { encryptionAlgorithm: 7, decoderKeyAlgorithm: 4, vendingKey: V2 }),
    ...derivationsOf('EA11', 'DKGA04', { encryptionAlgorithm: 11, decoderKeyAlgorithm: 4, vendingKey: V2 }),
  ];
}

type Derivation = Pick<DecoderKeyRequest, 'encryptionAlgorithm' | 'decoderKeyAlgorithm' | 'vendingKey'>;

/** Field by field, as rows of a registry come: V8 gives every object that a spread makes a shape of its own. */
function requestOf(derivation: Derivation, meterPan: string): DecoderKeyRequest {
  const { supplyGroupCode, tariffIndex, keyRevision, keyType, baseDate } = METER;
  const { encryptionAlgorithm, decoderKeyAlgorithm, vendingKey } = derivation;
  return {
    encryptionAlgorithm,
    decoderKeyAlgorithm,
    vendingKey,
    meterPan,
    supplyGroupCode,
    tariffIndex,
    keyRevision,
    keyType,
    baseDate,
  };
}

function derivationsOf(algorithm: string, dkga: string, derivation: Derivation): Contender[] {
  const { encryptionAlgorithm, decoderKeyAlgorithm, vendingKey } = derivation;
  const meters = Array.from({ length: 4096 }, (_, i) => requestOf(derivation, meterPan(i)));
  const encode = (i: number, key: Uint8Array) =>
    encodeCreditElectricity(credit(i), createTokenCipher(encryptionAlgorithm, key)).tokenNo.charCodeAt(19);
  return [
    {
      name: `${algorithm} derive (${dkga}) and encode`,
      run(times) {
        let digits = 0;
        for (let i = 0; i < times; i += 1) {
          digits += encode(i, deriveDecoderKey(meters[i & 4095] as DecoderKeyRequest));
        }
        return digits;
      },
    },
    {
      name: `${algorithm} derive (${dkga}, prepared) and encode`,
      run(times) {
        const deriveKey = prepareVendingKey(decoderKeyAlgorithm, vendingKey);
        let digits = 0;
        for (let i = 0; i < times; i += 1) {
          digits += encode(i, deriveKey(meters[i & 4095] as DecoderKeyRequest));
        }
        return digits;
      },
    },
  ];
}

/** The work is real: the official tokens come out of the very calls that are timed. */
function proveCorrect(): string {
  const made = readVectors('credit-electricity').tests.map((vector) => {
    const request = {
      ...vector,
      vendingKey: bytesFromHex(vector.vendingKey),
    } as unknown as DecoderKeyRequest;
    const cipher = createTokenCipher(request.encryptionAlgorithm, deriveDecoderKey(request));
    const { tokenNo } = encodeCreditElectricity(vector, cipher);
    if (tokenNo !== vector.tokenNo) throw new Error(`tcId ${vector.tcId} does not come out`);
    const { tidMinutes, rnd, amountDeciKwh } = vector;
    const token = { kind: 'creditElectricity', tidMinutes, rnd, amountDeciKwh } as const;
    if (referenceEncode(token, hexFromBytes(deriveDecoderKey(request))) !== tokenNo)
      throw new Error(`tcId ${vector.tcId}: the rival makes another token`);
    if (decodeToken(tokenNo, cipher).kind !== 'creditElectricity')
      throw new Error(`tcId ${vector.tcId} is not read`);
    return tokenNo;
  });
  return `${made.length} official tokens, digest ${digestOf(made)}`;
}

export function tokenBench(rounds: number, budgetMillis: number): Measured[] {
  const proof = proveCorrect();
  const measured = race(contenders(), rounds, budgetMillis);
  const yardstick = measured[0]?.perSecond ?? Number.NaN;
  printTable(`Tokens, one core (${proof})`, [
    ['', 'x HMAC', 'per second'],
    ...measured.map(({ name, perSecond: rate }) => [
      name,
      (rate / yardstick).toPrecision(3),
      perSecond(rate),
    ]),
  ]);
  return measured;
}
