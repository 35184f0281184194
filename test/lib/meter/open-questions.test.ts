/** Every open question that a meter's configuration answers, tried with its default and with another answer. */
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { bytesFromHex } from '../../../lib/hex.ts';
import { type KeyChange, keyChangeSections } from '../../../lib/keys/key-change.ts';
import { DEFAULT_METER_CONFIGURATION, type MeterConfiguration } from '../../../lib/meter/configuration.ts';
import { enterToken } from '../../../lib/meter/enter-token.ts';
import { lockoutAfterPowerUp, NO_LOCKOUT } from '../../../lib/meter/lockout.ts';
import { RESULT_CODES } from '../../../lib/meter/outcome.ts';
import { type MeterState, newMeterState } from '../../../lib/meter/state.ts';
import { createTokenCipher } from '../../../lib/token/cipher.ts';
import { tokenCrc } from '../../../lib/token/crc.ts';
import { type TokenClass, tokenNoOfBlock } from '../../../lib/token/frame.ts';
import type { Token } from '../../../lib/token/kinds.ts';
import { encodeToken } from '../../../lib/token/token.ts';

const test = suite('lib/meter: open questions');

/** Public test key of STS 531-1: P11, SGC 201457, KRN 1, TI 01, KT 2, base 2014, EA07. */
const METER = newMeterState({
  meterPan: '600727000000000009',
  encryptionAlgorithm: 7,
  decoderKey: '87f3ecbb2e46b48f',
  keyType: 2,
  keyRevision: 1,
  keyExpiry: 255,
  supplyGroupCode: '201457',
  tariffIndex: 1,
  baseDate: '14',
});

type Answers = Partial<MeterConfiguration>;

const CIPHER = createTokenCipher(7, bytesFromHex(METER.decoderKey));
const digits = (token: Token) => encodeToken(token, CIPHER).tokenNo;

function enterNo(state: MeterState, tokenNo: string, answers: Answers = {}, now = 0) {
  return enterToken(state, tokenNo, now, { ...DEFAULT_METER_CONFIGURATION, ...answers });
}

function enter(state: MeterState, token: Token, answers: Answers = {}) {
  return enterNo(state, digits(token), answers);
}

function resultOf(state: MeterState, token: Token, answers: Answers = {}): string {
  return enter(state, token, answers).outcome.result;
}

const credit = (tidMinutes: number, amountDeciKwh = 10): Token => ({
  kind: 'creditElectricity',
  tidMinutes,
  rnd: 5,
  amountDeciKwh,
});
const limit = (tidMinutes: number): Token => ({
  kind: 'setMaximumPowerLimit',
  tidMinutes,
  rnd: 5,
  limitWatt: 1_000,
});

