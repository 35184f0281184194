/** `wattoken conform`: drives somebody's implementation through the whole suite and reports by clause. */
import { writeFileSync } from 'node:fs';
import { EXIT, StsFault } from '../../lib/faults.ts';
import { ProgramDriver } from '../conformance/program-driver.ts';
import { type ConformanceReport, makeReport, reportAsJunit, reportAsText } from '../conformance/report.ts';
import { type CaseResult, runCases } from '../conformance/runner.ts';
import { conformanceSuite, selectCases } from '../conformance/suite.ts';
import { type OutputOptions, printResult, tell } from '../output.ts';
import { withCountedProgress } from '../progress.ts';

export interface ConformOptions extends OutputOptions {
  readonly cmd: string;
  readonly report: 'text' | 'json' | 'junit';
  readonly out?: string;
  readonly timeout: number;
  readonly restarts: number;
  readonly only?: string;
}

export async function conform(options: ConformOptions): Promise<void> {
  const cases = selectCases(conformanceSuite(), options.only);
  if (cases.length === 0) throw new StsFault('usage', '--only names no case', { param: '--only' });
  const driver = new ProgramDriver({
    command: options.cmd,
    timeoutMillis: options.timeout,
    restarts: options.restarts,
  });
  const interrupted = () => {
    driver.kill();
    process.exit(EXIT.refused);
  };
  process.once('SIGINT', interrupted).once('SIGTERM', interrupted);
  let results: CaseResult[];
  try {
    results = await withCountedProgress('asking', cases.length, (onProgress) =>
      runCases({ driver, cases, onProgress, nowMillis: () => performance.now() }),
    );
  } finally {
    await driver.stop();
    process.off('SIGINT', interrupted).off('SIGTERM', interrupted);
  }
  const report = makeReport(results, driver);
  const form = options.json === true ? 'json' : options.report;
  const text = render(form, report, results);
  if (options.out === undefined) process.stdout.write(`${text}\n`);
  else {
    writeReport(options.out, `${text}\n`);
    printResult(
      options,
      { out: options.out, conforms: report.conforms, cases: report.cases },
      summary(report),
    );
  }
  if (!report.conforms) process.exitCode = EXIT.refused;
}

function render(
  form: ConformOptions['report'],
  report: ConformanceReport,
  results: readonly CaseResult[],
): string {
  switch (form) {
    case 'text':
      return reportAsText(report);
    case 'json':
      return JSON.stringify(report);
    case 'junit':
      return reportAsJunit(results);
  }
}

function writeReport(path: string, text: string): void {
  try {
    writeFileSync(path, text);
    tell(`report written to ${path}`);
  } catch (cause) {
    throw new StsFault('file_unreadable', `--out ${path}`, { param: '--out', cause });
  }
}

function summary({ cases, conforms }: ConformanceReport): string {
  const counts = `${cases.passed} passed, ${cases.failed} failed, ${cases.unsupported} unsupported`;
  return `${conforms ? 'conforms' : 'does not conform'}: ${counts}, ${cases.notJudged} not judged`;
}
