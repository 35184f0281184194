import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { Appliance } from '../../../meter-sim/hardware/load.ts';
import { RandomStream } from '../../../meter-sim/world/random.ts';
import { count, report, seedOf } from '../../support/counts.ts';
import { BOOTED, type MeterBench, makeBench, powerUp, SECOND } from '../../support/meter-bench.ts';
import { ownToken } from '../../support/public-meter.ts';
import { drawHousehold } from '../../support/switch-rig.ts';

const test = suite('meter-sim/firmware/opening');

const FIRST_TID = 6_600_000;

/** The factory bench: learns without load, and leaves the relay open. */
function calibrate(bench: MeterBench): void {
  powerUp(bench);
  let learnt = false;
  bench.world.advance(3 * SECOND);
  bench.firmware().calibrate(16, (done) => {
    learnt = done;
  });
  bench.world.advance(60 * SECOND);
  assert.ok(learnt, 'the production test');
}

test('openings at the end of the credit part before the current zero and within a millisecond', () => {
  const seed = seedOf('openings');
  const random = new RandomStream(seed, 'openings');
  const openings = count(1_000, 1_000);
  const perUnit = 10;
  const seen = { good: 0, late: 0, early: 0, arc: 0, randomArc: 0, operations: 0, overrun: 0 };
  const distances: number[] = [];
  for (let unit = 0; unit < openings / perUnit; unit++) {
    const bench = makeBench({ seed: `${seed} ${unit}`, relay: { jitterSigmaMillis: 0.15 } });
    const { world } = bench;
    let celsius = random.integer(-10, 55);
    world.setTemperature(celsius);
    calibrate(bench);
    for (let opening = 0; opening < perUnit; opening++) {
      // The coil drifts by 0.03 ms for each degree between two openings; the estimate must follow.
      celsius = Math.min(55, Math.max(-10, celsius + random.gaussian()));
      world.setTemperature(celsius);
      const appliances = drawHousehold(random);
      world.setLoad({ appliances });
      bench.firmware().enterToken(ownToken(FIRST_TID + opening, 1), () => {});
      const closings = world.relay.log.length + 1;
      // 0.1 kWh lasts 24 minutes at 250 W.
      for (let second = 0; second < 1_800 && world.relay.log.length <= closings; second++)
        world.advance(SECOND);
      world.advance(2 * SECOND);
      const parted = world.relay.log.at(-1)!;
      assert.is(parted.direction, 'open');
      const distance = parted.distanceMicros!;
      distances.push(distance);
      seen.arc += parted.arcJoule;
      if (distance >= 0) seen.late += 1;
      else if (distance < -1_000) seen.early += 1;
      else seen.good += 1;
      seen.overrun = Math.min(seen.overrun, bench.firmware().readout().creditMilliWh);
      seen.randomArc += randomArc(seed, `${unit} ${opening}`, appliances, random);
    }
    assert.is(world.relay.faults.otherCoilDriven + world.relay.faults.supplyTooLow, 0);
  }
  distances.sort((a, b) => a - b);
  const at = (share: number): string => (distances[Math.floor(share * (openings - 1))] ?? 0).toFixed(0);
  const ratio = seen.arc / seen.randomArc;
  report(
    `${openings} openings of ${openings / perUnit} units at jitter 0.15 ms: ${seen.good} before the current zero within ` +
      `1 ms, ${seen.late} late, ${seen.early} earlier; median ${at(0.5)} µs, 1 % ${at(0.01)} µs, 99 % ${at(0.99)} µs`,
  );
  report(
    `mean arc ${((1000 * seen.arc) / openings).toFixed(1)} mJ; at random phase ` +
      `${((1000 * seen.randomArc) / openings).toFixed(0)} mJ: ${(100 * ratio).toFixed(2)} %; ` +
      `largest overrun ${-seen.overrun} mWh`,
  );
  assert.ok(seen.good >= 0.99 * openings);
  assert.ok(ratio <= 0.02);
});

/** The same load switched off by a bare coil pulse at any moment, on a relay of its own. */
function randomArc(
  seed: number,
  name: string,
  appliances: readonly Appliance[],
  random: RandomStream,
): number {
  const bench = makeBench({
    seed: `${seed} random ${name}`,
    load: { appliances },
    relay: { position: 'closed', jitterSigmaMillis: 0.15 },
  });
  // No firmware is at work here: the MCU never starts.
  bench.world.powerOn();
  bench.world.advance(random.integer(1_000, 60_000));
  bench.world.relay.pulse('open', 100_000);
  bench.world.advance(30_000);
  return bench.world.relay.log[0]!.arcJoule;
}

test('no load: the relay opens freely; a load that never shows a zero does not keep it closed', () => {
  const bench = makeBench({ load: { appliances: [{ kind: 'resistive', watt: 150 }] } });
  powerUp(bench);
  bench.firmware().enterToken(ownToken(FIRST_TID, 1), () => {});
  bench.world.advance(2_500 * SECOND);
  assert.is(bench.world.relay.position, 'open');
  assert.ok(bench.firmware().readout().creditMilliWh > -20);
});

