/** Tampering with a whole meter: relay, glass, tokens, power cycles and the module, in their world. */
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { bytesFromHex } from '../../../lib/hex.ts';
import type { LinkMessage } from '../../../lib/link/messages.ts';
import { createTokenCipher } from '../../../lib/token/cipher.ts';
import { encodeToken } from '../../../lib/token/token.ts';
import { DEFAULT_COMMS } from '../../../meter-sim/firmware/comms-link.ts';
import { PROFILE_STATUS } from '../../../meter-sim/firmware/metering/profile-page.ts';
import { DEFAULT_OPTIONS, type FirmwareOptions } from '../../../meter-sim/firmware/options.ts';
import { DEFAULT_TAMPER_RULES } from '../../../meter-sim/firmware/tamper.ts';
import { type MeterBench, makeBench, powerUp, SECOND } from '../../support/meter-bench.ts';
import { ownToken, PUBLIC_FACTORY, tokenOfAnotherMeter } from '../../support/public-meter.ts';

const test = suite('meter-sim/firmware/tamper in the meter');

const MINUTE = 6_600_000;
const MAGNET = { faceMilliTesla: 500, halfLengthMillimetre: 10, hertz: 0 } as const;

function supplied(options: FirmwareOptions = DEFAULT_OPTIONS): MeterBench {
  const bench = makeBench({ load: { appliances: [{ kind: 'resistive', watt: 2_300 }] } }, options);
  powerUp(bench);
  bench.world.advance(2 * SECOND);
  enter(bench, ownToken(MINUTE, 100));
  bench.world.advance(3 * SECOND);
  assert.is(bench.world.relay.position, 'closed');
  return bench;
}

function enter(bench: MeterBench, tokenNo: string): string | undefined {
  let result: string | undefined;
  bench.firmware().enterToken(tokenNo, (outcome) => {
    result = outcome.result;
  });
  bench.world.advance(200_000);
  return result;
}

function events(bench: MeterBench): string[] {
  return bench
    .firmware()
    .events('tamper')
    .map(({ name, detail }) => `${name} ${detail}`)
    .reverse();
}

test('when the meter cover is lifted then the relay opens before a current zero, the glass says so, and credit does not close it', () => {
  const bench = supplied();
  const { world } = bench;
  world.covers.setOpen('meter', true);
  world.advance(2 * SECOND);
  assert.is(world.relay.position, 'open');
  assert.is(bench.firmware().readout().switchCause, 'meterCover');
  const opening = world.relay.log.at(-1);
  assert.ok((opening?.distanceMicros ?? 0) < 0, 'zero-crossed like every opening');
  world.advance(10 * SECOND);
  assert.is(world.display.text, 'OPEN');
  assert.ok(world.display.icons.includes('tamper'));
  world.covers.setOpen('meter', false);
  world.advance(SECOND);
  assert.is(enter(bench, ownToken(MINUTE + 1, 10)), 'Accept');
  world.advance(20 * SECOND);
  assert.is(world.relay.position, 'open');
  assert.is(world.display.text, 'OPEN');
  assert.equal(events(bench), ['meterCoverOpened 1', 'meterCoverOpened 0']);
  assert.equal(bench.firmware().readout().tamper, {
    present: [],
    latched: ['meter-cover'],
    isCommissioned: true,
  });
});

test('when the latch stands then no power cycle releases it, and the clear-tamper token does, once and for all', () => {
  const bench = supplied();
  const { world } = bench;
  const cycle = (): void => {
    world.cutPower();
    world.advance(30 * SECOND);
    world.powerOn();
    world.advance(5 * SECOND);
  };
  world.covers.setOpen('terminal', true);
  world.advance(SECOND);
  world.covers.setOpen('terminal', false);
  world.advance(SECOND);
  for (let turn = 0; turn < 3; turn++) {
    cycle();
    assert.is(world.relay.position, 'open');
    assert.equal(bench.firmware().readout().tamper.latched, ['terminal-cover']);
  }
  const cipher = createTokenCipher(11, bytesFromHex(PUBLIC_FACTORY.decoderKey));
  const { tokenNo } = encodeToken({ kind: 'clearTamper', tidMinutes: MINUTE + 9, rnd: 3 }, cipher);
  assert.is(enter(bench, tokenNo), 'Accept');
  world.advance(3 * SECOND);
  assert.is(world.relay.position, 'closed');
  cycle();
  assert.equal(bench.firmware().readout().tamper.latched, []);
  assert.is(world.relay.position, 'closed');
  assert.equal(events(bench), ['terminalCoverOpened 1', 'terminalCoverOpened 0', 'tamperCleared 0']);
});

test('when a strong magnet comes then DISTU is shown, and it trips only where the utility wants it', () => {
  for (const trips of [false, true]) {
    const rules = { ...DEFAULT_TAMPER_RULES, magnet: { trips, latches: true } };
    const bench = supplied({ ...DEFAULT_OPTIONS, tamper: { ...DEFAULT_OPTIONS.tamper, rules } });
    const { world } = bench;
    // Beside the relay its own field is too weak to hold the armature.
    world.hall.setMagnet({ ...MAGNET, atMillimetre: [-30, 0, 0] });
    assert.ok(world.hall.relayTesla() < 0.3);
    world.advance(10 * SECOND);
    assert.is(world.display.text, 'DISTU');
    assert.is(world.relay.position, trips ? 'open' : 'closed');
    assert.equal(events(bench), ['magnet 1']);
  }
});

