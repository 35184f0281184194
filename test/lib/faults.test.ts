import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { FAULTS, StsFault, toProblem } from '../../lib/faults.ts';

const test = suite('lib/faults');

test('when a fault becomes a problem document then it carries its code and what to do next', () => {
  const problem = toProblem(new StsFault('float_exhausted', '12.00 left', { param: 'paidMinor' }), 'r-1');
  assert.equal(problem, {
    type: 'urn:wattoken:fault:float_exhausted',
    title: FAULTS.float_exhausted.text,
    status: 402,
    detail: `${FAULTS.float_exhausted.text}: 12.00 left`,
    code: 'float_exhausted',
    outcome: 'none',
    retry: 'never',
    requestId: 'r-1',
    param: 'paidMinor',
  });
});

test('when an unknown error becomes a problem then nothing of its text leaves', () => {
  const problem = toProblem(new Error('key abababababababab'), 'r-2');
  assert.is(problem.code, 'internal_error');
  assert.not.match(JSON.stringify(problem), /abab/);
});

test('when the table is read then codes, statuses and exit codes are in their ranges', () => {
  for (const [code, entry] of Object.entries(FAULTS)) {
    assert.match(code, /^[a-z_]+$/);
    assert.ok(entry.http >= 400 && entry.http < 600, code);
    assert.ok(entry.exit >= 1 && entry.exit <= 7, code);
  }
});

test.run();
