/**
 * Money to energy through the blocks of a month, in whole steps of 0.1 kWh. A step is bought at the price of the block it
 * lies in, exactly; what is left below the price of the next step is told and never lost silently.
 */
import { BigNumber } from 'bignumber.js';
import { assertInteger } from '../../lib/assert.ts';
import { minorOf } from './money.ts';
import type { EnergyTerms, TariffTerms } from './terms.ts';

/** Energy of one block in one purchase. */
export interface EnergyStep {
  /** Units of the month at which it begins, whole 0.1 kWh. */
  readonly fromDeciKwh: number;
  readonly amountDeciKwh: number;
  /** As published, with or without tax. */
  readonly pricePerKwh: string;
}

export interface BoughtEnergy {
  readonly amountDeciKwh: number;
  readonly steps: readonly EnergyStep[];
  /** Money that bought nothing, minor units with the tax, at least 0 and less than the next step costs. */
  readonly left: BigNumber;
}

interface PricedBlock {
  /** Infinity in the last block. */
  readonly untilDeciKwh: number;
  readonly pricePerKwh: string;
  /** Minor units with the tax for 0.1 kWh, exact. */
  readonly step: BigNumber;
}

/** Terms never change, and a sale asks for their prices five times. */
const priced = new WeakMap<TariffTerms, readonly PricedBlock[]>();

function pricedBlocks(terms: TariffTerms): readonly PricedBlock[] {
  const known = priced.get(terms);
  if (known !== undefined) return known;
  const fresh = priceBlocks(terms);
  priced.set(terms, fresh);
  return fresh;
}

/** The blocks with the price of a step, tax included. @throws RangeError for a tariff that bills by band. */
function priceBlocks({ energy, currency, vatRate, pricesIncludeVat }: TariffTerms): readonly PricedBlock[] {
  const factor = pricesIncludeVat ? new BigNumber(1) : new BigNumber(vatRate).plus(1);
  return blocksOf(energy).map(({ untilDeciKwh, pricePerKwh }) => ({
    untilDeciKwh: untilDeciKwh ?? Number.POSITIVE_INFINITY,
    pricePerKwh,
    step: minorOf(pricePerKwh, currency).times(factor).shiftedBy(-1),
  }));
}

export function blocksOf(energy: EnergyTerms) {
  switch (energy.kind) {
    case 'flat':
      return [{ untilDeciKwh: null, pricePerKwh: energy.pricePerKwh }];
    case 'blocks':
      return energy.blocks;
    case 'timeOfUse':
      throw new RangeError('"energy" expected a price by units, got one by bands');
  }
}

/**
 * As many whole steps as the money pays for.
 * @param bought - units of this month so far, whole 0.1 kWh.
 * @param money - minor units with the tax, at least 0, possibly with a fraction.
 */
export function buyEnergy(terms: TariffTerms, bought: number, money: BigNumber): BoughtEnergy {
  assertInteger(bought, 0, Number.MAX_SAFE_INTEGER, 'bought');
  const steps: EnergyStep[] = [];
  let left = money;
  let at = bought;
  for (const { untilDeciKwh, pricePerKwh, step } of pricedBlocks(terms)) {
    if (at >= untilDeciKwh) continue;
    const payable = left.idiv(step).toNumber();
    const amountDeciKwh = Math.min(payable, untilDeciKwh - at);
    if (amountDeciKwh > 0) {
      steps.push({ fromDeciKwh: at, amountDeciKwh, pricePerKwh });
      left = left.minus(step.times(amountDeciKwh));
      at += amountDeciKwh;
    }
    if (at < untilDeciKwh) break;
  }
  return { amountDeciKwh: at - bought, steps, left };
}

/** What the next 0.1 kWh costs, minor units with the tax. */
export function nextStepPrice(terms: TariffTerms, bought: number): BigNumber {
  return blockAt(terms, bought).step;
}

/** What so many steps cost, minor units with the tax, exact. */
export function costOfEnergy(terms: TariffTerms, bought: number, amountDeciKwh: number): BigNumber {
  let cost = new BigNumber(0);
  let at = bought;
  const end = bought + amountDeciKwh;
  for (const { untilDeciKwh, step } of pricedBlocks(terms)) {
    if (at >= untilDeciKwh) continue;
    const here = Math.min(end, untilDeciKwh) - at;
    cost = cost.plus(step.times(here));
    at += here;
    if (at >= end) break;
  }
  return cost;
}

/** Where a meter stands among the blocks: what the receipt shows before and after. */
export interface BlockPosition {
  /** 1 for the first block. */
  readonly block: number;
  readonly pricePerKwh: string;
  /** Units until the price changes, null in the last block. */
  readonly leftDeciKwh: number | null;
}

export function blockPosition(terms: TariffTerms, bought: number): BlockPosition {
  const { index, block } = locate(terms, bought);
  const { untilDeciKwh, pricePerKwh } = block;
  const leftDeciKwh = Number.isFinite(untilDeciKwh) ? untilDeciKwh - bought : null;
  return { block: index + 1, pricePerKwh, leftDeciKwh };
}

function blockAt(terms: TariffTerms, bought: number): PricedBlock {
  return locate(terms, bought).block;
}

function locate(terms: TariffTerms, bought: number): { index: number; block: PricedBlock } {
  const blocks = pricedBlocks(terms);
  const index = blocks.findIndex(({ untilDeciKwh }) => bought < untilDeciKwh);
  const block = blocks[index];
  if (block === undefined) throw new RangeError('"blocks" expected a last one without an end, got none');
  return { index, block };
}
