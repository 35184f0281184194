/** The keypad as a carrier of tokens (sts.md 8.5). */
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { KeypadKey } from '../../../meter-sim/firmware/hardware-interface.ts';
import { Keypad } from '../../../meter-sim/firmware/keypad.ts';
import { EventClock } from '../../../meter-sim/world/event-clock.ts';

const test = suite('meter-sim/firmware/keypad');

function makeKeypad() {
  const clock = new EventClock();
  const seen = { text: undefined as string | undefined, tokens: [] as string[], codes: [] as string[] };
  const keypad = new Keypad({ now: () => clock.now(), at: (time, run) => clock.at(time, run) }, 20_000_000, {
    entryChanged: (text) => {
      seen.text = text;
    },
    tokenKeyed: (tokenNo) => seen.tokens.push(tokenNo),
    codeKeyed: (digits) => seen.codes.push(digits),
  });
  const press = (keys: string): void => {
    for (const key of keys) keypad.press(key as KeypadKey);
  };
  return { clock, keypad, press, seen };
}

test('digits scroll in from the right in groups of four behind their counter', () => {
  const { press, seen } = makeKeypad();
  const texts: (string | undefined)[] = [];
  for (const digit of '1234567890123456789') {
    press(digit);
    texts.push(seen.text);
  }
  assert.is(texts[0], '01             1');
  assert.is(texts[4], '05        1234-5');
  assert.is(texts[18], '19 9012-3456-789');
  assert.ok(texts.every((text) => text?.length === 16));
});

test('the twentieth digit evaluates by itself and leaves nothing behind', () => {
  const { press, seen } = makeKeypad();
  press('12345678901234567890');
  assert.equal(seen.tokens, ['12345678901234567890']);
  assert.is(seen.text, undefined);
  press('7');
  assert.is(seen.text, '01             7');
});

test('backspace takes the last digit, and on an empty line nothing', () => {
  const { keypad, press, seen } = makeKeypad();
  keypad.press('backspace');
  assert.is(seen.text, undefined);
  press('12');
  keypad.press('backspace');
  assert.is(seen.text, '01             1');
  keypad.press('backspace');
  assert.is(seen.text, undefined);
  press('12345678901234567890');
  assert.is(seen.tokens[0], '12345678901234567890');
});

test('twenty seconds without a key drop the digits; a key in time starts them anew', () => {
  const { clock, press, seen } = makeKeypad();
  press('1');
  clock.advance(19_999_999);
  press('2');
  clock.advance(19_999_999);
  assert.is(seen.text, '02            12');
  clock.advance(1);
  assert.is(seen.text, undefined);
  press('12345678901234567890');
  assert.equal(seen.tokens, ['12345678901234567890']);
});

test('enter after fewer digits is a code, never a token', () => {
  const { keypad, press, seen } = makeKeypad();
  press('801');
  keypad.press('enter');
  press('1234567890123456789');
  keypad.press('enter');
  keypad.press('enter');
  assert.equal(seen.codes, ['801', '1234567890123456789', '']);
  assert.equal(seen.tokens, []);
});

test.run();
