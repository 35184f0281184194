/** What a meter answers to single tokens: every result code, every kind of token, every register. */
import type { Resource } from '../../lib/token/kinds.ts';
import { REGISTERS } from '../reference/meter.ts';
import { accept, answer, atBoth, atOne, type HandStep, type MeterTest, tokensUnder } from './meter-steps.ts';
import { STS_531_1 } from './published.ts';

/** Wrong tokens so far apart that no waiting time is left. */
const HOUR = 3600;
const RESOURCES: readonly Resource[] = ['electricity', 'water', 'gas', 'time'];
const MANY_DECI = 18_201_624;
const P13 = { meterPan: '000001000000000082' };
const P15 = { meterPan: '600727111111111153' };

export function basicTests(): MeterTest[] {
  return [
    ...atBoth('a token credits once', {}, (t) => [
      accept(t.kwh(90_000), { credit: { electricity: '1' } }),
      answer('UsedError', t.kwh(90_000), { clause: 'sts.md 8.3' }),
      accept(t.kwh(90_001, 256), { credit: { electricity: '26.6' } }),
      accept(t.kwh(90_002, 16_385), { credit: { electricity: '1666' }, comment: '1639.4 kWh, rounded up' }),
      accept(t.kwh(90_003, 0), { comment: 'a credit of nothing is a token as any other' }),
    ]),
    ...atBoth('another key, a wrong digit, no token at all', {}, (t) => {
      const other = tokensUnder('0f'.repeat(t.key.length / 2));
      return [
        answer('CRCError', other.kwh(90_000), { at: 0, comment: 'another meter’s token' }),
        answer('CRCError', wrongDigit(t.kwh(90_000)), { at: HOUR, comment: 'the last digit is wrong' }),
        answer('CRCError', '73786976294838206464', { at: 2 * HOUR, comment: '2^66' }),
        answer('CRCError', '99999999999999999999', { at: 3 * HOUR }),
        answer('CRCError', '7063050347002872611', { at: 4 * HOUR, comment: '19 digits' }),
        answer('CRCError', '7063050347002872611x', { at: 5 * HOUR, comment: 'a letter' }),
        answer('CRCError', wrongDigit('00000000000150997584'), {
          at: 6 * HOUR,
          comment: 'a wrong test token',
        }),
        accept(t.kwh(90_000), { at: 7 * HOUR, credit: { electricity: '1' } }),
      ];
    }),
    ...atBoth('no credit under a default key', { keyType: 1 }, (t) => [
      answer('DDTKError', t.kwh(90_000)),
      answer('DDTKError', t.money(90_001, 'electricity', 1n)),
    ]),
    ...atBoth('an identifier past the key expiry number', { keyExpiry: 1 }, (t) => [
      answer('KeyExpiredError', t.kwh(0x02_0000)),
      accept(t.kwh(0x01_ffff), { credit: { electricity: '1' }, comment: 'the last minute of KEN 1' }),
      answer('KeyExpiredError', t.power(0xff_ffff, 5_000)),
    ]),
    atOne('KEN 0 ends after 65 536 minutes', { keyExpiry: 0 }, (t) => [
      accept(t.kwh(0x00_ffff), { credit: { electricity: '1' } }),
      answer('KeyExpiredError', t.kwh(0x01_0000)),
    ]),
    atOne('KEN 255 never ends within a base date', {}, (t) => [
      accept(t.kwh(0xff_ffff), { credit: { electricity: '1' } }),
    ]),
  ];
}

/** @returns the digits with another last one. */
function wrongDigit(tokenNo: string): string {
  return tokenNo.slice(0, 19) + ((Number(tokenNo[19]) + 1) % 10);
}

