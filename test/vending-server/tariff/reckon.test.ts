/** Money to units (sts.md 9.5). */
import { BigNumber } from 'bignumber.js';
import fc from 'fast-check';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { blockPosition, costOfEnergy } from '../../../vending-server/tariff/energy.ts';
import { type Debt, NO_HISTORY, type PurchaseHistory } from '../../../vending-server/tariff/history.ts';
import {
  freeUnitsDue,
  type Reckoned,
  reckonPayment,
  reckonUnits,
  takeFreeUnits,
} from '../../../vending-server/tariff/reckon.ts';
import type { TariffTerms } from '../../../vending-server/tariff/terms.ts';
import { count } from '../../support/counts.ts';

const test = suite('tariff');

const SEED = 20_261_121;
const RUNS = count(200_000, 5_000);

const NOON = Date.UTC(2026, 2, 10, 10);

/** The shape of a city's blocks: 100, 400, 650 kWh and above, tax included (vending.md section 8). */
const BLOCKS: TariffTerms = {
  currency: 'ZAR',
  timeZone: 'Africa/Johannesburg',
  vatRate: '0.15',
  pricesIncludeVat: true,
  energy: {
    kind: 'blocks',
    blocks: [
      { untilDeciKwh: 1000, pricePerKwh: '3.425' },
      { untilDeciKwh: 4000, pricePerKwh: '4.044' },
      { untilDeciKwh: 6500, pricePerKwh: '4.368' },
      { untilDeciKwh: null, pricePerKwh: '4.709' },
    ],
  },
  fixedCharges: [],
  paymentFeeMinor: 0,
  freeUnitsDeciKwh: 0,
  freeUnitsFillBlocks: false,
  deductionOrder: ['paymentFee', 'arrears', 'fixedCharges'],
  deductionShare: '1',
  takesPaymentWithoutEnergy: false,
  energyRounding: 'carry',
  taxRounding: 'nearest',
  minimumMinor: 1,
  maximumMinor: 1_000_000_000_000,
};

function must(terms: TariffTerms, history: PurchaseHistory, paidMinor: number, at = NOON): Reckoned {
  const reckoning = reckonPayment(terms, history, paidMinor, at);
  if (reckoning.kind !== 'reckoned') throw new Error(reckoning.kind);
  return reckoning;
}

test('a purchase spans blocks: 200, 400 and 20 rand in one month', () => {
  // 200 / 3.425 = 58.39; the next 41.6 kWh cost 142.48, and 257.5 with what was carried buy 63.6 kWh at 4.044.
  const first = must(BLOCKS, NO_HISTORY, 20_000);
  const second = must(BLOCKS, first.history, 40_000);
  const third = must(BLOCKS, second.history, 2_000);
  assert.equal(
    [first, second, third].map((each) => each.amountDeciKwh),
    [583, 1053, 50],
  );
  const [line] = second.lines;
  assert.equal(line?.kind === 'energy' && line.steps, [
    { fromDeciKwh: 583, amountDeciKwh: 417, pricePerKwh: '3.425' },
    { fromDeciKwh: 1000, amountDeciKwh: 636, pricePerKwh: '4.044' },
  ]);
  assert.equal(blockPosition(BLOCKS, 1637), { block: 2, pricePerKwh: '4.044', leftDeciKwh: 2363 });
  assert.equal(blockPosition(BLOCKS, 6500), { block: 4, pricePerKwh: '4.709', leftDeciKwh: null });
});

test('the blocks begin again on the 1st, at midnight where the utility is', () => {
  const spent: PurchaseHistory = { ...NO_HISTORY, month: '2026-03', monthUnitsDeciKwh: 9000 };
  const lastMinute = Date.UTC(2026, 2, 31, 21, 59); // 23:59 in Johannesburg
  const dear = must(BLOCKS, spent, 10_000, lastMinute);
  const cheap = must(BLOCKS, spent, 10_000, lastMinute + 60_000);
  assert.equal([dear.amountDeciKwh, cheap.amountDeciKwh], [212, 291]);
  assert.equal([dear.history.month, cheap.history.month], ['2026-03', '2026-04']);
});

