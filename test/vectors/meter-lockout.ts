/** How a meter slows guessing. No public text fixes it: all of this stands on open question A10. */
import { referenceSections } from '../reference/token.ts';
import { accept, answer, atBoth, atOne, type HandStep, type MeterTest, tokensUnder } from './meter-steps.ts';

const TEST_1 = '00000000000150997584';
const WRONG_TEST_1 = '00000000000150997585';

export function lockoutTests(): MeterTest[] {
  const stories = [
    ...atBoth('the third wrong token in a row bars entry for 10 s', {}, (t) => [
      wrong(t.key, 1, 0, 0),
      wrong(t.key, 2, 1, 0),
      wrong(t.key, 3, 2, 12),
      answer('Lockout', t.kwh(1_000), { at: 3, state: { lockedUntil: 12 } }),
      accept(TEST_1, { at: 4, state: { lockedUntil: 12 }, comment: 'class 1 works, and ends nothing' }),
      answer('Lockout', wrongToken(t.key, 4), { at: 5, comment: 'not even decrypted, and not counted' }),
      answer('Lockout', 'abcdefghijklmnopqrst', { at: 6 }),
      answer('Lockout', t.raw(3, 0, 0n), { at: 7, comment: 'class 3' }),
      answer('Lockout', t.kwh(1_000), { at: 11, state: { lockedUntil: 12 } }),
      accept(t.kwh(1_000), { at: 12, credit: { electricity: '1' }, state: { lockedUntil: 0 } }),
      wrong(t.key, 5, 13, 0),
      wrong(t.key, 6, 14, 0),
      wrong(t.key, 7, 15, 25),
    ]),
    ...atBoth('the wait doubles with each further failure, up to 1280 s', {}, (t) => {
      const ends = [10, 30, 70, 150, 310, 630, 1_270, 2_550, 3_830, 5_110];
      return [
        wrong(t.key, 1, 0, 0),
        wrong(t.key, 2, 0, 0),
        ...ends.map((end, i) => wrong(t.key, 3 + i, i === 0 ? 0 : ends[i - 1]!, end)),
        answer('Lockout', t.kwh(1_000), { at: 5_109, state: { lockedUntil: 5_110 } }),
        accept(t.kwh(1_000), { at: 5_110, credit: { electricity: '1' } }),
        wrong(t.key, 20, 5_111, 0),
      ];
    }),
    atOne('what only validation refuses neither counts nor ends the count', {}, (t) => [
      accept(t.kwh(1_000), { at: 0, credit: { electricity: '1' } }),
      wrong(t.key, 1, 1, 0),
      answer('UsedError', t.kwh(1_000), { at: 2, state: { lockedUntil: 0 } }),
      wrong(t.key, 2, 3, 0),
      answer('UsedError', t.kwh(1_000), { at: 4, state: { lockedUntil: 0 } }),
      answer('RangeError', t.clear(1_001, 9), { at: 5, assumes: ['B6'] }),
      answer('FunctionError', t.raw(0, 9, 0n), { at: 6, assumes: ['A13'] }),
      wrong(t.key, 3, 7, 17),
    ]),
    atOne('another manufacturer’s test token does not count', {}, (t) => [
      ...[0, 1, 2, 3].map((at) =>
        answer('MfrCodeError', t.raw(1, 0, (1n << 8n) | 12n), { at, state: { lockedUntil: 0 } }),
      ),
      accept(t.kwh(1_000), { at: 4, credit: { electricity: '1' } }),
    ]),
    atOne('a class 1 token ends no count, and a wrong one counts, even while entry is barred', {}, (t) => [
      wrong(t.key, 1, 0, 0),
      accept(TEST_1, { at: 1 }),
      wrong(t.key, 2, 2, 0),
      answer('CRCError', WRONG_TEST_1, { at: 3, state: { lockedUntil: 13 } }),
      answer('CRCError', WRONG_TEST_1, { at: 5, state: { lockedUntil: 25 } }),
      answer('Lockout', t.kwh(1_000), { at: 24 }),
      accept(t.kwh(1_000), { at: 25, credit: { electricity: '1' } }),
    ]),
    atOne('what is no token number counts', {}, (t) => [
      answer('CRCError', '', { at: 0 }),
      answer('CRCError', '7063050347002872611', { at: 0 }),
      answer('CRCError', '73786976294838206464', { at: 0, state: { lockedUntil: 10 } }),
      answer('Lockout', t.kwh(1_000), { at: 1 }),
    ]),
    atOne('a section of a key change ends the count, and a barred one is as if not keyed', {}, (t) => {
      const [first, second] = keyChange(t.key);
      return [
        answer('1stKCT', first, { at: 0 }),
        wrong(t.key, 1, 1, 0),
        wrong(t.key, 2, 2, 0),
        answer('1stKCT', first, { at: 3 }),
        wrong(t.key, 3, 4, 0),
        wrong(t.key, 4, 5, 0),
        wrong(t.key, 5, 6, 16),
        answer('Lockout', second, { at: 7, state: { keyChangeSections: 1 } }),
        accept(second, { at: 16, state: { lockedUntil: 0, keyChangeSections: 0 } }),
      ];
    }),
    atOne('a partial key change runs out behind the bar', {}, (t) => {
      const [first, second] = keyChange(t.key);
      const ends = [11, 31, 71, 151, 311, 631];
      return [
        answer('1stKCT', first, { at: 0 }),
        wrong(t.key, 1, 1, 0),
        wrong(t.key, 2, 1, 0),
        ...ends.map((end, i) => wrong(t.key, 3 + i, i === 0 ? 1 : ends[i - 1]!, end)),
        answer('Lockout', second, { at: 601, state: { keyChangeSections: 0 }, assumes: ['A7'] }),
        answer('2ndKCT', second, { at: 631, state: { keyChangeSections: 1 }, assumes: ['A7'] }),
      ];
    }),
  ];
  // The first two failures too are free by that question's default alone.
  return stories.map((test) => ({
    ...test,
    flags: [...new Set([...test.flags, 'A10'])].sort(),
    steps: test.steps.map((step) => ({ ...step, assumes: [...new Set([...(step.assumes ?? []), 'A10'])] })),
  }));
}

/** Digits under another key, whose CRC does not fit under the meter's. */
function wrongToken(key: string, tid: number): string {
  return tokensUnder([...key].reverse().join('')).kwh(tid);
}

function wrong(key: string, tid: number, at: number, lockedUntil: number): HandStep {
  return answer('CRCError', wrongToken(key, tid), { at, state: { lockedUntil } });
}

function keyChange(key: string): [string, string] {
  const sections = referenceSections({
    newDecoderKey: '9dc0722c29a6cc0c',
    keyExpiry: 255,
    keyRevision: 2,
    keyType: 2,
    tariffIndex: 1,
    supplyGroupCode: '123457',
    rollOver: false,
    threeSections: false,
  });
  const [first, second] = sections.map((section) => tokensUnder(key).make(section));
  return [first!, second!];
}
