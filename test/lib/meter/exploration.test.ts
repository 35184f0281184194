/**
 * Every state that a small meter can be in, and every token entered in each: a memory of three identifiers, five credit
 * tokens, two sections of a key change to a second key and two back, a foreign token, time passing. Beside it runs a model
 * of what a customer may expect (sts.md 7.3, 8.3), written without a look at the code it judges.
 */
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { bytesFromHex } from '../../../lib/hex.ts';
import { keyChangeSections } from '../../../lib/keys/key-change.ts';
import { DEFAULT_METER_CONFIGURATION, type MeterConfiguration } from '../../../lib/meter/configuration.ts';
import { enterToken } from '../../../lib/meter/enter-token.ts';
import { type MeterState, newMeterState } from '../../../lib/meter/state.ts';
import { createTokenCipher } from '../../../lib/token/cipher.ts';
import type { Token } from '../../../lib/token/kinds.ts';
import { encodeToken } from '../../../lib/token/token.ts';
import { report } from '../../support/counts.ts';

const test = suite('lib/meter: exploration');

/** Public test keys of STS 531-1, TI 01 and TI 02. */
const KEYS = { a: '87f3ecbb2e46b48f', b: '7f78cdd220be39b8' } as const;
type KeyName = keyof typeof KEYS;

const CONFIGURATION: MeterConfiguration = {
  ...DEFAULT_METER_CONFIGURATION,
  tidMemorySize: 3,
  lockout: {
    ...DEFAULT_METER_CONFIGURATION.lockout,
    freeFailures: 1,
    firstWaitSeconds: 10,
    longestWaitSeconds: 20,
  },
};

const METER = newMeterState(
  {
    meterPan: '600727000000000009',
    encryptionAlgorithm: 7,
    decoderKey: KEYS.a,
    keyType: 2,
    keyRevision: 1,
    keyExpiry: 255,
    supplyGroupCode: '201457',
    tariffIndex: 1,
    baseDate: '14',
  },
  CONFIGURATION,
);

interface Letter {
  readonly name: string;
  readonly under: KeyName | 'clear' | 'foreign';
  readonly tokenNo: string;
  readonly tid?: number;
  readonly section?: 1 | 2;
}

const made = (under: KeyName, token: Token): string =>
  encodeToken(token, createTokenCipher(7, bytesFromHex(KEYS[under]))).tokenNo;

function alphabet(): Letter[] {
  const letters: Letter[] = [];
  for (const under of ['a', 'b'] as const) {
    for (let tid = 1; tid <= 5; tid += 1) {
      const tokenNo = made(under, { kind: 'creditElectricity', tidMinutes: tid, rnd: tid, amountDeciKwh: 1 });
      letters.push({ name: `credit ${tid} under ${under}`, under, tokenNo, tid });
    }
    const target = under === 'a' ? 'b' : 'a';
    const change = {
      newDecoderKey: KEYS[target],
      keyExpiry: 255,
      keyRevision: 1,
      keyType: 2,
      tariffIndex: target === 'a' ? 1 : 2,
      supplyGroupCode: '201457',
      // The way back rolls the memory over: what was used under the first key may be used again, by design.
      rollOver: target === 'a',
      threeSections: false,
    } as const;
    for (const [index, section] of keyChangeSections(7, change).entries()) {
      const number = index === 0 ? 1 : 2;
      letters.push({
        name: `section ${number} to ${target}`,
        under,
        tokenNo: made(under, section),
        section: number,
      });
    }
  }
  const foreign = createTokenCipher(7, bytesFromHex('09356dc4d07b671f')); // the public test key of another meter
  const { tokenNo } = encodeToken(
    { kind: 'creditElectricity', tidMinutes: 9, rnd: 1, amountDeciKwh: 1 },
    foreign,
  );
  letters.push({ name: 'another meter’s', under: 'foreign', tokenNo });
  letters.push({ name: 'test 1', under: 'clear', tokenNo: '00000000000150997584' });
  return letters;
}

