import fc from 'fast-check';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { isStsFault } from '../../../lib/faults.ts';
import type { TariffTerms } from '../../../vending-server/tariff/terms.ts';
import { lookUp } from '../../../vending-server/vending/look-up.ts';
import { openDebt } from '../../../vending-server/vending/open-debt.ts';
import { putTariff } from '../../../vending-server/vending/put-tariff.ts';
import { registerMeter } from '../../../vending-server/vending/register-meter.ts';
import type { SaleResponse } from '../../../vending-server/vending/sale-response.ts';
import { type SaleRequest, sell } from '../../../vending-server/vending/sell.ts';
import { trialSale } from '../../../vending-server/vending/trial-sale.ts';
import { count } from '../../support/counts.ts';
import { publicMeters } from '../../support/utility.ts';
import { DRN, type House, KEYLESS_DRN, METER_REQUEST, OTHER_DRN, TERMS, VENDOR_ID } from '../furnished.ts';
import { type FurnishedHouse, openFurnished } from './utility.ts';

const test = suite<FurnishedHouse>('purchase');

const SEED = 20_261_121;
const RUNS = count(1_000, 40);

const BLOCKS: TariffTerms = {
  ...TERMS,
  energy: {
    kind: 'blocks',
    blocks: [
      { untilDeciKwh: 500, pricePerKwh: '1.8652' },
      { untilDeciKwh: null, pricePerKwh: '2.9104' },
    ],
  },
  fixedCharges: [
    { chargeId: 'basic', label: 'Basic charge', per: 'month', amountMinor: 2_000, isTaxed: true },
  ],
  deductionShare: '0.5',
  freeUnitsDeciKwh: 500,
  minimumMinor: 1,
};

test.before.each(async (context) => {
  Object.assign(context, await openFurnished(100_000_000));
  await putTariff(context.house.vending, { tariffId: 'blocks', terms: BLOCKS });
});
test.after.each(({ close }) => close());

const BLOCK_DRNS = publicMeters(4).map(({ drn }) => drn);
const [BLOCK_DRN = ''] = BLOCK_DRNS;

async function registerBlocks({ vending }: House): Promise<void> {
  for (const meter of BLOCK_DRNS)
    await registerMeter(vending, { ...METER_REQUEST, meter, tariffId: 'blocks' });
}

const asked = { vendorId: VENDOR_ID, currency: 'ZAR' };

async function sold(house: House, requestId: string, more: Partial<SaleRequest>): Promise<SaleResponse> {
  const { sale } = await sell(house.vending, { ...asked, requestId, meter: BLOCK_DRN, ...more });
  return JSON.parse(sale.responseBody) as SaleResponse;
}

async function codeOf(work: Promise<unknown>): Promise<string> {
  const error = await work.then(
    () => 'done',
    (e: unknown) => e,
  );
  return isStsFault(error) ? error.code : String(error);
}

test('a trial is the sale to the cent, whatever the meter bought and owes', async ({ house }) => {
  await registerBlocks(house);
  for (const [index, meter] of BLOCK_DRNS.entries()) {
    const debt = {
      debtId: `d${index}`,
      meter,
      label: 'Old account',
      amountMinor: 5_000 * index + 1,
      currency: 'ZAR',
    };
    await openDebt(house.vending, { ...debt, recovery: { kind: 'percentage', rate: '0.3' } });
  }
  let compared = 0;
  let number = 0;
  await fc.assert(
    fc.asyncProperty(
      fc.constantFrom(...BLOCK_DRNS),
      fc.oneof(
        fc.integer({ min: 1, max: 60_000 }).map((paidMinor) => ({ paidMinor })),
        fc.integer({ min: 1, max: 900 }).map((amountDeciKwh) => ({ amountDeciKwh })),
      ),
      fc.integer({ min: 0, max: 3 * 86_400_000 }),
      async (meter, what, later) => {
        house.clock.millis += later;
        const request = { ...asked, meter, ...what };
        const trial = await trialSale(house.vending, request).catch((e: unknown) => e);
        if (isStsFault(trial)) {
          number += 1;
          const sale = sell(house.vending, { ...request, requestId: `r${number}` });
          assert.is(await codeOf(sale), trial.code);
          return;
        }
        number += 1;
        const { vendorId, lookUpCode, isCovered, ...picture } = trial as Awaited<
          ReturnType<typeof trialSale>
        >;
        assert.equal([vendorId, isCovered], [VENDOR_ID, true]);
        const sale = await sold(house, `r${number}`, { meter, ...what, lookUpCode });
        const { saleId, requestId, soldAt, tokens, ledger } = sale;
        assert.equal({ ...sale, ...picture }, sale, 'every word of the trial stands in the sale');
        assert.ok(saleId && requestId && soldAt && ledger.counter > 0);
        const paid = tokens.filter((token) => token.kind === 'creditElectricity' && token.reason === 'paid');
        const carried = paid.reduce(
          (sum, token) => sum + ('amountDeciKwh' in token ? token.amountDeciKwh : 0),
          0,
        );
        assert.ok(carried >= picture.amountDeciKwh);
        compared += 1;
      },
    ),
    { seed: SEED, numRuns: RUNS },
  );
  assert.ok(compared > RUNS / 2);
  console.log(`    ${compared} trials sold to the cent, seed ${SEED}`);
});

