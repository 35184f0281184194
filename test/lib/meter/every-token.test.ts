/**
 * Every token at a meter, and the official key-change sets in every order (sts.md 2.2, 2.5, 2.6, 6.6, 7.2, 7.3, 8.1,
 * 8.4).
 */
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { bytesFromHex } from '../../../lib/hex.ts';
import type { KeyType } from '../../../lib/identity/attributes.ts';
import { type KeyChange, keyChangeSections } from '../../../lib/keys/key-change.ts';
import { DEFAULT_METER_CONFIGURATION, type MeterConfiguration } from '../../../lib/meter/configuration.ts';
import { enterToken } from '../../../lib/meter/enter-token.ts';
import { RESULT_CODES, type TokenResult } from '../../../lib/meter/outcome.ts';
import { type MeterState, newMeterState } from '../../../lib/meter/state.ts';
import { createTokenCipher } from '../../../lib/token/cipher.ts';
import { tokenCrc } from '../../../lib/token/crc.ts';
import { type TokenClass, tokenNoOfBlock } from '../../../lib/token/frame.ts';
import type { Token } from '../../../lib/token/kinds.ts';
import { encodeToken } from '../../../lib/token/token.ts';
import { report } from '../../support/counts.ts';
import { readVectors } from '../../support/vectors.ts';

const test = suite('lib/meter: every token');

/** Public test keys of STS 531-1: P11, SGC 201457, KRN 1, TI 01, KT 2, base 2014. */
const FACTORY = {
  meterPan: '600727000000000009',
  keyType: 2,
  keyRevision: 1,
  keyExpiry: 255,
  supplyGroupCode: '201457',
  tariffIndex: 1,
  baseDate: '14',
} as const;
const STA_METER = newMeterState({ ...FACTORY, encryptionAlgorithm: 7, decoderKey: '87f3ecbb2e46b48f' });
const MISTY1_METER = newMeterState({
  ...FACTORY,
  encryptionAlgorithm: 11,
  decoderKey: '929bd3a415c9420a05ec5ee9f3ce91c3',
});

const seen = new Set<TokenResult>();

function enter(state: MeterState, tokenNo: string, now = 0, change: Partial<MeterConfiguration> = {}) {
  const entry = enterToken(state, tokenNo, now, { ...DEFAULT_METER_CONFIGURATION, ...change });
  seen.add(entry.outcome.result);
  return entry;
}

function digits(state: MeterState, token: Token): string {
  return encodeToken(token, createTokenCipher(state.encryptionAlgorithm, bytesFromHex(state.decoderKey)))
    .tokenNo;
}

/** Enters fields instead of digits. */
function enterFields(state: MeterState, token: Token, now = 0, change: Partial<MeterConfiguration> = {}) {
  return enter(state, digits(state, token), now, change);
}

const issue = (tidMinutes: number) => ({ tidMinutes, rnd: 5 });

test('when credit of any resource is entered then its register rises in its own unit, once', () => {
  const water = enterFields(STA_METER, { kind: 'creditWater', ...issue(10), amountDeciCubicMetre: 25 });
  assert.is(water.state.extension.waterLitre, 2_500);
  const gas = enterFields(water.state, { kind: 'creditGas', ...issue(11), amountDeciCubicMetre: 3 });
  const time = enterFields(gas.state, { kind: 'creditTime', ...issue(12), amountDeciMinute: 10 });
  assert.equal(time.outcome, {
    stage: 'token',
    result: 'Accept',
    creditDeciKwh: 0,
    effect: { kind: 'credited', resource: 'time', units: 10 },
  });
  const { waterLitre, gasLitre, timeSecond } = time.state.extension;
  assert.equal([waterLitre, gasLitre, timeSecond, time.state.creditMilliWh], [2_500, 300, 60, 0]);
  const again = enterFields(time.state, { kind: 'creditElectricity', ...issue(11), amountDeciKwh: 1 });
  assert.is(again.outcome.result, 'UsedError', 'one memory for all resources');
});

