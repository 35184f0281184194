import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { createFirmware, type Firmware } from '../../../meter-sim/firmware/firmware.ts';
import type { NonVolatileMemory } from '../../../meter-sim/firmware/hardware-interface.ts';
import type { EntryOutcome } from '../../../meter-sim/firmware/outcome.ts';
import { MeterWorld } from '../../../meter-sim/world/meter-world.ts';
import { report } from '../../support/counts.ts';
import { type MeterBench, makeBench, powerUp, SECOND } from '../../support/meter-bench.ts';
import { ownToken, PUBLIC_FACTORY, tokenOfAnotherMeter } from '../../support/public-meter.ts';

const test = suite('meter-sim/firmware/power-cut');

const FIRST = 6_600_000;
const SECOND_TID = FIRST + 77;
const PAGE = 64;
const FIRST_CREDIT = 100_000;
const SECOND_CREDIT = 700_000;
const LOAD = { appliances: [{ kind: 'resistive', watt: 9_200 }] } as const;

function enter(bench: MeterBench, tokenNo: string, micros = 100_000): EntryOutcome | undefined {
  let outcome: EntryOutcome | undefined;
  bench.firmware().enterToken(tokenNo, (result) => {
    outcome = result;
  });
  bench.world.advance(micros);
  return outcome;
}

/** A meter that has accepted and used up one token: relay open, registers moved. */
function usedUpImage(): Uint8Array {
  const bench = makeBench({ load: LOAD });
  powerUp(bench);
  assert.is(enter(bench, ownToken(FIRST, 1))?.result, 'Accept');
  bench.world.advance(60 * SECOND);
  assert.is(bench.firmware().readout().relay, 'open');
  bench.world.cutPower();
  bench.world.advance(SECOND);
  return bench.world.eeprom.image();
}

/** A bench on the image, settled: whatever a boot writes has been written. */
function settled(image: Uint8Array, load: typeof LOAD | undefined): MeterBench {
  const bench = makeBench({ memoryImage: image, ...(load === undefined ? {} : { load }) });
  powerUp(bench);
  bench.world.advance(3 * SECOND);
  return bench;
}

test('cut at every byte of every write of an acceptance: old state or new, never a mix', () => {
  const image = usedUpImage();
  const reference = settled(image, LOAD);
  const before = reference.firmware().readout();
  const from = reference.world.eeprom.writesStarted;
  assert.is(enter(reference, ownToken(SECOND_TID, 7), SECOND)?.result, 'Accept');
  const writes = reference.world.eeprom.writesStarted - from;
  assert.ok(writes >= 3, 'the token record, and the account record of the relay that closed');
  const seen = { cuts: 0, old: 0, new: 0, answered: 0 };
  for (let write = 0; write < writes; write++) {
    for (let byte = 0; byte <= PAGE; byte++) {
      const bench = settled(image, LOAD);
      const { world } = bench;
      world.killMcuAtWrite(from + write, byte);
      const outcome = enter(bench, ownToken(SECOND_TID, 7), SECOND);
      assert.not(world.powered, `write ${write} byte ${byte} was not reached`);
      seen.cuts += 1;
      powerUp(bench);
      const { acceptedMilliWh, creditMilliWh, totalMilliWh, tidMemory } = bench.firmware().readout();
      const isNew = acceptedMilliWh === FIRST_CREDIT + SECOND_CREDIT;
      const where = `write ${write} byte ${byte}`;
      assert.ok(isNew || acceptedMilliWh === FIRST_CREDIT, where);
      assert.is(tidMemory.includes(SECOND_TID), isNew, `${where}: TID and credit go together`);
      assert.ok(tidMemory.includes(FIRST), where);
      assert.is(acceptedMilliWh - totalMilliWh, creditMilliWh, where);
      assert.ok(totalMilliWh >= before.totalMilliWh, where);
      if (outcome?.result === 'Accept') {
        assert.ok(isNew, `${where}: what was shown as accepted must stay accepted`);
        seen.answered += 1;
      }
      seen[isNew ? 'new' : 'old'] += 1;
      assert.is(enter(bench, ownToken(SECOND_TID, 7))?.result, isNew ? 'UsedError' : 'Accept', where);
      world.killMcu();
      powerUp(bench);
      const after = bench.firmware().readout();
      assert.is(after.acceptedMilliWh, FIRST_CREDIT + SECOND_CREDIT, `${where}: one credit, exactly`);
      assert.is(after.tidMemory.filter((tid) => tid === SECOND_TID).length, 1, where);
    }
  }
  report(
    `${seen.cuts} cuts in ${writes} writes of an acceptance: ${seen.old} left the old state, ${seen.new} the new ` +
      `(${seen.answered} after the answer), 0 a mix; each then took the token exactly once`,
  );
});

