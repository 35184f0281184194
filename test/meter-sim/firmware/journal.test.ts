import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { NonVolatileMemory } from '../../../meter-sim/firmware/hardware-interface.ts';
import { DEFAULT_SHAPE } from '../../../meter-sim/firmware/journal.ts';
import { energyOf } from '../../../meter-sim/firmware/journal-records.ts';
import { DELTAS, PAGE_BYTES, SNAPSHOTS } from '../../../meter-sim/firmware/memory-map.ts';
import { DEFAULT_OPTIONS } from '../../../meter-sim/firmware/options.ts';
import { IMAGE_BYTES } from '../../../meter-sim/firmware/state-image.ts';
import { MAX_STATISTICS_BYTES, STATISTICS_BYTES } from '../../../meter-sim/firmware/statistics-store.ts';
import { report } from '../../support/counts.ts';
import { ownToken, PUBLIC_FACTORY, tokenOfAnotherMeter } from '../../support/public-meter.ts';
import { LightMemory } from '../support/light-memory.ts';
import { Rig } from '../support/torn-cuts.ts';

const test = suite('meter-sim/firmware/journal');

const TID = 6_600_000;

function rigOn(
  cells: Uint8Array = new Uint8Array(32_768).fill(0xff),
  clock = { seconds: 1_790_000_000, milliJoule: 0 },
): Rig {
  return new Rig(new LightMemory(cells), clock, DEFAULT_OPTIONS);
}

function booted(cells: Uint8Array = new Uint8Array(32_768).fill(0xff)): Rig {
  const rig = rigOn(cells);
  rig.boot();
  return rig;
}

/** Draws energy and asks for a record of it. */
function checkpoint(rig: Rig, milliJoule = 36_000_000): void {
  rig.clock.milliJoule += milliJoule;
  rig.books.charge();
  rig.books.save();
}

test('every section has its room', () => {
  assert.ok(IMAGE_BYTES + 64 <= SNAPSHOTS.slotPages * PAGE_BYTES, `image of ${IMAGE_BYTES} bytes`);
  assert.ok(STATISTICS_BYTES <= MAX_STATISTICS_BYTES, `statistics of ${STATISTICS_BYTES} bytes`);
});

test('at worst ageing a power fail at any moment loses no energy, and a token is whole or as good as before', () => {
  let moments = 0;
  let finished = 0;
  let givenUp = 0;
  let continued = 0;
  // With a token that is written, one that is not yet, a snapshot behind it, a checkpoint before it.
  for (let tokens = 0; tokens < 12; tokens++) {
    for (let page = 0; page < 60; page++) {
      const rig = booted();
      for (let token = 0; token < tokens; token++) rig.enter(ownToken(TID + token, 1 + 37 * token));
      const { books, memory, clock } = rig;
      checkpoint(rig);
      let answer: string | undefined;
      rig.door.enter(ownToken(TID + 100, 9), ({ result }) => {
        answer = result;
      });
      for (let done = 0; done < page; done++) if (!memory.step()) break;
      const isOver = memory.pending === undefined;
      clock.milliJoule += 777_777;
      books.charge();
      const energy = books.account.totalMilliWh * 3_600 + books.counter.remainderMilliJoule;
      books.powerFailing();
      books.save();
      books.saveStatistics();
      // The page in work and two more; then the supply is gone in the middle of whatever follows.
      for (let left = DEFAULT_SHAPE.failPages; left > 0; left--) memory.step();
      const later = rigOn(memory.cells.slice());
      const found = later.boot();
      if (found === undefined) throw new Error('blank');
      moments += 1;
      if (found.unchargedMilliJoule > 0) continued += 1;
      assert.is(
        energyOf(found.account) + found.unchargedMilliJoule,
        energy,
        `${tokens} tokens, page ${page}`,
      );
      assert.is(later.books.account.totalMilliWh, Math.floor(energy / 3_600));
      const { account, state } = later.books;
      const isIn = state.tidMemory.includes(TID + 100);
      const others = Array.from({ length: tokens }, (_, token) => 1 + 37 * token).reduce((a, b) => a + b, 0);
      assert.is(account.acceptedMilliWh, (others + (isIn ? 9 : 0)) * 100_000);
      if (answer === 'Accept') assert.ok(isIn, 'what was answered stays');
      if (isIn) finished += 1;
      else givenUp += 1;
      assert.is(later.enter(ownToken(TID + 100, 9)), isIn ? 'UsedError' : 'Accept');
      if (isOver) break;
    }
  }
  report(
    `${moments} power fails at worst ageing: ${finished} tokens durable, ${givenUp} given up and as good as before, ` +
      `${continued} saves in one page, no energy lost`,
  );
  assert.ok(finished > 0 && givenUp > 0);
});

