/** What a vendor has earned in a month: exact until each line is rounded, by the rounding that the terms name. */
import { BigNumber } from 'bignumber.js';
import { decimal, minorOf, type Rounding, wholeQuotient } from '../tariff/money.ts';
import type { CommissionFigures, CommissionShape, CommissionTerms, PriceStep, VolumeBand } from './terms.ts';

export interface CommissionLine {
  readonly kind: CommissionShape['kind'];
  /** Minor units before rounding, decimal text. */
  readonly exactMinor: string;
  readonly amountMinor: number;
}

export interface Commission {
  /** How much rates and fees have risen since the terms' base month, as a factor in decimal text. */
  readonly priceFactor: string;
  readonly lines: readonly CommissionLine[];
  /** The sum of the lines. */
  readonly totalMinor: number;
}

const ONE = new BigNumber(1);

/**
 * @param given - less what was taken back in the month; a figure below 0, of a month in which more of it went back than was
 *   sold, earns nothing and takes nothing.
 * @param month - 'YYYY-MM' in which the figures were sold.
 */
export function reckonCommission(
  terms: CommissionTerms,
  given: CommissionFigures,
  month: string,
): Commission {
  const figures: CommissionFigures = {
    amountDeciKwh: Math.max(0, given.amountDeciKwh),
    freeBasicTokens: Math.max(0, given.freeBasicTokens),
    magneticTokens: Math.max(0, given.magneticTokens),
    arrearsMinor: Math.max(0, given.arrearsMinor),
  };
  const factor = priceFactor(terms.priceStep, month);
  const lines: CommissionLine[] = [];
  let exactSum = new BigNumber(0);
  for (const shape of terms.shapes) {
    const exact = lineOf(shape, terms.currency, figures, factor, exactSum);
    exactSum = exactSum.plus(exact);
    lines.push({
      kind: shape.kind,
      exactMinor: exact.toFixed(),
      amountMinor: whole(exact, terms.rounding),
    });
  }
  return {
    priceFactor: factor.toFixed(),
    lines,
    totalMinor: lines.reduce((sum, { amountMinor }) => sum + amountMinor, 0),
  };
}

function lineOf(
  shape: CommissionShape,
  currency: string,
  figures: CommissionFigures,
  factor: BigNumber,
  before: BigNumber,
): BigNumber {
  switch (shape.kind) {
    case 'perKwh':
      return perVolume(figures.amountDeciKwh, shape.ratePerKwh, currency).times(factor);
    case 'slidingScale':
      return slidingScale(shape.applies, shape.bands, figures.amountDeciKwh, currency).times(factor);
    case 'perToken': {
      const count = shape.token === 'freeBasic' ? figures.freeBasicTokens : figures.magneticTokens;
      return minorOf(shape.fee, currency).times(count).times(factor);
    }
    case 'arrearsShare':
      return decimal(shape.share, 'share').times(figures.arrearsMinor);
    case 'ruralIncentive':
      return decimal(shape.share, 'share').times(before);
  }
}

function slidingScale(
  applies: 'band' | 'whole',
  bands: readonly VolumeBand[],
  amountDeciKwh: number,
  currency: string,
): BigNumber {
  if (applies === 'whole') {
    const band = bands.find(({ untilDeciKwh }) => untilDeciKwh === null || amountDeciKwh <= untilDeciKwh);
    return perVolume(amountDeciKwh, band?.ratePerKwh ?? '0', currency);
  }
  let sum = new BigNumber(0);
  let from = 0;
  for (const { untilDeciKwh, ratePerKwh } of bands) {
    const until = Math.min(untilDeciKwh ?? amountDeciKwh, amountDeciKwh);
    if (until > from) sum = sum.plus(perVolume(until - from, ratePerKwh, currency));
    from = Math.max(from, until);
  }
  return sum;
}

/** Volumes are whole 0.1 kWh and rates are for 1 kWh. */
function perVolume(amountDeciKwh: number, ratePerKwh: string, currency: string): BigNumber {
  return minorOf(ratePerKwh, currency).times(amountDeciKwh).shiftedBy(-1);
}

/** All yearly steps after the base month and not after this month, one upon the other. */
function priceFactor(step: PriceStep | null, month: string): BigNumber {
  if (step === null) return ONE;
  let factor = ONE;
  for (const [year, rise] of Object.entries(step.rises)) {
    const stepMonth = `${year}-${step.month}`;
    if (stepMonth > step.baseMonth && stepMonth <= month)
      factor = factor.times(ONE.plus(decimal(rise, 'rise')));
  }
  return factor;
}

function whole(exact: BigNumber, rounding: Rounding): number {
  return wholeQuotient(exact, ONE, rounding);
}

/** What makes terms unusable, or undefined. */
export function commissionFault({ shapes }: Pick<CommissionTerms, 'shapes'>): string | undefined {
  for (const shape of shapes) {
    if (shape.kind !== 'slidingScale') continue;
    let before = 0;
    for (const [index, { untilDeciKwh }] of shape.bands.entries()) {
      const isLast = index === shape.bands.length - 1;
      if (isLast !== (untilDeciKwh === null)) return 'the last band alone has no end';
      if (untilDeciKwh !== null && untilDeciKwh <= before) return 'the bands do not rise';
      before = untilDeciKwh ?? before;
    }
    if (shape.bands.length === 0) return 'there is no band';
  }
  const rural = shapes.findIndex(({ kind }) => kind === 'ruralIncentive');
  if (rural !== -1 && rural !== shapes.length - 1)
    return 'the rural incentive stands last: it is on all before it';
  return undefined;
}
