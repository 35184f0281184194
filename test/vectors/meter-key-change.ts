/** Key changes at a meter: every shape, every order, contradictions, time, and what is left of the old key. */
import type { MeterSettings } from '../reference/meter.ts';
import { referenceEncode, referenceSections } from '../reference/token.ts';
import {
  type Assumption,
  accept,
  answer,
  atBoth,
  atOne,
  FULL,
  type HandStep,
  type MeterTest,
  MISTY1_METER,
  meterTest,
  STA_METER,
  tokensUnder,
} from './meter-steps.ts';
import { STS_531_1 } from './published.ts';

type OfficialSet = (typeof STS_531_1.keychange_ed2_2)[number];

export const STORED = ['1stKCT', '2ndKCT', '3rdKCT', '4thKCT'] as const;
const DAY = 86_400;

/** A meter as it stands before an official set. */
function before({ ea, old }: OfficialSet): MeterSettings {
  return {
    meterPan: old.pan,
    encryptionAlgorithm: ea,
    decoderKey: old.decoderKey.toLowerCase(),
    keyType: 2,
    keyRevision: old.krn,
    keyExpiry: 255,
    supplyGroupCode: old.sgc,
    tariffIndex: Number(old.ti),
    baseDate: old.bdt,
  };
}

/** What the meter knows of itself after an official set. */
function after(set: OfficialSet) {
  return {
    keyType: set.new.kt,
    keyRevision: set.new.krn,
    keyExpiry: set.ken,
    supplyGroupCode: set.tokens.length === 2 ? '000000' : set.new.sgc,
    tariffIndex: Number(set.new.ti),
    baseDate: set.new.bdt,
    keyChangeSections: 0,
  };
}

const groupIsLost = (set: OfficialSet): readonly Assumption[] => (set.tokens.length === 2 ? ['A14'] : []);

/** The sections in the order of `numbers`, from `at` a minute apart; the last completes the set. */
function sections(set: OfficialSet, numbers: readonly number[], at: number): HandStep[] {
  return numbers.map((number, position) => {
    const { token } = set.tokens[number]!;
    const comment = `section ${number + 1}`;
    if (position < numbers.length - 1) {
      const state = { keyChangeSections: position + 1 };
      return answer(STORED[number]!, token, { at: at + 60 * position, comment, state });
    }
    return accept(token, { at: at + 60 * position, comment, state: after(set), assumes: groupIsLost(set) });
  });
}

/** The official sets, with credit before and after. Digits are published, what the meter makes of them is not. */
export function officialSetTests(): MeterTest[] {
  return STS_531_1.keychange_ed2_2.flatMap((set) => {
    const meter = before(set);
    const oldKey = tokensUnder(meter.decoderKey);
    const newKey = tokensUnder(set.new.decoderKey.toLowerCase());
    const flags = set.ro === 1 ? ['PublishedSet', 'RollOver'] : ['PublishedSet'];
    const inOrder = set.tokens.map((_, number) => number);
    return [inOrder, [...inOrder].reverse()].map((numbers) =>
      meterTest(
        `${set.case}, EA${String(set.ea).padStart(2, '0')}, sections ${named(numbers)}`,
        meter,
        flags,
        [
          accept(oldKey.kwh(1_000), { at: 0, credit: { electricity: '1' } }),
          ...sections(set, numbers, 60),
          answer('CRCError', oldKey.kwh(2_000), { at: DAY, comment: 'bought under the old key' }),
          answer('CRCError', set.tokens[0]!.token, { at: 2 * DAY, comment: 'the set again' }),
          accept(newKey.kwh(2_000), { at: 3 * DAY, credit: { electricity: '2' } }),
          set.ro === 1
            ? accept(newKey.kwh(1_000), {
                at: 4 * DAY,
                credit: { electricity: '3' },
                comment: 'a new base date',
              })
            : answer('UsedError', newKey.kwh(1_000), { at: 4 * DAY, assumes: ['A9'] }),
        ],
      ),
    );
  });
}

const named = (numbers: readonly number[]) => numbers.map((number) => number + 1).join(' ');

const official = (name: string, ea: number) => {
  const found = STS_531_1.keychange_ed2_2.find((set) => set.case === name && set.ea === ea);
  if (found === undefined) throw new Error(`no official set ${name} for EA ${ea}`);
  return found;
};

