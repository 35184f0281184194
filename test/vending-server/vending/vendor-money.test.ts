import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { checkTrialBalance } from '../../../vending-server/ledger/postings.ts';
import { addDays } from '../../../vending-server/tariff/local-time.ts';
import { putCommission } from '../../../vending-server/vending/commission.ts';
import { closeDay, type DayFigures } from '../../../vending-server/vending/day-end.ts';
import { deposit } from '../../../vending-server/vending/deposit.ts';
import { spanOfDay, spanOfMonth } from '../../../vending-server/vending/local-days.ts';
import { openDebt } from '../../../vending-server/vending/open-debt.ts';
import { openVendor } from '../../../vending-server/vending/open-vendor.ts';
import { putTariff } from '../../../vending-server/vending/put-tariff.ts';
import { batchReport, closeBatch, sumOf } from '../../../vending-server/vending/reports.ts';
import { sell } from '../../../vending-server/vending/sell.ts';
import { AT_ONCE } from '../../../vending-server/vending/two-persons.ts';
import { count, seedOf } from '../../support/counts.ts';
import { fault, rejects } from '../../support/throws.ts';
import {
  DRN,
  furnish,
  type House,
  newDataFolder,
  OTHER_DRN,
  openHouse,
  removeFolder,
  TERMS,
} from '../furnished.ts';
import { SeededRandom } from '../security-module/module-fixtures.ts';

const test = suite<{ house: House; dataFolder: string }>("the vendors' money");
const DAY = 86_400_000;
const ZONE = 'Africa/Johannesburg';

test.before.each(async (context) => {
  context.dataFolder = newDataFolder();
  context.house = await openHouse(context.dataFolder);
  await furnish(context.house.vending, 0);
  await context.house.store.people.putSetting({ name: 'timeZone', value: ZONE, at: 0 });
});
test.after.each(async ({ house, dataFolder }) => {
  await house.close();
  removeFolder(dataFolder);
});

const slip = (vendorId: string, requestId: string, amountMinor: number) => ({
  vendorId,
  requestId,
  amountMinor,
  currency: 'ZAR',
  reference: 'slip',
});

/** Every balance of a vendor follows from the one before it and its own amount; the newest is the float. */
async function assertStatement(house: House, vendorId: string): Promise<number> {
  let before: number | null = null;
  let above: number | undefined = (await house.store.findVendor(vendorId))?.floatMinor;
  let lines = 0;
  for (;;) {
    const page = await house.store.money.floatEntries(vendorId, before, 7);
    for (const { balanceMinor, amountMinor, entryId } of page) {
      assert.is(balanceMinor, above, `${vendorId} entry ${entryId}`);
      above = balanceMinor - amountMinor;
      lines += 1;
    }
    if (page.length < 7) break;
    before = page.at(-1)?.entryId ?? null;
  }
  assert.is(above, 0, 'a float begins with nothing');
  return lines;
}

/** Deposits, sales with debts and charges, reversals and commissions of one random moment. */
async function actAtRandom(house: House, random: SeededRandom, name: string): Promise<void> {
  const { vending } = house;
  const vendorId = ['shop', 'kiosk'][random.below(2)]!;
  const what = random.below(10);
  if (what === 0) {
    await deposit(vending, slip(vendorId, name, 1 + random.below(20_000)));
  } else if (what === 1) {
    const debtId = `debt-${name}`;
    const recovery = { kind: 'percentage', rate: '0.3' } as const;
    const amountMinor = 1 + random.below(5000);
    await openDebt(vending, { debtId, meter: DRN, label: 'old', amountMinor, currency: 'ZAR', recovery });
  } else if (what === 2) {
    const page = await house.store.money.floatEntries(vendorId, null, 50);
    const held = page.find(({ kind }) => kind === 'deposit');
    if (held !== undefined) {
      await AT_ONCE.depositReversal(vending, { vendorId, requestId: held.reference });
    }
  } else {
    const meter = [DRN, OTHER_DRN][random.below(2)]!;
    const paidMinor = 100 + random.below(3000);
    await sell(vending, { vendorId, requestId: name, meter, paidMinor, currency: 'ZAR' });
  }
}