test('when money is entered then the register of its resource moves, and below zero where that is allowed', () => {
  const credit = (amountHundredThousandth: bigint, tidMinutes: number): Token => ({
    kind: 'currencyCredit',
    resource: 'water',
    tidMinutes,
    amountHundredThousandth,
  });
  const paid = enterFields(STA_METER, credit(100_000n, 10));
  assert.is(paid.state.extension.currencyHundredThousandth.water, 100_004, 'coded upward');
  const debt = enterFields(paid.state, credit(-300_000n, 11));
  assert.is(debt.outcome.result, 'Accept');
  assert.ok(debt.state.extension.currencyHundredThousandth.water < 0);
  const refused = enterFields(paid.state, credit(-300_000n, 11), 0, { negativeCurrencyBalance: false });
  assert.is(refused.outcome.result, 'OverflowError');
  assert.is(enterFields(STA_METER, credit(10n ** 30n, 12)).outcome.result, 'OverflowError');
});

test('when a limit, rate, factor, flag or control is entered then it is set, and the last one counts', () => {
  const tokens: readonly Token[] = [
    { kind: 'setMaximumPowerLimit', ...issue(10), limitWatt: 1_000 },
    { kind: 'setMaximumPhasePowerUnbalanceLimit', ...issue(11), limitWatt: 10 },
    { kind: 'setTariffRate', ...issue(12), rateRaw: 7 },
    { kind: 'setWaterMeterFactor', ...issue(13), factorRaw: 9 },
    { kind: 'setFlag', ...issue(14), flag: 8, isSet: true },
    { kind: 'setFlag', ...issue(15), flag: 1, isSet: true },
    { kind: 'setFlag', ...issue(16), flag: 8, isSet: false },
    { kind: 'setControl', ...issue(17), index: 3, valueRaw: 5 },
    { kind: 'setControl', ...issue(18), index: 0, valueRaw: 123 },
    { kind: 'setControl', ...issue(19), index: 3, valueRaw: 6 },
  ];
  let state = STA_METER;
  for (const token of tokens) {
    const entry = enterFields(state, token);
    assert.is(entry.outcome.result, 'Accept', token.kind);
    state = entry.state;
  }
  const { maximumPowerWatt, maximumPhaseUnbalanceWatt, tariffRateRaw, waterFactorRaw, flags, controls } =
    state.extension;
  assert.equal(
    [maximumPowerWatt, maximumPhaseUnbalanceWatt, tariffRateRaw, waterFactorRaw],
    [1_000, 10, 7, 9],
  );
  assert.equal(flags, [1]);
  assert.equal(controls, [
    [0, 123],
    [3, 6],
  ]);
});

test('when credit is cleared then the register named is zero, and all of them by FFFF', () => {
  let state: MeterState = { ...STA_METER, creditMilliWh: 5 };
  state = {
    ...state,
    extension: {
      ...state.extension,
      waterLitre: 1,
      gasLitre: 2,
      timeSecond: 3,
      currencyHundredThousandth: { electricity: 4, water: 5, gas: 6, time: 7 },
    },
  };
  const registers = ({ creditMilliWh, extension }: MeterState) => {
    const money = extension.currencyHundredThousandth;
    const others = [extension.waterLitre, extension.gasLitre, extension.timeSecond];
    return [creditMilliWh, ...others, money.electricity, money.water, money.gas, money.time];
  };
  for (let code = 0; code < 8; code += 1) {
    const cleared = enterFields(state, { kind: 'clearCredit', ...issue(10), registerCode: code });
    const expected = registers(state).map((value, index) => (index === code ? 0 : value));
    assert.equal(registers(cleared.state), expected, `register ${code}`);
  }
  const all = enterFields(state, { kind: 'clearCredit', ...issue(10), registerCode: 0xffff });
  assert.equal(registers(all.state), new Array(8).fill(0));
  const unknown = enterFields(state, { kind: 'clearCredit', ...issue(10), registerCode: 8 });
  assert.equal([unknown.outcome.result, unknown.state], ['RangeError', state]);
  const unfitted = { kind: 'clearCredit', ...issue(10), registerCode: 1 } as const;
  assert.is(enterFields(state, unfitted, 0, { resources: ['electricity'] }).outcome.result, 'RangeError');
});

