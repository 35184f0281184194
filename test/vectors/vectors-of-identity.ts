/** Vectors of meter numbers and decoder keys. */
import { blockFromHex, hexFromBlock, xorBlocks } from '../../lib/crypto/block-cipher.ts';
import { hexFromBytes } from '../../lib/hex.ts';
import { parseMeterNumber } from '../../lib/identity/meter-pan.ts';
import { controlBlock, panBlock } from '../../lib/keys/dkga02.ts';
import { dkga04Message } from '../../lib/keys/dkga04.ts';
import { groupedByClause } from './groups.ts';
import { KNOWN_KEYS, KNOWN_METERS, KNOWN_VENDING_KEYS, METER_NUMBERS, STS_531_1 } from './published.ts';
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
      Typed: 'spaces and dashes between the digits are for people',
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
          ...['1111 1111 115', '11-111-111-115', ' 11111111115\n'].map((text) => ({
            comment: 'a DRN as people write it',
            flags: ['Typed'],
            text,
            meterPan: '600727111111111153',
            drn: '11111111115',
            issuerNumber: '600727',
            manufacturerCode: '11',
            result: 'valid' as const,
          })),
          refuse('600727000000000008', 'meter_number_check_digit', 'PAN digit wrong', ['LuhnDigit']),
          refuse('0100000000009', 'meter_number_check_digit', 'DRN 13 digit wrong', ['LuhnDigit']),
          refuse('1111111111', 'meter_number_malformed', '10 digits', ['Form']),
          refuse('111111111150', 'meter_number_malformed', '12 digits', ['Form']),
          refuse('500727000000000009', 'meter_number_malformed', 'unknown IIN', ['Form']),
          refuse('1111111111A', 'meter_number_malformed', 'a letter', ['Form']),
          refuse('', 'meter_number_malformed', 'nothing', ['Form']),
          refuse('12345678901234', 'meter_number_malformed', '14 digits', ['Form']),
          refuse('60072700000000000', 'meter_number_malformed', '17 digits', ['Form']),
          refuse('6007270000000000090', 'meter_number_malformed', '19 digits', ['Form']),
          refuse('000100000000000005', 'meter_number_malformed', 'IIN of neither width', ['Form']),
          refuse('111.111.111.15', 'meter_number_malformed', 'dots between', ['Form']),
          refuse('-1111111115x', 'meter_number_malformed', 'a letter after the digits', ['Form']),
          refuse(
            '\uff11\uff11\uff11\uff11\uff11\uff11\uff11\uff11\uff11\uff11\uff15',
            'meter_number_malformed',
            'fullwidth digits',
            ['Form'],
          ),
          refuse('600727000000000017', 'meter_number_check_digit', 'DRN digit wrong, PAN digit fits it', [
            'LuhnDigit',
          ]),
          refuse('600727111111111154', 'meter_number_check_digit', 'PAN digit wrong, DRN digit right', [
            'LuhnDigit',
          ]),
          refuse('11111111151', 'meter_number_check_digit', 'last two digits exchanged', ['LuhnDigit']),
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
  const known = KNOWN_KEYS.map(([dkga, ea, vk, pan, sgc, krn, ti, bdt, decoderKey]) => ({
    ...{ case: `${vk}, ${pan}`, ea, dkga, vk: KNOWN_VENDING_KEYS[vk], pan: KNOWN_METERS[pan] },
    ...{ sgc, krn, ti: String(ti), kt: 2, bdt, decoderKey },
  }));
  for (const entry of [...STS_531_1.tokens_ed2_2, ...changes, ...known]) {
    const attributes = attributesOf(entry);
    const name = JSON.stringify(attributes);
    if (official.has(name)) continue;
    official.set(name, {
      comment: entry.case,
      flags: ['Published'],
      ...attributes,
      keyInput: keyInputOf(attributes),
      decoderKey: entry.decoderKey,
      result: 'valid',
    });
  }
  return {
    algorithm: 'DKGA02 and DKGA04',
    schema: 'decoder-key',
    notes: {
      Published: 'the key that an official case works with',
      NoVector:
        'no public vector proves this algorithm or key type: it is refused by name (open questions C1, C2, C3)',
      KeyLength: 'the algorithm takes or makes keys of another length',
      Range: 'an attribute outside its range or of another kind',
    },
    groups: [
      ...groupedByClause([...official.values()], ({ decoderKeyAlgorithm }) =>
        decoderKeyAlgorithm === 2 ? 'sts.md 6.1, 6.2, 6.5' : 'sts.md 6.4, 6.5',
      ).map(([clause, tests]) => ({
        clause,
        source: { name: 'STS 531-1', version: 'Ed 2.2', trust: 'published' } as const,
        tests,
      })),
      ...groupedByClause(
        refusedKeys([...official.values()].find((test) => test.decoderKeyAlgorithm === 4)),
        clauseOfRefusedKey,
      ).map(([clause, tests]) => ({
        clause,
        source: { name: 'Wattoken', version: '1', trust: 'ours-alone' } as const,
        tests,
      })),
    ],
  };
}

