/** Sections at a meter that contradict each other, come late, or are not allowed. */
import { type Change, digitsOf, KEYS, STORED } from './meter-key-change.ts';
import {
  type Assumption,
  accept,
  answer,
  atBoth,
  atOne,
  type HandStep,
  type MeterTest,
  MISTY1_METER,
  meterTest,
  tokensUnder,
} from './meter-steps.ts';

/** Sections told twice, mixed with other tokens, contradicting each other, or late. */
export function assemblyTests(): MeterTest[] {
  const two = (t: { key: string }, key: string, more: Partial<Change> = {}) =>
    digitsOf(t.key, { newDecoderKey: key, ...more }) as [string, string, string, string];
  const [keyA, keyB] = [KEYS[7]['14'], KEYS[7]['35']];
  const [longA, longB] = [KEYS[11]['14'], KEYS[11]['35']];
  const atEa11 = (comment: string, steps: readonly HandStep[]) => meterTest(comment, MISTY1_METER, [], steps);
  const a = two({ key: MISTY1_METER.decoderKey }, longA);
  const b = two({ key: MISTY1_METER.decoderKey }, longB);
  return [
    atOne('a section keyed twice counts once', {}, (t) => {
      const [first, second] = two(t, keyA);
      return [
        answer('1stKCT', first, { at: 0, state: { keyChangeSections: 1 } }),
        answer('1stKCT', first, { state: { keyChangeSections: 1 } }),
        accept(second, { assumes: ['A14'] }),
        accept(tokensUnder(keyA).kwh(1_000), { credit: { electricity: '1' } }),
      ];
    }),
    atEa11('sections keyed twice count once, EA11', [
      answer('3rdKCT', a[2], { at: 0, state: { keyChangeSections: 1 } }),
      answer('3rdKCT', a[2], { state: { keyChangeSections: 1 } }),
      answer('1stKCT', a[0], { state: { keyChangeSections: 2 } }),
      answer('4thKCT', a[3], { state: { keyChangeSections: 3 } }),
      answer('4thKCT', a[3], { state: { keyChangeSections: 3 } }),
      accept(a[1], { state: { keyChangeSections: 0, supplyGroupCode: '123457' } }),
      accept(tokensUnder(longA).kwh(1_000), { credit: { electricity: '1' } }),
    ]),
    atOne('other tokens between the sections', {}, (t) => {
      const [first, second] = two(t, keyA);
      return [
        answer('1stKCT', first, { at: 0 }),
        accept(t.kwh(1_000), { credit: { electricity: '1' }, state: { keyChangeSections: 1 } }),
        answer('UsedError', t.kwh(1_000), { state: { keyChangeSections: 1 } }),
        accept('00000000000150997584', { state: { keyChangeSections: 1 }, assumes: ['A15'] }),
        answer('CRCError', '00000000000150997585', { state: { keyChangeSections: 1 } }),
        accept(second, { assumes: ['A14'] }),
        answer('CRCError', t.kwh(1_001)),
      ];
    }),
    atOne('a first section of another set discards the stored one', {}, (t) => {
      const [first] = two(t, keyA);
      const [other, otherSecond] = two(t, keyB);
      return [
        answer('1stKCT', first, { at: 0 }),
        answer('1stKCT', other, { state: { keyChangeSections: 1 }, assumes: ['A8'] }),
        accept(otherSecond, { assumes: ['A8', 'A14'] }),
        answer('CRCError', tokensUnder(keyA).kwh(1_000), { assumes: ['A8'] }),
        accept(tokensUnder(keyB).kwh(1_000), { credit: { electricity: '1' }, assumes: ['A8'] }),
      ];
    }),
    atEa11('a section of another set discards all stored ones, EA11', [
      answer('1stKCT', a[0], { at: 0 }),
      answer('2ndKCT', a[1], { state: { keyChangeSections: 2 } }),
      answer('3rdKCT', a[2], { state: { keyChangeSections: 3 } }),
      answer('3rdKCT', b[2], { state: { keyChangeSections: 1 }, assumes: ['A8'] }),
      answer('4thKCT', b[3], { state: { keyChangeSections: 2 }, assumes: ['A8'] }),
      answer('2ndKCT', b[1], { state: { keyChangeSections: 3 }, assumes: ['A8'] }),
      accept(b[0], { assumes: ['A8'] }),
      accept(tokensUnder(longB).kwh(1_000), { credit: { electricity: '1' }, assumes: ['A8'] }),
    ]),
    atOne('the same set again with another expiry is another set', {}, (t) => {
      const [first] = two(t, keyA);
      const [other, second] = two(t, keyA, { keyExpiry: 20 });
      return [
        answer('1stKCT', first, { at: 0 }),
        answer('1stKCT', other, { state: { keyChangeSections: 1 }, assumes: ['A8'] }),
        accept(second, { state: { keyExpiry: 20 }, assumes: ['A8', 'A14'] }),
      ];
    }),
    atOne('a third section that the first does not announce is not of its set', {}, (t) => {
      const [first, second] = two(t, keyA);
      const third = two(t, keyB, { threeSections: true })[2];
      return [
        answer('3rdKCT', third, { at: 0 }),
        answer('1stKCT', first, { state: { keyChangeSections: 2 } }),
        accept(second, { state: { supplyGroupCode: '000000' }, assumes: ['A8', 'A14'] }),
        accept(tokensUnder(keyA).kwh(1_000), { credit: { electricity: '1' } }),
      ];
    }),
    atOne('a third section of another group discards the stored ones', {}, (t) => {
      const [first, second, third] = two(t, keyA, { threeSections: true });
      const other = two(t, keyA, { threeSections: true, supplyGroupCode: '999999' })[2];
      return [
        answer('1stKCT', first, { at: 0 }),
        answer('3rdKCT', other, { state: { keyChangeSections: 2 } }),
        answer('3rdKCT', third, { state: { keyChangeSections: 1 }, assumes: ['A8'] }),
        answer('1stKCT', first, { state: { keyChangeSections: 2 }, assumes: ['A8'] }),
        accept(second, { state: { supplyGroupCode: '123457' }, assumes: ['A8'] }),
      ];
    }),
  ];
}

