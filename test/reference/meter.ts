/**
 * A second opinion on sts.md 7.3 and 8: a plain meter that changes in place, written with that text beside it. Nothing of
 * `lib/meter` is used. Where the text leaves a question open, the default of its number is taken and named.
 */
import type { Token } from '../../lib/token/kinds.ts';
import { type ClearToken, referenceClear, referenceToken } from './token.ts';

export const REGISTERS = [
  'electricity',
  'water',
  'gas',
  'time',
  'currencyElectricity',
  'currencyWater',
  'currencyGas',
  'currencyTime',
] as const;
export type Register = (typeof REGISTERS)[number];

/** sts.md 8.1; the numbers of the third and fourth section are not public (A11). */
export const RESULT_NUMBERS = {
  Accept: 1,
  '1stKCT': 2,
  '2ndKCT': 3,
  OverflowError: 4,
  KeyTypeError: 5,
  FormatError: 6,
  RangeError: 7,
  FunctionError: 8,
  OldError: 9,
  UsedError: 10,
  KeyExpiredError: 11,
  DDTKError: 12,
  CRCError: 13,
  MfrCodeError: 14,
  Lockout: 15,
  '3rdKCT': 17,
  '4thKCT': 18,
} as const;
export type ResultName = keyof typeof RESULT_NUMBERS;

/** What `meterNew` of the adapter protocol is told. */
export interface MeterSettings {
  readonly meterPan: string;
  readonly encryptionAlgorithm: 7 | 11;
  readonly decoderKey: string;
  readonly keyType: 0 | 1 | 2 | 3;
  readonly keyRevision: number;
  readonly keyExpiry: number;
  readonly supplyGroupCode: string;
  readonly tariffIndex: number;
  readonly baseDate: '93' | '14' | '35';
  readonly tidMemory?: number[];
}

const SLOTS = 50; // A1
const SECTIONS_WAIT = 600; // A7, seconds
const FREE_FAILURES = 2; // A10, as the three below
const FIRST_WAIT = 10;
const LONGEST_WAIT = 1280;
/** Registers count 0.00001 of their unit. Their ranges are the maker's: 9 999 999.99 kWh is a range that one maker prints. */
const MOST: Readonly<Record<Register, bigint>> = {
  electricity: 999_999_999_000n,
  water: 900_000_000_000_000_000n,
  gas: 900_000_000_000_000_000n,
  time: 15_000_000_000_000_000_000n,
  currencyElectricity: 9_000_000_000_000_000n,
  currencyWater: 9_000_000_000_000_000n,
  currencyGas: 9_000_000_000_000_000n,
  currencyTime: 9_000_000_000_000_000n,
};
/** The table of 6.6 as a keypad sees it: DCTK needs a magnetic card (A3). */
const KEY_TYPES_FROM: readonly (readonly number[])[] = [
  [0, 1, 2],
  [1, 2],
  [1, 2],
  [1, 2],
];

export function newMeter(settings: MeterSettings) {
  const given = settings.tidMemory ?? [];
  return {
    pan: settings.meterPan,
    key: settings.decoderKey,
    keyType: settings.keyType as number,
    keyRevision: settings.keyRevision,
    keyExpiry: settings.keyExpiry,
    supplyGroupCode: settings.supplyGroupCode,
    tariffIndex: settings.tariffIndex,
    baseDate: settings.baseDate as MeterSettings['baseDate'],
    memory: [...given, ...new Array<number>(SLOTS - given.length).fill(0)],
    registers: new Map<Register, bigint>(REGISTERS.map((name) => [name, 0n])),
    failures: 0,
    lockedUntil: 0,
    sections: new Map<number, Token>(),
    lastSectionAt: 0,
    maximumPowerWatt: null as number | null,
    maximumPhaseUnbalanceWatt: null as number | null,
    tariffRateRaw: null as number | null,
    waterFactorRaw: null as number | null,
    flags: new Set<number>(),
    controls: new Map<number, number>(),
  };
}
export type Meter = ReturnType<typeof newMeter>;

/** What 20 digits are to a meter with this key. */
export type Reading =
  | { readonly kind: 'notDigits' | 'crcError' }
  | { readonly kind: 'malformed' | 'unsupported'; readonly tokenClass: number; readonly subclass: number }
  | Token;

