/** A decoded token for people: its kind in words, its fields with their units, the date of its identifier. */
import { decimalText } from '../lib/decimal.ts';
import { hexFromWord } from '../lib/hex.ts';
import type { BaseDate } from '../lib/identity/attributes.ts';
import type { DecodedToken } from '../lib/token/kinds.ts';
import { dateOfTid } from '../lib/token/tid.ts';

export type Rows = [name: string, value: string][];

/** What `--json` shows: the fields in the names of the library, money as text, and the date of the TID. */
export function tokenAsJson(token: DecodedToken, baseDate: BaseDate): object {
  const fields = Object.entries(token).map(([name, value]) => [
    name,
    typeof value === 'bigint' ? String(value) : value,
  ]);
  return {
    ...Object.fromEntries(fields),
    ...('tidMinutes' in token ? { issued: issuedAt(token.tidMinutes, baseDate) } : {}),
  };
}

export function tokenRows(token: DecodedToken, baseDate: BaseDate): Rows {
  const rows = kindRows(token);
  if ('tidMinutes' in token)
    rows.push(['TID', `${token.tidMinutes}  (${issuedAt(token.tidMinutes, baseDate)})`]);
  if ('rnd' in token) rows.push(['RND', String(token.rnd)]);
  return rows;
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
        ['register', token.registerCode === 0xffff ? 'all' : String(token.registerCode)],
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
        ['flag', String(token.flag)],
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
    ['manufacturer', maker],
  ];
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