test('cut at every byte of a wrong token’s record: the lockout is the old one or the new one', () => {
  const start = makeBench();
  powerUp(start);
  for (const tid of [1, 2]) assert.is(enter(start, tokenOfAnotherMeter(tid))?.result, 'CRCError');
  start.world.killMcu();
  const image = start.world.eeprom.image();
  const counts = { cuts: 0, locked: 0, free: 0 };
  const reference = settled(image, undefined);
  const from = reference.world.eeprom.writesStarted;
  assert.is(enter(reference, tokenOfAnotherMeter(3))?.result, 'CRCError');
  // The events come behind the record.
  const writes = Math.min(reference.world.eeprom.writesStarted - from, 2);
  for (let write = 0; write < writes; write++) {
    for (let byte = 0; byte <= PAGE; byte++) {
      const bench = settled(image, undefined);
      bench.world.killMcuAtWrite(from + write, byte);
      assert.is(enter(bench, tokenOfAnotherMeter(3)), undefined, 'nothing was shown before it was durable');
      assert.not(bench.world.powered);
      powerUp(bench);
      const { acceptedMilliWh, lockedUntilSeconds } = bench.firmware().readout();
      counts.cuts += 1;
      counts[lockedUntilSeconds > 0 ? 'locked' : 'free'] += 1;
      assert.is(acceptedMilliWh, 0);
      // Two failures or three stand in the journal: the next one locks in either case.
      bench.world.advance(11 * SECOND);
      assert.is(enter(bench, tokenOfAnotherMeter(4))?.result, 'CRCError');
      assert.is(enter(bench, tokenOfAnotherMeter(5))?.result, 'Lockout');
    }
  }
  assert.ok(counts.locked > 0 && counts.free > 0);
  report(`${counts.cuts} cuts in the record of a wrong token: ${counts.free} old, ${counts.locked} new`);
});

test('cut at every byte of the first format: the next boot formats again', () => {
  let cuts = 0;
  const reference = makeBench();
  powerUp(reference);
  for (let write = 0; write < reference.world.eeprom.writesStarted - 1; write++) {
    for (let byte = 0; byte <= PAGE; byte += 8) {
      const bench = makeBench();
      bench.world.killMcuAtWrite(write, byte);
      powerUp(bench);
      assert.not(bench.world.powered);
      cuts += 1;
      powerUp(bench);
      assert.is(enter(bench, ownToken(FIRST, 1))?.result, 'Accept', `write ${write} byte ${byte}`);
    }
  }
  report(`${cuts} cuts in the first format, every one formatted at the next boot`);
});

test('energy since the last checkpoint is all that a sudden death can lose, in the customer’s favour', () => {
  const bench = makeBench({ load: LOAD });
  powerUp(bench);
  enter(bench, ownToken(FIRST, 500));
  bench.world.advance(1_234 * SECOND);
  const before = bench.firmware().readout();
  bench.world.killMcu();
  powerUp(bench);
  const after = bench.firmware().readout();
  const lost = before.totalMilliWh - after.totalMilliWh;
  report(
    `lost ${(lost / 1e6).toFixed(3)} kWh of ${(before.totalMilliWh / 1e6).toFixed(3)} at a sudden death`,
  );
  assert.ok(lost >= 0 && lost < 1_000_000);
  assert.ok(after.totalMilliWh >= before.savedTotalMilliWh);
  assert.is(after.acceptedMilliWh, before.acceptedMilliWh);
});

test('a token whose record the memory does not take changes nothing and says so', () => {
  let worn = false;
  let firmware: Firmware | undefined;
  const world = new MeterWorld({
    seed: 1,
    fidelity: 'next-event',
    rtcEpochSeconds: 1_790_000_000,
    firmware: (hardware) => {
      const memory: NonVolatileMemory = {
        ...hardware.memory,
        // Every page has a stuck bit.
        write: (address, bytes, done) =>
          hardware.memory.write(address, worn ? bytes.map((byte) => byte | 1) : bytes, done),
      };
      firmware = createFirmware({ ...hardware, memory }, PUBLIC_FACTORY);
      return firmware;
    },
  });
  const bench: MeterBench = { world, firmware: () => firmware! };
  powerUp(bench);
  world.advance(3 * SECOND);
  worn = true;
  assert.is(enter(bench, ownToken(FIRST, 1), SECOND)?.result, 'MemoryFault');
  assert.is(world.display.text, 'EEEEE 02');
  const { acceptedMilliWh, tidMemory, relay } = bench.firmware().readout();
  assert.is(acceptedMilliWh, 0);
  assert.not(tidMemory.includes(FIRST));
  assert.is(relay, 'open');
  for (const tid of [1, 2, 3]) assert.is(enter(bench, tokenOfAnotherMeter(tid), SECOND)?.result, 'CRCError');
  assert.is(enter(bench, ownToken(FIRST, 1))?.result, 'Lockout', 'a worn part does not make guessing free');
  world.advance(11 * SECOND);
  worn = false;
  assert.is(enter(bench, ownToken(FIRST, 1))?.result, 'Accept');
});

test.run();
