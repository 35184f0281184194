/** Every kind of token, there and back (sts.md 2.1-2.7, 3, 7.1). */
import fc from 'fast-check';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { bytesFromHex } from '../../../lib/hex.ts';
import { assembleKeyChange, type KeyChange, keyChangeSections } from '../../../lib/keys/key-change.ts';
import { AMOUNT_MAX, decodeAmount, encodeAmount } from '../../../lib/token/amount.ts';
import { controlOfTest, isRegisterCode, tokenOfFields } from '../../../lib/token/block-fields.ts';
import { createTokenCipher } from '../../../lib/token/cipher.ts';
import { currencyTokenCrc, tokenCrc } from '../../../lib/token/crc.ts';
import {
  CURRENCY_MAX_HUNDRED_THOUSANDTH,
  decodeCurrencyAmount,
  encodeCurrencyAmount,
} from '../../../lib/token/currency-amount.ts';
import { type TokenClass, tokenNoOfBlock } from '../../../lib/token/frame.ts';
import type { DecodedToken, Token } from '../../../lib/token/kinds.ts';
import { TID_MAX } from '../../../lib/token/tid.ts';
import { decodeToken, encodeToken } from '../../../lib/token/token.ts';
import { count, report, seedOf } from '../../support/counts.ts';
import { NOT_AN_INTEGER } from '../../support/hostile.ts';
import { fault, mistake } from '../../support/throws.ts';

const test = suite('lib/token/kinds');
const seed = seedOf('lib/token/kinds');

/** Public test keys of STS 531-1. */
const STA = createTokenCipher(7, bytesFromHex('87f3ecbb2e46b48f'));
const MISTY1 = createTokenCipher(11, bytesFromHex('929bd3a415c9420a05ec5ee9f3ce91c3'));

const issue = { tidMinutes: fc.nat(TID_MAX), rnd: fc.nat(15) };
/** Amounts that are coded exactly: what a token carries reads back as it was. */
const exact = fc.nat(0xffff).map(decodeAmount);
const word = fc.nat(0xffffffff);
const kind = <Kind extends string>(name: Kind) => fc.constant(name);
const currency = fc
  .record({ signAndExponent: fc.nat(15), field: fc.nat(0xffff) })
  .map(decodeCurrencyAmount)
  // Zero with a sign is coded without one.
  .filter((amount) => amount !== 0n);

const section1 = {
  keyExpiryHigh: fc.nat(15),
  keyRevision: fc.nat(15),
  rollOver: fc.boolean(),
  threeSections: fc.boolean(),
  keyType: fc.constantFrom(0, 1, 2, 3),
  keyPart: word,
};

const KINDS: Readonly<Record<string, fc.Arbitrary<object>>> = {
  creditElectricity: fc.record({ kind: kind('creditElectricity'), ...issue, amountDeciKwh: exact }),
  creditWater: fc.record({ kind: kind('creditWater'), ...issue, amountDeciCubicMetre: exact }),
  creditGas: fc.record({ kind: kind('creditGas'), ...issue, amountDeciCubicMetre: exact }),
  creditTime: fc.record({ kind: kind('creditTime'), ...issue, amountDeciMinute: exact }),
  currencyCredit: fc.record({
    kind: kind('currencyCredit'),
    resource: fc.constantFrom('electricity', 'water', 'gas', 'time'),
    tidMinutes: fc.nat(TID_MAX),
    amountHundredThousandth: currency,
  }),
  setMaximumPowerLimit: fc.record({ kind: kind('setMaximumPowerLimit'), ...issue, limitWatt: exact }),
  clearCredit: fc.record({ kind: kind('clearCredit'), ...issue, registerCode: fc.nat(0xffff) }),
  setTariffRate: fc.record({ kind: kind('setTariffRate'), ...issue, rateRaw: fc.nat(0xffff) }),
  clearTamper: fc.record({ kind: kind('clearTamper'), ...issue }),
  setMaximumPhasePowerUnbalanceLimit: fc.record({
    kind: kind('setMaximumPhasePowerUnbalanceLimit'),
    ...issue,
    limitWatt: exact,
  }),
  setWaterMeterFactor: fc.record({ kind: kind('setWaterMeterFactor'), ...issue, factorRaw: fc.nat(0xffff) }),
  setFlag: fc.record({ kind: kind('setFlag'), ...issue, flag: fc.nat(511), isSet: fc.boolean() }),
  setControl: fc.record({ kind: kind('setControl'), ...issue, index: fc.nat(62), valueRaw: fc.nat(1023) }),
  initiateTest2: fc.record({
    kind: kind('initiateTest'),
    manufacturerDigits: fc.constant(2),
    control: fc.maxSafeNat().map((n) => n % 2 ** 36),
    manufacturerCode: fc.nat(99),
  }),
  initiateTest4: fc.record({
    kind: kind('initiateTest'),
    manufacturerDigits: fc.constant(4),
    control: fc.nat(2 ** 28 - 1),
    manufacturerCode: fc.nat(9999),
  }),
  extendedRead: fc.record({ kind: kind('extendedRead'), index: fc.nat(63) }),
  proprietaryTest4: fc.record({
    kind: kind('proprietaryTest'),
    subclass: fc.integer({ min: 6, max: 10 }),
    control: fc.nat(2 ** 28 - 1),
    manufacturerCode: fc.nat(9999),
  }),
  proprietaryTest2: fc.record({
    kind: kind('proprietaryTest'),
    subclass: fc.integer({ min: 11, max: 15 }),
    control: fc.maxSafeNat().map((n) => n % 2 ** 36),
    manufacturerCode: fc.nat(99),
  }),
  keyChangeSection1: fc.record({ kind: kind('keyChangeSection1'), ...section1 }),
  keyChangeSection2: fc.record({
    kind: kind('keyChangeSection2'),
    keyExpiryLow: fc.nat(15),
    tariffIndex: fc.nat(99),
    keyPart: word,
  }),
};

