/** What every store must do about keys of meters beside sales: changes of a record under a claim, key changes, pages of meters. */
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { MeterKeyName, MeterRecord, Store } from '../../../vending-server/store/contract.ts';
import type { OpenedStore } from './store-contract.ts';
import {
  claimed,
  claimOf,
  furnish,
  METER,
  METERS,
  OTHER_METER,
  recordOf,
  TARIFF,
  TestChain,
} from './store-fixtures.ts';

const { meterPan } = METER;

function keyOf(tariffIndex: number): MeterKeyName {
  const { decoderKeyAlgorithm, supplyGroupCode, keyRevision, keyType, baseDate } = METER;
  return {
    decoderKeyAlgorithm,
    supplyGroupCode,
    tariffIndex,
    keyRevision,
    keyType,
    baseDate,
    keyExpiry: 255,
  };
}

/** A sale that begins with a key change from one tariff index to another. */
async function changeKey(
  store: Store,
  chain: TestChain,
  requestId: string,
  change: { readonly from: number; readonly to: number; readonly soldAt: number; readonly meterPan?: string },
): Promise<string> {
  const { from, to, soldAt, meterPan: pan = meterPan } = change;
  const claim = await claimed(store, claimOf(requestId, { meterPan: pan }));
  const record = recordOf(claim, chain);
  const meter = await store.findMeter(pan);
  if (meter === undefined) throw new Error('no meter');
  const { saleId } = record;
  const issuedKeyChange = {
    saleId,
    changedAt: soldAt,
    from: keyOf(from),
    to: keyOf(to),
    threeSections: false,
  };
  await store.recordVend(claim, {
    ...record,
    soldAt,
    responseBody: JSON.stringify({ operator: `till of ${requestId}` }),
    meter: { ...meter, ...keyOf(to), wantedKey: null, issuedKeyChange },
  });
  return saleId;
}

const CHANGED: MeterRecord = {
  ...METER,
  decoderKeyAlgorithm: 2,
  supplyGroupCode: '203557',
  tariffIndex: 7,
  keyRevision: 4,
  keyType: 3,
  baseDate: '35',
  tariffId: 'shop',
  tokenCarrierType: 1,
  keyExpiry: 85,
  storesSupplyGroup: true,
  wantedKey: { supplyGroupCode: '201457', tariffIndex: 9 },
  issuedKeyChange: null,
};

