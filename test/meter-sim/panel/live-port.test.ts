/** The bench of a live meter over real sockets: hands, faults, scope, time, and everything malformed. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { PUBLIC_TEST_METER } from '../../../cli/public-test-values.ts';
import { type RunningMeter, startMeter } from '../../../meter-sim/main.ts';
import type { BenchView } from '../../../meter-sim/panel/bench-view.ts';
import type { Distances, SupplyTrace, SwitchingTrace } from '../../../meter-sim/panel/scope.ts';
import type { RunningTrace } from '../../../meter-sim/panel/sweep.ts';
import { ownToken } from '../../support/public-meter.ts';
import { WebSocketClient } from '../../support/websocket-client.ts';

const test = suite('meter-sim/panel/live-port');
const LIVE = '/v1/meter/live';

type Json = Record<string, unknown>;

async function withMeter(
  run: (meter: RunningMeter, client: WebSocketClient) => Promise<void>,
): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'wattoken-live-'));
  const meter = await startMeter({
    dataFolder: folder,
    factory: PUBLIC_TEST_METER,
    port: 0,
    speed: 1,
    loadWatts: 2_300,
    seed: 7,
  });
  const client = await WebSocketClient.open(meter.url, LIVE);
  try {
    await run(meter, client);
  } finally {
    client.close();
    await meter.stop();
    rmSync(folder, { recursive: true });
  }
}

const stateOf = (answer: Json): Json => {
  assert.is(answer['type'], 'done', JSON.stringify(answer));
  return answer['state'] as Json;
};

/** Commands under rising numbers: `send` gives the answer whatever it is, `ask` the state after one that was done. */
function asking(client: WebSocketClient) {
  let id = 0;
  const send = (command: object): Promise<Json> => client.ask(++id, command);
  return { send, ask: async (command: object): Promise<Json> => stateOf(await send(command)) };
}

async function get(meter: RunningMeter, path: string): Promise<Json> {
  return (await (await fetch(meter.url + path)).json()) as Json;
}

test('when time is paused then it moves by single steps alone, and at any speed after', () =>
  withMeter(async (_meter, client) => {
    const { send, ask } = asking(client);
    const paused = await ask({ do: 'pause' });
    assert.is(paused['isPaused'], true);
    const stepped = await ask({ do: 'step', micros: 1_234 });
    assert.is(stepped['simulatedMicros'], (paused['simulatedMicros'] as number) + 1_234);
    await new Promise((resolve) => setTimeout(resolve, 100));
    const still = await ask({ do: 'speed', speed: 0.01 });
    assert.is(still['simulatedMicros'], stepped['simulatedMicros']);
    await ask({ do: 'resume' });
    await new Promise((resolve) => setTimeout(resolve, 300));
    const slow = await ask({ do: 'speed', speed: 'max' });
    const crept = (slow['simulatedMicros'] as number) - (stepped['simulatedMicros'] as number);
    assert.ok(crept > 0 && crept < 50_000, `${crept} µs in a third of a second at a hundredth`);
    await new Promise((resolve) => setTimeout(resolve, 300));
    const fast = await ask({ do: 'pause' });
    assert.ok((fast['simulatedMicros'] as number) - (slow['simulatedMicros'] as number) > 1_000_000);
    const refused = await send({ do: 'step', micros: 1 });
    assert.is(refused['type'], 'done');
    await ask({ do: 'resume' });
    const notPaused = await send({ do: 'step', micros: 1 });
    assert.is((notPaused['problem'] as Json)['code'], 'meter_not_paused');
  }));

