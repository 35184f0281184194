/** `wattoken server backup | restore`. */
import { backupDataFolder, type Manifest } from '../../vending-server/operation/backup.ts';
import { type RestoreReport, restoreBackup } from '../../vending-server/operation/restore.ts';
import { type OutputOptions, printResult } from '../output.ts';
import { withProgress } from '../progress.ts';

interface FolderOptions extends OutputOptions {
  readonly data: string;
  readonly keyStore?: string;
}

export async function backupServer(
  options: FolderOptions & { readonly out: string; readonly withKeyStore?: boolean },
): Promise<void> {
  process.umask(0o077);
  const manifest = await withProgress('copying', () =>
    backupDataFolder(
      { ...folderOf(options), withKeyStore: options.withKeyStore === true },
      options.out,
      Date.now(),
    ),
  );
  printResult(options, manifest, describeBackup(options.out, manifest));
}

export async function restoreServer(
  options: FolderOptions & { readonly from: string; readonly replace?: boolean },
): Promise<void> {
  process.umask(0o077);
  const report = await withProgress('checking and copying', () =>
    restoreBackup(options.from, { ...folderOf(options), replace: options.replace === true }, Date.now()),
  );
  printResult(options, report, describeRestore(report));
}

function folderOf({ data, keyStore }: FolderOptions) {
  return { dataFolder: data, ...(keyStore === undefined ? {} : { keyStorePath: keyStore }) };
}

function describeBackup(out: string, { sales, ledger, journalAhead, files }: Manifest): string {
  const bytes = files.reduce((sum, file) => sum + file.bytes, 0);
  return [
    `${out}: ${sales} sales, chain at ${ledger.counter}, ${files.length} files, ${bytes} bytes`,
    ...(journalAhead === 0
      ? []
      : [`${journalAhead} tokens were made while the copy was: in its journal alone`]),
  ].join('\n');
}

function describeRestore({ manifest, journal, lacks, keyStore, setAside }: RestoreReport): string {
  const { counter } = manifest.ledger;
  const lines = [`restored as of ${manifest.madeAt}: ${manifest.sales} sales, chain at ${counter}`];
  if (lacks.count > 0) {
    lines.push(
      `tokens ${lacks.from} to ${lacks.to} (${lacks.count}) were made and are not in this ledger:`,
      'the next start names each of them unreleased',
    );
  }
  lines.push(
    journal === 'kept'
      ? 'the journal that stood there is newer and stays'
      : `whatever was sold after token ${manifest.journal.counter} is unknown to these files`,
  );
  if (keyStore === 'absent') lines.push('the backup holds no key store, and none stands there: bring it');
  for (const path of setAside) lines.push(`set aside: ${path}`);
  return lines.join('\n');
}
