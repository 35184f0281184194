/** Digits, checksums, amounts and identifiers (sts.md 1.2, 1.3, 2.1, 2.3, 3, 4). */
import fc from 'fast-check';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { isStsFault } from '../../../lib/faults.ts';
import { bytesFromHex } from '../../../lib/hex.ts';
import { AMOUNT_MAX, decodeAmount, encodeAmount } from '../../../lib/token/amount.ts';
import { createTokenCipher } from '../../../lib/token/cipher.ts';
import { encodeCreditElectricity } from '../../../lib/token/credit.ts';
import {
  dateOfTid,
  isExpired,
  isReservedMinute,
  nextTidMinutes,
  TID_MAX,
  tidMinutesAt,
} from '../../../lib/token/tid.ts';
import { decodeToken } from '../../../lib/token/token.ts';
import {
  groupTokenNo,
  maskTokenNo,
  parseTokenNo,
  readTokenNo,
  scanTokenNo,
  tokenNoOf,
} from '../../../lib/token/token-no.ts';
import { count, report, seedOf } from '../../support/counts.ts';
import { NOT_A_TOKEN_NO, NOT_AN_INTEGER } from '../../support/hostile.ts';
import { fault, mistake } from '../../support/throws.ts';

const test = suite('lib/token');
const seed = seedOf('lib/token');

/** Public test keys of STS 531-1. */
const CIPHERS = [
  createTokenCipher(7, bytesFromHex('87f3ecbb2e46b48f')),
  createTokenCipher(11, bytesFromHex('929bd3a415c9420a05ec5ee9f3ce91c3')),
];

const credits = fc.record({
  tidMinutes: fc.nat(TID_MAX),
  rnd: fc.nat(15),
  amountDeciKwh: fc.nat(AMOUNT_MAX),
});

test('when 66 bits become digits and come back then plain BigInt agrees at every step', () => {
  const numRuns = count(200_000, 20_000);
  const word = fc.nat(0xffffffff);
  fc.assert(
    fc.property(fc.nat(3), word, word, (top, high, low) => {
      const tokenNo = tokenNoOf(top, high, low);
      const reference = ((BigInt(top) << 64n) | (BigInt(high) << 32n) | BigInt(low))
        .toString()
        .padStart(20, '0');
      assert.is(tokenNo, reference);
      assert.equal(readTokenNo(tokenNo, { top: 0, high: 0, low: 0 }), { top, high, low });
    }),
    {
      seed,
      numRuns,
      examples: [
        [3, 0xffffffff, 0xffffffff],
        [0, 0, 0],
        [0, 1, 0xffffffff],
        [1, 0, 0],
      ],
    },
  );
  report(`66 bits to 20 digits and back against BigInt: ${numRuns} tokens, 0 mismatches`);
});

test('when a credit is encoded and decoded then the fields are the same and the customer loses nothing', () => {
  const numRuns = count(100_000, 5_000);
  for (const cipher of CIPHERS) {
    fc.assert(
      fc.property(credits, (credit) => {
        const { tokenNo, carriedDeciKwh } = encodeCreditElectricity(credit, cipher);
        const decoded = decodeToken(tokenNo, cipher);
        assert.is(decoded.kind, 'creditElectricity');
        if (decoded.kind !== 'creditElectricity') return;
        assert.is(decoded.tidMinutes, credit.tidMinutes);
        assert.is(decoded.rnd, credit.rnd);
        assert.is(decoded.amountDeciKwh, carriedDeciKwh);
        assert.ok(carriedDeciKwh >= credit.amountDeciKwh);
      }),
      { seed, numRuns },
    );
  }
  report(`credit tokens there and back: ${numRuns} for each algorithm`);
});

test('when one digit is wrong then the token is refused unless the CRC collides, which is as rare as 16 bits allow', () => {
  const tries = count(10_000_000, 200_000);
  const covered = new Set<number>();
  let collisions = 0;
  let reserved = 0;
  let beyond = 0;
  let asked = 0;
  for (let i = 0; asked < tries; i += 1) {
    const cipher = CIPHERS[i & 1]!;
    const credit = {
      tidMinutes: (i * 7919) & TID_MAX,
      rnd: i & 15,
      amountDeciKwh: (i * 104_729) % AMOUNT_MAX,
    };
    const { tokenNo } = encodeCreditElectricity(credit, cipher);
    // Every place of every token, and over the tokens every wrong digit there.
    for (let at = 0; at < 20 && asked < tries; at += 1, asked += 1) {
      const digit = (Number(tokenNo[at]) + 1 + (i % 9)) % 10;
      covered.add(at * 10 + digit);
      const wrong = tokenNo.slice(0, at) + digit + tokenNo.slice(at + 1);
      if (scanTokenNo(wrong, { top: 0, high: 0, low: 0 }) === 'token_number_too_large') {
        beyond += 1;
        continue;
      }
      const decoded = decodeToken(wrong, cipher);
      if (decoded.kind === 'unsupported' && decoded.tokenClass === 3) reserved += 1;
      else if (decoded.kind !== 'crcError') collisions += 1;
    }
  }
  // What is above 2^66 or of the reserved class is refused before any CRC is looked at.
  const checked = tries - beyond - reserved;
  const expected = checked / 65_536;
  report(
    `${tries} wrong digits, ${covered.size} pairs of place and digit: ${beyond} above 2^66, ${reserved} of the reserved ` +
      `class, ${checked} checked: ${collisions} CRC collisions (one in 65536 predicts ${expected.toFixed(1)})`,
  );
  // A token cannot begin with 8 or 9: those two of the 200 pairs are there as well, and all are above 2^66.
  assert.is(covered.size, 200);
  // Five deviations of a Poisson count: the test fails when the CRC is weaker than it must be, not by chance.
  assert.ok(Math.abs(collisions - expected) < 5 * Math.sqrt(expected) + 5);
});