test('when tamper is cleared then the latch is released', () => {
  const tampered = { ...STA_METER, extension: { ...STA_METER.extension, isTampered: true } };
  const cleared = enterFields(tampered, { kind: 'clearTamper', ...issue(10) });
  assert.equal(cleared.outcome.result, 'Accept');
  assert.not.ok(cleared.state.extension.isTampered);
});

test('when a resource is not fitted or a register is full then the token is refused and can be keyed later', () => {
  const water: Token = { kind: 'creditWater', ...issue(10), amountDeciCubicMetre: 1 };
  assert.is(enterFields(STA_METER, water, 0, { resources: ['electricity'] }).outcome.result, 'FunctionError');
  const full = enterFields(STA_METER, water, 0, { otherRegisterLimit: 99 });
  assert.equal([full.outcome.result, full.state], ['OverflowError', STA_METER]);
  const remembered = enterFields(STA_METER, water, 0, {
    otherRegisterLimit: 99,
    refusedTokensAreRemembered: true,
  });
  assert.is(enterFields(remembered.state, water).outcome.result, 'UsedError');
});

test('when class 2 tokens have a memory of their own then their identifiers do not meet those of credit', () => {
  const configuration = { managementSharesTidMemory: false };
  const meter = newMeterState(STA_METER, { ...DEFAULT_METER_CONFIGURATION, ...configuration });
  const limit: Token = { kind: 'setMaximumPowerLimit', ...issue(10), limitWatt: 1 };
  const set = enterFields(meter, limit, 0, configuration);
  assert.is(enterFields(set.state, limit, 0, configuration).outcome.result, 'UsedError');
  const credit: Token = { kind: 'creditElectricity', ...issue(10), amountDeciKwh: 1 };
  assert.is(enterFields(set.state, credit, 0, configuration).outcome.result, 'Accept');
  assert.is(enterFields(enterFields(STA_METER, limit).state, credit).outcome.result, 'UsedError');
});

test('when the official display tokens are entered then the meter takes those of its own width', () => {
  const displays = readVectors('token-fields').tests.filter(({ token }) => token.kind === 'initiateTest');
  let accepted = 0;
  for (const { token, tokenNo } of displays) {
    const entry = enter(STA_METER, tokenNo);
    const isWide = (token as { manufacturerDigits?: number }).manufacturerDigits === 2;
    assert.is(entry.outcome.result, isWide ? 'Accept' : 'MfrCodeError');
    assert.is(entry.state, STA_METER, 'shows, changes nothing');
    if (isWide) accepted += 1;
  }
  report(`${displays.length} official display tokens, ${accepted} for a meter with an 11-digit number`);
  const own = { ...STA_METER, meterPan: '600727111111111153' };
  const named = (manufacturerCode: number): Token => ({
    kind: 'initiateTest',
    manufacturerDigits: 2,
    control: 1,
    manufacturerCode,
  });
  assert.is(enterFields(own, named(11)).outcome.result, 'Accept');
  assert.is(enterFields(own, named(12)).outcome.result, 'MfrCodeError');
  assert.is(
    enterFields(own, named(0), 0, { manufacturerZeroIsWildcard: false }).outcome.result,
    'MfrCodeError',
  );
  assert.is(enterFields(own, { kind: 'extendedRead', index: 63 }).outcome.result, 'Accept');
  const proprietary: Token = { kind: 'proprietaryTest', subclass: 11, control: 1, manufacturerCode: 11 };
  assert.is(enterFields(own, proprietary).outcome.result, 'FunctionError', 'makers carry out their own');
  assert.is(enterFields(own, proprietary, 0, { supported: ['proprietaryTest'] }).outcome.result, 'Accept');
});

