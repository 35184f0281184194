/**
 * Two implementations of one text must agree: `lib` and the plain reference of this folder (sts.md 1.3, 2.1-2.7, 3, 4, 6.1,
 * 6.2, 6.4, 7.1, 7.2).
 */
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { bytesFromHex, hexFromBytes } from '../../lib/hex.ts';
import { luhnDigit } from '../../lib/identity/luhn.ts';
import { type DecoderKeyRequest, deriveDecoderKey } from '../../lib/keys/decoder-key.ts';
import { type KeyChange, keyChangeSections } from '../../lib/keys/key-change.ts';
import { AMOUNT_MAX } from '../../lib/token/amount.ts';
import { createTokenCipher } from '../../lib/token/cipher.ts';
import { CURRENCY_MAX_HUNDRED_THOUSANDTH } from '../../lib/token/currency-amount.ts';
import type { Resource, Token, TokenKind } from '../../lib/token/kinds.ts';
import { nextTidMinutes, TID_MAX, tidMinutesAt } from '../../lib/token/tid.ts';
import { decodeToken, encodeToken } from '../../lib/token/token.ts';
import { chance, type Draw } from '../support/chance.ts';
import { count, report, seedOf } from '../support/counts.ts';
import { readVectors } from '../support/vectors.ts';
import { dkga02, dkga04 } from './keys.ts';
import { referenceBlock, referenceDecode, referenceEncode, referenceSections, tidOf } from './token.ts';

const test = suite('reference');
const seed = seedOf('reference');

const RESOURCES: readonly Resource[] = ['electricity', 'water', 'gas', 'time'];
const issue = (draw: Draw) => ({ tidMinutes: draw(TID_MAX + 1), rnd: draw(16) });
/** Every exponent's range as often as every other. */
const amount = (draw: Draw) => Math.floor((AMOUNT_MAX + 1) / 10 ** draw(5)) - 1 - draw(1000 / 10 ** draw(3));
const units = (draw: Draw) => Math.max(0, draw(2) === 0 ? amount(draw) : draw(AMOUNT_MAX + 1));
const word = (draw: Draw) => draw(2 ** 32);
const digits = (draw: Draw, length: number) => Array.from({ length }, () => String(draw(10))).join('');
const hex = (draw: Draw, length: number) => Array.from({ length }, () => draw(16).toString(16)).join('');

function money(draw: Draw): bigint {
  const size =
    (CURRENCY_MAX_HUNDRED_THOUSANDTH * BigInt(draw(2 ** 48))) / 2n ** 48n / 10n ** BigInt(draw(36));
  return draw(2) === 0 ? size : -size;
}

function displayOf(draw: Draw, subclass: number): { control: number; manufacturerCode: number } {
  const wide = subclass === 0 || subclass >= 11;
  return { control: draw(wide ? 2 ** 36 : 2 ** 28), manufacturerCode: draw(wide ? 100 : 10_000) };
}

