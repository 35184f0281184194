/** Engines that take what must be refused: the negative vectors must find each, and the report name the clause. */
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { answerSchema } from '../../../cli/conformance/protocol.ts';
import { type ConformanceReport, makeReport } from '../../../cli/conformance/report.ts';
import { runCases } from '../../../cli/conformance/runner.ts';
import { conformanceSuite } from '../../../cli/conformance/suite.ts';
import { CARELESS_ENGINES, carelessAnswer } from '../../support/careless-engine.ts';
import { report as say } from '../../support/counts.ts';

const test = suite('cli/conformance: careless engines');

/** All but meters, which have mistakes of their own. */
const CASES = conformanceSuite().filter(({ steps }) => steps.length === 1);

async function judge(engine: Parameters<typeof carelessAnswer>[0]): Promise<ConformanceReport> {
  const answer = carelessAnswer(engine);
  const results = await runCases({
    driver: {
      ask: async (op, fields) => ({
        kind: 'answer',
        answer: answerSchema.parse(answer({ id: 1, op, ...JSON.parse(JSON.stringify(fields)) })),
      }),
    },
    cases: CASES,
    nowMillis: () => performance.now(),
  });
  return makeReport(results, { troubles: new Map(), starts: 1 });
}

test('when an engine is not careless then it conforms', async () => {
  const { conforms, cases } = await judge({ clause: '', instead: () => undefined });
  assert.ok(conforms);
  assert.is(cases.passed, CASES.length);
});

test('when an engine takes what must be refused then the report names that clause and no other', async () => {
  for (const [name, engine] of Object.entries(CARELESS_ENGINES)) {
    const { conforms, cases, failedClauses } = await judge(engine);
    say(`${name}: ${cases.failed} failed, in ${failedClauses.join('; ')}`);
    assert.not(conforms, name);
    assert.equal(failedClauses, [engine.clause], name);
  }
  say(`${Object.keys(CARELESS_ENGINES).length} careless engines, each found`);
});

test('when an engine reads what one reading of public sources alone refuses then that is said, and is no failure', async () => {
  const { conforms, cases } = await judge({
    clause: 'sts.md 2.5',
    instead: (_, right) =>
      right['result'] === 'FormatError' && right['class'] === 1 ? { ...right, result: 'ok' } : undefined,
  });
  assert.ok(conforms);
  assert.is(cases.failed, 0);
  assert.ok(cases.notJudged > 30);
});

test.run();
