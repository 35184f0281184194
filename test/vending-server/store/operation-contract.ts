/** The operator's part of the store contract, as a suite over an opener like the rest of it. */
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { fault, rejects } from '../../support/throws.ts';
import type { OpenedStore } from './store-contract.ts';
import { claimed, claimOf, furnish, recordOf, TestChain, VENDOR } from './store-fixtures.ts';

export function operationContract(name: string, open: () => Promise<OpenedStore>): void {
  const test = suite<{ opened: OpenedStore }>(`operation contract: ${name}`);
  test.before.each(async (context) => {
    context.opened = await open();
  });
  test.after.each(async ({ opened }) => {
    await opened.destroy();
  });

  test('the highest moment rises, survives a restart, and falls only when it is told to', async ({
    opened,
  }) => {
    const { operation } = opened.store;
    assert.is(await operation.witnessClock(1000), 1000);
    assert.is(await operation.witnessClock(5000), 5000);
    assert.is(await operation.witnessClock(2000), 5000);
    const again = await opened.reopen();
    assert.is(await again.operation.witnessClock(3000), 5000);
    await again.operation.acceptClock(3000);
    assert.is(await again.operation.witnessClock(2000), 3000);
    const all = await Promise.all([4000, 9000, 6000].map((now) => again.operation.witnessClock(now)));
    assert.is(Math.max(...all), 9000);
    assert.is(await again.operation.witnessClock(1), 9000);
  });

  test('a ledger is of one kind for ever, and one with sales is live', async ({ opened }) => {
    await opened.store.operation.bindLedgerKind('sandbox');
    await opened.store.operation.bindLedgerKind('sandbox');
    const again = await opened.reopen();
    await rejects(again.operation.bindLedgerKind('live'), fault('ledger_kind_wrong'));
    await again.operation.bindLedgerKind('sandbox');
  });

  test('when sales were made before a kind was bound then it can only be live', async ({
    opened: { store },
  }) => {
    await furnish(store, 100_000);
    const claim = await claimed(store, claimOf('r1'));
    await store.recordVend(claim, recordOf(claim, new TestChain()));
    await rejects(store.operation.bindLedgerKind('sandbox'), fault('ledger_kind_wrong'));
    await store.operation.bindLedgerKind('live');
  });

  test('certificates are bound once each, by vendor, and taken away', async ({ opened }) => {
    const { store } = opened;
    const { vendorId } = VENDOR;
    const one = { vendorId, kind: 'fingerprint', value: 'ab'.repeat(32) } as const;
    const two = { vendorId, kind: 'subject', value: "Till 1, O'Hara & Söhne" } as const;
    assert.is(await store.operation.bindCertificate(one), 'vendor_unknown');
    await furnish(store, 100_000);
    assert.is(await store.operation.bindCertificate(one), 'created');
    assert.is(await store.operation.bindCertificate(one), 'same');
    assert.is(await store.operation.bindCertificate(two), 'created');
    const again = await opened.reopen();
    assert.equal(await again.operation.certificatesOf(vendorId), [one, two]);
    assert.equal(await again.operation.certificatesOf('nobody'), []);
    assert.is(await again.operation.unbindCertificate(one), true);
    assert.is(await again.operation.unbindCertificate(one), false);
    assert.equal(await again.operation.certificatesOf(vendorId), [two]);
  });

  test.run();
}