test('a supply that comes back goes on where it was, and a token that was given up can be entered again', () => {
  const rig = booted();
  const answers: string[] = [];
  rig.books.save();
  rig.books.save();
  rig.door.enter(ownToken(TID, 9), ({ result }) => answers.push(result));
  rig.books.powerFailing();
  rig.books.save();
  rig.memory.run();
  assert.equal(answers, ['NotReady']);
  rig.books.powerIsBack();
  assert.is(rig.enter(ownToken(TID, 9)), 'Accept');
  assert.is(booted(rig.memory.cells.slice()).books.account.acceptedMilliWh, 900_000);
});

test('what the last page of a failing supply does not hold is told to nobody before a record holds it', () => {
  const rig = booted();
  let keptBack = 0;
  for (let wrong = 1; wrong <= 40; wrong += 1) {
    rig.clock.seconds += 100_000;
    for (let bought = 0; bought < wrong % 5; bought += 1) rig.enter(ownToken(TID + 10 * wrong + bought, 9));
    const { books, memory } = rig;
    const answers: string[] = [];
    rig.door.enter(tokenOfAnotherMeter(wrong), ({ result }) => answers.push(result));
    const { failures } = books.lockout;
    for (let done = 0; done < wrong % 3; done += 1) memory.step();
    books.powerFailing();
    books.save();
    for (let left = DEFAULT_SHAPE.failPages; left > 0 && memory.step(); left -= 1) {
      const found = rigOn(memory.cells.slice()).boot();
      if (answers.length > 0) assert.is(found?.account.lockout.failures, failures, `wrong token ${wrong}`);
    }
    if (answers.length === 0) keptBack += 1;
    books.powerIsBack();
    memory.run();
    assert.equal(answers, ['CRCError']);
    assert.is(rigOn(memory.cells.slice()).boot()?.account.lockout.failures, failures);
  }
  report(`40 wrong tokens on a failing supply, ${keptBack} answered only when it was back`);
  assert.ok(keptBack > 0);
});

test('twenty years of checkpoints, switchings, power cuts and tokens stay far within the wear of a cell', () => {
  const rig = booted();
  const years = 1;
  for (let hour = 0; hour < years * 8_760; hour++) {
    rig.clock.seconds += 3_600;
    checkpoint(rig);
    if (hour % 12 === 0) rig.books.save();
    rig.memory.run();
    if (hour % 24 === 0) assert.is(rig.enter(ownToken(TID + hour, 1 + (hour % 500))), 'Accept');
  }
  const wear = [...rig.memory.wear].sort((a, b) => b[1] - a[1]);
  const [page, writes] = wear[0] ?? [0, 0];
  report(`a year: page ${page} written ${writes} times, so ${writes * 20} of 1,000,000 in twenty years`);
  assert.ok(writes * 20 < 100_000);
  const deltas = wear.filter(([each]) => each >= DELTAS.firstPage && each < DELTAS.firstPage + DELTAS.slots);
  assert.is(deltas.length, DELTAS.slots);
  const mean = deltas.reduce((all, [, count]) => all + count, 0) / deltas.length;
  // Records of several pages do not go round the end of the ring, so that its last pages see fewer.
  assert.ok(Math.max(...deltas.map(([, count]) => count)) < 1.5 * mean, 'every page is worn alike');
});

/** A memory in which some pages have a stuck bit. */
class WornMemory extends LightMemory implements NonVolatileMemory {
  readonly bad: ReadonlySet<number>;

  constructor(cells: Uint8Array, bad: ReadonlySet<number>) {
    super(cells);
    this.bad = bad;
  }

  override write(address: number, bytes: Uint8Array, done: () => void): void {
    const isBad = this.bad.has(Math.floor(address / PAGE_BYTES));
    super.write(address, isBad ? bytes.map((byte) => byte ^ 1) : bytes, done);
  }
}

test('worn pages are retired, for good, and nothing that was to be written is lost', () => {
  const bad = new Set([DELTAS.firstPage + 1, DELTAS.firstPage + 40, SNAPSHOTS.firstPage + 24 * 2 + 3]);
  const clock = { seconds: 1_790_000_000, milliJoule: 0 };
  const cells = new Uint8Array(32_768).fill(0xff);
  const first = new Rig(new WornMemory(cells, bad), clock, DEFAULT_OPTIONS);
  first.boot();
  for (let token = 0; token < 120; token++) {
    assert.is(first.enter(ownToken(TID + token, 1)), 'Accept');
    assert.is(booted(cells.slice()).books.account.acceptedMilliWh, (token + 1) * 100_000);
  }
  assert.equal(
    first.books.vital.wornPages,
    [...bad].sort((a, b) => a - b),
  );
  const second = new Rig(new WornMemory(cells, bad), clock, DEFAULT_OPTIONS);
  second.boot();
  for (let token = 200; token < 320; token++) assert.is(second.enter(ownToken(TID + token, 1)), 'Accept');
  for (const page of bad) assert.not(second.memory.wear.has(page), `page ${page} stays retired`);
});

