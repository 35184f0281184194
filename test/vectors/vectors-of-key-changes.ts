/**
 * Vectors of key-change sets: the official ones, sets whose attributes show what the official ones leave at one value, and
 * changes that must be refused. What is not official is made by the plain reference of `test/reference`.
 */
import { dkga02, dkga04, type MeterFields } from '../reference/keys.ts';
import { referenceBlock, referenceEncode, referenceSections } from '../reference/token.ts';
import { groupedByClause } from './groups.ts';
import { STS_531_1 } from './published.ts';
import type { VectorFile, VectorTest } from './schema.ts';
import { attributesOf, clauseOfRefusedKey } from './vectors-of-identity.ts';

const STS = { name: 'STS 531-1', version: 'Ed 2.2', trust: 'published' } as const;
const OURS = { name: 'Wattoken', version: '1', trust: 'ours-alone' } as const;

export function keyChangeFiles() {
  return {
    'key-change': keyChanges(),
    'key-change-rules': keyChangeRules(),
    'key-change-refusal': keyChangeRefusals(),
  };
}

function keyChanges(): VectorFile<'key-change'> {
  return {
    algorithm: 'Key-change sets of two, three and four sections',
    schema: 'key-change',
    notes: { Published: 'an official set', RollOver: 'the base date moves on' },
    groups: [
      {
        clause: 'sts.md 7.1, 7.2',
        source: STS,
        tests: STS_531_1.keychange_ed2_2.map((set) => {
          const side = (key: (typeof set)['old']) => ({
            ...attributesOf({ ...key, ea: set.ea, dkga: set.dkga }),
            decoderKey: key.decoderKey,
          });
          return {
            comment: set.case,
            flags: set.ro === 1 ? ['Published', 'RollOver'] : ['Published'],
            from: side(set.old),
            to: side(set.new),
            keyExpiry: set.ken,
            rollOver: set.ro === 1,
            threeSections: set.threeKct,
            tokens: set.tokens.map(({ block, token }) => ({ block, tokenNo: token })),
            result: 'valid' as const,
          };
        }),
      },
    ],
  };
}

type Side = VectorTest<'key-change'>['from'];

/** PUBLIC TEST KEYS of the official tests. */
const VENDING_KEYS: Readonly<Record<2 | 4, string>> = {
  2: 'abababababababab',
  4: 'abababababababab949494949494949401234567',
} as const;

const FROM = {
  decoderKeyAlgorithm: 4,
  encryptionAlgorithm: 7,
  vendingKey: VENDING_KEYS[4],
  meterPan: '600727000000000009',
  supplyGroupCode: '201457',
  tariffIndex: 1,
  keyRevision: 1,
  keyType: 2,
  baseDate: '14',
};
const BY_DES = { decoderKeyAlgorithm: 2, vendingKey: VENDING_KEYS[2] };

function withKey(attributes: typeof FROM): Side {
  const derive = attributes.decoderKeyAlgorithm === 2 ? dkga02 : dkga04;
  return { ...attributes, decoderKey: derive(attributes.vendingKey, attributes as MeterFields) };
}

