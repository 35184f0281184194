import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { DEFAULT_EEPROM, SimulatedEeprom } from '../../../meter-sim/hardware/eeprom.ts';
import { EventClock } from '../../../meter-sim/world/event-clock.ts';
import { RandomStream } from '../../../meter-sim/world/random.ts';
import { report } from '../../support/counts.ts';
import { bareWorld } from '../support/bare-world.ts';

const test = suite('eeprom');
const isRange = (error: unknown): boolean => error instanceof RangeError;

function part(image?: Uint8Array): { clock: EventClock; eeprom: SimulatedEeprom } {
  const clock = new EventClock();
  return { clock, eeprom: new SimulatedEeprom(clock, new RandomStream(1, 'eeprom'), DEFAULT_EEPROM, image) };
}

test('a new part is all 0xFF, a write takes 5 ms, an image starts where the last ended', () => {
  const { clock, eeprom } = part();
  assert.ok(eeprom.image().every((byte) => byte === 0xff));
  let doneAt = 0;
  const seen: number[] = [];
  eeprom.onCommitted = (address, bytes): void => {
    assert.is(doneAt, 0, 'the file hears of it before the firmware');
    seen.push(address, ...bytes);
  };
  eeprom.write(64, Uint8Array.of(1, 2, 3), () => {
    doneAt = clock.now();
  });
  clock.runUntil(4999);
  assert.ok(eeprom.isBusy);
  assert.equal([...eeprom.read(64, 3)], [255, 255, 255]);
  clock.runUntil(5000);
  assert.is(doneAt, 5000);
  assert.equal(seen, [64, 1, 2, 3]);
  assert.equal([...part(eeprom.image()).eeprom.read(63, 5)], [255, 1, 2, 3, 255]);
});

test('a write while busy is lost and counted', () => {
  const { clock, eeprom } = part();
  let done = 0;
  eeprom.write(0, Uint8Array.of(1), () => done++);
  eeprom.write(64, Uint8Array.of(2), () => done++);
  clock.advance(20_000);
  assert.is(done, 1);
  assert.is(eeprom.lostWrites, 1);
  assert.is(eeprom.writesStarted, 1);
  assert.equal([eeprom.read(0, 1)[0], eeprom.read(64, 1)[0]], [1, 255]);
});

test('one byte written wears its group of four and no other', () => {
  const { clock, eeprom } = part();
  for (let round = 0; round < 7; round++) {
    eeprom.write(5, Uint8Array.of(round), () => {});
    clock.advance(5000);
  }
  assert.equal(
    [3, 4, 7, 8].map((address) => eeprom.wearAt(address)),
    [0, 7, 7, 0],
  );
  assert.is(eeprom.worstWear, 7);
});

test('a write across a page, beyond the part or of nothing is a mistake of the caller; a short image is a fault', () => {
  const { eeprom } = part();
  assert.throws(() => eeprom.write(60, new Uint8Array(5), () => {}), isRange);
  assert.throws(() => eeprom.write(32_768, new Uint8Array(1), () => {}), isRange);
  assert.throws(() => eeprom.write(0, new Uint8Array(0), () => {}), isRange);
  assert.throws(() => eeprom.read(32_767, 2), isRange);
  assert.throws(
    () => part(new Uint8Array(100)),
    (error: { code?: string }) => error.code === 'memory_image_damaged',
  );
});

test('power cut at every byte of a write: new before the byte, old after it, nothing else touched', () => {
  const before = Uint8Array.from({ length: 64 }, (_, index) => index);
  const after = before.map((byte) => byte ^ 0xa5);
  let cuts = 0;
  for (let length = 1; length <= 64; length++) {
    for (let byte = 0; byte <= length; byte++) {
      const { clock, eeprom } = part();
      eeprom.write(128, before, () => {});
      clock.advance(5000);
      let isDone = false;
      eeprom.cutAtByte(1, byte, () => eeprom.powerLost());
      eeprom.write(128, after.subarray(0, length), () => {
        isDone = true;
      });
      clock.advance(10_000);
      cuts++;
      assert.is(isDone, false);
      assert.is(eeprom.tornWrites, 1);
      const cells = eeprom.read(128, 64);
      for (let index = 0; index < 64; index++) {
        if (index === byte && index < length) continue; // The byte of the cut may be anything.
        assert.is(cells[index], index < byte && index < length ? after[index] : before[index]);
      }
      assert.ok(eeprom.read(0, 128).every((cell) => cell === 0xff));
    }
  }
  report(`${cuts} cuts, one at every byte of writes of 1 to 64 bytes`);
});

test('an unplanned power loss leaves any mix of old, new, erased and random, in that write alone', () => {
  let kept = 0;
  let written = 0;
  let erased = 0;
  let other = 0;
  for (let seed = 0; seed < 200; seed++) {
    const { world, hardware } = bareWorld({ seed });
    const { memory } = hardware();
    memory.write(0, new Uint8Array(64).fill(0x11), () => {});
    world.advance(10_000);
    memory.write(0, new Uint8Array(64).fill(0x22), () => assert.unreachable('a dead MCU was called'));
    world.advance(2000);
    world.killMcu();
    world.advance(10_000);
    for (const byte of world.eeprom.read(0, 64)) {
      if (byte === 0x11) kept++;
      else if (byte === 0x22) written++;
      else if (byte === 0xff) erased++;
      else other++;
    }
    assert.ok(world.eeprom.read(64, 64).every((cell) => cell === 0xff));
  }
  report(`torn bytes: ${kept} old, ${written} new, ${erased} erased, ${other} random`);
  for (const share of [kept, written, erased, other]) assert.ok(Math.abs(share / 12_800 - 0.25) < 0.03);
});

test.run();
