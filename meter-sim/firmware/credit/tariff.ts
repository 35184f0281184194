/**
 * The tariff in the meter, for currency mode: energy to money in integers, nothing rounded away (meter-hardware.md 8). Pure.
 *
 * Money is whole 0.00001 of the currency, the unit of a currency token. Prices are that much per kWh; a charge of less than
 * one unit waits in the remainder, in millionths of it, until it is one.
 */
import { assertArray, assertInteger } from '../../../lib/assert.ts';

export interface Tariff {
  /** RTC seconds from which it holds; the first of a list holds from the beginning. */
  readonly fromSeconds: number;
  readonly energy: EnergyPrice;
  /** Debited at local midnight, 0.00001 of the currency; 0 for none. */
  readonly dailyCharge: number;
}

export type EnergyPrice =
  | { readonly kind: 'flat'; readonly price: number }
  /** Inclining or declining over the energy charged in a local calendar month; the last block has no end. */
  | { readonly kind: 'blocks'; readonly blocks: readonly Block[] }
  /** One price for each band of the time-of-use calendar, in the order of its bands; a band beyond the list has the last. */
  | { readonly kind: 'bands'; readonly prices: readonly number[] };

export interface Block {
  /** mWh of the month at which the block ends; null in the last alone. */
  readonly untilMilliWh: number | null;
  readonly price: number;
}

/** 10,000 of the currency for a kWh: a price times a kWh in mWh must stay a safe integer. */
export const MAX_PRICE = 1_000_000_000;
const MILLI_WH_PER_KWH = 1_000_000;
const MAX_BANDS = 8;

/** What a charge depends on besides the energy. */
export interface ChargeState {
  /** Millionths of 0.00001, 0-999,999. */
  readonly remainder: number;
  /** Energy charged this month, mWh. */
  readonly monthMilliWh: number;
}

export interface Charge extends ChargeState {
  /** Whole 0.00001. */
  readonly money: number;
}

/** What `energyMilliWh` costs after what was charged before. Two charges cost together what one of the sum would. */
export function chargeOf(
  price: EnergyPrice,
  band: number,
  { remainder, monthMilliWh }: ChargeState,
  energyMilliWh: number,
): Charge {
  let money = 0;
  let rest = remainder;
  let month = monthMilliWh;
  let left = energyMilliWh;
  while (left > 0) {
    const piece = pieceAt(price, band, month);
    // No more than a kWh at a time keeps the product a safe integer.
    const energy = Math.min(left, piece.roomMilliWh, MILLI_WH_PER_KWH);
    const cost = energy * piece.price + rest;
    rest = cost % MILLI_WH_PER_KWH;
    money += (cost - rest) / MILLI_WH_PER_KWH;
    month += energy;
    left -= energy;
  }
  return { money, remainder: rest, monthMilliWh: month };
}

/**
 * The least energy that costs `money` or more.
 * @param money - 1 or more, 0.00001.
 * @returns mWh, at least 1; Infinity where energy is free. Money beyond 10,000 of the currency is not looked at.
 */
export function energyFor(
  price: EnergyPrice,
  band: number,
  { remainder, monthMilliWh }: ChargeState,
  money: number,
): number {
  let need = Math.min(money, MAX_PRICE) * MILLI_WH_PER_KWH - remainder;
  let month = monthMilliWh;
  for (;;) {
    const piece = pieceAt(price, band, month);
    const energy = piece.price === 0 ? Number.POSITIVE_INFINITY : Math.max(1, Math.ceil(need / piece.price));
    if (energy <= piece.roomMilliWh || piece.roomMilliWh === Number.POSITIVE_INFINITY) {
      return month - monthMilliWh + energy;
    }
    need -= piece.roomMilliWh * piece.price;
    month += piece.roomMilliWh;
  }
}

/** The price that holds after `monthMilliWh`, and for how much energy it does. */
function pieceAt(
  price: EnergyPrice,
  band: number,
  monthMilliWh: number,
): { price: number; roomMilliWh: number } {
  switch (price.kind) {
    case 'flat':
      return { price: price.price, roomMilliWh: Number.POSITIVE_INFINITY };
    case 'bands':
      return {
        price: price.prices[Math.min(band, price.prices.length - 1)] ?? 0,
        roomMilliWh: Number.POSITIVE_INFINITY,
      };
    case 'blocks': {
      const block = price.blocks.find(({ untilMilliWh }) => monthMilliWh < (untilMilliWh ?? Infinity));
      const room = (block?.untilMilliWh ?? Number.POSITIVE_INFINITY) - monthMilliWh;
      return { price: block?.price ?? 0, roomMilliWh: room };
    }
  }
}

/** @throws TypeError, RangeError for a list that does not tell the price of every mWh of all time. */
export function assertTariffs(tariffs: readonly Tariff[]): void {
  assertArray(tariffs, 'tariffs');
  assertInteger(tariffs.length, 1, 0xff, 'tariffs.length');
  let last = -1;
  for (const { fromSeconds, energy, dailyCharge } of tariffs) {
    assertInteger(fromSeconds, last + 1, Number.MAX_SAFE_INTEGER, 'fromSeconds');
    assertInteger(dailyCharge, 0, MAX_PRICE, 'dailyCharge');
    assertEnergyPrice(energy);
    last = fromSeconds;
  }
}

function assertEnergyPrice(energy: EnergyPrice): void {
  switch (energy.kind) {
    case 'flat':
      assertInteger(energy.price, 0, MAX_PRICE, 'price');
      return;
    case 'bands':
      assertInteger(energy.prices.length, 1, MAX_BANDS, 'prices.length');
      for (const price of energy.prices) assertInteger(price, 0, MAX_PRICE, 'price');
      return;
    case 'blocks': {
      const { blocks } = energy;
      let from = 0;
      for (const [index, { untilMilliWh, price }] of blocks.entries()) {
        assertInteger(price, 0, MAX_PRICE, 'price');
        if (index === blocks.length - 1 ? untilMilliWh !== null : untilMilliWh === null) {
          throw new RangeError('"blocks" expected an end for each but the last');
        }
        if (untilMilliWh !== null) assertInteger(untilMilliWh, from + 1, 1e15, 'untilMilliWh');
        from = untilMilliWh ?? from;
      }
      assertInteger(blocks.length, 1, MAX_BANDS, 'blocks.length');
      return;
    }
  }
}