/** One random token of each kind. */
const KINDS: { readonly [Kind in TokenKind]: (draw: Draw) => Extract<Token, { kind: Kind }> } = {
  creditElectricity: (d) => ({ kind: 'creditElectricity', ...issue(d), amountDeciKwh: units(d) }),
  creditWater: (d) => ({ kind: 'creditWater', ...issue(d), amountDeciCubicMetre: units(d) }),
  creditGas: (d) => ({ kind: 'creditGas', ...issue(d), amountDeciCubicMetre: units(d) }),
  creditTime: (d) => ({ kind: 'creditTime', ...issue(d), amountDeciMinute: units(d) }),
  currencyCredit: (d) => ({
    kind: 'currencyCredit',
    resource: RESOURCES[d(4)]!,
    tidMinutes: d(TID_MAX + 1),
    amountHundredThousandth: money(d),
  }),
  setMaximumPowerLimit: (d) => ({ kind: 'setMaximumPowerLimit', ...issue(d), limitWatt: units(d) }),
  clearCredit: (d) => ({ kind: 'clearCredit', ...issue(d), registerCode: d(0x1_0000) }),
  setTariffRate: (d) => ({ kind: 'setTariffRate', ...issue(d), rateRaw: d(0x1_0000) }),
  clearTamper: (d) => ({ kind: 'clearTamper', ...issue(d) }),
  setMaximumPhasePowerUnbalanceLimit: (d) => ({
    kind: 'setMaximumPhasePowerUnbalanceLimit',
    ...issue(d),
    limitWatt: units(d),
  }),
  setWaterMeterFactor: (d) => ({ kind: 'setWaterMeterFactor', ...issue(d), factorRaw: d(0x1_0000) }),
  setFlag: (d) => ({ kind: 'setFlag', ...issue(d), flag: d(512), isSet: d(2) === 1 }),
  setControl: (d) => ({ kind: 'setControl', ...issue(d), index: d(63), valueRaw: d(1024) }),
  initiateTest: (d) => {
    const manufacturerDigits = d(2) === 0 ? 2 : 4;
    return { kind: 'initiateTest', manufacturerDigits, ...displayOf(d, manufacturerDigits === 2 ? 0 : 1) };
  },
  extendedRead: (d) => ({ kind: 'extendedRead', index: d(64) }),
  proprietaryTest: (d) => {
    const subclass = 6 + d(10);
    return { kind: 'proprietaryTest', subclass, ...displayOf(d, subclass) };
  },
  keyChangeSection1: (d) => ({
    kind: 'keyChangeSection1',
    keyExpiryHigh: d(16),
    keyRevision: d(16),
    rollOver: d(2) === 1,
    threeSections: d(2) === 1,
    keyType: d(4) as 0 | 1 | 2 | 3,
    keyPart: word(d),
  }),
  keyChangeSection2: (d) => ({
    kind: 'keyChangeSection2',
    keyExpiryLow: d(16),
    tariffIndex: d(100),
    keyPart: word(d),
  }),
  keyChangeSection3Of3: (d) => ({ kind: 'keyChangeSection3Of3', supplyGroupCode: digits(d, 6) }),
  keyChangeSection3Of4: (d) => ({
    kind: 'keyChangeSection3Of4',
    supplyGroupLow: d(0x1000),
    keyPart: word(d),
  }),
  keyChangeSection4: (d) => ({ kind: 'keyChangeSection4', supplyGroupHigh: d(0x1000), keyPart: word(d) }),
};

/** Sections that one length of key alone has. */
const KEY_LENGTH: { readonly [Kind in TokenKind]?: 16 | 32 } = {
  keyChangeSection3Of3: 16,
  keyChangeSection3Of4: 32,
  keyChangeSection4: 32,
};

/** Compared as text: a hundred thousand deep comparisons would take longer than the two implementations. */
const textOf = (token: object) =>
  JSON.stringify(
    Object.entries(token)
      .map(([name, value]) => [name, typeof value === 'bigint' ? `${value}n` : value])
      .sort(),
  );

test('when tokens of every kind are made and read at random then library and reference agree', () => {
  const each = count(100_000, 500);
  let made = 0;
  for (const kind of Object.keys(KINDS) as TokenKind[]) {
    const draw = chance(seed + made);
    for (const length of [16, 32] as const) {
      if ((KEY_LENGTH[kind] ?? length) !== length) continue;
      const tries = KEY_LENGTH[kind] === undefined ? each / 2 : each;
      for (let i = 0; i < tries; i += 1) {
        const key = hex(draw, length);
        const cipher = createTokenCipher(length === 16 ? 7 : 11, bytesFromHex(key));
        const token = KINDS[kind](draw);
        const { tokenNo, carried } = encodeToken(token, cipher);
        const what = () => `${textOf(token)} under ${key}`;
        if (referenceEncode(token, key) !== tokenNo) assert.unreachable(`encode ${what()}`);
        const read = referenceDecode(tokenNo, key);
        const decoded = textOf(decodeToken(tokenNo, cipher));
        if (read === 'crcError' || textOf(read) !== decoded || textOf(carried) !== decoded)
          assert.unreachable(`decode ${what()}`);
        made += 1;
      }
    }
  }
  report(`${made} tokens of ${Object.keys(KINDS).length} kinds, ${each} of each: 0 disagreements`);
});