const SHORT_KEY_ONLY = {
  keyChangeSection3Of3: fc.record({
    kind: kind('keyChangeSection3Of3'),
    supplyGroupCode: fc.nat(999_999).map((n) => String(n).padStart(6, '0')),
  }),
};

const LONG_KEY_ONLY = {
  keyChangeSection3Of4: fc.record({
    kind: kind('keyChangeSection3Of4'),
    supplyGroupLow: fc.nat(0xfff),
    keyPart: word,
  }),
  keyChangeSection4: fc.record({
    kind: kind('keyChangeSection4'),
    supplyGroupHigh: fc.nat(0xfff),
    keyPart: word,
  }),
};

test('when a token of any kind is encoded and decoded then it is the same token, for both algorithms', () => {
  const numRuns = count(100_000, 500);
  let kinds = 0;
  for (const [cipher, more] of [
    [STA, SHORT_KEY_ONLY],
    [MISTY1, LONG_KEY_ONLY],
  ] as const) {
    for (const [name, arbitrary] of Object.entries({ ...KINDS, ...more })) {
      kinds += 1;
      fc.assert(
        fc.property(arbitrary, (fields) => {
          const token = { ...(fields as object) }; // with the prototype that a decoded token has
          const { tokenNo, carried } = encodeToken(token as Token, cipher);
          assert.equal(carried, token, name);
          assert.equal(decodeToken(tokenNo, cipher), token, name);
        }),
        { seed, numRuns },
      );
    }
  }
  report(`${kinds} kinds by algorithm, ${numRuns} tokens of each there and back`);
});

test('when an amount lies between two codes then the token carries the one that favours the customer', () => {
  fc.assert(
    fc.property(fc.nat(AMOUNT_MAX), issue.tidMinutes, (limitWatt, tidMinutes) => {
      const { carried } = encodeToken({ kind: 'setMaximumPowerLimit', tidMinutes, rnd: 0, limitWatt }, STA);
      assert.ok(carried.kind === 'setMaximumPowerLimit' && carried.limitWatt >= limitWatt);
      assert.is(
        encodeAmount(limitWatt),
        encodeAmount(carried.kind === 'setMaximumPowerLimit' ? carried.limitWatt : 0),
      );
    }),
    { seed, numRuns: count(50_000, 1_000) },
  );
  const numRuns = count(100_000, 2_000);
  fc.assert(
    fc.property(
      fc.bigInt({ min: -CURRENCY_MAX_HUNDRED_THOUSANDTH, max: CURRENCY_MAX_HUNDRED_THOUSANDTH }),
      fc.nat(30),
      (amount, digits) => {
        const asked = amount / 10n ** BigInt(digits);
        const carried = decodeCurrencyAmount(encodeCurrencyAmount(asked));
        assert.ok(carried >= asked, 'toward plus infinity, for credit and for debt');
        assert.equal(
          decodeCurrencyAmount(encodeCurrencyAmount(carried)),
          carried,
          'coding again changes nothing',
        );
        const size = asked < 0n ? -asked : asked;
        assert.ok((carried - asked) * 1_638n <= size + 1_638n, 'by less than one part in 1,638');
      },
    ),
    { seed, numRuns },
  );
  report(`currency coding: ${numRuns} amounts over 35 decades, never against the customer`);
});

