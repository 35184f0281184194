/** The line between meter and module: frames out of noise, and two peers that lose nothing and take nothing twice. */
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { crc16, encodeFrame, FRAME_KINDS, FrameReader, MOST_BODY_BYTES } from '../../../lib/link/frame.ts';
import { decodeMessage, encodeMessage, type LinkMessage } from '../../../lib/link/messages.ts';
import { LinkPeer } from '../../../lib/link/peer.ts';
import { EventClock } from '../../../meter-sim/world/event-clock.ts';
import { RandomStream } from '../../../meter-sim/world/random.ts';
import { count, report, seedOf } from '../../support/counts.ts';

const test = suite('lib/link');

test('the CRC is the one of HDLC', () => {
  assert.is(crc16(new TextEncoder().encode('123456789')), 0x906e);
});

test('when frames come in pieces among noise then every whole one is found and none is made up', () => {
  const random = new RandomStream(seedOf('frames in noise'), 'frames');
  const frames = count(200_000, 3_000);
  const reader = new FrameReader();
  let found = 0;
  let damaged = 0;
  for (let index = 0; index < frames; index++) {
    const body = Uint8Array.from({ length: random.integer(0, 60) }, () => random.integer(0, 255));
    const bytes = encodeFrame({ kind: FRAME_KINDS.data, sequence: index & 0xffff, body });
    const isDamaged = random.integer(0, 3) === 0;
    if (isDamaged) {
      const at = random.integer(0, bytes.length - 1);
      bytes[at] = (bytes[at] as number) ^ (1 << random.integer(0, 7));
      damaged++;
    }
    const split = random.integer(0, bytes.length);
    const taken = [...reader.take(bytes.subarray(0, split)), ...reader.take(bytes.subarray(split))];
    for (const frame of taken) {
      assert.equal(frame.sequence, index & 0xffff);
      assert.equal(frame.body, body);
    }
    assert.is(taken.length, isDamaged ? 0 : 1, `frame ${index}`);
    found += taken.length;
    // A damaged length may make the reader wait for bytes that never come: the line's silence ends that.
    if (isDamaged) reader.reset();
  }
  report(`${frames} frames, ${damaged} with one bit wrong, ${found} taken`);
  assert.throws(
    () => encodeFrame({ kind: 4, sequence: 0, body: new Uint8Array(MOST_BODY_BYTES + 1) }),
    (error: unknown) => error instanceof RangeError,
  );
});

test('when a message is written then it reads back, and anything cut or longer is none', () => {
  const key = '0123456789abcdef';
  const messages: LinkMessage[] = [
    { kind: 'token', key, tokenNo: '00123456789012345678' },
    { kind: 'read', key },
    { kind: 'answer', key, code: 10, balanceMilliWh: -1 },
    { kind: 'answer', key, code: 0, balanceMilliWh: Number.MAX_SAFE_INTEGER },
    {
      kind: 'reading',
      number: 0xffff_ffff,
      epochSeconds: 1_790_000_000,
      totalMilliWh: 2 ** 50,
      balanceMilliWh: -(2 ** 50),
      isRelayClosed: true,
      tampers: 0x81,
    },
    { kind: 'event', number: 7, epochSeconds: 1, code: 255, isStart: false },
  ];
  for (const message of messages) {
    const body = encodeMessage(message);
    assert.equal(decodeMessage(body), message);
    for (let length = 0; length < body.length; length++) {
      const cut = decodeMessage(body.slice(0, length));
      assert.ok(cut === undefined || (message.kind === 'token' && cut.kind === 'read'), message.kind);
    }
    assert.is(decodeMessage(Uint8Array.from([...body, 0])), undefined);
  }
  assert.is(
    decodeMessage(Uint8Array.of(1, 0, 0, 0, 0, 0, 0, 0, 0, 1, ...new Array(10).fill(0xab))),
    undefined,
  );
});

const KEY = Uint8Array.from({ length: 16 }, (_, index) => index);

interface Pair {
  readonly clock: EventClock;
  readonly module: LinkPeer;
  readonly meter: LinkPeer;
  readonly toModule: string[];
  readonly toMeter: string[];
  readonly notes: string[];
  line: { isUp: boolean; loss: number };
}

