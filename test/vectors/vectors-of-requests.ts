/**
 * Vectors of what a till asks for and what the token then carries: every kind, the ends of every field, and what must not be
 * made. Expected blocks and digits come from the plain reference of `test/reference`, never from `lib`.
 */
import type { Resource, Token } from '../../lib/token/kinds.ts';
import { referenceBlock, referenceDecode, referenceEncode, referenceSections } from '../reference/token.ts';
import { clauseOfKind, groupedByClause } from './groups.ts';
import { AMOUNT_ENDS, AMOUNTS } from './published.ts';
import type { VectorFile, VectorTest } from './schema.ts';
import { CURRENCY_MAX, currencyAmounts, magnitude } from './vectors-of-currency.ts';
import { token66Hex, tokenAsJson } from './vectors-of-tokens.ts';

const OURS = { name: 'Wattoken', version: '1', trust: 'ours-alone' } as const;

/** PUBLIC TEST KEYS of the official tests, meter P11. */
export const PUBLIC_KEYS = {
  7: '87f3ecbb2e46b48f',
  11: '929bd3a415c9420a05ec5ee9f3ce91c3',
} as const;

export function requestFiles() {
  return { 'currency-amount': currencyAmounts(), 'token-request': tokenRequests() };
}

type RequestTest = Omit<VectorTest<'token-request'>, 'tcId'>;
type Algorithm = 7 | 11;

const ISSUE = { tidMinutes: 85_740, rnd: 5 };

/** A request that must be met, with what the reference makes of it. */
function made(
  token: Token,
  comment: string,
  algorithm: Algorithm = 7,
  flags: readonly string[] = [],
): RequestTest {
  const key = PUBLIC_KEYS[algorithm];
  const tokenNo = referenceEncode(token, key);
  const carried = referenceDecode(tokenNo, key);
  if (carried === 'crcError') throw new Error(`${comment}: the reference does not read what it made`);
  const isClear = ['initiateTest', 'extendedRead', 'proprietaryTest'].includes(token.kind);
  return {
    comment,
    flags: [...flags, ...(isSame(token, carried) ? [] : ['Rounding'])],
    encryptionAlgorithm: algorithm,
    ...(isClear ? {} : { decoderKey: key }),
    request: tokenAsJson(token),
    carried: tokenAsJson(carried),
    tokenClass: isClear ? 1 : /^c(redit|urrency)/.test(token.kind) ? 0 : 2,
    block: referenceBlock(token),
    token66: token66Hex(tokenNo),
    tokenNo,
    result: 'valid',
  };
}

function isSame(asked: Token, carried: Token): boolean {
  const entries = (token: Token) => Object.entries(tokenAsJson(token)).sort(([a], [b]) => (a < b ? -1 : 1));
  return JSON.stringify(entries(asked)) === JSON.stringify(entries(carried));
}

const both = (make: (algorithm: Algorithm) => RequestTest): RequestTest[] => [make(7), make(11)];

function creditRequests(): RequestTest[] {
  const kinds = [
    ['creditElectricity', 'amountDeciKwh', '0.1 kWh'],
    ['creditWater', 'amountDeciCubicMetre', '0.1 m3 of water'],
    ['creditGas', 'amountDeciCubicMetre', '0.1 m3 of gas'],
    ['creditTime', 'amountDeciMinute', '0.1 minute'],
  ] as const;
  return [
    ...kinds.flatMap(([kind, field, unit]) =>
      AMOUNTS.map(([units]) => made({ kind, ...ISSUE, [field]: units } as Token, `${units} times ${unit}`)),
    ),
    ...AMOUNT_ENDS.map(([amountDeciKwh]) =>
      made(
        { kind: 'creditElectricity', ...ISSUE, amountDeciKwh },
        `${amountDeciKwh} times 0.1 kWh under EA11`,
        11,
      ),
    ),
    ...(['setMaximumPowerLimit', 'setMaximumPhasePowerUnbalanceLimit'] as const).flatMap((kind) =>
      AMOUNTS.map(([limitWatt]) => made({ kind, ...ISSUE, limitWatt }, `${kind} ${limitWatt} W`)),
    ),
  ];
}

