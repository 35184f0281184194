/** Vectors of meter numbers and decoder keys. */
import { blockFromHex, hexFromBlock, xorBlocks } from '../../lib/crypto/block-cipher.ts';
import { hexFromBytes } from '../../lib/hex.ts';
import { parseMeterNumber } from '../../lib/identity/meter-pan.ts';
import { controlBlock, panBlock } from '../../lib/keys/dkga02.ts';
import { dkga04Message } from '../../lib/keys/dkga04.ts';
import { METER_NUMBERS, STS_531_1 } from './published.ts';
import type { VectorFile, VectorTest } from './schema.ts';

export function identityFiles(): Record<string, VectorFile<'meter-number'> | VectorFile<'decoder-key'>> {
  return { 'meter-number': meterNumbers(), 'decoder-key': decoderKeys() };
}

function meterNumbers(): VectorFile<'meter-number'> {
  const refuse = (text: string, fault: string, comment: string, flags: string[]) =>
    ({ comment, flags, text, fault, result: 'invalid' }) as const;
  return {
    algorithm: 'MeterPAN and DRN',
    schema: 'meter-number',
    notes: {
      Published: 'a meter number of the official tests',
      LuhnDigit: 'a check digit is wrong: a typing mistake must not become another customer',
      Form: 'neither a DRN of 11 or 13 digits nor a MeterPAN of 18',
    },
    groups: [
      {
        clause: 'sts.md 1.1',
        source: { name: 'STS 531-1', version: 'Ed 2.2', trust: 'published' },
        tests: [
          ...METER_NUMBERS.pans.flatMap((pan) => {
            const { meterPan, drn, issuerNumber, manufacturerCode } = parseMeterNumber(pan);
            return [pan, drn].map((text) => ({
              comment: text === pan ? 'MeterPAN' : 'DRN',
              flags: ['Published'],
              text,
              meterPan,
              drn,
              issuerNumber,
              manufacturerCode,
              result: 'valid' as const,
            }));
          }),
          ...METER_NUMBERS.refused.map((text) =>
            refuse(text, 'meter_number_check_digit', 'CTSA17', ['Published', 'LuhnDigit']),
          ),
        ],
      },
      {
        clause: 'sts.md 1.1',
        source: { name: 'Wattoken', version: '1', trust: 'ours-alone' },
        tests: [
          refuse('600727000000000008', 'meter_number_check_digit', 'PAN digit wrong', ['LuhnDigit']),
          refuse('0100000000009', 'meter_number_check_digit', 'DRN 13 digit wrong', ['LuhnDigit']),
          refuse('1111111111', 'meter_number_malformed', '10 digits', ['Form']),
          refuse('111111111150', 'meter_number_malformed', '12 digits', ['Form']),
          refuse('500727000000000009', 'meter_number_malformed', 'unknown IIN', ['Form']),
          refuse('1111111111A', 'meter_number_malformed', 'a letter', ['Form']),
          refuse('', 'meter_number_malformed', 'nothing', ['Form']),
        ],
      },
    ],
  };
}

type KeyTest = Omit<VectorTest<'decoder-key'>, 'tcId'>;

function decoderKeys(): VectorFile<'decoder-key'> {
  const official = new Map<string, KeyTest>();
  const changes = STS_531_1.keychange_ed2_2.flatMap(({ case: name, ea, dkga, old, new: next }) => [
    { case: name, ea, dkga, ...old },
    { case: name, ea, dkga, ...next },
  ]);
  for (const entry of [...STS_531_1.tokens_ed2_2, ...changes]) {
    const attributes = attributesOf(entry);
    const { vendingKey: _, decoderKeyAlgorithm, ...derived } = attributes;
    const keyInput =
      decoderKeyAlgorithm === 4
        ? hexFromBytes(dkga04Message(derived))
        : hexFromBlock(xorBlocks(blockFromHex(panBlock(derived)), blockFromHex(controlBlock(derived))));
    const test: KeyTest = {
      comment: entry.case,
      flags: ['Published'],
      ...attributes,
      keyInput,
      decoderKey: entry.decoderKey,
      result: 'valid',
    };
    const name = JSON.stringify(attributes);
    if (!official.has(name)) official.set(name, test);
  }
  return {
    algorithm: 'DKGA02 and DKGA04',
    schema: 'decoder-key',
    notes: {
      Published: 'the key that an official case works with',
      NoVector: 'no public vector proves this algorithm or key type: it is refused by name',
      KeyLength: 'the algorithm makes keys of another length',
    },
    groups: [
      {
        clause: 'sts.md 6.2, 6.4, 6.5',
        source: { name: 'STS 531-1', version: 'Ed 2.2', trust: 'published' },
        tests: [...official.values()],
      },
      {
        clause: 'sts.md 6.3, 6.4; open questions C1, C2, C3',
        source: { name: 'Wattoken', version: '1', trust: 'ours-alone' },
        tests: refusedKeys([...official.values()].find((test) => test.decoderKeyAlgorithm === 4)),
      },
    ],
  };
}

function refusedKeys(valid: KeyTest | undefined): KeyTest[] {
  if (valid === undefined) return [];
  const { keyInput: _input, decoderKey: _key, ...attributes } = valid;
  const refuse = (comment: string, flag: string, fault: string, change: Partial<KeyTest>): KeyTest => ({
    ...attributes,
    ...change,
    comment,
    flags: [flag],
    fault,
    result: 'invalid',
  });
  const desKey = { vendingKey: 'abababababababab' };
  return [
    refuse('DKGA01', 'NoVector', 'algorithm_not_supported', { decoderKeyAlgorithm: 1, ...desKey }),
    refuse('DKGA03', 'NoVector', 'algorithm_not_supported', { decoderKeyAlgorithm: 3 }),
    refuse('EA09', 'NoVector', 'algorithm_not_supported', { encryptionAlgorithm: 9 }),
    refuse('KT 3 under DKGA04', 'NoVector', 'key_type_not_supported', { keyType: 3 }),
    refuse('KT 0', 'NoVector', 'key_type_not_supported', { keyType: 0 }),
    refuse('EA11 under DKGA02', 'KeyLength', 'algorithm_not_supported', {
      decoderKeyAlgorithm: 2,
      encryptionAlgorithm: 11,
      ...desKey,
    }),
  ];
}

interface SourceAttributes {
  ea: 7 | 11;
  dkga: 2 | 4;
  vk: string;
  pan: string;
  sgc: string;
  krn: number;
  ti: string;
  kt: number;
  bdt: '93' | '14' | '35';
}

/** The official attribute letters in the words of this library. */
export function attributesOf(entry: SourceAttributes) {
  return {
    decoderKeyAlgorithm: entry.dkga,
    encryptionAlgorithm: entry.ea,
    vendingKey: entry.vk,
    meterPan: entry.pan,
    supplyGroupCode: entry.sgc,
    tariffIndex: Number(entry.ti),
    keyRevision: entry.krn,
    keyType: entry.kt as 0 | 1 | 2 | 3,
    baseDate: entry.bdt,
  };
}