/** What a customer may expect, in sets and counters. */
interface Expectation {
  readonly key: KeyName;
  /** Newest first are not needed: a set of the remembered, at most three. */
  readonly remembered: readonly number[];
  readonly stored: readonly (1 | 2)[];
  readonly failures: number;
  readonly wait: number;
}

function expect(model: Expectation, letter: Letter): { result: string; next: Expectation } {
  const same = (result: string) => ({ result, next: model });
  if (letter.under === 'clear') return same('Accept');
  if (model.wait > 0) return same('Lockout');
  if (letter.under !== model.key) {
    const failures = Math.min(model.failures + 1, 3);
    const wait = [0, 0, 1, 2][failures] ?? 0;
    return { result: 'CRCError', next: { ...model, failures, wait } };
  }
  const free = { ...model, failures: 0, wait: 0 };
  if (letter.section !== undefined) {
    const stored = [...new Set([...model.stored, letter.section])].sort();
    if (stored.length < 2)
      return { result: letter.section === 1 ? '1stKCT' : '2ndKCT', next: { ...free, stored } };
    const key = model.key === 'a' ? 'b' : 'a';
    const remembered = key === 'a' ? [] : model.remembered;
    return { result: 'Accept', next: { ...free, key, remembered, stored: [] } };
  }
  const tid = letter.tid ?? 0;
  if (model.remembered.includes(tid)) return same('UsedError');
  const isFull = model.remembered.length === 3;
  if (isFull && tid < Math.min(...model.remembered)) return same('OldError');
  const rest = isFull
    ? model.remembered.filter((other) => other !== Math.min(...model.remembered))
    : model.remembered;
  return { result: 'Accept', next: { ...free, remembered: [...rest, tid].sort() } };
}

/** Registers and clocks only ever move: the control state is what is left. */
function nameOf(state: MeterState): string {
  const { tidMemory, decoderKey, lockout, extension } = state;
  const sections = extension.keyChange?.sections.map(({ kind }) => kind).sort() ?? [];
  return JSON.stringify([
    [...tidMemory].sort(),
    decoderKey,
    Math.min(lockout.failures, 3),
    lockout.untilSeconds > 0,
    sections,
  ]);
}

test('when every token is entered in every reachable state then the meter answers as a customer may expect', () => {
  const letters = alphabet();
  const start: Expectation = { key: 'a', remembered: [], stored: [], failures: 0, wait: 0 };
  const seen = new Map([[`${nameOf(METER)}`, true]]);
  const queue: [MeterState, Expectation][] = [[METER, start]];
  const results = new Map<string, number>();
  let transitions = 0;
  for (let at = 0; at < queue.length; at += 1) {
    const [state, model] = queue[at]!;
    const visit = (next: MeterState, expected: Expectation) => {
      const bare: MeterState = { ...next, creditMilliWh: 0 };
      const name = nameOf(bare);
      if (seen.has(name)) return;
      seen.set(name, true);
      queue.push([bare, expected]);
    };
    for (const letter of letters) {
      transitions += 1;
      const { outcome, state: next } = enterToken(state, letter.tokenNo, 0, CONFIGURATION);
      const { result, next: expected } = expect(model, letter);
      assert.is(outcome.result, result, `${letter.name} in ${nameOf(state)}`);
      results.set(result, (results.get(result) ?? 0) + 1);
      const credited = next.creditMilliWh - state.creditMilliWh;
      assert.is(credited, result === 'Accept' && letter.tid !== undefined ? 100_000 : 0, letter.name);
      assert.is(next.tidMemory.length, 3);
      if (result.endsWith('Error') && result !== 'CRCError')
        assert.is(next, state, 'a refusal changes nothing');
      visit(next, expected);
    }
    // Time passes: the wait ends. The stored sections stay, for their ten minutes are not over.
    if (model.wait > 0) {
      transitions += 1;
      const waited = { ...state, lockout: { ...state.lockout, untilSeconds: 0 } };
      visit(waited, { ...model, wait: 0 });
    }
  }
  const counts = [...results].map(([result, times]) => `${result} ${times}`).join(', ');
  report(`${queue.length} states, ${transitions} transitions: ${counts}`);
  assert.ok(queue.length > 500);
});

test.run();
