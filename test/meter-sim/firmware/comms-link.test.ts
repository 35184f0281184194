/** The meter's link to its module over the real slot: plugged, pulled, swapped, garbled (meter-hardware.md 7). */
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { LinkMessage } from '../../../lib/link/messages.ts';
import {
  COMMS_SECTION,
  type CommsEvent,
  CommsLink,
  type CommsState,
  DEFAULT_COMMS,
} from '../../../meter-sim/firmware/comms-link.ts';
import type { EntryOutcome } from '../../../meter-sim/firmware/outcome.ts';
import {
  DEFAULT_MODULE,
  DEFAULT_SLOT,
  type ModuleConfig,
  SimulatedCommsModule,
  SimulatedCommsSlot,
} from '../../../meter-sim/hardware/comms-module.ts';
import { EventClock } from '../../../meter-sim/world/event-clock.ts';
import { RandomStream } from '../../../meter-sim/world/random.ts';
import { count, report, seedOf } from '../../support/counts.ts';

const test = suite('meter-sim/firmware/comms-link');

const PAIRING = Uint8Array.from({ length: 16 }, (_, index) => index * 17);

class Bench {
  readonly clock = new EventClock();
  readonly slot: SimulatedCommsSlot;
  readonly events: CommsEvent[] = [];
  readonly entered: string[] = [];
  state: CommsState = COMMS_SECTION.initial;
  link!: CommsLink;
  #life = 0;
  readonly #seed: number;

  constructor(errorRate = 0, seed = 1) {
    this.#seed = seed;
    this.slot = new SimulatedCommsSlot(this.clock, new RandomStream(seed, 'slot'), {
      ...DEFAULT_SLOT,
      errorRate,
    });
    this.powerUp();
  }

  module(id: number, config: Partial<ModuleConfig> = {}): SimulatedCommsModule {
    return new SimulatedCommsModule(this.clock, new RandomStream(this.#seed, `module ${id}`), {
      ...DEFAULT_MODULE,
      id: new Uint8Array(8).fill(id),
      pairingKey: PAIRING,
      ...config,
    });
  }