test('when money is coded by the table of sts.md 2.4 then fields and values are those', () => {
  const rows: readonly (readonly [units: bigint, signAndExponent: number, field: number, carried: bigint])[] =
    [
      [100_000n, 0, 0x60aa, 100_004n],
      [1_000_000n, 0, 0xa006, 1_000_024n],
      [9_999_000n, 0, 0xdff5, 9_999_624n],
      [1_638_300_000n, 1, 0x78e3, 1_638_342_624n],
      [-100_000n, 8, 0x60a9, -99_994n],
      [-18_022_400_000n, 9, 0xbf49, -18_021_442_624n],
      // The first value of a range, and the gap before the next: a debt falls back, a credit goes on.
      [-16_384n, 8, 0x4000, -16_384n],
      [-180_223n, 8, 0x7fff, -180_214n],
      [-180_224n, 8, 0x8000, -180_224n],
      [180_223n, 0, 0x8000, 180_224n],
    ];
  for (const [units, signAndExponent, field, carried] of rows) {
    assert.equal(encodeCurrencyAmount(units), { signAndExponent, field });
    assert.is(decodeCurrencyAmount({ signAndExponent, field }), carried);
  }
  assert.throws(
    () => encodeCurrencyAmount(CURRENCY_MAX_HUNDRED_THOUSANDTH + 1n),
    fault('amount_out_of_range'),
  );
  assert.throws(
    () => encodeCurrencyAmount(-CURRENCY_MAX_HUNDRED_THOUSANDTH - 1n),
    fault('amount_out_of_range'),
  );
  assert.throws(() => encodeCurrencyAmount(1 as unknown as bigint), fault('amount_out_of_range'));
});

test('when a key change is cut into sections then they make the same change again, in any order, and none without one', () => {
  const change = (digits: number) =>
    fc.record({
      newDecoderKey: fc.stringMatching(new RegExp(`^[0-9a-f]{${digits}}$`)),
      keyExpiry: fc.nat(255),
      keyRevision: fc.integer({ min: 1, max: 9 }),
      keyType: fc.constantFrom(0 as const, 1 as const, 2 as const, 3 as const),
      tariffIndex: fc.nat(99),
      supplyGroupCode: fc.nat(999_999).map((n) => String(n).padStart(6, '0')),
      rollOver: fc.boolean(),
      threeSections: digits === 16 ? fc.boolean() : fc.constant(false),
    });
  const numRuns = count(20_000, 500);
  for (const [encryptionAlgorithm, digits] of [
    [7, 16],
    [11, 32],
  ] as const) {
    fc.assert(
      fc.property(change(digits), fc.nat(), (asked, turn) => {
        const sections = keyChangeSections(encryptionAlgorithm, asked);
        const turned = [
          ...sections.slice(turn % sections.length),
          ...sections.slice(0, turn % sections.length),
        ];
        const carriesGroup = sections.length > 2;
        const expected = { ...asked, supplyGroupCode: carriesGroup ? asked.supplyGroupCode : '000000' };
        assert.equal(assembleKeyChange(turned), expected);
        // A four-section set without both of its last looks like a set of two: the meter's algorithm tells them apart.
        for (let missing = 0; missing < sections.length; missing += 1) {
          const rest = sections.filter((_, index) => index !== missing);
          assert.is(assembleKeyChange(rest), undefined);
        }
      }),
      { seed, numRuns },
    );
  }
  report(`${numRuns} key changes for each algorithm cut and joined`);
});

test('when a key change cannot be then it is refused by name', () => {
  const valid: KeyChange = {
    newDecoderKey: '7f78cdd220be39b8',
    keyExpiry: 255,
    keyRevision: 1,
    keyType: 2,
    tariffIndex: 2,
    supplyGroupCode: '201457',
    rollOver: false,
    threeSections: false,
  };
  const refused: readonly [Partial<Record<keyof KeyChange, unknown>>, (error: unknown) => boolean][] = [
    [{ newDecoderKey: '7f78cdd220be39' }, mistake(RangeError, 'newDecoderKey')],
    [{ newDecoderKey: 'zz78cdd220be39b8' }, mistake(RangeError, 'newDecoderKey')],
    [{ keyExpiry: 256 }, mistake(RangeError, 'keyExpiry')],
    [{ keyRevision: 0 }, mistake(RangeError, 'keyRevision')],
    [{ keyType: 4 }, mistake(RangeError, 'keyType')],
    [{ tariffIndex: 100 }, mistake(RangeError, 'tariffIndex')],
    [{ supplyGroupCode: '20145' }, fault('supply_group_malformed')],
  ];
  for (const [change, expected] of refused) {
    assert.throws(() => keyChangeSections(7, { ...valid, ...change } as KeyChange), expected);
  }
  const long = { ...valid, newDecoderKey: '7f78cdd220be39b87f78cdd220be39b8', threeSections: true };
  assert.throws(() => keyChangeSections(11, long), mistake(RangeError, 'threeSections'));
});