test('when decoder keys are derived at random then library and reference agree', () => {
  const tries = count(100_000, 2_000);
  const draw = chance(seed);
  for (let i = 0; i < tries; i += 1) {
    const body = draw(2) === 0 ? `600727${digits(draw, 10)}` : `0000${digits(draw, 12)}`;
    const issuerAndDrn = body + luhnDigit(body.slice(body.startsWith('600727') ? 6 : 4));
    const isOld = draw(2) === 0;
    const vendingKey = hex(draw, isOld ? 16 : 40);
    const meter = {
      meterPan: issuerAndDrn + luhnDigit(issuerAndDrn),
      supplyGroupCode: digits(draw, 6),
      tariffIndex: draw(100),
      keyRevision: 1 + draw(9),
      keyType: (1 + draw(isOld ? 3 : 2)) as 1 | 2 | 3,
      baseDate: (['93', '14', '35'] as const)[draw(3)]!,
      encryptionAlgorithm: isOld || draw(2) === 0 ? (7 as const) : (11 as const),
    };
    const request: DecoderKeyRequest = {
      ...meter,
      decoderKeyAlgorithm: isOld ? 2 : 4,
      vendingKey: bytesFromHex(vendingKey),
    };
    const expected = (isOld ? dkga02 : dkga04)(vendingKey, meter);
    if (hexFromBytes(deriveDecoderKey(request)) !== expected) assert.unreachable(JSON.stringify(meter));
  }
  report(`${tries} decoder keys by DKGA02 and DKGA04: 0 disagreements`);
});

test('when key changes and issue times are drawn at random then library and reference agree', () => {
  const tries = count(100_000, 1_000);
  const draw = chance(seed);
  for (let i = 0; i < tries; i += 1) {
    const encryptionAlgorithm = draw(2) === 0 ? 7 : 11;
    const change: KeyChange = {
      newDecoderKey: hex(draw, encryptionAlgorithm === 7 ? 16 : 32),
      keyExpiry: draw(256),
      keyRevision: 1 + draw(9),
      keyType: draw(4) as 0 | 1 | 2 | 3,
      tariffIndex: draw(100),
      supplyGroupCode: digits(draw, 6),
      rollOver: draw(2) === 1,
      threeSections: encryptionAlgorithm === 7 && draw(2) === 1,
    };
    assert.equal(keyChangeSections(encryptionAlgorithm, change), referenceSections(change));
    const baseDate = (['93', '14', '35'] as const)[draw(3)]!;
    const year = { '93': 1993, '14': 2014, '35': 2035 }[baseDate] + draw(31);
    const minute = draw(4) === 0 ? 1 : draw(1440);
    const moment = Date.UTC(year, draw(12), 1 + draw(28), 0, minute);
    const issued = new Date(moment).toISOString().slice(0, 16);
    assert.is(nextTidMinutes(tidMinutesAt(moment, baseDate), -1), tidOf(issued, baseDate), issued);
  }
  report(`${tries} key changes and as many issue times: 0 disagreements`);
});

test('when the official vectors are given to the reference then it makes every one of them', () => {
  const fields = readVectors('token-fields').tests;
  for (const vector of fields) {
    const key = vector.decoderKey ?? '0'.repeat(vector.encryptionAlgorithm === 7 ? 16 : 32);
    const { amountHundredThousandth: money, ...rest } = vector.token as Record<string, unknown>;
    const token = {
      ...rest,
      ...(money === undefined ? {} : { amountHundredThousandth: BigInt(money as string) }),
    } as unknown as Token;
    assert.is(referenceBlock(token), vector.block, `tcId ${vector.tcId}`);
    assert.is(referenceEncode(token, key), vector.tokenNo, `tcId ${vector.tcId}`);
    assert.is(textOf(referenceDecode(vector.tokenNo, key) as Token), textOf(token), `tcId ${vector.tcId}`);
  }
  const changes = readVectors('key-change').tests;
  for (const { tcId, from, to, tokens, ...change } of changes) {
    const derive = (request: typeof from) =>
      (request.decoderKeyAlgorithm === 2 ? dkga02 : dkga04)(request.vendingKey, request);
    assert.is(derive(from), from.decoderKey, `tcId ${tcId}`);
    assert.is(derive(to), to.decoderKey, `tcId ${tcId}`);
    const { keyExpiry, rollOver, threeSections } = change;
    const sections = referenceSections({
      newDecoderKey: to.decoderKey,
      keyExpiry,
      rollOver,
      threeSections,
      keyRevision: to.keyRevision,
      keyType: to.keyType as 0 | 1 | 2 | 3,
      tariffIndex: to.tariffIndex,
      supplyGroupCode: to.supplyGroupCode,
    });
    const made = sections.map((section) => ({
      block: referenceBlock(section),
      tokenNo: referenceEncode(section, from.decoderKey),
    }));
    assert.equal(made, tokens, `tcId ${tcId}`);
  }
  report(`the reference makes ${fields.length} official tokens and ${changes.length} key changes`);
});

test.run();
