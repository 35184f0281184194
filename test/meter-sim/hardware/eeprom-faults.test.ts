/** What ages, sticks, is refused or is written by nobody in the EEPROM (meter-hardware.md 4), and the MCU that starts again. */
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { guardedMemory } from '../../../meter-sim/firmware/guarded-memory.ts';
import { DEFAULT_EEPROM, type EepromConfig, SimulatedEeprom } from '../../../meter-sim/hardware/eeprom.ts';
import { EventClock } from '../../../meter-sim/world/event-clock.ts';
import { RandomStream } from '../../../meter-sim/world/random.ts';
import { count, report, seedOf } from '../../support/counts.ts';
import { bareWorld } from '../support/bare-world.ts';

const test = suite('meter-sim/hardware/eeprom faults');

function part(
  seed: number | string,
  config: Partial<EepromConfig> = {},
): { clock: EventClock; eeprom: SimulatedEeprom } {
  const clock = new EventClock();
  const all = { ...DEFAULT_EEPROM, ...config };
  return { clock, eeprom: new SimulatedEeprom(clock, new RandomStream(seed, 'eeprom'), all) };
}

function put(clock: EventClock, eeprom: SimulatedEeprom, address: number, bytes: Uint8Array): void {
  eeprom.write(address, bytes, () => {});
  clock.advance(DEFAULT_EEPROM.writeMicros);
}

test('no cell sticks before its endurance; then bits stick, Weibull-distributed with shape 3', () => {
  const seed = seedOf('worn cells');
  const endurance = 50;
  const parts = count(4000, 400);
  const lives: number[] = [];
  for (let index = 0; index < parts; index++) {
    const { clock, eeprom } = part(`${seed}/${index}`, { endurance });
    for (let write = 1; eeprom.stuckBits === 0; write++) {
      put(clock, eeprom, 4, Uint8Array.of(write, 0, 0, 0));
      if (eeprom.stuckBits > 0) lives.push(write);
      assert.ok(write < 1000, 'no bit ever stuck');
    }
  }
  assert.ok(Math.min(...lives) > endurance, `the first at ${Math.min(...lives)}`);
  const beyond = lives.map((life) => (life - endurance) / endurance).sort((a, b) => a - b);
  const at = (share: number): number => beyond[Math.floor(share * beyond.length)] as number;
  report(
    `${parts} groups: the first bit stuck at ${Math.min(...lives)} to ${Math.max(...lives)} writes, ` +
      `quartiles ${at(0.25).toFixed(2)}, ${at(0.5).toFixed(2)}, ${at(0.75).toFixed(2)} of the endurance beyond it`,
  );
  for (const share of [0.25, 0.5, 0.75]) {
    const expected = (-Math.log(1 - share)) ** (1 / 3);
    assert.ok(Math.abs(at(share) - expected) < 0.07, `quartile ${share}: ${at(share)} of ${expected}`);
  }
});

test('a stuck bit stays through every write, in that byte alone, and is told to the file', () => {
  const { clock, eeprom } = part(1);
  put(clock, eeprom, 64, new Uint8Array(64).fill(0x55));
  const told: number[][] = [];
  eeprom.onCommitted = (address, bytes): void => {
    told.push([address, ...bytes]);
  };
  eeprom.stick(70, 0x01, 0x00);
  assert.equal(told, [[70, 0x54]]);
  for (const value of [0xff, 0x00, 0xa5]) {
    put(clock, eeprom, 64, new Uint8Array(64).fill(value));
    const cells = eeprom.read(64, 64);
    cells.forEach((cell, index) => {
      assert.is(cell, index === 6 ? value & 0xfe : value);
    });
    assert.is(told.at(-1)?.[7], value & 0xfe);
  }
  assert.is(eeprom.stuckBits, 1);
});

test('the wear map counts whole pages and single bytes in their groups, and tears too', () => {
  const { clock, eeprom } = part(1);
  put(clock, eeprom, 0, new Uint8Array(64));
  put(clock, eeprom, 0, new Uint8Array(64));
  put(clock, eeprom, 9, Uint8Array.of(1));
  eeprom.write(64, new Uint8Array(8), () => assert.unreachable());
  clock.advance(100);
  eeprom.powerLost();
  const map = eeprom.wearMap();
  assert.is(map.length, 8192);
  assert.equal([...map.subarray(0, 20)], [2, 2, 3, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 1, 1, 0, 0]);
  assert.is(eeprom.worstWear, 3);
  assert.is(
    map.reduce((sum, wear) => sum + wear, 0),
    35,
  );
});

test('a protected part answers at once and keeps its cells', () => {
  const { clock, eeprom } = part(1);
  eeprom.protect(true);
  let answeredAt = -1;
  eeprom.write(0, Uint8Array.of(1), () => {
    answeredAt = clock.now();
  });
  clock.advance(10_000);
  assert.is(answeredAt, 0);
  assert.is(eeprom.read(0, 1)[0], 0xff);
  assert.is(eeprom.counts.protectedWrites, 1);
  assert.is(eeprom.worstWear, 0);
});