test('when hands play with the meter then glass, covers, magnet, module and events show it', () =>
  withMeter(async (meter, client) => {
    const { send, ask } = asking(client);
    await ask({ do: 'pause' });
    await ask({ do: 'step', micros: 3_000_000 });
    const keyed = await ask({ do: 'keys', keys: '12' });
    assert.equal((keyed['glass'] as Json)['text'], '02            12');
    assert.equal(((keyed['glass'] as Json)['segments'] as string[]).slice(-2), ['bcj', 'abdegp']);
    await ask({ do: 'keys', keys: '**' });
    await ask({ do: 'keys', keys: ownToken(6_000_000, 50) });
    await ask({ do: 'step', micros: 5_000_000 });
    const opened = await ask({ do: 'cover', cover: 'meter', isOpen: true });
    assert.is((opened['covers'] as Json)['meter'], true);
    const tripped = await ask({ do: 'step', micros: 20_000_000 });
    assert.equal((tripped['tamper'] as Json)['latched'], ['meter-cover']);
    assert.is((tripped['glass'] as Json)['text'], 'OPEN');
    assert.is(tripped['relay'], 'open');
    const magnet = { faceMilliTesla: 500, halfLengthMillimetre: 10, atMillimetre: [-25, 0, 0], hertz: 0 };
    await ask({ do: 'magnet', magnet });
    await ask({ do: 'step', micros: 2_000_000 });
    await ask({ do: 'magnet', magnet: null });
    await ask({ do: 'plug', moduleId: '00000000000000aa' });
    const plugged = await ask({ do: 'step', micros: 5_000_000 });
    assert.is((plugged['module'] as Json)['isLinked'], true);
    await ask({ do: 'module-token', key: '0000000000000001', tokenNo: ownToken(6_000_001, 10) });
    const answered = await ask({ do: 'step', micros: 3_000_000 });
    assert.is(answered['balanceKwh'] !== plugged['balanceKwh'], true);
    const taken = await send({ do: 'plug', moduleId: '00000000000000ab' });
    assert.is((taken['problem'] as Json)['code'], 'module_slot_taken');
    await ask({ do: 'unplug' });
    const empty = await send({ do: 'unplug' });
    assert.is((empty['problem'] as Json)['code'], 'module_slot_empty');
    const events = (await get(meter, '/v1/meter/events'))['tamper'] as Json[];
    assert.equal(
      events.map(({ name }) => name),
      ['magnet', 'magnet', 'meterCoverOpened'],
    );
  }));

test('when wires, mains and clock are played with then the meter notes what was done to it', () =>
  withMeter(async (meter, client) => {
    const { send, ask } = asking(client);
    await ask({ do: 'pause' });
    await ask({ do: 'step', micros: 3_000_000 });
    await ask({ do: 'keys', keys: ownToken(6_000_000, 50) });
    await ask({ do: 'step', micros: 8_000_000 });
    await ask({ do: 'wiring', earthShare: 0.5 });
    await ask({ do: 'step', micros: 15_000_000 });
    await ask({ do: 'wiring', isReversed: true });
    const { wiring } = (await ask({ do: 'wiring', isReversed: false })) as unknown as BenchView;
    assert.is(wiring.earthShare, 0.5, 'what a command does not name stays');
    await ask({ do: 'wiring', earthShare: 0 });
    await ask({ do: 'dip', residualPercent: 70, micros: 200_000 });
    await ask({ do: 'surge', volt: 290, micros: 10_000_000 });
    const tripped = await ask({ do: 'step', micros: 8_000_000 });
    assert.is(tripped['relay'], 'open');
    await ask({ do: 'fault', fault: { kind: 'weld', isWelded: true } });
    await ask({ do: 'fault', fault: { kind: 'weld', isWelded: false } });
    const epochSeconds = 2_000_000_000;
    await ask({ do: 'clock', epochSeconds });
    const later = await send({ do: 'step', micros: 1_000_000 });
    assert.is(later['type'], 'done');
    const events = await get(meter, '/v1/meter/events');
    const names = (group: string): unknown[] => (events[group] as Json[]).map(({ name }) => name);
    assert.ok(names('tamper').includes('currentsUnequal'));
    assert.ok(names('grid').includes('overVoltageTrip'));
    await ask({ do: 'mains', on: false });
    await ask({ do: 'step', micros: 3_000_000 });
    const dark = await send({ do: 'clock', epochSeconds });
    assert.is((dark['problem'] as Json)['code'], 'meter_not_powered');
  }));

