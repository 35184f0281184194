/** A module that dies is started again in place: what it made is named first, and sales go on. */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { TID_MAX } from '../../../lib/token/tid.ts';
import { pathsOf } from '../../../vending-server/config.ts';
import { verifyChain } from '../../../vending-server/ledger/verify-chain.ts';
import { startSecurityModule } from '../../../vending-server/security-module/client.ts';
import type { SecurityModule } from '../../../vending-server/security-module/contract.ts';
import {
  type Supervision,
  superviseModule,
} from '../../../vending-server/security-module/supervised-module.ts';
import { openSqliteStore } from '../../../vending-server/store/open.ts';
import { moduleProgram } from '../../support/bundled.ts';
import { count, report, seedOf } from '../../support/counts.ts';
import { fault, rejects } from '../../support/throws.ts';
import { startTestServer } from '../furnished.ts';
import { type Folder, folderWithKeys, issueCredit, requestOf, SeededRandom } from './module-fixtures.ts';

const test = suite('supervised module');

interface Watched {
  readonly module: SecurityModule;
  readonly pids: number[];
  readonly events: string[];
  /** Resolves when the module has been started again this often, or was given up. */
  settled(ups: number): Promise<void>;
}

async function watch(folder: Folder, more: Partial<Supervision> = {}): Promise<Watched> {
  const { keyStorePath, journalPath, passphraseFile } = folder;
  const pids: number[] = [];
  const events: string[] = [];
  const start = () =>
    startSecurityModule({
      keyStorePath,
      journalPath,
      passphraseFile,
      tidWindowMinutes: TID_MAX,
      program: moduleProgram(),
      onStarted: (pid) => void pids.push(pid),
    });
  const module = superviseModule(await start(), {
    start,
    recover: async (next) => void events.push(`recover at ${(await next.identity()).counter}`),
    onDown: () => events.push('down'),
    onUp: (attempts) => events.push(`up ${attempts}`),
    delaysMillis: [0, 10, 10],
    ...more,
  });
  module.onExit(() => events.push('end'));
  const settled = async (ups: number) => {
    const done = () =>
      events.includes('end') || events.filter((event) => event.startsWith('up')).length >= ups;
    while (!done()) await new Promise((resolve) => setTimeout(resolve, 5));
  };
  return { module, pids, events, settled };
}

test('when the module is killed then calls are refused until the next one has been recovered, and then go on', async () => {
  const folder = folderWithKeys();
  const { module, pids, events, settled } = await watch(folder);
  await (await issueCredit(module, requestOf(1))).sealed;
  process.kill(pids[0]!, 'SIGKILL');
  await rejects(issueCredit(module, requestOf(2)), fault('security_module_unavailable'));
  await rejects(module.identity(), fault('security_module_unavailable'));
  await settled(1);
  assert.equal(events, ['down', 'recover at 1', 'up 1']);
  const next = await issueCredit(module, requestOf(3));
  await next.sealed;
  assert.is(next.entry.counter, 2);
  const identity = await module.identity();
  const entries = await module.entriesAfter(0, 9);
  assert.equal(verifyChain(entries, { ...identity, head: identity }), []);
  assert.is((await module.counters()).counter, 2);
  assert.is((await module.vendingKeys()).length, 1);
  await module.close();
  await rejects(module.identity(), fault('security_module_unavailable'));
  assert.not.ok(events.includes('end'));
  folder.remove();
});

test('when recovery finds a contradiction or the key store is gone then nothing is tried again', async () => {
  const folder = folderWithKeys();
  const { StsFault } = await import('../../../lib/faults.ts');
  const contradicted = await watch(folder, {
    recover: () => Promise.reject(new StsFault('ledger_mismatch', 'as a test wants it')),
  });
  process.kill(contradicted.pids[0]!, 'SIGKILL');
  await contradicted.settled(1);
  assert.equal([contradicted.events, contradicted.pids.length], [['down', 'end'], 2]);
  await rejects(issueCredit(contradicted.module, requestOf(1)), fault('security_module_unavailable'));
  await contradicted.module.close();
  const { module, pids, events, settled } = await watch(folder);
  const sealed = readFileSync(folder.keyStorePath);
  writeFileSync(folder.keyStorePath, '');
  process.kill(pids[0]!, 'SIGKILL');
  await settled(1);
  assert.equal(events, ['down', 'end']);
  assert.ok(existsSync(folder.journalPath) && sealed.length > 0);
  await module.close();
  folder.remove();
});