test('day ends of random days tie to the ledger, to the sales and to each other', async ({ house }) => {
  const { vending, clock, store } = house;
  await openVendor(vending, { vendorId: 'kiosk', name: 'Kiosk', currency: 'ZAR', creditLimitMinor: 50_000 });
  const charged = {
    ...TERMS,
    paymentFeeMinor: 15,
    fixedCharges: [
      { chargeId: 'network', label: 'Network', per: 'day', amountMinor: 40, isTaxed: true },
    ] as const,
  };
  const validFrom = clock.millis + 60_000;
  await putTariff(vending, { tariffId: 'home', validFrom, terms: charged });
  const { from } = spanOfDay('2026-11-21', ZONE);
  const random = new SeededRandom(seedOf('day ends'));
  const days = count(60, 4);
  const tally = { done: 0, refused: 0, late: 0 };
  let day = '2026-11-21';
  for (let d = 0; d < days; d += 1) {
    const acts = 6 + random.below(20);
    for (let i = 0; i < acts; i += 1) {
      const opens = Math.max(from + d * DAY, validFrom);
      clock.millis = Math.max(clock.millis, opens) + random.below(DAY / 40);
      if (clock.millis >= from + (d + 1) * DAY) clock.millis = from + (d + 1) * DAY - 1;
      try {
        await actAtRandom(house, random, `d${d}-${i}`);
        tally.done += 1;
      } catch (error) {
        assert.ok(
          ['float_exhausted', 'payment_too_small'].some((code) => fault(code as never)(error)),
          String(error),
        );
        tally.refused += 1;
      }
    }
    await rejects(closeDay(vending, day, 'user:ann'), fault('period_not_over'));
    clock.millis = from + (d + 1) * DAY + 5 * 60_000;
    const record = await closeDay(vending, day, 'user:ann');
    const figures = JSON.parse(record.figures) as DayFigures;
    assert.equal(figures.ties, { balanced: true, salesTie: true }, day);
    assert.is((await closeDay(vending, day, 'user:ben')).figures, record.figures, 'closed for ever');
    const closing = new Map(figures.accounts.map((account) => [account.account, account.closingMinor]));
    const ledger = await store.trialBalance();
    for (const { account, debitMinor, creditMinor } of ledger) {
      assert.is(closing.get(account), String(creditMinor - debitMinor), `${day} ${account}`);
    }
    assert.is(closing.size, ledger.length);
    for (const vendorId of ['shop', 'kiosk']) {
      const float = (await store.findVendor(vendorId))?.floatMinor;
      assert.is(closing.get(`vendor:${vendorId}:float:ZAR`) ?? '0', String(float));
    }
    if (random.below(3) === 0) {
      // A sale of yesterday that reached the books after they were closed.
      clock.millis = from + (d + 1) * DAY - 2;
      await deposit(vending, slip('shop', `late-${d}`, 777));
      tally.late += 1;
      clock.millis = from + (d + 1) * DAY + 5 * 60_000;
    }
    day = addDays(day, 1);
  }
  assert.ok(checkTrialBalance(await store.trialBalance()).balanced);
  await rejects(closeDay(vending, addDays(day, -days - 5), 'user:ann'), fault('day_end_order'));
  const lines = (await assertStatement(house, 'shop')) + (await assertStatement(house, 'kiosk'));
  console.log(
    `    ${days} days: ${tally.done} acts, ${tally.refused} refused, ${tally.late} late; ${lines} statement lines`,
  );
  assert.ok(tally.done > days && tally.late > 0 && tally.refused > 0);
});

