/** `wattoken ledger verify`: proves an export, or a data folder with its journal, and names what is wrong. */
import { EXIT, StsFault } from '../../lib/faults.ts';
import {
  type Expectation,
  type LedgerReport,
  readWitnessFile,
  verifyDataFolder,
  verifyExport,
} from '../../vending-server/audit.ts';
import { type DatabaseOptions, databaseUrl } from '../database-url.ts';
import { type OutputOptions, printResult } from '../output.ts';
import { withTally } from '../progress.ts';

export interface ExpectationOptions extends OutputOptions {
  readonly publicKey?: string;
  readonly witness?: readonly string[];
}

export interface LedgerVerifyOptions extends ExpectationOptions, DatabaseOptions {
  readonly data?: string;
}

/** Findings printed one a line; the rest is in `--json`. */
const SHOWN = 50;

export async function verifyLedger(file: string | undefined, options: LedgerVerifyOptions): Promise<void> {
  const { data } = options;
  if ((file === undefined) === (data === undefined)) {
    throw new StsFault('usage', 'give an export, or --data <folder>', { param: 'export' });
  }
  const expected = expectationOf(options);
  const report = await withTally('entries proved', (onEntry) =>
    file === undefined
      ? verifyDataFolder(data ?? '', expected, onEntry, databaseUrl(options))
      : verifyExport(file, expected, onEntry),
  );
  printResult(options, report, reportAsText(report));
  if (!report.verified) process.exitCode = EXIT.refused;
}

export function expectationOf({ publicKey, witness = [] }: ExpectationOptions): Expectation {
  return {
    ...(publicKey === undefined ? {} : { publicKey }),
    witnesses: witness.map((path) => readWitnessFile(path)),
  };
}

export function reportAsText(report: LedgerReport): string {
  const { head, unreleased, findings, findingCounts } = report;
  const total = Object.values(findingCounts).reduce((sum, count) => sum + count, 0);
  const lines = [
    total === 0 ? 'the ledger is whole' : `${total} findings`,
    `  module    ${report.moduleId}`,
    `  key       ${report.publicKey}${report.publicKeyPinned ? '' : '  (only the export says so: compare it)'}`,
    `  entries   ${report.entries}: ${report.released} sold, ${unreleased.count} made and never released`,
    ...Object.entries(report.elsewhere).map(
      ([moduleId, sales]) => `  elsewhere ${sales} sales of ${moduleId}: its own export proves them`,
    ),
    `  head      ${head.counter} ${head.entryHash}`,
    ...Object.entries(report.sums).map(
      ([currency, { debitMinor, creditMinor }]) =>
        `  ${currency}       ${debitMinor} debit, ${creditMinor} credit`,
    ),
    ...(report.witnessedHeads === 0 ? [] : [`  witness   ${report.witnessedHeads} heads looked for`]),
    ...unreleased.named
      .slice(0, SHOWN)
      .map(
        ({ counter, meterPan, tidMinutes }) =>
          `  unreleased: entry ${counter}, meter ${meterPan}, TID ${tidMinutes}`,
      ),
    ...findings.slice(0, SHOWN).map(({ kind, counter, line, detail }) => {
      const places = [
        counter === undefined ? '' : ` entry ${counter}`,
        line === undefined ? '' : ` line ${line}`,
      ];
      return `  ${kind}${places.join('')}: ${detail}`;
    }),
  ];
  if (total > SHOWN) lines.push(`  and ${total - SHOWN} more: ${JSON.stringify(findingCounts)}`);
  return lines.join('\n');
}