test('when the store is away for a while then the module comes up as soon as it is back', async () => {
  const folder = folderWithKeys();
  const { StsFault } = await import('../../../lib/faults.ts');
  let tries = 0;
  const { module, pids, events, settled } = await watch(folder, {
    recover: () => {
      tries += 1;
      return tries < 3 ? Promise.reject(new StsFault('store_unavailable')) : Promise.resolve();
    },
  });
  process.kill(pids[0]!, 'SIGKILL');
  await settled(1);
  assert.equal([events, tries], [['down', 'up 3'], 3]);
  await (await issueCredit(module, requestOf(1))).sealed;
  await module.close();
  folder.remove();
});

test('when the server stops while the module is being started again then it stops, and no process is left', async () => {
  const folder = folderWithKeys();
  const { module, pids } = await watch(folder);
  process.kill(pids[0]!, 'SIGKILL');
  while (pids.length < 2) {
    await module.identity().catch(() => undefined);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
  await module.close();
  const { keyStorePath, journalPath, passphraseFile } = folder;
  const next = await startSecurityModule({ keyStorePath, journalPath, passphraseFile });
  await next.close();
  folder.remove();
});

test('when the module keeps dying then it is given up', async () => {
  const folder = folderWithKeys();
  const { module, pids, events, settled } = await watch(folder, { deathsMax: 2 });
  for (let death = 1; death <= 3; death += 1) {
    process.kill(pids[death - 1]!, 'SIGKILL');
    await settled(death);
  }
  assert.equal(events, ['down', 'recover at 0', 'up 1', 'down', 'recover at 0', 'up 1', 'down', 'end']);
  await rejects(module.identity(), fault('security_module_unavailable'));
  await module.close();
  folder.remove();
});

/** As many deaths as a server bears within a minute. */
const KILLS = 10;

test('when the module of a server is killed under sales then the server sells on, each id once, every token named', async () => {
  const random = new SeededRandom(seedOf('module restarts'));
  for (let round = 1; round <= count(6, 1); round += 1) await killUnderSales(random, count(KILLS, 4));
});

async function killUnderSales(random: SeededRandom, kills: number): Promise<void> {
  const pids: number[] = [];
  const at = await startTestServer(1_000_000_000, {
    onModuleStarted: (pid) => void pids.push(pid),
    // Each refused attempt uses a TID up, and here are thousands on two meters.
    limits: { tidAheadMinutes: 1_000_000 },
  });
  let refused = 0;
  let sold = 0;
  let last = 0;
  let stop = false;
  const seller = async (): Promise<void> => {
    while (!stop) {
      last += 1;
      const id = `r${last}`;
      for (;;) {
        const reply = await at.sell(id, {
          meter: last % 2 === 0 ? '11111111115' : '00000000000',
          paidMinor: 100,
        });
        if (reply.status === 201) break;
        assert.is(reply.body.code, 'security_module_unavailable');
        assert.equal([reply.body.outcome, reply.body.retry], ['unknown', 'same-key']);
        refused += 1;
        await new Promise((resolve) => setTimeout(resolve, 20));
      }
      sold += 1;
    }
  };
  const sellers = Array.from({ length: 8 }, seller);
  for (let i = 1; i <= kills; i += 1) {
    await new Promise((resolve) => setTimeout(resolve, 20 + random.below(200)));
    process.kill(pids[i - 1]!, 'SIGKILL');
    const enough = sold + 1;
    const deadline = performance.now() + 60_000;
    while (pids.length <= i || sold < enough) {
      assert.ok(performance.now() < deadline, 'the module does not come back');
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
  }
  stop = true;
  await Promise.all(sellers);
  const ready = await at.call('GET', '/ready');
  assert.is(ready.status, 200);
  assert.is((await at.call('GET', '/health')).status, 200);
  const float = (await at.call('GET', '/v1/vendors/shop', { key: at.vendorKey })).body.floatMinor;
  assert.is(float, 1_000_000_000 - sold * 100);
  const { dataFolder } = at;
  await at.server.close();
  const store = await openSqliteStore({ dataFolder });
  const { keyStorePath, journalPath } = pathsOf({ dataFolder });
  const module = await startSecurityModule({
    keyStorePath,
    journalPath,
    passphraseFile: `${dataFolder}/passphrase`,
  });
  const identity = await module.identity();
  const entries = await store.entries(identity.moduleId, 0, 1_000_000);
  assert.equal(verifyChain(entries, { ...identity, head: identity }), []);
  const journal = await module.entriesAfter(0, 1_000_000);
  assert.equal(
    entries.map(({ entryHash, statement }) => [entryHash, statement]),
    journal.map(({ entryHash, statement }) => [entryHash, statement]),
  );
  const released = entries.filter(({ state }) => state === 'released').length;
  assert.is(released, sold);
  await module.close();
  await store.close();
  report(
    `module killed ${kills} times under one server: ${sold} sold, ${refused} refused and retried, ` +
      `${entries.length - released} named unreleased, journal and ledger equal over ${entries.length}`,
  );
  await at.close();
}

test.run();
