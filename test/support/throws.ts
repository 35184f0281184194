/** Predicates for `assert.throws` and a `rejects` for promises: class and code, never just "it threw". */
import * as assert from 'uvu/assert';
import { type FaultCode, StsFault } from '../../lib/faults.ts';

export function fault(code: FaultCode): (error: unknown) => boolean {
  return (error) => error instanceof StsFault && error.code === code;
}

/** A programmer's mistake, in the one shape of `lib/assert.ts`. */
export function mistake(
  kind: typeof TypeError | typeof RangeError,
  name: string,
): (error: unknown) => boolean {
  return (error) => error instanceof kind && (error as Error).message.startsWith(`"${name}" expected `);
}

export async function rejects(
  promise: Promise<unknown>,
  expected: (error: unknown) => boolean,
): Promise<void> {
  let thrown: unknown;
  try {
    await promise;
  } catch (error) {
    thrown = error;
  }
  assert.ok(thrown !== undefined, 'expected a rejection, got an answer');
  assert.ok(expected(thrown), `rejected with something else: ${String(thrown)}`);
}