function keyChangeRules(): VectorFile<'key-change'> {
  const set = (
    comment: string,
    flags: string[],
    change: {
      from?: Partial<typeof FROM>;
      to: Partial<typeof FROM>;
      keyExpiry: number;
      threeSections?: boolean;
    },
  ) => {
    const from = withKey({ ...FROM, ...change.from });
    const to = withKey({ ...FROM, ...change.from, ...change.to });
    const { keyExpiry, threeSections = false } = change;
    const rollOver = from.baseDate !== to.baseDate;
    const sections = referenceSections({
      newDecoderKey: to.decoderKey,
      keyExpiry,
      keyRevision: to.keyRevision,
      keyType: to.keyType as 1,
      tariffIndex: to.tariffIndex,
      supplyGroupCode: to.supplyGroupCode,
      rollOver,
      threeSections,
    });
    const tokens = sections.map((section) => ({
      block: referenceBlock(section),
      tokenNo: referenceEncode(section, from.decoderKey),
    }));
    return {
      comment,
      flags: rollOver ? [...flags, 'RollOver'] : flags,
      from,
      to,
      keyExpiry,
      rollOver,
      threeSections,
      tokens,
      result: 'valid' as const,
    };
  };
  const every = { keyRevision: 9, keyType: 1, tariffIndex: 99, supplyGroupCode: '999999' };
  const least = { keyRevision: 1, tariffIndex: 0, supplyGroupCode: '000000' };
  const ea11 = { encryptionAlgorithm: 11 };
  return {
    algorithm: 'Key-change sets with attributes that no official set has',
    schema: 'key-change',
    notes: {
      Attributes:
        'fields at values where a mistake shows: KEN in two unequal halves, TI above 9 in binary, large SGC',
      SameKey: 'KEN alone is new: the decoder key is the same, and the set is one all the same',
      ToDkga04: 'from a DES vending key to a 160-bit one, as meters changed in 2024',
      CommonKey: 'to a common key (KT 3), which DKGA02 alone makes here (sts.md 6.1, one source)',
      RollOver: 'the base date moves on',
    },
    groups: [
      {
        clause: 'sts.md 7.1',
        source: OURS,
        tests: [
          set('every attribute new, three sections', ['Attributes'], {
            to: { ...every, baseDate: '35' },
            keyExpiry: 0xa5,
            threeSections: true,
          }),
          set('every attribute new, two sections', ['Attributes'], { to: every, keyExpiry: 0x5a }),
          set('every attribute new, EA11', ['Attributes'], {
            from: ea11,
            to: { ...every, baseDate: '35' },
            keyExpiry: 0xa5,
          }),
          set('the least of every attribute', ['Attributes'], {
            to: least,
            keyExpiry: 0,
            threeSections: true,
          }),
          set('the least of every attribute, EA11', ['Attributes'], { from: ea11, to: least, keyExpiry: 0 }),
          set('SGC 004096: low half zero', ['Attributes'], {
            from: ea11,
            to: { supplyGroupCode: '004096' },
            keyExpiry: 255,
          }),
          set('KEN alone', ['SameKey'], { to: {}, keyExpiry: 170 }),
          set('KEN alone, EA11', ['SameKey'], { from: ea11, to: {}, keyExpiry: 170 }),
          ...[false, true].map((threeSections) =>
            set(`base 1993 to 2014, ${threeSections ? 'three' : 'two'} sections`, ['ToDkga04'], {
              from: { ...BY_DES, baseDate: '93' },
              to: { ...FROM, keyRevision: 2 },
              keyExpiry: 255,
              threeSections,
            }),
          ),
          set('base 1993 to 2035', ['Attributes'], {
            from: { baseDate: '93' },
            to: { baseDate: '35' },
            keyExpiry: 9,
          }),
          set('unique key to common key', ['CommonKey'], {
            from: BY_DES,
            to: { keyType: 3, keyRevision: 2 },
            keyExpiry: 255,
          }),
        ],
      },
    ],
  };
}

type RefusalTest = Omit<VectorTest<'key-change-refusal'>, 'tcId'>;
type Asked = RefusalTest['from'];

