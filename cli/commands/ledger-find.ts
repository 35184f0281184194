/** `wattoken ledger find`: was this token ours? The digits are printed nowhere. */
import { text as readAll } from 'node:stream/consumers';
import { EXIT, StsFault } from '../../lib/faults.ts';
import {
  findInExport,
  findToken,
  type TokenQuestion,
  type TokenVerdict,
} from '../../vending-server/audit.ts';
import { type BooksOptions, booksOf } from '../books.ts';
import { printResult, table } from '../output.ts';
import { withTally } from '../progress.ts';
import { type ExpectationOptions, expectationOf, reportAsText } from './ledger-verify.ts';

export interface LedgerFindOptions extends ExpectationOptions, BooksOptions {
  readonly export?: string;
  readonly token?: string;
  readonly sale?: string;
}

export async function findInLedger(options: LedgerFindOptions): Promise<void> {
  const { export: file } = options;
  const question = await questionOf(options);
  if (file !== undefined) await findInFile(file, question, options);
  else {
    const verdict = await findToken(booksOf(options), question);
    printResult(options, verdict, verdictAsText(verdict));
    if (!verdict.ours) process.exitCode = EXIT.notFound;
  }
}

async function questionOf({ token, sale }: LedgerFindOptions): Promise<TokenQuestion> {
  if (sale !== undefined) return { saleId: sale };
  if (token === undefined) throw new StsFault('usage', 'give --token or --sale', { param: '--token' });
  return { tokenNo: token === '-' ? (await readAll(process.stdin)).trim() : token };
}

async function findInFile(file: string, question: TokenQuestion, options: LedgerFindOptions): Promise<void> {
  const expected = expectationOf(options);
  const verdict = await withTally('entries proved', (onEntry) =>
    findInExport(file, question, expected, onEntry),
  );
  const { entry, report } = verdict;
  const answer =
    entry === null
      ? `not in this ledger of ${report.entries} entries`
      : `ours: entry ${entry.counter}, ${entry.state}, sale ${entry.saleId ?? 'none'}`;
  printResult(options, verdict, `${answer}\n${reportAsText(report)}`);
  // An answer from a file that is not whole is no answer.
  if (!report.verified) process.exitCode = EXIT.refused;
  else if (entry === null) process.exitCode = EXIT.notFound;
}

function verdictAsText(verdict: TokenVerdict): string {
  const { entries, headHash } = verdict.ledger;
  if (!verdict.ours) return `not in the ledger of ${entries} entries, head ${headHash}`;
  const { state, counter, meterPan, tidMinutes, sale, proof } = verdict;
  return [
    `ours, ${state}`,
    table([
      ['counter', String(counter)],
      ['meter', meterPan],
      ['TID', String(tidMinutes)],
      ...(sale === null
        ? []
        : ([
            ['sale', sale.saleId],
            ['vendor', sale.vendorId],
            ['sold at', sale.soldAt],
            ['paid', `${sale.paidMinor} minor units ${sale.currency}`],
          ] as const)),
      ['entry', proof[0]?.entryHash ?? ''],
      ['signed by', `entry ${proof.at(-1)?.counter} ${proof.at(-1)?.signature}`],
      ['ledger', `${entries} entries, head ${headHash}`],
    ]),
  ].join('\n');
}
