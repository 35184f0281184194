/** Replacements and change-outs in the store contract, as a suite over an opener like the rest of it. */
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type {
  Store,
  VendClaim,
  VendClaimRequest,
  VendRecord,
} from '../../../vending-server/store/contract.ts';
import { NO_HISTORY } from '../../../vending-server/tariff/history.ts';
import { fault, rejects } from '../../support/throws.ts';
import type { OpenedStore } from './store-contract.ts';
import {
  claimed,
  claimOf,
  furnish,
  METER,
  METERS,
  MODULE,
  OTHER_METER,
  recordOf,
  TestChain,
} from './store-fixtures.ts';

export interface OpenedBooks extends OpenedStore {
  /** One statement straight to the database, as no operation of the contract would ask it. */
  sql(text: string): Promise<unknown>;
}

const NEW = METERS[0]!;
const OLD = METER;
const FULL = { amountDeciKwh: 466, amountHundredThousandth: 0 };
const PARTS = { boughtDeciKwh: 0, transfers: [] };

async function sold(store: Store, chain: TestChain, claim: VendClaim, more: Partial<VendRecord> = {}) {
  return store.recordVend(claim, { ...recordOf(claim, chain, 'signed'), carried: FULL, ...more });
}

/** Without money, as the utility gives. */
function giftOf(requestId: string, more: Partial<VendClaimRequest> = {}): VendClaimRequest {
  return claimOf(requestId, { paidMinor: 0, ...more });
}

function changeOutOf(requestId: string, purchasesVersion: number): VendClaimRequest {
  return giftOf(requestId, {
    meterPan: NEW.meterPan,
    besides: { meterPan: OLD.meterPan, purchasesVersion },
  });
}

