/** Sales taken back, confirmed, listed, and debts paid: what becomes of money, energy and tokens. */
import { readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { isStsFault } from '../../../lib/faults.ts';
import { parseMeterNumber } from '../../../lib/identity/meter-pan.ts';
import { exportLedger, verifyExport } from '../../../vending-server/audit.ts';
import { checkTrialBalance } from '../../../vending-server/ledger/postings.ts';
import type { Caller } from '../../../vending-server/people/caller.ts';
import { answerLost, confirmSale, listSales } from '../../../vending-server/vending/advice.ts';
import { commissionOf, putCommission } from '../../../vending-server/vending/commission.ts';
import type { Vending } from '../../../vending-server/vending/context.ts';
import { closeDay, type DayFigures } from '../../../vending-server/vending/day-end.ts';
import { deposit } from '../../../vending-server/vending/deposit.ts';
import { findSale, findSaleByRequest } from '../../../vending-server/vending/find-sale.ts';
import { openDebt } from '../../../vending-server/vending/open-debt.ts';
import { openVendor } from '../../../vending-server/vending/open-vendor.ts';
import { payDebt } from '../../../vending-server/vending/pay-debt.ts';
import { putTariff } from '../../../vending-server/vending/put-tariff.ts';
import { receiptOf } from '../../../vending-server/vending/receipt-of.ts';
import { registerMeter } from '../../../vending-server/vending/register-meter.ts';
import { sumOf } from '../../../vending-server/vending/reports.ts';
import {
  reverseByRequest,
  reverseToDebt,
  reverseWhole,
} from '../../../vending-server/vending/reverse-sale.ts';
import type { ReversedResponse, SaleResponse } from '../../../vending-server/vending/sale-response.ts';
import { type SaleRequest, sell } from '../../../vending-server/vending/sell.ts';
// @ts-expect-error: a plain script, as an outsider would write it
import { verifyExportBytes } from '../../reference/ledger-verifier.mjs';
import { count, report, seedOf } from '../../support/counts.ts';
import { publicMeters } from '../../support/utility.ts';
import { type House, METER_REQUEST, TERMS } from '../furnished.ts';
import { SeededRandom } from '../security-module/module-fixtures.ts';
import { type FurnishedHouse, openFurnished } from './utility.ts';

const test = suite<FurnishedHouse>('sales taken back');
const FLOAT = 1_000_000;
const DAY = 86_400_000;
const ORDER = { by: 'key:till', reason: 'no answer' };

/** Every test sells for a vendor of its own, to meters of its own. */
let vendorId: string;
let meters: readonly string[];
let opened = 0;
const METERS = publicMeters(80).map(({ drn }) => drn);

test.before(async (context) => {
  Object.assign(context, await openFurnished(0));
});
test.before.each(async ({ house: { vending } }) => {
  meters = METERS.slice(2 * opened, 2 * opened + 2);
  opened += 1;
  vendorId = `vendor-${opened}`;
  for (const meter of meters) await registerMeter(vending, { ...METER_REQUEST, meter });
  await openVendor(vending, { vendorId, name: 'Shop', currency: 'ZAR', creditLimitMinor: 0 });
  await payIn(vending, vendorId, FLOAT);
});
test.after(({ close }) => close());

const payIn = (vending: Vending, to: string, amountMinor: number) =>
  deposit(vending, { vendorId: to, requestId: 'first', amountMinor, currency: 'ZAR', reference: 'slip' });

const drn = () => meters[0] ?? '';
const meterPan = () => parseMeterNumber(drn()).meterPan;

function saleOf(requestId: string, more: Partial<SaleRequest> = {}): SaleRequest {
  return { vendorId, requestId, meter: drn(), paidMinor: 10_000, currency: 'ZAR', ...more };
}

/** Sold, and the answer lost on the way. */
async function lost({ vending }: House, requestId: string, more: Partial<SaleRequest> = {}): Promise<string> {
  const { sale, isOnlyCopy } = await sell(vending, saleOf(requestId, more));
  if (isOnlyCopy) await answerLost(vending, sale.saleId);
  return sale.saleId;
}

const undo = ({ vending }: House, requestId: string, by = vendorId) =>
  reverseByRequest(vending, { vendorId: by, requestId }, ORDER);

async function codeOf(work: Promise<unknown>): Promise<string> {
  const error = await work.then(
    () => 'done',
    (e: unknown) => e,
  );
  return isStsFault(error) ? error.code : String(error);
}

async function floatOf({ store }: House, of = vendorId): Promise<number> {
  return (await store.findVendor(of))?.floatMinor ?? Number.NaN;
}

const UTILITY: Caller = {
  kind: 'key',
  principal: 'key:office',
  userId: null,
  credentialId: 'office',
  roles: ['supervisor'],
  vendorId: null,
  scopes: null,
};

/** The books as two verifiers of an export see them. */
async function assertProved({ dataFolder, house }: { dataFolder: string; house: House }): Promise<void> {
  assert.ok(checkTrialBalance(await house.store.trialBalance()).balanced);
  const file = join(dataFolder, 'proof.ndjson');
  rmSync(file, { force: true });
  await exportLedger(dataFolder, file, { withTokenNumbers: false }, () => undefined);
  const { findings } = await verifyExport(file, { witnesses: [] }, () => undefined);
  assert.equal(findings, []);
  assert.equal((verifyExportBytes as (bytes: Buffer) => string[])(readFileSync(file)), []);
}

test('when a request never arrived then its id is withdrawn, and a late arrival sells nothing', async (context) => {
  const { house } = context;
  const { counter } = await house.securityModule.identity();
  const first = await undo(house, 'r1');
  assert.is(first.kind, 'nothingSold');
  house.clock.millis += 5000;
  assert.equal(await undo(house, 'r1'), first);
  assert.is(await codeOf(sell(house.vending, saleOf('r1'))), 'request_withdrawn');
  assert.is(await floatOf(house), FLOAT);
  assert.is((await house.securityModule.identity()).counter, counter);
  await assertProved(context);
});

test('when a sale is taken back while it is being made then it is waited for', async (context) => {
  const { house } = context;
  let code = Promise.resolve('');
  const onSaleClaimed = () => {
    code = codeOf(undo(house, 'r1'));
  };
  await sell({ ...house.vending, onSaleClaimed }, saleOf('r1'));
  // It was sold, and nobody knows where its answer is.
  assert.is(await code, 'token_may_be_seen');
  assert.is(await floatOf(house), FLOAT - 10_000);
  await assertProved(context);
});

test('when the answer has certainly not left then money, units, free units and debts go back', async (context) => {
  const { house } = context;
  const { vending, store } = house;
  await putTariff(vending, {
    tariffId: 'town',
    terms: {
      ...TERMS,
      freeUnitsDeciKwh: 500,
      freeUnitsFillBlocks: true,
      energy: {
        kind: 'blocks',
        blocks: [
          { untilDeciKwh: 1000, pricePerKwh: '1.5' },
          { untilDeciKwh: null, pricePerKwh: '2.5' },
        ],
      },
      fixedCharges: [{ chargeId: 'net', label: 'Network', per: 'day', amountMinor: 2000, isTaxed: true }],
    },
  });
  const meter = METERS[70] ?? '';
  const { meter: registered } = await registerMeter(vending, { ...METER_REQUEST, meter, tariffId: 'town' });
  const debt = { label: 'Old', currency: 'ZAR', recovery: { kind: 'fixed', amountMinor: 700 } } as const;
  await openDebt(vending, { ...debt, debtId: 'town-1', meter, amountMinor: 1000 });
  const before = await store.findPurchases(registered.meterPan);
  for (const requestId of ['r1', 'r2', 'r3']) {
    const saleId = await lost(house, requestId, { meter, paidMinor: 33_333 });
    assert.is.not(JSON.stringify((await store.findPurchases(registered.meterPan)).history), before);
    const undone = await undo(house, requestId);
    assert.equal(undone, {
      kind: 'reversed',
      at: house.clock.millis,
      saleId,
      requestId,
      currency: 'ZAR',
      amountMinor: 33_333,
      debtId: null,
    });
    assert.equal((await store.findPurchases(registered.meterPan)).history, before.history);
    assert.is(await floatOf(house), FLOAT);
    house.clock.millis += 60_000;
  }
  await assertProved(context);
});

test('what was taken back is given to nobody, and says so everywhere', async (context) => {
  const { house } = context;
  const { vending } = house;
  const saleId = await lost(house, 'r1');
  const tokenNos = tokensOf((await house.store.findSale(saleId))?.responseBody ?? '');
  assert.is(tokenNos.length, 1);
  await undo(house, 'r1');
  for (const found of [
    await findSale(vending, UTILITY, saleId),
    await findSaleByRequest(vending, vendorId, 'r1'),
  ]) {
    const body = JSON.parse(found.responseBody) as ReversedResponse;
    assert.equal(body.reversed, { at: new Date(house.clock.millis).toISOString(), reason: 'no answer' });
    assert.equal(
      body.tokens.map(({ tokenNo, tokenNoGrouped }) => [tokenNo, tokenNoGrouped]),
      [[null, null]],
    );
    const settings = {
      utility: UTILITY_SETTINGS,
      message: null,
      language: 'en',
      publicUrl: null,
      fontFile: null,
    };
    const facts = await receiptOf(vending, found, settings as never);
    assert.equal([facts.tokens, facts.reversedAt], [[], body.reversed.at]);
  }
  assert.is(await codeOf(sell(vending, saleOf('r1'))), 'sale_reversed');
  assert.is(await codeOf(confirmSale(vending, { vendorId, requestId: 'r1', by: '' })), 'sale_reversed');
  const [listed] = (await listSales(vending, { ...LIST, vendorId, limit: 5 })).sales;
  assert.equal([listed?.saleId, listed?.state], [saleId, 'reversed']);
  const file = numbersFile(context.dataFolder);
  await exportLedger(context.dataFolder, file, { withTokenNumbers: true }, () => undefined);
  const exported = readFileSync(file, 'utf8');
  for (const tokenNo of tokenNos) assert.not.ok(exported.includes(tokenNo));
  await assertProved(context);
});

const UTILITY_SETTINGS = { name: 'Thaba', addressLines: [], taxNumber: null, supportNumber: null };
const LIST = { operatorId: null, tillId: null, before: null };

function tokensOf(responseBody: string): string[] {
  return (JSON.parse(responseBody) as SaleResponse).tokens.map(({ tokenNo }) => tokenNo);
}

function numbersFile(dataFolder: string): string {
  const file = join(dataFolder, 'numbers.ndjson');
  rmSync(file, { force: true });
  return file;
}

/** Ways in which a token comes to light after its answer was lost. */
const SHOWN: Readonly<
  Record<string, (house: House, dataFolder: string, saleId: string) => Promise<unknown>>
> = {
  'the request again': ({ vending }) => sell(vending, saleOf('r1')),
  'its request id': ({ vending }) => findSaleByRequest(vending, vendorId, 'r1'),
  'its own id': ({ vending }, _folder, saleId) => findSale(vending, UTILITY, saleId),
  'an export with token numbers': (_house, folder) =>
    exportLedger(folder, numbersFile(folder), { withTokenNumbers: true }, () => undefined),
  'a confirmation': ({ vending }) => confirmSale(vending, { vendorId, requestId: 'r1', by: '' }),
};

for (const [way, show] of Object.entries(SHOWN)) {
  test(`when a token came to light by ${way} then its sale stays`, async (context) => {
    const { house } = context;
    const saleId = await lost(house, 'r1');
    await show(house, context.dataFolder, saleId);
    const code = way === 'a confirmation' ? 'sale_confirmed' : 'token_may_be_seen';
    assert.is(await codeOf(undo(house, 'r1')), code);
    // And the word that nobody has seen it comes too late.
    await answerLost(house.vending, saleId);
    assert.is(await codeOf(undo(house, 'r1')), code);
    assert.is(await floatOf(house), FLOAT - 10_000);
  });
}

test('an export with token numbers makes every recent sale count as seen, also one without a word yet', async ({
  house,
  dataFolder,
}) => {
  const { sale } = await sell(house.vending, saleOf('r1'));
  const file = numbersFile(dataFolder);
  await exportLedger(dataFolder, file, { withTokenNumbers: true }, () => undefined);
  assert.ok(readFileSync(file, 'utf8').includes(tokensOf(sale.responseBody)[0]!));
  await answerLost(house.vending, sale.saleId);
  assert.is(await codeOf(undo(house, 'r1')), 'token_may_be_seen');
});

test('when a message carries the token then the sale never counts as unseen', async ({ house }) => {
  const told = { channel: 'sms', target: '+27820000000', language: 'en', kind: 'sale.completed' } as const;
  const notificationsOf: Vending['notificationsOf'] = ({ saleId, soldAt }) => [
    { ...told, notificationId: `msg_${saleId}`, saleId, facts: null, createdAt: soldAt },
  ];
  const answer = await sell({ ...house.vending, notificationsOf }, saleOf('r1'));
  assert.is(answer.isOnlyCopy, false);
  assert.is(await codeOf(undo(house, 'r1')), 'token_may_be_seen');
});

test('when something was sold to the meter since then the sale stays, and the last one goes back', async (context) => {
  const { house } = context;
  await lost(house, 'r1');
  await lost(house, 'r2');
  assert.is(await codeOf(undo(house, 'r1')), 'meter_sold_since');
  assert.is((await undo(house, 'r2')).kind, 'reversed');
  assert.is(await codeOf(undo(house, 'r1')), 'meter_sold_since');
  // Its token can still be had.
  assert.is((await sell(house.vending, saleOf('r1'))).replayed, true);
  assert.is(await floatOf(house), FLOAT - 10_000);
  await assertProved(context);
});

test('a debt is paid on purpose, without a token, and such a payment is taken back though its answer was seen', async (context) => {
  const { house } = context;
  const { vending, store } = house;
  const debt = {
    label: 'Old account',
    currency: 'ZAR',
    recovery: { kind: 'percentage', rate: '0.5' },
  } as const;
  await openDebt(vending, { ...debt, debtId: 'old-1', meter: drn(), amountMinor: 5000 });
  await openDebt(vending, { ...debt, debtId: 'old-2', meter: drn(), amountMinor: 900 });
  const payment = {
    vendorId,
    requestId: 'p1',
    meter: drn(),
    debtId: 'old-1',
    paidMinor: 2000,
    currency: 'ZAR',
  };
  const { sale } = await payDebt(vending, { ...payment, tender: 'cash', tenderedMinor: 2500 });
  const body = JSON.parse(sale.responseBody) as SaleResponse;
  assert.equal(
    [body.kind, body.tokens, body.paidMinor, body.cash?.changeMinor],
    ['debtPayment', [], 2000, 500],
  );
  assert.equal(body.debtsLeft, [{ label: 'Old account', balanceMinor: 900 }]);
  assert.equal(
    body.lines.map((line) => [line.kind, line.kind === 'arrears' && line.balanceMinor]),
    [['arrears', 3000]],
  );
  assert.is((await payDebt(vending, payment)).replayed, true);
  for (const [more, code] of [
    [{ debtId: 'nobody' }, 'debt_unknown'],
    [{ paidMinor: 3001 }, 'payment_too_large'],
    [{ currency: 'UGX' }, 'currency_mismatch'],
    [{ vendorId: 'nobody' }, 'vendor_unknown'],
    [{ meter: METERS[79] ?? '' }, 'meter_unknown'],
  ] as const)
    assert.is(await codeOf(payDebt(vending, { ...payment, requestId: 'p2', ...more })), code);
  assert.is(await codeOf(payDebt(vending, { ...payment, paidMinor: 1 })), 'request_id_reused');
  assert.is(await codeOf(sell(vending, saleOf('p1'))), 'request_id_reused');
  await findSale(vending, UTILITY, sale.saleId);
  const { history } = await store.findPurchases(meterPan());
  assert.is(history.lastAt, null, 'nothing was bought');
  assert.is(history.debts[0]?.balanceMinor, 3000);
  assert.is((await undo(house, 'p1')).kind, 'reversed');
  assert.is((await store.findPurchases(meterPan())).history.debts[0]?.balanceMinor, 5000);
  assert.is(await floatOf(house), FLOAT);
  await assertProved(context);
});

test('by policy a sale whose token may be seen becomes a debt that the next purchase pays', async (context) => {
  const { house } = context;
  const { vending, store } = house;
  const { sale } = await sell(vending, saleOf('r1'));
  const { saleId } = sale;
  const order = { ...ORDER, saleId };
  assert.is(await codeOf(reverseToDebt(vending, order)), 'token_may_be_seen');
  await store.people.putSetting({ name: 'reversal', value: 'meterDebt', at: 0 });
  const undone = await reverseToDebt(vending, order);
  assert.is(undone.kind === 'reversed' && undone.debtId, `reversed-${saleId}`);
  assert.equal(await reverseToDebt(vending, order), undone);
  assert.is(await floatOf(house), FLOAT);
  assert.is(await codeOf(sell(vending, saleOf('r1'))), 'sale_reversed');
  await assertProved(context);
  const next = JSON.parse((await sell(vending, saleOf('r2', { paidMinor: 15_000 }))).sale.responseBody);
  const [arrears] = (next as SaleResponse).lines;
  assert.equal([arrears?.kind, arrears?.amountMinor], ['arrears', 10_000]);
  assert.is((await store.findPurchases(meterPan())).history.debts[0]?.balanceMinor, 0);
  await store.people.putSetting({ name: 'reversal', value: 'refuse', at: 0 });
  await assertProved(context);
});

test('what the utility itself gave cannot be taken back, nor a sale that is not there', async ({ house }) => {
  assert.is(await codeOf(reverseWhole(house.vending, 'sale_0', ORDER)), 'sale_unknown');
});

const FLOATS = 50_000_000;
const MORE = { requestId: 'more', currency: 'ZAR', reference: 's' } as const;

test('day ends, statements and commission stay right whatever is taken back', async (context) => {
  const { house } = context;
  const { vending, store, clock } = house;
  const random = new SeededRandom(seedOf('sales taken back'));
  const days = count(40, 4);
  await putTariff(vending, { tariffId: 'days', terms: { ...TERMS, takesPaymentWithoutEnergy: true } });
  const town = METERS.slice(60, 68);
  for (const meter of town) await registerMeter(vending, { ...METER_REQUEST, meter, tariffId: 'days' });
  await store.people.putSetting({ name: 'reversal', value: 'meterDebt', at: 0 });
  await store.people.putSetting({ name: 'timeZone', value: TERMS.timeZone, at: 0 });
  await openVendor(vending, { vendorId: 'kiosk', name: 'Kiosk', currency: 'ZAR', creditLimitMinor: 0 });
  await deposit(vending, { ...MORE, vendorId, amountMinor: FLOATS - FLOAT });
  await deposit(vending, { ...MORE, vendorId: 'kiosk', amountMinor: FLOATS });
  const terms = {
    currency: 'ZAR',
    priceStep: null,
    rounding: 'down',
    shapes: [
      { kind: 'perKwh', ratePerKwh: '0.10' },
      { kind: 'arrearsShare', share: '0.1' },
    ],
  } as const;
  await putCommission(vending, { vendorId, fromMonth: '2026-11', terms });
  const sums = { sold: 0, whole: 0, debt: 0, stayed: 0 };
  const kept = new Map<string, number>([
    [vendorId, 0],
    ['kiosk', 0],
  ]);
  const first = '2026-11-21';
  let soldEnergy = 0;
  for (let day = 0; day < days; day += 1) {
    for (let sale = 0; sale < 12; sale += 1) {
      const seller = random.below(3) === 0 ? 'kiosk' : vendorId;
      const meter = town[random.below(town.length)]!;
      const requestId = `d${day}-${sale}`;
      const paidMinor = 20_000 + random.below(50_000);
      if (random.below(4) === 0)
        await openDebt(vending, {
          debtId: `debt-${requestId}`,
          meter,
          label: 'Old',
          amountMinor: 1 + random.below(9000),
          currency: 'ZAR',
          recovery: { kind: 'percentage', rate: '0.3' },
        });
      const answer = await sell(
        vending,
        saleOf(requestId, { vendorId: seller, meter, paidMinor, operatorId: 'sipho', tender: 'cash' }),
      );
      const { saleId } = answer.sale;
      sums.sold += 1;
      const isMonth = clock.millis < Date.UTC(2026, 10, 30, 22);
      const body = JSON.parse(answer.sale.responseBody) as SaleResponse;
      const what = random.below(4);
      if (what === 0) await answerLost(vending, saleId);
      if (random.below(3) === 0) clock.millis += random.below(DAY / 8);
      const isBack =
        what === 0
          ? (await undo(house, requestId, seller)).kind === 'reversed'
          : what === 1
            ? (await reverseToDebt(vending, { ...ORDER, saleId })).kind === 'reversed'
            : false;
      if (isBack) sums[what === 0 ? 'whole' : 'debt'] += 1;
      else {
        kept.set(seller, (kept.get(seller) ?? 0) + paidMinor);
        sums.stayed += 1;
        if (seller === vendorId && isMonth) soldEnergy += body.amountDeciKwh;
      }
    }
    clock.millis = Date.UTC(2026, 10, 22 + day, 12);
  }
  clock.millis += 3 * DAY;
  for (let day = 0; day < days; day += 1) {
    const name = new Date(Date.parse(first) + day * DAY).toISOString().slice(0, 10);
    const { figures } = await closeDay(vending, name, 'user:ann');
    assert.equal((JSON.parse(figures) as DayFigures).ties, { balanced: true, salesTie: true }, name);
  }
  for (const [seller, paidMinor] of kept) {
    const all = sumOf(
      await store.money.saleTotals({ by: 'time', vendorId: seller, from: 0, until: clock.millis }),
    );
    assert.is(all.paidMinor, paidMinor);
    assert.is(
      all.energyMinor + all.taxMinor + all.arrearsMinor + all.chargesMinor + all.feesMinor,
      paidMinor,
    );
    assert.is(await floatOf(house, seller), FLOATS - paidMinor);
    await assertStatement(house, seller);
  }
  const commission = await commissionOf(vending, { vendorId, month: '2026-11' });
  if (days <= 9) assert.is(commission.figures.amountDeciKwh, soldEnergy);
  await assertProved(context);
  report(
    `${days} days: ${sums.sold} sold, ${sums.whole} taken back whole, ${sums.debt} as debts, ${sums.stayed} stayed`,
  );
});

/** Every balance follows from the one before it, and the newest is the float. */
async function assertStatement(house: House, seller: string): Promise<void> {
  let above: number | undefined = await floatOf(house, seller);
  for (const { balanceMinor, amountMinor } of await house.store.money.floatEntries(seller, null, 100_000)) {
    assert.is(balanceMinor, above);
    above = balanceMinor - amountMinor;
  }
  assert.is(above, 0);
}

test('limits of the day count what stayed sold', async ({ house }) => {
  const { vending, store } = house;
  const rule = JSON.stringify({
    kind: 'dayLimit',
    effect: 'refuse',
    vendorId: null,
    scope: 'meter',
    salesMax: 2,
    paidMinorMax: null,
    amountDeciKwhMax: null,
  });
  await store.limits.putLimitRule({ ruleId: 'two', rule });
  for (let sale = 0; sale < 5; sale += 1) {
    await lost(house, `r${sale}`, { meter: meters[1] ?? '' });
    await undo(house, `r${sale}`);
  }
  await sell(vending, saleOf('a', { meter: meters[1] ?? '' }));
  await sell(vending, saleOf('b', { meter: meters[1] ?? '' }));
  assert.is(await codeOf(sell(vending, saleOf('c', { meter: meters[1] ?? '' }))), 'limit_reached');
});

test.run();
