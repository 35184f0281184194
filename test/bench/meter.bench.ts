/**
 * How fast a meter lives: the whole firmware in its world, sample by sample and by the next event, beside the same body
 * with an idle firmware, which is the cost of the physics alone. One core, one meter, a steady 2 kW.
 */
import { MeterWorld } from '../../meter-sim/world/meter-world.ts';
import { makeBench, powerUp, SECOND } from '../support/meter-bench.ts';
import { ownToken } from '../support/public-meter.ts';
import { median, perSecond, printTable } from './harness.ts';

type Fidelity = 'sampled' | 'next-event';

const LOAD = { appliances: [{ kind: 'resistive', watt: 2_000 }] } as const;

/** Simulated seconds a second of wall time. */
function timesRealTime(world: MeterWorld, simulatedSeconds: number): number {
  const startedAt = performance.now();
  world.advance(simulatedSeconds * SECOND);
  return simulatedSeconds / ((performance.now() - startedAt) / 1000);
}

function wholeMeter(fidelity: Fidelity): MeterWorld {
  const bench = makeBench({ fidelity, load: LOAD });
  powerUp(bench);
  bench.firmware().enterToken(ownToken(6_600_000, 10_000_000), () => {});
  bench.world.advance(2 * SECOND);
  if (bench.world.relay.contact !== 'closed')
    throw new Error('the meter of the bench does not supply its load');
  return bench.world;
}

function physicsAlone(fidelity: Fidelity): MeterWorld {
  const idle = { boot() {}, keyPressed() {}, powerFailing() {} };
  const world = new MeterWorld({
    seed: 1,
    fidelity,
    rtcEpochSeconds: 1_790_000_000,
    load: LOAD,
    relay: { position: 'closed' },
    firmware: () => idle,
  });
  world.powerOn();
  world.advance(SECOND);
  return world;
}

/** @param seconds - simulated seconds of one round, sample by sample and by events. */
export function meterBench(rounds: number, seconds: { sampled: number; nextEvent: number }): void {
  const rows: string[][] = [['', 'x real time', 'of the physics alone']];
  for (const [fidelity, simulated] of [
    ['sampled', seconds.sampled],
    ['next-event', seconds.nextEvent],
  ] as const) {
    const whole = wholeMeter(fidelity);
    const bare = physicsAlone(fidelity);
    const rates: [number, number][] = [];
    for (let round = 0; round < rounds; round += 1) {
      rates.push([timesRealTime(whole, simulated), timesRealTime(bare, simulated)]);
    }
    const wholeRate = median(rates.map(([rate]) => rate));
    const bareRate = median(rates.map(([, rate]) => rate));
    rows.push([`${fidelity}, whole firmware`, perSecond(wholeRate), (wholeRate / bareRate).toFixed(2)]);
    rows.push([`${fidelity}, physics alone`, perSecond(bareRate), '1.00']);
  }
  printTable('One meter, one core, steady 2 kW', rows);
}