/** Enters a token; the meter is changed. @param at - seconds, never less than before. */
export function enter(meter: Meter, tokenNo: string, at: number): ResultName {
  if (meter.sections.size > 0 && at - meter.lastSectionAt > SECTIONS_WAIT) meter.sections.clear();
  // Step 0: class 1 alone passes a lockout.
  if (at < meter.lockedUntil && classOf(tokenNo) !== 1) return 'Lockout';
  const token = readToken(tokenNo, meter.key);
  switch (token.kind) {
    case 'notDigits':
    case 'crcError':
      return countFailure(meter, at);
    case 'unsupported':
      return 'FunctionError';
    case 'malformed':
      return 'FormatError';
    case 'extendedRead':
      return 'Accept'; // names no maker (B3)
    case 'initiateTest':
    case 'proprietaryTest':
      return enterDisplay(meter, token);
    case 'keyChangeSection1':
    case 'keyChangeSection2':
    case 'keyChangeSection3Of3':
    case 'keyChangeSection3Of4':
    case 'keyChangeSection4':
      return enterSection(meter, token, at);
    default:
      return enterIdentified(meter, token);
  }
}

function classOf(tokenNo: string): number | undefined {
  if (!/^[0-9]{20}$/.test(tokenNo) || BigInt(tokenNo) >= 1n << 66n) return undefined;
  return Number((BigInt(tokenNo) >> 27n) & 3n);
}

/** Steps 1 to 4 of 8.2 and the shape of the fields. */
export function readToken(tokenNo: string, key: string): Reading {
  const tokenClass = classOf(tokenNo);
  if (tokenClass === undefined) return { kind: 'notDigits' };
  const clear = referenceClear(tokenNo, key);
  const subclass = Number(bits(clear, 63, 60));
  if (tokenClass === 3) return { kind: 'unsupported', tokenClass, subclass };
  if (!clear.crcFits) return { kind: 'crcError' };
  if (!isKnown(tokenClass, subclass, key)) return { kind: 'unsupported', tokenClass, subclass };
  if (!isWellFormed(`${tokenClass}.${subclass}`, clear, key)) {
    return { kind: 'malformed', tokenClass, subclass };
  }
  return referenceToken(clear, key);
}

/** Bits `from` down to `to` as a number. */
function bits({ block }: ClearToken, from: number, to: number): bigint {
  return BigInt(`0b${block.slice(63 - from, 64 - to)}`);
}

/** 2.2: reserved subclasses and those that belong to makers answer FunctionError (A13). */
function isKnown(tokenClass: number, subclass: number, key: string): boolean {
  if (tokenClass === 0) return subclass <= 7;
  if (tokenClass === 1) return subclass <= 2 || subclass >= 6;
  if (subclass === 9) return key.length === 32;
  return subclass <= 10;
}

function isWellFormed(name: string, clear: ClearToken, key: string): boolean {
  switch (name) {
    case '1.0':
    case '1.11':
    case '1.12':
    case '1.13':
    case '1.14':
    case '1.15':
      return bits(clear, 23, 16) <= 99n;
    case '1.1':
    case '1.6':
    case '1.7':
    case '1.8':
    case '1.9':
    case '1.10':
      return bits(clear, 31, 16) <= 9999n;
    case '1.2':
      return bits(clear, 53, 16) === 0n;
    case '2.4':
      return bits(clear, 55, 48) <= 99n;
    case '2.5':
      return bits(clear, 31, 16) === 0n;
    case '2.8':
      return key.length === 32 || (bits(clear, 59, 36) <= 999_999n && bits(clear, 35, 16) === 0n);
    default:
      return true;
  }
}

/** 8.5: only authentication that fails counts. */
function countFailure(meter: Meter, at: number): 'CRCError' {
  meter.failures += 1;
  let wait = 0;
  for (let n = FREE_FAILURES + 1; n <= meter.failures; n += 1) wait = wait === 0 ? FIRST_WAIT : wait * 2;
  if (wait > LONGEST_WAIT) wait = LONGEST_WAIT;
  meter.lockedUntil = wait === 0 ? 0 : at + wait;
  return 'CRCError';
}

/** 8.5: a token for this meter that does something ends the count. */
function endLockout(meter: Meter): void {
  meter.failures = 0;
  meter.lockedUntil = 0;
}

/** Steps 5 and 6: an 11-digit number goes with a code of 2 digits, 13 with 4; 0 is every meter's (A15). */
function enterDisplay(
  meter: Meter,
  token: Extract<Token, { kind: 'initiateTest' | 'proprietaryTest' }>,
): ResultName {
  const isShortNumber = meter.pan.startsWith('600727');
  const own = isShortNumber ? meter.pan.slice(6, 8) : meter.pan.slice(4, 8);
  const isShortCode = token.kind === 'initiateTest' ? token.manufacturerDigits === 2 : token.subclass >= 11;
  const isOwn = token.manufacturerCode === 0 || token.manufacturerCode === Number(own);
  if (isShortCode !== isShortNumber || !isOwn) return 'MfrCodeError';
  return token.kind === 'initiateTest' ? 'Accept' : 'FunctionError';
}

