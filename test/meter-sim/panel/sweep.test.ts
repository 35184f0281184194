/** The running trace: what it shows, and that it costs nothing when nobody looks. */
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { LiveMeter, manufacture } from '../../../meter-sim/panel/live-meter.ts';
import { Sweep } from '../../../meter-sim/panel/sweep.ts';
import { ownToken, PUBLIC_FACTORY } from '../../support/public-meter.ts';

const test = suite('meter-sim/panel/sweep');

const RTC = 1_790_000_000;
const IMAGE = manufacture(PUBLIC_FACTORY, 3, RTC);

function makeMeter(): LiveMeter {
  return new LiveMeter({
    factory: PUBLIC_FACTORY,
    seed: 3,
    speed: 1,
    loadWatts: 2_300,
    rtcEpochSeconds: RTC,
    memoryImage: IMAGE,
    committed: () => {},
  });
}

const rmsOf = (samples: readonly number[]): number =>
  Math.sqrt(samples.reduce((sum, sample) => sum + sample ** 2, 0) / samples.length);

test('when a sweep is asked for then it takes four cycles from a rising zero on, and ends by itself', () => {
  const meter = makeMeter();
  meter.advance(3_000_000);
  void meter.enterToken(ownToken(6_600_000, 50));
  meter.advance(5_000_000);
  const sweep = new Sweep(meter.world);
  assert.is(sweep.trace, undefined);
  sweep.begin();
  meter.advance(40_000);
  const half = sweep.trace?.volt.length ?? 0;
  assert.ok(half > 50 && half < 170, `${half} samples while it is drawn`);
  meter.advance(80_000);
  const trace = sweep.trace as NonNullable<typeof sweep.trace>;
  assert.is(sweep.isRunning, false);
  for (const column of ['volt', 'amp', 'coil', 'contact'] as const)
    assert.is(trace[column].length, trace.length);
  const { volt, amp } = trace;
  const rising = volt.slice(1).filter((value, index) => value >= 0 && (volt[index] as number) < 0).length;
  assert.is(rising, 3, 'the fourth cycle ends where the first began');
  assert.ok((volt[0] as number) >= 0 && (volt[0] as number) < 30, 'it begins at a rising zero');
  assert.ok(Math.abs(rmsOf(volt) - 230) < 3, `${rmsOf(volt)} V`);
  assert.ok(Math.abs(rmsOf(amp) - 10) < 0.2, `${rmsOf(amp)} A`);
  assert.ok(trace.contact.every((touches) => touches) && trace.coil.every((isDriven) => !isDriven));
});

test('when there is no wave then a sweep starts all the same', () => {
  const meter = makeMeter();
  meter.setMains(false);
  meter.advance(1_000_000);
  const sweep = new Sweep(meter.world);
  sweep.begin();
  meter.advance(120_000);
  assert.is(sweep.isRunning, false);
  assert.ok(sweep.trace?.volt.every((volt) => volt === 0));
});

test('when nobody looks then no sample is taken, and a sweep that was begun ends at the next one', () => {
  const [watched, alone] = [makeMeter(), makeMeter()];
  const sweep = new Sweep(watched.world);
  sweep.begin();
  watched.advance(10_000);
  alone.advance(10_000);
  const samples = watched.world.eventsRun - alone.world.eventsRun;
  assert.ok(samples > 30 && samples < 50, `${samples} events in 10 ms`);
  sweep.end();
  for (const meter of [watched, alone]) meter.advance(1_000_000);
  assert.is(watched.world.eventsRun - alone.world.eventsRun, samples + 1);
  assert.is(watched.status().readings?.totalMilliWh, alone.status().readings?.totalMilliWh);
});

test.run();
