/** A decoded token for people: its kind in words, its fields with their units, the date of its identifier. */
import type { Block } from '../lib/crypto/block-cipher.ts';
import { decimalText } from '../lib/decimal.ts';
import { hexFromWord } from '../lib/hex.ts';
import type { BaseDate } from '../lib/identity/attributes.ts';
import { DISPLAY_TESTS, testsOfControl } from '../lib/token/display-tests.ts';
import type { DecodedToken } from '../lib/token/kinds.ts';
import { dateOfTid } from '../lib/token/tid.ts';

export type Rows = [name: string, value: string][];

export interface DescribeOptions {
  readonly baseDate: BaseDate;
  /** Sections of a key change carry bits of the new key: whoever has all of them has the key. */
  readonly showKeyBits?: boolean | undefined;
}

const YEARS: Readonly<Record<BaseDate, string>> = { '93': '1993', '14': '2014', '35': '2035' };
const REGISTERS = ['electricity', 'water', 'gas', 'time'] as const;
/** Flags of STS 202-5 that sources name (sts.md 2.7). */
const FLAGS = [
  'conformance test',
  'detect tamper',
  'disconnect service',
  'disconnect on tamper',
  'disconnect on power limit',
  'disconnect on under-frequency',
  'electricity is prepaid',
  'water is prepaid',
  'gas is prepaid',
  'time is prepaid',
  'commissioning mode',
  'power limit of the fall-back tariff index',
] as const;

/** What `--json` shows: the fields in the names of the library, money as text, and the date of the TID. */
export function tokenAsJson(token: DecodedToken, { baseDate, showKeyBits }: DescribeOptions): object {
  const issued = 'tidMinutes' in token ? issuedAt(token.tidMinutes, baseDate) : undefined;
  if (token.kind === 'currencyCredit') {
    return { ...token, amountHundredThousandth: String(token.amountHundredThousandth), issued };
  }
  if ('keyPart' in token && showKeyBits !== true) return { ...token, keyPart: undefined };
  // Not spread into a literal: V8 gives every such copy a hidden class of its own, a third of the work in bulk.
  return issued === undefined ? token : Object.assign({}, token, { issued });
}

export function tokenRows(token: DecodedToken, { baseDate, showKeyBits }: DescribeOptions): Rows {
  const rows = kindRows(token);
  if ('tidMinutes' in token) {
    const issued = `${issuedAt(token.tidMinutes, baseDate)}, base date ${YEARS[baseDate]}`;
    rows.push(['TID', `${token.tidMinutes}  (${issued})`]);
  }
  if ('rnd' in token) rows.push(['RND', String(token.rnd)]);
  if ('keyPart' in token) {
    const hidden = 'hidden: they are part of the new key; --show-key-bits shows them';
    rows.push(['key bits', showKeyBits === true ? hexFromWord(token.keyPart) : hidden]);
  }
  return rows;
}

/** How an amount stands in its field: value(e, m) = 16384 (10^e - 1) / 9 + m 10^e of the smallest unit (sts.md 2.3, 2.4). */
export function codingRow(token: DecodedToken, clear: Block): Rows {
  const high = clear[0] ?? 0;
  const field = (clear[1] ?? 0) >>> 16;
  const mantissa = field & 0x3fff;
  switch (token.kind) {
    case 'creditElectricity':
    case 'creditWater':
    case 'creditGas':
    case 'creditTime':
    case 'setMaximumPowerLimit':
    case 'setMaximumPhasePowerUnbalanceLimit':
      return [['coded as', `exponent ${field >>> 14}, mantissa ${mantissa}`]];
    case 'currencyCredit': {
      const exponent = (((high >>> 24) & 7) << 2) | (field >>> 14);
      const sign = (high >>> 27) & 1 ? 'minus' : 'plus';
      return [['coded as', `sign ${sign}, exponent ${exponent}, mantissa ${mantissa}`]];
    }
    default:
      return [];
  }
}

function kindRows(token: DecodedToken): Rows {
  switch (token.kind) {
    case 'crcError':
      return [['result', 'CRCError: mistyped, another meter’s, or another key’s']];
    case 'malformed':
      return [
        [
          'result',
          `FormatError: class ${token.tokenClass} subclass ${token.subclass}, fields not as specified`,
        ],
      ];
    case 'unsupported':
      return [
        [
          'kind',
          `class ${token.tokenClass} subclass ${token.subclass}, CRC right; reserved or free for makers`,
        ],
      ];
    case 'creditElectricity':
      return [
        ['kind', 'credit, electricity'],
        ['amount', `${decimalText(token.amountDeciKwh, 1)} kWh`],
      ];
    case 'creditWater':
    case 'creditGas':
      return [
        ['kind', token.kind === 'creditWater' ? 'credit, water' : 'credit, gas'],
        ['amount', `${decimalText(token.amountDeciCubicMetre, 1)} m3`],
      ];
    case 'creditTime':
      return [
        ['kind', 'credit, time'],
        ['amount', `${decimalText(token.amountDeciMinute, 1)} minutes`],
      ];
    case 'currencyCredit':
      return [
        ['kind', `currency credit, ${token.resource}`],
        ['amount', currencyText(token.amountHundredThousandth)],
      ];
    case 'initiateTest':
    case 'extendedRead':
    case 'proprietaryTest':
      return displayRows(token);
    case 'keyChangeSection1':
    case 'keyChangeSection2':
    case 'keyChangeSection3Of3':
    case 'keyChangeSection3Of4':
    case 'keyChangeSection4':
      return sectionRows(token);
    default:
      return managementRows(token);
  }
}

