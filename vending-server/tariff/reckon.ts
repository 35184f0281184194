/**
 * What a payment becomes: lines that sum to it to the last minor unit, energy in whole 0.1 kWh, and what the meter's
 * history is afterwards. Pure: the same terms, history, payment and moment give the same answer at a trial, at the sale and
 * at an audit ten years on.
 */
import { BigNumber } from 'bignumber.js';
import { invariant } from '../../lib/assert.ts';
import { type DeductionLine, deduct } from './deductions.ts';
import { type BoughtEnergy, buyEnergy, costOfEnergy, type EnergyStep, nextStepPrice } from './energy.ts';
import type { PurchaseHistory } from './history.ts';
import { localMoment } from './local-time.ts';
import { minorDigits } from './minor-digits.ts';
import { wholeQuotient } from './money.ts';
import { splitTax } from './tax.ts';
import type { TariffTerms } from './terms.ts';

/** `amountMinor` is without tax; amount and tax of all lines sum to what was paid. */
interface Line {
  readonly amountMinor: number;
  readonly taxMinor: number;
}

export type SaleLine =
  | ({
      readonly kind: 'energy';
      readonly amountDeciKwh: number;
      readonly steps: readonly EnergyStep[];
    } & Line)
  /** Money for a meter that bills by band itself; whole 0.00001 of the currency unit. */
  | ({ readonly kind: 'currency'; readonly amountHundredThousandth: number } & Line)
  | ({ readonly kind: 'paymentFee' } & Line)
  | ({
      readonly kind: 'arrears';
      readonly debtId: string;
      readonly label: string;
      /** Still owed after this payment. */
      readonly balanceMinor: number;
    } & Line)
  | ({
      readonly kind: 'fixedCharge';
      readonly chargeId: string;
      readonly label: string;
      readonly paidThrough: string;
    } & Line);

export interface Reckoned {
  readonly kind: 'reckoned';
  readonly lines: readonly SaleLine[];
  /** Energy of the token, 0 where it carries money or where there is none. */
  readonly amountDeciKwh: number;
  readonly history: PurchaseHistory;
}

export type Reckoning =
  | Reckoned
  /** Below the minimum, or nothing is left for 0.1 kWh. */
  | { readonly kind: 'payment_too_small' }
  /** Above the maximum. */
  | { readonly kind: 'payment_too_large' };

/** @param paidMinor - minor units of the tariff's currency, at least 0. */
export function reckonPayment(
  terms: TariffTerms,
  history: PurchaseHistory,
  paidMinor: number,
  epochMillis: number,
): Reckoning {
  if (paidMinor < terms.minimumMinor) return { kind: 'payment_too_small' };
  if (paidMinor > terms.maximumMinor) return { kind: 'payment_too_large' };
  const now = localMoment(epochMillis, terms.timeZone);
  const bought = unitsOfMonth(history, now.month);
  const deducted = deduct(terms, history, paidMinor, now);
  if (deducted.leftMinor < 0) return { kind: 'payment_too_small' };
  const energy = energyOf(terms, bought, deducted.leftMinor, history.carriedMinor);
  if (energy.isNothing && !(terms.takesPaymentWithoutEnergy && deducted.lines.length > 0)) {
    return { kind: 'payment_too_small' };
  }
  const lines = [...deducted.lines.map((line) => priced(terms, line)), ...energy.lines];
  invariant(sumOf(lines) === paidMinor, 'the lines of a sale sum to what was paid');
  return {
    kind: 'reckoned',
    lines,
    amountDeciKwh: energy.amountDeciKwh,
    history: {
      month: now.month,
      monthUnitsDeciKwh: bought + energy.amountDeciKwh,
      freeUnitsMonth: history.freeUnitsMonth,
      carriedMinor: energy.carriedMinor,
      charges: deducted.charges,
      debts: deducted.debts,
      lastAt: epochMillis,
    },
  };
}

/**
 * The least payment that buys so much energy. More money never buys less (a property test holds it), so that halving the
 * range finds it.
 */
export function reckonUnits(
  terms: TariffTerms,
  history: PurchaseHistory,
  amountDeciKwh: number,
  epochMillis: number,
): { readonly paidMinor: number; readonly reckoning: Reckoning } {
  const buys = (paidMinor: number): Reckoning => reckonPayment(terms, history, paidMinor, epochMillis);
  const isEnough = (reckoning: Reckoning): boolean =>
    reckoning.kind === 'payment_too_large' ||
    (reckoning.kind === 'reckoned' && reckoning.amountDeciKwh >= amountDeciKwh);
  let low = terms.minimumMinor;
  let high = terms.maximumMinor;
  while (low < high) {
    const middle = low + Math.floor((high - low) / 2);
    if (isEnough(buys(middle))) high = middle;
    else low = middle + 1;
  }
  const reckoning = buys(low);
  return isEnough(reckoning)
    ? { paidMinor: low, reckoning }
    : { paidMinor: low, reckoning: { kind: 'payment_too_large' } };
}

