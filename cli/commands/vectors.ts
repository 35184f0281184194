/** `wattoken vectors`: what the vector files hold, and whether the library of this package agrees with them. */
import { EXIT, StsFault } from '../../lib/faults.ts';
import { AdapterSession } from '../conformance/adapter.ts';
import { answerSchema } from '../conformance/protocol.ts';
import { makeReport, reportAsText } from '../conformance/report.ts';
import { type Asked, runCases } from '../conformance/runner.ts';
import { conformanceSuite, selectCases } from '../conformance/suite.ts';
import { readVectorFile, VECTOR_FILE_NAMES } from '../conformance/vector-files.ts';
import { type OutputOptions, printResult, table } from '../output.ts';
import { withCountedProgress } from '../progress.ts';

export function listVectors(options: OutputOptions): void {
  const suite = conformanceSuite();
  const files = VECTOR_FILE_NAMES.map((name) => {
    const { algorithm, numberOfTests, testGroups } = readVectorFile(name);
    const clauses = [...new Set(testGroups.map(({ clause }) => clause))];
    const cases = suite.filter(({ file }) => file === name).length;
    return { file: `${name}.json`, algorithm, tests: numberOfTests, cases, clauses };
  });
  const rules = suite.filter(({ file }) => !VECTOR_FILE_NAMES.some((name) => name === file)).length;
  const rows = files.map(({ file, algorithm, tests, cases, clauses }): [string, string] => [
    file,
    `${String(tests).padStart(4)} tests ${String(cases).padStart(4)} cases  ${algorithm}  (${clauses.join('; ')})`,
  ]);
  if (rules > 0)
    rows.push(['', `${' '.repeat(10)} ${String(rules).padStart(4)} cases  rules that no file holds`]);
  printResult(options, { files, otherCases: rules, cases: suite.length }, table(rows));
}

/** @param part - text that the id or the clause of a case must hold. */
export async function runVectors(part: string | undefined, options: OutputOptions): Promise<void> {
  const cases = selectCases(conformanceSuite(), part);
  if (cases.length === 0) throw new StsFault('usage', 'no case has this in its id or clause');
  const results = await withCountedProgress('running', cases.length, (onProgress) =>
    runCases({ driver: inProcess(), cases, onProgress, nowMillis: () => performance.now(), pipeline: 1 }),
  );
  const report = makeReport(results, { troubles: new Map(), starts: 1 });
  printResult(options, report, reportAsText(report));
  if (!report.conforms) process.exitCode = EXIT.refused;
}

/** The library answers without a pipe, through the same text. */
function inProcess(): Asked {
  const session = new AdapterSession();
  return {
    ask: async (op, fields) => {
      const line = session.answerLine(JSON.stringify({ id: 1, op, ...fields }));
      return { kind: 'answer', answer: answerSchema.parse(JSON.parse(line)) };
    },
  };
}