test('when things are switched on by name then the meter tells them again, what was on runs on, and the light follows', () =>
  withMeter(async (_meter, client) => {
    const { send, ask } = asking(client);
    const benchOf = async (command: object) => (await ask(command)) as unknown as BenchView;
    await ask({ do: 'pause' });
    await ask({ do: 'step', micros: 3_000_000 });
    await ask({ do: 'keys', keys: ownToken(6_000_000, 50) });
    await ask({ do: 'step', micros: 8_000_000 });
    const kettle = { name: 'kettle', kind: 'resistive', watt: 2_000 };
    const pump = { name: 'pump', kind: 'lagging', watt: 750, powerFactor: 0.8, start: 'motor' };
    const starting = await benchOf({ do: 'appliances', appliances: [pump] });
    assert.is(starting.loadWatts, 750);
    assert.equal(starting.appliances[0]?.start, { ratio: 6, decayMicros: 200_000 });
    await ask({ do: 'step', micros: 200_000 });
    const inrush = await benchOf({ do: 'step', micros: 1 });
    assert.ok((inrush.powerMilliWatt ?? 0) > 1_500_000, `${inrush.powerMilliWatt} mW while the motor starts`);
    await ask({ do: 'step', micros: 3_000_000 });
    await ask({ do: 'appliances', appliances: [kettle, pump] });
    const both = await benchOf({ do: 'step', micros: 400_000 });
    assert.ok(Math.abs((both.powerMilliWatt ?? 0) - 2_750_000) < 40_000, 'the motor has not started anew');
    assert.equal(
      both.appliances.map(({ name }) => name),
      ['kettle', 'pump'],
    );
    assert.is(both.led.state, 'pulsing');
    const later = await benchOf({ do: 'step', micros: 36_000_000 });
    const pulses = later.led.phase - both.led.phase;
    assert.ok(Math.abs(pulses - 27.5) < 0.3, `${pulses} pulses of 1 Wh in 36 s at 2,750 W`);
    await ask({ do: 'appliances', appliances: [{ name: 'sun', kind: 'feed', watt: 3_000 }] });
    const fed = await benchOf({ do: 'step', micros: 10_000_000 });
    assert.ok((fed.powerMilliWatt ?? 0) < -2_900_000 && fed.loadWatts === -3_000);
    assert.ok(Number(fed.exportKwh) > 0.007, `${fed.exportKwh} kWh fed back`);
    const none = await benchOf({ do: 'load', watts: 0 });
    assert.equal(none.appliances, []);
    const namesAfter = async (command: object) => (await benchOf(command)).appliances.map(({ name }) => name);
    assert.equal(await namesAfter({ do: 'switch-on', appliance: kettle }), ['kettle']);
    assert.equal(await namesAfter({ do: 'switch-on', appliance: pump }), ['kettle', 'pump']);
    assert.equal(await namesAfter({ do: 'switch-on', appliance: kettle }), ['kettle', 'pump']);
    assert.equal(await namesAfter({ do: 'switch-off', name: 'kettle' }), ['pump']);
    assert.equal(await namesAfter({ do: 'switch-off', name: 'kettle' }), ['pump']);
    const { name: _, ...nameless } = kettle;
    for (let on = 1; on < 20; on += 1) await ask({ do: 'switch-on', appliance: nameless });
    const full = await send({ do: 'switch-on', appliance: nameless });
    assert.is((full['problem'] as Json)['code'], 'request_malformed');
    await ask({ do: 'load', watts: 0 });
    for (const wrong of [{ name: 'Kettle!' }, { start: 'slow' }]) {
      const refused = await send({ do: 'appliances', appliances: [{ ...kettle, ...wrong }] });
      assert.is((refused['problem'] as Json)['code'], 'request_malformed');
    }
  }));