test('every sale is in exactly one batch of each kind, and batches add up to the day', async ({ house }) => {
  const { vending, store, clock } = house;
  await deposit(vending, slip('shop', 'd', 1_000_000));
  const close = (kind: 'sales' | 'banking', batchId: string) =>
    closeBatch(vending, { vendorId: 'shop', kind, batchId, closedBy: 'user:ann', reference: 'slip' });
  await rejects(close('sales', 'b0'), fault('batch_empty'));
  const random = new SeededRandom(seedOf('batches'));
  const batches = { sales: 0, banking: 0 };
  let sold = 0;
  for (let i = 0; i < 60; i += 1) {
    clock.millis += 60_000;
    const paidMinor = 100 + random.below(5000);
    await sell(vending, { vendorId: 'shop', requestId: `s${i}`, meter: DRN, paidMinor, currency: 'ZAR' });
    sold += paidMinor;
    for (const kind of ['sales', 'banking'] as const) {
      if (random.below(kind === 'sales' ? 5 : 12) !== 0 && i !== 59) continue;
      const { batch } = await close(kind, `b${i}`);
      assert.equal((await close(kind, `b${i}`)).batch, batch, 'the same again');
      await rejects(close(kind, `other${i}`), fault('batch_empty'));
      batches[kind] += 1;
    }
  }
  for (const kind of ['sales', 'banking'] as const) {
    const held = await store.money.batches('shop', kind, null, 100);
    assert.is(held.length, batches[kind]);
    const ordered = [...held].reverse();
    for (const [index, batch] of ordered.entries()) {
      assert.is(batch.afterEntry, ordered[index - 1]?.throughEntry ?? 0);
    }
    const reports = await Promise.all(held.map((batch) => batchReport(vending, batch)));
    const all = sumOf(reports.map(({ totals }) => totals.all));
    assert.equal([all.sales, all.paidMinor], [60, sold]);
    assert.is(all.energyMinor + all.taxMinor + all.arrearsMinor + all.chargesMinor + all.feesMinor, sold);
  }
  await rejects(
    closeBatch(vending, {
      vendorId: 'shop',
      kind: 'sales',
      batchId: 'b59',
      closedBy: 'x',
      reference: 'other',
    }),
    fault('request_id_reused'),
  );
  console.log(`    60 sales in ${batches.sales} sales batches and ${batches.banking} banking batches`);
});

test('a deposit is taken back whole and once, and never out of money that was sold with', async ({
  house,
}) => {
  const { vending, store } = house;
  await deposit(vending, slip('shop', 'bounced', 5000));
  await sell(vending, { vendorId: 'shop', requestId: 's', meter: DRN, paidMinor: 3000, currency: 'ZAR' });
  const reverse = () => AT_ONCE.depositReversal(vending, { vendorId: 'shop', requestId: 'bounced' });
  const before = await store.trialBalance();
  await rejects(reverse(), fault('float_exhausted'));
  assert.equal(await store.trialBalance(), before);
  await deposit(vending, slip('shop', 'good', 3000));
  const both = await Promise.all([reverse(), reverse()]);
  assert.equal(
    both.map(({ floatMinor }) => floatMinor),
    [0, 0],
  );
  assert.equal(both.map(({ replayed }) => replayed).sort(), [false, true]);
  assert.is((await store.money.findDeposit('shop', 'bounced'))?.isReversed, true);
  await rejects(
    AT_ONCE.depositReversal(vending, { vendorId: 'shop', requestId: 'never' }),
    fault('deposit_unknown'),
  );
  assert.ok(checkTrialBalance(await store.trialBalance()).balanced);
  assert.is(await assertStatement(house, 'shop'), 4);
});

