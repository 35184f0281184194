import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { KeypadKey } from '../../../meter-sim/firmware/hardware-interface.ts';
import { SimulatedBeeper, SimulatedGlass } from '../../../meter-sim/hardware/front-panel.ts';
import { DEFAULT_KEYPAD, SimulatedKeypad } from '../../../meter-sim/hardware/keypad-matrix.ts';
import { litSegments, segmentLetters } from '../../../meter-sim/hardware/segment-font.ts';
import { EventClock } from '../../../meter-sim/world/event-clock.ts';
import { RandomStream } from '../../../meter-sim/world/random.ts';
import { count, report, seedOf } from '../../support/counts.ts';

const test = suite('meter-sim/hardware/front-panel');

test('when a text is shown then its cells light the segments of its characters, a point in the cell before it', () => {
  const glass = new SimulatedGlass();
  glass.show('12.34 kWh', ['connected']);
  assert.is(glass.segments.length, 16);
  assert.equal(glass.segments.slice(0, 5).map(segmentLetters), ['bcj', 'abdegp.', 'abcdp', 'bcfgp', '']);
  assert.equal(glass.segments.slice(8).map(segmentLetters), Array(8).fill(''));
  assert.equal(litSegments('.5..', 4).map(segmentLetters), ['.', 'adfgm.', '.', '']);
  glass.blank();
  assert.ok(glass.segments.every((cell) => cell === 0));
});

test('when two characters differ then they look different, but for the pairs that fourteen segments cannot tell', () => {
  const printable = Array.from({ length: 0x7f - 0x20 }, (_, index) => String.fromCharCode(0x20 + index));
  const byLook = new Map<string, string>();
  for (const character of printable) {
    const look = segmentLetters(litSegments(character, 1)[0] as number);
    byLook.set(look, (byLook.get(look) ?? '') + character);
  }
  const alike = [...byLook.values()].filter((characters) => characters.length > 1);
  report(`${printable.length} characters, ${byLook.size} looks; alike: ${alike.join(' ')}`);
  assert.equal(alike, [':|', 'C[']);
  assert.throws(
    () => litSegments('ж', 1),
    (error: unknown) => error instanceof RangeError,
  );
});

test('when the buzzer sounds then it follows its pattern, and a new one cuts it off', () => {
  const clock = new EventClock();
  const beeper = new SimulatedBeeper(clock);
  const heard = (): string => {
    let text = '';
    for (let step = 0; step < 12; step++) {
      clock.advance(25_000);
      text += beeper.isSounding ? 'x' : '.';
    }
    return text;
  };
  beeper.beep('key');
  assert.is(heard(), 'x...........');
  beeper.beep('accept');
  assert.is(heard(), 'xxx....xxxx.');
  beeper.beep('reject');
  assert.is(heard(), 'xxxxxxxxxxxx');
  beeper.beep('key');
  clock.advance(50_000);
  assert.not(beeper.isSounding);
  const { key, accept, reject } = beeper.counts;
  assert.equal([key, accept, reject], [2, 1, 1]);
});

function keypad(seed: number): { clock: EventClock; pad: SimulatedKeypad; pressed: KeypadKey[] } {
  const clock = new EventClock();
  const pressed: KeypadKey[] = [];
  const pad = new SimulatedKeypad(clock, new RandomStream(seed, 'keys'), DEFAULT_KEYPAD, (key) => {
    pressed.push(key);
  });
  return { clock, pad, pressed };
}

test('when keys bounce then each press is reported once, whatever the seed', () => {
  const presses = count(20_000, 500);
  const { clock, pad, pressed } = keypad(seedOf('bouncing keys'));
  const keys: KeypadKey[] = [];
  for (let index = 0; index < presses; index++) {
    const key = String(index % 10) as KeypadKey;
    keys.push(key);
    pad.hold(key);
    clock.advance(60_000);
    pad.release(key);
    clock.advance(60_000);
  }
  report(`${presses} presses, ${clock.eventsRun} events`);
  assert.equal(pressed, keys);
});

test('when a key sticks then it shuts out the others until it is declared stuck, and then only itself', () => {
  const { clock, pad, pressed } = keypad(1);
  const stuck: KeypadKey[] = [];
  pad.onStuck((key) => stuck.push(key));
  pad.hold('5');
  clock.advance(1_000_000);
  pad.tap('6');
  assert.equal(pressed, ['5']);
  clock.advance(30_000_000);
  assert.equal(stuck, ['5']);
  assert.equal(pad.stuckKeys(), ['5']);
  pad.tap('6');
  pad.tap('5');
  assert.equal(pressed, ['5', '6']);
  pad.release('5');
  clock.advance(100_000);
  assert.equal(pad.stuckKeys(), []);
  pad.tap('5');
  assert.equal(pressed, ['5', '6', '5']);
});

test.run();
