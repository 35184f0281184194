import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { EventClock } from '../../../meter-sim/world/event-clock.ts';
import { RandomStream } from '../../../meter-sim/world/random.ts';

const test = suite('event clock and chance');

test('advance and runUntil are two names for two things, also when called twice', () => {
  const clock = new EventClock();
  const seen: number[] = [];
  for (const time of [1, 2, 3, 4]) clock.at(time, () => seen.push(clock.now()));
  clock.advance(1);
  clock.advance(1);
  assert.is(clock.now(), 2);
  assert.equal(seen, [1, 2]);
  clock.runUntil(3);
  clock.runUntil(3);
  assert.is(clock.now(), 3);
  assert.equal(seen, [1, 2, 3]);
  clock.advance(10);
  assert.is(clock.now(), 13);
  assert.equal(seen, [1, 2, 3, 4]);
});

test('events of one time run in the order in which they were queued, those queued meanwhile too', () => {
  const clock = new EventClock();
  const seen: string[] = [];
  clock.at(5, () => {
    seen.push('a');
    clock.at(5, () => seen.push('d'));
  });
  clock.at(5, () => seen.push('b'));
  clock.at(4, () => seen.push('first'));
  clock.at(5, () => seen.push('c'));
  clock.runUntil(5);
  assert.equal(seen, ['first', 'a', 'b', 'c', 'd']);
});

test('when events of one time go on for ever then the clock says so and does not hang', () => {
  const clock = new EventClock();
  const again = (): void => {
    clock.at(7, again);
  };
  clock.at(7, again);
  assert.throws(() => clock.runUntil(8), /time goes on/);
  assert.is(clock.now(), 7);
});

test('a thousand random events come in order, cancelled ones never', () => {
  const random = new RandomStream(11, 'clock test');
  const clock = new EventClock();
  let last = -1;
  let ran = 0;
  let cancelled = 0;
  for (let index = 0; index < 5000; index++) {
    const time = random.integer(0, 100_000);
    const event = clock.at(time, () => {
      assert.ok(time >= last);
      assert.is(clock.now(), time);
      last = time;
      ran++;
    });
    if (random.uniform() < 0.5) {
      event.cancel();
      cancelled++;
    }
  }
  clock.runUntil(100_000);
  assert.is(ran + cancelled, 5000);
  assert.is(clock.eventsRun, ran);
});

test('the past and fractions of a microsecond are refused', () => {
  const clock = new EventClock();
  clock.runUntil(10);
  const isRange = (error: unknown): boolean => error instanceof RangeError;
  assert.throws(() => clock.at(9, () => {}), isRange);
  assert.throws(() => clock.at(10.5, () => {}), isRange);
  assert.throws(() => clock.runUntil(9), isRange);
  assert.throws(() => clock.advance(-1), isRange);
  assert.throws(() => clock.advance(Number.NaN), isRange);
});

test('a follower that stops early has its event run at that time', () => {
  const clock = new EventClock();
  const seen: string[] = [];
  let isRaised = false;
  clock.follow({
    catchUp: (limit) => {
      if (isRaised || limit < 7) return limit;
      isRaised = true;
      clock.at(7, () => seen.push(`sample ${clock.now()}`));
      return 7;
    },
  });
  clock.at(9, () => seen.push(`event ${clock.now()}`));
  clock.runUntil(20);
  assert.equal(seen, ['sample 7', 'event 9']);
  assert.is(clock.now(), 20);
});

test('streams of one seed differ, equal names agree, deviates have their moments', () => {
  const first = new RandomStream(1, 'a');
  const again = new RandomStream(1, 'a');
  const other = new RandomStream(1, 'b');
  let equal = 0;
  let sum = 0;
  let squares = 0;
  const count = 100_000;
  for (let index = 0; index < count; index++) {
    const value = first.gaussian();
    assert.is(again.gaussian(), value);
    if (other.gaussian() === value) equal++;
    sum += value;
    squares += value * value;
  }
  assert.is(equal, 0);
  assert.ok(Math.abs(sum / count) < 0.015, `mean ${sum / count}`);
  assert.ok(Math.abs(squares / count - 1) < 0.02, `variance ${squares / count}`);
  const counts = [0, 0, 0, 0];
  for (let index = 0; index < 40_000; index++) counts[first.integer(0, 3)]!++;
  for (const count of counts) assert.ok(Math.abs(count - 10_000) < 400, `counts ${counts}`);
});

test.run();