test('when every official key-change set is entered, in every order, then the new key is in force only at the last', () => {
  const { tests } = readVectors('key-change');
  let orders = 0;
  for (const { from, to, keyExpiry, rollOver, tokens, comment } of tests) {
    const meter: MeterState = {
      ...(from.encryptionAlgorithm === 7 ? STA_METER : MISTY1_METER),
      meterPan: from.meterPan,
      decoderKey: from.decoderKey,
      baseDate: from.baseDate as '14',
      creditMilliWh: 77,
      tidMemory: STA_METER.tidMemory.map((_, slot) => slot),
    };
    for (const order of permutations(tokens.map(({ tokenNo }) => tokenNo))) {
      orders += 1;
      let state = meter;
      for (const [index, tokenNo] of order.entries()) {
        const { outcome, state: next } = enter(state, tokenNo, index);
        const isLast = index === order.length - 1;
        assert.match(outcome.result, isLast ? /^Accept$/ : /^(1st|2nd|3rd|4th)KCT$/, comment);
        if (!isLast) assert.is(next.decoderKey, from.decoderKey);
        state = next;
      }
      assert.equal(
        [state.decoderKey, state.keyExpiry, state.keyRevision, state.tariffIndex, state.keyType],
        [to.decoderKey, keyExpiry, to.keyRevision, to.tariffIndex, to.keyType],
      );
      assert.is(state.supplyGroupCode, tokens.length === 2 ? '000000' : to.supplyGroupCode);
      assert.is(state.creditMilliWh, 77, 'credit is not touched');
      assert.equal(state.extension.keyChange, undefined);
      assert.is(
        state.tidMemory.every((tid) => tid === 0),
        rollOver,
      );
      if (rollOver) assert.is.not(state.baseDate, from.baseDate);
      // Under the old key nothing is read any more.
      assert.is(enter(state, order[0] ?? '').outcome.result, 'CRCError');
    }
  }
  report(`${tests.length} official key-change sets in ${orders} orders`);
});

function permutations<Item>(items: readonly Item[]): Item[][] {
  if (items.length <= 1) return [[...items]];
  return items.flatMap((item, index) =>
    permutations(items.filter((_, other) => other !== index)).map((rest) => [item, ...rest]),
  );
}

const CHANGE: KeyChange = {
  newDecoderKey: '7f78cdd220be39b8',
  keyExpiry: 255,
  keyRevision: 1,
  keyType: 2,
  tariffIndex: 2,
  supplyGroupCode: '201457',
  rollOver: false,
  threeSections: false,
};

function sections(change: Partial<KeyChange> = {}): string[] {
  return keyChangeSections(7, { ...CHANGE, ...change }).map((section) => digits(STA_METER, section));
}

test('when a section comes too late then the set begins again', () => {
  const [first = '', second = ''] = sections();
  const stored = enter(STA_METER, first, 100);
  assert.is(enter(stored.state, second, 700).outcome.result, 'Accept', 'ten minutes are in time');
  const late = enter(stored.state, second, 701);
  assert.is(late.outcome.result, '2ndKCT', 'the first was forgotten');
  assert.is(enter(late.state, first, 702).outcome.result, 'Accept');
});

test('when sections of two sets meet then the older set is forgotten, or the newer refused, as configured', () => {
  const [first = '', second = ''] = sections();
  const [other = ''] = sections({ newDecoderKey: 'ffffffff20be39b8' });
  const stored = enter(enter(STA_METER, first).state, other);
  assert.is(stored.outcome.result, '1stKCT');
  const done = enter(stored.state, second);
  assert.is(done.state.decoderKey, 'ffffffff20be39b8', 'the newer set');
  const refused = enter(enter(STA_METER, first).state, other, 0, { keyChangeConflict: 'refuse' });
  assert.is(refused.outcome.result, 'FormatError');
  const twice = enter(enter(STA_METER, first, 0).state, first, 500);
  assert.is(twice.outcome.result, '1stKCT', 'the same section again is no conflict, and renews the time');
  assert.is(enter(twice.state, second, 1_000).outcome.result, 'Accept');
});

