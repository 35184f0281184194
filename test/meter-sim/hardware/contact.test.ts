import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { SwitchDirection } from '../../../meter-sim/firmware/hardware-interface.ts';
import { DEFAULT_RELAY, JITTER_PROFILES_MILLIS } from '../../../meter-sim/hardware/relay-config.ts';
import { count, report, seedOf } from '../../support/counts.ts';
import { type BareWorld, bareWorld } from '../support/bare-world.ts';

const test = suite('contact');

const BOLTED_FAULT = { appliances: [{ kind: 'resistive', watt: 1_000_000 }] } as const;
const HUNDRED_AMP = { appliances: [{ kind: 'resistive', watt: 23_000 }] } as const;

function operate({ world, hardware }: BareWorld, direction: SwitchDirection): void {
  hardware().relay.pulse(direction, 100_000);
  world.advance(200_000);
}

test('when a contact closes into more than 30 x Imax then it welds every other time', () => {
  const seed = seedOf('bolted fault');
  const wanted = count(2_000, 400);
  let welded = 0;
  const bare = bareWorld({ seed, load: BOLTED_FAULT });
  for (let index = 0; index < wanted; index++) {
    operate(bare, 'close');
    if (bare.world.relay.isWelded) welded++;
    assert.is(bare.world.relay.log.at(-1)!.welded, bare.world.relay.isWelded);
    bare.world.relay.breakWeld();
    operate(bare, 'open');
  }
  report(`${welded} of ${wanted} closings into a bolted fault welded`);
  assert.ok(Math.abs(welded / wanted - 0.5) < 4 * Math.sqrt(0.25 / wanted));
});

test('when a contact closes into a rated load then it welds in proportion to the energy of its bounce arcs', () => {
  const seed = seedOf('bounce arcs');
  const wanted = count(4_000, 800);
  const weldChancePerJoule = 0.02;
  const bare = bareWorld({ seed, relay: { weldChancePerJoule }, load: HUNDRED_AMP });
  let welded = 0;
  let joule = 0;
  for (let index = 0; index < wanted; index++) {
    bare.world.advance(1 + ((index * 7_919) % 20_000));
    operate(bare, 'close');
    const { arcJoule, welded: isWelded } = bare.world.relay.log.at(-1)!;
    joule += arcJoule;
    if (isWelded) welded++;
    bare.world.relay.breakWeld();
    operate(bare, 'open');
  }
  const expected = weldChancePerJoule * joule;
  report(`${welded} welds in ${wanted} closings whose arcs let ${expected.toFixed(1)} expect`);
  assert.ok(joule > 0 && Math.abs(welded - expected) < 4 * Math.sqrt(expected));
});

test('when a contact is welded then an opening pulse frees it by chance alone, or a blow for certain', () => {
  const seed = seedOf('tearing');
  const wanted = count(2_000, 300);
  let pulses = 0;
  const torn = bareWorld({ seed, load: HUNDRED_AMP });
  const { relay } = torn.world;
  for (let index = 0; index < wanted; index++) {
    operate(torn, 'close');
    relay.weld();
    while (relay.position === 'closed') {
      operate(torn, 'open');
      pulses++;
      assert.is(relay.contact, relay.position);
      assert.is(relay.isWelded, relay.position === 'closed');
    }
  }
  assert.is(relay.stuck.byWeld, pulses - wanted);
  report(`${wanted} welded contacts took ${(pulses / wanted).toFixed(2)} opening pulses in the mean`);
  assert.ok(Math.abs(pulses / wanted - 1 / DEFAULT_RELAY.tearChance) < 4 * (9.5 / Math.sqrt(wanted)));

  const bare = bareWorld({ relay: { position: 'closed', isWelded: true, tearChance: 0 } });
  for (let index = 0; index < 20; index++) operate(bare, 'open');
  assert.is(bare.world.relay.stuck.byWeld, 20);
  bare.world.relay.breakWeld();
  operate(bare, 'open');
  assert.is(bare.world.relay.position, 'open');
});

