/** `wattoken ledger witness`: the signed head of the ledger, for an outsider to keep. */
import { existsSync, renameSync, writeFileSync } from 'node:fs';
import { StsFault } from '../../lib/faults.ts';
import { readWitnessFile, witnessLedger } from '../../vending-server/audit.ts';
import { type BooksOptions, booksOf } from '../books.ts';
import { type OutputOptions, printResult } from '../output.ts';

export interface LedgerWitnessOptions extends OutputOptions, BooksOptions {
  readonly out: string;
}

export async function witnessTheLedger(options: LedgerWitnessOptions): Promise<void> {
  const { out } = options;
  const earlier = existsSync(out) ? readWitnessFile(out) : undefined;
  const witness = await witnessLedger(booksOf(options), earlier);
  try {
    // Beside it and renamed: a series must not be lost to a full disk.
    writeFileSync(`${out}.new`, `${JSON.stringify(witness, null, 2)}\n`, { flush: true });
    renameSync(`${out}.new`, out);
  } catch (cause) {
    throw new StsFault('file_unreadable', `--out ${out}`, { param: '--out', cause });
  }
  const head = witness.heads.at(-1);
  const { heads } = witness;
  printResult(
    options,
    { out, heads: heads.length, head },
    [
      `head ${head?.counter} ${head?.entryHash}`,
      `witnessed ${head?.witnessedAt}, ${heads.length} heads in ${out}`,
      `to publish: ${head?.witnessHash}`,
    ].join('\n'),
  );
}
