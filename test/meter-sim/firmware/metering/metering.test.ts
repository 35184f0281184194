/** Metering in a whole meter: bands, demand, profile and clock while the supply is cut at random moments. */
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { DEFAULT_METERING, type MeteringOptions } from '../../../../meter-sim/firmware/metering.ts';
import { DEFAULT_OPTIONS, type FirmwareOptions } from '../../../../meter-sim/firmware/options.ts';
import { IDEAL_RTC } from '../../../../meter-sim/hardware/rtc.ts';
import { RandomStream } from '../../../../meter-sim/world/random.ts';
import { count, report, seedOf } from '../../../support/counts.ts';
import { type MeterBench, makeBench, powerUp, SECOND } from '../../../support/meter-bench.ts';
import { ownToken, tokenOfAnotherMeter } from '../../../support/public-meter.ts';
import { plainBandAt, randomPlan } from '../../support/tou-plans.ts';

const test = suite('meter-sim/firmware/metering');

const START = 1_790_000_000;
const FIRST = 6_600_000;
const DAY_SECONDS = 86_400;
const KETTLE = { appliances: [{ kind: 'resistive', watt: 2_300 }] } as const;

function withMetering(metering: Partial<MeteringOptions>): FirmwareOptions {
  return { ...DEFAULT_OPTIONS, metering: { ...DEFAULT_METERING, ...metering } };
}

function buy(bench: MeterBench, tokens: number): void {
  for (let index = 0; index < tokens; index++) {
    let result = '';
    bench.firmware().enterToken(ownToken(FIRST + index, 16_000), (outcome) => {
      result = outcome.result;
    });
    bench.world.advance(SECOND);
    assert.is(result, 'Accept');
  }
}

const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0);

test('energy goes to the band of its second, to the mWh, over band changes, loads and orderly cuts at random moments', () => {
  const seed = seedOf('bands of meters');
  const meters = count(300, 5);
  let changes = 0;
  let cuts = 0;
  let energy = 0;
  for (let meter = 0; meter < meters; meter++) {
    const random = new RandomStream(seed, `meter ${meter}`);
    const tou = randomPlan(random, [START, START + 3 * DAY_SECONDS]);
    const bench = makeBench({ seed: meter, rtc: IDEAL_RTC, rtcEpochSeconds: START }, withMetering({ tou }));
    const { world } = bench;
    powerUp(bench);
    buy(bench, 2);
    const expected = bench.firmware().readout().metering.bandsMilliWh.slice();
    let total = sum(expected);
    let band = plainBandAt(tou, world.rtcEpochSeconds());
    /** What the register has gained belongs to the band that held until now. */
    const settle = (): void => {
      const now = bench.firmware().readout().totalMilliWh;
      expected[band]! += now - total;
      total = now;
    };
    for (let second = world.rtcEpochSeconds() + 1; second < START + 3 * DAY_SECONDS; second++) {
      const isChange = plainBandAt(tou, second) !== band;
      const isEvent = random.integer(0, 1_999) === 0;
      if (!isChange && !isEvent) continue;
      world.runUntil(Math.max(world.now(), (second - START) * SECOND));
      if (isChange) {
        settle();
        band = plainBandAt(tou, second);
        changes += 1;
      }
      if (!isEvent) continue;
      world.setLoad({ appliances: [{ kind: 'resistive', watt: random.integer(0, 9_000) }] });
      if (random.integer(0, 2) === 0) {
        world.advance(random.integer(0, SECOND));
        settle();
        world.cutPower();
        // Long enough to die for certain; the second of a change is not run over.
        world.advance(300_000);
        world.powerOn();
        world.advance(300_000);
        cuts += 1;
      }
      // The plan may have changed within the second or two that this took.
      const later = plainBandAt(tou, world.rtcEpochSeconds());
      if (later !== band) break;
    }
    settle();
    const { bandsMilliWh } = bench.firmware().readout().metering;
    assert.equal(bandsMilliWh, expected, `meter ${meter}, seed ${seed}`);
    assert.is(sum(bandsMilliWh), total);
    energy += total;
  }
  report(
    `${meters} meters, ${changes} band changes, ${cuts} cuts, ${(energy / 1e6).toFixed(1)} kWh, every band exact`,
  );
  assert.ok(changes > 0 && cuts > 0);
});