test('a closing aims before a voltage zero, and is led by what was learnt', () => {
  const seed = seedOf('closings');
  let worst = 0;
  for (let unit = 0; unit < 10; unit++) {
    const bench = makeBench({ seed: `${seed} close ${unit}` });
    calibrate(bench);
    const { log } = bench.world.relay;
    const from = log.length;
    bench.firmware().enterToken(ownToken(FIRST_TID, 1), () => {});
    bench.world.advance(BOOTED + 3 * SECOND);
    assert.is(log.length, from + 1);
    worst = Math.max(worst, Math.abs(log.at(-1)!.distanceMicros!));
  }
  report(`10 closings touched within ${worst.toFixed(0)} µs of a voltage zero`);
  assert.ok(worst < 1_200);
});

test('a contact that stood for months is led for its sticking', () => {
  const seed = seedOf('idle');
  const units = 20;
  let good = 0;
  for (let unit = 0; unit < units; unit++) {
    const bench = makeBench({ seed: `${seed} idle ${unit}` });
    calibrate(bench);
    bench.firmware().enterToken(ownToken(FIRST_TID, 1), () => {});
    bench.world.advance(40 * 86_400 * SECOND);
    bench.world.setLoad({ appliances: [{ kind: 'resistive', watt: 6_000 }] });
    bench.world.advance(100 * SECOND);
    const { direction, distanceMicros } = bench.world.relay.log.at(-1)!;
    assert.is(direction, 'open');
    if (distanceMicros! < 0 && distanceMicros! > -1_000) good += 1;
  }
  report(`${good} of ${units} openings after 40 idle days before the current zero within 1 ms`);
  assert.ok(good >= units - 1);
});

test('an opening that waited for the voltage aims at a zero as any other', () => {
  const seed = seedOf('low supply');
  for (let unit = 0; unit < 10; unit++) {
    // A slow unit must look further ahead than the next zero.
    const bench = makeBench({
      seed: `${seed} ${unit}`,
      relay: { openingMillis: 11.5 },
    });
    const { world } = bench;
    calibrate(bench);
    world.setLoad({ appliances: [{ kind: 'resistive', watt: 23_000 }] });
    bench.firmware().enterToken(ownToken(FIRST_TID, 1), () => {});
    world.advance(12 * SECOND);
    world.setVoltage(140);
    world.advance(60 * SECOND);
    assert.is(world.relay.position, 'closed');
    world.setVoltage(230);
    world.advance(3 * SECOND);
    const { direction, distanceMicros } = world.relay.log.at(-1)!;
    assert.is(direction, 'open');
    assert.ok(distanceMicros! < 0 && distanceMicros! > -1_000, `unit ${unit}: ${distanceMicros} µs`);
  }
});

test('a relay that stuck while nothing flowed is found out by the voltage behind it', () => {
  const bench = makeBench({ relay: { position: 'closed', isWelded: true, tearChance: 0 } });
  const { world } = bench;
  powerUp(bench);
  world.advance(20 * SECOND);
  assert.is(bench.firmware().readout().relay, 'malfunction');
  assert.is(world.relay.stuck.byWeld, 5);
  world.relay.breakWeld();
  world.advance(3_605 * SECOND);
  assert.is(bench.firmware().readout().relay, 'open', 'and tried again an hour later');
});

test('when a generator feeds the load side then a contact that was seen to part counts as open', () => {
  const bench = makeBench({ load: { appliances: [{ kind: 'resistive', watt: 6_000 }] } });
  const { world } = bench;
  powerUp(bench);
  bench.firmware().enterToken(ownToken(FIRST_TID, 1), () => {});
  world.advance(5 * SECOND);
  world.setLoadSideSource({ kind: 'generator', voltRms: 200 });
  world.advance(100 * SECOND);
  assert.is(world.relay.position, 'open');
  assert.is(bench.firmware().readout().relay, 'open');
});

test('when a magnet closes the open relay then the first energy tells of it', () => {
  const bench = makeBench({ load: { appliances: [{ kind: 'resistive', watt: 9_000 }] } });
  const { world } = bench;
  powerUp(bench);
  world.advance(20 * SECOND);
  assert.is(bench.firmware().readout().relay, 'open');
  world.setRelayMagnet(0.5, 'flip');
  world.advance(30 * SECOND);
  assert.is(bench.firmware().readout().relay, 'malfunction');
  assert.is(world.relay.stuck.byMagnet, 5);
  world.setRelayMagnet(0);
  world.advance(3_605 * SECOND);
  assert.is(world.relay.position, 'open');
});

test('a relay that does not obey is tried again and then reported', () => {
  const bench = makeBench({
    load: { appliances: [{ kind: 'resistive', watt: 9_000 }] },
    // A magnet holds the armature: no pulse is long enough to move it.
    relay: { position: 'closed', shortestPulseMicros: 10_000_000 },
  });
  powerUp(bench);
  bench.world.advance(20 * SECOND);
  assert.is(bench.firmware().readout().relay, 'malfunction');
  assert.is(bench.world.relay.faults.tooShort, 5);
  bench.world.advance(3_605 * SECOND);
  assert.ok(bench.world.relay.faults.tooShort > 5, 'and tried again an hour later');
});

test.run();