type IdentifiedToken = Extract<Token, { tidMinutes: number }>;

/** Steps 7 to 13, in the order of 8.2 (A5). */
function enterIdentified(meter: Meter, token: IdentifiedToken): ResultName {
  const isCredit = token.kind.startsWith('credit') || token.kind === 'currencyCredit';
  if (isCredit && (meter.keyType === 0 || meter.keyType === 1)) return 'DDTKError'; // DITK: A4
  if (token.tidMinutes >> 16 > meter.keyExpiry) return 'KeyExpiredError';
  // A2: one memory for credit and management.
  if (meter.memory.includes(token.tidMinutes)) return 'UsedError';
  if (token.tidMinutes < Math.min(...meter.memory)) return 'OldError';
  const refusal = carryOut(meter, token);
  if (refusal !== undefined) return refusal; // not remembered: A6
  meter.memory.sort((a, b) => a - b);
  meter.memory[0] = token.tidMinutes;
  endLockout(meter);
  return 'Accept';
}

/** 8.4. @returns why not. */
function carryOut(meter: Meter, token: IdentifiedToken): 'OverflowError' | 'RangeError' | undefined {
  switch (token.kind) {
    case 'creditElectricity':
      return add(meter, 'electricity', BigInt(token.amountDeciKwh) * 10_000n);
    case 'creditWater':
      return add(meter, 'water', BigInt(token.amountDeciCubicMetre) * 10_000n);
    case 'creditGas':
      return add(meter, 'gas', BigInt(token.amountDeciCubicMetre) * 10_000n);
    case 'creditTime':
      return add(meter, 'time', BigInt(token.amountDeciMinute) * 10_000n);
    case 'currencyCredit': {
      const place = ['electricity', 'water', 'gas', 'time'].indexOf(token.resource);
      return add(meter, REGISTERS[4 + place]!, token.amountHundredThousandth);
    }
    case 'clearCredit':
      if (token.registerCode > 7 && token.registerCode !== 0xffff) return 'RangeError'; // B6
      for (const [code, name] of REGISTERS.entries())
        if (token.registerCode === code || token.registerCode === 0xffff) meter.registers.set(name, 0n);
      return undefined;
    case 'setMaximumPowerLimit':
      meter.maximumPowerWatt = token.limitWatt;
      return undefined;
    case 'setMaximumPhasePowerUnbalanceLimit':
      meter.maximumPhaseUnbalanceWatt = token.limitWatt;
      return undefined;
    case 'setTariffRate':
      meter.tariffRateRaw = token.rateRaw;
      return undefined;
    case 'setWaterMeterFactor':
      meter.waterFactorRaw = token.factorRaw;
      return undefined;
    case 'setFlag':
      if (token.isSet) meter.flags.add(token.flag);
      else meter.flags.delete(token.flag);
      return undefined;
    case 'setControl':
      meter.controls.set(token.index, token.valueRaw);
      return undefined;
    case 'clearTamper':
      return undefined;
  }
}

/** Money may go below zero (B9). */
function add(meter: Meter, register: Register, amount: bigint): 'OverflowError' | undefined {
  const sum = meter.registers.get(register)! + amount;
  if (sum > MOST[register] || sum < -MOST[register]) return 'OverflowError';
  meter.registers.set(register, sum);
  return undefined;
}

type SectionToken = Extract<Token, { kind: `keyChangeSection${string}` }>;

/** 7.3. */
function enterSection(meter: Meter, token: SectionToken, at: number): ResultName {
  if (token.kind === 'keyChangeSection1') {
    if (token.threeSections && meter.key.length === 32) return 'FormatError'; // 7.1: 0 for 128-bit sets
    if (!KEY_TYPES_FROM[meter.keyType]!.includes(token.keyType)) return 'KeyTypeError';
    if (token.keyRevision < 1 || token.keyRevision > 9) return 'RangeError'; // B10
  }
  const number = Number(token.kind.slice('keyChangeSection'.length)[0]);
  const stored = meter.sections.get(number);
  const isOther = stored !== undefined && JSON.stringify(stored) !== JSON.stringify(token);
  const sections = new Map(isOther ? [] : meter.sections).set(number, token); // A8
  if (isComplete(sections, meter.key) && groupOf(sections) > 999_999) return 'FormatError'; // 1.2: six digits
  meter.sections = sections;
  meter.lastSectionAt = at;
  endLockout(meter);
  if (isComplete(sections, meter.key)) {
    changeKey(meter);
    return 'Accept';
  }
  return (['1stKCT', '2ndKCT', '3rdKCT', '4thKCT'] as const)[number - 1]!;
}

