/** `wattoken ledger export`: the whole ledger as a file. */
import { statSync } from 'node:fs';
import { exportLedger } from '../../vending-server/audit.ts';
import { type BooksOptions, booksOf } from '../books.ts';
import { type OutputOptions, printResult } from '../output.ts';
import { withTally } from '../progress.ts';

export interface LedgerExportOptions extends OutputOptions, BooksOptions {
  readonly out: string;
  readonly withTokenNumbers?: boolean;
}

export async function exportTheLedger(options: LedgerExportOptions): Promise<void> {
  const { out } = options;
  const source = booksOf(options);
  const withTokenNumbers = options.withTokenNumbers === true;
  const entries = await withTally('entries written', (onEntry) =>
    exportLedger(source, out, { withTokenNumbers }, onEntry),
  );
  const bytes = statSync(out).size;
  printResult(options, { out, entries, bytes }, `${entries} entries, ${bytes} bytes in ${out}`);
}