test('when a page comes anew then the state tells how wires, grid, battery and contact stand, and which events are new', () =>
  withMeter(async (_meter, client) => {
    const { ask } = asking(client);
    const benchOf = async (command: object) => (await ask(command)) as unknown as BenchView;
    await ask({ do: 'pause' });
    const before = await benchOf({ do: 'step', micros: 3_000_000 });
    assert.equal(
      [before.grid, before.isBatteryGood, before.loadSide],
      [{ setVolt: 230, volt: 230 }, true, { kind: 'none' }],
    );
    assert.is(before.contact.isWelded, false);
    await ask({ do: 'wiring', isReversed: true });
    await ask({ do: 'load-side', source: { kind: 'generator', voltRms: 220 } });
    await ask({ do: 'fault', fault: { kind: 'battery', isGood: false } });
    await ask({ do: 'voltage', volt: 210 });
    await ask({ do: 'cover', cover: 'terminal', isOpen: true });
    const dipped = await benchOf({ do: 'dip', residualPercent: 50, micros: 100_000 });
    assert.equal(dipped.grid, { setVolt: 210, volt: 105 });
    const after = await benchOf({ do: 'step', micros: 2_000_000 });
    assert.equal(after.grid, { setVolt: 210, volt: 210 });
    assert.is(after.wiring.isReversed, true);
    assert.equal(after.loadSide, { kind: 'generator', voltRms: 220 });
    assert.is(after.isBatteryGood, false);
    assert.ok((after.newestEvents?.tamper ?? 0) > (before.newestEvents?.tamper ?? 0));
    assert.is(after.buzzer.counts.key, before.buzzer.counts.key);
    assert.is((await benchOf({ do: 'keys', keys: '1' })).buzzer.counts.key, before.buzzer.counts.key + 1);
    await ask({ do: 'mains', on: false });
    const dark = await benchOf({ do: 'step', micros: 3_000_000 });
    assert.equal([dark.newestEvents, dark.credit, dark.led.state], [null, null, 'dark']);
  }));