test('when amounts rise then their codes never fall and never carry less, over the whole range', () => {
  const step = count(1, 7);
  let before = 0;
  let tried = 0;
  for (let units = 0; units <= AMOUNT_MAX; units += step) {
    const field = encodeAmount(units);
    const carried = decodeAmount(field);
    // One step of the exponent in use is the most that rounding may give away.
    if (carried < units || carried - units >= 10 ** (field >>> 14) || field < before)
      assert.unreachable(String(units));
    before = field;
    tried += 1;
  }
  for (let field = 0; field <= 0xffff; field += 1) assert.is(encodeAmount(decodeAmount(field)), field);
  report(`amount coding: ${tried} amounts upward, all 65536 fields exact inverses`);
});

test('when an amount is no whole number in range then it is refused, never wrapped', () => {
  for (const units of [...NOT_AN_INTEGER, AMOUNT_MAX + 1]) {
    assert.throws(() => encodeAmount(units as number), fault('amount_out_of_range'));
  }
  assert.throws(() => decodeAmount(0x1_0000), mistake(RangeError, 'field'));
});

test('when a TID is asked for then it rises, skips 00:01 and stops at the end of the base date', () => {
  fc.assert(
    fc.property(fc.nat(TID_MAX - 2), fc.integer({ min: -1, max: TID_MAX - 3 }), (now, last) => {
      const tid = nextTidMinutes(now, last);
      assert.ok(tid >= now && tid > last && !isReservedMinute(tid));
      assert.ok(tid - Math.max(now, last + 1) <= 1);
    }),
    { seed, numRuns: count(50_000, 5_000) },
  );
  assert.throws(() => nextTidMinutes(TID_MAX, TID_MAX), fault('date_out_of_range'));
  assert.throws(() => tidMinutesAt(Number.NaN, '14'), fault('date_out_of_range'));
  assert.throws(() => tidMinutesAt(Date.UTC(2013, 11, 31), '14'), fault('date_out_of_range'));
  assert.is(dateOfTid(TID_MAX, '14'), Date.UTC(2045, 10, 24, 20, 15));
  assert.is(dateOfTid(TID_MAX, '93'), Date.UTC(2024, 10, 24, 20, 15));
  for (const value of NOT_AN_INTEGER) {
    const kind = typeof value === 'number' ? RangeError : TypeError;
    assert.throws(() => nextTidMinutes(value as number, -1), mistake(kind, 'nowTidMinutes'));
    assert.throws(() => dateOfTid(value as number, '14'), mistake(kind, 'tidMinutes'));
  }
});

test('when a TID lies past the key expiry then it is expired, to the minute', () => {
  assert.not.ok(isExpired(0x55_ffff, 85));
  assert.ok(isExpired(0x56_0000, 85));
  assert.not.ok(isExpired(TID_MAX, 255));
});

test('when digits are no token then every reader refuses them by name', () => {
  const named = (error: unknown) =>
    isStsFault(error) && ['token_number_malformed', 'token_number_too_large'].includes(error.code);
  for (const text of NOT_A_TOKEN_NO) {
    assert.throws(() => readTokenNo(text as string, { top: 0, high: 0, low: 0 }), named);
    assert.throws(() => decodeToken(text as string, CIPHERS[0]!), named);
    assert.throws(() => parseTokenNo(text as string), named);
  }
  assert.throws(() => parseTokenNo('7378 6976 2948 3820 6464'), fault('token_number_too_large'));
  assert.is(parseTokenNo('7378-6976 2948-3820 6463'), '73786976294838206463');
  assert.is(groupTokenNo('70630503470028726114'), '7063 0503 4700 2872 6114');
  assert.is(maskTokenNo('70630503470028726114'), '…6114');
});

test('when a credit has a field out of its bits then it is refused by name', () => {
  const credit = { tidMinutes: 1, rnd: 1, amountDeciKwh: 1 };
  for (const value of NOT_AN_INTEGER) {
    const kind = typeof value === 'number' ? RangeError : TypeError;
    const encode = (change: object) => () => encodeCreditElectricity({ ...credit, ...change }, CIPHERS[0]!);
    assert.throws(encode({ tidMinutes: value }), mistake(kind, 'tidMinutes'));
    assert.throws(encode({ rnd: value }), mistake(kind, 'rnd'));
    assert.throws(encode({ amountDeciKwh: value }), fault('amount_out_of_range'));
  }
});

test('when an algorithm is not built then its name is in the refusal', () => {
  assert.throws(() => createTokenCipher(9 as 7, new Uint8Array(8)), fault('algorithm_not_supported'));
  assert.throws(() => createTokenCipher(7, new Uint8Array(16)), mistake(RangeError, 'key'));
});

test.run();
