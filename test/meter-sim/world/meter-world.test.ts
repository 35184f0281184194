import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { report } from '../../support/counts.ts';
import { bareWorld } from '../support/bare-world.ts';

const test = suite('meter world');
const KETTLE = { appliances: [{ kind: 'resistive', watt: 2000 }] } as const;

test('power cut: warning after 10 ms, brown-out after the hold-up, boot again when the mains is back', () => {
  const { world, calls, hardware } = bareWorld({ relay: { position: 'closed' }, load: KETTLE });
  assert.equal(calls, [{ what: 'boot', at: 100_000 }]);
  const firstLife = hardware();
  firstLife.display.show('HELLO', ['connected']);
  let ticks = 0;
  const tick = (): void => {
    ticks++;
    firstLife.timer.at(firstLife.timer.now() + 1000, tick);
  };
  tick();
  firstLife.metering.alarmAfter(10_000, () => assert.unreachable('the alarm of a dead MCU'));
  firstLife.memory.write(0, Uint8Array.of(1, 2, 3), () => {});
  const cutAt = world.now();
  world.cutPower();
  world.advance(2_000_000);
  assert.equal(calls.at(-1), { what: 'powerFailing', at: cutAt + 10_000 });
  assert.is(world.supplyState, 'off');
  assert.is(world.powered, false);
  assert.is(ticks, 50, 'the timers die with the MCU, 50 ms after the cut');
  assert.is(world.display.text, '');
  world.pressKey('1');
  world.powerOn();
  world.advance(1_000_000);
  assert.equal(
    calls.map(({ what }) => what),
    ['boot', 'powerFailing', 'boot'],
  );
  assert.is(ticks, 50);
  assert.is.not(hardware(), firstLife);
  firstLife.display.show('GHOST', []);
  firstLife.relay.pulse('open', 100_000);
  firstLife.memory.write(0, Uint8Array.of(9), () => {});
  world.advance(1_000_000);
  assert.is(world.display.text, '');
  assert.is(world.relay.position, 'closed');
  assert.equal([...world.eeprom.read(0, 3)], [1, 2, 3]);
});

test('a cut shorter than the detection is not noticed; a return during the hold-up resets nothing', () => {
  const { world, calls } = bareWorld();
  world.cutPower();
  world.advance(9_000);
  world.powerOn();
  world.advance(1_000_000);
  assert.equal(
    calls.map(({ what }) => what),
    ['boot'],
  );
  world.cutPower();
  world.advance(30_000);
  assert.is(world.supplyState, 'failing');
  world.powerOn();
  world.advance(1_000_000);
  assert.equal(
    calls.map(({ what }) => what),
    ['boot', 'powerFailing'],
  );
  assert.is(world.supplyState, 'on');
  assert.is(world.resets, 1);
});

test('a deep dip counts as a loss of the mains, a shallow one does not', () => {
  const { world, calls } = bareWorld();
  world.setVoltage(161);
  world.advance(1_000_000);
  assert.is(world.supplyState, 'on');
  world.setVoltage(92);
  world.advance(1_000_000);
  assert.is(world.supplyState, 'off');
  assert.is(calls.at(-1)?.what, 'powerFailing');
});

test('a coil pulse dies with the MCU; an armature that has not moved stays', () => {
  for (const [after, position] of [
    [3000, 'closed'],
    [20_000, 'open'],
  ] as const) {
    const { world, hardware } = bareWorld({ relay: { position: 'closed' }, load: KETTLE });
    hardware().relay.pulse('open', 100_000);
    world.advance(after);
    world.killMcu();
    world.advance(1_000_000);
    assert.is(world.relay.position, position);
    assert.is(world.relay.isMoving, false);
  }
});

test('keys reach a living firmware, in order and as events', () => {
  const { world, calls } = bareWorld();
  for (const key of ['4', '2', 'enter'] as const) world.pressKey(key);
  assert.is(calls.length, 1, 'nothing runs inside the call');
  world.advance(0);
  assert.equal(
    calls.slice(1).map(({ what }) => what),
    ['key 4', 'key 2', 'key enter'],
  );
});

test('the clock runs on through an outage', () => {
  const { world, hardware } = bareWorld();
  world.cutPower();
  world.advance(3_600_000_000);
  world.powerOn();
  world.advance(1_000_000);
  assert.is(hardware().rtc.epochSeconds(), 1_767_225_600 + 3602);
});

test('equal seeds give equal traces, other seeds others, in both fidelities', () => {
  for (const fidelity of ['sampled', 'next-event'] as const) {
    const story = (seed: number): string => {
      const { world, hardware } = bareWorld({ seed, fidelity, relay: { position: 'closed' }, load: KETTLE });
      hardware().metering.captureZeroCrossings('current', () => {});
      hardware().metering.alarmAfter(1_234_567, () => hardware().relay.pulse('open', 100_000));
      world.advance(2_000_000);
      hardware().memory.write(0, new Uint8Array(64), () => {});
      world.advance(1000);
      world.cutPower();
      world.advance(100_000);
      world.powerOn();
      world.advance(5_000_000);
      return `${world.traceHash()} ${JSON.stringify(world.relay.log)} ${world.eeprom.read(0, 64)}`;
    };
    assert.is(story(7), story(7));
    assert.is.not(story(7), story(8));
  }
});

test('speed with a firmware that sleeps', () => {
  const seconds = { sampled: 600, 'next-event': 365 * 86_400 } as const;
  for (const fidelity of ['sampled', 'next-event'] as const) {
    const { world, hardware } = bareWorld({ fidelity, relay: { position: 'closed' }, load: KETTLE });
    const startedAt = performance.now();
    world.advance(seconds[fidelity] * 1e6);
    hardware().metering.energyMilliJoule();
    const took = (performance.now() - startedAt) / 1000;
    const perSample = fidelity === 'sampled' ? `, ${((took * 1e9) / 600 / 4096).toFixed(0)} ns a sample` : '';
    report(
      `${fidelity}: ${seconds[fidelity]} s in ${took.toFixed(3)} s, ` +
        `${Math.round(seconds[fidelity] / took)} times real time${perSample}`,
    );
  }
});

test.run();