test('prices without tax cost the same as prices with it', () => {
  const flat = (pricePerKwh: string, pricesIncludeVat: boolean): TariffTerms => ({
    ...BLOCKS,
    pricesIncludeVat,
    energy: { kind: 'flat', pricePerKwh },
  });
  const within = must(flat('2.3', true), NO_HISTORY, 100_000);
  const without = must(flat('2', false), NO_HISTORY, 100_000);
  assert.equal([within.amountDeciKwh, without.amountDeciKwh], [4347, 4347]);
  assert.equal(
    within.lines.map(({ amountMinor, taxMinor }) => [amountMinor, taxMinor]),
    [[86_957, 13_043]],
  );
});

const MONTHLY = {
  chargeId: 'basic',
  label: 'Basic charge',
  per: 'month',
  amountMinor: 9_800,
  isTaxed: true,
} as const;

test('a monthly charge is collected once, in parts where the money is short, and months are not forgotten', () => {
  const terms: TariffTerms = { ...BLOCKS, fixedCharges: [MONTHLY], takesPaymentWithoutEnergy: true };
  const charged = (lines: Reckoned['lines']) =>
    lines
      .filter(({ kind }) => kind === 'fixedCharge')
      .reduce((sum, l) => sum + l.amountMinor + l.taxMinor, 0);
  const part = must(terms, NO_HISTORY, 5_000);
  const rest = must(terms, part.history, 20_000);
  const again = must(terms, rest.history, 20_000);
  assert.equal(
    [part, rest, again].map(({ lines }) => charged(lines)),
    [5_000, 4_800, 0],
  );
  assert.is(part.amountDeciKwh, 0);
  const inJune = must(terms, again.history, 50_000, Date.UTC(2026, 5, 2));
  assert.is(charged(inJune.lines), 3 * 9_800);
  assert.equal(inJune.history.charges, { basic: { paidThrough: '2026-06', partMinor: 0 } });
});

test('a daily charge counts days, also over the end of summer time', () => {
  const daily = { ...MONTHLY, per: 'day' as const, amountMinor: 100 };
  const terms: TariffTerms = { ...BLOCKS, timeZone: 'Europe/London', fixedCharges: [daily] };
  const first = must(terms, NO_HISTORY, 10_000, Date.UTC(2026, 9, 20, 12));
  const later = must(terms, first.history, 10_000, Date.UTC(2026, 9, 30, 12));
  const taken = ({ lines }: Reckoned) =>
    lines.reduce((sum, l) => (l.kind === 'fixedCharge' ? sum + l.amountMinor + l.taxMinor : sum), 0);
  assert.equal([taken(first), taken(later)], [100, 1000]);
});

test('arrears are recovered by each rule, in the order of the tariff, within its share', () => {
  const debt = (debtId: string, recovery: Debt['recovery']): Debt => ({
    debtId,
    label: debtId,
    balanceMinor: 30_000,
    recovery,
  });
  const history: PurchaseHistory = {
    ...NO_HISTORY,
    debts: [
      debt('fixed', { kind: 'fixed', amountMinor: 1_000 }),
      debt('part', { kind: 'percentage', rate: '0.25' }),
      debt('all', { kind: 'all' }),
    ],
  };
  const taken = (terms: TariffTerms, paidMinor: number) =>
    must(terms, history, paidMinor).lines.flatMap((l) =>
      l.kind === 'arrears' ? [[l.debtId, l.amountMinor, l.balanceMinor]] : [],
    );
  assert.equal(taken({ ...BLOCKS, deductionShare: '0.6' }, 20_000), [
    ['fixed', 1_000, 29_000],
    ['part', 4_750, 25_250],
    ['all', 6_250, 23_750],
  ]);
  assert.is(reckonPayment(BLOCKS, history, 20_000, NOON).kind, 'payment_too_small');
  const alone = must({ ...BLOCKS, takesPaymentWithoutEnergy: true }, history, 20_000);
  assert.is(alone.amountDeciKwh, 0);
});

test('free units once a month, filling the blocks or beside them', () => {
  const terms: TariffTerms = { ...BLOCKS, freeUnitsDeciKwh: 500 };
  assert.is(freeUnitsDue(terms, NO_HISTORY, NOON), 500);
  const beside = takeFreeUnits(terms, NO_HISTORY, NOON);
  const within = takeFreeUnits({ ...terms, freeUnitsFillBlocks: true }, NO_HISTORY, NOON);
  assert.is(freeUnitsDue(terms, beside, NOON), 0);
  assert.is(freeUnitsDue(terms, beside, Date.UTC(2026, 2, 31, 22)), 500);
  assert.equal([beside.monthUnitsDeciKwh, within.monthUnitsDeciKwh], [0, 500]);
});

