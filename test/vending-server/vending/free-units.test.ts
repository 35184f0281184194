/** The month's free units by themselves. */
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { TariffTerms } from '../../../vending-server/tariff/terms.ts';
import { putCommission } from '../../../vending-server/vending/commission.ts';
import { type FreeUnitsRequest, giveFreeUnits } from '../../../vending-server/vending/free-units.ts';
import { spanOfMonth } from '../../../vending-server/vending/local-days.ts';
import { lookUp } from '../../../vending-server/vending/look-up.ts';
import { openVendor } from '../../../vending-server/vending/open-vendor.ts';
import { holdsTariff, putTariff } from '../../../vending-server/vending/put-tariff.ts';
import { totalsOf } from '../../../vending-server/vending/reports.ts';
import { sell } from '../../../vending-server/vending/sell.ts';
import { report } from '../../support/counts.ts';
import { DRN, TERMS, VENDOR_ID } from '../furnished.ts';
import {
  assertProved,
  bodyOf,
  codeOf,
  type FurnishedHouse,
  factoryState,
  issuedBy,
  keyIn,
  meterAt,
  openFurnished,
  registerAll,
} from './utility.ts';

const test = suite<FurnishedHouse>('free units alone');
const FREE: TariffTerms = {
  ...TERMS,
  freeUnitsDeciKwh: 500,
  freeUnitsFillBlocks: true,
  energy: {
    kind: 'blocks',
    blocks: [
      { untilDeciKwh: 500, pricePerKwh: '1.8652' },
      { untilDeciKwh: null, pricePerKwh: '2.9104' },
    ],
  },
};
const METER = meterAt(0);
const STRICT = meterAt(1);
const PAID = meterAt(2);
const PAID_STRICT = meterAt(3);
const CROWDED = meterAt(4);

test.before(async (context) => {
  Object.assign(context, await openFurnished(1_000_000));
  const { vending } = context.house;
  await putTariff(vending, { tariffId: 'free', terms: FREE });
  await putTariff(vending, { tariffId: 'strict', terms: { ...FREE, freeUnitsOnlyWithSale: true } });
  await registerAll(vending, [METER, PAID, CROWDED], 'free');
  await registerAll(vending, [STRICT, PAID_STRICT], 'strict');
});
test.after(({ close }) => close());

const asked = (requestId: string, more: Partial<FreeUnitsRequest> = {}): FreeUnitsRequest => {
  return { vendorId: VENDOR_ID, requestId, meter: METER.drn, ...more };
};

test('refusals are named, and change nothing', async ({ house }) => {
  const { vending } = house;
  const before = await issuedBy(house);
  await openVendor(vending, { vendorId: 'ug', name: 'UG', currency: 'UGX', creditLimitMinor: 0 });
  const cases: readonly [Partial<FreeUnitsRequest>, string][] = [
    [{ meter: DRN }, 'free_units_none'],
    [{ meter: STRICT.drn }, 'free_units_only_with_sale'],
    [{ meter: '07123456787' }, 'meter_unknown'],
    [{ meter: '11111111113' }, 'meter_number_check_digit'],
    [{ vendorId: 'nobody' }, 'vendor_unknown'],
    [{ vendorId: 'ug' }, 'currency_mismatch'],
    [{ lookUpCode: 'ABCDEF' }, 'look_up_code_wrong'],
    [{ shiftId: 'none' }, 'shift_unknown'],
  ];
  for (const [more, code] of cases) assert.is(await codeOf(giveFreeUnits(vending, asked('no', more))), code);
  assert.is(await issuedBy(house), before);
  // With a purchase the strict tariff gives them all the same.
  const look = await lookUp(vending, VENDOR_ID, STRICT.drn);
  assert.equal([look.freeUnitsDueDeciKwh, look.freeUnitsOnlyWithSale], [500, true]);
  const sale = await sell(vending, {
    ...asked('strict', { meter: STRICT.drn }),
    paidMinor: 10_000,
    currency: 'ZAR',
  });
  assert.is(bodyOf(sale).freeDeciKwh, 500);
});

