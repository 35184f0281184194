/** `wattoken meter run <scenario>`: plays a scenario file to its verdict. */
import { closeSync, openSync, writeSync } from 'node:fs';
import { EXIT, StsFault } from '../../lib/faults.ts';
import {
  parseDuration,
  playScenario,
  readScenario,
  type ScenarioReport,
  scenarioSchemaText,
} from '../../meter-sim/scenario.ts';
import { readJson, readTextFile } from '../files.ts';
import { type OutputOptions, printResult } from '../output.ts';
import { withCountedProgress } from '../progress.ts';
import { PUBLIC_TEST_METER } from '../public-test-values.ts';

export interface ScenarioOptions extends OutputOptions {
  readonly meterFile?: string;
  readonly seed?: number;
  readonly mode?: 'next-event' | 'sampled';
  readonly vcd?: string;
  readonly csv?: string;
  readonly traceFrom: string;
  readonly traceTo?: string;
  readonly tracePeriod: string;
}

const PERCENT = 100;

export function printSchema(): void {
  process.stdout.write(`${scenarioSchemaText()}\n`);
}

export async function playScenarioFile(file: string, options: ScenarioOptions): Promise<void> {
  const meter =
    options.meterFile === undefined ? PUBLIC_TEST_METER : readJson(options.meterFile, '--meter-file');
  const read = readScenario(readTextFile(file, 'scenario'), meter);
  const traces = openTraces(options);
  try {
    const report = await withCountedProgress(read.scenario.name, PERCENT, (onProgress) =>
      playScenario(read, {
        mode: options.mode,
        seed: options.seed,
        traces: traces.map(({ request }) => request),
        onProgress: (done) => onProgress(Math.floor(done * PERCENT)),
      }),
    );
    printResult(options, report, verdictText(report));
    if (report.verdict === 'failed') process.exitCode = EXIT.refused;
  } finally {
    for (const { close } of traces) close();
  }
}

function openTraces(options: ScenarioOptions) {
  const from = time(options.traceFrom, '--trace-from');
  const to = options.traceTo === undefined ? from + 1_000_000 : time(options.traceTo, '--trace-to');
  const period = time(options.tracePeriod, '--trace-period');
  if (period < 1 || to < from)
    throw new StsFault('usage', 'a trace ends after it begins', { param: '--trace-to' });
  return (['vcd', 'csv'] as const).flatMap((format) => {
    const file = options[format];
    if (file === undefined) return [];
    const descriptor = openForWriting(file, `--${format}`);
    let waiting = '';
    const flush = (): void => {
      if (waiting !== '') writeSync(descriptor, waiting);
      waiting = '';
    };
    const write = (text: string): void => {
      waiting += text;
      if (waiting.length > 65_536) flush();
    };
    const close = (): void => {
      flush();
      closeSync(descriptor);
    };
    return [{ request: { format, from, to, period, write }, close }];
  });
}

function openForWriting(file: string, param: string): number {
  try {
    return openSync(file, 'w');
  } catch (cause) {
    throw new StsFault('file_unreadable', `${param} ${file} cannot be written`, { param, cause });
  }
}

function time(text: string, param: string): number {
  try {
    return parseDuration(text);
  } catch {
    throw new StsFault('usage', `${param} expected a length such as 90s or 1.5h`, { param });
  }
}

function verdictText(report: ScenarioReport): string {
  const { name, verdict, findings, ledger, simulatedSeconds, eventsRun, invariantChecks } = report;
  const kept = findings.filter(({ held }) => held).length;
  const lines = findings
    .filter(({ held }) => !held)
    .map(
      ({ at, field, expected, found }) => `  at ${at / 1e6} s ${field}: expected ${expected}, found ${found}`,
    );
  const registers =
    ledger.registers === null
      ? 'no power at the end'
      : `balance ${ledger.registers.balanceMilliWh / 1e6} kWh, used ${ledger.registers.totalMilliWh / 1e6} kWh`;
  return [
    `${name}: ${verdict}, ${kept} of ${findings.length} expectations held`,
    ...lines,
    `  ${ledger.tokens.length} tokens entered, ${ledger.switchings.length} switchings, ${registers}`,
    `  ${simulatedSeconds} s simulated, ${eventsRun} events, ${invariantChecks} checks of every invariant`,
  ].join('\n');
}
