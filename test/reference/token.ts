/**
 * A second opinion on sts.md sections 1.3, 2, 3, 4 and 7, written for a reader with that text beside it: fields as strings of
 * bits, numbers as BigInt, no tables beyond those printed. Slow on purpose; MISTY1 alone is shared with `lib`, where the
 * vectors of RFC 2994 prove it.
 */
import { createMisty1 } from '../../lib/crypto/misty1.ts';
import type { Resource, Token } from '../../lib/token/kinds.ts';
import { staDecrypt, staEncrypt } from './sta.ts';

/** Most significant first. */
type Bits = string;

const bitsOf = (value: bigint | number, width: number): Bits => {
  const bits = BigInt(value).toString(2).padStart(width, '0');
  if (bits.length !== width || value < 0) throw new RangeError(`${value} does not fit ${width} bits`);
  return bits;
};
const numberOf = (bits: Bits) => BigInt(`0b${bits}`);
const smallOf = (bits: Bits) => Number(numberOf(bits));

const RESOURCES: readonly Resource[] = ['electricity', 'water', 'gas', 'time'];

/** A decoder key, 16 hex digits for EA07, 32 for EA11. */
export type HexKey = string;

function encrypt(key: HexKey, block: bigint): bigint {
  return key.length === 16 ? staEncrypt(BigInt(`0x${key}`), block) : misty1(key, block, 'encrypt');
}

function decrypt(key: HexKey, block: bigint): bigint {
  return key.length === 16 ? staDecrypt(BigInt(`0x${key}`), block) : misty1(key, block, 'decrypt');
}

let lastMisty1: { key: HexKey; cipher: ReturnType<typeof createMisty1> } | undefined;

function misty1(key: HexKey, block: bigint, direction: 'encrypt' | 'decrypt'): bigint {
  if (lastMisty1?.key !== key) lastMisty1 = { key, cipher: createMisty1(Buffer.from(key, 'hex')) };
  const words = Uint32Array.of(Number(block >> 32n), Number(block & 0xffffffffn));
  lastMisty1.cipher[direction](words);
  return (BigInt(words[0]!) << 32n) | BigInt(words[1]!);
}

/** sts.md 3: CRC-16 over the bytes, 0xA001 to the right from 0xFFFF, then the two bytes exchanged. */
export function crcOf(bytes: readonly number[]): number {
  let register = 0xffff;
  for (const byte of bytes) {
    register ^= byte;
    for (let i = 0; i < 8; i += 1) register = (register & 1) === 1 ? (register >> 1) ^ 0xa001 : register >> 1;
  }
  return ((register & 0xff) << 8) | (register >> 8);
}

/** @param bits - class (2) and block bits 63-16. */
function crcBits(bits: Bits): Bits {
  const padded = bits.padStart(56, '0');
  const bytes = Array.from({ length: 7 }, (_, i) => smallOf(padded.slice(8 * i, 8 * i + 8)));
  const isCurrency = bits.startsWith('0001'); // class 0, subclasses 4-7
  return bitsOf(crcOf(isCurrency ? [...bytes, 1] : bytes), 16);
}

/** sts.md 2.3 and 2.4: the magnitude that exponent and mantissa stand for. */
function magnitude(exponent: number, mantissa: bigint): bigint {
  return (16_384n * (10n ** BigInt(exponent) - 1n)) / 9n + mantissa * 10n ** BigInt(exponent);
}

/** The first exponent whose range reaches so far, and the mantissa rounded up. */
function roundUp(units: bigint): [exponent: number, mantissa: bigint] {
  let exponent = 0;
  while (magnitude(exponent, 16_383n) < units) exponent += 1;
  let mantissa = 0n;
  const step = 10n ** BigInt(exponent);
  if (units > magnitude(exponent, 0n)) mantissa = (units - magnitude(exponent, 0n) + step - 1n) / step;
  return [exponent, mantissa];
}

/** The greatest value that is not above. */
function roundDown(units: bigint): [exponent: number, mantissa: bigint] {
  let exponent = 0;
  while (exponent < 31 && magnitude(exponent + 1, 0n) <= units) exponent += 1;
  const mantissa = (units - magnitude(exponent, 0n)) / 10n ** BigInt(exponent);
  return [exponent, mantissa > 16_383n ? 16_383n : mantissa];
}

export function amountField(units: number): Bits {
  const [exponent, mantissa] = roundUp(BigInt(units));
  return bitsOf(exponent, 2) + bitsOf(mantissa, 14);
}

function amountOfField(bits: Bits): number {
  return Number(magnitude(smallOf(bits.slice(0, 2)), numberOf(bits.slice(2))));
}