test('a meter that bills by band is credited in money', () => {
  const terms: TariffTerms = {
    ...BLOCKS,
    energy: { kind: 'timeOfUse', calendar: { bands: [], seasons: [], specialDays: {} } },
  };
  const { lines, amountDeciKwh } = must(terms, NO_HISTORY, 11_500);
  assert.is(amountDeciKwh, 0);
  assert.equal(lines, [
    { kind: 'currency', amountMinor: 10_000, taxMinor: 1_500, amountHundredThousandth: 11_500_000 },
  ]);
});

// Whatever terms and past a utility may have.
const price = fc.integer({ min: 1, max: 9_999_999 }).map((n) => new BigNumber(n).shiftedBy(-4).toFixed());
const rate = fc.integer({ min: 0, max: 10_000 }).map((n) => new BigNumber(n).shiftedBy(-4).toFixed());
const blocks = fc
  .tuple(fc.array(fc.tuple(fc.integer({ min: 1, max: 5000 }), price), { maxLength: 4 }), price)
  .map(([widths, last]) => {
    let untilDeciKwh = 0;
    const limited = widths.map(([width, pricePerKwh]) => {
      untilDeciKwh += width;
      return { untilDeciKwh, pricePerKwh };
    });
    return [...limited, { untilDeciKwh: null, pricePerKwh: last }];
  });
const terms: fc.Arbitrary<TariffTerms> = fc.record({
  currency: fc.constantFrom('ZAR', 'UGX', 'KWD'),
  timeZone: fc.constantFrom('Africa/Johannesburg', 'Asia/Kathmandu', 'America/St_Johns'),
  vatRate: rate,
  pricesIncludeVat: fc.boolean(),
  energy: blocks.map((list) => ({ kind: 'blocks' as const, blocks: list })),
  fixedCharges: fc.array(
    fc.record({
      chargeId: fc.constantFrom('a', 'b'),
      label: fc.constant('charge'),
      per: fc.constantFrom('day' as const, 'month' as const),
      amountMinor: fc.integer({ min: 1, max: 20_000 }),
      isTaxed: fc.boolean(),
    }),
    { maxLength: 1 },
  ),
  paymentFeeMinor: fc.constantFrom(0, 0, 150),
  freeUnitsDeciKwh: fc.constant(0),
  freeUnitsFillBlocks: fc.boolean(),
  deductionOrder: fc.shuffledSubarray(['paymentFee', 'arrears', 'fixedCharges'] as const),
  deductionShare: rate,
  takesPaymentWithoutEnergy: fc.boolean(),
  energyRounding: fc.constantFrom('carry', 'down', 'nearest', 'up'),
  taxRounding: fc.constantFrom('down', 'nearest', 'up'),
  minimumMinor: fc.constant(1),
  maximumMinor: fc.constant(1_000_000_000_000),
});
const debt: fc.Arbitrary<Debt> = fc.record({
  debtId: fc.constant('d'),
  label: fc.constant('debt'),
  balanceMinor: fc.integer({ min: 0, max: 100_000 }),
  recovery: fc.oneof(
    fc.record({ kind: fc.constant('fixed' as const), amountMinor: fc.integer({ min: 0, max: 50_000 }) }),
    fc.record({ kind: fc.constant('percentage' as const), rate }),
    fc.constant({ kind: 'all' as const }),
  ),
});
const past: fc.Arbitrary<PurchaseHistory> = fc.record({
  month: fc.constantFrom('2026-03', '2026-02', ''),
  monthUnitsDeciKwh: fc.integer({ min: 0, max: 30_000 }),
  freeUnitsMonth: fc.constant(''),
  carriedMinor: fc.constant('0'),
  charges: fc.constant({}),
  debts: fc.array(debt, { maxLength: 3 }),
  lastAt: fc.constant(null),
});
const paid = fc.oneof(fc.integer({ min: 1, max: 50_000 }), fc.integer({ min: 1, max: 100_000_000 }));