/** All 2!, 3! and 4! orders of one set of each shape. */
export function orderTests(): MeterTest[] {
  return [official('CTSA05.1', 7), official('CTSA05.4', 7), official('CTSA05.1', 11)].flatMap((set) =>
    orders(set.tokens.map((_, number) => number)).map((numbers) =>
      meterTest(
        `${set.tokens.length} sections in the order ${named(numbers)}`,
        before(set),
        ['PublishedSet'],
        [
          ...sections(set, numbers, 0),
          accept(tokensUnder(set.new.decoderKey.toLowerCase()).kwh(2_000), { credit: { electricity: '1' } }),
        ],
      ),
    ),
  );
}

function orders(numbers: readonly number[]): number[][] {
  if (numbers.length === 0) return [[]];
  return numbers.flatMap((first) =>
    orders(numbers.filter((number) => number !== first)).map((rest) => [first, ...rest]),
  );
}

export type Change = Parameters<typeof referenceSections>[0];

/** A set of our own under a key: PUBLIC TEST KEYS, of meter P11 and group 123457 in the official list. */
export const KEYS = {
  7: { '93': 'aa4baa8749c10d27', '14': '9dc0722c29a6cc0c', '35': 'b08205e074afc5d6' },
  11: {
    '93': 'f94b6ed353c3bfdb113e2d3a7ea3c41d',
    '14': 'daa892189d08e738dfded73924c87f32',
    '35': '92666e9f0478a17770614c1c5fce9d46',
  },
} as const;

export function digitsOf(oldKey: string, change: Partial<Change> & { newDecoderKey: string }): string[] {
  const plain = {
    keyExpiry: 255,
    keyRevision: 2,
    keyType: 2,
    tariffIndex: 1,
    supplyGroupCode: '123457',
  } as const;
  return referenceSections({ ...plain, rollOver: false, threeSections: false, ...change }).map((section) =>
    referenceEncode(section, oldKey),
  );
}

/** The base date moves 1993, 2014, 2035, and there it stays. */
export function rollOverTests(): MeterTest[] {
  return [STA_METER, MISTY1_METER].flatMap((meter) => {
    const keys = KEYS[meter.encryptionAlgorithm];
    const last = meter.decoderKey;
    const shapes = meter.encryptionAlgorithm === 7 ? [false, true] : [false];
    return shapes.map((threeSections) => {
      const group = meter.encryptionAlgorithm === 7 && !threeSections ? '000000' : '123457';
      const change = (oldKey: string, newDecoderKey: string, keyRevision: number) =>
        digitsOf(oldKey, { newDecoderKey, keyRevision, rollOver: true, threeSections });
      const set = (
        tokenNos: string[],
        state: HandStep['state'],
        assumes: readonly Assumption[],
      ): HandStep[] =>
        tokenNos.map((tokenNo, i) =>
          i === tokenNos.length - 1
            ? accept(tokenNo, { state: { ...state, tidMemory: [], supplyGroupCode: group }, assumes })
            : answer(STORED[i]!, tokenNo, {}),
        );
      const name = `roll-over with ${meter.encryptionAlgorithm === 11 ? 4 : threeSections ? 3 : 2} sections`;
      const assumes: Assumption[] = group === '000000' ? ['A14'] : [];
      return meterTest(
        `${name}: base date 1993 to 2014 to 2035`,
        { ...meter, decoderKey: keys['93'], supplyGroupCode: '123457', baseDate: '93' },
        ['RollOver'],
        [
          accept(tokensUnder(keys['93']).kwh(1_000), { at: 0, credit: { electricity: '1' } }),
          accept(tokensUnder(keys['93']).kwh(0xff_ffff), { credit: { electricity: '2' } }),
          ...set(change(keys['93'], keys['14'], 2), { baseDate: '14', keyRevision: 2 }, assumes),
          answer('CRCError', tokensUnder(keys['93']).kwh(2_000), { comment: 'bought before the roll-over' }),
          accept(tokensUnder(keys['14']).kwh(1_000), { credit: { electricity: '3' } }),
          answer('UsedError', tokensUnder(keys['14']).kwh(1_000)),
          ...set(change(keys['14'], keys['35'], 3), { baseDate: '35', keyRevision: 3 }, assumes),
          accept(tokensUnder(keys['35']).kwh(1_000), { credit: { electricity: '4' } }),
          ...set(change(keys['35'], last, 4), { baseDate: '35', keyRevision: 4 }, [...assumes, 'A9']),
          accept(tokensUnder(last).kwh(1_000), { credit: { electricity: '5' }, assumes: ['A9'] }),
        ],
      );
    });
  });
}