export function timeoutTests(): MeterTest[] {
  const set = (key: string) =>
    digitsOf(key, { newDecoderKey: KEYS[key.length === 16 ? 7 : 11]['14'] }) as [
      string,
      string,
      string,
      string,
    ];
  return [
    atOne('the next section comes just in time', {}, (t) => [
      answer('1stKCT', set(t.key)[0], { at: 100 }),
      accept(set(t.key)[1], { at: 700, assumes: ['A7', 'A14'] }),
    ]),
    atOne('the next section comes a second late', {}, (t) => [
      answer('1stKCT', set(t.key)[0], { at: 100 }),
      answer('2ndKCT', set(t.key)[1], { at: 701, state: { keyChangeSections: 1 }, assumes: ['A7'] }),
      accept(set(t.key)[0], { at: 1_301, assumes: ['A7', 'A14'], comment: 'now the second one waits' }),
    ]),
    meterTest(
      'each section starts the time anew, EA11',
      MISTY1_METER,
      [],
      [
        ...[3, 2, 1].map((number, i) =>
          answer(STORED[number]!, set(MISTY1_METER.decoderKey)[number]!, { at: 600 * i, assumes: ['A7'] }),
        ),
        accept(set(MISTY1_METER.decoderKey)[0], { at: 1_800, assumes: ['A7'] }),
      ],
    ),
    meterTest(
      'the last section comes a second late, EA11',
      MISTY1_METER,
      [],
      [
        ...[0, 1, 2].map((number, i) =>
          answer(STORED[number]!, set(MISTY1_METER.decoderKey)[number]!, { at: i }),
        ),
        answer('4thKCT', set(MISTY1_METER.decoderKey)[3], {
          at: 603,
          state: { keyChangeSections: 1 },
          assumes: ['A7'],
        }),
        accept(tokensUnder(MISTY1_METER.decoderKey).kwh(1_000), {
          credit: { electricity: '1' },
          comment: 'the old key holds',
          assumes: ['A7'],
        }),
      ],
    ),
    atOne('what runs out shows in the state', {}, (t) => [
      answer('1stKCT', set(t.key)[0], { at: 0, state: { keyChangeSections: 1 } }),
      accept(t.kwh(1_000), {
        at: 600,
        credit: { electricity: '1' },
        state: { keyChangeSections: 1 },
        assumes: ['A7'],
      }),
      accept(t.kwh(1_001), {
        at: 601,
        credit: { electricity: '2' },
        state: { keyChangeSections: 0 },
        assumes: ['A7'],
      }),
    ]),
  ];
}

const KEY_TYPE_NAMES = ['DITK', 'DDTK', 'DUTK', 'DCTK'] as const;
/** sts.md 6.6, at a meter with a keypad: rows from, columns to. */
const ALLOWED = [
  [true, true, true, false],
  [false, true, true, false],
  [false, true, true, false],
  [false, true, true, false],
] as const;

export function keyTypeTests(): MeterTest[] {
  const key = KEYS[7]['14'];
  const types = [0, 1, 2, 3] as const;
  return types.flatMap((from) =>
    types.map((to) =>
      atOne(`key type from ${KEY_TYPE_NAMES[from]} to ${KEY_TYPE_NAMES[to]}`, { keyType: from }, (t) => {
        const [first, second] = digitsOf(t.key, { newDecoderKey: key, keyType: to }) as [string, string];
        const tried = tokensUnder(key).kwh(1_000);
        if (!ALLOWED[from][to]) {
          return [
            answer('KeyTypeError', first, {
              state: { keyType: from, keyChangeSections: 0 },
              assumes: ['A3'],
            }),
            answer('2ndKCT', second, { state: { keyType: from }, assumes: ['A3'] }),
          ];
        }
        // From DDTK the step to DUTK is the one that the owner of the standard tells of.
        const assumes: Assumption[] = from === 1 && to === 2 ? [] : ['A3'];
        return [
          answer('1stKCT', first, { assumes }),
          accept(second, { state: { keyType: to }, assumes: [...assumes, 'A14'] }),
          to === 2
            ? accept(tried, { credit: { electricity: '1' }, clause: 'sts.md 8.1', assumes })
            : answer('DDTKError', tried, {
                clause: 'sts.md 8.1',
                assumes: to === 0 ? [...assumes, 'A4'] : assumes,
              }),
        ];
      }),
    ),
  );
}

