import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import {
  assertFactorySettings,
  assertMeterConfiguration,
  assertMeterState,
} from '../../../lib/meter/check.ts';
import { DEFAULT_METER_CONFIGURATION } from '../../../lib/meter/configuration.ts';
import { enterToken } from '../../../lib/meter/enter-token.ts';
import { type MeterFactorySettings, newMeterState } from '../../../lib/meter/state.ts';
import { report } from '../../support/counts.ts';
import { PUBLIC_FACTORY } from '../../support/public-meter.ts';
import { fault, mistake } from '../../support/throws.ts';
import { readVectors } from '../../support/vectors.ts';

const test = suite('lib/meter: check');

/** What hostile values alone do not reach is here; the rest stands in test/lib/hostile-exports.test.ts. */
const FRESH = newMeterState(PUBLIC_FACTORY);

test('when a meter has taken any official token then its state passes, and again after it was stored as JSON', () => {
  let states = 0;
  const results = new Set<string>();
  for (const { encryptionAlgorithm, decoderKey, tokenNo } of readVectors('token-fields').tests) {
    if (decoderKey === undefined || tokenNo === undefined) continue;
    const settings = { ...PUBLIC_FACTORY, encryptionAlgorithm, decoderKey } as MeterFactorySettings;
    const { outcome, state } = enterToken(newMeterState(settings), tokenNo, 0);
    assertMeterState(state);
    const stored: unknown = JSON.parse(JSON.stringify(state));
    assertMeterState(stored);
    assert.is(enterToken(stored, tokenNo, 0).outcome.result, enterToken(state, tokenNo, 0).outcome.result);
    results.add(outcome.result);
    states += 1;
  }
  assert.ok(results.has('Accept') && results.has('1stKCT'));
  report(
    `${states} states after official tokens, ${[...results].join(', ')}: all pass, and the same from JSON`,
  );
});

test('when a meter number is right but no MeterPAN then it is refused', () => {
  const settings = { ...PUBLIC_FACTORY, meterPan: PUBLIC_FACTORY.meterPan.slice(6, -1) };
  assert.throws(() => assertFactorySettings(settings), mistake(RangeError, 'meterPan'));
  const typed = {
    ...PUBLIC_FACTORY,
    meterPan: PUBLIC_FACTORY.meterPan.replace(/.$/, (digit) => ` ${digit}`),
  };
  assert.throws(() => newMeterState(typed), mistake(RangeError, 'meterPan'));
  const wrong = {
    ...PUBLIC_FACTORY,
    meterPan: PUBLIC_FACTORY.meterPan.replace(/.$/, (digit) => `${9 - Number(digit)}`),
  };
  assert.throws(() => newMeterState(wrong), fault('meter_number_check_digit'));
});

test('when a key has not the length of its algorithm then it is refused, and not quoted', () => {
  for (const decoderKey of ['87f3ecbb2e46b48f', '', '87f3ecbb2e46b48f'.repeat(3)]) {
    const state = { ...FRESH, encryptionAlgorithm: 11, decoderKey };
    assert.throws(
      () => assertMeterState(state),
      (error: Error) => mistake(RangeError, 'decoderKey')(error) && !error.message.includes('87f3'),
    );
  }
});

test('when a list is longer than any meter keeps, or holds what its place does not take, then it is refused', () => {
  const { extension } = FRESH;
  const longest = new Array(2 ** 32 - 1);
  for (const [state, field] of [
    [{ ...FRESH, tidMemory: longest }, 'tidMemory'],
    [{ ...FRESH, tidMemory: [] }, 'tidMemory'],
    [{ ...FRESH, extension: { ...extension, flags: longest } }, 'flags'],
    [{ ...FRESH, extension: { ...extension, controls: [[63, 0]] } }, 'controls'],
    [{ ...FRESH, extension: { ...extension, controls: [[0, 1024]] } }, 'controls'],
    [{ ...FRESH, extension: { ...extension, controls: [[0]] } }, 'controls'],
  ] as const) {
    assert.throws(() => assertMeterState(state), mistake(RangeError, field));
  }
});

test('when a configuration names what it may then it passes, and else it is refused', () => {
  assertMeterConfiguration({ ...DEFAULT_METER_CONFIGURATION, controlIndices: [0, 62], supported: [] });
  for (const [change, field] of [
    [{ controlIndices: [63] }, 'controlIndices'],
    [{ keyRevisions: [1] }, 'keyRevisions'],
    [{ checkOrder: ['tid', 'luck'] }, 'checkOrder'],
    [{ tidMemorySize: 0 }, 'tidMemorySize'],
    [{ lockout: { ...DEFAULT_METER_CONFIGURATION.lockout, counts: ['Accept'] } }, 'counts'],
  ] as const) {
    const configuration = { ...DEFAULT_METER_CONFIGURATION, ...change };
    assert.throws(() => assertMeterConfiguration(configuration), mistake(RangeError, field));
    assert.throws(() => newMeterState(PUBLIC_FACTORY, configuration as never), mistake(RangeError, field));
  }
});

test.run();
