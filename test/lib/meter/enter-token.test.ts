/** What a meter answers to credit and to wrong tokens (sts.md 8.1-8.5). */
import fc from 'fast-check';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { bytesFromHex } from '../../../lib/hex.ts';
import { DEFAULT_METER_CONFIGURATION } from '../../../lib/meter/configuration.ts';
import { enterToken } from '../../../lib/meter/enter-token.ts';
import { RESULT_CODES } from '../../../lib/meter/outcome.ts';
import { type MeterState, newMeterState } from '../../../lib/meter/state.ts';
import { createTokenCipher } from '../../../lib/token/cipher.ts';
import { encodeCreditElectricity } from '../../../lib/token/credit.ts';
import { count, report, seedOf } from '../../support/counts.ts';
import { NOT_A_TOKEN_NO } from '../../support/hostile.ts';

const test = suite('lib/meter');
const seed = seedOf('lib/meter');

/** Public test key of STS 531-1: P11, SGC 201457, KRN 1, TI 01, KT 2, base 2014, EA07. */
const DECODER_KEY = '87f3ecbb2e46b48f';
const NEW_METER = newMeterState({
  meterPan: '600727000000000009',
  encryptionAlgorithm: 7,
  decoderKey: DECODER_KEY,
  keyType: 2,
  keyRevision: 1,
  keyExpiry: 255,
  supplyGroupCode: '201457',
  tariffIndex: 1,
  baseDate: '14',
});
const CIPHER = createTokenCipher(7, bytesFromHex(DECODER_KEY));

const credit = (tidMinutes: number, amountDeciKwh = 10, rnd = 5) =>
  encodeCreditElectricity({ tidMinutes, rnd, amountDeciKwh }, CIPHER).tokenNo;

function enterAll(state: MeterState, tokens: readonly string[]): { results: string[]; state: MeterState } {
  const results: string[] = [];
  let now = state;
  for (const token of tokens) {
    const { outcome, state: next } = enterToken(now, token, 0);
    results.push(outcome.result);
    now = next;
  }
  return { results, state: now };
}

test('when the first official token is entered then 0.1 kWh is credited once', () => {
  const first = enterToken(NEW_METER, '70630503470028726114', 0);
  assert.equal(first.outcome, {
    stage: 'token',
    result: 'Accept',
    creditDeciKwh: 1,
    effect: { kind: 'credited', resource: 'electricity', units: 1 },
  });
  assert.is(first.state.creditMilliWh, 100_000);
  assert.ok(first.state.tidMemory.includes(85_740));
  const again = enterToken(first.state, '70630503470028726114', 0);
  assert.equal(again.outcome, { stage: 'validation', result: 'UsedError' });
  assert.is(again.state, first.state, 'a refused token changes nothing');
});

test('when tokens come late then they count while they lie above the oldest of fifty', () => {
  const memorySize = DEFAULT_METER_CONFIGURATION.tidMemorySize;
  const early = credit(1_000);
  const full = enterAll(
    NEW_METER,
    Array.from({ length: memorySize }, (_, i) => credit(2_000 + 10 * i)),
  );
  assert.ok(full.results.every((result) => result === 'Accept'));
  assert.equal(enterAll(full.state, [early]).results, ['OldError']);
  // 2,000 is the oldest stored: what lies between it and the next was bought earlier and is still good.
  assert.equal(enterAll(full.state, [credit(2_005), credit(2_000), credit(2_005)]).results, [
    'Accept',
    'OldError',
    'UsedError',
  ]);
  assert.equal(
    enterAll(NEW_METER, [credit(0)]).results,
    ['UsedError'],
    'TID 0 looks used in a zero-filled memory',
  );
});

test('when tokens are entered in any order and repeated then each credits at most once and all money is there', () => {
  let entered = 0;
  fc.assert(
    fc.property(
      fc.array(fc.record({ tid: fc.integer({ min: 1, max: 200 }), deciKwh: fc.nat(500) }), {
        maxLength: 120,
      }),
      (purchases) => {
        const seen = new Map<number, number>();
        let state = NEW_METER;
        let sum = 0;
        for (const { tid, deciKwh } of purchases) {
          entered += 1;
          const { outcome, state: next } = enterToken(state, credit(tid, deciKwh), 0);
          if (outcome.result === 'Accept') {
            seen.set(tid, (seen.get(tid) ?? 0) + 1);
            sum += outcome.creditDeciKwh;
          } else {
            assert.is(next.creditMilliWh, state.creditMilliWh);
          }
          state = next;
          assert.is(state.tidMemory.length, 50);
        }
        assert.ok([...seen.values()].every((times) => times === 1));
        assert.is(state.creditMilliWh, sum * 100_000);
      },
    ),
    { seed, numRuns: count(2_000, 100) },
  );
  report(`${entered} tokens entered in random order: none credited twice, every sum exact`);
});