export function badSectionTests(): MeterTest[] {
  const key = KEYS[7]['14'];
  return [
    ...atBoth('a key revision number of 0 or above 9', {}, (t) => {
      const first = (keyRevision: number) =>
        t.make({
          kind: 'keyChangeSection1',
          keyExpiryHigh: 15,
          keyRevision,
          rollOver: false,
          threeSections: false,
          keyType: 2,
          keyPart: 1,
        });
      return [
        answer('RangeError', first(0), { state: { keyChangeSections: 0 }, assumes: ['B10'] }),
        answer('RangeError', first(10), { assumes: ['B10'] }),
        answer('RangeError', first(15), { assumes: ['B10'] }),
        answer('1stKCT', first(9), { state: { keyChangeSections: 1 } }),
      ];
    }),
    ...atBoth('a tariff index above 99', {}, (t) => {
      // KENLO F, TI, 32 bits of the key.
      const second = (tariffIndex: bigint) => t.raw(2, 4, (15n << 40n) | (tariffIndex << 32n) | 1n);
      return [
        answer('FormatError', second(100n), { state: { keyChangeSections: 0 } }),
        answer('FormatError', second(0xffn)),
        answer('2ndKCT', second(99n), { state: { keyChangeSections: 1 } }),
      ];
    }),
    atOne('a third section that is not built as specified', {}, (t) => [
      answer('FormatError', t.raw(2, 8, 1_000_000n << 20n), { comment: 'a group of seven digits' }),
      answer('FormatError', t.raw(2, 8, (123_457n << 20n) | 1n), { comment: 'its last 20 bits must be 0' }),
      answer('3rdKCT', t.raw(2, 8, 123_457n << 20n), { state: { keyChangeSections: 1 }, assumes: ['A14'] }),
    ]),
    fourSections('a set of four that says 3KCT = 1', (t) => [
      answer('FormatError', t.first(true), { at: 0, state: { keyChangeSections: 0 } }),
      answer('1stKCT', t.first(false), { state: { keyChangeSections: 1 } }),
    ]),
    fourSections('a set of four whose halves make a group of seven digits', (t) => [
      answer('1stKCT', t.first(false), { at: 0 }),
      answer('2ndKCT', t.second),
      answer('4thKCT', t.fourth(0xf4), { state: { keyChangeSections: 3 }, comment: 'F4000 and more' }),
      answer('FormatError', t.third(0x240), { state: { keyChangeSections: 3 }, comment: '1000000' }),
      accept(t.third(0x23f), { state: { supplyGroupCode: '999999' }, comment: '999999' }),
    ]),
    atOne('a fourth section at a meter with a 64-bit key', {}, (t) => [
      answer('FunctionError', t.raw(2, 9, 1n), { state: { keyChangeSections: 0 } }),
    ]),
    atOne('a refused section leaves the stored ones alone', {}, (t) => {
      const [first, second] = digitsOf(t.key, { newDecoderKey: key }) as [string, string];
      const [common] = digitsOf(t.key, { newDecoderKey: key, keyType: 3 }) as [string];
      return [
        answer('2ndKCT', second, { at: 0 }),
        answer('KeyTypeError', common, { state: { keyChangeSections: 1 }, assumes: ['A3', 'A8'] }),
        accept(first, { assumes: ['A8', 'A14'] }),
        accept(tokensUnder(key).kwh(1_000), { credit: { electricity: '1' }, assumes: ['A8'] }),
      ];
    }),
  ];
}

/** At an EA11 meter, with single sections of one new key. */
function fourSections(
  comment: string,
  story: (sections: {
    first: (threeSections: boolean) => string;
    second: string;
    third: (supplyGroupLow: number) => string;
    fourth: (supplyGroupHigh: number) => string;
  }) => readonly HandStep[],
): MeterTest {
  const { make } = tokensUnder(MISTY1_METER.decoderKey);
  const keyPart = 0x1234_5678;
  const fields = { keyExpiryHigh: 15, keyRevision: 2, rollOver: false, keyType: 2, keyPart } as const;
  const steps = story({
    first: (threeSections) => make({ kind: 'keyChangeSection1', ...fields, threeSections }),
    second: make({ kind: 'keyChangeSection2', keyExpiryLow: 15, tariffIndex: 1, keyPart }),
    third: (supplyGroupLow) => make({ kind: 'keyChangeSection3Of4', supplyGroupLow, keyPart }),
    fourth: (supplyGroupHigh) => make({ kind: 'keyChangeSection4', supplyGroupHigh, keyPart }),
  });
  return meterTest(comment, MISTY1_METER, [], steps);
}