export function creditTests(): MeterTest[] {
  return [
    ...atBoth('each resource has its register', {}, (t) => [
      accept(t.kwh(1_000, 15), { credit: { electricity: '1.5' } }),
      accept(t.water(1_010, 25), { credit: { water: '2.5' } }),
      accept(t.gas(1_020, 3), { credit: { gas: '0.3' }, assumes: ['B4'] }),
      accept(t.time(1_030, 605), { credit: { time: '60.5' }, assumes: ['B4'] }),
      answer('UsedError', t.water(1_000), { clause: 'sts.md 8.3', comment: 'one memory for all resources' }),
      accept(t.water(1_040, 20_000), { credit: { water: '2002.9' }, comment: '2000.4 m3, rounded up' }),
    ]),
    ...atBoth('money of each resource has its register', {}, (t) => [
      accept(t.money(1_000, 'electricity', 1n), { credit: { currencyElectricity: '1.00004' } }),
      accept(t.money(1_001, 'water', 10n), { credit: { currencyWater: '10.00024' } }),
      accept(t.money(1_002, 'gas', 16_383n), { credit: { currencyGas: '16383.42624' } }),
      accept(t.money(1_003, 'time', 182_042_624n), { credit: { currencyTime: '182044444.42624' } }),
      accept(t.money(1_004, 'electricity', -1n), {
        credit: { currencyElectricity: '0.0001' },
        comment: 'a debt of 1 is coded as 0.99994',
      }),
      answer('UsedError', t.kwh(1_003), { clause: 'sts.md 8.3' }),
    ]),
    atOne('a debt may leave money below zero', {}, (t) => [
      accept(t.money(1_000, 'water', -1n), { credit: { currencyWater: '-0.99994' }, assumes: ['B9'] }),
      accept(t.money(1_001, 'water', -180_224n), {
        credit: { currencyWater: '-180215.42618' },
        assumes: ['B9'],
      }),
      accept(t.money(1_002, 'water', 180_224n), { credit: { currencyWater: '9.00006' }, assumes: ['B9'] }),
    ]),
    ...atBoth(
      'a register that would overflow refuses, and the token is good after it was cleared',
      {},
      (t) => [
        ...['1820162.4', '3640324.8', '5460487.2', '7280649.6', '9100812'].map((electricity, i) =>
          accept(t.kwh(1_000 + i, MANY_DECI), { credit: { electricity } }),
        ),
        answer('OverflowError', t.kwh(2_000, MANY_DECI), { assumes: ['RegisterRange'] }),
        answer('OverflowError', t.kwh(2_000, MANY_DECI), {
          assumes: ['RegisterRange', 'A6'],
          comment: 'refused again, not used',
        }),
        answer('UsedError', t.kwh(1_004, MANY_DECI), {
          comment: 'used comes before overflow',
          assumes: ['A5'],
        }),
        accept(t.clear(2_001, 0), { credit: { electricity: '0' } }),
        accept(t.kwh(2_000, MANY_DECI), {
          credit: { electricity: '1820162.4' },
          assumes: ['A6', 'RegisterRange'],
        }),
      ],
    ),
    atOne('money beyond the range of its register', {}, (t) => [
      answer('OverflowError', t.money(1_000, 'gas', 180_000_000_000n), { assumes: ['RegisterRange'] }),
      answer('OverflowError', t.money(1_000, 'gas', -180_000_000_000n), { assumes: ['RegisterRange', 'A6'] }),
      accept(t.money(1_000, 'gas', 1n), {
        credit: { currencyGas: '1.00004' },
        assumes: ['RegisterRange', 'A6'],
      }),
    ]),
    atOne('no credit of any resource under an initial key, but management', { keyType: 0 }, (t) => [
      ...[t.kwh(1_000), t.water(1_000), t.gas(1_000), t.time(1_000), t.money(1_000, 'gas', 1n)].map(
        (tokenNo) => answer('DDTKError', tokenNo, { assumes: ['A4'] }),
      ),
      accept(t.power(1_000, 5_000), { state: { maximumPowerWatt: 5_000 }, assumes: ['A4'] }),
    ]),
    atOne('management under a default key', { keyType: 1, keyExpiry: 0 }, (t) => [
      accept(t.power(1_000, 5_000), { state: { maximumPowerWatt: 5_000 }, assumes: ['A4'] }),
      answer('DDTKError', t.kwh(0x01_0000), {
        assumes: ['A5'],
        comment: 'the key type comes before its expiry',
      }),
      answer('KeyExpiredError', t.power(0x01_0000, 6_000), { assumes: ['A4'] }),
    ]),
  ];
}