/** The bytes that go into a derivation. */
function keyInputOf({ decoderKeyAlgorithm, ...derived }: ReturnType<typeof attributesOf>): string {
  return decoderKeyAlgorithm === 4
    ? hexFromBytes(dkga04Message(derived))
    : hexFromBlock(xorBlocks(blockFromHex(panBlock(derived)), blockFromHex(controlBlock(derived))));
}

const ATTRIBUTES = ['tariffIndex', 'keyRevision', 'keyType', 'keyExpiry', 'baseDate'];

/** The rule that a refused derivation is about. */
export function clauseOfRefusedKey(test: {
  readonly decoderKeyAlgorithm: number;
  readonly encryptionAlgorithm: number;
  readonly fault?: string | undefined;
  readonly argument?: string | undefined;
}): string {
  if (test.fault === 'key_type_not_supported') return 'sts.md 6.6';
  if (test.argument === 'meterPan') return 'sts.md 1.1';
  if (ATTRIBUTES.includes(test.argument ?? '') || test.fault === 'supply_group_malformed')
    return 'sts.md 1.2';
  if (![7, 11].includes(test.encryptionAlgorithm)) return 'sts.md 5.2';
  if (test.decoderKeyAlgorithm === 2) return 'sts.md 6.2';
  return test.decoderKeyAlgorithm === 4 ? 'sts.md 6.4' : 'sts.md 6.3';
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
  const outside = (field: keyof KeyTest, values: readonly (number | string)[]): KeyTest[] =>
    values.map((value) => ({
      ...refuse(
        `${field} ${JSON.stringify(value)}`,
        'Range',
        typeof value === typeof valid[field] ? 'RangeError' : 'TypeError',
        {
          [field]: value,
        },
      ),
      argument: field,
    }));
  const keyOf = (bytes: number, decoderKeyAlgorithm: number): KeyTest => ({
    ...refuse(`vending key of ${bytes} bytes for DKGA0${decoderKeyAlgorithm}`, 'KeyLength', 'RangeError', {
      decoderKeyAlgorithm,
      vendingKey: 'ab'.repeat(bytes),
    }),
    argument: 'vendingKey',
  });
  return [
    refuse('DKGA01', 'NoVector', 'algorithm_not_supported', { decoderKeyAlgorithm: 1, ...desKey }),
    refuse('DKGA03', 'NoVector', 'algorithm_not_supported', { decoderKeyAlgorithm: 3 }),
    refuse('DKGA05, which does not exist', 'NoVector', 'algorithm_not_supported', { decoderKeyAlgorithm: 5 }),
    refuse('EA09', 'NoVector', 'algorithm_not_supported', { encryptionAlgorithm: 9 }),
    refuse('EA08, which does not exist', 'NoVector', 'algorithm_not_supported', { encryptionAlgorithm: 8 }),
    refuse('KT 3 under DKGA04', 'NoVector', 'key_type_not_supported', { keyType: 3 }),
    refuse('KT 0', 'NoVector', 'key_type_not_supported', { keyType: 0 }),
    refuse('EA11 under DKGA02', 'KeyLength', 'algorithm_not_supported', {
      decoderKeyAlgorithm: 2,
      encryptionAlgorithm: 11,
      ...desKey,
    }),
    ...[0, 7, 9, 16, 20].map((bytes) => keyOf(bytes, 2)),
    ...[0, 8, 16, 19, 21, 32].map((bytes) => keyOf(bytes, 4)),
    ...['20145', '2014570', '20145A', '', '٢٠١٤٥٧'].map((supplyGroupCode) =>
      refuse(`SGC ${JSON.stringify(supplyGroupCode)}`, 'Range', 'supply_group_malformed', {
        supplyGroupCode,
      }),
    ),
    ...outside('tariffIndex', [-1, 100, 0.5, '01']),
    ...outside('keyRevision', [0, 10, 1.5, '1']),
    ...outside('keyType', [-1, 4, 2.5, '2']),
    ...outside('baseDate', ['15', '2014', '']),
    ...outside('meterPan', ['60072700000000000', '6007270000000000090', '60072700000000000A', '', 600_727]),
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