/** The rows of sts.md 2.4, in 0.00001 of the currency unit; those printed with an exponent as the first or last value of theirs. */
const CURRENCY_ROWS = [
  ...[1n, 16_383n, 180_224n, 1_818_624n, 182_042_624n, -1n, -180_224n].map((amount) => amount * 100_000n),
  ...[1_000_000n, 9_999_000n, magnitude(16, 0n), -magnitude(15, 16_383n), magnitude(31, 0n)],
];

function currencyRequests(): RequestTest[] {
  const ends = [1n, -1n, 0n, CURRENCY_MAX, -CURRENCY_MAX];
  const request = (resource: Resource, amountHundredThousandth: bigint, algorithm: Algorithm = 7) =>
    made(
      { kind: 'currencyCredit', resource, tidMinutes: 85_740, amountHundredThousandth },
      `${amountHundredThousandth} times 0.00001 of currency for ${resource}`,
      algorithm,
    );
  return [
    ...(['electricity', 'water', 'gas', 'time'] as const).flatMap((resource) =>
      [...CURRENCY_ROWS, ...ends].map((amount) => request(resource, amount)),
    ),
    ...CURRENCY_ROWS.map((amount) => request('electricity', amount, 11)),
  ];
}

function managementRequests(): RequestTest[] {
  const registers = [0, 1, 2, 3, 4, 5, 6, 7, 0xffff];
  return [
    ...registers.map((registerCode) =>
      made({ kind: 'clearCredit', ...ISSUE, registerCode }, `ClearCredit of register ${registerCode}`),
    ),
    made(
      { kind: 'clearCredit', ...ISSUE, registerCode: 8 },
      'a reserved register: made, for a meter to refuse',
      7,
      ['Reserved'],
    ),
    ...both((ea) => made({ kind: 'clearTamper', ...ISSUE }, 'ClearTamperCondition', ea)),
    ...[0, 1, 0xffff].flatMap((raw) => [
      made({ kind: 'setTariffRate', ...ISSUE, rateRaw: raw }, `SetTariffRate ${raw}`, 7, ['Reserved']),
      made({ kind: 'setWaterMeterFactor', ...ISSUE, factorRaw: raw }, `SetWaterMeterFactor ${raw}`, 7, [
        'Reserved',
      ]),
    ]),
    ...[0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 511].flatMap((flag) =>
      [true, false].map((isSet) =>
        made({ kind: 'setFlag', ...ISSUE, flag, isSet }, `${isSet ? 'set' : 'clear'} flag ${flag}`),
      ),
    ),
    ...[
      [0, 0],
      [0, 1023],
      [1, 1],
      [62, 1023],
    ].map(([index = 0, valueRaw = 0]) =>
      made({ kind: 'setControl', ...ISSUE, index, valueRaw }, `control ${index} value ${valueRaw}`),
    ),
    ...[0, 1, 0xff_ffff].flatMap((tidMinutes) =>
      both((ea) =>
        made(
          { kind: 'creditElectricity', tidMinutes, rnd: 0, amountDeciKwh: 1 },
          `TID ${tidMinutes}, taken as it is`,
          ea,
        ),
      ),
    ),
    made({ kind: 'creditElectricity', ...ISSUE, rnd: 15, amountDeciKwh: 1 }, 'RND 15'),
  ];
}

function displayRequests(): RequestTest[] {
  const proprietary = [6, 7, 8, 9, 10, 11, 12, 13, 14, 15];
  return [
    ...([2, 4] as const).flatMap((manufacturerDigits) => {
      const most = manufacturerDigits === 2 ? 2 ** 36 - 1 : 2 ** 28 - 1;
      const code = manufacturerDigits === 2 ? 99 : 9999;
      return [
        made(
          { kind: 'initiateTest', manufacturerDigits, control: most, manufacturerCode: code },
          `maker ${code}, test 0`,
        ),
        made({ kind: 'initiateTest', manufacturerDigits, control: 0, manufacturerCode: 0 }, 'no test at all'),
      ];
    }),
    ...[0, 1, 62, 63].map((index) => made({ kind: 'extendedRead', index }, `extended read ${index}`)),
    ...proprietary.map((subclass) => {
      const wide = subclass >= 11;
      const control = wide ? 2 ** 36 - 2 : 2 ** 28 - 2;
      return made(
        { kind: 'proprietaryTest', subclass, control, manufacturerCode: wide ? 99 : 9999 },
        `proprietary subclass ${subclass}`,
      );
    }),
  ];
}