function managementRows(token: Extract<DecodedToken, { rnd: number }>): Rows {
  switch (token.kind) {
    case 'setMaximumPowerLimit':
      return [
        ['kind', 'set maximum power limit'],
        ['limit', `${token.limitWatt} W`],
      ];
    case 'setMaximumPhasePowerUnbalanceLimit':
      return [
        ['kind', 'set maximum phase power unbalance limit'],
        ['limit', `${token.limitWatt} W`],
      ];
    case 'clearCredit':
      return [
        ['kind', 'clear credit'],
        ['register', registerName(token.registerCode)],
      ];
    case 'clearTamper':
      return [['kind', 'clear tamper condition']];
    case 'setTariffRate':
      return [
        ['kind', 'set tariff rate (reserved)'],
        ['raw', String(token.rateRaw)],
      ];
    case 'setWaterMeterFactor':
      return [
        ['kind', 'set water meter factor (reserved)'],
        ['raw', String(token.factorRaw)],
      ];
    case 'setFlag':
      return [
        ['kind', token.isSet ? 'set flag' : 'clear flag'],
        ['flag', flagName(token.flag)],
      ];
    case 'setControl':
      return [
        ['kind', 'set control'],
        ['index', String(token.index)],
        ['raw', String(token.valueRaw)],
      ];
    default:
      return [];
  }
}

function displayRows(
  token: Extract<DecodedToken, { kind: 'initiateTest' | 'extendedRead' | 'proprietaryTest' }>,
): Rows {
  if (token.kind === 'extendedRead')
    return [
      ['kind', 'extended read'],
      ['index', String(token.index)],
    ];
  const maker = token.manufacturerCode === 0 ? 'any' : String(token.manufacturerCode);
  const control = token.control.toString(16).toUpperCase();
  const kind = token.kind === 'initiateTest' ? 'test or display' : `proprietary, subclass ${token.subclass}`;
  return [
    ['kind', kind],
    ['control', control],
    ...(token.kind === 'initiateTest' ? testRows(token) : []),
    ['manufacturer', maker],
  ];
}

const NAMED_TESTS = 4;

/** The first few by name: a line holds 80 columns. */
function testRows({ control, manufacturerDigits }: Extract<DecodedToken, { kind: 'initiateTest' }>): Rows {
  const tests = testsOfControl(control, manufacturerDigits);
  const rows = tests
    .slice(0, NAMED_TESTS)
    .map((test): Rows[number] => [`test ${test}`, DISPLAY_TESTS[test]?.name ?? 'the maker’s own']);
  const more = tests.slice(NAMED_TESTS);
  if (more.length > 0) rows.push(['more tests', `${more.length}, up to test ${more.at(-1)}`]);
  return rows;
}

function registerName(registerCode: number): string {
  if (registerCode === 0xffff) return 'all';
  const resource = REGISTERS[registerCode % 4] ?? '';
  if (registerCode > 7) return `${registerCode}  (reserved)`;
  return `${registerCode}  (${registerCode < 4 ? resource : `${resource} in currency`})`;
}

function flagName(flag: number): string {
  return `${flag}${FLAGS[flag] === undefined ? '' : `  (${FLAGS[flag]})`}`;
}

/** A section holds a part of the new key: its place is told, its bits are not. */
function sectionRows(token: Extract<DecodedToken, { kind: `keyChange${string}` }>): Rows {
  switch (token.kind) {
    case 'keyChangeSection1':
      return [
        ['kind', 'key change, section 1'],
        ['new KRN, KT', `${token.keyRevision}, ${token.keyType}`],
        ['KEN, high digit', hexFromWord(token.keyExpiryHigh).slice(-1)],
        ['roll-over', token.rollOver ? 'yes' : 'no'],
        ['third section', token.threeSections ? 'follows' : 'none'],
      ];
    case 'keyChangeSection2':
      return [
        ['kind', 'key change, section 2'],
        ['new TI', String(token.tariffIndex).padStart(2, '0')],
        ['KEN, low digit', hexFromWord(token.keyExpiryLow).slice(-1)],
      ];
    case 'keyChangeSection3Of3':
      return [
        ['kind', 'key change, section 3 of 3'],
        ['new SGC', token.supplyGroupCode],
      ];
    case 'keyChangeSection3Of4':
      return [
        ['kind', 'key change, section 3 of 4'],
        ['new SGC, low bits', hexFromWord(token.supplyGroupLow).slice(-3)],
      ];
    case 'keyChangeSection4':
      return [
        ['kind', 'key change, section 4'],
        ['new SGC, high bits', hexFromWord(token.supplyGroupHigh).slice(-3)],
      ];
  }
}

function currencyText(hundredThousandth: bigint): string {
  const digits = String(hundredThousandth < 0n ? -hundredThousandth : hundredThousandth).padStart(6, '0');
  return `${hundredThousandth < 0n ? '-' : ''}${digits.slice(0, -5)}.${digits.slice(-5)} of the currency`;
}

function issuedAt(tidMinutes: number, baseDate: BaseDate): string {
  return `${new Date(dateOfTid(tidMinutes, baseDate)).toISOString().slice(0, 16)}Z`;
}
