import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { DEFAULT_COVERS, SimulatedCovers } from '../../../meter-sim/hardware/covers.ts';
import { DEFAULT_HALL, type Magnet, SimulatedHallSensor } from '../../../meter-sim/hardware/hall-sensor.ts';
import { EventClock } from '../../../meter-sim/world/event-clock.ts';
import { RandomStream } from '../../../meter-sim/world/random.ts';
import { count, report, seedOf } from '../../support/counts.ts';

const test = suite('meter-sim/hardware/covers-and-hall');

function covers(seed: number): { clock: EventClock; it: SimulatedCovers; mains: { isOn: boolean } } {
  const clock = new EventClock();
  const mains = { isOn: true };
  const it = new SimulatedCovers(clock, new RandomStream(seed, 'hands'), DEFAULT_COVERS, () => mains.isOn);
  return { clock, it, mains };
}

test('when a cover is lifted then every bounce is an edge, and it stands open in the end', () => {
  const { clock, it } = covers(seedOf('bouncing covers'));
  const movements = count(10_000, 400);
  let edges = 0;
  let bounced = 0;
  it.onChange((cover) => {
    assert.is(cover, 'meter');
    edges++;
  });
  for (let index = 0; index < movements; index++) {
    const before = edges;
    it.setOpen('meter', index % 2 === 0);
    clock.advance(20_000);
    assert.is(it.isOpen('meter'), index % 2 === 0);
    assert.is((edges - before) % 2, 1, 'an odd number of edges ends on the other side');
    if (edges - before > 1) bounced++;
    assert.not(it.isOpen('terminal'));
  }
  report(`${movements} movements, ${bounced} of them bounced, ${edges} edges`);
  assert.ok(bounced > movements / 2);
});

test('when a cover is opened on the battery then its latch remembers, and a knock is not an opening', () => {
  const { clock, it, mains } = covers(3);
  mains.isOn = false;
  it.setOpen('meter', true);
  clock.advance(60_000);
  it.setOpen('meter', false);
  clock.advance(1_000_000);
  assert.not(it.wasOpened('meter'), 'shorter than the filter');
  it.setOpen('meter', true);
  clock.advance(200_000);
  it.forgetOpened('meter');
  assert.ok(it.wasOpened('meter'), 'not cleared while it stands open');
  it.setOpen('meter', false);
  clock.advance(1_000_000);
  assert.ok(it.wasOpened('meter'), 'asking clears nothing');
  it.forgetOpened('meter');
  assert.not(it.wasOpened('meter'));
  assert.not(it.wasOpened('terminal'));
});

test('when the battery is empty then only the mains keeps a latch', () => {
  const { clock, it, mains } = covers(4);
  const openAndShut = (): void => {
    it.setOpen('terminal', true);
    clock.advance(500_000);
    it.setOpen('terminal', false);
    clock.advance(500_000);
  };
  it.setBattery(false);
  mains.isOn = false;
  openAndShut();
  assert.not(it.wasOpened('terminal'));
  mains.isOn = true;
  openAndShut();
  it.powerLost();
  assert.not(it.wasOpened('terminal'), 'an empty battery forgets at the power cut');
  openAndShut();
  assert.ok(it.wasOpened('terminal'));
});

const STRONG: Magnet = {
  faceMilliTesla: 512,
  halfLengthMillimetre: 10,
  atMillimetre: [0, 40, 0],
  hertz: 0,
};

function field(hall: SimulatedHallSensor): number {
  return Math.hypot(...hall.microTesla());
}

test('when a magnet stands twice as far away then its field is an eighth', () => {
  const hall = new SimulatedHallSensor(new EventClock(), { ...DEFAULT_HALL, earthMicroTesla: [0, 0, 0] });
  hall.setMagnet(STRONG);
  // On its axis: face x (half length / r)^3.
  assert.is(Math.round(field(hall)), Math.round(512_000 * (10 / 40) ** 3));
  let before = field(hall);
  for (const distance of [80, 160]) {
    hall.setMagnet({ ...STRONG, atMillimetre: [0, distance, 0] });
    assert.ok(Math.abs(before / field(hall) - 8) < 0.1, `${before} to ${field(hall)} µT`);
    before = field(hall);
  }
  hall.setMagnet({ ...STRONG, pole: [1, 0, 0] });
  assert.is(
    Math.round(field(hall)),
    Math.round((512_000 * (10 / 40) ** 3) / 2),
    'beside its axis half of that',
  );
  hall.setMagnet(undefined);
  assert.is(field(hall), 0);
});

test('when the field crosses the thresholds then the comparator says so once, with its hysteresis', () => {
  const clock = new EventClock();
  const hall = new SimulatedHallSensor(clock, DEFAULT_HALL);
  const seen: boolean[] = [];
  const at = (distance: number): void => hall.setMagnet({ ...STRONG, atMillimetre: [0, distance, 0] });
  const watch = hall.onField(6_900, 3_500, (isStrong) => seen.push(isStrong));
  at(60);
  assert.equal(seen, []);
  at(40);
  at(35);
  assert.equal(seen, [true]);
  at(50);
  assert.ok(hall.peakMicroTesla() < 6_900 && hall.peakMicroTesla() > 3_500);
  assert.equal(seen, [true], 'between the two it stays');
  at(60);
  assert.equal(seen, [true, false]);
  watch.cancel();
  at(20);
  assert.equal(seen, [true, false]);
  hall.onField(6_900, 3_500, (isStrong) => seen.push(isStrong));
  assert.equal(seen, [true, false], 'no interrupt inside a call');
  clock.advance(0);
  assert.equal(seen, [true, false, true], 'a magnet that stood there already is seen');
});

test('when the magnet swings then its peak is held, and the axes swing', () => {
  const clock = new EventClock();
  const hall = new SimulatedHallSensor(clock, { ...DEFAULT_HALL, earthMicroTesla: [0, 0, 0] });
  const seen: boolean[] = [];
  hall.onField(6_900, 3_500, (isStrong) => seen.push(isStrong));
  hall.setMagnet({ ...STRONG, hertz: 50 });
  assert.is(Math.round(field(hall)), 0, 'it begins at a zero');
  clock.advance(5_000);
  assert.ok(Math.abs(field(hall) - hall.peakMicroTesla()) < 2);
  clock.advance(1_000_000);
  assert.equal(seen, [true], 'one magnet, not a hundred a second');
});

test('when a magnet cannot be then it is refused and nothing moves', () => {
  const hall = new SimulatedHallSensor(new EventClock(), DEFAULT_HALL);
  hall.setMagnet(STRONG);
  const impossible: Partial<Magnet>[] = [
    { faceMilliTesla: -1 },
    { faceMilliTesla: Number.NaN },
    { halfLengthMillimetre: 0 },
    { atMillimetre: [0, 0, 0] },
    { atMillimetre: [0, Number.POSITIVE_INFINITY, 0] },
    { pole: [0, 0, 0] },
    { hertz: 1e9 },
  ];
  for (const part of impossible) {
    assert.throws(
      () => hall.setMagnet({ ...STRONG, ...part }),
      (error: unknown) => error instanceof RangeError,
    );
    assert.is(hall.magnet, STRONG);
  }
  assert.ok(hall.relayTesla() > 0);
});

test.run();