test('when the key is another meter’s then CRCError, and waits double from the third on', () => {
  const foreign = encodeCreditElectricity(
    { tidMinutes: 5_000, rnd: 1, amountDeciKwh: 10 },
    createTokenCipher(7, bytesFromHex('09356dc4d07b671f')),
  ).tokenNo;
  let state = NEW_METER;
  let now = 0;
  const waits: number[] = [];
  for (let i = 0; i < 12; i += 1) {
    const { outcome, state: next } = enterToken(state, foreign, now);
    assert.is(outcome.result, 'CRCError');
    state = next;
    waits.push(Math.max(0, state.lockout.untilSeconds - now));
    if (state.lockout.untilSeconds > now) {
      // The right token a second too early is not even decrypted.
      const locked = enterToken(state, credit(9_000), state.lockout.untilSeconds - 1);
      assert.equal(locked.outcome, {
        stage: 'carrier',
        result: 'Lockout',
        untilSeconds: state.lockout.untilSeconds,
      });
      assert.is(locked.state, state);
      now = state.lockout.untilSeconds;
    }
  }
  assert.equal(waits, [0, 0, 10, 20, 40, 80, 160, 320, 640, 1280, 1280, 1280]);
  const accepted = enterToken(state, credit(9_000), now);
  assert.is(accepted.outcome.result, 'Accept');
  assert.equal(accepted.state.lockout, { failures: 0, untilSeconds: 0 });
});

test('when entry is locked then class 1 tokens are still read', () => {
  const locked: MeterState = { ...NEW_METER, lockout: { failures: 3, untilSeconds: 100 } };
  // Test 1 of the official non-meter-specific tokens.
  assert.is(enterToken(locked, '00000000000150997584', 50).outcome.result, 'Accept');
  assert.is(enterToken(locked, credit(9_000), 50).outcome.result, 'Lockout');
});

test('when a rule of the key forbids a token then the result names the rule', () => {
  assert.is(enterToken({ ...NEW_METER, keyType: 1 }, credit(9_000), 0).outcome.result, 'DDTKError');
  assert.is(enterToken({ ...NEW_METER, keyType: 0 }, credit(9_000), 0).outcome.result, 'DDTKError');
  const expiring = { ...NEW_METER, keyExpiry: 85 };
  assert.is(enterToken(expiring, credit(0x55_ffff), 0).outcome.result, 'Accept');
  assert.is(enterToken(expiring, credit(0x56_0000), 0).outcome.result, 'KeyExpiredError');
});

test('when the register would overflow then the token is refused and may be keyed later', () => {
  const limit = DEFAULT_METER_CONFIGURATION.creditLimitMilliWh;
  const almostFull = { ...NEW_METER, creditMilliWh: limit - 99_999 };
  const refused = enterToken(almostFull, credit(9_000, 1), 0);
  assert.is(refused.outcome.result, 'OverflowError');
  assert.is(refused.state, almostFull);
  assert.is(
    enterToken({ ...almostFull, creditMilliWh: limit - 100_000 }, credit(9_000, 1), 0).outcome.result,
    'Accept',
  );
});

test('when a meter does not carry out a kind of token then FunctionError, nothing changed', () => {
  const configuration = { ...DEFAULT_METER_CONFIGURATION, supported: ['creditElectricity'] as const };
  // CTSA01 water; CTSA03 power limit; test 1; all under this meter's key or clear.
  for (const tokenNo of ['25510558010932506821', '68961683064326234122', '00000000000150997584']) {
    const { outcome, state } = enterToken(NEW_METER, tokenNo, 0, configuration);
    assert.is(outcome.result, 'FunctionError');
    assert.is(state, NEW_METER);
  }
});

test('when what is keyed is no token then CRCError, as on a meter', () => {
  for (const text of NOT_A_TOKEN_NO) {
    const { outcome, state } = enterToken(NEW_METER, text as string, 0);
    assert.is(outcome.result, 'CRCError');
    assert.is(state.creditMilliWh, 0);
    assert.is(state.lockout.failures, 1);
  }
});

test('when results are numbered then they are the numbers of the published list', () => {
  assert.equal(
    [
      RESULT_CODES.Accept,
      RESULT_CODES.OldError,
      RESULT_CODES.UsedError,
      RESULT_CODES.CRCError,
      RESULT_CODES.Lockout,
    ],
    [1, 9, 10, 13, 15],
  );
});

test.run();
