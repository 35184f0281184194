/** What is said of sales afterwards: the part of the store contract, over an opener like the rest. */
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type {
  DebtReversal,
  ReverseResult,
  SaleReversal,
  WholeReversal,
} from '../../../vending-server/store/advice-contract.ts';
import type { MeterRecord, Store, VendRecord } from '../../../vending-server/store/contract.ts';
import { count, report } from '../../support/counts.ts';
import type { OpenedStore } from './store-contract.ts';
import {
  claimed,
  claimOf,
  furnish,
  METER,
  METERS,
  OTHER_METER,
  recordOf,
  TestChain,
  VENDOR,
} from './store-fixtures.ts';

const { vendorId } = VENDOR;
const AT = 1_700_000_100_000;
const DAY = '2023-11-14';
const SOLD_AT = 1_700_000_000_000;
const FLOAT = 1_000_000;

/** What a sale of the fixtures moved, the other way round. */
const mirrored = (paidMinor: number) => [
  { debitAccount: 'energy', creditAccount: 'vendor:shop', amountMinor: paidMinor - 130 },
  { debitAccount: 'tax', creditAccount: 'vendor:shop', amountMinor: 130 },
];

interface Sold {
  readonly saleId: string;
  readonly requestId: string;
  readonly meterPan: string;
}

function wholeOf({ saleId, requestId, meterPan }: Sold, more: Partial<WholeReversal> = {}): SaleReversal {
  const sale = {
    saleId,
    vendorId,
    requestId,
    meterPan,
    paidMinor: 1000,
    amountDeciKwh: 466,
    soldAt: SOLD_AT,
  };
  const what = { at: AT, by: 'key:a', reason: 'no answer', day: DAY, transfers: mirrored(1000), debts: [] };
  return { kind: 'whole', hasTokens: true, sale, ...what, ...more };
}

function debtOf(sold: Sold, more: Partial<DebtReversal> = {}): SaleReversal {
  const { meterPan, saleId } = sold;
  const debtId = `reversed-${saleId}`;
  const transfers = [{ debitAccount: `debt:${debtId}`, creditAccount: 'opened', amountMinor: 1000 }];
  return {
    ...(wholeOf(sold) as WholeReversal),
    kind: 'meterDebt',
    debt: {
      meterPan,
      debt: { debtId, label: 'Reversed sale', balanceMinor: 1000, recovery: { kind: 'all' } },
      openedAt: AT,
      transfers,
    },
    ...more,
  } as DebtReversal;
}

async function sellOne(
  store: Store,
  requestId: string,
  chain: TestChain,
  more: { meterPan?: string; record?: Partial<VendRecord>; tidCount?: number } = {},
): Promise<Sold> {
  const { meterPan = METER.meterPan, tidCount = 1 } = more;
  const claim = await claimed(store, claimOf(requestId, { meterPan, tidCount }));
  const desk = { operatorId: 'sipho', tillId: 'till-1', tender: 'cash', day: DAY } as const;
  const { saleId } = await store.recordVend(claim, { ...recordOf(claim, chain), desk, ...more.record });
  return { saleId, requestId, meterPan };
}

/** After so many turns: of those who wait for nothing, and beyond two of the whole process, which commits between. */
async function later(turns: number): Promise<void> {
  for (let turn = 0; turn < turns; turn += 1) await (turn < 2 ? undefined : new Promise(setImmediate));
}

async function floatOf(store: Store): Promise<number> {
  return (await store.findVendor(vendorId))?.floatMinor ?? Number.NaN;
}

async function kindOf(result: Promise<ReverseResult>): Promise<string> {
  return (await result).kind;
}