test('when something disturbs the measurement then the profile of that half hour says so, and no other', () => {
  const bench = supplied();
  const { world } = bench;
  const disturbed = (): boolean[] =>
    bench
      .firmware()
      .loadProfile()
      .map(({ status }) => (status & PROFILE_STATUS.disturbed) !== 0);
  world.advance(3_600 * SECOND);
  const before = disturbed().length;
  world.hall.setMagnet({ ...MAGNET, atMillimetre: [-30, 0, 0] });
  world.advance(10 * SECOND);
  world.hall.setMagnet(undefined);
  world.advance(3_600 * SECOND);
  const said = disturbed();
  assert.ok(said.length >= before + 2);
  assert.equal(
    said.flatMap((is, index) => (is ? [index] : [])),
    [before],
  );
});

test('when a magnet influences the measurement and Imax is charged then the credit ends in its time', () => {
  const tamper = { ...DEFAULT_OPTIONS.tamper, billsInfluenceAtImax: true };
  const bench = supplied({ ...DEFAULT_OPTIONS, tamper });
  const { world } = bench;
  const before = bench.firmware().readout();
  world.hall.setMagnet({ ...MAGNET, atMillimetre: [-20, 0, 0] });
  world.advance(60 * SECOND);
  const charged = bench.firmware().readout().totalMilliWh - before.totalMilliWh;
  // 23 kW for a minute is 383.3 Wh.
  assert.ok(Math.abs(charged - 383_333) <= 20, `${charged} mWh`);
  world.advance(1_600 * SECOND);
  const after = bench.firmware().readout();
  assert.is(after.relay, 'open');
  assert.ok(after.creditMilliWh <= 0 && after.creditMilliWh > -1_000, `${after.creditMilliWh} mWh`);
});

test('when wrong tokens bar the door then brute force is latched beside the lockout', () => {
  const bench = supplied();
  for (let index = 0; index < 3; index++) enter(bench, tokenOfAnotherMeter(MINUTE + index));
  assert.equal(bench.firmware().readout().tamper.latched, ['brute-force']);
  bench.world.advance(10 * SECOND);
  assert.ok(bench.world.display.icons.includes('tamper'));
  assert.is(bench.world.relay.position, 'closed');
});

test('when a generator feeds the load side behind an open relay then it is noted', () => {
  const bench = makeBench();
  powerUp(bench);
  bench.world.advance(5 * SECOND);
  bench.world.setLoadSideSource({ kind: 'generator', voltRms: 220 });
  bench.world.advance(2 * SECOND);
  assert.equal(events(bench), ['loadSideVoltage 1']);
  bench.world.setLoadSideSource({ kind: 'none' });
  bench.world.advance(2 * SECOND);
  assert.equal(events(bench), ['loadSideVoltage 1', 'loadSideVoltage 0']);
});

test('when energy is led past an open contact then all of it is counted, without an interrupt for every mWh', () => {
  const bench = supplied();
  const { world } = bench;
  world.setWiring({ bypassShare: 0.5 });
  world.covers.setOpen('meter', true);
  world.advance(10 * SECOND);
  assert.is(world.relay.position, 'open');
  const from = { events: world.eventsRun, total: bench.firmware().readout().totalMilliWh };
  world.advance(3_600 * SECOND);
  const counted = bench.firmware().readout().totalMilliWh - from.total;
  assert.ok(Math.abs(counted / 2_300_000 - 1) < 0.01, `${counted} mWh of 2.3 kWh`);
  const events = world.eventsRun - from.events;
  assert.ok(events < 20_000, `${events} events in an hour`);
  // The jumper is taken away, and the contact closed by force: the first energy through it tells.
  world.setWiring({});
  world.advance(60 * SECOND);
  const openings = world.relay.log.length;
  world.setRelayMagnet(0.5, 'flip');
  world.advance(SECOND);
  world.setRelayMagnet(0);
  world.advance(10 * SECOND);
  assert.is(world.relay.position, 'open');
  assert.ok(world.relay.log.length > openings);
});

test('when a module is plugged in then tokens and readings travel over it, and the meter tells of tampering', () => {
  const bench = supplied();
  const { world } = bench;
  const module = world.makeModule({
    id: new Uint8Array(8).fill(9),
    pairingKey: bytesFromHex(DEFAULT_COMMS.pairingKey),
  });
  world.slot.plug(module);
  world.advance(5 * SECOND);
  assert.ok(bench.firmware().readout().comms.isUp);
  const answers: LinkMessage[] = [];
  const send = (key: string): void => {
    module.command({ kind: 'token', key, tokenNo: ownToken(MINUTE + 5, 50) }, (answer) =>
      answers.push(answer),
    );
    world.advance(3 * SECOND);
  };
  send('00000000000000a1');
  send('00000000000000a1');
  send('00000000000000a2');
  assert.equal(
    answers.map((answer) => answer.kind === 'answer' && answer.code),
    [1, 1, 10],
  );
  assert.is(bench.firmware().readout().acceptedMilliWh, 15_000_000);
  world.advance(3_700 * SECOND);
  const reading = module.outbox.find(({ kind }) => kind === 'reading');
  assert.ok(reading?.kind === 'reading' && reading.totalMilliWh > 2_000_000 && reading.isRelayClosed);
  world.covers.setOpen('terminal', true);
  world.advance(SECOND);
  const told = module.outbox.at(-1);
  assert.ok(told?.kind === 'event' && told.isStart && told.code === 2);
  const total = bench.firmware().readout().totalMilliWh;
  world.covers.setOpen('terminal', false);
  world.slot.unplug();
  world.advance(60 * SECOND);
  assert.ok(bench.firmware().readout().comms.isLost);
  assert.equal(
    bench
      .firmware()
      .events('standard')
      .map(({ name }) => name)
      .includes('commsLost'),
    true,
  );
  assert.ok(bench.firmware().readout().totalMilliWh >= total, 'metering goes on');
});

test.run();