export function managementTests(): MeterTest[] {
  return [
    atOne('clear credit empties the register that it names, and all', {}, (t) => {
      const fill = (from: number): HandStep[] => [
        accept(t.kwh(from), { credit: { electricity: '1' } }),
        accept(t.water(from + 1), { credit: { water: '1' } }),
        accept(t.gas(from + 2), { credit: { gas: '1' } }),
        accept(t.time(from + 3), { credit: { time: '1' } }),
        ...RESOURCES.map((resource, i) =>
          accept(t.money(from + 4 + i, resource, 1n), { credit: { [REGISTERS[4 + i]!]: '1.00004' } }),
        ),
      ];
      return [
        ...fill(1_000),
        ...REGISTERS.map((name, code) => accept(t.clear(1_010 + code, code), { credit: { [name]: '0' } })),
        ...fill(1_020),
        accept(t.clear(1_030, 0xffff), {
          credit: Object.fromEntries(REGISTERS.map((name) => [name, '0'])),
          comment: 'all registers',
        }),
      ];
    }),
    ...atBoth('a register code that nobody defined', {}, (t) => [
      accept(t.kwh(1_000), { credit: { electricity: '1' }, clause: 'sts.md 8.4' }),
      answer('RangeError', t.clear(1_001, 8), { assumes: ['B6'], clause: 'sts.md 2.6' }),
      answer('RangeError', t.clear(1_001, 0xfffe), { assumes: ['B6', 'A6'], clause: 'sts.md 2.6' }),
      answer('UsedError', t.clear(1_000, 8), {
        assumes: ['A5', 'A2'],
        comment: 'used comes before the range',
      }),
      accept(t.kwh(1_001), { credit: { electricity: '2' }, assumes: ['A6', 'B6'] }),
    ]),
    ...atBoth('limits and raw settings', {}, (t) => {
      const issue = { tidMinutes: 1_010, rnd: 5 };
      return [
        accept(t.power(1_000, 5_000), { state: { maximumPowerWatt: 5_000 } }),
        accept(t.power(1_001, 20_000), { state: { maximumPowerWatt: 20_004 }, comment: 'rounded up' }),
        accept(t.make({ kind: 'setMaximumPhasePowerUnbalanceLimit', ...issue, limitWatt: 1_200 }), {
          state: { maximumPhaseUnbalanceWatt: 1_200 },
          assumes: ['Polyphase'],
        }),
        accept(t.make({ kind: 'setTariffRate', tidMinutes: 1_011, rnd: 5, rateRaw: 0x1234 }), {
          state: { tariffRateRaw: 4_660 },
          assumes: ['B1'],
        }),
        accept(t.make({ kind: 'setWaterMeterFactor', tidMinutes: 1_012, rnd: 5, factorRaw: 0xffff }), {
          state: { waterFactorRaw: 65_535 },
          assumes: ['B1'],
        }),
        answer('UsedError', t.power(1_001, 9_000), { state: { maximumPowerWatt: 20_004 } }),
      ];
    }),
    ...atBoth('flags and controls', {}, (t) => {
      const flag = (tidMinutes: number, number: number, isSet: boolean) =>
        t.make({ kind: 'setFlag', tidMinutes, rnd: 5, flag: number, isSet });
      const control = (tidMinutes: number, index: number, valueRaw: number) =>
        t.make({ kind: 'setControl', tidMinutes, rnd: 5, index, valueRaw });
      const held = (first: number, sixth: number): [number, number][] => [
        [0, first],
        [5, sixth],
      ];
      return [
        accept(flag(1_000, 11, true), { state: { flags: [11] }, assumes: ['B2'] }),
        accept(flag(1_001, 0, true), { state: { flags: [0, 11] }, assumes: ['B2'] }),
        accept(flag(1_002, 11, true), { state: { flags: [0, 11] }, assumes: ['B2'] }),
        accept(flag(1_003, 11, false), { state: { flags: [0] }, assumes: ['B2'] }),
        accept(flag(1_004, 511, false), { state: { flags: [0] }, assumes: ['B2'] }),
        accept(control(1_005, 5, 1_023), { state: { controls: [[5, 1_023]] }, assumes: ['B2'] }),
        accept(control(1_006, 0, 123), { state: { controls: held(123, 1_023) }, assumes: ['B2'] }),
        accept(control(1_007, 5, 0), { state: { controls: held(123, 0) }, assumes: ['B2'] }),
      ];
    }),
    ...atBoth('clear tamper', {}, (t) => [
      accept(t.make({ kind: 'clearTamper', tidMinutes: 1_000, rnd: 5 })),
      answer('UsedError', t.make({ kind: 'clearTamper', tidMinutes: 1_000, rnd: 5 })),
      answer('FormatError', t.raw(2, 5, (1_001n << 16n) | 1n), { comment: 'its value must be 0' }),
      accept(t.kwh(1_001), { credit: { electricity: '1' }, assumes: ['A6'] }),
    ]),
  ];
}