/** 20 digits of any block under the meter's key, with the CRC that fits. */
function forged(tokenClass: TokenClass, high: number, value: number): string {
  const low = (value << 16) >>> 0;
  const block = Uint32Array.of(high >>> 0, low | tokenCrc(tokenClass, high, low));
  if (tokenClass !== 1) CIPHER.encrypt(block);
  return tokenNoOfBlock(tokenClass, block);
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

function enterSet(state: MeterState, change: Partial<KeyChange>, answers: Answers = {}) {
  const results: string[] = [];
  let now = state;
  for (const section of keyChangeSections(7, { ...CHANGE, ...change })) {
    const entry = enter(now, section, answers);
    results.push(entry.outcome.result);
    now = entry.state;
  }
  return { results, state: now };
}

test('A1: when the memory has other slots then a token is old once that many are full', () => {
  const fill = (tidMemorySize: number) => {
    let state = newMeterState(METER, { ...DEFAULT_METER_CONFIGURATION, tidMemorySize });
    for (let tid = 100; tid < 102; tid += 1) state = enter(state, credit(tid)).state;
    return resultOf(state, credit(50));
  };
  assert.equal([fill(50), fill(2)], ['Accept', 'OldError']);
});

test('A2: when class 2 tokens have a memory of their own then the same identifier is free in both', () => {
  const own: Answers = { managementSharesTidMemory: false };
  const fresh = newMeterState(METER, { ...DEFAULT_METER_CONFIGURATION, ...own });
  assert.is(resultOf(enter(METER, limit(10)).state, credit(10)), 'UsedError');
  assert.is(resultOf(enter(fresh, limit(10), own).state, credit(10), own), 'Accept');
});

test('A3: when the table of key types or the carrier is another then so is the answer', () => {
  const [toInitial] = keyChangeSections(7, { ...CHANGE, keyType: 0 });
  const [toCommon] = keyChangeSections(7, { ...CHANGE, keyType: 3 });
  assert.ok(toInitial && toCommon);
  const all: Answers = { keyTypeChanges: { 0: [], 1: [], 2: [0, 3], 3: [] } };
  assert.equal([resultOf(METER, toInitial), resultOf(METER, toInitial, all)], ['KeyTypeError', '1stKCT']);
  assert.is(resultOf(METER, toCommon, all), 'KeyTypeError', 'a common key needs a card');
  assert.is(resultOf(METER, toCommon, { ...all, tokenCarrierType: 1 }), '1stKCT');
  assert.is(resultOf(METER, toCommon, { ...all, cardOnlyKeyTypes: [] }), '1stKCT');
});

test('A4: when a key type forbids credit or management then DDTKError', () => {
  for (const keyType of [0, 1] as const) {
    const meter = { ...METER, keyType };
    assert.equal([resultOf(meter, credit(10)), resultOf(meter, limit(10))], ['DDTKError', 'Accept']);
    assert.is(resultOf(meter, credit(10), { creditRefusedUnder: [] }), 'Accept');
    assert.is(resultOf(meter, limit(10), { managementRefusedUnder: [keyType] }), 'DDTKError');
  }
});

test('A5: when a token fails in every way then the first check of the list answers', () => {
  const broken: MeterState = {
    ...METER,
    keyType: 1,
    keyExpiry: 0,
    tidMemory: METER.tidMemory.map(() => 0x20_0000),
  };
  const answers: Answers = { supported: [], creditLimitMilliWh: 0 };
  const token = credit(0x10_0000);
  const expected = {
    function: 'FunctionError',
    keyType: 'DDTKError',
    keyExpiry: 'KeyExpiredError',
    tid: 'OldError',
    values: 'OverflowError',
  } as const;
  const rest = Object.keys(expected) as (keyof typeof expected)[];
  assert.equal(DEFAULT_METER_CONFIGURATION.checkOrder, ['manufacturer', ...rest], 'the order of sts.md 8.2');
  for (const first of rest) {
    const checkOrder = [first, ...rest.filter((other) => other !== first), 'manufacturer'] as const;
    assert.is(resultOf(broken, token, { ...answers, checkOrder }), expected[first]);
  }
  // Two that fail, in either order, as a customer meets them: expired and used.
  const used: MeterState = { ...METER, keyExpiry: 0, tidMemory: [0x10_0000] };
  assert.is(resultOf(used, token), 'KeyExpiredError');
  assert.is(resultOf(used, token, { checkOrder: ['tid', 'keyExpiry', 'values'] }), 'UsedError');
  const foreign: Token = { kind: 'initiateTest', manufacturerDigits: 2, control: 1, manufacturerCode: 9 };
  assert.is(resultOf(METER, foreign, { supported: [] }), 'MfrCodeError');
  assert.is(
    resultOf(METER, foreign, { supported: [], checkOrder: ['function', 'manufacturer'] }),
    'FunctionError',
  );
  const unchecked = enter(METER, credit(10), { creditLimitMilliWh: 0, checkOrder: ['tid'] });
  assert.is(unchecked.outcome.result, 'OverflowError', 'what cannot be carried out is refused all the same');
  assert.is(unchecked.state, METER);
});

test('A6: when a refused token is remembered then it cannot be keyed later', () => {
  const later = (refusedTokensAreRemembered: boolean) => {
    const refused = enter(METER, credit(10), { creditLimitMilliWh: 0, refusedTokensAreRemembered });
    assert.is(refused.outcome.result, 'OverflowError');
    return resultOf(refused.state, credit(10));
  };
  assert.equal([later(false), later(true)], ['Accept', 'UsedError']);
});

test('A7, A8: when a section comes late or contradicts then the configured rule decides', () => {
  const [first, second] = keyChangeSections(7, CHANGE).map(digits);
  const [other] = keyChangeSections(7, { ...CHANGE, newDecoderKey: 'ffffffff20be39b8' }).map(digits);
  assert.ok(first && second && other);
  const stored = enterNo(METER, first).state;
  assert.is(enterNo(stored, second, {}, 601).outcome.result, '2ndKCT');
  assert.is(enterNo(stored, second, { keyChangeTimeoutSeconds: 601 }, 601).outcome.result, 'Accept');
  assert.is(enterNo(stored, other).outcome.result, '1stKCT');
  assert.is(enterNo(stored, other, { keyChangeConflict: 'refuse' }).outcome.result, 'FormatError');
});

test('A9: when a key changes then RO and the configuration decide what the memory keeps', () => {
  const full: MeterState = { ...METER, tidMemory: METER.tidMemory.map(() => 9) };
  const memory = (state: MeterState, rollOver: boolean, answers: Answers = {}) =>
    enterSet(state, { rollOver }, answers).state.tidMemory[0];
  assert.is(memory(full, false), 9);
  assert.is(memory(full, false, { memoryKeptWithoutRollOver: false }), 0);
  const newest = { ...full, baseDate: '35' } as const;
  assert.is(memory(newest, true), 0);
  assert.is(memory(newest, true, { rollOverZeroesMemoryAlways: false }), 9);
  assert.is(memory(full, true, { rollOverZeroesMemoryAlways: false }), 0, 'a later base date always does');
});

test('A10: when the lockout policy is another then other failures count, other waits follow, and a power cut clears it', () => {
  const policy = DEFAULT_METER_CONFIGURATION.lockout;
  const used = enter(METER, credit(10)).state;
  assert.is(enter(used, credit(10)).state, used, 'a used token does not count');
  const strict: Answers = { lockout: { ...policy, counts: ['CRCError', 'UsedError'], freeFailures: 0 } };
  const { outcome, state } = enter(used, credit(10), strict);
  assert.equal([outcome.result, state.lockout], ['UsedError', { failures: 1, untilSeconds: 10 }]);
  const none: Answers = { lockout: { ...policy, counts: [] } };
  assert.is(enterNo(METER, '00000000000000000000', none).state, METER, 'nothing counts');
  assert.is(enterNo(METER, '00000000000000000000').state.lockout.failures, 1);
  const locked = { failures: 5, untilSeconds: 80 };
  assert.is(lockoutAfterPowerUp(locked, policy), locked);
  assert.equal(lockoutAfterPowerUp(locked, { ...policy, survivesPowerLoss: false }), NO_LOCKOUT);
});

test('A11: when a make numbers its results otherwise then the configuration holds its numbers', () => {
  const { resultCodes } = DEFAULT_METER_CONFIGURATION;
  assert.equal([resultCodes['3rdKCT'], resultCodes['4thKCT']], [17, 18]);
  const other: MeterConfiguration = {
    ...DEFAULT_METER_CONFIGURATION,
    resultCodes: { ...RESULT_CODES, '3rdKCT': 20 },
  };
  const [, , third] = keyChangeSections(7, { ...CHANGE, threeSections: true });
  assert.ok(third);
  assert.is(other.resultCodes[enterToken(METER, digits(third), 0, other).outcome.result], 20);
});

test('A12: when a token has the reserved minute then it is as any other, unless refused by name', () => {
  const reserved = credit(1_441);
  assert.is(resultOf(METER, reserved), 'Accept');
  for (const reservedTid of ['FormatError', 'RangeError', 'FunctionError'] as const) {
    assert.is(resultOf(METER, reserved, { reservedTid }), reservedTid);
    assert.is(resultOf(METER, credit(1_442), { reservedTid }), 'Accept');
  }
});

test('A13: when a class or subclass is reserved then the configured result answers', () => {
  const subclass = forged(0, 8 << 28, 1);
  assert.is(enterNo(METER, subclass).outcome.result, 'FunctionError');
  assert.is(enterNo(METER, subclass, { reservedAnswer: 'FormatError' }).outcome.result, 'FormatError');
  const classThree = tokenNoOfBlock(3, Uint32Array.of(0, 1));
  for (const [classThreeAnswer, failures] of [
    ['FunctionError', 0],
    ['FormatError', 0],
    ['CRCError', 1],
  ] as const) {
    const { outcome, state } = enterNo(METER, classThree, { classThreeAnswer });
    assert.equal([outcome.result, state.lockout.failures], [classThreeAnswer, failures]);
  }
  assert.is(enterNo(METER, classThree).outcome.result, 'FunctionError');
});

test('A14: when a set has more or fewer sections than the meter then the configuration says what becomes of the group', () => {
  const three = { threeSections: true };
  const twoTokenMeter: Answers = { storesThirdSection: false };
  const taken = enterSet(METER, three, twoTokenMeter);
  assert.equal(
    taken.results,
    ['1stKCT', 'Accept', 'CRCError'],
    'two are enough, the third meets the new key',
  );
  assert.is(taken.state.supplyGroupCode, '000000');
  const refused = enterSet(METER, three, { ...twoTokenMeter, announcedThirdSection: 'FunctionError' });
  assert.equal(refused.results, ['FunctionError', '2ndKCT', 'FunctionError']);
  const stored = enterSet(METER, three);
  assert.equal([stored.results.at(-1), stored.state.supplyGroupCode], ['Accept', '201457']);
  assert.is(enterSet(METER, {}).state.supplyGroupCode, '000000');
  assert.is(enterSet(METER, {}, { supplyGroupAfterTwoSections: 'kept' }).state.supplyGroupCode, '201457');
});

test('A15: when a maker’s code is 0 or another’s then the configuration says who listens', () => {
  const own: MeterState = { ...METER, meterPan: '600727111111111153' };
  const asked = (manufacturerCode: number): Token => ({
    kind: 'initiateTest',
    manufacturerDigits: 2,
    control: 1,
    manufacturerCode,
  });
  assert.equal([resultOf(own, asked(0)), resultOf(own, asked(12))], ['Accept', 'MfrCodeError']);
  assert.is(resultOf(own, asked(0), { manufacturerZeroIsWildcard: false }), 'MfrCodeError');
  assert.is(resultOf(own, asked(12), { manufacturerCheckedIn: ['proprietaryTest'] }), 'Accept');
});

test('A17: when the digits of an entry stay away then a keypad forgets them after 20 s', () => {
  assert.is(DEFAULT_METER_CONFIGURATION.keypadTimeoutSeconds, 20);
});

test('B2: when a meter knows its controls then those it lacks answer FunctionError', () => {
  const set: Token = { kind: 'setControl', tidMinutes: 10, rnd: 5, index: 3, valueRaw: 6 };
  assert.equal(enter(METER, set).state.extension.controls, [[3, 6]]);
  assert.is(resultOf(METER, set, { controlIndices: [3] }), 'Accept');
  assert.is(resultOf(METER, set, { controlIndices: [4] }), 'FunctionError');
});

test('B3: when an extended read has more than its index then the configured result answers', () => {
  const token = forged(1, (2 << 28) | 1, 0);
  assert.is(enterNo(METER, token).outcome.result, 'FormatError');
  for (const extendedReadRestAnswer of ['RangeError', 'FunctionError'] as const) {
    assert.is(enterNo(METER, token, { extendedReadRestAnswer }).outcome.result, extendedReadRestAnswer);
  }
  assert.is(
    enterNo(METER, forged(2, 5 << 28, 1), { extendedReadRestAnswer: 'RangeError' }).outcome.result,
    'FormatError',
  );
});

test('B4: when a meter counts gas and time in coarser units then a token adds more', () => {
  const gas: Token = { kind: 'creditGas', tidMinutes: 10, rnd: 5, amountDeciCubicMetre: 3 };
  const time: Token = { kind: 'creditTime', tidMinutes: 11, rnd: 5, amountDeciMinute: 3 };
  const sums = (answers: Answers) => {
    const { gasLitre, timeSecond } = enter(enter(METER, gas, answers).state, time, answers).state.extension;
    return [gasLitre, timeSecond];
  };
  assert.equal(sums({}), [300, 18]);
  assert.equal(sums({ gasUnitLitre: 1_000, timeUnitSecond: 60 }), [3_000, 180]);
});

test('B6, B9: when a register is unknown or a debt goes below zero then the configured rule decides', () => {
  const clear: Token = { kind: 'clearCredit', tidMinutes: 10, rnd: 5, registerCode: 8 };
  assert.is(resultOf(METER, clear), 'RangeError');
  assert.is(resultOf(METER, clear, { unknownRegisterAnswer: 'FormatError' }), 'FormatError');
  const debt: Token = {
    kind: 'currencyCredit',
    resource: 'electricity',
    tidMinutes: 10,
    amountHundredThousandth: -100n,
  };
  assert.is(resultOf(METER, debt), 'Accept');
  assert.is(resultOf(METER, debt, { negativeCurrencyBalance: false }), 'OverflowError');
});

test('B10: when other key revisions are known then a key change may bring them', () => {
  const zero: Token = {
    kind: 'keyChangeSection1',
    keyExpiryHigh: 15,
    keyRevision: 0,
    rollOver: false,
    threeSections: false,
    keyType: 2,
    keyPart: 1,
  };
  assert.is(resultOf(METER, zero), 'RangeError');
  assert.is(resultOf(METER, zero, { keyRevisions: [0, 15] }), '1stKCT');
  assert.is(resultOf(METER, { ...zero, keyRevision: 15 }, { keyRevisions: [0, 15] }), '1stKCT');
  assert.is(resultOf(METER, { ...zero, keyRevision: 10 }), 'RangeError');
});

test.run();