/** @returns S&E (4 bits) and the value field (16). */
export function currencyFields(amount: bigint): [signAndExponent: Bits, field: Bits] {
  const [exponent, mantissa] = amount < 0n ? roundDown(-amount) : roundUp(amount);
  const exponentBits = bitsOf(exponent, 5);
  const sign = amount < 0n ? '1' : '0';
  return [sign + exponentBits.slice(0, 3), exponentBits.slice(3) + bitsOf(mantissa, 14)];
}

function currencyOfFields(signAndExponent: Bits, field: Bits): bigint {
  const exponent = smallOf(signAndExponent.slice(1) + field.slice(0, 2));
  const size = magnitude(exponent, numberOf(field.slice(2)));
  return signAndExponent.startsWith('1') ? -size : size;
}

/** sts.md 1.3: the TID of a date and time, and the minute after where it is 00:01. */
export function tidOf(issued: string, baseDate: '93' | '14' | '35'): number {
  const base = { '93': '1993', '14': '2014', '35': '2035' }[baseDate];
  const tid = (Date.parse(`${issued}:00Z`) - Date.parse(`${base}-01-01T00:00:00Z`)) / 60_000;
  return issued.endsWith('T00:01') ? tid + 1 : tid;
}

const CREDIT = {
  creditElectricity: 0,
  creditWater: 1,
  creditGas: 2,
  creditTime: 3,
} as const;

/** Class (2) and block bits 63-16: the 50 bits of a token's fields. */
function fieldBits(token: Token): Bits {
  const issued = (tokenClass: number, subclass: number, rnd: Bits, tid: number, value: Bits) =>
    bitsOf(tokenClass, 2) + bitsOf(subclass, 4) + rnd + bitsOf(tid, 24) + value;
  const managed = (subclass: number, token: { rnd: number; tidMinutes: number }, value: Bits) =>
    issued(2, subclass, bitsOf(token.rnd, 4), token.tidMinutes, value);
  const section = (subclass: number, fields: Bits, keyPart: number) =>
    `10${bitsOf(subclass, 4)}${fields}${bitsOf(keyPart, 32)}`;
  switch (token.kind) {
    case 'creditElectricity':
    case 'creditWater':
    case 'creditGas':
    case 'creditTime': {
      const units =
        token.kind === 'creditElectricity'
          ? token.amountDeciKwh
          : token.kind === 'creditTime'
            ? token.amountDeciMinute
            : token.amountDeciCubicMetre;
      return issued(0, CREDIT[token.kind], bitsOf(token.rnd, 4), token.tidMinutes, amountField(units));
    }
    case 'currencyCredit': {
      const [signAndExponent, field] = currencyFields(token.amountHundredThousandth);
      return issued(0, 4 + RESOURCES.indexOf(token.resource), signAndExponent, token.tidMinutes, field);
    }
    case 'setMaximumPowerLimit':
      return managed(0, token, amountField(token.limitWatt));
    case 'clearCredit':
      return managed(1, token, bitsOf(token.registerCode, 16));
    case 'setTariffRate':
      return managed(2, token, bitsOf(token.rateRaw, 16));
    case 'clearTamper':
      return managed(5, token, bitsOf(0, 16));
    case 'setMaximumPhasePowerUnbalanceLimit':
      return managed(6, token, amountField(token.limitWatt));
    case 'setWaterMeterFactor':
      return managed(7, token, bitsOf(token.factorRaw, 16));
    case 'setFlag':
      return managed(10, token, bitsOf(63, 6) + bitsOf(token.flag, 9) + (token.isSet ? '1' : '0'));
    case 'setControl':
      return managed(10, token, bitsOf(token.index, 6) + bitsOf(token.valueRaw, 10));
    case 'initiateTest':
      return token.manufacturerDigits === 2
        ? `01${bitsOf(0, 4)}${bitsOf(token.control, 36)}${bitsOf(token.manufacturerCode, 8)}`
        : `01${bitsOf(1, 4)}${bitsOf(token.control, 28)}${bitsOf(token.manufacturerCode, 16)}`;
    case 'proprietaryTest':
      return token.subclass >= 11
        ? `01${bitsOf(token.subclass, 4)}${bitsOf(token.control, 36)}${bitsOf(token.manufacturerCode, 8)}`
        : `01${bitsOf(token.subclass, 4)}${bitsOf(token.control, 28)}${bitsOf(token.manufacturerCode, 16)}`;
    case 'extendedRead':
      return `01${bitsOf(2, 4)}${bitsOf(token.index, 6)}${bitsOf(0, 38)}`;
    case 'keyChangeSection1': {
      const flags =
        (token.rollOver ? '1' : '0') + (token.threeSections ? '1' : '0') + bitsOf(token.keyType, 2);
      return section(3, bitsOf(token.keyExpiryHigh, 4) + bitsOf(token.keyRevision, 4) + flags, token.keyPart);
    }
    case 'keyChangeSection2':
      return section(4, bitsOf(token.keyExpiryLow, 4) + bitsOf(token.tariffIndex, 8), token.keyPart);
    case 'keyChangeSection3Of3':
      return `10${bitsOf(8, 4)}${bitsOf(Number(token.supplyGroupCode), 24)}${bitsOf(0, 20)}`;
    case 'keyChangeSection3Of4':
      return section(8, bitsOf(token.supplyGroupLow, 12), token.keyPart);
    case 'keyChangeSection4':
      return section(9, bitsOf(token.supplyGroupHigh, 12), token.keyPart);
  }
}