test('when a key change leads to another key type then the table decides', () => {
  const table = DEFAULT_METER_CONFIGURATION.keyTypeChanges;
  for (const from of [0, 1, 2, 3] as const) {
    for (const to of [0, 1, 2, 3] as const) {
      const [first = ''] = sections({ keyType: to });
      const meter = { ...STA_METER, keyType: from as KeyType };
      const allowed = table[from].includes(to);
      assert.is(
        enter(meter, first, 0, { tokenCarrierType: 1 }).outcome.result,
        allowed ? '1stKCT' : 'KeyTypeError',
      );
      const onKeypad = allowed && to !== 3;
      assert.is(
        enter(meter, first).outcome.result,
        onKeypad ? '1stKCT' : 'KeyTypeError',
        `${from} to ${to} on a keypad`,
      );
    }
  }
});

test('when an EA07 meter stores no third section then it takes two and answers FunctionError to the third', () => {
  const [first = '', second = '', third = ''] = sections({ threeSections: true });
  const configuration = { storesThirdSection: false };
  assert.is(enter(STA_METER, third, 0, configuration).outcome.result, 'FunctionError');
  const done = enter(enter(STA_METER, first, 0, configuration).state, second, 0, configuration);
  assert.equal([done.outcome.result, done.state.supplyGroupCode], ['Accept', '000000']);
});

test('when the base date cannot move on then the memory is zeroed all the same, unless configured', () => {
  const last = { ...STA_METER, baseDate: '35', tidMemory: STA_METER.tidMemory.map(() => 9) } as const;
  const [first = '', second = ''] = sections({ rollOver: true });
  const change = (configuration: Partial<MeterConfiguration>) =>
    enter(enter(last, first, 0, configuration).state, second, 0, configuration).state;
  assert.equal([change({}).baseDate, change({}).tidMemory[0]], ['35', 0]);
  assert.is(change({ rollOverZeroesMemoryAlways: false }).tidMemory[0], 9);
});

/** 20 digits of any class and fields under the meter's key, with the CRC that fits. */
function forged(tokenClass: TokenClass, high: number, value: number): string {
  const low = (value << 16) >>> 0;
  const block = Uint32Array.of(high, low | tokenCrc(tokenClass, high, low));
  createTokenCipher(7, bytesFromHex(STA_METER.decoderKey)).encrypt(block);
  return tokenNoOfBlock(tokenClass, block);
}

test('when a token is reserved or malformed then the result names it', () => {
  assert.is(enter(STA_METER, forged(0, (8 << 28) >>> 0, 1)).outcome.result, 'FunctionError');
  assert.is(
    enter(STA_METER, forged(0, (8 << 28) >>> 0, 1), 0, { reservedAnswer: 'FormatError' }).outcome.result,
    'FormatError',
  );
  assert.is(enter(STA_METER, forged(2, (5 << 28) >>> 0, 1)).outcome.result, 'FormatError');
  const revisionZero = digits(STA_METER, {
    kind: 'keyChangeSection1',
    keyExpiryHigh: 15,
    keyRevision: 0,
    rollOver: false,
    threeSections: false,
    keyType: 2,
    keyPart: 1,
  });
  assert.is(enter(STA_METER, revisionZero).outcome.result, 'RangeError');
});

test('when a section is accepted then the lockout is cleared like by any meter-specific token', () => {
  const waiting: MeterState = { ...STA_METER, lockout: { failures: 5, untilSeconds: 10 } };
  const [first = ''] = sections();
  assert.is(enter(waiting, first, 9).outcome.result, 'Lockout');
  assert.equal(enter(waiting, first, 10).state.lockout, { failures: 0, untilSeconds: 0 });
});

test('when all results are looked for then each was seen', () => {
  const elsewhere: readonly TokenResult[] = ['OldError', 'KeyExpiredError', 'DDTKError'];
  const missing = (Object.keys(RESULT_CODES) as TokenResult[]).filter((result) => !seen.has(result));
  assert.equal(missing.sort(), [...elsewhere].sort(), 'the rest is in enter-token.test.ts');
  assert.is(new Set(Object.values(RESULT_CODES)).size, Object.keys(RESULT_CODES).length);
});

test.run();