function sectionRequests(): RequestTest[] {
  return ([7, 11] as const).flatMap((ea) =>
    [
      {
        keyExpiry: 0xa5,
        keyRevision: 9,
        keyType: 1,
        tariffIndex: 99,
        supplyGroupCode: '999999',
        rollOver: true,
      },
      {
        keyExpiry: 0,
        keyRevision: 1,
        keyType: 2,
        tariffIndex: 0,
        supplyGroupCode: '000000',
        rollOver: false,
      },
      {
        keyExpiry: 255,
        keyRevision: 5,
        keyType: 3,
        tariffIndex: 10,
        supplyGroupCode: '004096',
        rollOver: false,
      },
    ].flatMap((change) =>
      referenceSections({
        ...change,
        keyType: change.keyType as 1,
        newDecoderKey: ea === 7 ? '7f78cdd220be39b8' : 'b199270a77af96d3156c51b0964a8782',
        threeSections: ea === 7,
      }).map((section) =>
        made(section, `${section.kind}, KEN ${change.keyExpiry}, TI ${change.tariffIndex}`, ea),
      ),
    ),
  );
}

/** Requests that must not become a token, each with the one field that is wrong. */
function refusedRequests(): RequestTest[] {
  const rows: RequestTest[] = [];
  const refuse = (
    request: Record<string, unknown>,
    field: string,
    values: readonly unknown[],
    fault = 'RangeError',
  ) => {
    for (const value of values) {
      rows.push({
        comment: `${String(request['kind'] ?? 'a token')} with ${field} ${JSON.stringify(value)}`,
        flags: [fault === 'TypeError' ? 'Kind' : 'Range'],
        encryptionAlgorithm: 7,
        decoderKey: PUBLIC_KEYS[7],
        request: { ...request, [field]: value } as { kind: string },
        fault,
        argument: fault === 'amount_out_of_range' ? 'amount' : field,
        result: 'invalid',
      });
    }
  };
  const bits = (request: Record<string, unknown>, field: string, most: number) => {
    refuse(request, field, [-1, most + 1, 0.5, 2 ** 53]);
    refuse(request, field, ['1', null], 'TypeError');
  };
  const beyond = [-1, 0.5, 18_201_625, 2 ** 32, 2 ** 53];
  refuse({ kind: 'creditElectricity', ...ISSUE }, 'amountDeciKwh', beyond, 'amount_out_of_range');
  refuse({ kind: 'creditWater', ...ISSUE }, 'amountDeciCubicMetre', beyond, 'amount_out_of_range');
  refuse({ kind: 'creditGas', ...ISSUE }, 'amountDeciCubicMetre', beyond, 'amount_out_of_range');
  refuse({ kind: 'creditTime', ...ISSUE }, 'amountDeciMinute', beyond, 'amount_out_of_range');
  refuse({ kind: 'setMaximumPowerLimit', ...ISSUE }, 'limitWatt', beyond, 'amount_out_of_range');
  refuse(
    { kind: 'setMaximumPhasePowerUnbalanceLimit', ...ISSUE },
    'limitWatt',
    beyond,
    'amount_out_of_range',
  );
  const currency = { kind: 'currencyCredit', resource: 'electricity', tidMinutes: 85_740 };
  const money = [String(CURRENCY_MAX + 1n), String(-CURRENCY_MAX - 1n)];
  refuse(currency, 'amountHundredThousandth', money, 'amount_out_of_range');
  refuse({ ...currency, amountHundredThousandth: '1' }, 'resource', ['steam', '']);
  const credit = { kind: 'creditElectricity', ...ISSUE, amountDeciKwh: 1 };
  bits(credit, 'tidMinutes', 0xff_ffff);
  bits(credit, 'rnd', 15);
  bits({ kind: 'clearCredit', ...ISSUE }, 'registerCode', 0xffff);
  bits({ kind: 'setTariffRate', ...ISSUE }, 'rateRaw', 0xffff);
  bits({ kind: 'setWaterMeterFactor', ...ISSUE }, 'factorRaw', 0xffff);
  bits({ kind: 'setFlag', ...ISSUE, isSet: true }, 'flag', 511);
  bits({ kind: 'setControl', ...ISSUE, valueRaw: 0 }, 'index', 62);
  bits({ kind: 'setControl', ...ISSUE, index: 0 }, 'valueRaw', 1023);
  bits({ kind: 'initiateTest', manufacturerDigits: 2, manufacturerCode: 0 }, 'control', 2 ** 36 - 1);
  bits({ kind: 'initiateTest', manufacturerDigits: 4, manufacturerCode: 0 }, 'control', 2 ** 28 - 1);
  bits({ kind: 'initiateTest', manufacturerDigits: 2, control: 1 }, 'manufacturerCode', 99);
  bits({ kind: 'initiateTest', manufacturerDigits: 4, control: 1 }, 'manufacturerCode', 9999);
  bits({ kind: 'extendedRead' }, 'index', 63);
  refuse({ kind: 'proprietaryTest', control: 1, manufacturerCode: 0 }, 'subclass', [3, 4, 5, 16]);
  refuse({ kind: 'proprietaryTest', control: 1, manufacturerCode: 0 }, 'subclass', ['6'], 'TypeError');
  const section1 = { kind: 'keyChangeSection1', keyExpiryHigh: 0, keyRevision: 1, keyType: 2, keyPart: 0 };
  const first = { ...section1, rollOver: false, threeSections: false };
  bits(first, 'keyExpiryHigh', 15);
  bits(first, 'keyRevision', 15);
  bits(first, 'keyType', 3);
  bits(first, 'keyPart', 0xffff_ffff);
  bits({ kind: 'keyChangeSection2', keyExpiryLow: 0, keyPart: 0 }, 'tariffIndex', 99);
  bits({ kind: 'keyChangeSection2', tariffIndex: 0, keyPart: 0 }, 'keyExpiryLow', 15);
  bits({ kind: 'keyChangeSection3Of4', keyPart: 0 }, 'supplyGroupLow', 0xfff);
  bits({ kind: 'keyChangeSection4', keyPart: 0 }, 'supplyGroupHigh', 0xfff);
  // A section that a set for a key of this length does not have.
  refuse({ supplyGroupHigh: 1, keyPart: 1 }, 'kind', ['keyChangeSection4']);
  refuse({ supplyGroupLow: 1, keyPart: 1 }, 'kind', ['keyChangeSection3Of4']);
  refuse({ ...ISSUE, amountDeciKwh: 1 }, 'kind', ['creditSteam', 'keyChangeSection5', '']);
  refuse({ kind: 'initiateTest', control: 1, manufacturerCode: 0 }, 'manufacturerDigits', [0, 3]);
  refuse({ kind: 'setFlag', ...ISSUE, flag: 0 }, 'isSet', ['true', 1], 'TypeError');
  refuse({ ...section1, threeSections: false }, 'rollOver', ['false', 0], 'TypeError');
  refuse({ ...section1, rollOver: false }, 'threeSections', ['false', 0], 'TypeError');
  const groups = ['20145', '2014570', '20145A', '', ' 20145', 201_457];
  refuse({ kind: 'keyChangeSection3Of3' }, 'supplyGroupCode', groups, 'supply_group_malformed');
  return rows;
}

function tokenRequests(): VectorFile<'token-request'> {
  const tests = [
    ...creditRequests(),
    ...currencyRequests(),
    ...managementRequests(),
    ...displayRequests(),
    ...sectionRequests(),
    ...refusedRequests(),
  ];
  return {
    algorithm: 'Tokens of every kind from what is asked for',
    schema: 'token-request',
    notes: {
      Rounding:
        'the token carries more than was asked for, or less of a debt: always in the customer’s favour',
      Reserved: 'the standard reserves it; made as its bits are published, judged by the meter',
      Range: 'a value that its bits do not hold: refused, never wrapped or cut',
      Kind: 'a value of another kind, such as text for a number',
    },
    groups: groupedByClause(tests, ({ request, argument }) =>
      argument === 'tidMinutes' || argument === 'rnd' ? 'sts.md 2.1' : clauseOfKind(request.kind),
    ).map(([clause, grouped]) => ({ clause, source: OURS, tests: grouped })),
  };
}