test('lines sum to what was paid, no line is negative, a debt falls by what it took', () => {
  let reckoned = 0;
  let refused = 0;
  fc.assert(
    fc.property(terms, past, paid, (of, history, paidMinor) => {
      const result = reckonPayment(of, history, paidMinor, NOON);
      if (result.kind !== 'reckoned') {
        refused += 1;
        return;
      }
      reckoned += 1;
      const sum = result.lines.reduce((total, l) => total + l.amountMinor + l.taxMinor, 0);
      assert.is(sum, paidMinor);
      assert.ok(result.lines.every((l) => l.amountMinor >= 0 && l.taxMinor >= 0));
      const owed = (debts: readonly Debt[]) =>
        debts.reduce((total, { balanceMinor }) => total + balanceMinor, 0);
      const recovered = result.lines.reduce(
        (total, l) => total + (l.kind === 'arrears' ? l.amountMinor : 0),
        0,
      );
      assert.is(owed(history.debts) - owed(result.history.debts), recovered);
    }),
    { seed: SEED, numRuns: RUNS },
  );
  console.log(`    ${reckoned} payments reckoned, ${refused} refused by name, seed ${SEED}`);
});

test('energy costs what it costs: money for it, what is carried and the price of the blocks agree exactly', () => {
  let compared = 0;
  fc.assert(
    fc.property(terms, past, paid, (of, history, paidMinor) => {
      const carrying: TariffTerms = { ...of, energyRounding: 'carry' };
      const result = reckonPayment(carrying, history, paidMinor, NOON);
      if (result.kind !== 'reckoned') return;
      compared += 1;
      const bought = history.month === '2026-03' ? history.monthUnitsDeciKwh : 0;
      const spent = result.lines.reduce(
        (sum, l) => (l.kind === 'energy' ? sum + l.amountMinor + l.taxMinor : sum),
        0,
      );
      const cost = costOfEnergy(carrying, bought, result.amountDeciKwh);
      assert.is(cost.plus(result.history.carriedMinor).toFixed(), new BigNumber(spent).toFixed());
    }),
    { seed: SEED, numRuns: RUNS },
  );
  console.log(`    ${compared} purchases compared, seed ${SEED}`);
});

test('more money never buys less, nor pays less of a debt', () => {
  let compared = 0;
  fc.assert(
    fc.property(terms, past, paid, fc.integer({ min: 1, max: 500 }), (of, history, paidMinor, more) => {
      const less = reckonPayment(of, history, paidMinor, NOON);
      const greater = reckonPayment(of, history, paidMinor + more, NOON);
      if (less.kind !== 'reckoned') return;
      if (greater.kind !== 'reckoned') {
        assert.is(greater.kind, 'payment_too_large');
        return;
      }
      compared += 1;
      assert.ok(greater.amountDeciKwh >= less.amountDeciKwh);
    }),
    { seed: SEED, numRuns: RUNS },
  );
  console.log(`    ${compared} pairs compared, seed ${SEED}`);
});

test('splitting a payment changes nothing: units, carried money and the next block are the same', () => {
  let compared = 0;
  fc.assert(
    fc.property(terms, past, paid, fc.integer({ min: 1, max: 99 }), (of, history, paidMinor, share) => {
      // Deductions by payment are meant to differ; energy is what must not.
      const plain: TariffTerms = {
        ...of,
        energyRounding: 'carry',
        deductionOrder: [],
        takesPaymentWithoutEnergy: true,
      };
      const part = Math.floor((paidMinor * share) / 100);
      const whole = reckonPayment(plain, history, paidMinor, NOON);
      const first = reckonPayment(plain, history, part, NOON);
      if (whole.kind !== 'reckoned' || first.kind !== 'reckoned') return;
      const second = reckonPayment(plain, first.history, paidMinor - part, NOON);
      if (second.kind !== 'reckoned') return;
      compared += 1;
      assert.equal(second.history, whole.history);
      assert.is(first.amountDeciKwh + second.amountDeciKwh, whole.amountDeciKwh);
    }),
    { seed: SEED, numRuns: RUNS },
  );
  assert.ok(compared > RUNS / 2, `${compared}`);
  console.log(`    ${compared} payments split, seed ${SEED}`);
});

test('a sale by units costs the least money that buys them', () => {
  let compared = 0;
  fc.assert(
    fc.property(terms, past, fc.integer({ min: 1, max: 20_000 }), (of, history, amountDeciKwh) => {
      const { paidMinor, reckoning } = reckonUnits(of, history, amountDeciKwh, NOON);
      if (reckoning.kind !== 'reckoned') return;
      compared += 1;
      assert.ok(reckoning.amountDeciKwh >= amountDeciKwh);
      const below = reckonPayment(of, history, paidMinor - 1, NOON);
      assert.ok(below.kind !== 'reckoned' || below.amountDeciKwh < amountDeciKwh);
    }),
    { seed: SEED, numRuns: RUNS / 5 },
  );
  console.log(`    ${compared} sales by units, seed ${SEED}`);
});

test.run();