/** The unencrypted block as 16 hex digits. */
export function referenceBlock(token: Token): string {
  const fields = fieldBits(token);
  return numberOf(fields.slice(2) + crcBits(fields))
    .toString(16)
    .padStart(16, '0');
}

/** sts.md 4: 20 digits. */
export function referenceEncode(token: Token, key: HexKey): string {
  return referenceDigits(fieldBits(token), key);
}

/** @param fields - class (2) and block bits 63-16, whatever they mean; the CRC is added. */
export function referenceDigits(fields: Bits, key: HexKey): string {
  const tokenClass = fields.slice(0, 2);
  let block = fields.slice(2) + crcBits(fields);
  if (tokenClass !== '01') block = bitsOf(encrypt(key, numberOf(block)), 64);
  // Bits 28 and 27 stand 63 - 28 = 35 and 36 places from the left.
  const token66 = block.slice(35, 37) + block.slice(0, 35) + tokenClass + block.slice(37);
  return numberOf(token66).toString().padStart(20, '0');
}

export interface ClearToken {
  readonly tokenClass: Bits;
  /** 64 bits, 63 first. */
  readonly block: Bits;
  readonly crcFits: boolean;
}

/** The 66 bits taken apart and decrypted. Class 3 is never encrypted here: nobody says how. */
export function referenceClear(tokenNo: string, key: HexKey): ClearToken {
  const token66 = bitsOf(BigInt(tokenNo), 66);
  const tokenClass = token66.slice(37, 39);
  let block = token66.slice(2, 37) + token66.slice(0, 2) + token66.slice(39);
  if (tokenClass === '00' || tokenClass === '10') block = bitsOf(decrypt(key, numberOf(block)), 64);
  return { tokenClass, block, crcFits: crcBits(tokenClass + block.slice(0, 48)) === block.slice(48) };
}

/** @returns the token, or 'crcError' when the CRC does not fit. Only kinds that `referenceEncode` makes are read. */
export function referenceDecode(tokenNo: string, key: HexKey): Token | 'crcError' {
  const clear = referenceClear(tokenNo, key);
  return clear.crcFits ? referenceToken(clear, key) : 'crcError';
}

/** The fields of a clear block. @throws RangeError for a subclass that no kind of token has. */
export function referenceToken({ tokenClass, block }: ClearToken, key: HexKey): Token {
  return tokenOf(tokenClass, smallOf(block.slice(0, 4)), block, key.length === 16 ? 64 : 128);
}

