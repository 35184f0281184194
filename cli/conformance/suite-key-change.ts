/** Cases for key-change sets (sts.md 7.1): whole sets from vending keys, single sections, and what must be refused. */
import { type Case, type Check, member, refusalCodes } from './expectations.ts';
import { decoderKeyFields } from './suite-keys.ts';
import { blockChecks } from './suite-tokens.ts';
import { type KeyChangeRefusalTest, type KeyChangeTest, testsOf } from './vector-files.ts';

const CLAUSE = 'sts.md 7.1';
const SUBCLASSES = [3, 4, 8, 9] as const;

export function keyChangeCases(): Case[] {
  const sets = (['key-change', 'key-change-rules'] as const).flatMap((name) => testsOf<KeyChangeTest>(name));
  return sets.flatMap(({ file, trust, test }) => {
    const common = { file, clause: CLAUSE, trust };
    const set: Case = {
      ...common,
      id: `${file}/${test.tcId}/keyChange`,
      title: `${test.comment}, EA${String(test.from.encryptionAlgorithm).padStart(2, '0')}, ${test.tokens.length} tokens`,
      steps: [
        {
          op: 'keyChange',
          fields: () => ({
            from: decoderKeyFields(test.from),
            to: decoderKeyFields(test.to),
            keyExpiry: test.keyExpiry,
            threeSections: test.threeSections,
          }),
          expect: setChecks(test),
        },
      ],
    };
    return [set, ...test.tokens.map((_, index) => sectionCase(common, test, index))];
  });
}

function setChecks({ tokens }: KeyChangeTest): Check[] {
  return [
    {
      clause: CLAUSE,
      what: 'number of tokens',
      expected: tokens.length,
      read: ({ tokens: list }) => (Array.isArray(list) ? list.length : undefined),
    },
    ...tokens.flatMap(({ block, tokenNo }, index) => [
      ...blockChecks(2, block, `tokens.${index}.block`),
      {
        ...member(CLAUSE, `tokens.${index}.tokenNo`, tokenNo),
        what: `tokens.${index}.tokenNo, under the old key`,
      },
    ]),
  ];
}

function sectionCase(
  common: Pick<Case, 'file' | 'clause' | 'trust'>,
  test: KeyChangeTest,
  index: number,
): Case {
  const { from, to, tokens } = test;
  const expected = tokens[index];
  const subclass = SUBCLASSES[index] ?? 3;
  return {
    ...common,
    id: `${common.file}/${test.tcId}/encode-${index + 1}`,
    title: `${test.comment}, section ${index + 1}`,
    steps: [
      {
        op: 'encode',
        fields: () => ({
          encryptionAlgorithm: from.encryptionAlgorithm,
          decoderKey: from.decoderKey,
          class: 2,
          subclass,
          newDecoderKey: to.decoderKey,
          keyExpiry: test.keyExpiry,
          keyRevision: to.keyRevision,
          keyType: to.keyType,
          tariffIndex: to.tariffIndex,
          supplyGroupCode: to.supplyGroupCode,
          rollOver: test.rollOver,
          threeSections: test.threeSections,
        }),
        expect: [
          ...blockChecks(2, expected?.block ?? ''),
          { ...member(CLAUSE, 'tokenNo', expected?.tokenNo), what: 'tokenNo, under the old key' },
        ],
      },
    ],
  };
}

/** Changes that must be refused; which of two keys is at fault, and how, the vector says. */
export function keyChangeRefusalCases(): Case[] {
  return testsOf<KeyChangeRefusalTest>('key-change-refusal').map(({ file, clause, trust, test }) => ({
    id: `${file}/${test.tcId}/keyChange`,
    file,
    title: test.comment,
    clause,
    trust,
    steps: [
      {
        op: 'keyChange',
        fields: () => ({
          from: decoderKeyFields(test.from),
          to: decoderKeyFields(test.to),
          keyExpiry: test.keyExpiry,
          threeSections: test.threeSections,
        }),
        // An algorithm that no public vector covers may be built elsewhere and be right.
        expect: { clause, codes: refusalCodes(test), mayAnswer: test.flags.includes('NoVector') },
      },
    ],
  }));
}