test('when a magnet of more than 0.3 T holds the armature then no pulse moves it until the magnet goes', () => {
  const bare = bareWorld({ relay: { position: 'closed' } });
  const { world } = bare;
  world.setRelayMagnet(0.3);
  operate(bare, 'open');
  assert.is(world.relay.position, 'open', '0.3 T is not enough');
  world.setRelayMagnet(0.31);
  operate(bare, 'close');
  assert.is(world.relay.position, 'open');
  assert.is(world.relay.stuck.byMagnet, 1);
  world.setRelayMagnet(0);
  operate(bare, 'close');
  assert.is(world.relay.position, 'closed');
});

test('when a magnet throws the armature then it lands on the other side once and stays there', () => {
  const bare = bareWorld({ load: HUNDRED_AMP });
  const { world } = bare;
  world.setRelayMagnet(0.5, 'flip');
  world.advance(100_000);
  assert.is(world.relay.contact, 'closed');
  world.setRelayMagnet(0.6, 'flip');
  world.advance(100_000);
  assert.is(world.relay.contact, 'closed', 'a magnet that is there already throws nothing');
  operate(bare, 'open');
  assert.is(world.relay.stuck.byMagnet, 1);
  world.setRelayMagnet(0, 'flip');
  world.setRelayMagnet(0.5, 'flip');
  world.advance(100_000);
  assert.is(world.relay.contact, 'open');
  assert.equal(
    world.relay.log.map(({ direction }) => direction),
    ['close', 'open'],
  );
});

test('when a magnet throws a bouncing contact open then what the bounces had planned is void', () => {
  const bare = bareWorld({ load: HUNDRED_AMP });
  const { world, hardware } = bare;
  hardware().relay.pulse('close', 100_000);
  while (world.relay.position === 'open') world.advance(100);
  world.setRelayMagnet(0.5, 'flip');
  world.advance(100_000);
  assert.is(world.relay.contact, 'open');
  assert.is(world.currentAmp(), 0);
});

test('when arcs add up then life is used and resistance rises', () => {
  const bare = bareWorld({ relay: { position: 'closed', arcJoule: 33_500 }, load: HUNDRED_AMP });
  const { relay } = bare.world;
  assert.is(relay.lifeUsed, 0.5);
  assert.ok(Math.abs(relay.contactOhm - 0.00125) < 1e-9);
  bare.world.advance(3_000);
  operate(bare, 'open');
  assert.ok(relay.lifeUsed >= 0.5 && relay.lifeUsed === relay.arcJoule / 67_000);
  assert.equal([...JITTER_PROFILES_MILLIS], [0.05, 0.1, 0.15, 0.3]);
});

test('the load side is live behind a closed contact, a wire around it, or a generator', () => {
  const bare = bareWorld();
  const { world, hardware } = bare;
  const { loadSide } = hardware();
  const changes: boolean[] = [];
  loadSide.onLive((isLive) => changes.push(isLive));
  const milliVolt = (): number => {
    world.advance(1);
    return loadSide.milliVolt();
  };
  assert.is(milliVolt(), 0);
  world.setLoadSideSource({ kind: 'generator', voltRms: 49 });
  assert.is(milliVolt(), 49_000);
  assert.equal(changes, []);
  world.setLoadSideSource({ kind: 'generator', voltRms: 180 });
  assert.is(milliVolt(), 180_000);
  operate(bare, 'close');
  assert.is(milliVolt(), 230_000);
  operate(bare, 'open');
  world.setLoadSideSource({ kind: 'bypass' });
  world.setVoltage(220);
  assert.is(milliVolt(), 220_000);
  assert.equal(changes, [true], 'the generator held it live all the time');
  world.setLoadSideSource({ kind: 'none' });
  assert.is(milliVolt(), 0);
  assert.equal(changes, [true, false]);
  operate(bare, 'close');
  assert.is(changes.at(-1), true, 'its own closing as well');
  assert.throws(
    () => world.setLoadSideSource({ kind: 'generator', voltRms: Number.NaN }),
    (error: unknown) => error instanceof RangeError,
  );
});

test('the thermometer reads whole tenths of a degree', () => {
  const { world, hardware } = bareWorld();
  assert.is(hardware().thermometer.deciCelsius(), 230);
  world.setTemperature(-25.04);
  assert.is(hardware().thermometer.deciCelsius(), -250);
});

test.run();