test('whatever kills the meter, the bands add up to the total register', () => {
  const seed = seedOf('bands of dying meters');
  const random = new RandomStream(seed, 'deaths');
  const tou = randomPlan(random, [START, START + DAY_SECONDS]);
  const bench = makeBench({ rtc: IDEAL_RTC, rtcEpochSeconds: START }, withMetering({ tou }));
  const { world } = bench;
  powerUp(bench);
  buy(bench, 3);
  const deaths = count(4_000, 75);
  for (let death = 0; death < deaths; death++) {
    world.setLoad({ appliances: [{ kind: 'resistive', watt: random.integer(0, 20_000) }] });
    world.advance(random.integer(1, 2 ** random.integer(1, 33)));
    if (random.integer(0, 1) === 0) world.killMcu();
    else {
      world.cutPower();
      world.advance(random.integer(10_000, 60_000));
      if (world.powered) world.killMcu();
    }
    world.powerOn();
    world.advance(400_000);
    const { metering, totalMilliWh } = bench.firmware().readout();
    assert.is(sum(metering.bandsMilliWh), totalMilliWh, `death ${death}, seed ${seed}`);
  }
  report(`${deaths} deaths, every sum the total`);
});

test('a year of the clock: demand and profile are those of the half hours, and nothing else wakes the meter', () => {
  const seed = seedOf('a year of metering');
  const random = new RandomStream(seed, 'year');
  const days = count(365, 60);
  const tou = { ...randomPlan(random, [START, START + 1]), offsetMinutes: 120 };
  const bench = makeBench(
    {
      rtc: IDEAL_RTC,
      rtcEpochSeconds: START,
      eeprom: { size: 65_536 },
      load: { appliances: [{ kind: 'resistive', watt: 700 }] },
    },
    withMetering({ tou }),
  );
  const { world } = bench;
  powerUp(bench);
  buy(bench, 8);
  const from = world.now();
  const events = world.eventsRun;
  let best = 0;
  let bestAt = 0;
  let last = 0;
  let steps = 0;
  const totals: number[] = [];
  for (
    let boundary = Math.ceil(START / 1_800) * 1_800;
    boundary < START + days * DAY_SECONDS;
    boundary += 1_800
  ) {
    if ((boundary - START) * SECOND < world.now()) continue;
    world.runUntil((boundary - START) * SECOND);
    const total = bench.firmware().vitals().totalMilliWh;
    if (last > 0 && total - last > best) {
      best = total - last;
      bestAt = boundary;
    }
    last = total;
    totals.push(total);
    if (random.integer(0, 7) === 0) {
      world.setLoad({ appliances: [{ kind: 'resistive', watt: random.integer(100, 1_500) }] });
      steps += 1;
    }
  }
  const perDay = ((world.eventsRun - events - steps) * 86_400e6) / (world.now() - from);
  const { metering, totalMilliWh } = bench.firmware().readout();
  const profile = bench.firmware().loadProfile();
  report(
    `${days} days with ${steps} load steps, ${(totalMilliWh / 1e6).toFixed(1)} kWh: ${perDay.toFixed(0)} events a day, ` +
      `demand ${(metering.maximumDemandMilliWatt / 1e6).toFixed(3)} kW, ${profile.length} profile entries`,
  );
  assert.is(metering.maximumDemandMilliWh, best);
  assert.is(metering.maximumDemandAtSeconds, bestAt);
  // The oldest half hours of a year have left the ring of pages.
  const wholeWh = (index: number): number => Math.floor((totals[index] ?? 0) / 1_000);
  assert.is(
    sum(profile.map(({ importWh }) => importWh)),
    wholeWh(totals.length - 1) - wholeWh(totals.length - 1 - profile.length),
  );
  assert.ok(profile.length === days * 48 || (profile.length > 160 * 48 && profile.length < days * 48));
  assert.ok(profile.slice(1).every(({ status }) => status === 0));
  // 48 periods, 24 checkpoints of a few pages each, some band changes.
  assert.ok(perDay < 400, `${perDay} events a day`);
});

