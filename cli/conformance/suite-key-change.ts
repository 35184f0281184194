/** Cases for key-change sets (sts.md 7.1): whole sets from vending keys, single sections, and what must be refused. */
import { type Case, type Check, digits, member } from './expectations.ts';
import { decoderKeyFields } from './suite-keys.ts';
import { blockChecks, TEST_KEY } from './suite-tokens.ts';
import { type KeyChangeTest, testsOf } from './vector-files.ts';

const CLAUSE = 'sts.md 7.1';
const SUBCLASSES = [3, 4, 8, 9] as const;

export function keyChangeCases(): Case[] {
  return testsOf<KeyChangeTest>('key-change').flatMap(({ file, trust, test }) => {
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

/** Fields that the official sets leave at values where a mistake does not show. */
export function keyChangeRuleCases(): Case[] {
  const change = {
    ...TEST_KEY,
    class: 2,
    newDecoderKey: '7f78cdd220be39b8',
    keyExpiry: 0xa5,
    keyRevision: 9,
    keyType: 1,
    tariffIndex: 99,
    supplyGroupCode: '999999',
    rollOver: true,
    threeSections: true,
  };
  // By the table of sts.md 7.1: KENHO A, KRN 9, RO 1, 3KCT 1, KT 1; KENLO 5, TI 99 in binary; SGC 999999 in binary.
  const rows = [
    [3, '3a9d7f78cdd2', 'KEN, KRN, RO, 3KCT and KT'],
    [4, '456320be39b8', 'KEN and TI 99, in binary'],
    [8, '80f423f00000', 'SGC 999999, in binary'],
  ] as const;
  const made = rows.map(
    ([subclass, block, title]): Case => ({
      id: `rules/section-${subclass}/encode`,
      file: 'rules',
      title,
      clause: CLAUSE,
      trust: 'ours-alone',
      steps: [
        {
          op: 'encode',
          fields: () => ({ ...change, subclass }),
          expect: [digits(CLAUSE, 'fields of the section', 'block', 0, 12, block)],
        },
      ],
    }),
  );
  const refused = (
    [
      ['TI 100', { subclass: 4, tariffIndex: 100 }],
      ['KEN 256', { subclass: 3, keyExpiry: 256 }],
      ['KT 4', { subclass: 3, keyType: 4 }],
    ] as const
  ).map(
    ([title, fields], index): Case => ({
      id: `rules/section-refused-${index + 1}/encode`,
      file: 'rules',
      title: `${title} is refused`,
      clause: 'sts.md 1.2',
      trust: 'ours-alone',
      steps: [
        {
          op: 'encode',
          fields: () => ({ ...change, ...fields }),
          expect: { clause: 'sts.md 1.2', codes: ['request_malformed'] },
        },
      ],
    }),
  );
  return [...made, ...refused];
}