test('a seller sees bounds, arrears, charges, free units and the block before money changes hands', async ({
  house,
}) => {
  await registerBlocks(house);
  const before = await lookUp(house.vending, VENDOR_ID, BLOCK_DRN);
  // 0.1 kWh costs 21.45 cents with the tax; half of a payment may go to the charge.
  assert.equal([before.canVend, before.minimumMinor, before.freeUnitsDueDeciKwh], [true, 43, 500]);
  assert.equal(before.chargesDue, [{ chargeId: 'basic', label: 'Basic charge', dueMinor: 2_300 }]);
  assert.equal(before.block, { block: 1, pricePerKwh: '1.8652', leftDeciKwh: 500 });
  const debt = { debtId: 'd1', label: 'Repair', amountMinor: 700, currency: 'ZAR' };
  const recovery = { kind: 'all' } as const;
  const request = { ...debt, meter: BLOCK_DRN, recovery };
  assert.equal(await openDebt(house.vending, request), { created: true });
  assert.equal(await openDebt(house.vending, request), { created: false });
  assert.is(await codeOf(openDebt(house.vending, { ...request, amountMinor: 701 })), 'debt_exists');
  assert.is(await codeOf(openDebt(house.vending, { ...request, currency: 'UGX' })), 'currency_mismatch');
  const sale = await sold(house, 'r1', { paidMinor: 30_000 });
  assert.equal(
    sale.lines.map((line) => [line.kind, line.amountMinor, line.taxMinor]),
    [
      ['arrears', 700, 0],
      ['fixedCharge', 2_000, 300],
      ['energy', 23_478, 3_522],
    ],
  );
  const after = await lookUp(house.vending, VENDOR_ID, BLOCK_DRN);
  assert.equal([after.arrears, after.chargesDue, after.minimumMinor > 0], [[], [], true]);
  assert.is(after.monthUnitsDeciKwh, sale.amountDeciKwh);
  assert.equal(after.block, sale.month?.blockAfter);
  const debtAccount = (await house.store.trialBalance()).find(({ account }) => account === 'debt:d1:ZAR');
  assert.equal([debtAccount?.debitMinor, debtAccount?.creditMinor], [700, 700]);
  assert.is((await lookUp(house.vending, VENDOR_ID, KEYLESS_DRN)).canVend, false);
});

test('a look-up code guards against the wrong meter, and a changed record', async ({ house }) => {
  const { lookUpCode } = await lookUp(house.vending, VENDOR_ID, DRN);
  assert.match(lookUpCode, /^[2-9A-HJ-NP-Z]{6}$/);
  const other = { paidMinor: 10_000, meter: OTHER_DRN, lookUpCode };
  for (const code of [lookUpCode, '', 'x', 'ÄÖÜ234', `${lookUpCode}2`]) {
    assert.is(await codeOf(sold(house, 'r1', { ...other, lookUpCode: code })), 'look_up_code_wrong');
  }
  const own = { ...other, meter: DRN };
  const sale = await sold(house, 'r1', { ...own, lookUpCode: lookUpCode.toLowerCase() });
  const { lookUpCode: _, ...without } = own;
  assert.equal(await sold(house, 'r1', without), sale, 'the guard is no part of what is sold');
});

test('a version of a tariff counts from its date on, and none begins in the past', async ({ house }) => {
  const { vending, clock } = house;
  const validFrom = Date.UTC(2026, 11, 1);
  const dearer = { ...TERMS, energy: { kind: 'flat', pricePerKwh: '3.7304' } } as const;
  assert.equal(await putTariff(vending, { tariffId: 'home', validFrom, terms: dearer }), { created: true });
  assert.equal(await putTariff(vending, { tariffId: 'home', validFrom, terms: dearer }), { created: false });
  const past = { tariffId: 'home', validFrom: clock.now(), terms: dearer };
  assert.is(await codeOf(putTariff(vending, past)), 'tariff_in_the_past');
  clock.millis = validFrom - 1;
  const before = await sold(house, 'r1', { paidMinor: 10_000, meter: DRN });
  clock.millis = validFrom;
  const after = await sold(house, 'r2', { paidMinor: 10_000, meter: DRN });
  assert.equal([before.amountDeciKwh, after.amountDeciKwh], [466, 233]);
  await putTariff(vending, { tariffId: 'later', validFrom: validFrom + 1, terms: TERMS });
  const meter = BLOCK_DRN;
  await registerMeter(vending, { ...METER_REQUEST, meter, tariffId: 'later' });
  assert.is(await codeOf(lookUp(vending, VENDOR_ID, meter)), 'tariff_not_in_force');
});

test.run();