test('a clock that lost its time chooses no band, and setting it neither opens nor bars the door', () => {
  const tou = {
    offsetMinutes: 0,
    defaultBand: 5,
    active: {
      dayTables: [
        [
          { fromSecond: 0, band: 1 },
          { fromSecond: 43_200, band: 2 },
        ],
      ],
      weeks: [[0, 0, 0, 0, 0, 0, 0]],
      seasons: [{ month: 1, day: 1, week: 0 }],
      specialDays: [],
    },
  };
  const noon = Date.UTC(2026, 6, 1, 12) / 1000;
  const bench = makeBench(
    { rtc: IDEAL_RTC, rtcEpochSeconds: noon + 60, load: KETTLE },
    withMetering({ tou }),
  );
  const { world } = bench;
  powerUp(bench);
  buy(bench, 1);
  assert.is(bench.firmware().readout().metering.band, 2);
  world.rtc.removeBattery();
  world.cutPower();
  world.advance(10 * SECOND);
  powerUp(bench);
  world.advance(SECOND);
  const lost = bench.firmware().readout().metering;
  assert.equal([lost.band, lost.clockIsTrusted], [5, false]);
  for (const tid of [1, 2, 3]) {
    bench.firmware().enterToken(tokenOfAnotherMeter(tid), () => {});
    world.advance(SECOND / 2);
  }
  const left = (): number => {
    const { lockedUntilSeconds } = bench.firmware().readout();
    return lockedUntilSeconds === 0 ? 0 : lockedUntilSeconds - world.rtcEpochSeconds();
  };
  const before = left();
  assert.ok(before > 0);
  for (const set of [noon - 3_600, noon + 10 * 365 * DAY_SECONDS, noon - 7_200]) {
    bench.firmware().setClock(set);
    assert.is(left(), before, 'no time that is set is a way around the wait');
  }
  const { band, clockIsTrusted } = bench.firmware().readout().metering;
  assert.equal([band, clockIsTrusted], [1, true]);
  assert.ok(bench.firmware().readout().metering.bandsMilliWh[5]! > 0);
});

test('dips, swells, a low voltage and interruptions count in their classes; a supply that chatters is one interruption', () => {
  const bench = makeBench({ rtc: IDEAL_RTC });
  const { world } = bench;
  powerUp(bench);
  world.advance(120 * SECOND);
  world.grid.dip({ residualPercent: 75, micros: 300_000 });
  world.advance(60 * SECOND);
  world.grid.surge({ volt: 280, micros: 2 * SECOND });
  world.advance(60 * SECOND);
  world.setVoltage(200);
  world.advance(100 * SECOND);
  world.setVoltage(230);
  world.advance(60 * SECOND);
  let { quality } = bench.firmware().readout().metering;
  assert.is(quality.dips[1 * 5 + 1], 1, '70 to 80 % for 0.2 to 0.5 s');
  assert.is(quality.swells[1], 1, 'above 120 % for 0.5 to 5 s');
  assert.ok(Math.abs(quality.underVoltageMillis - 100_000) < 500, `${quality.underVoltageMillis} ms`);
  for (let cut = 0; cut < 3; cut++) {
    world.cutPower();
    world.advance(5 * SECOND);
    powerUp(bench);
    world.advance(2 * SECOND);
  }
  world.advance(7_200 * SECOND);
  ({ quality } = bench.firmware().readout().metering);
  assert.equal([quality.shortInterruptions, quality.longInterruptions], [1, 0]);
  world.cutPower();
  world.advance(600 * SECOND);
  powerUp(bench);
  world.advance(SECOND);
  ({ quality } = bench.firmware().readout().metering);
  assert.equal([quality.shortInterruptions, quality.longInterruptions], [1, 1]);
});

test('what a roof feeds back is counted on its own, remainder and all, across a cut', () => {
  const bench = makeBench({ rtc: IDEAL_RTC });
  const { world } = bench;
  powerUp(bench);
  buy(bench, 1);
  world.setLoad({ appliances: [{ kind: 'feed', watt: 1_000 }] });
  world.advance(3_600 * SECOND);
  const before = bench.firmware().readout();
  assert.ok(Math.abs(before.metering.exportMilliWh - 1_000_000) < 5_000, `${before.metering.exportMilliWh}`);
  assert.is(before.totalMilliWh, 0);
  world.cutPower();
  world.advance(SECOND);
  powerUp(bench);
  const after = bench.firmware().readout();
  assert.ok(after.metering.exportMilliWh >= before.metering.exportMilliWh);
  assert.ok(after.metering.exportMilliWh - before.metering.exportMilliWh < 100);
});

test.run();