function tokenOf(tokenClass: Bits, subclass: number, block: Bits, keyBits: 64 | 128): Token {
  /** Bits `from` down to `to` as the standard numbers them, 63 first. */
  const at = (from: number, to: number) => block.slice(63 - from, 64 - to);
  const num = (from: number, to: number) => smallOf(at(from, to));
  const issue = { tidMinutes: num(55, 32), rnd: num(59, 56) };
  const keyPart = num(47, 16);
  const value = at(31, 16);
  switch (`${tokenClass} ${subclass}`) {
    case '00 0':
      return { kind: 'creditElectricity', ...issue, amountDeciKwh: amountOfField(value) };
    case '00 1':
      return { kind: 'creditWater', ...issue, amountDeciCubicMetre: amountOfField(value) };
    case '00 2':
      return { kind: 'creditGas', ...issue, amountDeciCubicMetre: amountOfField(value) };
    case '00 3':
      return { kind: 'creditTime', ...issue, amountDeciMinute: amountOfField(value) };
    case '00 4':
    case '00 5':
    case '00 6':
    case '00 7':
      return {
        kind: 'currencyCredit',
        resource: RESOURCES[subclass - 4]!,
        tidMinutes: issue.tidMinutes,
        amountHundredThousandth: currencyOfFields(at(59, 56), value),
      };
    case '01 0':
      return {
        kind: 'initiateTest',
        manufacturerDigits: 2,
        control: num(59, 24),
        manufacturerCode: num(23, 16),
      };
    case '01 1':
      return {
        kind: 'initiateTest',
        manufacturerDigits: 4,
        control: num(59, 32),
        manufacturerCode: num(31, 16),
      };
    case '01 2':
      return { kind: 'extendedRead', index: num(59, 54) };
    case '10 0':
      return { kind: 'setMaximumPowerLimit', ...issue, limitWatt: amountOfField(value) };
    case '10 1':
      return { kind: 'clearCredit', ...issue, registerCode: smallOf(value) };
    case '10 2':
      return { kind: 'setTariffRate', ...issue, rateRaw: smallOf(value) };
    case '10 3':
      return {
        kind: 'keyChangeSection1',
        keyExpiryHigh: num(59, 56),
        keyRevision: num(55, 52),
        rollOver: at(51, 51) === '1',
        threeSections: at(50, 50) === '1',
        keyType: num(49, 48) as 0 | 1 | 2 | 3,
        keyPart,
      };
    case '10 4':
      return { kind: 'keyChangeSection2', keyExpiryLow: num(59, 56), tariffIndex: num(55, 48), keyPart };
    case '10 5':
      return { kind: 'clearTamper', ...issue };
    case '10 6':
      return { kind: 'setMaximumPhasePowerUnbalanceLimit', ...issue, limitWatt: amountOfField(value) };
    case '10 7':
      return { kind: 'setWaterMeterFactor', ...issue, factorRaw: smallOf(value) };
    case '10 8':
      return keyBits === 64
        ? { kind: 'keyChangeSection3Of3', supplyGroupCode: String(num(59, 36)).padStart(6, '0') }
        : { kind: 'keyChangeSection3Of4', supplyGroupLow: num(59, 48), keyPart };
    case '10 9':
      return { kind: 'keyChangeSection4', supplyGroupHigh: num(59, 48), keyPart };
    case '10 10':
      return num(31, 26) === 63
        ? { kind: 'setFlag', ...issue, flag: num(25, 17), isSet: at(16, 16) === '1' }
        : { kind: 'setControl', ...issue, index: num(31, 26), valueRaw: num(25, 16) };
  }
  if (tokenClass !== '01' || subclass < 6) throw new RangeError(`no such token: ${tokenClass} ${subclass}`);
  return subclass >= 11
    ? { kind: 'proprietaryTest', subclass, control: num(59, 24), manufacturerCode: num(23, 16) }
    : { kind: 'proprietaryTest', subclass, control: num(59, 32), manufacturerCode: num(31, 16) };
}

/** What a key-change set consists of, in section order (sts.md 7.1); the new key as hex. */
export function referenceSections(change: {
  newDecoderKey: HexKey;
  keyExpiry: number;
  keyRevision: number;
  keyType: 0 | 1 | 2 | 3;
  tariffIndex: number;
  supplyGroupCode: string;
  rollOver: boolean;
  threeSections: boolean;
}): Token[] {
  const { newDecoderKey, keyExpiry, keyRevision, keyType, tariffIndex, rollOver, threeSections } = change;
  const word = (index: number) => Number(`0x${newDecoderKey.slice(8 * index, 8 * index + 8)}`);
  const sgc = bitsOf(Number(change.supplyGroupCode), 24);
  const ken = bitsOf(keyExpiry, 8);
  const isLong = newDecoderKey.length === 32;
  const sections: Token[] = [
    {
      kind: 'keyChangeSection1',
      keyExpiryHigh: smallOf(ken.slice(0, 4)),
      keyRevision,
      rollOver,
      threeSections,
      keyType,
      keyPart: word(0),
    },
    {
      kind: 'keyChangeSection2',
      keyExpiryLow: smallOf(ken.slice(4)),
      tariffIndex,
      keyPart: word(isLong ? 3 : 1),
    },
  ];
  if (threeSections) sections.push({ kind: 'keyChangeSection3Of3', supplyGroupCode: change.supplyGroupCode });
  if (isLong) {
    sections.push(
      { kind: 'keyChangeSection3Of4', supplyGroupLow: smallOf(sgc.slice(12)), keyPart: word(1) },
      { kind: 'keyChangeSection4', supplyGroupHigh: smallOf(sgc.slice(0, 12)), keyPart: word(2) },
    );
  }
  return sections;
}
