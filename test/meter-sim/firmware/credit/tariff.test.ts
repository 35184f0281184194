/** The tariff in the meter against exact rational arithmetic, and its inverse that tells when the money is gone. */
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import {
  assertTariffs,
  chargeOf,
  type EnergyPrice,
  energyFor,
  MAX_PRICE,
} from '../../../../meter-sim/firmware/credit/tariff.ts';
import { RandomStream } from '../../../../meter-sim/world/random.ts';
import { count, report, seedOf } from '../../../support/counts.ts';

const test = suite('meter-sim/credit/tariff');

const KWH = 1_000_000;
const NOTHING = { remainder: 0, monthMilliWh: 0 };

/** What energy costs, in millionths of 0.00001, summed block by block with integers of any size. */
function exactCost(price: EnergyPrice, band: number, from: number, energy: number): bigint {
  if (price.kind === 'flat') return BigInt(energy) * BigInt(price.price);
  if (price.kind === 'bands') {
    return BigInt(energy) * BigInt(price.prices[Math.min(band, price.prices.length - 1)]!);
  }
  let sum = 0n;
  let begin = 0;
  for (const block of price.blocks) {
    const end = block.untilMilliWh ?? Number.MAX_SAFE_INTEGER;
    const inside = Math.min(from + energy, end) - Math.max(from, begin);
    if (inside > 0) sum += BigInt(inside) * BigInt(block.price);
    begin = end;
  }
  return sum;
}

function randomPrice(random: RandomStream): EnergyPrice {
  const price = (): number =>
    random.integer(0, 9) === 0 ? 0 : random.integer(1, 10 ** random.integer(1, 9));
  switch (random.integer(0, 2)) {
    case 0:
      return { kind: 'flat', price: price() };
    case 1:
      return { kind: 'bands', prices: Array.from({ length: random.integer(1, 8) }, price) };
    default: {
      const blocks = Array.from({ length: random.integer(1, 8) }, price);
      let until = 0;
      return {
        kind: 'blocks',
        blocks: blocks.map((each, index) => {
          until += random.integer(1, 10 ** random.integer(1, 8));
          return { price: each, untilMilliWh: index === blocks.length - 1 ? null : until };
        }),
      };
    }
  }
}

test('when a kWh is charged in pieces then it costs what the tariff says', () => {
  const price: EnergyPrice = { kind: 'flat', price: 186_523 };
  let state = NOTHING;
  let money = 0;
  for (let piece = 0; piece < 1_000_000; piece += 7) {
    const charge = chargeOf(price, 0, state, Math.min(7, 1_000_000 - piece));
    money += charge.money;
    state = charge;
  }
  assert.is(money, 186_523);
  assert.is(state.remainder, 0);
});

test('when energy passes the end of a block then each part costs its own price', () => {
  const price: EnergyPrice = {
    kind: 'blocks',
    blocks: [
      { untilMilliWh: 50 * KWH, price: 100_000 },
      { untilMilliWh: 350 * KWH, price: 150_000 },
      { untilMilliWh: null, price: 250_000 },
    ],
  };
  const charge = chargeOf(price, 0, NOTHING, 400 * KWH);
  assert.is(charge.money, 50 * 100_000 + 300 * 150_000 + 50 * 250_000);
  assert.is(charge.monthMilliWh, 400 * KWH);
  assert.is(energyFor(price, 0, NOTHING, charge.money), 400 * KWH);
});

test('when energy is charged at random then money and remainder are exact, and the inverse names the first mWh that spends it', () => {
  const random = new RandomStream(seedOf('tariffs'), 'tariffs');
  const tries = count(100_000, 4_000);
  let charges = 0;
  let inverses = 0;
  for (let round = 0; round < tries; round++) {
    const price = randomPrice(random);
    const band = random.integer(0, 9);
    const from = random.integer(0, 10 ** random.integer(1, 9));
    let state = { remainder: random.integer(0, 999_999), monthMilliWh: from };
    let exact = BigInt(state.remainder);
    let money = 0n;
    for (let piece = 0; piece < 4; piece++) {
      const energy = random.integer(0, 10 ** random.integer(1, 8));
      exact += exactCost(price, band, state.monthMilliWh, energy);
      const charge = chargeOf(price, band, state, energy);
      money += BigInt(charge.money);
      state = charge;
      charges += 1;
      assert.is(money * 1_000_000n + BigInt(state.remainder), exact, JSON.stringify({ price, band, from }));
    }
    const target = random.integer(1, 10 ** random.integer(1, 7));
    const energy = energyFor(price, band, state, target);
    if (energy > 2e9) continue;
    inverses += 1;
    assert.ok(energy >= 1);
    assert.ok(
      chargeOf(price, band, state, energy).money >= target,
      JSON.stringify({ price, band, state, target }),
    );
    assert.ok(
      chargeOf(price, band, state, energy - 1).money < target,
      JSON.stringify({ price, band, state, target }),
    );
  }
  report(`${charges} charges exact to a millionth of 0.00001, ${inverses} inverses exact to a mWh`);
  assert.ok(inverses > tries / 4);
});

test('when a tariff leaves a mWh without a price then it is refused by name', () => {
  const flat: EnergyPrice = { kind: 'flat', price: 1 };
  const refused = (energy: EnergyPrice, text: RegExp): void => {
    assert.throws(
      () => assertTariffs([{ fromSeconds: 0, energy, dailyCharge: 0 }]),
      (error: unknown) => error instanceof RangeError && text.test(error.message),
    );
  };
  refused({ kind: 'flat', price: -1 }, /"price"/);
  refused({ kind: 'flat', price: MAX_PRICE + 1 }, /"price"/);
  refused({ kind: 'bands', prices: [] }, /"prices.length"/);
  refused({ kind: 'blocks', blocks: [] }, /"blocks.length"/);
  refused({ kind: 'blocks', blocks: [{ untilMilliWh: 5, price: 1 }] }, /"blocks"/);
  refused(
    {
      kind: 'blocks',
      blocks: [
        { untilMilliWh: null, price: 1 },
        { untilMilliWh: null, price: 1 },
      ],
    },
    /"blocks"/,
  );
  const falling = [5, 5].map((untilMilliWh) => ({ untilMilliWh, price: 1 }));
  refused({ kind: 'blocks', blocks: [...falling, { untilMilliWh: null, price: 1 }] }, /"untilMilliWh"/);
  for (const tariffs of [[], [9, 9].map((fromSeconds) => ({ fromSeconds, energy: flat, dailyCharge: 0 }))]) {
    assert.throws(
      () => assertTariffs(tariffs),
      (error: unknown) => error instanceof RangeError,
    );
  }
});

test.run();