test('a memory that takes nothing retires nothing: when it answers again everything is as before', () => {
  const bad = new Set<number>();
  const rig = new Rig(
    new WornMemory(new Uint8Array(32_768).fill(0xff), bad),
    { seconds: 1_790_000_000, milliJoule: 0 },
    DEFAULT_OPTIONS,
  );
  rig.boot();
  for (let page = 0; page < 512; page++) bad.add(page);
  assert.is(rig.enter(ownToken(TID, 1)), 'MemoryFault');
  assert.is(rig.books.account.acceptedMilliWh, 0);
  assert.not(rig.books.state.tidMemory.includes(TID));
  bad.clear();
  assert.is(rig.enter(ownToken(TID, 1)), 'Accept');
  assert.equal(rig.books.vital.wornPages, []);
});

test('any one page that rots costs at most the newest record, and never leaves a mix', () => {
  const rig = booted();
  for (let token = 0; token < 20; token++) {
    assert.is(rig.enter(ownToken(TID + token, 1)), 'Accept');
    checkpoint(rig);
    rig.memory.run();
  }
  const { cells } = rig.memory;
  const accepted = rig.books.account.acceptedMilliWh;
  let harmless = 0;
  let older = 0;
  for (
    let page = DELTAS.firstPage;
    page < SNAPSHOTS.firstPage + SNAPSHOTS.slots * SNAPSHOTS.slotPages;
    page++
  ) {
    const rotten = cells.slice();
    rotten[page * PAGE_BYTES + 17]! ^= 0x10;
    const { books } = booted(rotten);
    const tids = books.state.tidMemory.filter((tid) => tid >= TID).length;
    assert.is(books.account.acceptedMilliWh, tids * 100_000, `page ${page}: identifiers and credit together`);
    assert.is(books.account.acceptedMilliWh, accepted, `page ${page}: the last token has a later record`);
    if (books.account.totalMilliWh === rig.books.account.totalMilliWh) harmless += 1;
    else older += 1;
  }
  report(`one rotten page: ${harmless} harmless, ${older} found the record before`);
  assert.ok(older >= 1 && older <= 3);
});

test('when both copies of a snapshot rot, acceptances are undone with their identifiers, and no energy is', () => {
  const rig = booted();
  for (let token = 0; token < 20; token++) assert.is(rig.enter(ownToken(TID + token, 1)), 'Accept');
  checkpoint(rig);
  rig.memory.run();
  const { cells } = rig.memory;
  // The two slots with the highest sequence hold the two copies.
  const slots = Array.from({ length: SNAPSHOTS.slots }, (_, slot) => {
    const at = (SNAPSHOTS.firstPage + slot * SNAPSHOTS.slotPages) * PAGE_BYTES;
    const sequence = cells[at] === 2 ? new DataView(cells.buffer).getUint32(at + 3) : 0;
    return { at, sequence };
  }).sort((a, b) => b.sequence - a.sequence);
  for (const { at } of slots.slice(0, 2)) cells[at + 100]! ^= 1;
  const later = rigOn(cells.slice());
  const found = later.boot();
  assert.is(found?.acceptanceLost, true);
  const { account, state } = later.books;
  const tids = state.tidMemory.filter((tid) => tid >= TID).length;
  assert.ok(tids < 20);
  assert.is(account.acceptedMilliWh, tids * 100_000);
  assert.is(account.totalMilliWh, rig.books.account.totalMilliWh);
});

test('a blank part is formatted, one that was scrambled is damaged', () => {
  assert.is(rigOn().boot(), undefined);
  const { cells } = booted().memory;
  cells.fill(0x5a, DELTAS.firstPage * PAGE_BYTES, (SNAPSHOTS.firstPage + 144) * PAGE_BYTES);
  assert.throws(
    () => rigOn(cells).boot(),
    (error: unknown) => error instanceof Error && error.message === 'damaged',
  );
});

test('more TIDs than a record holds are the programmer’s mistake', () => {
  const meter = { ...DEFAULT_OPTIONS.meter, tidMemorySize: 65 };
  const rig = new Rig(
    new LightMemory(new Uint8Array(32_768).fill(0xff)),
    { seconds: 1, milliJoule: 0 },
    { ...DEFAULT_OPTIONS, meter },
    PUBLIC_FACTORY,
  );
  assert.throws(
    () => rig.boot(),
    (error: unknown) => error instanceof RangeError && error.message.includes('"tidMemory"'),
  );
});

test.run();