export function adviceContract(name: string, open: () => Promise<OpenedStore>): void {
  const test = suite<{ opened: OpenedStore; chain: TestChain }>(`advice contract: ${name}`);
  test.before.each(async (context) => {
    context.opened = await open();
    context.chain = new TestChain();
    await furnish(context.opened.store, FLOAT);
  });
  test.after.each(async ({ opened }) => {
    await opened.destroy();
  });

  test('when a sale is said to be unseen then the first who shows it takes the word away, for ever', async ({
    opened,
    chain,
  }) => {
    const { advice } = opened.store;
    const { saleId } = await sellOne(opened.store, 'r1', chain);
    assert.is(await advice.find(saleId), undefined);
    assert.is(await advice.markUnseen(saleId, AT), true);
    assert.is(await advice.markUnseen(saleId, AT + 1), false);
    const again = await opened.reopen();
    assert.equal(await again.advice.find(saleId), { state: 'unseen', at: AT, by: '', note: '' });
    assert.equal(await again.advice.show(saleId, AT + 2), { state: 'seen', at: AT + 2, by: '', note: '' });
    assert.is((await again.advice.show(saleId, AT + 3)).at, AT + 2);
    assert.is(await again.advice.markUnseen(saleId, AT + 4), false);
    const third = await opened.reopen();
    assert.is((await third.advice.find(saleId))?.state, 'seen');
  });

  test('when a sale was shown before then nobody can say any more that it is unseen', async ({
    opened: { store },
    chain,
  }) => {
    const sold = await sellOne(store, 'r1', chain);
    await store.advice.show(sold.saleId, AT);
    assert.is(await store.advice.markUnseen(sold.saleId, AT), false);
    assert.is(await kindOf(store.advice.reverse(wholeOf(sold))), 'token_may_be_seen');
    const fresh = await sellOne(store, 'r2', chain);
    assert.is(await kindOf(store.advice.reverse(wholeOf(fresh))), 'token_may_be_seen');
    assert.is(await floatOf(store), FLOAT - 2000);
  });

  test('when an unseen sale is taken back then float, history, debts and counters are as before, once', async ({
    opened,
    chain,
  }) => {
    const { store } = opened;
    const { meterPan } = METER;
    const recovery = { kind: 'all' } as const;
    const debt = { debtId: 'd1', label: 'Old', balanceMinor: 900, recovery };
    const transfers = [{ debitAccount: 'debt:d1', creditAccount: 'opened', amountMinor: 900 }];
    await store.openDebt({ meterPan, debt, openedAt: 1, transfers });
    await sellOne(store, 'first', chain);
    const before = await store.findPurchases(meterPan);
    const lines = await store.money.saleTotals({ by: 'time', vendorId, from: 0, until: AT * 2 });
    const counters = [
      { scope: 'vendor', subject: vendorId },
      { scope: 'operator', subject: `${vendorId}/sipho` },
      { scope: 'meter', subject: meterPan },
    ] as const;
    const counts = await store.limits.dayCounts(counters, DAY);
    const history = { ...before.history, month: '2026-12', monthUnitsDeciKwh: 7, carriedMinor: '0.5' };
    const sold = await sellOne(store, 'r1', chain, {
      record: { history: { ...history, debts: [{ ...debt, balanceMinor: 500 }], lastAt: SOLD_AT + 5 } },
    });
    assert.is(await store.advice.markUnseen(sold.saleId, AT), true);
    const reversal = wholeOf(sold, { debts: [{ debtId: 'd1', amountMinor: 400 }] });
    assert.equal(await store.advice.reverse(reversal), { kind: 'reversed', at: AT });
    assert.equal(await store.advice.reverse({ ...reversal, at: AT + 9 }), { kind: 'exists', at: AT });
    assert.is(await floatOf(store), FLOAT - 1000);
    const after = await store.findPurchases(meterPan);
    assert.equal(after.history, before.history);
    assert.ok(after.version > before.version);
    const told = await store.limits.dayCounts(counters, DAY);
    const figures = (rows: typeof told) => rows.map(({ lastAt: _at, ...rest }) => rest);
    assert.equal(figures(told), figures(counts));
    const [line] = await store.money.saleTotals({ by: 'time', vendorId, from: 0, until: AT * 2 });
    assert.equal(line, { ...lines[0], sales: 2, reversals: 1 });
    const [entry] = await store.money.floatEntries(vendorId, null, 1);
    assert.equal([entry?.kind, entry?.reference, entry?.amountMinor], ['saleReversal', sold.saleId, 1000]);
    assert.is(entry?.balanceMinor, FLOAT - 1000);
    assert.is((await store.advice.show(sold.saleId, AT)).state, 'reversed');
    const again = await opened.reopen();
    assert.equal(await again.advice.find(sold.saleId), {
      state: 'reversed',
      at: AT,
      by: 'key:a',
      note: 'no answer',
    });
    const balances = await again.trialBalance();
    assert.equal(
      balances.find(({ account }) => account === 'energy'),
      { account: 'energy', debitMinor: 870, creditMinor: 1740 },
    );
  });

  test('when the first sale of a meter is taken back then it has never bought', async ({
    opened: { store },
    chain,
  }) => {
    const before = await store.findPurchases(METER.meterPan);
    const sold = await sellOne(store, 'r1', chain);
    await store.advice.markUnseen(sold.saleId, AT);
    assert.is(await kindOf(store.advice.reverse(wholeOf(sold))), 'reversed');
    assert.equal((await store.findPurchases(METER.meterPan)).history, before.history);
    // Its TID stays used.
    const next = await claimed(store, claimOf('r2'));
    assert.equal(next.tidMinutes, [6_000_001]);
  });

  test('when the meter has bought since, or is buying, then the sale waits or stays', async ({
    opened: { store },
    chain,
  }) => {
    const first = await sellOne(store, 'r1', chain);
    await store.advice.markUnseen(first.saleId, AT);
    const claim = await claimed(store, claimOf('r2'));
    const waiting = await store.advice.reverse(wholeOf(first));
    assert.is(waiting.kind, 'in_progress');
    store.releaseClaim(claim);
    if (waiting.kind === 'in_progress') await waiting.settled;
    // Nothing came of it: the first one is still the last.
    const second = await sellOne(store, 'r3', chain);
    await store.advice.markUnseen(second.saleId, AT);
    assert.is(await kindOf(store.advice.reverse(wholeOf(first))), 'sold_since');
    assert.is(await kindOf(store.advice.reverse(wholeOf(second))), 'reversed');
    // The history stands before the second now, and of what stood before the first nobody knows.
    assert.is(await kindOf(store.advice.reverse(wholeOf(first))), 'sold_since');
    assert.is((await store.advice.find(first.saleId))?.state, 'unseen');
    assert.is(await floatOf(store), FLOAT - 1000);
    await sellOne(store, 'r4', chain);
  });

  test('when a sale was reckoned before another one was taken back then it must be reckoned again', async ({
    opened: { store },
    chain,
  }) => {
    const sold = await sellOne(store, 'r1', chain);
    await store.advice.markUnseen(sold.saleId, AT);
    const { version } = await store.findPurchases(METER.meterPan);
    await store.advice.reverse(wholeOf(sold));
    const late = await store.claimVend(claimOf('r2', { purchasesVersion: version }));
    assert.is(late.kind, 'purchases_changed');
  });

  test('money that made no token is taken back without a word that nobody has seen it', async ({
    opened: { store },
    chain,
  }) => {
    const sold = await sellOne(store, 'r1', chain, { tidCount: 0 });
    await store.advice.show(sold.saleId, AT);
    assert.is(await kindOf(store.advice.reverse(wholeOf(sold, { hasTokens: false }))), 'reversed');
    assert.is(await floatOf(store), FLOAT);
  });

  test('what is confirmed is not taken back, and what is taken back is not confirmed', async ({
    opened: { store },
    chain,
  }) => {
    const { advice } = store;
    assert.is((await advice.confirm('sale-nobody', AT, 'key:a')).kind, 'sale_unknown');
    const first = await sellOne(store, 'r1', chain);
    await advice.markUnseen(first.saleId, AT);
    assert.equal(await advice.confirm(first.saleId, AT, 'key:a'), { kind: 'confirmed', at: AT });
    assert.equal(await advice.confirm(first.saleId, AT + 5, 'key:b'), { kind: 'confirmed', at: AT });
    assert.is((await advice.show(first.saleId, AT)).state, 'confirmed');
    assert.is(await kindOf(advice.reverse(wholeOf(first))), 'confirmed');
    assert.is(await kindOf(advice.reverse(debtOf(first))), 'confirmed');
    const second = await sellOne(store, 'r2', chain, { meterPan: OTHER_METER.meterPan });
    await advice.markUnseen(second.saleId, AT);
    await advice.reverse(wholeOf(second));
    assert.equal(await advice.confirm(second.saleId, AT, 'key:a'), { kind: 'reversed' });
  });

  test('a request id that sold nothing is withdrawn for ever, one that did or does is not', async ({
    opened,
    chain,
  }) => {
    const { store } = opened;
    const word = { vendorId, by: 'key:a', at: AT };
    const gone = await store.advice.withdraw({ ...word, requestId: 'never' });
    assert.equal(gone, { kind: 'withdrawn', at: AT });
    const again = await store.advice.withdraw({ ...word, requestId: 'never', at: AT + 5 });
    assert.equal(again, { kind: 'withdrawn', at: AT });
    assert.is((await store.claimVend(claimOf('never'))).kind, 'withdrawn');
    const claim = await claimed(store, claimOf('r1'));
    const waiting = await store.advice.withdraw({ ...word, requestId: 'r1' });
    assert.is(waiting.kind, 'in_progress');
    await store.recordVend(claim, recordOf(claim, chain));
    if (waiting.kind === 'in_progress') await waiting.settled;
    const sold = await store.advice.withdraw({ ...word, requestId: 'r1' });
    assert.is(sold.kind === 'sold' && sold.sale.saleId, 'sale-r1');
    const released = await claimed(store, claimOf('r2'));
    const later = await store.advice.withdraw({ ...word, requestId: 'r2' });
    store.releaseClaim(released);
    if (later.kind === 'in_progress') await later.settled;
    assert.is((await store.advice.withdraw({ ...word, requestId: 'r2' })).kind, 'withdrawn');
    const nobody = { ...word, vendorId: 'nobody', requestId: 'x' };
    assert.is((await store.advice.withdraw(nobody)).kind, 'vendor_unknown');
    const reopened = await opened.reopen();
    assert.is((await reopened.claimVend(claimOf('never'))).kind, 'withdrawn');
  });

  test('when a sale and its withdrawal come at once then one of the two comes first, and the other sees it', async ({
    opened: { store },
    chain,
  }) => {
    const tries = count(400, 30);
    const tally = { sold: 0, withdrawn: 0 };
    await Promise.all(
      Array.from({ length: tries }, async (_, index) => {
        const requestId = `race-${index}`;
        const { meterPan } = METERS[index % METERS.length]!;
        const sell = async () => {
          for (;;) {
            const { version } = await store.findPurchases(meterPan);
            const request = claimOf(requestId, { meterPan, purchasesVersion: version, paidMinor: 200 });
            const result = await store.claimVend(request);
            if (result.kind === 'withdrawn') return false;
            if (result.kind === 'in_progress') await result.settled;
            if (result.kind !== 'claimed') continue;
            await store.recordVend(result.claim, recordOf(result.claim, chain));
            return true;
          }
        };
        const withdraw = async () => {
          for (;;) {
            const result = await store.advice.withdraw({ vendorId, requestId, at: AT, by: '' });
            if (result.kind !== 'in_progress') return result.kind;
            await result.settled;
          }
        };
        // Now the one is begun first, now the other.
        const first = index % 2 === 0 ? withdraw() : undefined;
        const selling = later(index % 5).then(sell);
        const [sold, said] = await Promise.all([selling, first ?? withdraw()]);
        assert.equal([sold, said], sold ? [true, 'sold'] : [false, 'withdrawn']);
        tally[sold ? 'sold' : 'withdrawn'] += 1;
      }),
    );
    assert.is(await floatOf(store), FLOAT - tally.sold * 200);
    report(`${tries} sales against their withdrawals: ${tally.sold} sold, ${tally.withdrawn} withdrawn`);
  });

  test('a sale whose token may be seen becomes a debt of its meter, once, and its history stays', async ({
    opened,
    chain,
  }) => {
    const { store } = opened;
    const sold = await sellOne(store, 'r1', chain);
    const { history } = await store.findPurchases(sold.meterPan);
    assert.equal(await store.advice.reverse(debtOf(sold)), { kind: 'reversed', at: AT });
    assert.equal(await store.advice.reverse(debtOf(sold)), { kind: 'exists', at: AT });
    assert.is(await floatOf(store), FLOAT);
    const after = await store.findPurchases(sold.meterPan);
    const { debts, ...rest } = after.history;
    assert.equal({ ...rest, debts: [] }, history);
    assert.equal(
      debts.map(({ debtId, balanceMinor, recovery }) => [debtId, balanceMinor, recovery.kind]),
      [[`reversed-${sold.saleId}`, 1000, 'all']],
    );
    const other = await sellOne(store, 'r2', chain, { meterPan: OTHER_METER.meterPan });
    const taken = debtOf(other) as DebtReversal;
    const held = { ...taken.debt, debt: { ...taken.debt.debt, label: 'Another' } };
    await store.openDebt(held);
    assert.is(await kindOf(store.advice.reverse(taken)), 'debt_exists');
    assert.is(await floatOf(store), FLOAT - 1000);
    assert.is(await store.advice.find(other.saleId), undefined);
  });

  test('what two decided about a sale is done in the commit of the decision', async ({
    opened: { store },
    chain,
  }) => {
    const sold = await sellOne(store, 'r1', chain);
    const request = {
      approvalId: 'apr_1',
      kind: 'saleReversal',
      payload: '{}',
      payloadHash: 'a'.repeat(64),
      requestKey: 'saleReversal r1',
      vendorId,
      reason: 'no slip',
      requestedBy: 'user:ann',
      requestedAt: AT,
      expiresAt: AT + 1000,
    } as const;
    await store.approvals.request(request);
    const effect = { kind: 'saleReversal', reversal: debtOf(sold) } as const;
    const decision = { approvalId: 'apr_1', decidedBy: 'user:ben', at: AT + 1, note: '', effect };
    assert.is((await store.approvals.decide(decision)).kind, 'decided');
    assert.is((await store.advice.find(sold.saleId))?.state, 'reversed');
    assert.is(await floatOf(store), FLOAT);
    const second = await sellOne(store, 'r2', chain, { meterPan: OTHER_METER.meterPan });
    await store.advice.confirm(second.saleId, AT, 'key:a');
    await store.approvals.request({ ...request, approvalId: 'apr_2', requestKey: 'saleReversal r2' });
    const refused = { ...effect, reversal: debtOf(second) };
    const result = await store.approvals.decide({ ...decision, approvalId: 'apr_2', effect: refused });
    assert.is(result.kind, 'effect_refused');
    assert.is((await store.approvals.find('apr_2'))?.state, 'pending');
  });

  test('when a sale with a key change is taken back then the meter is on the key of before', async ({
    opened: { store },
    chain,
  }) => {
    const { decoderKeyAlgorithm, supplyGroupCode, tariffIndex, keyRevision, keyType, baseDate } = METER;
    const from = { decoderKeyAlgorithm, supplyGroupCode, tariffIndex, keyRevision, keyType, baseDate };
    const names = [1, 2, 3].map((revision) => ({ ...from, keyRevision: revision, keyExpiry: 255 }));
    const changed = (saleId: string, at: number, before = 0): MeterRecord => ({
      ...METER,
      ...names[before + 1]!,
      issuedKeyChange: {
        saleId,
        changedAt: at,
        from: names[before]!,
        to: names[before + 1]!,
        threeSections: false,
      },
    });
    const first = await sellOne(store, 'r1', chain, {
      record: { meter: changed('sale-r1', SOLD_AT - 1), soldAt: SOLD_AT - 1 },
    });
    assert.is((await store.findMeter(METER.meterPan))?.keyRevision, 2);
    // A second set upon the first, and the first one given once more.
    for (const [requestId, before] of [
      ['r2', 1],
      ['r3', 0],
    ] as const) {
      const held = await store.findMeter(METER.meterPan);
      const meter = changed(`sale-${requestId}`, SOLD_AT, before);
      const sold = await sellOne(store, requestId, chain, { record: { meter } });
      assert.is((await store.findMeter(METER.meterPan))?.issuedKeyChange?.saleId, sold.saleId);
      await store.advice.markUnseen(sold.saleId, AT);
      assert.is(await kindOf(store.advice.reverse(wholeOf(sold))), 'reversed');
      assert.equal(await store.findMeter(METER.meterPan), held);
    }
    assert.is((await store.findMeter(METER.meterPan))?.issuedKeyChange?.saleId, first.saleId);
    const other = changed('sale-r4', SOLD_AT);
    const meter = {
      ...other,
      meterPan: OTHER_METER.meterPan,
      drn: OTHER_METER.drn,
      encryptionAlgorithm: 7,
    } as const;
    const sold = await sellOne(store, 'r4', chain, { meterPan: OTHER_METER.meterPan, record: { meter } });
    await store.advice.markUnseen(sold.saleId, AT);
    await store.advice.reverse(wholeOf(sold));
    assert.equal(await store.findMeter(OTHER_METER.meterPan), { ...OTHER_METER, keyExpiry: 255 });
  });

  test('when a sale is shown and taken back at once then never both', async ({
    opened: { store },
    chain,
  }) => {
    const tries = count(300, 25);
    const tally = { shown: 0, reversed: 0 };
    for (let index = 0; index < tries; index += 1) {
      const { meterPan } = METERS[index % METERS.length]!;
      const sold = await sellOne(store, `both-${index}`, chain, { meterPan });
      await store.advice.markUnseen(sold.saleId, AT);
      const show = async () => (await store.advice.show(sold.saleId, AT)).state;
      const reverse = async () => {
        await later(index % 5);
        return kindOf(store.advice.reverse(wholeOf(sold)));
      };
      // Now the one is begun first, now the other.
      const first = index % 2 === 0 ? reverse() : undefined;
      const shows = Promise.all([show(), show()]);
      const [[shown, again], done] = await Promise.all([shows, first ?? reverse()]);
      assert.is(shown, again);
      const isReversed = done === 'reversed';
      assert.equal([shown, done], isReversed ? ['reversed', 'reversed'] : ['seen', 'token_may_be_seen']);
      tally[isReversed ? 'reversed' : 'shown'] += 1;
    }
    assert.is(await floatOf(store), FLOAT - tally.shown * 1000);
    report(`${tries} sales shown and taken back at once: ${tally.shown} shown, ${tally.reversed} taken back`);
  });

  test('money goes back in the shift that is open at the till, and a batch holds what went back in it', async ({
    opened: { store },
    chain,
  }) => {
    const { money } = store;
    const shift = { vendorId, operatorId: 'sipho', tillId: 'till-1', openedAt: 1 };
    await money.openShift({ ...shift, shiftId: 's1' });
    const desk = { operatorId: 'sipho', tillId: 'till-1', shiftId: 's1', tender: 'cash', day: DAY } as const;
    const sold = await sellOne(store, 'r1', chain, { record: { desk } });
    const batch = { vendorId, kind: 'sales', closedAt: AT, closedBy: '', reference: '' } as const;
    await money.closeBatch({ ...batch, batchId: 'b1' });
    await money.closeShift({ vendorId, shiftId: 's1', at: 2, closedBy: '', countedMinor: 1000 });
    await money.openShift({ ...shift, shiftId: 's2' });
    await store.advice.markUnseen(sold.saleId, AT);
    await store.advice.reverse(wholeOf(sold));
    const totals = async (shiftId: string) =>
      (await money.saleTotals({ by: 'shift', vendorId, shiftId })).map((row) => [
        row.sales,
        row.reversals,
        row.paidMinor,
        row.energyMinor,
        row.amountDeciKwh,
      ]);
    assert.equal(await totals('s1'), [[1, 0, 1000, 1000, 466]]);
    assert.equal(await totals('s2'), [[0, 1, -1000, -1000, -466]]);
    const second = await money.closeBatch({ ...batch, batchId: 'b2' });
    if (typeof second === 'string') throw new Error(second);
    const { afterEntry: after, throughEntry: through } = second;
    const [row] = await money.saleTotals({ by: 'entries', vendorId, after, through });
    assert.equal([row?.sales, row?.reversals, row?.paidMinor], [0, 1, -1000]);
    const figures = await money.commissionFigures(vendorId, 0, AT * 2);
    assert.equal(figures, { amountDeciKwh: 0, arrearsMinor: 0, magneticTokens: 0, freeBasicTokens: 0 });
  });

  test("a vendor's sales are listed the newest first, by pages, operator and till", async ({
    opened: { store },
    chain,
  }) => {
    for (let index = 0; index < 7; index += 1) {
      const operatorId = index % 2 === 0 ? 'sipho' : 'nomsa';
      const tillId = index < 3 ? 'till-1' : 'till-2';
      const { meterPan } = METERS[index]!;
      await sellOne(store, `r${index}`, chain, {
        meterPan,
        record: { desk: { operatorId, tillId, day: DAY } },
      });
    }
    await store.advice.confirm('sale-r6', AT, '');
    const list = async (more: { operatorId?: string; tillId?: string; limit?: number }) => {
      const ids: string[] = [];
      for (let before: number | null = null; ; ) {
        const filter = { vendorId, operatorId: null, tillId: null, limit: 3, ...more, before };
        const page = await store.advice.sales(filter);
        ids.push(...page.sales.map(({ requestId }) => requestId));
        if (page.next === null || page.sales.length === 0) return ids.join(' ');
        before = page.next;
      }
    };
    assert.is(await list({}), 'r6 r5 r4 r3 r2 r1 r0');
    assert.is(await list({ operatorId: 'sipho' }), 'r6 r4 r2 r0');
    assert.is(await list({ operatorId: 'nomsa', tillId: 'till-2' }), 'r5 r3');
    const all = { vendorId, operatorId: null, tillId: null, before: null };
    const [newest] = (await store.advice.sales({ ...all, limit: 1 })).sales;
    assert.equal(
      [newest?.saleId, newest?.drn, newest?.paidMinor, newest?.state, newest?.saleKind],
      ['sale-r6', METERS[6]!.drn, 1000, 'confirmed', 'credit'],
    );
    const none = await store.advice.sales({ ...all, vendorId: 'nobody', limit: 1 });
    assert.equal(none, { sales: [], next: null });
  });

  test('what was sold to a meter is listed the newest first, by pages and whoever sold it', async ({
    opened,
    chain,
  }) => {
    const { store } = opened;
    const other = { ...VENDOR, vendorId: 'kiosk' };
    await store.putVendor(other);
    for (let index = 0; index < 5; index += 1) {
      // Two of one moment stand by their ids; several tokens are one sale.
      const record = { soldAt: SOLD_AT + Math.floor(index / 2) };
      await sellOne(store, `m${index}`, chain, { tidCount: 1 + (index % 2), record });
    }
    await sellOne(store, 'other', chain, { meterPan: OTHER_METER.meterPan });
    const free = await claimed(store, claimOf('m5', { vendorId: 'kiosk', paidMinor: 0, tidCount: 0 }));
    await store.recordVend(free, { ...recordOf(free, chain), transfers: [], soldAt: SOLD_AT + 9 });
    await store.advice.confirm('sale-m3', AT, '');
    const answer = (await store.findSale('sale-m3'))?.responseBody;
    const again = (await opened.reopen()).advice;
    const ids: string[] = [];
    for (let before: string | null = null; ; before = ids.at(-1) ?? null) {
      const page = await again.meterSales(METER.meterPan, before, 4);
      ids.push(...page.map(({ saleId }) => saleId));
      if (page.length < 4) break;
    }
    assert.equal(ids, ['sale-m5', 'sale-m4', 'sale-m3', 'sale-m2', 'sale-m1', 'sale-m0']);
    const [first, , third] = await again.meterSales(METER.meterPan, null, 3);
    assert.equal([first?.vendorId, first?.soldAt, first?.state], ['kiosk', SOLD_AT + 9, null]);
    assert.equal([third?.state, third?.responseBody], ['confirmed', answer]);
    assert.equal(await again.meterSales('600727999999999999', null, 3), []);
  });

  test('a sale stands in the books with its own transfers, in their order', async ({
    opened: { store },
    chain,
  }) => {
    await sellOne(store, 'r1', chain, { meterPan: METERS[0]!.meterPan });
    const sold = await sellOne(store, 'r2', chain);
    const row = await store.advice.findSaleRow(sold.saleId);
    assert.equal(
      row?.transfers.map(({ debitAccount, creditAccount, amountMinor }) => [
        debitAccount,
        creditAccount,
        amountMinor,
      ]),
      [
        ['vendor:shop', 'energy', 870],
        ['vendor:shop', 'tax', 130],
      ],
    );
    assert.equal(
      [row?.vendorId, row?.meterPan, row?.paidMinor, row?.soldAt],
      [vendorId, METER.meterPan, 1000, SOLD_AT],
    );
    assert.is(await store.advice.findSaleRow('sale-nobody'), undefined);
  });

  test.run();
}