function keyChangeRefusals(): VectorFile<'key-change-refusal'> {
  const refuse = (
    comment: string,
    flag: string,
    [fault, argument]: readonly [fault: string, argument: string],
    change: {
      from?: Partial<Asked>;
      to?: Partial<Asked>;
      keyExpiry?: number | string;
      threeSections?: boolean;
    },
  ): RefusalTest => ({
    comment,
    flags: [flag],
    from: { ...FROM, ...change.from },
    to: { ...FROM, tariffIndex: 2, ...change.from, ...change.to },
    keyExpiry: change.keyExpiry ?? 255,
    threeSections: change.threeSections ?? false,
    fault,
    argument,
    result: 'invalid',
  });
  const outside = (field: keyof Asked | 'keyExpiry', values: readonly (number | string)[]): RefusalTest[] =>
    values.map((value) => {
      const fault = typeof value === 'string' ? 'TypeError' : 'RangeError';
      const change = field === 'keyExpiry' ? { keyExpiry: value } : { to: { [field]: value } };
      return refuse(`${field} ${JSON.stringify(value)}`, 'Range', [fault, field], change);
    });
  const unsupported = ['algorithm_not_supported', 'decoderKeyAlgorithm'] as const;
  const tests = [
    refuse('EA07 to EA11', 'Algorithm', ['algorithm_not_supported', 'encryptionAlgorithm'], {
      to: { encryptionAlgorithm: 11 },
    }),
    refuse('EA11 to EA07', 'Algorithm', ['algorithm_not_supported', 'encryptionAlgorithm'], {
      from: { encryptionAlgorithm: 11 },
      to: { encryptionAlgorithm: 7 },
    }),
    refuse('to another meter', 'Meter', ['RangeError', 'meterPan'], {
      to: { meterPan: '600727111111111153' },
    }),
    ...(
      [
        ['14', '93'],
        ['35', '14'],
        ['35', '93'],
      ] as const
    ).map(([from, to]) =>
      refuse(`base ${from} to ${to}`, 'BaseDate', ['RangeError', 'baseDate'], {
        from: { baseDate: from },
        to: { baseDate: to },
      }),
    ),
    refuse('to a base date that does not exist', 'BaseDate', ['RangeError', 'baseDate'], {
      to: { baseDate: '56' },
    }),
    refuse('three sections for EA11', 'Sections', ['RangeError', 'threeSections'], {
      from: { encryptionAlgorithm: 11 },
      threeSections: true,
    }),
    refuse('to DKGA01', 'NoVector', unsupported, { to: { ...BY_DES, decoderKeyAlgorithm: 1 } }),
    refuse('to DKGA03', 'NoVector', unsupported, { to: { decoderKeyAlgorithm: 3 } }),
    refuse('from DKGA01', 'NoVector', unsupported, {
      from: { ...BY_DES, decoderKeyAlgorithm: 1 },
      to: { decoderKeyAlgorithm: 4, vendingKey: VENDING_KEYS[4] },
    }),
    refuse('EA09', 'NoVector', ['algorithm_not_supported', 'encryptionAlgorithm'], {
      from: { encryptionAlgorithm: 9 },
    }),
    refuse('DKGA02 with EA11', 'NoVector', unsupported, {
      from: { ...BY_DES, encryptionAlgorithm: 11 },
    }),
    refuse('to a common key under DKGA04', 'NoVector', ['key_type_not_supported', 'keyType'], {
      to: { keyType: 3 },
    }),
    refuse('to an initial key', 'NoVector', ['key_type_not_supported', 'keyType'], {
      to: { keyType: 0 },
    }),
    ...outside('keyExpiry', [-1, 256, 0.5, '255']),
    ...outside('keyRevision', [0, 10, -1, 1.5, '1']),
    ...outside('keyType', [4, -1, '2']),
    ...outside('tariffIndex', [100, -1, 0.5, '01']),
    ...['20145', '2014570', '20145A', '', 201_457].map((supplyGroupCode) =>
      refuse(
        `SGC ${JSON.stringify(supplyGroupCode)}`,
        'Range',
        ['supply_group_malformed', 'supplyGroupCode'],
        {
          to: { supplyGroupCode },
        },
      ),
    ),
    ...['', 'ab', VENDING_KEYS[2], `${VENDING_KEYS[4]}00`].map((vendingKey) =>
      refuse(`a new vending key of ${vendingKey.length / 2} bytes`, 'Range', ['RangeError', 'vendingKey'], {
        to: { vendingKey },
      }),
    ),
  ];
  return {
    algorithm: 'Key changes that must be refused',
    schema: 'key-change-refusal',
    notes: {
      Algorithm: 'a meter keeps its encryption algorithm: no source tells of another way (open question A18)',
      Meter: 'two keys of two meters are no change of one',
      BaseDate: 'a base date never moves back',
      Sections: 'the third section without a key part is for 64-bit keys alone',
      NoVector: 'no public vector proves the algorithm or key type of one side: refused by name',
      Range: 'an attribute outside its range or of another kind',
    },
    groups: groupedByClause(tests, ({ flags, from, to, fault, argument }) => {
      if (flags.includes('BaseDate')) return 'sts.md 10';
      return flags.includes('NoVector') || flags.includes('Range')
        ? clauseOfRefusedKey({ ...(from.decoderKeyAlgorithm === 1 ? from : to), fault, argument })
        : 'sts.md 7.1';
    }).map(([clause, grouped]) => ({ clause, source: OURS, tests: grouped })),
  };
}