test('when the relay switches and the supply sinks then the scope has whole traces, by GET and by WebSocket', () =>
  withMeter(async (meter, client) => {
    const { ask } = asking(client);
    await ask({ do: 'pause' });
    await ask({ do: 'step', micros: 3_000_000 });
    await ask({ do: 'keys', keys: ownToken(6_000_000, 50) });
    await ask({ do: 'step', micros: 8_000_000 });
    await ask({ do: 'cover', cover: 'terminal', isOpen: true });
    await ask({ do: 'step', micros: 5_000_000 });
    await ask({ do: 'mains', on: false });
    await ask({ do: 'step', micros: 3_000_000 });
    const scope = (await get(meter, '/v1/meter/scope')) as unknown as {
      switchings: SwitchingTrace[];
      supplies: SupplyTrace[];
    };
    const opening = scope.switchings.at(-1) as SwitchingTrace;
    const directions = scope.switchings.map(({ direction }) => direction).join();
    assert.is(opening.direction, 'open', directions);
    const samples = opening.atMicros.length;
    for (const column of ['volt', 'amp', 'coil', 'contact'] as const)
      assert.is(opening[column].length, samples);
    assert.ok(samples >= 240, `${samples} samples`);
    assert.ok(Math.max(...opening.amp.map(Math.abs)) > 8, `the current flows before: ${directions}`);
    assert.is(opening.amp.at(-1), 0, 'and not after');
    assert.ok(opening.contact[0] === true && opening.contact.at(-1) === false);
    assert.ok(opening.coil[0]);
    const { predictedZeroAtMicros: predicted, zeroAfterMicros: after, movedAtMicros: moved } = opening;
    assert.ok(Math.abs((predicted ?? 0) - (after ?? 0)) < 300, `predicted ${predicted}, true ${after}`);
    assert.ok((moved ?? 0) < (after ?? 0), 'parted before it');
    assert.ok((opening.arcMilliJoule ?? -1) >= 0);
    assert.ok(
      opening.contact.includes(false) && opening.arc.some((burns, index) => burns && !opening.contact[index]),
    );
    const lead = (predicted ?? 0) - (opening.expectedAtMicros ?? 0);
    assert.ok(lead > 2.5 * (opening.deviationMicros ?? 0), `aimed ${lead} µs before the zero`);
    const finest = opening.atMicros.slice(1).map((at, index) => at - (opening.atMicros[index] as number));
    assert.is(Math.min(...finest), 61, 'finer around the parting');
    const supply = scope.supplies.at(-1) as SupplyTrace;
    assert.ok((supply.railVolt[0] ?? 0) > (supply.railVolt.at(-1) ?? 0), 'the rail falls');
    assert.is(supply.state.at(-1), 'off');
    assert.ok((supply.writes.at(-1) ?? 0) > 0, 'and a save is seen on it');
    const levels = supply.railLevels;
    assert.ok(levels.ramVolt < levels.memoryVolt && levels.memoryVolt < levels.brownOutVolt);
    assert.ok((supply.railVolt.at(-1) ?? 9) <= levels.ramVolt, 'followed down to the end of the RAM');
    const [first] = supply.saves;
    assert.ok(
      first !== undefined && !first.isTorn && first.page >= 96 && first.page < 160,
      'a delta of the journal',
    );
    assert.is(first.endedAtMicros - first.beganAtMicros, 5_000);
    assert.ok(
      first.beganAtMicros >= (supply.atMicros[supply.state.indexOf('failing')] ?? 0) - 250,
      'after the warning',
    );
    const distances = (await get(meter, '/v1/meter/distances')) as unknown as Distances;
    const known = scope.switchings.filter(({ fromZeroMicros }) => fromZeroMicros !== null);
    for (const direction of ['open', 'close'] as const) {
      const ofTraces = known.filter((trace) => trace.direction === direction);
      assert.is(
        distances[direction].reduce((sum, count) => sum + count, 0),
        ofTraces.length,
        direction,
      );
      for (const { fromZeroMicros } of ofTraces) {
        const bin = Math.floor(((fromZeroMicros ?? 0) - distances.firstMicros) / distances.binMicros);
        assert.ok((distances[direction][bin] ?? 0) > 0, `${direction} ${fromZeroMicros}`);
      }
    }
    assert.ok(client.messages.some(({ type }) => type === 'switching'));
    assert.ok(client.messages.some(({ type }) => type === 'supply'));
    const wear = await get(meter, '/v1/meter/wear');
    assert.is((wear['pages'] as number[]).length, 512);
    assert.ok((wear['pages'] as number[]).some((worst) => worst > 0));
    assert.is(wear['endurance'], 1_000_000);
    assert.ok((wear['countedMicros'] as number) > 10_000_000);
    const parts = wear['parts'] as { name: string; firstPage: number; pages: number }[];
    assert.is(
      parts.reduce((sum, { pages }) => sum + pages, 0),
      512,
      'every page belongs to a part',
    );
    assert.equal(parts[1], { name: 'deltas', firstPage: 96, pages: 64 });
  }));

test('when somebody watches then sweeps come to him alone, as long as he does and the meter is slow enough', () =>
  withMeter(async (meter, client) => {
    const other = await WebSocketClient.open(meter.url, LIVE);
    const { ask } = asking(client);
    const sweeps = (): RunningTrace[] =>
      client.messages.filter(({ type }) => type === 'running').map(({ trace }) => trace as RunningTrace);
    const rest = (millis: number) => new Promise((resolve) => setTimeout(resolve, millis));
    await rest(500);
    assert.is(sweeps().length, 0);
    await ask({ do: 'watch', isWatching: true });
    await client.until(() => sweeps().filter(({ volt, length }) => volt.length === length).length >= 2);
    await ask({ do: 'speed', speed: 0.01 });
    const before = sweeps().length;
    await client.until(() => sweeps().length >= before + 3);
    const [, second, third] = sweeps().slice(before);
    assert.ok((second?.volt.length ?? 0) < (third?.volt.length ?? 0), 'a slow meter is seen drawing');
    await ask({ do: 'speed', speed: 101 });
    await rest(600);
    const settled = sweeps().length;
    await rest(600);
    assert.is(sweeps().length, settled, 'too fast to be seen');
    await ask({ do: 'speed', speed: 100 });
    await client.until(() => sweeps().length > settled);
    await ask({ do: 'watch', isWatching: false });
    const last = sweeps().length;
    await rest(600);
    assert.is(sweeps().length, last);
    assert.not(other.messages.some(({ type }) => type === 'running'));
    other.close();
  }));

