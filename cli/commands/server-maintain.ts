/** `wattoken server migrate | accept-clock`. */
import { acceptClock, migrateDataFolder } from '../../vending-server/operation/maintain.ts';
import { type OutputOptions, printResult } from '../output.ts';
import { withProgress } from '../progress.ts';

interface MaintainOptions extends OutputOptions {
  readonly data: string;
}

export async function migrateServer(options: MaintainOptions): Promise<void> {
  const report = await withProgress('migrating', () => migrateDataFolder(options.data));
  const { from, to } = report;
  printResult(options, report, from === to ? `schema ${to} already` : `schema ${from} to ${to}`);
}

export async function acceptClockOf(options: MaintainOptions): Promise<void> {
  const now = Date.now();
  await acceptClock(options.data, now);
  const acceptedAt = new Date(now).toISOString();
  printResult(options, { acceptedAt }, `nothing is dated before ${acceptedAt} from now on`);
}