test('noise on a dying bus writes once in ten thousand fails, and never past the write-protect pin', () => {
  const seed = seedOf('spurious writes');
  const fails = count(2_000_000, 400_000);
  const { eeprom } = part(seed);
  for (let fail = 0; fail < fails; fail++) eeprom.powerLost();
  const { spuriousWrites } = eeprom.counts;
  const guarded = part(seed).eeprom;
  guardedMemory(guarded);
  for (let fail = 0; fail < fails; fail++) guarded.powerLost();
  report(`${fails} fails: ${spuriousWrites} spurious writes; protected: ${guarded.counts.spuriousWrites}`);
  const expected = fails * 1e-4;
  assert.ok(Math.abs(spuriousWrites - expected) < 5 * Math.sqrt(expected));
  assert.is(guarded.counts.spuriousWrites, 0);
  assert.ok(guarded.image().every((byte) => byte === 0xff));
});

test('below its least voltage the part loses a write and reads as noise', () => {
  // A brown-out level set too low: the MCU lives on where the part does not.
  const { world, hardware, calls } = bareWorld({ supply: { brownOutVolt: 1.9 } });
  const { memory } = hardware();
  memory.write(0, new Uint8Array(64).fill(0x3c), () => {});
  world.advance(10_000);
  world.cutPower();
  while (world.mcuVolt() >= 2.5) world.advance(100);
  assert.ok(world.powered);
  memory.write(64, Uint8Array.of(1), () => assert.unreachable('a write below Vmin'));
  assert.is(world.eeprom.counts.lowVoltWrites, 1);
  const read = memory.read(0, 64);
  const wrong = read.filter((byte) => byte !== 0x3c).length;
  assert.ok(wrong > 10, `${wrong} bytes read wrong`);
  assert.ok(world.eeprom.read(0, 64).every((byte) => byte === 0x3c));
  world.advance(1_000_000);
  assert.is(world.powered, false);
  assert.is(calls.at(-1)?.what, 'powerFailing');
});

test('a write that was begun before the brown-out ends if the part’s voltage lasts', () => {
  const ends = { whole: 0, torn: 0 };
  for (let lead = 250; lead <= 5000; lead += 250) {
    const { world, hardware } = bareWorld();
    const { memory } = hardware();
    world.cutPower();
    // The rail falls by 0.17 V in a millisecond.
    while (world.railVolt() > 3.4 + lead * 1.7e-4) world.advance(5);
    assert.ok(world.powered);
    memory.write(0, new Uint8Array(64).fill(0x77), () => {});
    world.advance(1_000_000);
    const isWhole = world.eeprom.read(0, 64).every((byte) => byte === 0x77);
    ends[isWhole ? 'whole' : 'torn']++;
    assert.is(world.eeprom.tornWrites, isWhole ? 0 : 1);
  }
  report(`writes begun up to 5 ms before the brown-out: ${ends.whole} whole, ${ends.torn} torn`);
  assert.ok(ends.whole >= 3 && ends.torn >= 10);
});

test('a reset tells its reason: power-on, brown-out, watchdog', () => {
  const { world, hardware } = bareWorld();
  assert.is(hardware().resetReason, 'power-on');
  world.cutPower();
  while (world.powered) world.advance(100);
  world.powerOn();
  world.advance(1_000_000);
  assert.is(hardware().resetReason, 'brown-out');
  world.cutPower();
  world.advance(10_000_000);
  world.powerOn();
  world.advance(1_000_000);
  assert.is(hardware().resetReason, 'power-on');
  assert.equal(world.resetsByReason, { 'power-on': 2, 'brown-out': 1, watchdog: 0 });
});

test('a firmware that throws is reported, hangs, and is started again by the watchdog', () => {
  const errors: unknown[] = [];
  const { world, hardware, calls } = bareWorld({
    firmwareThrew: (error) => {
      errors.push(error);
    },
  });
  const { timer, display } = hardware();
  display.show('ALIVE', []);
  timer.at(timer.now() + 1000, () => {
    throw new RangeError('a bug');
  });
  let late = 0;
  timer.at(timer.now() + 2000, () => {
    late++;
  });
  world.advance(500_000);
  assert.is(errors.length, 1);
  assert.instance(errors[0], RangeError);
  assert.is(world.display.text, 'ALIVE', 'the glass keeps what stood there');
  world.pressKey('1');
  world.advance(1_000_000);
  assert.is(late, 0);
  assert.equal(
    calls.map(({ what }) => what),
    ['boot', 'boot'],
  );
  assert.is(hardware().resetReason, 'watchdog');
  assert.is(world.resetsByReason.watchdog, 1);
});

test('without anybody to report to, the throw leaves the call that runs the world', () => {
  const { world, hardware } = bareWorld();
  const { timer } = hardware();
  timer.at(timer.now() + 1000, () => {
    throw new RangeError('a bug');
  });
  assert.throws(
    () => world.advance(10_000),
    (error: unknown) => error instanceof RangeError,
  );
});

test.run();