function pairOf(seed: number, meterKey = KEY): Pair {
  const clock = new EventClock();
  const random = new RandomStream(seed, 'line');
  const line = { isUp: true, loss: 0 };
  const toModule: string[] = [];
  const toMeter: string[] = [];
  const notes: string[] = [];
  const redials = meterKey === KEY;
  const carry = (to: () => LinkPeer, bytes: Uint8Array): void => {
    if (!line.isUp || random.uniform() < line.loss) return;
    const copies = line.loss > 0 && random.uniform() < 0.1 ? 2 : 1;
    for (let copy = 0; copy < copies; copy++) {
      clock.at(clock.now() + random.integer(1_000, 50_000), () => {
        if (line.isUp) to().receive(bytes);
      });
    }
  };
  const make = (isInitiator: boolean, id: number, key: Uint8Array, got: string[]): LinkPeer =>
    new LinkPeer(
      {
        id: new Uint8Array(8).fill(id),
        pairingKey: key,
        isInitiator,
        retryMicros: 200_000,
        silenceMicros: 10_000_000,
      },
      clock,
      {
        send: (bytes) => carry(() => (isInitiator ? meter : module), bytes),
        nonce: () => Uint8Array.from({ length: 8 }, () => random.integer(0, 255)),
        opened: () => notes.push(`${isInitiator ? 'module' : 'meter'} open`),
        received: (body) => got.push(new TextDecoder().decode(body)),
        acknowledged: () => {},
        lost: (reason) => {
          notes.push(`${isInitiator ? 'module' : 'meter'} ${reason}`);
          if (isInitiator && redials) module.connect();
        },
      },
    );
  const module = make(true, 1, KEY, toModule);
  const meter = make(false, 2, meterKey, toMeter);
  return { clock, module, meter, toModule, toMeter, notes, line };
}

test('when the line loses, doubles and reorders, and is pulled at any moment, then every body arrives once and in order', () => {
  const random = new RandomStream(seedOf('pulled lines'), 'pulls');
  const runs = count(500, 12);
  let pulls = 0;
  let resent = 0;
  for (let run = 0; run < runs; run++) {
    const pair = pairOf(run);
    const { clock, module, meter, line } = pair;
    line.loss = 0.2;
    const sent = { module: [] as string[], meter: [] as string[] };
    module.connect();
    for (let step = 0; step < 60; step++) {
      const text = `${run} ${step}`;
      if (random.integer(0, 1) === 0) {
        sent.module.push(text);
        module.submit(new TextEncoder().encode(text));
      } else {
        sent.meter.push(text);
        meter.submit(new TextEncoder().encode(text));
      }
      clock.advance(random.integer(0, 600_000));
      if (random.integer(0, 9) === 0) {
        pulls++;
        line.isUp = false;
        module.disconnect();
        meter.disconnect();
        clock.advance(random.integer(0, 3_000_000));
        line.isUp = true;
      }
      if (!module.isOpen && random.integer(0, 2) === 0) module.connect();
    }
    line.loss = 0;
    module.connect();
    clock.advance(60_000_000);
    assert.equal(pair.toMeter, sent.module, `run ${run}`);
    assert.equal(pair.toModule, sent.meter, `run ${run}`);
    resent += module.resent + meter.resent;
  }
  report(`${runs} lines, ${pulls} pulls, ${resent} frames sent again`);
});

test('when the other end does not know the pairing key then it is refused and carries nothing', () => {
  const pair = pairOf(
    9,
    Uint8Array.from({ length: 16 }, () => 7),
  );
  pair.meter.submit(Uint8Array.of(1));
  pair.module.submit(Uint8Array.of(2));
  pair.module.connect();
  pair.clock.advance(30_000_000);
  assert.ok(pair.notes.includes('module refused'), pair.notes.join());
  assert.not(pair.notes.includes('module open'));
  assert.not(pair.notes.includes('meter open'));
  assert.equal([pair.toMeter, pair.toModule], [[], []]);
});

test('when nobody acknowledges for ten seconds then the session is over, and what waited goes on later', () => {
  const pair = pairOf(3);
  pair.module.connect();
  pair.clock.advance(1_000_000);
  assert.ok(pair.module.isOpen && pair.meter.isOpen);
  pair.line.isUp = false;
  pair.meter.submit(new TextEncoder().encode('kept'));
  pair.clock.advance(9_900_000);
  assert.ok(pair.meter.isOpen);
  pair.clock.advance(200_000);
  assert.not(pair.meter.isOpen);
  assert.ok(pair.notes.includes('meter silent'));
  pair.line.isUp = true;
  pair.module.connect();
  pair.clock.advance(1_000_000);
  assert.equal(pair.toModule, ['kept']);
});

test.run();
