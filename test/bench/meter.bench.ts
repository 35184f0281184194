/**
 * How fast a meter lives: the whole firmware in its world, sample by sample and by the next event, beside the same body
 * with an idle firmware, which is the cost of the physics alone: one core, one meter, a steady load. Then fleets of households
 * on one core and on two; one core is a process held to it, for a worker alone would still compile and collect garbage on the
 * other. What the machine itself gives for two cores stands beside it: two such processes at once, one on each.
 *
 * Measured is what was built: the loader that lets tests run from their sources names every closure again as it is made,
 * which costs a meter a quarter of its speed.
 */

import { fileURLToPath } from 'node:url';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import type * as MeterWorldModule from '../../meter-sim/world/meter-world.ts';
import type * as WholeMeterModule from '../../meter-sim/world/whole-meter.ts';
import { SECOND } from '../support/meter-bench.ts';
import { ownToken, PUBLIC_FACTORY } from '../support/public-meter.ts';
import { childAnswer, median, perSecond, printTable } from './harness.ts';

type MeterWorld = MeterWorldModule.MeterWorld;
type WholeMeter = WholeMeterModule.WholeMeter;
type Fidelity = 'sampled' | 'next-event';

const built = <T>(path: string): Promise<T> =>
  import(new URL(`../../dist/meter-sim/${path}`, import.meta.url).href) as Promise<T>;
const { MeterWorld } = await built<typeof MeterWorldModule>('world/meter-world.js');
const { WholeMeter } = await built<typeof WholeMeterModule>('world/whole-meter.js');

/** Mean of a household that uses 10 kWh a day, and a kettle that stays on. */
const HOUSEHOLD_WATT = 420;
const KETTLE_WATT = 2_000;

const loadOf = (watt: number) => ({ appliances: [{ kind: 'resistive', watt } as const] });

/** Simulated seconds a second of wall time. */
function timesRealTime(world: MeterWorld, simulatedSeconds: number): number {
  const startedAt = performance.now();
  world.advance(simulatedSeconds * SECOND);
  return simulatedSeconds / ((performance.now() - startedAt) / 1000);
}

const wholeMeterOptions = (fidelity: Fidelity, watt: number, seed: number) => ({
  factory: PUBLIC_FACTORY,
  seed,
  fidelity,
  rtcEpochSeconds: 1_790_000_000,
  load: loadOf(watt),
});

/** With every invariant checked after every event. */
function wholeMeter(fidelity: Fidelity, watt: number, seed = 1): WholeMeter {
  const meter = new WholeMeter(wholeMeterOptions(fidelity, watt, seed));
  meter.world.powerOn();
  meter.world.advance(SECOND);
  meter.enterToken(ownToken(6_600_000, 10_000_000));
  meter.world.advance(2 * SECOND);
  if (meter.world.relay.contact !== 'closed')
    throw new Error('the meter of the bench does not supply its load');
  return meter;
}

function physicsAlone(fidelity: Fidelity, watt: number): MeterWorld {
  const idle = { boot() {}, keyPressed() {}, powerFailing() {} };
  const world = new MeterWorld({
    seed: 1,
    fidelity,
    rtcEpochSeconds: 1_790_000_000,
    load: loadOf(watt),
    relay: { position: 'closed' },
    firmware: () => idle,
  });
  world.powerOn();
  world.advance(SECOND);
  return world;
}

const FLEET = { seed: 1, link: 'nb-iot', faultsPerDay: 0, startsEpochSeconds: 1_793_577_600 } as const;

const FLEET_CHILD = fileURLToPath(new URL('./fleet-child.mjs', import.meta.url));

/**
 * Meter-seconds a second of wall time of a fleet of households that buy their tokens over a link.
 * @param core - the one core to which its process is held; all of them when absent.
 */
async function fleetRate(workers: number, meters: number, days: number, core?: number): Promise<number> {
  const script = [FLEET_CHILD, JSON.stringify({ ...FLEET, days, meters, workers })];
  const { millis, meterSeconds } = await childAnswer<{ millis: number; meterSeconds: number }>(script, {
    core,
  });
  return meterSeconds / (millis / 1000);
}

/** KiB that each of so many holds on to, code and tables that all share not counted. */
function kibibytesEach<T>(many: number, make: (number: number) => T): { each: number; made: T[] } {
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as () => void;
  const used = (): number => {
    collect();
    collect(); // What the first has found to be garbage outside the heap is freed by the second.
    const { heapUsed, arrayBuffers } = process.memoryUsage();
    return heapUsed + arrayBuffers;
  };
  for (let number = 0; number < many; number++) make(number);
  const before = used();
  const made = Array.from({ length: many }, (_, number) => make(number));
  return { each: (used() - before) / many / 1024, made };
}

