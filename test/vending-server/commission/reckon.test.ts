import { BigNumber } from 'bignumber.js';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { commissionFault, reckonCommission } from '../../../vending-server/commission/reckon.ts';
import type {
  CommissionFigures,
  CommissionShape,
  CommissionTerms,
} from '../../../vending-server/commission/terms.ts';
import { count, seedOf } from '../../support/counts.ts';
import { SeededRandom } from '../security-module/module-fixtures.ts';

const FIGURES: CommissionFigures = {
  amountDeciKwh: 123_456, // 12,345.6 kWh
  freeBasicTokens: 40,
  magneticTokens: 7,
  arrearsMinor: 98_765,
};

const termsOf = (
  shapes: readonly CommissionShape[],
  more: Partial<CommissionTerms> = {},
): CommissionTerms => ({
  currency: 'ZAR',
  shapes,
  priceStep: null,
  rounding: 'down',
  ...more,
});

const reckon = (shape: CommissionShape, more: Partial<CommissionTerms> = {}, month = '2026-11') =>
  reckonCommission(termsOf([shape], more), FIGURES, month);

const BANDS = [
  { untilDeciKwh: 50_000, ratePerKwh: '0.02' },
  { untilDeciKwh: 100_000, ratePerKwh: '0.03' },
  { untilDeciKwh: null, ratePerKwh: '0.04' },
] as const;

const test = suite('commission');

test('each of the five shapes by hand', () => {
  // 12,345.6 kWh at 2.5 cents.
  assert.equal(reckon({ kind: 'perKwh', ratePerKwh: '0.025' }).lines, [
    { kind: 'perKwh', exactMinor: '30864', amountMinor: 30_864 },
  ]);
  // 5,000 kWh at 2 c, 5,000 at 3 c, 2,345.6 at 4 c.
  const band = { kind: 'slidingScale', applies: 'band', bands: BANDS } as const;
  assert.equal(reckon(band).lines[0], {
    kind: 'slidingScale',
    exactMinor: '34382.4',
    amountMinor: 34_382,
  });
  const whole = { kind: 'slidingScale', applies: 'whole', bands: BANDS } as const;
  assert.is(reckon(whole).lines[0]?.exactMinor, '49382.4');
  assert.is(reckon({ kind: 'perToken', token: 'freeBasic', fee: '1.15' }).totalMinor, 4600);
  assert.is(reckon({ kind: 'perToken', token: 'magnetic', fee: '0.35' }).totalMinor, 245);
  assert.is(reckon({ kind: 'arrearsShare', share: '0.05' }).lines[0]?.exactMinor, '4938.25');
  const rural = termsOf([
    { kind: 'perKwh', ratePerKwh: '0.025' },
    { kind: 'arrearsShare', share: '0.05' },
    { kind: 'ruralIncentive', share: '0.1' },
  ]);
  const { lines, totalMinor } = reckonCommission(rural, FIGURES, '2026-11');
  assert.is(lines[2]?.exactMinor, '3580.225', 'a tenth of the exact lines, not of the rounded ones');
  assert.is(totalMinor, 30_864 + 4938 + 3580);
});

test('rates and fees rise by the yearly step, shares do not, and each rounding is the one named', () => {
  const priceStep = {
    month: '07',
    baseMonth: '2025-07',
    rises: { '2025': '0.5', '2026': '0.05', '2027': '0.04', '2028': '0.5' },
  };
  const perKwh = { kind: 'perKwh', ratePerKwh: '0.025' } as const;
  const factors = ['2025-12', '2026-06', '2026-07', '2027-06', '2027-07', '2028-06'].map(
    (month) => reckon(perKwh, { priceStep }, month).priceFactor,
  );
  assert.equal(factors, ['1', '1', '1.05', '1.05', '1.092', '1.092']);
  assert.is(reckon(perKwh, { priceStep }, '2027-07').lines[0]?.exactMinor, '33703.488');
  assert.is(reckon(perKwh, { priceStep, rounding: 'up' }, '2027-07').totalMinor, 33_704);
  assert.is(reckon(perKwh, { priceStep, rounding: 'nearest' }, '2027-07').totalMinor, 33_703);
  assert.is(reckon({ kind: 'arrearsShare', share: '0.05' }, { priceStep }, '2027-07').totalMinor, 4938);
  assert.is(reckon(perKwh, { currency: 'UGX' }).totalMinor, 308, 'a currency without cents');
});

test('terms that cannot be reckoned with are named', () => {
  const sliding = (bands: readonly { untilDeciKwh: number | null; ratePerKwh: string }[]) =>
    commissionFault(termsOf([{ kind: 'slidingScale', applies: 'band', bands }]));
  assert.is(sliding(BANDS), undefined);
  assert.is(sliding([]), 'there is no band');
  assert.is(sliding(BANDS.slice(0, 2)), 'the last band alone has no end');
  assert.is(sliding([BANDS[1], BANDS[0], BANDS[2]]), 'the bands do not rise');
  const early: CommissionShape[] = [
    { kind: 'ruralIncentive', share: '0.1' },
    { kind: 'perKwh', ratePerKwh: '1' },
  ];
  assert.match(commissionFault(termsOf(early)) ?? '', 'stands last');
});

test('lines add up to the total, never lie a cent from the exact sum each, and grow with the volume', () => {
  const random = new SeededRandom(seedOf('commission'));
  const tries = count(100_000, 5000);
  for (let i = 0; i < tries; i += 1) {
    const rate = () => `0.${String(random.below(100_000_000)).padStart(8, '0')}`;
    const ends = [random.below(50_000) + 1, random.below(50_000) + 50_002];
    const bands = [
      { untilDeciKwh: ends[0]!, ratePerKwh: rate() },
      { untilDeciKwh: ends[1]!, ratePerKwh: rate() },
      { untilDeciKwh: null, ratePerKwh: rate() },
    ];
    const terms = termsOf(
      [
        { kind: 'perKwh', ratePerKwh: rate() },
        { kind: 'slidingScale', applies: 'band', bands },
        { kind: 'perToken', token: 'freeBasic', fee: rate() },
        { kind: 'perToken', token: 'magnetic', fee: rate() },
        { kind: 'arrearsShare', share: rate() },
        { kind: 'ruralIncentive', share: rate() },
      ],
      {
        rounding: (['down', 'nearest', 'up'] as const)[random.below(3)]!,
        priceStep: { month: '07', baseMonth: '2024-01', rises: { '2024': rate(), '2025': rate() } },
      },
    );
    const figures: CommissionFigures = {
      amountDeciKwh: random.below(200_000),
      freeBasicTokens: random.below(1000),
      magneticTokens: random.below(1000),
      arrearsMinor: random.below(1_000_000),
    };
    const { lines, totalMinor } = reckonCommission(terms, figures, '2026-11');
    assert.is(
      lines.reduce((sum, line) => sum + line.amountMinor, 0),
      totalMinor,
    );
    for (const { exactMinor, amountMinor } of lines) {
      assert.ok(Number.isSafeInteger(amountMinor) && amountMinor >= 0);
      assert.ok(new BigNumber(exactMinor).minus(amountMinor).abs().isLessThan(1));
    }
    const more = { ...figures, amountDeciKwh: figures.amountDeciKwh + 1 + random.below(1000) };
    assert.ok(reckonCommission(terms, more, '2026-11').totalMinor >= totalMinor);
  }
  console.log(`    ${tries} months reckoned`);
});

test.run();
