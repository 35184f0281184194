/**
 * How an ordered meter vector is written: every step with the result and the register changes that its author expects, by
 * hand. The second meter of `test/reference` is taken along; it gives the rest of the state, and where it disagrees with the
 * hand nothing is generated.
 */

import type { Resource, Token } from '../../lib/token/kinds.ts';
import {
  creditOf,
  enter,
  type Meter,
  type MeterSettings,
  type MeterSummary,
  newMeter,
  RESULT_NUMBERS,
  type Reading,
  type Register,
  type ResultName,
  readToken,
  stateOf,
} from '../reference/meter.ts';
import { referenceDigits, referenceEncode } from '../reference/token.ts';

/** What a step assumes beyond what public sources settle; the letters and numbers are those of the open questions. */
export const ASSUMPTIONS = {
  A1: 'open question A1: 50 identifiers are kept, and an accepted one takes the place of the smallest',
  A2: 'open question A2: class 2 tokens and credit share one memory of identifiers',
  A3: 'open question A3: the table of key types is a reconstruction; a common key needs a magnetic card, which this meter lacks',
  A4: 'open question A4: credit is refused under an initial key as under a default key; class 2 tokens are carried out',
  A5: 'open question A5: where several checks fail, the order of sts.md 8.2 decides',
  A6: 'open question A6: a token that is refused after its identifier was found good is not remembered',
  A7: 'open question A7: a partial set is forgotten when 600 seconds pass without a further section',
  A8: 'open question A8: a section that contradicts a stored one of its kind discards all stored ones',
  A9: 'open question A9: RO = 0 keeps the memory of identifiers, RO = 1 empties it even where no later base date exists',
  A10: 'open question A10: two wrong tokens are free, then 10 s, doubling, at most 1280 s; only a wrong CRC or wrong digits count',
  A11: 'open question A11: names and numbers of the third and fourth section are not public: 3rdKCT 17, 4thKCT 18',
  A12: 'open question A12: the reserved minute 00:01 is an identifier as any other to a meter',
  A13: 'open question A13: class 3, reserved subclasses and subclasses of makers answer FunctionError',
  A14: 'open question A14: a two-section set leaves the supply group 000000; the meter stores third sections',
  A15: 'open question A15: manufacturer code 0 addresses every meter, and the width of the code must be that of the number',
  B1: 'open question B1: 16 bits raw',
  B2: 'open question B2: flags and controls are stored as they come, whatever their index',
  B3: 'open question B3: an extended read names no maker, and the bits after its index are zero',
  B4: 'open question B4: gas and time are credited in tenths',
  B6: 'open question B6: a register code that nobody defined answers RangeError',
  B9: 'open question B9: money may go below zero',
  B10: 'open question B10: a key revision number outside 1-9 answers RangeError',
  RegisterRange:
    'the range of a register is its maker’s: 9 999 999.99 kWh as one maker prints, and money up to 90 000 000 000 either way',
  TidZero: 'an empty slot is a zero, so that the identifier 0 looks used while there is one',
  Polyphase: 'the meter has more than one phase; others answer FunctionError',
} as const;
export type Assumption = keyof typeof ASSUMPTIONS;

export interface HandStep {
  readonly comment?: string;
  readonly tokenNo: string;
  /** A minute after the step before when absent. */
  readonly at?: number;
  readonly result: ResultName;
  /** Registers that change; the others must not. */
  readonly credit?: Partial<Record<Register, string>>;
  /** Members of the state that the author knows, too. */
  readonly state?: Partial<MeterSummary>;
  readonly clause?: string;
  readonly assumes?: readonly Assumption[];
}

type StepFields = Omit<HandStep, 'tokenNo' | 'result'>;

export const accept = (tokenNo: string, more: StepFields = {}): HandStep => ({
  tokenNo,
  result: 'Accept',
  ...more,
});
export const answer = (result: ResultName, tokenNo: string, more: StepFields = {}): HandStep => ({
  tokenNo,
  result,
  ...more,
});

export function meterTest(
  comment: string,
  settings: MeterSettings,
  flags: readonly string[],
  steps: readonly HandStep[],
) {
  const meter = newMeter(settings);
  let expected = creditOf(meter);
  let now = -60;
  const made = steps.map((step, index) => {
    const where = `${comment}, step ${index + 1}`;
    const at = step.at ?? now + 60;
    if (at < now) throw new Error(`${where}: time went back`);
    now = at;
    expected = { ...expected, ...step.credit };
    return played(meter, step, at, expected, where);
  });
  const assumed = made.flatMap(({ assumes }) => assumes ?? []);
  return {
    comment,
    flags: [...new Set([...flags, ...assumed])].sort(inNumbers),
    meter: settings,
    steps: made,
    result: 'valid' as const,
  };
}
export type MeterTest = ReturnType<typeof meterTest>;

const inNumbers = (a: string, b: string) => a.localeCompare(b, 'en', { numeric: true });

