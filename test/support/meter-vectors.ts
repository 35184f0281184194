/** Plays an ordered meter vector on `lib/meter` and compares what it answers, number and all. */
import { BigNumber } from 'bignumber.js';
import * as assert from 'uvu/assert';
import { creditOf, summaryOf } from '../../cli/conformance/meter-bench.ts';
import type { BaseDate, KeyType } from '../../lib/identity/attributes.ts';
import { enterToken } from '../../lib/meter/enter-token.ts';
import { RESULT_CODES } from '../../lib/meter/outcome.ts';
import { type MeterState, newMeterState } from '../../lib/meter/state.ts';
import type { VectorTest } from '../vectors/schema.ts';

type MeterVector = VectorTest<'meter'>;

/** A meter of the library as a vector describes it. */
export function meterOf({ tidMemory = [], ...meter }: MeterVector['meter']): MeterState {
  const made = newMeterState({
    ...meter,
    keyType: meter.keyType as KeyType,
    baseDate: meter.baseDate as BaseDate,
  });
  return { ...made, tidMemory: made.tidMemory.map((empty, slot) => tidMemory[slot] ?? empty) };
}

/** The registers and the state of the library's meter, written as vectors write them. */
export function shownOf(state: MeterState, at: number): { credit: object; state: Record<string, unknown> } {
  const credit = Object.entries(creditOf(state)).map(([name, value]) => [
    name,
    new BigNumber(value).toFixed(),
  ]);
  const summary = summaryOf(state, at);
  const held = state.tidMemory.filter((tid) => tid > 0).sort((a, b) => a - b);
  return { credit: Object.fromEntries(credit), state: { ...summary, tidMemory: held } };
}

export function assertMeterVector({ meter, steps }: MeterVector): void {
  let state = meterOf(meter);
  for (const [index, step] of steps.entries()) {
    const entry = enterToken(state, step.tokenNo, step.at);
    state = entry.state;
    const { result } = entry.outcome;
    const where = `step ${index + 1}`;
    assert.equal([result, RESULT_CODES[result]], [step.result, step.code], where);
    assert.equal(shownOf(state, step.at), { credit: step.credit, state: step.state }, where);
  }
}
