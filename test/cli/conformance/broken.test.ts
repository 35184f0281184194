/** Programs that are wrong, each in one way (sts.md 11), and what the conformance run says of them. */
import { fileURLToPath } from 'node:url';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { ProgramDriver } from '../../../cli/conformance/program-driver.ts';
import { answerSchema } from '../../../cli/conformance/protocol.ts';
import { type ConformanceReport, makeReport, reportAsText } from '../../../cli/conformance/report.ts';
import { type Asked, runCases } from '../../../cli/conformance/runner.ts';
import { conformanceSuite } from '../../../cli/conformance/suite.ts';
import { ENGINE_MISTAKES } from '../../support/broken-adapter.ts';
import { BrokenMeters, METER_MISTAKES } from '../../support/broken-meter.ts';
import { bundled } from '../../support/bundled.ts';
import { report as say } from '../../support/counts.ts';

const test = suite('cli/conformance: broken programs');

const PROGRAM = fileURLToPath(bundled('test/support/broken-adapter.ts'));
const SUITE = conformanceSuite();
/** What an engine that makes tokens is asked; reading and meters are not what these mistakes are about. */
const MAKING = SUITE.filter(({ steps }) => ['encrypt', 'encode', 'keyChange'].includes(steps[0]?.op ?? ''));
/** For what a program may do to a pipe, whatever it is asked. */
const SOME = SUITE.filter((_, index) => index % 4 === 0);
/** Mistakes that spoil the tokens of a key-change set too, of which the protocol shows block and digits alone. */
const BLAMES_MORE = new Set(['sta-key-reversed', 'number-for-66-bits', 'class-not-exchanged']);

async function judge(
  mistake: string,
  options: { timeoutMillis?: number; restarts?: number; cases?: typeof SUITE; command?: string } = {},
): Promise<ConformanceReport> {
  const driver = new ProgramDriver({
    command: options.command ?? `"${process.execPath}" "${PROGRAM}" ${mistake}`,
    timeoutMillis: options.timeoutMillis ?? 20_000,
    restarts: options.restarts ?? 2,
  });
  try {
    const cases = options.cases ?? SUITE;
    const results = await runCases({ driver, cases, nowMillis: () => performance.now() });
    assert.is(results.length, cases.length);
    return makeReport(results, driver);
  } finally {
    await driver.stop();
  }
}

test('when the second engine makes no mistake then it conforms', async () => {
  const report = await judge('none');
  assert.equal(report.failures, []);
  assert.ok(report.conforms);
  assert.is(report.cases.passed, SUITE.length);
});

test('when an engine makes a well-known mistake then the report names the clause', async () => {
  const left = Object.entries(ENGINE_MISTAKES).values();
  const found = new Map<string, ConformanceReport>();
  const lane = async () => {
    for (const [mistake] of left) found.set(mistake, await judge(mistake, { cases: MAKING }));
  };
  await Promise.all([lane(), lane()]);
  for (const [mistake, clause] of Object.entries(ENGINE_MISTAKES)) {
    const report = found.get(mistake)!;
    say(`${mistake}: ${report.cases.failed} failed, in ${report.failedClauses.join('; ')}`);
    assert.not(report.conforms, mistake);
    assert.ok(report.failedClauses.includes(clause), `${mistake}: ${report.failedClauses.join('; ')}`);
    assert.ok(reportAsText(report).includes(`  ${clause}: `), mistake);
    assert.equal(report.troubles, {}, mistake);
    assert.is(report.starts, 1);
    // Where one value alone is wrong, no other clause is blamed.
    if (!BLAMES_MORE.has(mistake)) assert.equal(report.failedClauses, [clause], mistake);
  }
});

/** The meter answers without a pipe: what is tried here is the suite. */
function inProcess(meters: BrokenMeters): Asked {
  return {
    ask: async (op, fields) => ({
      kind: 'answer',
      answer: answerSchema.parse(
        JSON.parse(
          JSON.stringify(op === 'meterNew' ? meters.add(fields as never) : meters.enter(fields as never)),
        ),
      ),
    }),
  };
}

