/** The suites of the HTTP door, as they stand, once more with every server on a PostgreSQL database of its own. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { report } from '../../support/counts.ts';
import { startPostgres } from '../../support/postgres.ts';
import { collect } from '../../support/processes.ts';

const test = suite('HTTP doors on PostgreSQL');

const SUITES = [
  'advice-routes',
  'control-routes',
  'issue-routes',
  'meter-views',
  'money-routes',
  'routes',
  'tokens',
  'visits',
];

test('when servers sell on PostgreSQL then the suites of the door hold as on SQLite', async () => {
  const postgres = await startPostgres();
  try {
    const { WATTOKEN_TEST_COUNTS: _counts, ...everyday } = process.env;
    const run = fileURLToPath(new URL('../../run.ts', import.meta.url));
    const child = spawn(
      process.execPath,
      ['--import', 'tsx', run, ...SUITES.map((name) => `vending-server/api/${name}.test`)],
      {
        // One process, for each loads the whole server first.
        env: {
          ...everyday,
          WATTOKEN_TEST_POSTGRES: await postgres.createDatabase(),
          WATTOKEN_TEST_WORKERS: '1',
        },
        stdio: ['ignore', 'pipe', 'pipe'],
      },
    );
    const said = collect(child);
    const [code] = (await once(child, 'close')) as [number | null];
    const { stdout, stderr } = said();
    if (code !== 0) console.log(stdout, stderr);
    assert.is(code, 0, 'a suite failed, see above');
    report(`${SUITES.length} suites of the door on PostgreSQL: ${stdout.trim().split('\n').at(-1)}`);
  } finally {
    await postgres.stop();
  }
});

test.run();