function isComplete(sections: ReadonlyMap<number, Token>, key: string): boolean {
  const first = sections.get(1);
  if (first?.kind !== 'keyChangeSection1' || !sections.has(2)) return false;
  if (key.length === 32) return sections.has(3) && sections.has(4);
  return !first.threeSections || sections.has(3);
}

/** The supply group that the sections carry; 0 when they carry none. */
function groupOf(sections: ReadonlyMap<number, Token>): number {
  const [first, third, fourth] = [sections.get(1), sections.get(3), sections.get(4)];
  // 7.1: with 3KCT = 0 there is no third section; one that is stored belongs to another set.
  if (third?.kind === 'keyChangeSection3Of3' && first?.kind === 'keyChangeSection1' && first.threeSections)
    return Number(third.supplyGroupCode);
  if (third?.kind !== 'keyChangeSection3Of4' || fourth?.kind !== 'keyChangeSection4') return 0;
  return fourth.supplyGroupHigh * 4096 + third.supplyGroupLow;
}

function changeKey(meter: Meter): void {
  const [first, second, third, fourth] = [1, 2, 3, 4].map((number) => meter.sections.get(number));
  if (first?.kind !== 'keyChangeSection1' || second?.kind !== 'keyChangeSection2') return;
  const hex = (part: number) => part.toString(16).padStart(8, '0');
  meter.supplyGroupCode = String(groupOf(meter.sections)).padStart(6, '0');
  meter.key = hex(first.keyPart) + hex(second.keyPart);
  if (third?.kind === 'keyChangeSection3Of4' && fourth?.kind === 'keyChangeSection4') {
    // NKHO, NKMO2, NKMO1, NKLO.
    meter.key = [first, third, fourth, second].map(({ keyPart }) => hex(keyPart)).join('');
  }
  meter.keyType = first.keyType;
  meter.keyRevision = first.keyRevision;
  meter.keyExpiry = first.keyExpiryHigh * 16 + second.keyExpiryLow;
  meter.tariffIndex = second.tariffIndex;
  meter.sections.clear();
  if (!first.rollOver) return;
  meter.memory.fill(0);
  meter.baseDate = meter.baseDate === '93' ? '14' : '35'; // from 35 there is no later one: A9
}

/** Every register in its unit. */
export function creditOf({ registers }: Meter): Record<Register, string> {
  const text = (value: bigint) => {
    const size = String(value < 0n ? -value : value).padStart(6, '0');
    const decimals = size.slice(-5).replace(/0+$/, '');
    const whole = size.slice(0, -5);
    return `${value < 0n ? '-' : ''}${whole}${decimals === '' ? '' : `.${decimals}`}`;
  };
  const entries = REGISTERS.map((name) => [name, text(registers.get(name)!)]);
  return Object.fromEntries(entries) as Record<Register, string>;
}

/** What a meter tells of itself. @param at - the time of asking: what has run out is no longer there. */
export function stateOf(meter: Meter, at: number) {
  const rising = (a: number, b: number) => a - b;
  return {
    keyType: meter.keyType,
    keyRevision: meter.keyRevision,
    keyExpiry: meter.keyExpiry,
    supplyGroupCode: meter.supplyGroupCode,
    tariffIndex: meter.tariffIndex,
    baseDate: meter.baseDate,
    /** Rising, without the empty slots. */
    tidMemory: meter.memory.filter((tid) => tid > 0).sort(rising),
    lockedUntil: at < meter.lockedUntil ? meter.lockedUntil : 0,
    maximumPowerWatt: meter.maximumPowerWatt,
    maximumPhaseUnbalanceWatt: meter.maximumPhaseUnbalanceWatt,
    tariffRateRaw: meter.tariffRateRaw,
    waterFactorRaw: meter.waterFactorRaw,
    flags: [...meter.flags].sort(rising),
    controls: [...meter.controls].sort(([a], [b]) => a - b),
    keyChangeSections: meter.sections.size,
  };
}
export type MeterSummary = ReturnType<typeof stateOf>;