test('a credit limit goes no lower than the float lies', async ({ house }) => {
  const { vending, store } = house;
  const limit = (creditLimitMinor: number) =>
    AT_ONCE.creditLimit(vending, { vendorId: 'shop', creditLimitMinor });
  await limit(5000);
  await sell(vending, { vendorId: 'shop', requestId: 's', meter: DRN, paidMinor: 3000, currency: 'ZAR' });
  await rejects(limit(2999), fault('credit_limit_refused'));
  await limit(3000);
  assert.is((await store.findVendor('shop'))?.creditLimitMinor, 3000);
  const change = { vendorId: 'shop', fromMinor: 5000, toMinor: 9000 };
  assert.is(await store.money.changeCreditLimit(change), 'changed_meanwhile');
});

test('a month is paid once, when it is over, by the terms that stood in it', async ({ house }) => {
  const { vending, clock, store } = house;
  await deposit(vending, slip('shop', 'd', 1_000_000));
  const terms = {
    currency: 'ZAR',
    shapes: [{ kind: 'perKwh', ratePerKwh: '0.10' }],
    priceStep: null,
    rounding: 'down',
  } as const;
  const pay = (month: string) => AT_ONCE.commissionPayment(vending, { vendorId: 'shop', month });
  await rejects(pay('2026-11'), fault('commission_unknown'));
  await putCommission(vending, { vendorId: 'shop', fromMonth: '2026-11', terms });
  await rejects(
    putCommission(vending, { vendorId: 'shop', fromMonth: '2026-10', terms }),
    fault('commission_exists'),
  );
  const dearer = { ...terms, shapes: [{ kind: 'perKwh', ratePerKwh: '0.20' }] } as const;
  await rejects(
    putCommission(vending, { vendorId: 'shop', fromMonth: '2026-11', terms: dearer }),
    fault('commission_exists'),
  );
  await putCommission(vending, { vendorId: 'shop', fromMonth: '2026-12', terms: dearer });
  await sell(vending, {
    vendorId: 'shop',
    requestId: 's1',
    meter: DRN,
    amountDeciKwh: 1000,
    currency: 'ZAR',
  });
  await rejects(pay('2026-11'), fault('period_not_over'));
  clock.millis = spanOfMonth('2026-11', ZONE).until + 60_000;
  await sell(vending, { vendorId: 'shop', requestId: 's2', meter: DRN, amountDeciKwh: 500, currency: 'ZAR' });
  await rejects(pay('2026-11'), fault('period_not_over'));
  clock.millis += 10 * 60_000;
  const before = (await store.findVendor('shop'))?.floatMinor ?? 0;
  const [first, second] = await Promise.all([pay('2026-11'), pay('2026-11')]);
  assert.equal([first?.floatMinor, second?.floatMinor], [before + 1000, before + 1000]);
  clock.millis = spanOfMonth('2026-12', ZONE).until + 10 * 60_000;
  assert.is((await pay('2026-12')).floatMinor, before + 1000 + 1000, '50 kWh at the new rate');
  await rejects(pay('2027-01'), fault('period_not_over'));
  await assertStatement(house, 'shop');
});

test('days begin where the wall clock of the utility begins them, in summer time too', () => {
  const iso = (day: string, zone: string) => new Date(spanOfDay(day, zone).from).toISOString();
  assert.is(iso('2026-11-21', ZONE), '2026-11-20T22:00:00.000Z');
  assert.is(iso('2026-11-21', 'Asia/Kathmandu'), '2026-11-20T18:15:00.000Z');
  assert.is(iso('2026-03-29', 'Europe/Berlin'), '2026-03-28T23:00:00.000Z');
  assert.is(iso('2026-03-30', 'Europe/Berlin'), '2026-03-29T22:00:00.000Z');
  // Midnight does not exist there on this day: the clock goes from 23:59 to 01:00.
  assert.is(iso('2025-04-25', 'Africa/Cairo'), '2025-04-24T22:00:00.000Z');
  const { from, until } = spanOfMonth('2026-02', 'UTC');
  assert.is(until - from, 28 * DAY);
});

test.run();