export function issueContract(name: string, open: () => Promise<OpenedBooks>): void {
  const test = suite<{ opened: OpenedBooks }>(`issue contract: ${name}`);
  test.before.each(async (context) => {
    context.opened = await open();
    await furnish(context.opened.store, 100_000);
  });
  test.after.each(async ({ opened }) => {
    await opened.destroy();
  });

  test('a token is replaced once, whatever is tried and whoever starts again', async ({ opened }) => {
    const { store } = opened;
    const chain = new TestChain();
    await sold(store, chain, await claimed(store, claimOf('r1')));
    assert.equal(await store.soldTo(OLD.meterPan), FULL);
    assert.equal(await store.findAftermath('sale-r1'), { isReversed: false, replaced: [] });
    const replaces = { saleId: 'sale-r1', place: 1, moduleId: MODULE.moduleId, counter: 1 };
    const none = { amountDeciKwh: 0, amountHundredThousandth: 0 };
    const gift = { ...PARTS, replaces, carried: none };
    await sold(store, chain, await claimed(store, giftOf('g1')), gift);
    const replaced = [{ place: 1, bySaleId: 'sale-g1' }];
    assert.equal(await store.findAftermath('sale-r1'), { isReversed: false, replaced });
    assert.equal(await store.soldTo(OLD.meterPan), FULL, 'the one that stands counts, and no other');
    const again = await claimed(store, giftOf('g2'));
    await rejects(sold(store, chain, again, gift), fault('token_not_replaceable'));
    assert.is(await store.findSale('sale-g2'), undefined);
    store.releaseClaim(again);
    const reopened = await opened.reopen();
    const later = await claimed(reopened, giftOf('g3'));
    await rejects(sold(reopened, chain, later, gift), fault('token_not_replaceable'));
    reopened.releaseClaim(later);
    assert.equal(await reopened.findAftermath('sale-r1'), { isReversed: false, replaced });
  });

  test('a sale is reversed or one of its tokens replaced, never both, and what was reversed was not sold', async ({
    opened: { store, sql },
  }) => {
    const chain = new TestChain();
    for (const id of ['r1', 'r2', 'r3']) await sold(store, chain, await claimed(store, claimOf(id)));
    const advice = (id: string, state: string) =>
      sql(`INSERT INTO sale_advice VALUES ('sale-${id}', '${state}', 1, 'shop', '')`);
    await advice('r1', 'reversed');
    assert.is((await store.findAftermath('sale-r1')).isReversed, true);
    assert.is((await store.soldTo(OLD.meterPan)).amountDeciKwh, 932);
    const replaces = { saleId: 'sale-r1', place: 1, moduleId: MODULE.moduleId, counter: 1 };
    const claim = await claimed(store, giftOf('g1'));
    await rejects(sold(store, chain, claim, { ...PARTS, replaces }), fault('token_not_replaceable'));
    store.releaseClaim(claim);
    const other = { ...replaces, saleId: 'sale-r2', counter: 2 };
    await sold(store, chain, await claimed(store, giftOf('g2')), {
      ...PARTS,
      replaces: other,
      carried: { amountDeciKwh: 0, amountHundredThousandth: 0 },
    });
    await rejects(advice('r2', 'reversed'), (error) => error instanceof Error);
    await advice('r2', 'unseen');
    await rejects(
      sql("UPDATE sale_advice SET state = 'reversed' WHERE sale_id = 'sale-r2'"),
      (error) => error instanceof Error,
    );
    await advice('r3', 'unseen');
    await sql("UPDATE sale_advice SET state = 'reversed' WHERE sale_id = 'sale-r3'");
    assert.is((await store.soldTo(OLD.meterPan)).amountDeciKwh, 466);
  });

  test('a change-out holds both meters, and moves all that is left on the old one in its commit', async ({
    opened,
  }) => {
    const { store } = opened;
    const chain = new TestChain();
    const debt = { debtId: 'd1', label: 'Old', balanceMinor: 700, recovery: { kind: 'all' } } as const;
    await store.openDebt({ meterPan: OLD.meterPan, debt, openedAt: 5, transfers: [] });
    await sold(store, chain, await claimed(store, claimOf('r1')));
    const { version } = await store.findPurchases(OLD.meterPan);
    const claim = await claimed(store, changeOutOf('c1', version));
    for (const meterPan of [OLD.meterPan, NEW.meterPan]) {
      assert.is((await store.claimVend(claimOf(`x${meterPan}`, { meterPan }))).kind, 'in_progress');
    }
    const moved = { fromDebtId: 'd1', debt: { ...debt, debtId: 'd1.moved' } };
    const history = { ...NO_HISTORY, month: '2026-11', monthUnitsDeciKwh: 466, carriedMinor: '0.25' };
    await sold(store, chain, claim, { ...PARTS, history, changeOut: { debts: [moved] } });
    const again = await opened.reopen();
    assert.is((await again.findMeter(OLD.meterPan))?.replacedBy, NEW.meterPan);
    assert.is((await again.findMeter(NEW.meterPan))?.replaces, OLD.meterPan);
    const [left, taken] = [await again.findPurchases(OLD.meterPan), await again.findPurchases(NEW.meterPan)];
    assert.equal(left.history.debts, [{ ...debt, balanceMinor: 0 }]);
    assert.equal([left.history.monthUnitsDeciKwh, left.history.carriedMinor], [0, '0']);
    assert.equal(taken.history.debts, [moved.debt]);
    assert.equal([taken.history.monthUnitsDeciKwh, taken.history.carriedMinor], [466, '0.25']);
    const late = { ...debt, debtId: 'd2' };
    const more = { meterPan: OLD.meterPan, debt: late, openedAt: 6, transfers: [] };
    assert.is(await again.openDebt(more), 'meter_changed_out');
    assert.is(
      (await again.claimVend(claimOf('r2', { purchasesVersion: version }))).kind,
      'purchases_changed',
    );
    const view = await again.viewForSale({ vendorId: 'shop', meterPan: OLD.meterPan });
    assert.is(view.meter?.replacedBy, NEW.meterPan);
  });

  test('a change-out waits for a sale to the old meter, and is reckoned again after it', async ({
    opened: { store },
  }) => {
    const chain = new TestChain();
    const sale = await claimed(store, claimOf('r1'));
    const waiting = await store.claimVend(changeOutOf('c1', 0));
    if (waiting.kind !== 'in_progress') throw new Error(waiting.kind);
    await sold(store, chain, sale);
    await waiting.settled;
    assert.is((await store.claimVend(changeOutOf('c1', 0))).kind, 'purchases_changed');
    const claim = await claimed(store, changeOutOf('c1', 1));
    store.releaseClaim(claim);
    // Both are free again.
    for (const [meterPan, purchasesVersion] of [
      [OLD.meterPan, 1],
      [NEW.meterPan, 0],
    ] as const) {
      const request = claimOf(`r${meterPan}`, { meterPan, purchasesVersion });
      store.releaseClaim(await eventually(store, request));
    }
  });

  test('two change-outs that cross each other end, one after the other', async ({ opened: { store } }) => {
    const one = changeOutOf('c1', 0);
    const two = giftOf('c2', {
      meterPan: OLD.meterPan,
      besides: { meterPan: NEW.meterPan, purchasesVersion: 0 },
    });
    const order: string[] = [];
    await Promise.all(
      [one, two].map(async (request) => {
        const claim = await eventually(store, request);
        order.push(request.requestId);
        store.releaseClaim(claim);
      }),
    );
    assert.equal(order.sort(), ['c1', 'c2']);
  });

  test('when the old meter has changed under the claim then nothing is written', async ({
    opened: { store },
  }) => {
    const chain = new TestChain();
    const claim = await claimed(store, changeOutOf('c1', 0));
    const debt = { debtId: 'd1', label: 'Late', balanceMinor: 700, recovery: { kind: 'all' } } as const;
    assert.is(await store.openDebt({ meterPan: OLD.meterPan, debt, openedAt: 5, transfers: [] }), 'created');
    await rejects(
      sold(store, chain, claim, { ...PARTS, changeOut: { debts: [] } }),
      fault('meter_changed_out'),
    );
    assert.is(await store.findSale('sale-c1'), undefined);
    assert.is((await store.findMeter(OLD.meterPan))?.replacedBy, null);
    store.releaseClaim(claim);
    const next = await eventually(store, changeOutOf('c1', 1));
    const moved = { fromDebtId: 'd1', debt: { ...debt, debtId: 'd1.moved' } };
    await sold(store, chain, next, { ...PARTS, changeOut: { debts: [moved] } });
    assert.equal((await store.findPurchases(NEW.meterPan)).history.debts, [moved.debt]);
    // One meter takes one other's place.
    const third = giftOf('c2', {
      meterPan: NEW.meterPan,
      purchasesVersion: 1,
      besides: { meterPan: OTHER_METER.meterPan, purchasesVersion: 0 },
    });
    const last = await eventually(store, third);
    await rejects(
      sold(store, chain, last, { ...PARTS, changeOut: { debts: [] } }),
      fault('meter_changed_out'),
    );
  });

  test.run();
}

/** As a caller claims: whoever is in the way is waited for. */
async function eventually(store: Store, request: VendClaimRequest): Promise<VendClaim> {
  for (;;) {
    const result = await store.claimVend(request);
    if (result.kind === 'claimed') return result.claim;
    if (result.kind !== 'in_progress') throw new Error(result.kind);
    await result.settled;
  }
}
