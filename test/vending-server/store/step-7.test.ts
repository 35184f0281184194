/** Books of a server that knew seven steps, opened by this one. What it does on PostgreSQL stands in people-step.test.ts. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { suite } from 'uvu';
import { MIGRATIONS } from '../../../vending-server/store/migrations.ts';
import { DATABASE_FILE, openSqliteStore } from '../../../vending-server/store/open.ts';
import { report } from '../../support/counts.ts';
import { assertFoundAfter, rowsBefore, STEPS_BEFORE } from './step-7-books.ts';

const test = suite('books of seven steps');

test('when a ledger of seven steps is opened then every sale is found, and the books go on', async () => {
  const dataFolder = mkdtempSync(join(tmpdir(), 'wattoken-step-'));
  const database = new Database(join(dataFolder, DATABASE_FILE));
  for (const step of MIGRATIONS.slice(0, STEPS_BEFORE)) database.exec(step);
  database.pragma(`user_version = ${STEPS_BEFORE}`);
  database.transaction(() => {
    for (const [table, values] of rowsBefore(false)) {
      const names = Object.keys(values);
      const places = names.map((name) => `:${name}`);
      database.prepare(`INSERT INTO ${table} (${names.join()}) VALUES (${places.join()})`).run(values);
    }
  })();
  database.close();
  const store = await openSqliteStore({ dataFolder });
  const { sales, entries } = await assertFoundAfter(store);
  await store.close();
  rmSync(dataFolder, { recursive: true });
  report(`books of ${STEPS_BEFORE} steps: ${sales} sales and ${entries} entries found`);
});

test.run();
