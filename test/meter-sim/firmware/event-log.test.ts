import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { EventLog, LISTED_EVENTS, RING_EVENTS } from '../../../meter-sim/firmware/event-log.ts';
import { EVENT_GROUPS, EVENT_KINDS } from '../../../meter-sim/firmware/events.ts';
import type { NonVolatileMemory } from '../../../meter-sim/firmware/hardware-interface.ts';
import { MemoryBus } from '../../../meter-sim/firmware/memory-bus.ts';
import { EVENTS, PAGE_BYTES } from '../../../meter-sim/firmware/memory-map.ts';
import { WornPageList } from '../../../meter-sim/firmware/worn-pages.ts';
import { DEFAULT_EEPROM, SimulatedEeprom } from '../../../meter-sim/hardware/eeprom.ts';
import { EventClock } from '../../../meter-sim/world/event-clock.ts';
import { RandomStream } from '../../../meter-sim/world/random.ts';
import { count, report, seedOf } from '../../support/counts.ts';

const test = suite('meter-sim/firmware/event-log');

function makePart(image?: Uint8Array, seed = 1) {
  const clock = new EventClock();
  return { clock, part: new SimulatedEeprom(clock, new RandomStream(seed, 'part'), DEFAULT_EEPROM, image) };
}

function makeLog(memory: NonVolatileMemory, clock: EventClock, worn = new WornPageList()): EventLog {
  return new EventLog(new MemoryBus(memory), worn, {
    epochSeconds: () => 1_790_000_000 + Math.floor(clock.now() / 1e6),
  });
}

test('codes are unique in their group and fit into a byte', () => {
  const seen = new Set<string>();
  for (const { group, code } of Object.values(EVENT_KINDS)) {
    assert.ok(code >= 1 && code <= 255);
    assert.not(seen.has(`${group} ${code}`), `${group} ${code}`);
    seen.add(`${group} ${code}`);
  }
});

test('events are listed the newest first, at once and after a boot, and groups do not mix', () => {
  const { clock, part } = makePart();
  const log = makeLog(part, clock);
  log.log('formatted');
  clock.advance(2_000_000);
  log.log('keyChanged', 3);
  log.log('lockedOut', 5);
  const expected = [
    { number: 2, epochSeconds: 1_790_000_002, code: 5, name: 'keyChanged', detail: 3 },
    { number: 1, epochSeconds: 1_790_000_000, code: 1, name: 'formatted', detail: 0 },
  ];
  assert.equal(log.list('standard'), expected);
  clock.advance(100_000);
  const later = makeLog(part, clock);
  assert.equal(later.list('standard'), expected);
  assert.equal(
    later.list('tamper').map(({ name, detail }) => [name, detail]),
    [['lockedOut', 5]],
  );
  assert.equal(later.list('grid'), []);
  assert.is(part.lostWrites, 0);
});

test('the last hundred stay, every cell of the ring is worn alike, and a detail too large is cut', () => {
  const { clock, part } = makePart();
  const log = makeLog(part, clock);
  for (let event = 1; event <= 3 * RING_EVENTS; event++) {
    log.log('keyChanged', event === 3 * RING_EVENTS ? 2 ** 40 : event);
    clock.advance(5_000);
  }
  const numbers = makeLog(part, clock)
    .list('standard')
    .map(({ number }) => number);
  assert.is(numbers.length, LISTED_EVENTS);
  assert.is(numbers[0], 3 * RING_EVENTS);
  assert.is(numbers.at(-1), 3 * RING_EVENTS - LISTED_EVENTS + 1);
  assert.is(log.list('standard')[0]?.detail, 0xffffff);
  for (let place = 0; place < RING_EVENTS; place++) {
    assert.is(part.wearAt(EVENTS.firstPage * PAGE_BYTES + place * 16), 3);
  }
});

test('random cuts cost at most the events that were not yet written, and never an older one of the hundred', () => {
  const seed = seedOf('event cuts');
  const random = new RandomStream(seed, 'event cuts');
  const cuts = count(20_000, 500);
  let { clock, part } = makePart(undefined, seed);
  let torn = 0;
  let noisy = 0;
  for (let cut = 0; cut < cuts; cut++) {
    const log = makeLog(part, clock);
    const group = EVENT_GROUPS[random.integer(0, 1)] ?? 'standard';
    const before = log.list(group).map(({ number }) => number);
    const name = group === 'standard' ? 'keyChanged' : 'lockedOut';
    const logged = random.integer(1, 5);
    for (let left = logged; left > 0; left--) log.log(name, cut);
    clock.advance(random.integer(0, 5_000 * logged + 2_000));
    const tornBefore = part.tornWrites;
    part.powerLost();
    torn += part.tornWrites - tornBefore;
    if (part.counts.spuriousWrites > 0) {
      // The dying bus began a write of its own, anywhere in the part: that costs what stood there.
      noisy += 1;
      ({ clock, part } = makePart(undefined, seed + cut));
      continue;
    }
    ({ clock, part } = makePart(part.image(), seed + cut));
    const after = makeLog(part, clock)
      .list(group)
      .map(({ number }) => number);
    const newest = after[0] ?? 0;
    const first = before[0] ?? 0;
    assert.ok(newest >= first && newest <= first + logged, `cut ${cut}`);
    const kept = Math.min(newest, LISTED_EVENTS);
    assert.equal(
      after,
      Array.from({ length: kept }, (_, back) => newest - back),
      `cut ${cut}`,
    );
  }
  report(
    `${cuts} cuts while events were written, ${torn} tore one: no gap in the last hundred; ${noisy} begun by noise`,
  );
});

test('a page that does not hold an event is retired, and a hundred events still stand', () => {
  const { clock, part } = makePart();
  const bad = EVENTS.firstPage + 3;
  const memory: NonVolatileMemory = {
    size: part.size,
    pageSize: part.pageSize,
    read: (address, length) => part.read(address, length),
    write: (address, bytes, done) => {
      const isWorn = Math.floor(address / PAGE_BYTES) === bad;
      part.write(address, isWorn ? bytes.map((byte) => byte & 0xfe) : bytes, done);
    },
  };
  const worn = new WornPageList();
  const log = makeLog(memory, clock, worn);
  for (let event = 1; event <= 2 * RING_EVENTS; event++) {
    log.log('keyChanged', event);
    clock.advance(60_000);
  }
  assert.equal(worn.pages, [bad]);
  const wear = part.wearAt(bad * PAGE_BYTES + 12);
  for (let event = 1; event <= RING_EVENTS; event++) {
    log.log('keyChanged', event);
    clock.advance(60_000);
  }
  assert.is(part.wearAt(bad * PAGE_BYTES + 12), wear, 'no write goes there any more');
  assert.is(log.list('standard').length, LISTED_EVENTS);
  assert.is(log.dropped, 0);
});

test('a memory that takes nothing loses the events and no page', () => {
  const { clock, part } = makePart();
  const memory: NonVolatileMemory = {
    size: part.size,
    pageSize: part.pageSize,
    read: (address, length) => part.read(address, length),
    write: (address, bytes, done) =>
      part.write(
        address,
        bytes.map((byte) => byte & 0xfe),
        done,
      ),
  };
  const worn = new WornPageList();
  const log = makeLog(memory, clock, worn);
  for (let event = 0; event < 200; event++) log.log('lockedOut', 0x0fffff);
  clock.advance(120_000_000);
  assert.is(log.dropped, 200);
  assert.equal(worn.pages, []);
});

test.run();
