/** People, approvals, the trail and the vendors' money where two servers on one database do the same thing at once. */
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { verifyTrail } from '../../../vending-server/people/audit.ts';
import { throttleRules } from '../../../vending-server/people/throttle.ts';
import type { Store } from '../../../vending-server/store/contract.ts';
import { openPostgresStore } from '../../../vending-server/store/open.ts';
import { report } from '../../support/counts.ts';
import { startPostgres, type TestPostgres } from '../../support/postgres.ts';
import { checkBooks } from '../../support/postgres-books.ts';
import {
  claimed,
  claimOf,
  depositOf,
  furnish,
  hash,
  METERS,
  MODULE,
  recordOf,
  TestChain,
} from './store-fixtures.ts';

const test = suite<{ url: string; both: readonly [Store, Store] }>('PostgreSQL, people on two servers');

let postgres: TestPostgres;
const AT = 1_700_000_000_000;

test.before(async () => {
  postgres = await startPostgres();
});
test.after(async () => {
  await postgres?.stop();
});
test.before.each(async (context) => {
  context.url = await postgres.createBooks();
  const one = await openPostgresStore({ url: context.url });
  await furnish(one, 1_000_000);
  const other = await openPostgresStore({ url: context.url });
  await other.bindModule({ ...MODULE, moduleId: 'module-2' });
  context.both = [one, other];
});
test.after.each(async ({ both }) => {
  for (const store of both) await store.close();
});

/** The same work asked of both servers in turn, all of it at once. */
function atOnce<T>(
  both: readonly [Store, Store],
  count: number,
  work: (store: Store, index: number) => Promise<T>,
): Promise<T[]> {
  return Promise.all(Array.from({ length: count }, (_, index) => work(both[index % 2 === 0 ? 0 : 1], index)));
}

test('when both write the trail then it is one chain without a gap', async ({ both }) => {
  const draft = { at: AT, principal: 'user:ann', credentialId: 'c', roles: '', vendorId: null };
  await atOnce(both, 400, (store, index) =>
    store.audit.append({ ...draft, action: 'a', target: 't', outcome: 'done', requestId: String(index) }),
  );
  const { entries, findings } = await verifyTrail(both[0].audit);
  assert.equal([entries, findings], [400, []]);
  report(`${entries} entries of two servers in one chain`);
});

test('when both decide then one does, and what was approved is done once', async ({ url, both }) => {
  const request = {
    kind: 'deposit',
    ...{ payload: '{}', payloadHash: hash('payload'), requestKey: 'key', vendorId: 'shop' },
    ...{ reason: 'a slip', requestedBy: 'user:ann', requestedAt: AT, expiresAt: AT + 1000 },
  } as const;
  const asked = await atOnce(both, 20, (store, index) =>
    store.approvals.request({ ...request, approvalId: `a${index}` }),
  );
  const ids = new Set(asked.map(({ approvalId }) => approvalId));
  assert.is(ids.size, 1);
  const [approvalId = ''] = ids;
  const effect = { kind: 'deposit', deposit: depositOf('slip', 700) } as const;
  const decided = await atOnce(both, 40, (store, index) =>
    store.approvals.decide({ approvalId, decidedBy: `user:b${index}`, at: AT + 1, note: '', effect }),
  );
  assert.is(decided.filter(({ kind }) => kind === 'decided').length, 1);
  assert.is(decided.filter(({ kind }) => kind === 'decided_before').length, 39);
  assert.is((await both[0].findVendor('shop'))?.floatMinor, 1_000_700);
  await checkBooks(url);
});

test('when guesses come to both then they are counted together, and a user has one next version', async ({
  both,
}) => {
  const rules = throttleRules('ann', '10.0.0.1');
  const guesses = await atOnce(both, 100, (store) => store.people.attemptLogin(rules, AT));
  assert.is(guesses.filter(({ kind }) => kind === 'allowed').length, 3);
  const ann = { userId: 'ann', name: 'Ann', roles: [], vendorId: null, isDisabled: false };
  const created = await atOnce(both, 20, (store, index) =>
    store.people.putUser({ user: { ...ann, name: `Ann ${index}` }, expectedVersion: 0, at: AT }),
  );
  assert.is(created.filter(({ kind }) => kind === 'created').length, 1);
  assert.is(created.filter(({ kind }) => kind === 'version_differs').length, 19);
  const alarm = { at: AT, ruleId: 'r', vendorId: 'shop', operatorId: null, meterPan: null, detail: '' };
  await atOnce(both, 20, (store) => store.limits.addAlarms([alarm]));
  assert.is((await both[0].limits.alarms(null, 100, true)).length, 1);
});

test('when both sell, bank and take money out then every sale is in one batch and no float is overdrawn', async ({
  url,
  both,
}) => {
  const chains = [new TestChain('module-1'), new TestChain('module-2')];
  let sold = 0;
  let reversed = 0;
  const bank = (store: Store, index: number) =>
    store.money.closeBatch({
      ...{ vendorId: 'shop', kind: 'sales', batchId: `b${index}` },
      ...{ closedAt: AT, closedBy: 'user:ann', reference: '' },
    });
  const sell = async (store: Store, index: number) => {
    const claim = await claimed(store, claimOf(`r${index}`, { meterPan: METERS[index % 64]!.meterPan }));
    const chain = chains[index % 2]!;
    const desk = { operatorId: 'sipho', shiftId: 's1', tender: 'cash', day: '2026-11-21' } as const;
    await store.recordVend(claim, { ...recordOf(claim, chain), desk });
    sold += 1;
    if (index % 8 === 0) await bank(store, 100 + index);
  };
  const takeOut = async (store: Store, index: number) => {
    const amountMinor = 100_000;
    const transfers = [{ debitAccount: 'vendor:shop', creditAccount: 'bank', amountMinor }];
    const change = { kind: 'depositReversal', vendorId: 'shop', reference: `d${index % 5}` } as const;
    const result = await store.money.changeFloat({
      ...change,
      ...{ amountMinor: -amountMinor, at: AT, transfers },
    });
    if (result.kind === 'recorded') reversed += 1;
  };
  await Promise.all([
    atOnce(both, 64, sell),
    atOnce(both, 30, bank),
    atOnce(both, 20, takeOut),
    atOnce(both, 10, (store, index) =>
      store.money.openShift({
        ...{ vendorId: 'shop', shiftId: `s${index}`, operatorId: 'sipho' },
        ...{ tillId: 't1', openedAt: AT },
      }),
    ).then((opens) => assert.is(opens.filter(({ kind }) => kind === 'opened').length, 1)),
  ]);
  await bank(both[0], 99);
  assert.equal([sold, reversed], [64, 5]);
  const batches = [...(await both[1].money.batches('shop', 'sales', null, 100))].reverse();
  let [through, banked] = [0, 0];
  for (const batch of batches) {
    assert.is(batch.afterEntry, through);
    through = batch.throughEntry;
    const span = { vendorId: 'shop', after: batch.afterEntry, through } as const;
    for (const { sales } of await both[1].money.saleTotals({ by: 'entries', ...span })) banked += sales;
  }
  assert.is(banked, 64);
  assert.is((await both[0].findVendor('shop'))?.floatMinor, 1_000_000 - 64_000 - 500_000);
  const books = await checkBooks(url);
  assert.is(books.sales, 64);
  report(`64 sales of two servers in ${batches.length} batches, 5 reversals of 20 asked for`);
});

test.run();