test('when a meter makes a mistake then the report names the clause, and the open question where it is one', async () => {
  const cases = SUITE.filter(({ steps }) => steps[0]?.op === 'meterNew');
  const nowMillis = () => performance.now();
  const play = async (mistake: (typeof METER_MISTAKES)[string]) =>
    makeReport(await runCases({ driver: inProcess(new BrokenMeters(mistake)), cases, nowMillis }), {
      troubles: new Map(),
      starts: 1,
    });
  const right = await play({ clause: '' });
  assert.equal([right.cases.passed, right.failures], [cases.length, []], 'a meter that shows no state');
  assert.ok(
    right.clauses.some(({ notJudged }) => notJudged > 0),
    'what is left out is not called right',
  );
  for (const [name, mistake] of Object.entries(METER_MISTAKES)) {
    const { conforms, cases: counts, failures, failedClauses } = await play(mistake);
    say(`${name}: ${counts.failed} failed, in ${failedClauses.join('; ')}`);
    assert.not(conforms, name);
    const blamed = failures.filter(({ clause }) => clause === mistake.clause);
    assert.ok(blamed.length > 0, `${name}: ${failedClauses.join('; ')}`);
    if (mistake.question === undefined) continue;
    const { question } = mistake;
    assert.ok(
      blamed.some(({ reason }) => reason.includes(`assumes open question ${question}:`)),
      `${name}: ${blamed[0]?.reason}`,
    );
  }
  const piped = await judge('meter-old-key-kept', { cases: cases.slice(0, 200) });
  assert.ok(piped.failedClauses.includes('sts.md 7.3'));
  assert.equal([piped.starts, piped.troubles], [1, {}]);
});

test('when a program hangs then it is killed, started again, and given up after that', async () => {
  const report = await judge('hangs', { timeoutMillis: 1500, restarts: 1, cases: SOME });
  assert.is(report.troubles.hung, 2);
  assert.is(report.starts, 2);
  assert.not(report.conforms);
  assert.ok(report.cases.notJudged > SOME.length / 2);
  assert.ok(report.failures.every(({ trouble, clause }) => trouble === 'hung' && clause === 'protocol'));
});

test('when a program leaves one operation without an answer then the others are judged all the same', async () => {
  const decode = SUITE.filter(({ id }) => id.endsWith('/decode')).slice(0, 2);
  const others = SUITE.filter(({ id }) => id.endsWith('/decoderKey'));
  const cases = [...decode, ...others];
  const report = await judge('hangs-on-decode', { restarts: 0, cases });
  assert.is(report.cases.failed, 2);
  assert.is(report.troubles.outOfOrder, 2);
  assert.is(report.cases.passed, others.length);
});

test('when a program dies then that is named with what it said', async () => {
  const report = await judge('dies', { restarts: 2, cases: SOME });
  assert.is(report.troubles.died, 3);
  assert.is(report.starts, 3);
  assert.match(report.failures[0]?.reason ?? '', /died.*exit code 3.*fatal: out of luck/);
  assert.not(report.conforms);
});

test('when the command does not exist then that is named', async () => {
  const report = await judge('', { command: 'no-such-program-anywhere', restarts: 1 });
  assert.match(report.failures[0]?.reason ?? '', /exit code 127/);
  assert.is(report.cases.passed, 0);
});

test('when a program answers rubbish then those answers fail and the rest is judged', async () => {
  const some = await judge('rubbish', { cases: SOME });
  const answers = some.troubles.rubbish ?? 0;
  assert.ok(answers > 10);
  assert.ok(some.failures.every(({ trouble }) => trouble === 'rubbish'));
  assert.ok(some.cases.passed > SOME.length / 2);
  const cases = SUITE.slice(0, 100);
  for (const mistake of ['rubbish-always', 'null']) {
    const report = await judge(mistake, { cases });
    assert.is(report.cases.failed, 100, mistake);
    assert.is(report.troubles.rubbish, 100, mistake);
  }
});

test('when a program greets first then only the question it spoils fails', async () => {
  const report = await judge('banner', { cases: SOME });
  assert.equal([report.cases.failed, report.troubles.rubbish, report.troubles.late], [1, 1, 1]);
});

test('when ids are wrong or out of order then that is named', async () => {
  const wrong = await judge('wrong-id', { cases: SOME });
  assert.ok((wrong.troubles.wrongId ?? 0) > 10);
  assert.ok(wrong.failures.every(({ trouble }) => trouble === 'wrongId'));
  const cases = SUITE.filter(({ steps }) => steps.length === 1).slice(0, 100);
  const order = await judge('out-of-order', { cases });
  assert.is(order.troubles.outOfOrder, 50);
  assert.is(order.cases.passed, 50);
});

test('when a program floods without a line end then it is rubbish and memory stays bounded', async () => {
  const report = await judge('flood', { timeoutMillis: 4000, restarts: 0, cases: SUITE.slice(0, 20) });
  assert.ok((report.troubles.rubbish ?? 0) >= 1);
  assert.not(report.conforms);
});

test('when a program does not build an operation then that is reported and is no failure', async () => {
  const report = await judge('decode-only');
  assert.is(report.cases.failed, 0);
  assert.ok(report.conforms);
  assert.ok(report.cases.unsupported > 500 && report.cases.passed > 250);
});

test.run();