/** 20 digits of any block with the CRC that fits it. */
function forge(tokenClass: TokenClass, high: number, value: number, cipher = STA): string {
  const isCurrency = tokenClass === 0 && high >>> 30 === 1;
  const low = (value << 16) >>> 0;
  const block = Uint32Array.of(high, low | (isCurrency ? currencyTokenCrc : tokenCrc)(tokenClass, high, low));
  if (tokenClass !== 1) cipher.encrypt(block);
  return tokenNoOfBlock(tokenClass, block);
}

test('when the CRC fits but the fields are not as specified then the token is malformed or unsupported, by its class', () => {
  const cases: readonly (readonly [string, DecodedToken['kind'], string])[] = [
    ['clear tamper with a value', 'malformed', forge(2, 0x55_000001 + 0, 1)],
    ['section 2 with TI 100', 'malformed', forge(2, ((4 << 28) | (100 << 16)) >>> 0, 0)],
    ['section 3 with a group above 999999', 'malformed', forge(2, ((8 << 28) | (1_000_000 << 4)) >>> 0, 0)],
    ['section 3 with a rest', 'malformed', forge(2, (8 << 28) >>> 0, 1)],
    ['two-digit maker 100', 'malformed', forge(1, 0, 100)],
    ['four-digit maker 10000', 'malformed', forge(1, (1 << 28) >>> 0, 10_000)],
    ['extended read with a rest', 'malformed', forge(1, (2 << 28) >>> 0, 1)],
    ['reserved credit 0.8', 'unsupported', forge(0, (8 << 28) >>> 0, 1)],
    ['reserved display 1.3', 'unsupported', forge(1, (3 << 28) >>> 0, 0)],
    ['free management 2.11', 'unsupported', forge(2, (11 << 28) >>> 0, 0)],
    ['section 4 at a 64-bit key', 'unsupported', forge(2, (9 << 28) >>> 0, 0)],
    ['class 3', 'unsupported', forge(3, 0, 0)],
  ];
  for (const [name, expected, tokenNo] of cases) assert.is(decodeToken(tokenNo, STA).kind, expected, name);
  assert.is(decodeToken(forge(2, (9 << 28) >>> 0, 0, MISTY1), MISTY1).kind, 'keyChangeSection4');
  assert.is(tokenOfFields(3, new Uint32Array(2), 64), null, 'class 3 has no subclass in use');
  // A currency token with the plain CRC must fail (sts.md 3).
  const plain = Uint32Array.of(0x40000001, 0x00010000 | tokenCrc(0, 0x40000001, 0x00010000));
  STA.encrypt(plain);
  assert.is(decodeToken(tokenNoOfBlock(0, plain), STA).kind, 'crcError');
});

