/** A meter of journal format 1 under this firmware. */
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { crc32 } from '../../../meter-sim/firmware/crc32.ts';
import type { LoadedState } from '../../../meter-sim/firmware/journal.ts';
import { DELTAS, PAGE_BYTES } from '../../../meter-sim/firmware/memory-map.ts';
import { DEFAULT_OPTIONS } from '../../../meter-sim/firmware/options.ts';
import { RandomStream } from '../../../meter-sim/world/random.ts';
import { count, report, seedOf } from '../../support/counts.ts';
import { makeBench, powerUp, SECOND } from '../../support/meter-bench.ts';
import { ownToken, PUBLIC_FACTORY } from '../../support/public-meter.ts';
import { FORMAT_1_METER, format1Image } from '../support/format-1-meter.ts';
import { LightMemory } from '../support/light-memory.ts';
import { Rig } from '../support/torn-cuts.ts';

const test = suite('meter-sim/firmware/migration');

const NOW = 1_790_100_000;

function rigOn(cells: Uint8Array): Rig {
  return new Rig(new LightMemory(cells), { seconds: NOW, milliJoule: 0 }, DEFAULT_OPTIONS);
}

/** Every register, identifier and key that format 1 held. */
function assertKept({ books }: Rig, where: string): void {
  const { state, account, vital } = books;
  assert.is(account.acceptedMilliWh, FORMAT_1_METER.acceptedMilliWh, where);
  assert.is(account.totalMilliWh, FORMAT_1_METER.totalMilliWh, where);
  assert.is(account.paidMilliWh, FORMAT_1_METER.acceptedMilliWh - FORMAT_1_METER.totalMilliWh, where);
  assert.is(state.decoderKey, PUBLIC_FACTORY.decoderKey, where);
  assert.is(state.meterPan, PUBLIC_FACTORY.meterPan, where);
  assert.is(state.keyRevision, PUBLIC_FACTORY.keyRevision, where);
  assert.is(state.keyExpiry, PUBLIC_FACTORY.keyExpiry, where);
  assert.is(state.supplyGroupCode, PUBLIC_FACTORY.supplyGroupCode, where);
  assert.is(state.lockout.failures, FORMAT_1_METER.failures, where);
  assert.equal(
    state.tidMemory.filter((tid) => tid > 0),
    FORMAT_1_METER.tids,
    where,
  );
  assert.equal(vital.delays, FORMAT_1_METER.delays, where);
}

test('a meter of format 1 keeps every register, identifier, key and failure, and goes on in format 2', () => {
  const rig = rigOn(format1Image());
  const loaded = rig.boot() as LoadedState;
  assert.is(loaded.format, 1);
  assertKept(rig, 'first boot');
  for (const tid of FORMAT_1_METER.tids)
    assert.is(rig.enter(ownToken(tid, 5 + (tid - 6_600_077) / 77)), 'UsedError');
  assert.is(rig.enter(ownToken(6_700_000, 10)), 'Accept');
  const again = rigOn(rig.memory.cells.slice());
  assert.is(again.boot()?.format, 2);
  assert.is(again.books.account.acceptedMilliWh, FORMAT_1_METER.acceptedMilliWh + 1_000_000);
  assert.is(again.enter(ownToken(6_700_000, 10)), 'UsedError');
});