test('when a message is malformed then it is refused by name, changes nothing, and the meter stays up', () =>
  withMeter(async (meter, client) => {
    await client.ask(1, { do: 'pause' });
    const before = JSON.stringify(await get(meter, '/v1/meter/bench'));
    const cases: readonly (readonly [unknown, string])[] = [
      [{ do: 'explode' }, 'request_malformed'],
      [{ do: 'watch', isWatching: 1 }, 'request_malformed'],
      [{}, 'request_malformed'],
      [{ do: 'keys', keys: 'abc' }, 'key_press_unknown'],
      [{ do: 'keys', keys: '' }, 'request_malformed'],
      [{ do: 'keys', keys: '1', more: 1 }, 'request_malformed'],
      [{ do: 'load', watts: -1 }, 'request_malformed'],
      [{ do: 'load', watts: 1e308 }, 'request_malformed'],
      [{ do: 'appliances', appliances: [{ kind: 'lagging', watt: 1, powerFactor: 0 }] }, 'request_malformed'],
      [
        { do: 'appliances', appliances: new Array(21).fill({ kind: 'resistive', watt: 1 }) },
        'request_malformed',
      ],
      [{ do: 'mains', on: 1 }, 'request_malformed'],
      [{ do: 'voltage', volt: 401 }, 'request_malformed'],
      [{ do: 'cover', cover: 'roof', isOpen: true }, 'request_malformed'],
      [{ do: 'magnet' }, 'request_malformed'],
      [
        {
          do: 'magnet',
          magnet: { faceMilliTesla: 1, halfLengthMillimetre: 1, atMillimetre: [0, 0, 0], hertz: 0 },
        },
        'request_malformed',
      ],
      [{ do: 'speed', speed: 0 }, 'request_malformed'],
      [{ do: 'speed', speed: 0.009 }, 'request_malformed'],
      [{ do: 'speed', speed: 'fast' }, 'request_malformed'],
      [{ do: 'step', micros: 0.5 }, 'request_malformed'],
      [{ do: 'step', micros: 60_000_001 }, 'request_malformed'],
      [{ do: 'plug', moduleId: 'xyz' }, 'request_malformed'],
      [{ do: 'module-token', key: '0000000000000001', tokenNo: '1'.repeat(20) }, 'module_slot_empty'],
      [{ do: 'fault', fault: { kind: 'torn-write', byte: -1 } }, 'request_malformed'],
      [{ do: 'fault', fault: {} }, 'request_malformed'],
    ];
    let id = 10;
    for (const [body, code] of cases) {
      const answer = await client.ask(++id, body as object);
      assert.is(answer['type'], 'refused', JSON.stringify(body));
      assert.is((answer['problem'] as Json)['code'], code, JSON.stringify(body));
      const posted = await fetch(`${meter.url}/v1/meter/bench`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify(body),
      });
      assert.is(((await posted.json()) as Json)['code'], code, `posted ${JSON.stringify(body)}`);
    }
    const texts = [
      '',
      '{',
      '[]',
      'null',
      '7',
      '"x"',
      '{"do":"pause"}',
      '{"id":{},"do":"pause"}',
      '{"id":"","do":"pause"}',
    ];
    for (const text of texts) {
      const count = client.messages.filter(({ type }) => type === 'refused').length;
      client.sendFrame(0x81, Buffer.from(text));
      await client.until(() => client.messages.filter(({ type }) => type === 'refused').length > count);
    }
    assert.is(JSON.stringify(await get(meter, '/v1/meter/bench')), before);
    console.log(`  ${2 * cases.length + texts.length} bad messages, each a named problem`);
  }));