export function keptStateTests(): MeterTest[] {
  const set = official('CTSA19.3', 7);
  const newKey = tokensUnder('ab3cc73a67364f14');
  return [
    ...atBoth('credit, limits and flags outlast a key change', {}, (t) => {
      const key = KEYS[t.key.length === 16 ? 7 : 11]['14'];
      const tokenNos = digitsOf(t.key, { newDecoderKey: key, rollOver: true });
      return [
        accept(t.kwh(1_000), { at: 0, credit: { electricity: '1' } }),
        accept(t.water(1_001), { credit: { water: '1' } }),
        accept(t.money(1_002, 'time', 1n), { credit: { currencyTime: '1.00004' } }),
        accept(t.power(1_003, 5_000), { state: { maximumPowerWatt: 5_000 } }),
        accept(t.make({ kind: 'setFlag', tidMinutes: 1_004, rnd: 5, flag: 1, isSet: true }), {
          assumes: ['B2'],
        }),
        ...tokenNos.slice(0, -1).map((tokenNo, i) => answer(STORED[i]!, tokenNo)),
        accept(tokenNos.at(-1)!, {
          state: { maximumPowerWatt: 5_000, flags: [1], tidMemory: [], baseDate: '35' },
        }),
        accept(tokensUnder(key).kwh(5), { credit: { electricity: '2' } }),
      ];
    }),
    ...atBoth('a roll-over empties a full memory', { tidMemory: FULL }, (t) => {
      const key = KEYS[t.key.length === 16 ? 7 : 11]['14'];
      const tokenNos = digitsOf(t.key, { newDecoderKey: key, rollOver: true });
      return [
        answer('OldError', t.kwh(5), { at: 0, assumes: ['A1'] }),
        ...tokenNos.slice(0, -1).map((tokenNo, i) => answer(STORED[i]!, tokenNo)),
        accept(tokenNos.at(-1)!, { state: { tidMemory: [], baseDate: '35' } }),
        accept(tokensUnder(key).kwh(5), { credit: { electricity: '1' } }),
        accept(tokensUnder(key).kwh(4), { credit: { electricity: '2' }, state: { tidMemory: [4, 5] } }),
      ];
    }),
    ...atBoth('without a roll-over a full memory stays full', { tidMemory: FULL }, (t) => {
      const key = KEYS[t.key.length === 16 ? 7 : 11]['14'];
      const tokenNos = digitsOf(t.key, { newDecoderKey: key });
      return [
        ...tokenNos.slice(0, -1).map((tokenNo, i) => answer(STORED[i]!, tokenNo)),
        accept(tokenNos.at(-1)!, { state: { tidMemory: FULL, baseDate: '14' }, assumes: ['A9'] }),
        answer('OldError', tokensUnder(key).kwh(99_999), { assumes: ['A1', 'A9'] }),
        accept(tokensUnder(key).kwh(100_005), { credit: { electricity: '1' }, assumes: ['A1', 'A9'] }),
      ];
    }),
    meterTest(
      'the new key expiry number counts, KEN 170',
      before(set),
      ['PublishedSet'],
      [
        accept(tokensUnder(before(set).decoderKey).kwh(0xab_0000), { at: 0, credit: { electricity: '1' } }),
        ...sections(set, [0, 1], 60),
        answer('KeyExpiredError', newKey.kwh(0xab_0001)),
        accept(newKey.kwh(0xaa_ffff), { credit: { electricity: '2' } }),
        answer('KeyExpiredError', newKey.kwh(0xab_0000), {
          assumes: ['A5'],
          comment: 'expired comes before used',
        }),
      ],
    ),
    atOne('a meter past its key expiry number takes a key change', { keyExpiry: 0 }, (t) => {
      const [first, second] = digitsOf(t.key, { newDecoderKey: KEYS[7]['14'] }) as [string, string];
      return [
        answer('KeyExpiredError', t.kwh(0x10_0000), { at: 0 }),
        answer('1stKCT', first),
        accept(second, { state: { keyExpiry: 255 }, assumes: ['A14'] }),
        accept(tokensUnder(KEYS[7]['14']).kwh(0x10_0000), { credit: { electricity: '1' } }),
      ];
    }),
  ];
}