/** One step of the hand, proved with the second meter. */
function played(meter: Meter, step: HandStep, at: number, credit: Record<Register, string>, where: string) {
  const { tokenNo, result, assumes, clause } = step;
  const token = asJson(readToken(tokenNo, meter.key));
  const answered = enter(meter, tokenNo, at);
  const state = stateOf(meter, at);
  if (answered !== result) throw new Error(`${where}: expected ${result}, the second meter says ${answered}`);
  demand(where, credit, creditOf(meter));
  demand(where, step.state ?? {}, state);
  const isThirdOrFourth = result === '3rdKCT' || result === '4thKCT';
  const open = [...new Set([...(assumes ?? []), ...(isThirdOrFourth ? ['A11'] : [])])].sort(inNumbers);
  return {
    ...(step.comment === undefined ? {} : { comment: step.comment }),
    at,
    tokenNo,
    token,
    ...(clause === undefined ? {} : { clause }),
    ...(open.length === 0 ? {} : { assumes: open }),
    result,
    code: RESULT_NUMBERS[result],
    credit: creditOf(meter),
    state,
  };
}

function demand(where: string, expected: object, found: object): void {
  const values = new Map<string, unknown>(Object.entries(found));
  for (const [name, value] of Object.entries(expected)) {
    const [hand, second] = [JSON.stringify(value), JSON.stringify(values.get(name))];
    if (hand !== second)
      throw new Error(`${where}: ${name} expected ${hand}, the second meter says ${second}`);
  }
}

/** Money passes 2^53: as text. */
function asJson(token: Reading): { kind: string } {
  return JSON.parse(JSON.stringify(token, (_, value) => (typeof value === 'bigint' ? String(value) : value)));
}

/** Digits under one key; amounts in the tenths that tokens carry, money in 0.00001. */
export function tokensUnder(key: string) {
  const make = (token: Token) => referenceEncode(token, key);
  const issue = (tidMinutes: number) => ({ tidMinutes, rnd: 5 });
  return {
    key,
    make,
    kwh: (tid: number, amountDeciKwh = 10) =>
      make({ kind: 'creditElectricity', ...issue(tid), amountDeciKwh }),
    water: (tid: number, amountDeciCubicMetre = 10) =>
      make({ kind: 'creditWater', ...issue(tid), amountDeciCubicMetre }),
    gas: (tid: number, amountDeciCubicMetre = 10) =>
      make({ kind: 'creditGas', ...issue(tid), amountDeciCubicMetre }),
    time: (tid: number, amountDeciMinute = 10) =>
      make({ kind: 'creditTime', ...issue(tid), amountDeciMinute }),
    money: (tidMinutes: number, resource: Resource, units: bigint) =>
      make({ kind: 'currencyCredit', resource, tidMinutes, amountHundredThousandth: units * 100_000n }),
    clear: (tid: number, registerCode: number) => make({ kind: 'clearCredit', ...issue(tid), registerCode }),
    power: (tid: number, limitWatt: number) =>
      make({ kind: 'setMaximumPowerLimit', ...issue(tid), limitWatt }),
    /** Any fields at all, the CRC right: what no encoder of tokens would make. */
    raw: (tokenClass: number, subclass: number, rest: bigint) =>
      referenceDigits(
        tokenClass.toString(2).padStart(2, '0') +
          subclass.toString(2).padStart(4, '0') +
          rest.toString(2).padStart(44, '0'),
        key,
      ),
  };
}

/** PUBLIC TEST KEYS of the official tests: meters P11, SGC 201457, KRN 1, TI 01, KT 2, base 2014. */
export const STA_METER: MeterSettings = {
  meterPan: '600727000000000009',
  encryptionAlgorithm: 7,
  decoderKey: '87f3ecbb2e46b48f',
  keyType: 2,
  keyRevision: 1,
  keyExpiry: 255,
  supplyGroupCode: '201457',
  tariffIndex: 1,
  baseDate: '14',
};
export const MISTY1_METER: MeterSettings = {
  ...STA_METER,
  encryptionAlgorithm: 11,
  decoderKey: '929bd3a415c9420a05ec5ee9f3ce91c3',
};

/** A memory without a free slot (A1): 50 identifiers, ten minutes apart. */
export const FULL = Array.from({ length: 50 }, (_, i) => 100_000 + 10 * i);

type Tokens = ReturnType<typeof tokensUnder>;

/** The same story at a meter of each algorithm. */
export function atBoth(
  comment: string,
  change: Partial<MeterSettings>,
  story: (tokens: Tokens) => readonly HandStep[],
): MeterTest[] {
  return [STA_METER, MISTY1_METER].map((meter) =>
    meterTest(
      `${comment}, EA${String(meter.encryptionAlgorithm).padStart(2, '0')}`,
      { ...meter, ...change },
      [],
      story(tokensUnder(meter.decoderKey)),
    ),
  );
}

/** A story at the EA07 meter, where the algorithm makes no difference. */
export function atOne(
  comment: string,
  change: Partial<MeterSettings>,
  story: (tokens: Tokens) => readonly HandStep[],
): MeterTest {
  const settings = { ...STA_METER, ...change };
  return meterTest(comment, settings, [], story(tokensUnder(settings.decoderKey)));
}
