/** The rows of the fault table as `lib/README.md` prints them; `node --import tsx test/fault-table.ts` shows them. */
import { FAULTS } from '../lib/faults.ts';

export function faultTable(): string[] {
  return Object.entries(FAULTS).map(
    ([code, { http, exit, outcome, retry }]) => `| \`${code}\` | ${http} | ${exit} | ${outcome} | ${retry} |`,
  );
}

if (process.argv[1] === new URL(import.meta.url).pathname) console.log(faultTable().join('\n'));
