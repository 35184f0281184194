import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { isStsFault } from '../../../lib/faults.ts';
import { nextTidMinutes } from '../../../lib/token/tid.ts';
import { openPostgresStore } from '../../../vending-server/store/open.ts';
import { startPostgres, type TestPostgres } from '../../support/postgres.ts';
import { storeContract } from './store-contract.ts';

let shared: TestPostgres | undefined;

async function engine(): Promise<TestPostgres> {
  shared ??= await startPostgres();
  return shared;
}

storeContract(
  'PostgreSQL',
  async () => {
    const url = await (await engine()).createDatabase();
    let store = await openPostgresStore({ url });
    return {
      store,
      reopen: async () => {
        await store.close();
        store = await openPostgresStore({ url });
        return store;
      },
      destroy: () => store.close(),
    };
  },
  { severalModules: true },
);

const test = suite('PostgreSQL store');

test.after(async () => {
  await shared?.stop();
});

test.run();