  powerUp(): void {
    const life = ++this.#life;
    const hardware = {
      timer: {
        now: () => this.clock.now(),
        at: (time: number, run: () => void) => this.clock.at(time, () => life === this.#life && run()),
      },
      rtc: { epochSeconds: () => Math.floor(this.clock.now() / 1e6) },
      comms: this.slot,
    };
    this.link = new CommsLink(hardware as never, DEFAULT_COMMS, {
      meterPan: () => '600727000000000009',
      state: () => this.state,
      keep: (state) => {
        const bytes = new Uint8Array(COMMS_SECTION.bytes);
        COMMS_SECTION.encode(state, bytes, 0);
        this.state = COMMS_SECTION.decode(bytes, 0);
      },
      // A token memory as the meter has one: the second time is Used.
      enterToken: (tokenNo, done) => {
        this.clock.at(this.clock.now() + 12_000, () => {
          if (life !== this.#life) return;
          const isUsed = this.entered.includes(tokenNo);
          if (!isUsed) this.entered.push(tokenNo);
          const outcome = { stage: 'token', result: isUsed ? 'UsedError' : 'Accept' };
          done(outcome as unknown as EntryOutcome);
        });
      },
      reading: () => ({ totalMilliWh: 1, balanceMilliWh: 5_000_000, isRelayClosed: true, tampers: 0 }),
      happened: (event) => this.events.push(event),
    });
    this.link.start();
    this.slot.powerOn();
  }

  cutPower(): void {
    this.#life++;
    this.slot.powerLost();
  }

  seconds(seconds: number): void {
    this.clock.advance(Math.round(seconds * 1e6));
  }
}

const key = (number: number): string => number.toString(16).padStart(16, '0');
const token = (number: number): string => String(number).padStart(20, '0');

test('when a module is plugged in then it is known, and a token by its line is entered once and answered', () => {
  const bench = new Bench();
  const module = bench.module(1);
  bench.slot.plug(module);
  bench.seconds(5);
  assert.ok(bench.link.isUp && module.isLinked);
  assert.is(bench.state.moduleId, '0101010101010101');
  const answers: LinkMessage[] = [];
  module.command({ kind: 'token', key: key(1), tokenNo: token(7) }, (answer) => answers.push(answer));
  bench.seconds(1);
  module.command({ kind: 'token', key: key(1), tokenNo: token(7) }, (answer) => answers.push(answer));
  bench.seconds(1);
  module.command({ kind: 'token', key: key(2), tokenNo: token(7) }, (answer) => answers.push(answer));
  bench.seconds(1);
  assert.equal(
    answers.map((answer) => answer.kind === 'answer' && [answer.key, answer.code]),
    [
      [key(1), 1],
      [key(1), 1],
      [key(2), 10],
    ],
    'the same key has the same answer, another key with the same token is Used',
  );
  assert.equal(bench.entered, [token(7)]);
  module.command({ kind: 'read', key: key(3) });
  bench.seconds(1);
  assert.equal(
    module.outbox.slice(-2).map(({ kind }) => kind),
    ['reading', 'answer'],
  );
  assert.equal(bench.events, []);
});

test('when the module is out for ten seconds then it is an event, and nothing that was kept is lost or doubled', () => {
  const bench = new Bench();
  const module = bench.module(1);
  bench.slot.plug(module);
  bench.seconds(5);
  bench.link.report();
  bench.seconds(1);
  bench.slot.unplug();
  for (let index = 0; index < 5; index++) bench.link.report();
  bench.seconds(9);
  assert.equal(bench.events, []);
  bench.seconds(2);
  assert.equal(bench.events, ['lost']);
  assert.is(bench.link.waiting, 5);
  assert.is(module.outbox.length, 1, 'the outbox stays in the module');
  bench.seconds(1_800);
  bench.slot.plug(module);
  bench.seconds(5);
  assert.equal(bench.events, ['lost', 'restored']);
  assert.equal(
    module.outbox.map((message) => message.kind === 'reading' && message.number),
    [1, 2, 3, 4, 5, 6],
  );
  bench.slot.unplug();
  bench.seconds(3);
  bench.slot.plug(module);
  bench.seconds(5);
  assert.equal(bench.events, ['lost', 'restored'], 'pulled for a moment');
});

test('when another module is plugged in then it is re-keyed, gets what the first did not, and an unpaired one gets nothing', () => {
  const bench = new Bench();
  const first = bench.module(1);
  bench.slot.plug(first);
  bench.seconds(5);
  bench.link.report();
  bench.seconds(1);
  bench.slot.unplug();
  bench.link.report();
  bench.slot.plug(bench.module(2, { pairingKey: new Uint8Array(16) }));
  bench.seconds(30);
  assert.ok(bench.events.includes('lost'));
  assert.not(bench.link.isUp);
  assert.is(bench.slot.module?.outbox.length, 0);
  assert.is(bench.slot.module?.lastLoss, 'refused');
  bench.slot.unplug();
  const third = bench.module(3);
  bench.slot.plug(third);
  bench.seconds(5);
  assert.ok(bench.link.isUp);
  assert.equal(bench.events.slice(-2), ['swapped', 'restored']);
  assert.equal(
    third.outbox.map((message) => message.kind === 'reading' && message.number),
    [2],
  );
});

test('when the module was pulled in the dark then the next power-up misses it, and a meter that never had one does not', () => {
  const bench = new Bench();
  bench.seconds(60);
  assert.equal(bench.events, []);
  bench.link.report();
  assert.is(bench.link.waiting, 0, 'nothing is kept for a module that never was');
  const module = bench.module(1);
  bench.slot.plug(module);
  bench.seconds(5);
  bench.cutPower();
  bench.slot.unplug();
  bench.seconds(5);
  bench.powerUp();
  bench.seconds(11);
  assert.equal(bench.events, ['lost']);
});

test('when a full flash must take more then the oldest goes', () => {
  const bench = new Bench();
  const module = bench.module(1, { outboxBytes: 26 * 10 });
  bench.slot.plug(module);
  bench.seconds(5);
  for (let index = 0; index < 25; index++) {
    bench.link.report();
    bench.seconds(1);
  }
  assert.is(module.outbox.length, 10);
  assert.is(module.dropped, 15);
  assert.equal(
    module.outbox.map((message) => message.kind === 'reading' && message.number),
    [16, 17, 18, 19, 20, 21, 22, 23, 24, 25],
  );
  module.sentOn(4);
  assert.is(module.outbox.length, 6);
});

test('when the line garbles, the module is pulled and the meter loses power at any moment, then a token enters once', () => {
  const seed = seedOf('hard lines');
  const runs = count(300, 8);
  let pulls = 0;
  let cuts = 0;
  let rejected = 0;
  for (let run = 0; run < runs; run++) {
    const bench = new Bench(0.002, seed + run);
    const random = new RandomStream(seed, `run ${run}`);
    const module = bench.module(1);
    bench.slot.plug(module);
    const results = new Map<string, number[]>();
    for (let index = 1; index <= 20; index++) {
      module.command({ kind: 'token', key: key(index), tokenNo: token(index) }, (answer) => {
        if (answer.kind === 'answer')
          results.set(answer.key, [...(results.get(answer.key) ?? []), answer.code]);
      });
      bench.seconds(random.uniform() * 2);
      const chance = random.integer(0, 5);
      if (chance === 0) {
        pulls++;
        bench.slot.unplug();
        bench.seconds(random.uniform() * 3);
        bench.slot.plug(module);
      } else if (chance === 1) {
        cuts++;
        bench.cutPower();
        bench.seconds(random.uniform() * 3);
        bench.powerUp();
      }
    }
    bench.seconds(600);
    assert.is(module.waiting, 0, `run ${run}: every command is answered`);
    assert.equal(
      [...bench.entered].sort(),
      Array.from({ length: 20 }, (_, index) => token(index + 1)),
    );
    for (const codes of results.values()) assert.is(codes.length, 1);
    rejected += module.lineErrors.rejected;
  }
  report(
    `${runs} lines of 20 tokens: ${pulls} pulls, ${cuts} power cuts, ${rejected} bad frames; each token once`,
  );
});

test.run();