test('when a field is out of its bits then it is refused by name', () => {
  const base = { tidMinutes: 1, rnd: 1 };
  const fields: readonly (readonly [object, string])[] = [
    [{ kind: 'clearCredit', ...base }, 'registerCode'],
    [{ kind: 'setTariffRate', ...base }, 'rateRaw'],
    [{ kind: 'setWaterMeterFactor', ...base }, 'factorRaw'],
    [{ kind: 'setFlag', ...base, isSet: true }, 'flag'],
    [{ kind: 'setControl', ...base, valueRaw: 0 }, 'index'],
    [{ kind: 'setControl', ...base, index: 0 }, 'valueRaw'],
    [{ kind: 'clearTamper', rnd: 0 }, 'tidMinutes'],
    [{ kind: 'clearTamper', tidMinutes: 0 }, 'rnd'],
    [{ kind: 'initiateTest', manufacturerDigits: 2, manufacturerCode: 0 }, 'control'],
    [{ kind: 'initiateTest', manufacturerDigits: 4, control: 0 }, 'manufacturerCode'],
    [{ kind: 'extendedRead' }, 'index'],
    [{ kind: 'proprietaryTest', control: 0, manufacturerCode: 0 }, 'subclass'],
    [{ kind: 'keyChangeSection1', keyRevision: 1, keyType: 2, keyPart: 0 }, 'keyExpiryHigh'],
    [{ kind: 'keyChangeSection1', keyExpiryHigh: 1, keyType: 2, keyPart: 0 }, 'keyRevision'],
    [{ kind: 'keyChangeSection1', keyExpiryHigh: 1, keyRevision: 1, keyPart: 0 }, 'keyType'],
    [{ kind: 'keyChangeSection2', keyExpiryLow: 0, keyPart: 0 }, 'tariffIndex'],
    [{ kind: 'keyChangeSection2', tariffIndex: 0, keyPart: 0 }, 'keyExpiryLow'],
    [{ kind: 'keyChangeSection2', tariffIndex: 0, keyExpiryLow: 0 }, 'keyPart'],
    [{ kind: 'keyChangeSection3Of4', keyPart: 0 }, 'supplyGroupLow'],
    [{ kind: 'keyChangeSection4', keyPart: 0 }, 'supplyGroupHigh'],
  ];
  let tried = 0;
  for (const [token, field] of fields) {
    for (const value of NOT_AN_INTEGER) {
      const broken = { ...token, [field]: value } as unknown as Token;
      assert.throws(
        () => encodeToken(broken, STA),
        mistake(typeof value === 'number' ? RangeError : TypeError, field),
      );
      tried += 1;
    }
  }
  // One beyond the last: what would still fit the bits, but not the digits, is refused as well.
  const beyond: readonly (readonly [Token, string])[] = [
    [{ kind: 'initiateTest', manufacturerDigits: 2, control: 1, manufacturerCode: 100 }, 'manufacturerCode'],
    [
      { kind: 'initiateTest', manufacturerDigits: 4, control: 1, manufacturerCode: 10_000 },
      'manufacturerCode',
    ],
    [{ kind: 'initiateTest', manufacturerDigits: 2, control: 2 ** 36, manufacturerCode: 0 }, 'control'],
    [{ kind: 'initiateTest', manufacturerDigits: 4, control: 2 ** 28, manufacturerCode: 0 }, 'control'],
    [{ kind: 'proprietaryTest', subclass: 11, control: 0, manufacturerCode: 100 }, 'manufacturerCode'],
    [{ kind: 'extendedRead', index: 64 }, 'index'],
    [{ kind: 'setFlag', ...base, flag: 512, isSet: false }, 'flag'],
    [{ kind: 'setControl', ...base, index: 63, valueRaw: 0 }, 'index'],
    [{ kind: 'setControl', ...base, index: 0, valueRaw: 1024 }, 'valueRaw'],
    [{ kind: 'keyChangeSection2', keyExpiryLow: 0, tariffIndex: 100, keyPart: 0 }, 'tariffIndex'],
  ];
  for (const [token, field] of beyond)
    assert.throws(() => encodeToken(token, STA), mistake(RangeError, field), token.kind);
  const noResource = { kind: 'currencyCredit', resource: 'air', tidMinutes: 1, amountHundredThousandth: 1n };
  assert.throws(() => encodeToken(noResource as unknown as Token, STA), mistake(RangeError, 'resource'));
  // Sections three and four of a long key are no tokens under a short one, and the third of three none under a long one.
  const long: Token = { kind: 'keyChangeSection3Of4', supplyGroupLow: 1, keyPart: 1 };
  const short: Token = { kind: 'keyChangeSection3Of3', supplyGroupCode: '201457' };
  assert.throws(() => encodeToken(long, STA), mistake(RangeError, 'kind'));
  assert.throws(() => encodeToken(short, MISTY1), mistake(RangeError, 'kind'));
  report(`${tried} hostile field values refused by name`);
});

test('when a test is numbered then its control bits are those of sts.md 2.5', () => {
  assert.is(controlOfTest(0, 2), 0xfffffffff);
  assert.is(controlOfTest(0, 4), 0xfffffff);
  assert.is(controlOfTest(1, 2), 1);
  assert.is(controlOfTest(18, 4), 1 << 17);
  assert.throws(() => controlOfTest(29, 4), mistake(RangeError, 'test'));
  assert.equal([0, 7, 8, 0xfffe, 0xffff].map(isRegisterCode), [true, true, false, false, true]);
});

test.run();