/** Free basic units that a meter may have now, whole 0.1 kWh; 0 when this month's are taken. */
export function freeUnitsDue(terms: TariffTerms, history: PurchaseHistory, epochMillis: number): number {
  const { month } = localMoment(epochMillis, terms.timeZone);
  return history.freeUnitsMonth === month ? 0 : terms.freeUnitsDeciKwh;
}

/** The history once this month's free units are given. */
export function takeFreeUnits(
  terms: TariffTerms,
  history: PurchaseHistory,
  epochMillis: number,
): PurchaseHistory {
  const { month } = localMoment(epochMillis, terms.timeZone);
  const filled = terms.freeUnitsFillBlocks ? terms.freeUnitsDeciKwh : 0;
  const monthUnitsDeciKwh = unitsOfMonth(history, month) + filled;
  return { ...history, month, monthUnitsDeciKwh, freeUnitsMonth: month, lastAt: epochMillis };
}

/** Units bought in a month so far; a new month begins with none. */
export function unitsOfMonth({ month, monthUnitsDeciKwh }: PurchaseHistory, present: string): number {
  return month === present ? monthUnitsDeciKwh : 0;
}

interface EnergyPart {
  readonly lines: readonly SaleLine[];
  readonly amountDeciKwh: number;
  readonly carriedMinor: string;
  readonly isNothing: boolean;
}

function energyOf(terms: TariffTerms, bought: number, leftMinor: number, carriedMinor: string): EnergyPart {
  const { taxMinor, amountMinor } = splitTax(terms, leftMinor);
  if (terms.energy.kind === 'timeOfUse') {
    // The meter's own prices stand with or without the tax as the tariff's do.
    const money = terms.pricesIncludeVat ? leftMinor : amountMinor;
    const amountHundredThousandth = money * 10 ** (5 - minorDigits(terms.currency));
    const line: SaleLine = { kind: 'currency', amountMinor, taxMinor, amountHundredThousandth };
    return { lines: leftMinor === 0 ? [] : [line], amountDeciKwh: 0, carriedMinor, isNothing: money === 0 };
  }
  const energy = rounded(
    terms,
    bought,
    buyEnergy(terms, bought, new BigNumber(leftMinor).plus(carriedMinor)),
  );
  const { amountDeciKwh, steps, left } = energy;
  const line: SaleLine = { kind: 'energy', amountMinor, taxMinor, amountDeciKwh, steps };
  return {
    lines: leftMinor === 0 && amountDeciKwh === 0 ? [] : [line],
    amountDeciKwh,
    carriedMinor: left.toFixed(),
    isNothing: amountDeciKwh === 0,
  };
}

/** Ends a purchase as the tariff rounds: what is left is carried, dropped, or made up to one more step. */
function rounded(terms: TariffTerms, bought: number, energy: BoughtEnergy): BoughtEnergy {
  const { energyRounding } = terms;
  if (energyRounding === 'carry') return energy;
  const { amountDeciKwh, left } = energy;
  const price = nextStepPrice(terms, bought + amountDeciKwh);
  const more = wholeQuotient(left, price, energyRounding);
  const none = new BigNumber(0);
  if (more === 0) return { ...energy, left: none };
  return { ...buyEnergy(terms, bought, costOfEnergy(terms, bought, amountDeciKwh + more)), left: none };
}

function priced(terms: TariffTerms, line: DeductionLine): SaleLine {
  const { label, totalMinor, balanceMinor = 0, paidThrough = '' } = line;
  const parts = line.isTaxed ? splitTax(terms, totalMinor) : { amountMinor: totalMinor, taxMinor: 0 };
  switch (line.kind) {
    case 'paymentFee':
      return { kind: 'paymentFee', ...parts };
    case 'arrears':
      return { kind: 'arrears', debtId: line.id, label, balanceMinor, ...parts };
    case 'fixedCharge':
      return { kind: 'fixedCharge', chargeId: line.id, label, paidThrough, ...parts };
  }
}

function sumOf(lines: readonly SaleLine[]): number {
  return lines.reduce((sum, { amountMinor, taxMinor }) => sum + amountMinor + taxMinor, 0);
}