test('cut at every byte of every write of the migration: every boot finds the whole meter, once', () => {
  const seed = seedOf('migration cuts');
  const random = new RandomStream(seed, 'migration cuts');
  const mixes = count(400, 10);
  // The writes of a whole migration, and what stood before each.
  const writes: { before: Uint8Array; address: number; bytes: Uint8Array }[] = [];
  const rig = rigOn(format1Image());
  const { memory } = rig;
  const step = memory.step.bind(memory);
  memory.step = () => {
    const { pending } = memory;
    if (pending !== undefined) {
      writes.push({ before: memory.cells.slice(), address: pending.address, bytes: pending.bytes });
    }
    return step();
  };
  rig.boot();
  const seen = { cuts: 0, old: 0, new: 0 };
  for (const { before, address, bytes } of writes) {
    for (let cut = 0; cut <= bytes.length + mixes; cut++) {
      const cells = before.slice();
      for (const [at, value] of bytes.entries()) {
        const isMix = cut > bytes.length;
        const roll = isMix ? random.integer(0, 3) : at < cut ? 1 : at > cut ? 0 : 3;
        if (roll === 1) cells[address + at] = value;
        else if (roll === 2) cells[address + at] = 0xff;
        else if (roll === 3) cells[address + at] = random.integer(0, 255);
      }
      const later = rigOn(cells);
      const loaded = later.boot();
      seen[loaded?.format === 1 ? 'old' : 'new'] += 1;
      seen.cuts += 1;
      assertKept(later, `address ${address} cut ${cut}`);
      if (seen.cuts % 50 === 0) {
        assert.is(later.enter(ownToken(6_700_000, 10)), 'Accept');
        const last = rigOn(later.memory.cells.slice());
        last.boot();
        assert.is(last.enter(ownToken(6_700_000, 10)), 'UsedError');
      }
    }
  }
  report(
    `${seen.cuts} cuts in ${writes.length} writes of a migration: ${seen.old} found format 1 again, ${seen.new} format 2`,
  );
  assert.ok(seen.old > 0 && seen.new > 0);
});

test('once format 2 is in force the old rings are never believed again', () => {
  const rig = rigOn(format1Image());
  rig.boot();
  assert.is(rig.enter(ownToken(6_700_000, 10)), 'Accept');
  const cells = rig.memory.cells.slice();
  // All snapshots rot: what is left of format 1 would forget the token.
  cells.fill(0x5a, 160 * PAGE_BYTES, 304 * PAGE_BYTES);
  assert.throws(
    () => rigOn(cells).boot(),
    (error: unknown) => error instanceof Error && error.message === 'damaged',
  );
});

test('a whole record of a later format is refused, and nothing is written over it', () => {
  const rig = rigOn(new Uint8Array(32_768).fill(0xff));
  rig.boot();
  const cells = rig.memory.cells.slice();
  const page = DELTAS.firstPage * PAGE_BYTES + 20 * PAGE_BYTES;
  const later = new Uint8Array(PAGE_BYTES);
  later.set([3, 0x44, 1]);
  new DataView(later.buffer).setUint32(60, crc32(later, 0, 60));
  cells.set(later, page);
  assert.throws(
    () => rigOn(cells.slice()).boot(),
    (error: unknown) => error instanceof Error && error.message === 'damaged',
  );
  const bench = makeBench({ memoryImage: cells });
  powerUp(bench);
  bench.world.advance(5 * SECOND);
  assert.is(bench.world.display.text, 'EEEEE 01');
  assert.equal(bench.world.eeprom.image(), cells);
  cells[page + 5] = 1;
  assert.is(rigOn(cells).boot()?.format, 2, 'a torn one proves nothing');
});

test('the whole firmware takes over a meter of format 1, notes it and sells to it', () => {
  const bench = makeBench({ memoryImage: format1Image(), rtcEpochSeconds: NOW });
  powerUp(bench);
  bench.world.advance(SECOND);
  const readout = bench.firmware().readout();
  assert.is(readout.status, 'running');
  assert.is(readout.acceptedMilliWh, FORMAT_1_METER.acceptedMilliWh);
  assert.is(readout.totalMilliWh, FORMAT_1_METER.totalMilliWh);
  const names = bench
    .firmware()
    .events('standard')
    .map(({ name }) => name);
  assert.ok(names.includes('migrated'));
  let result = '';
  bench.firmware().enterToken(ownToken(6_700_000, 10), (outcome) => {
    result = outcome.result;
  });
  bench.world.advance(SECOND);
  assert.is(result, 'Accept');
});

test.run();