export function displayTests(): MeterTest[] {
  const official = (subclass: number) => STS_531_1.class1.filter(({ sub }) => sub === subclass);
  const shown = (subclass: number, result: 'Accept' | 'MfrCodeError') =>
    official(subclass).map(({ token, test, note }) =>
      answer(result, token, { comment: note ?? `test ${test}`, assumes: ['A15'] }),
    );
  const maker = (subclass: number, code: bigint) =>
    tokensUnder('0'.repeat(16)).raw(1, subclass, subclass === 1 ? (1n << 16n) | code : (1n << 8n) | code);
  return [
    atOne('official test tokens at a meter with an 11-digit number', {}, () => [
      ...shown(0, 'Accept'),
      ...shown(1, 'MfrCodeError').slice(0, 2),
      ...shown(0, 'Accept').slice(0, 2),
    ]),
    atOne('official test tokens at a meter with a 13-digit number', P13, () => [
      ...shown(1, 'Accept'),
      ...shown(0, 'MfrCodeError').slice(0, 2),
    ]),
    atOne('extended reads', {}, () => [
      ...official(2).map(({ token }) => accept(token, { assumes: ['B3'] })),
      answer('FormatError', tokensUnder('0'.repeat(16)).raw(1, 2, 1n), { assumes: ['B3'] }),
    ]),
    atOne('a manufacturer code of two digits', P15, () => [
      accept(maker(0, 11n), { comment: 'the meter’s own' }),
      answer('MfrCodeError', maker(0, 12n)),
      accept(maker(0, 0n), { assumes: ['A15'] }),
      answer('FormatError', maker(0, 100n), { comment: 'more than two digits say' }),
      answer('MfrCodeError', maker(1, 11n), { assumes: ['A15'], comment: 'the other width' }),
    ]),
    atOne('a manufacturer code of four digits', P13, () => [
      accept(maker(1, 100n), { comment: 'the meter’s own' }),
      answer('MfrCodeError', maker(1, 101n)),
      accept(maker(1, 0n), { assumes: ['A15'] }),
      answer('FormatError', maker(1, 10_000n), { comment: 'more than four digits say' }),
      answer('MfrCodeError', maker(0, 1n), { assumes: ['A15'], comment: 'the other width' }),
    ]),
    atOne('tokens of makers', P15, () => [
      ...[11, 12, 13, 14, 15].map((subclass) => answer('FunctionError', maker(subclass, 11n))),
      answer('MfrCodeError', maker(11, 12n), {
        assumes: ['A5'],
        comment: 'the code comes before the function',
      }),
      answer('MfrCodeError', official(11)[0]!.token, { comment: 'another maker’s, seen in the field' }),
      answer('MfrCodeError', maker(6, 11n), { assumes: ['A15'], comment: 'the other width' }),
    ]),
    atOne('tokens of makers with four digits', P13, () =>
      [6, 7, 8, 9, 10].map((subclass) =>
        answer('FunctionError', tokensUnder('0'.repeat(16)).raw(1, subclass, (1n << 16n) | 100n)),
      ),
    ),
  ];
}

/** Subclasses and classes that no public text fills. */
export function reservedTests(): MeterTest[] {
  return atBoth('reserved subclasses, those of makers, and class 3', {}, (t) => [
    ...[8, 9, 10, 11, 12, 13, 14, 15].map((subclass) =>
      answer('FunctionError', t.raw(0, subclass, 90_000n << 16n), { assumes: ['A13'] }),
    ),
    ...[3, 4, 5].map((subclass) => answer('FunctionError', t.raw(1, subclass, 0n), { assumes: ['A13'] })),
    ...[11, 12, 13, 14, 15].map((subclass) =>
      answer('FunctionError', t.raw(2, subclass, 90_000n << 16n), { assumes: ['A13'] }),
    ),
    answer('FunctionError', t.raw(3, 0, 90_000n << 16n), { assumes: ['A13'] }),
    accept(t.kwh(90_000), { credit: { electricity: '1' }, assumes: ['A6', 'A13'] }),
  ]);
}
