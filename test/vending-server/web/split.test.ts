import fc from 'fast-check';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { NO_HISTORY } from '../../../vending-server/tariff/history.ts';
import { reckonPayment } from '../../../vending-server/tariff/reckon.ts';
import { type Line, partsOf } from '../../../vending-server/web/client/customer/split.ts';
import { count, report, seedOf } from '../../support/counts.ts';
import { TERMS } from '../furnished.ts';

const test = suite('web: the parts of a payment');

const plain = { pricesIncludeVat: false, carriedMinor: '0', places: 2 };
const sumOf = (parts: readonly { readonly amountMinor: number }[]) =>
  parts.reduce((sum, { amountMinor }) => sum + amountMinor, 0);

test('units cost what their price says, and what is left over has a part of its own', () => {
  const steps = [
    { fromDeciKwh: 0, amountDeciKwh: 500, pricePerKwh: '1.5' },
    { fromDeciKwh: 500, amountDeciKwh: 761, pricePerKwh: '2.175' },
  ];
  const energy: Line = { kind: 'energy', amountMinor: 24_067, taxMinor: 3_610, amountDeciKwh: 1_261, steps };
  const told = (more: Partial<typeof plain>) =>
    partsOf({ lines: [energy], ...plain, ...more }).map(({ kind, amountMinor }) => [kind, amountMinor]);
  const both = [
    ['tax', 3_610],
    ['energy', 7_500],
    ['energy', 16_552],
  ];
  assert.equal(told({}), [['rounding', 15], ...both]);
  assert.equal(told({ carriedMinor: '15.25' }), [...both, ['carriedOn', 15]]);
  const before = partsOf({ lines: [{ ...energy, amountMinor: 24_050 }], ...plain });
  assert.equal([before.at(-1)?.kind, sumOf(before)], ['carriedBefore', 27_660]);
  const free: Line = { kind: 'arrears', label: 'Old account', amountMinor: 500, taxMinor: 0 };
  assert.equal(
    partsOf({ lines: [free], ...plain }).map(({ label, amountMinor }) => [label, amountMinor]),
    [['Old account', 500]],
  );
});

test('whatever a tariff makes of a payment, its parts sum to it', () => {
  const seed = seedOf('payments in parts');
  const price = fc
    .integer({ min: 1, max: 90_000 })
    .map((tenThousandths) => (tenThousandths / 10_000).toFixed(4));
  let bought = 0;
  const runs = count(20_000, 1_000);
  fc.assert(
    fc.property(
      fc.record({
        prices: fc.tuple(price, price, price),
        units: fc.integer({ min: 0, max: 4_000 }),
        paidMinor: fc.integer({ min: 1, max: 500_000 }),
        pricesIncludeVat: fc.boolean(),
        energyRounding: fc.constantFrom('carry', 'down', 'up', 'nearest'),
        carriedMinor: fc.constantFrom('0', '0.75', '13.5'),
      }),
      ({ prices: [low, middle, high], units, paidMinor, pricesIncludeVat, energyRounding, carriedMinor }) => {
        const blocks = [
          { untilDeciKwh: 500, pricePerKwh: low },
          { untilDeciKwh: 2_000, pricePerKwh: middle },
          { untilDeciKwh: null, pricePerKwh: high },
        ];
        const terms = {
          ...TERMS,
          energy: { kind: 'blocks', blocks },
          paymentFeeMinor: 35,
          minimumMinor: 1,
          pricesIncludeVat,
          energyRounding,
        } as typeof TERMS;
        const history = { ...NO_HISTORY, month: '2026-11', monthUnitsDeciKwh: units, carriedMinor };
        const result = reckonPayment(terms, history, paidMinor, Date.UTC(2026, 10, 21, 12));
        if (result.kind !== 'reckoned') return;
        bought += 1;
        const carried = result.history.carriedMinor;
        const split = {
          lines: result.lines as readonly Line[],
          pricesIncludeVat,
          carriedMinor: carried,
          places: 2,
        };
        assert.is(sumOf(partsOf(split)), paidMinor);
      },
    ),
    { seed, numRuns: runs },
  );
  report(`${bought} of ${runs} payments in parts that sum to them`);
});

test.run();
