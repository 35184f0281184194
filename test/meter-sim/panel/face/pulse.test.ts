import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { PulseClock } from '../../../../meter-sim/panel/face/pulse.ts';

const test = suite('meter-sim/panel/face/pulse');

const KILOWATT = 1e6;
const FRAME_MILLIS = 1_000 / 60;

interface Played {
  readonly watts: number;
  readonly speed: number | 'max';
  readonly seconds?: number;
  /** By how much a message comes late, ms, turn by turn. */
  readonly lateMillis?: readonly number[];
}

/**
 * Plays a meter that tells of itself ten times a second.
 * @returns how often the light went on, and the share of frames in which it was lit.
 */
function play({ watts, speed, seconds = 20, lateMillis = [0] }: Played) {
  const clock = new PulseClock();
  const rate = speed === 'max' ? 1_000 : speed;
  const told: { at: number; millis: number }[] = [];
  for (let millis = 0; millis <= seconds * 1_000; millis += 100)
    told.push({ at: millis + (lateMillis[told.length % lateMillis.length] ?? 0), millis });
  let onsets = 0;
  let lit = 0;
  let frames = 0;
  let before = 'dark';
  let glows = false;
  for (let now = 0; now < seconds * 1_000; now += FRAME_MILLIS) {
    while (told[0] !== undefined && told[0].at <= now) {
      const { at, millis } = told.shift() as { at: number; millis: number };
      const phase = 1 + (watts / 3_600) * (millis / 1_000) * rate;
      const led = { state: 'pulsing', impulsesPerKwh: 1_000, phase, milliWatt: watts * 1_000 } as const;
      clock.tell({ led, simulatedMicros: millis * 1_000 * rate, isPaused: false, speed }, at);
    }
    const light = clock.lightAt(now);
    if (light === 'lit' && before !== 'lit') onsets++;
    if (light !== 'dark') lit++;
    glows ||= light === 'glowing';
    before = light;
    frames++;
  }
  return { onsets, share: lit / frames, glows, perSecond: clock.perSecond };
}

test('when power and speed are what an eye can follow then every pulse is seen once, also when messages come unevenly', () => {
  for (const lateMillis of [[0], [0, 60, 20, 90, 5]]) {
    for (const [watts, speed, expected] of [
      [1_800, 1, 10],
      [3_600, 1, 20],
      [3_600, 5, 100],
      [7_200, 0.1, 4],
    ] as const) {
      const { onsets, perSecond, glows } = play({ watts, speed, lateMillis });
      assert.ok(
        Math.abs(onsets - expected) <= 1,
        `${watts} W at ${speed}: ${onsets} pulses, not ${expected}`,
      );
      assert.ok(Math.abs(perSecond - (watts / 3_600) * speed) < 1e-9);
      assert.is(glows, false);
    }
  }
});

test('when pulses are faster than an eye then the light glows, and at full speed the rate is measured', () => {
  const fast = play({ watts: 2_000, speed: 60 });
  assert.ok(fast.glows && fast.share > 0.99);
  const free = play({ watts: 2_000, speed: 'max' });
  assert.ok(free.glows && Math.abs(free.perSecond / 555.6 - 1) < 0.01, `${free.perSecond} a second`);
});

test('when a pulse is 40 ms of simulated time then slow motion shows it as long as that is, and real time no shorter than is seen', () => {
  const slow = play({ watts: 36_000, speed: 0.01, seconds: 60 });
  assert.ok(Math.abs(slow.share - 0.4) < 0.02, `lit for ${slow.share} of the time: 40 ms of each 100 ms`);
  const real = play({ watts: 3_600, speed: 1 });
  assert.ok(real.share > 0.03 && real.share < 0.07, `${real.share}`);
});

test('when time stands, nothing flows or the chip is dark then nothing pulses', () => {
  const clock = new PulseClock();
  const tell = (state: 'dark' | 'steady' | 'pulsing', isPaused: boolean) =>
    clock.tell(
      {
        led: { state, impulsesPerKwh: 1_000, phase: 3.9, milliWatt: KILOWATT },
        simulatedMicros: 0,
        isPaused,
        speed: 1,
      },
      0,
    );
  assert.is(clock.lightAt(0), 'dark');
  tell('pulsing', true);
  assert.equal([clock.lightAt(10_000), clock.perSecond], ['dark', 0]);
  tell('steady', false);
  assert.equal([clock.lightAt(10_000), clock.perSecond], ['lit', 0]);
  tell('dark', false);
  assert.is(clock.lightAt(10_000), 'dark');
});

test.run();
