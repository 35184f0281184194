import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { DEFAULT_RTC, RAW_RTC, type RtcConfig, SimulatedRtc } from '../../../meter-sim/hardware/rtc.ts';
import { EventClock } from '../../../meter-sim/world/event-clock.ts';
import { RandomStream } from '../../../meter-sim/world/random.ts';
import { report, seedOf } from '../../support/counts.ts';
import { bareWorld } from '../support/bare-world.ts';

const test = suite('meter-sim/hardware/rtc');

const START = 1_790_000_000;
const DAY = 86_400e6;

function makeRtc(config: Partial<RtcConfig> = {}, seed = 1) {
  const clock = new EventClock();
  const random = new RandomStream(seed, 'rtc');
  const rtc = new SimulatedRtc(clock, random, { ...DEFAULT_RTC, ratePpm: 0, ...config }, START);
  rtc.railUp();
  return { clock, rtc };
}

test('a calibrated unit stays within half a second a day, a raw one within two', () => {
  const seed = seedOf('rates of clocks');
  for (const [config, limit] of [
    [DEFAULT_RTC, 0.5],
    [RAW_RTC, 2],
  ] as const) {
    let worst = 0;
    const days = 100;
    for (let unit = 0; unit < 300; unit++) {
      const clock = new EventClock();
      const rtc = new SimulatedRtc(clock, new RandomStream(seed + unit, 'rtc'), config, START);
      clock.advance(days * DAY);
      const error = rtc.epochSeconds() - START - days * 86_400;
      worst = Math.max(worst, Math.abs(error) / days);
    }
    report(`300 clocks of ${config.spreadPpm} ppm: the worst is ${worst.toFixed(2)} s a day off`);
    assert.ok(worst < limit && worst > 0.8 * 0.0864 * config.spreadPpm);
  }
});

test('cold and heat both make the clock slow, by the square of the distance', () => {
  const { rtc } = makeRtc();
  assert.is(rtc.ratePpm, 0);
  for (const [celsius, ppm] of [
    [45, -13.6],
    [5, -13.6],
    [65, -54.4],
  ] as const) {
    rtc.setCelsius(celsius);
    assert.is(rtc.ratePpm, ppm);
  }
  const warm = makeRtc();
  warm.rtc.setCelsius(45);
  warm.clock.advance(100 * DAY);
  // 13.6 ppm of 8,640,000 s is 117.504 s.
  assert.is(warm.rtc.epochSeconds(), START + 100 * 86_400 - 118);
});

test('an alarm rings in the first instant of its second, whatever the rate and its changes', () => {
  const seed = seedOf('alarms of clocks');
  const random = new RandomStream(seed, 'alarms');
  let rung = 0;
  for (let unit = 0; unit < 40; unit++) {
    const { clock, rtc } = makeRtc({ ratePpm: random.integer(-40, 40) }, unit);
    for (let alarm = 0; alarm < 50; alarm++) {
      const target = rtc.epochSeconds() + random.integer(1, 100_000);
      let at = 0;
      rtc.alarmAt(target, () => {
        at = clock.now();
        assert.is(rtc.epochSeconds(), target);
        rung += 1;
      });
      if (random.integer(0, 2) === 0) {
        clock.advance(random.integer(0, 500_000));
        rtc.setCelsius(random.integer(-20, 60));
      }
      while (at === 0) {
        const before = rtc.epochSeconds();
        clock.advance(random.integer(1, 1e10));
        assert.ok(at > 0 || (before < target && rtc.epochSeconds() < target));
      }
    }
  }
  report(`${rung} alarms, every one on its second`);
  assert.is(rung, 2_000);
});

test('a clock that is set forward past an alarm rings at once, one that is set back rings later, a cancelled one never', () => {
  const { clock, rtc } = makeRtc();
  const rung: string[] = [];
  rtc.alarmAt(START + 100, () => rung.push(`passed at ${clock.now()}`));
  rtc.alarmAt(START + 1_000, () => rung.push(`later at ${clock.now()}`));
  rtc.alarmAt(START + 101, () => rung.push('never')).cancel();
  rtc.set(START + 500);
  clock.advance(0);
  assert.equal(rung, ['passed at 0']);
  rtc.set(START);
  clock.advance(600e6);
  assert.is(rung.length, 1);
  clock.advance(400e6);
  assert.equal(rung, ['passed at 0', 'later at 1000000000']);
});

test('the battery carries the clock through an outage until it is used up, and then time is lost and says so', () => {
  const { clock, rtc } = makeRtc({ batteryMicros: 10 * DAY, shelfMicros: 100 * DAY });
  rtc.railDown();
  clock.advance(6 * DAY);
  rtc.railUp();
  assert.ok(rtc.isValid());
  assert.is(rtc.epochSeconds(), START + 6 * 86_400);
  clock.advance(3 * DAY);
  rtc.railDown();
  clock.advance(5 * DAY);
  rtc.railUp();
  assert.not(rtc.isValid());
  assert.is(rtc.epochSeconds(), DEFAULT_RTC.resetEpochSeconds);
  clock.advance(60e6);
  assert.is(rtc.epochSeconds(), DEFAULT_RTC.resetEpochSeconds + 60, 'it runs again, from nowhere');
  rtc.set(START + 99);
  assert.ok(rtc.isValid());
  rtc.fitBattery();
  rtc.railDown();
  clock.advance(9 * DAY);
  rtc.railUp();
  assert.ok(rtc.isValid(), 'a new battery is a new life');
  clock.advance(95 * DAY);
  rtc.railDown();
  clock.advance(1);
  assert.not(rtc.isValid(), 'a battery that nothing drew from dies of age');
});

test('a battery taken out stops a clock without its rail at once, and one with its rail when that goes', () => {
  const { clock, rtc } = makeRtc();
  rtc.removeBattery();
  clock.advance(DAY);
  assert.ok(rtc.isValid());
  rtc.railDown();
  assert.not(rtc.isValid());
  const dark = makeRtc();
  dark.rtc.railDown();
  dark.clock.advance(DAY);
  dark.rtc.removeBattery();
  assert.not(dark.rtc.isValid());
});

test('a second that no calendar has is refused', () => {
  const { rtc } = makeRtc();
  for (const bad of [-1, 0.5, Number.NaN, 2 ** 53]) {
    assert.throws(
      () => rtc.set(bad),
      (error: unknown) => error instanceof RangeError && error.message.includes('"epochSeconds"'),
    );
  }
});

test('in a world the alarms of a dead MCU are silent and the clock goes on', () => {
  const { world, hardware } = bareWorld();
  const { rtc } = hardware();
  rtc.alarmAt(rtc.epochSeconds() + 10, () => assert.unreachable('the alarm of a dead MCU'));
  world.killMcu();
  world.advance(3_600e6);
  world.powerOn();
  world.advance(1e6);
  assert.ok(hardware().rtc.isValid());
  assert.is(hardware().rtc.epochSeconds(), 1_767_225_600 + 3_602);
  let rung = 0;
  const now = hardware().rtc;
  now.alarmAt(now.epochSeconds() + 10, () => {
    rung = now.epochSeconds();
  });
  world.advance(11e6);
  assert.is(rung, 1_767_225_600 + 3_612);
});

test.run();