test('when frames break the protocol or the limits then the connection ends with its code, and others live on', () =>
  withMeter(async (meter, client) => {
    const cases: readonly (readonly [string, (bad: WebSocketClient) => void, number])[] = [
      ['no mask', (bad) => bad.sendFrame(0x81, Buffer.from('{}'), false), 1002],
      ['a reserved bit', (bad) => bad.sendFrame(0xc1, Buffer.from('{}')), 1002],
      ['an unknown opcode', (bad) => bad.sendFrame(0x83, Buffer.from('{}')), 1002],
      ['binary', (bad) => bad.sendFrame(0x82, Buffer.from('{}')), 1003],
      ['no UTF-8', (bad) => bad.sendFrame(0x81, Buffer.from([0xff, 0xfe])), 1007],
      ['a continuation of nothing', (bad) => bad.sendFrame(0x80, Buffer.from('{}')), 1002],
      ['a long ping', (bad) => bad.sendFrame(0x89, Buffer.alloc(126)), 1002],
      ['too large', (bad) => bad.sendFrame(0x81, Buffer.alloc(20_000, 0x20)), 1009],
      [
        'a length of exabytes',
        (bad) => bad.raw(Buffer.from([0x81, 0xff, 0x7f, 255, 255, 255, 255, 255, 255, 255, 0, 0, 0, 0])),
        1009,
      ],
      [
        'endless empty frames',
        (bad) => {
          bad.sendFrame(0x01, Buffer.alloc(0));
          for (let index = 0; index < 100; index++) bad.sendFrame(0x00, Buffer.alloc(0));
        },
        1009,
      ],
    ];
    for (const [name, send, code] of cases) {
      const bad = await WebSocketClient.open(meter.url, LIVE);
      send(bad);
      await bad.until(() => bad.closeCode !== undefined);
      assert.is(bad.closeCode, code, name);
      bad.close();
    }
    client.sendFrame(0x89, Buffer.from('hello'));
    await client.until(() => client.messages.some(({ type }) => type === 'pong'));
    client.sendFrame(0x01, Buffer.from('{"id":99,'));
    client.sendFrame(0x80, Buffer.from('"do":"pause"}'));
    await client.until(() => client.messages.some(({ id }) => id === 99));
    const elsewhere = await WebSocketClient.open(meter.url, LIVE, { Origin: 'http://example.org' });
    assert.ok(elsewhere.answer.startsWith('HTTP/1.1 403') && elsewhere.answer.includes('origin_refused'));
    const lost = await WebSocketClient.open(meter.url, '/v1/elsewhere');
    assert.ok(lost.answer.startsWith('HTTP/1.1 404'));
    const old = await WebSocketClient.open(meter.url, LIVE, { 'Sec-WebSocket-Version': '8' });
    assert.ok(old.answer.startsWith('HTTP/1.1 400') && old.answer.includes('request_malformed'));
    const many: WebSocketClient[] = [];
    let refused = '';
    for (let index = 0; index < 17; index++) {
      const next = await WebSocketClient.open(meter.url, LIVE);
      many.push(next);
      if (!next.answer.startsWith('HTTP/1.1 101')) refused = next.answer;
    }
    assert.ok(refused.startsWith('HTTP/1.1 503') && refused.includes('connections_too_many'));
    for (const each of many) each.close();
    assert.is((await client.ask(100, { do: 'resume' }))['type'], 'done');
    console.log(`  ${cases.length} broken frames, 3 refused handshakes, the 17th connection refused`);
  }));

test.run();