test('each token counts for the commission, and stands in the totals as a kind of its own', async ({
  house,
}) => {
  const { vending, store } = house;
  const vendorId = 'kiosk';
  await openVendor(vending, { vendorId, name: 'Kiosk', currency: 'ZAR', creditLimitMinor: 50_000 });
  await putCommission(vending, {
    vendorId,
    fromMonth: '2027-01',
    terms: {
      currency: 'ZAR',
      shapes: [{ kind: 'perToken', token: 'freeBasic', fee: '0.50' }],
      priceStep: null,
      rounding: 'down',
    },
  });
  await giveFreeUnits(vending, asked('f1', { vendorId, meter: PAID.drn }));
  const sale = { ...asked('s1', { vendorId, meter: PAID_STRICT.drn }), paidMinor: 10_000, currency: 'ZAR' };
  await sell(vending, sale);
  const { from, until } = spanOfMonth('2026-11', 'Africa/Johannesburg');
  const figures = await store.money.commissionFigures(vendorId, from, until);
  assert.equal([figures.freeBasicTokens, figures.amountDeciKwh > 0], [2, true]);
  const { rows } = await totalsOf(vending, { by: 'time', vendorId, from, until });
  assert.equal(
    rows.map(({ saleKind, sales, paidMinor }) => [saleKind, sales, paidMinor]),
    [
      ['credit', 1, 10_000],
      ['freeBasic', 1, 0],
    ],
  );
});

test('fifty at once under fifty ids end in one token', async ({ house }) => {
  const { vending } = house;
  const meter = CROWDED.drn;
  const before = await issuedBy(house);
  const codes = await Promise.all(
    Array.from({ length: 50 }, (_, index) =>
      codeOf(giveFreeUnits(vending, asked(`crowd${index}`, { meter }))),
    ),
  );
  assert.is(codes.filter((code) => code === 'done').length, 1);
  assert.is(codes.filter((code) => code === 'free_units_taken').length, 49);
  assert.is(await issuedBy(house), before + 1);
  report('50 requests for one meter: 1 token, 49 free_units_taken');
});

test('terms that say what was always so are the same terms', async ({ house }) => {
  const { vending } = house;
  const terms = { ...FREE, freeUnitsOnlyWithSale: false };
  assert.is(await holdsTariff(vending, { tariffId: 'free', terms }), true);
  assert.equal(await putTariff(vending, { tariffId: 'free', terms }), { created: false });
  assert.is(await codeOf(putTariff(vending, { tariffId: 'strict', terms })), 'tariff_exists');
});

test('they are one token without money, once a month, and the same id answers the same bytes', async ({
  house,
  dataFolder,
}) => {
  const { vending, store, clock } = house;
  const entries = await issuedBy(house);
  const floatMinor = (await store.findVendor(VENDOR_ID))?.floatMinor;
  const before = await lookUp(vending, VENDOR_ID, METER.drn);
  assert.equal([before.freeUnitsDueDeciKwh, before.freeUnitsOnlyWithSale], [500, false]);
  const first = await giveFreeUnits(vending, asked('f1', { lookUpCode: before.lookUpCode }));
  const body = bodyOf(first);
  assert.equal([body.kind, body.paidMinor, body.lines, body.freeDeciKwh], ['freeBasic', 0, [], 500]);
  assert.equal(
    body.tokens.map(
      (token) => 'reason' in token && [token.reason, 'amountDeciKwh' in token && token.amountDeciKwh],
    ),
    [['free', 500]],
  );
  // They fill the cheap block: what is bought next costs more.
  assert.equal([body.month?.blockBefore.block, body.month?.blockAfter.block], [1, 2]);
  const keyed = keyIn(factoryState(METER), body);
  assert.equal([keyed.results, keyed.creditDeciKwh], [['Accept'], 500]);
  assert.is((await store.findVendor(VENDOR_ID))?.floatMinor, floatMinor);
  const again = await giveFreeUnits(vending, asked('f1'));
  assert.equal([again.replayed, again.sale.responseBody], [true, first.sale.responseBody]);
  assert.is(await codeOf(giveFreeUnits(vending, asked('f2'))), 'free_units_taken');
  const sale = bodyOf(await sell(vending, { ...asked('s1'), paidMinor: 10_000, currency: 'ZAR' }));
  assert.equal(
    [sale.freeDeciKwh, sale.month?.blockBefore.block],
    [0, 2],
    'none with the sale of the month either',
  );
  clock.millis = Date.UTC(2026, 11, 1);
  assert.is(bodyOf(await giveFreeUnits(vending, asked('f3'))).freeDeciKwh, 500);
  assert.is(await assertProved(dataFolder, house), entries + 3);
});

test.run();