/** Of the meters at rest there are so many more: they take less than what a heap gains and loses by itself. */
const RESTED_PER_AWAKE = 10;

/** A meter that is closed on its load, past a turn of its journal, with its watch and every invariant on. */
function idleMeters(meters: number, hours: number): void {
  const live = (number: number): WholeMeter => {
    const meter = wholeMeter('next-event', HOUSEHOLD_WATT, number);
    meter.world.advance(hours * 3_600 * SECOND);
    return meter;
  };
  const restMillis: number[] = [];
  const putAway = (number: number): Uint8Array => {
    const meter = live(number);
    const startedAt = performance.now();
    const rested = meter.rest();
    restMillis.push(performance.now() - startedAt);
    if (!(rested instanceof Uint8Array)) throw new Error(`a meter at rest: ${rested.busy}`);
    return rested;
  };
  const rested = kibibytesEach(RESTED_PER_AWAKE * meters, putAway);
  const wakingAt = performance.now();
  const woken = rested.made.map((bytes, number) => {
    const meter = new WholeMeter(wholeMeterOptions('next-event', HOUSEHOLD_WATT, number));
    meter.wake(bytes);
    return meter;
  });
  const wakeMillis = performance.now() - wakingAt;
  for (const { world } of woken) {
    world.advance(3_600 * SECOND);
    if (!world.powered) throw new Error('a meter at rest lost its power');
  }
  printTable(`An idle meter after ${hours} h, all that it remembers and its watch`, [
    ['', 'KiB', 'ms'],
    [
      `at rest, mean of ${rested.made.length}; to put it away`,
      rested.each.toFixed(1),
      median(restMillis).toFixed(2),
    ],
    [
      `awake, mean of ${meters}; to take it up`,
      kibibytesEach(meters, live).each.toFixed(1),
      (wakeMillis / woken.length).toFixed(2),
    ],
  ]);
}

/**
 * @param seconds - simulated seconds of one round, sample by sample and by events.
 * @param fleet - meters and days of the fleets, one worker against two.
 */
export async function meterBench(
  rounds: number,
  seconds: { sampled: number; nextEvent: number },
  fleet: { meters: number; days: number; idle: number; idleHours: number },
): Promise<void> {
  const rows: string[][] = [['', 'x real time', 'of the physics alone']];
  for (const [fidelity, watt, simulated] of [
    ['sampled', KETTLE_WATT, seconds.sampled],
    ['next-event', HOUSEHOLD_WATT, seconds.nextEvent],
    ['next-event', KETTLE_WATT, seconds.nextEvent],
  ] as const) {
    const whole = wholeMeter(fidelity, watt).world;
    const bare = physicsAlone(fidelity, watt);
    const rates: [number, number][] = [];
    for (let round = 0; round < rounds; round += 1) {
      rates.push([timesRealTime(whole, simulated), timesRealTime(bare, simulated)]);
    }
    const wholeRate = median(rates.map(([rate]) => rate));
    const bareRate = median(rates.map(([, rate]) => rate));
    rows.push([
      `${fidelity}, ${watt} W, whole firmware`,
      perSecond(wholeRate),
      (wholeRate / bareRate).toFixed(2),
    ]);
    rows.push([`${fidelity}, ${watt} W, physics alone`, perSecond(bareRate), '1.00']);
  }
  printTable('One meter, one core, every invariant at every event', rows);

  const { meters, days } = fleet;
  const rates: { one: number; two: number; apart: number }[] = [];
  for (let round = 0; round < rounds; round += 2) {
    // The better of both cores: whoever else uses this machine may be on one of them.
    const first = await fleetRate(1, meters, days, 0);
    const two = await fleetRate(2, meters, days);
    const one = Math.max(first, await fleetRate(1, meters, days, 1));
    const apart = await Promise.all([fleetRate(1, meters, days, 0), fleetRate(1, meters, days, 1)]);
    rates.push({ one, two, apart: apart[0] + apart[1] });
  }
  const rate = (which: 'one' | 'two' | 'apart'): string =>
    perSecond(median(rates.map((each) => each[which])));
  const ofOne = (which: 'two' | 'apart'): string =>
    median(rates.map((each) => each[which] / each.one)).toFixed(2);
  printTable(`${meters} households for ${days} days, whole firmware, invariants on`, [
    ['', 'meter-seconds/s', 'of one core'],
    ['one core', rate('one'), '1.00'],
    ['two cores', rate('two'), ofOne('two')],
    ['two processes that share nothing', rate('apart'), ofOne('apart')],
  ]);
  idleMeters(fleet.idle, fleet.idleHours);
}