export function keyStoreContract(name: string, open: () => Promise<OpenedStore>): void {
  const test = suite<{ opened: OpenedStore }>(`key contract: ${name}`);
  test.before.each(async (context) => {
    context.opened = await open();
    await furnish(context.opened.store, 10_000_000);
  });
  test.after.each(async ({ opened }) => {
    await opened.destroy();
  });

  test('when a meter is changed under its claim then the whole record is, and sales are reckoned again', async ({
    opened,
  }) => {
    const { store } = opened;
    await store.putTariff({ ...TARIFF, tariffId: 'shop' });
    const before = await store.findPurchases(meterPan);
    const claim = await claimed(store, claimOf('change', { paidMinor: 0, tidCount: 0 }));
    const waiting = await store.claimVend(claimOf('sale'));
    assert.is(waiting.kind, 'in_progress');
    await store.keys.changeMeter(claim, { meter: CHANGED });
    if (waiting.kind === 'in_progress') await waiting.settled;
    assert.equal(await store.claimVend(claimOf('sale', { purchasesVersion: before.version })), {
      kind: 'purchases_changed',
    });
    const after = await store.findPurchases(meterPan);
    assert.equal(after, { ...before, version: before.version + 1 });
    store.releaseClaim(await claimed(store, claimOf('sale')));
    const reopened = await opened.reopen();
    assert.equal(await reopened.findMeter(meterPan), CHANGED);
    assert.equal(await reopened.findMeter(OTHER_METER.meterPan), OTHER_METER);
    assert.is(await reopened.findSaleByRequest('shop', 'change'), undefined);
  });

  test('when a claim has ended then nothing is changed on it', async ({ opened: { store } }) => {
    const claim = await claimed(store, claimOf('change', { paidMinor: 0, tidCount: 0 }));
    await store.keys.changeMeter(claim, { meter: { ...METER, tariffIndex: 5 } });
    for (const ended of [claim, { ...claim, claimId: claim.claimId + 1 }]) {
      const error = await store.keys.changeMeter(ended, { meter: METER }).catch((e: unknown) => e);
      assert.instance(error, RangeError);
    }
    assert.is((await store.findMeter(meterPan))?.tariffIndex, 5);
    assert.is((await store.findPurchases(meterPan)).version, 1);
  });

  test('when many meters are changed at once then each is, once', async ({ opened: { store } }) => {
    const wantedKey = { supplyGroupCode: '203557', tariffIndex: 2 };
    await Promise.all(
      METERS.map(async (meter, index) => {
        const claim = await claimed(
          store,
          claimOf(`m${index}`, { meterPan: meter.meterPan, paidMinor: 0, tidCount: 0 }),
        );
        await store.keys.changeMeter(claim, { meter: { ...meter, wantedKey } });
      }),
    );
    for (const meter of METERS) {
      assert.equal(await store.findMeter(meter.meterPan), { ...meter, wantedKey });
      assert.is((await store.findPurchases(meter.meterPan)).version, 1);
    }
  });

  test('when key changes are sold then they are listed with what came before, the newest first', async ({
    opened: { store },
  }) => {
    const chain = new TestChain();
    assert.equal(await store.keys.keyChanges(meterPan, null, 10), []);
    assert.is(await store.keys.findKeyChange('none'), undefined);
    const plain = await claimed(store, claimOf('plain'));
    await store.recordVend(plain, { ...recordOf(plain, chain), responseBody: '{"operator":null}' });
    const first = await changeKey(store, chain, 'a', { from: 1, to: 2, soldAt: 1000 });
    const second = await changeKey(store, chain, 'b', { from: 2, to: 3, soldAt: 2000 });
    const third = await changeKey(store, chain, 'c', { from: 2, to: 3, soldAt: 2000 });
    const elsewhere = METERS[0]?.meterPan ?? '';
    await changeKey(store, chain, 'd', { from: 1, to: 2, soldAt: 3000, meterPan: elsewhere });
    const rows = await store.keys.keyChanges(meterPan, null, 10);
    assert.equal(
      rows.map((row) => [row.saleId, row.previousSaleId, row.operatorId, row.lastSaleId]),
      [
        [third, second, 'till of c', third],
        [second, first, 'till of b', third],
        [first, 'sale-plain', 'till of a', third],
      ],
    );
    assert.equal(rows[2], {
      saleId: first,
      meterPan,
      changedAt: 1000,
      from: keyOf(1),
      to: keyOf(2),
      threeSections: false,
      vendorId: 'shop',
      operatorId: 'till of a',
      confirmedAt: null,
      confirmedBy: null,
      revokedAt: null,
      revokedBy: null,
      previousSaleId: 'sale-plain',
      lastSaleId: third,
    });
    assert.equal(await store.keys.findKeyChange(first), rows[2]);
    assert.equal(await store.keys.keyChanges(meterPan, null, 2), rows.slice(0, 2));
    assert.equal(await store.keys.keyChanges(meterPan, second, 2), rows.slice(2));
    assert.equal(await store.keys.keyChanges(meterPan, 'none', 2), []);
    const held = await store.keys.keysHeld([meterPan, elsewhere, OTHER_METER.meterPan]);
    const indexes = (pan: string) => (held.get(pan) ?? []).map(({ tariffIndex }) => tariffIndex).sort();
    assert.equal([meterPan, elsewhere, OTHER_METER.meterPan].map(indexes), [[1, 2, 3], [1, 2], []]);
    assert.is((await store.keys.keysHeld([])).size, 0);
  });

  test('when somebody has seen the meter then it stands with the change, and the first to say so stays', async ({
    opened,
  }) => {
    const { store } = opened;
    const chain = new TestChain();
    const first = await changeKey(store, chain, 'a', { from: 1, to: 2, soldAt: 1000 });
    const second = await changeKey(store, chain, 'b', { from: 2, to: 3, soldAt: 2000 });
    const judge = async (requestId: string, kind: 'confirmed' | 'revoked', saleIds: string[], by: string) => {
      const meter = await store.findMeter(meterPan);
      const claim = await claimed(store, claimOf(requestId, { paidMinor: 0, tidCount: 0 }));
      await store.keys.changeMeter(claim, {
        meter: { ...(meter ?? METER), issuedKeyChange: null },
        verdict: { kind, saleIds, at: Number(requestId), by },
      });
    };
    await judge('5000', 'confirmed', [first], 'user:ann');
    await judge('6000', 'confirmed', [first, 'none'], 'user:ben');
    await judge('7000', 'revoked', [second], 'user:eve');
    await judge('8000', 'revoked', [second], 'user:ben');
    const reopened = await opened.reopen();
    const seen = (await reopened.keys.keyChanges(meterPan, null, 10)).map((row) => [
      row.saleId,
      row.confirmedAt,
      row.confirmedBy,
      row.revokedAt,
      row.revokedBy,
    ]);
    assert.equal(seen, [
      [second, null, null, 7000, 'user:eve'],
      [first, 5000, 'user:ann', null, null],
    ]);
    assert.is((await reopened.findMeter(meterPan))?.issuedKeyChange, null);
    const held = (await reopened.keys.keysHeld([meterPan])).get(meterPan) ?? [];
    assert.equal(held.map(({ tariffIndex }) => tariffIndex).sort(), [1, 2]);
  });

  test('when meters are paged through then all of a group come by their numbers, with what is known of them', async ({
    opened: { store },
  }) => {
    const chain = new TestChain();
    const first = await changeKey(store, chain, 'a', { from: 1, to: 2, soldAt: 1000 });
    const second = await changeKey(store, chain, 'b', { from: 2, to: 3, soldAt: 2000 });
    const claim = await claimed(store, claimOf('revoke', { paidMinor: 0, tidCount: 0 }));
    const meter = (await store.findMeter(meterPan)) ?? METER;
    const verdict = { kind: 'revoked', saleIds: [second], at: 1, by: 'user:ann' } as const;
    await store.keys.changeMeter(claim, { meter: { ...meter, issuedKeyChange: null }, verdict });
    const moved = METERS[3] ?? METER;
    const move = await claimed(
      store,
      claimOf('move', { meterPan: moved.meterPan, paidMinor: 0, tidCount: 0 }),
    );
    await store.keys.changeMeter(move, { meter: { ...moved, supplyGroupCode: '999999' } });
    const all: string[] = [];
    for (let after = ''; ; ) {
      const page = await store.keys.meterKeys({ supplyGroupCode: null, after, limit: 7 });
      all.push(...page.map((row) => row.meter.meterPan));
      const last = page.at(-1);
      if (last === undefined) break;
      after = last.meter.meterPan;
    }
    const pans = [METER, OTHER_METER, ...METERS].map((known) => known.meterPan).sort();
    assert.equal(all, pans);
    const group = await store.keys.meterKeys({ supplyGroupCode: '201457', after: '', limit: 1000 });
    assert.equal(
      group.map((row) => row.meter.meterPan),
      pans.filter((pan) => pan !== moved.meterPan),
    );
    const others = await store.keys.meterKeys({ supplyGroupCode: '999999', after: '', limit: 1000 });
    assert.equal(others, [
      { meter: { ...moved, supplyGroupCode: '999999' }, lastPurchaseAt: null, lastChange: null },
    ]);
    const own = group.find((row) => row.meter.meterPan === meterPan);
    assert.equal(own?.lastChange, { saleId: first, changedAt: 1000, confirmedAt: null });
    assert.is(own?.lastPurchaseAt, 1_700_000_000_000);
  });

  test.run();
}
