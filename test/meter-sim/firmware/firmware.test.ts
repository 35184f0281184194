/** The firmware in its world: tokens, lockout, codes of the display (sts.md 8.1/16, 8.4, 8.5, 8.6). */
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { KeypadKey } from '../../../meter-sim/firmware/hardware-interface.ts';
import { InvariantChecker } from '../../../meter-sim/firmware/invariants.ts';
import { DEFAULT_OPTIONS } from '../../../meter-sim/firmware/options.ts';
import type { EntryOutcome } from '../../../meter-sim/firmware/outcome.ts';
import { RandomStream } from '../../../meter-sim/world/random.ts';
import { count, report, seedOf } from '../../support/counts.ts';
import { BOOTED, type MeterBench, makeBench, powerUp, SECOND } from '../../support/meter-bench.ts';
import { ownToken, tokenOfAnotherMeter } from '../../support/public-meter.ts';

const test = suite('meter-sim/firmware');

const MINUTE = 6_600_000;

function key(bench: MeterBench, digits: string): void {
  for (const digit of digits) bench.world.pressKey(digit as KeypadKey);
  bench.world.advance(100_000);
}

/** Enters by wire and waits for the answer. */
function enter(bench: MeterBench, tokenNo: string): EntryOutcome | undefined {
  let outcome: EntryOutcome | undefined;
  bench.firmware().enterToken(tokenNo, (result) => {
    outcome = result;
  });
  bench.world.advance(100_000);
  return outcome;
}

test('sampled and next-event worlds give the same ledger from the same firmware', () => {
  const ends = (['sampled', 'next-event'] as const).map((fidelity) => {
    const bench = makeBench({ fidelity, load: { appliances: [{ kind: 'resistive', watt: 7_000 }] } });
    powerUp(bench);
    bench.world.advance(2 * SECOND);
    key(bench, ownToken(MINUTE, 1));
    bench.world.advance(60 * SECOND);
    const { acceptedMilliWh, creditMilliWh, relay } = bench.firmware().readout();
    const parted = bench.world.relay.log.at(-1);
    assert.is(relay, 'open');
    assert.is(parted?.direction, 'open');
    return { acceptedMilliWh, creditMilliWh, partedAt: parted?.movedAt ?? 0 };
  });
  const [sampled, events] = ends;
  assert.is(sampled?.acceptedMilliWh, events?.acceptedMilliWh);
  const apart = Math.abs((sampled?.creditMilliWh ?? 0) - (events?.creditMilliWh ?? 0));
  const later = Math.abs((sampled?.partedAt ?? 0) - (events?.partedAt ?? 0));
  report(`both fidelities: balances ${apart} mWh apart, openings ${later} µs apart after a minute`);
  // A crossing seen one sample later may move the opening to the next half cycle: 20 mWh at 7 kW.
  assert.ok(apart <= 40 && later <= 40_000);
});

test('a token is keyed, shown, credited, used up, and the relay follows the credit', () => {
  const bench = makeBench({ load: { appliances: [{ kind: 'resistive', watt: 2_300 }] } });
  const { world } = bench;
  powerUp(bench);
  world.advance(2 * SECOND);
  assert.is(world.relay.position, 'open');
  assert.is(world.display.text, '0.00 kWh');
  assert.ok(world.display.icons.includes('no-credit'));
  key(bench, ownToken(MINUTE, 1));
  assert.is(world.display.text, 'Accept');
  world.advance(3 * SECOND);
  assert.is(world.display.text, '+0.10 kWh');
  assert.is(world.relay.position, 'closed');
  world.advance(5 * SECOND);
  assert.is(world.display.text, '0.09 kWh');
  assert.ok(world.display.icons.includes('low-credit'));
  assert.ok(world.display.icons.includes('connected'));
  world.advance(160 * SECOND);
  assert.is(world.relay.position, 'open');
  const { creditMilliWh, totalMilliWh } = bench.firmware().readout();
  assert.ok(creditMilliWh <= 0 && creditMilliWh > -30, `${creditMilliWh} mWh`);
  assert.is(totalMilliWh, 100_000 - creditMilliWh);
  key(bench, ownToken(MINUTE + 1, 1));
  assert.is(
    bench.firmware().readout().creditMilliWh,
    100_000 + creditMilliWh,
    'what was overrun is paid first',
  );
  assert.equal(world.relay.faults, {
    otherCoilDriven: 0,
    sameCoilDriven: 0,
    tooShort: 0,
    coilTooLow: 0,
    supplyTooLow: 0,
  });
  assert.is(world.eeprom.lostWrites, 0);
});

test('a refused token says why and changes nothing', () => {
  const bench = makeBench();
  const { world } = bench;
  powerUp(bench);
  const shown = (tokenNo: string): string => {
    key(bench, tokenNo);
    const { text } = world.display;
    world.advance(30 * SECOND);
    return text;
  };
  assert.is(shown(ownToken(MINUTE, 10)), 'Accept');
  assert.is(shown(ownToken(MINUTE, 10)), 'USEd');
  assert.is(shown(tokenOfAnotherMeter(MINUTE)), 'rEJEct');
  assert.is(shown('99999999999999999999'), 'rEJEct');
  for (let tid = 1; tid < 50; tid++) {
    assert.is(enter(bench, ownToken(MINUTE + tid, 1))?.result, 'Accept');
  }
  assert.is(shown(ownToken(MINUTE - 1, 10)), 'Old');
  assert.is(bench.firmware().readout().acceptedMilliWh, 1_000_000 + 49 * 100_000);
});

test('a refusal without a word is shown as the number that this make gives it', () => {
  // Test 1 of the official display tokens, at a make that does not carry it out.
  const display = '00000000000150997584';
  const supported = ['creditElectricity'] as const;
  const meter = { ...DEFAULT_OPTIONS.meter, supported };
  const own = { ...meter, resultCodes: { ...meter.resultCodes, FunctionError: 42 } };
  for (const [options, text] of [
    [{ ...DEFAULT_OPTIONS, meter }, 'rEJEct 08'],
    [{ ...DEFAULT_OPTIONS, meter: own }, 'rEJEct 42'],
  ] as const) {
    const bench = makeBench({}, options);
    powerUp(bench);
    key(bench, display);
    assert.is(bench.world.display.text, text);
  }
});

test('wrong tokens bar the door for ten seconds and then twice as long, also across a power cut', () => {
  const bench = makeBench();
  const { world } = bench;
  powerUp(bench);
  const wrong = (tid: number): string | undefined => enter(bench, tokenOfAnotherMeter(tid))?.result;
  assert.is(wrong(1), 'CRCError');
  assert.is(wrong(2), 'CRCError');
  assert.is(
    enter(bench, ownToken(MINUTE, 1))?.result,
    'Accept',
    'two errors are free, and acceptance forgets them',
  );
  for (const tid of [3, 4, 5]) assert.is(wrong(tid), 'CRCError');
  assert.is(wrong(6), 'Lockout');
  key(bench, ownToken(MINUTE + 1, 1));
  assert.is(world.display.text, 'Loc Out');
  world.advance(2 * SECOND);
  assert.match(world.display.text, /^[0-9] S$/);
  world.killMcu();
  powerUp(bench);
  assert.is(enter(bench, ownToken(MINUTE + 1, 1))?.result, 'Lockout', 'a power cut does not open the door');
  assert.ok(world.display.icons.includes('locked'));
  world.advance(10 * SECOND);
  assert.is(wrong(7), 'CRCError');
  world.advance(11 * SECOND);
  assert.is(
    enter(bench, ownToken(MINUTE + 1, 1))?.result,
    'Lockout',
    'the fourth error costs twenty seconds',
  );
  world.advance(10 * SECOND);
  assert.is(enter(bench, ownToken(MINUTE + 1, 1))?.result, 'Accept');
});

test('a second token while one is in work is not ready, and the first is not disturbed', () => {
  const bench = makeBench();
  powerUp(bench);
  const outcomes: string[] = [];
  for (const tid of [0, 1]) {
    bench.firmware().enterToken(ownToken(MINUTE + tid, 1), ({ result }) => outcomes.push(`${tid} ${result}`));
  }
  key(bench, ownToken(MINUTE + 2, 1));
  assert.equal(outcomes, ['1 NotReady', '0 Accept']);
  assert.is(bench.firmware().readout().acceptedMilliWh, 100_000);
});

test('codes of three digits show registers and the number on the meter', () => {
  const bench = makeBench();
  powerUp(bench);
  enter(bench, ownToken(MINUTE, 123));
  const shown = (digits: string): string => {
    for (const digit of digits) bench.world.pressKey(digit as KeypadKey);
    bench.world.pressKey('enter');
    bench.world.advance(1_000);
    return bench.world.display.text;
  };
  assert.is(shown('801'), '12.30 kWh');
  assert.is(shown('800'), '0.00 kWh');
  assert.is(shown('804'), '11111111115');
  assert.is(shown('999'), 'rEJEct');
  assert.is(shown('1234567890123456789'), 'rEJEct');
});

test('a brown-out dip is survived, and no coil is pulsed on a low or failing supply', () => {
  const bench = makeBench({ load: { appliances: [{ kind: 'resistive', watt: 23_000 }] } });
  const { world } = bench;
  powerUp(bench);
  enter(bench, ownToken(MINUTE, 1));
  world.advance(5 * SECOND);
  assert.is(world.relay.position, 'closed');
  // 140 V is below 70 % of 230 V: the credit ends, but the relay waits.
  world.setVoltage(140);
  world.advance(60 * SECOND);
  assert.is(world.relay.position, 'closed');
  assert.ok(bench.firmware().readout().creditMilliWh < 0, 'what flows meanwhile is owed');
  world.setVoltage(230);
  world.advance(3 * SECOND);
  assert.is(world.relay.position, 'open');
  world.cutPower();
  world.advance(20_000);
  world.powerOn();
  world.advance(3 * SECOND);
  assert.is(bench.firmware().readout().status, 'running');
  assert.is(world.relay.faults.supplyTooLow, 0);
});

test('a full power cut loses no energy: the hold-up is long enough for the record', () => {
  const bench = makeBench({ load: { appliances: [{ kind: 'resistive', watt: 4_000 }] } });
  const { world } = bench;
  powerUp(bench);
  enter(bench, ownToken(MINUTE, 100));
  world.advance(300 * SECOND);
  const before = bench.firmware().readout();
  world.cutPower();
  world.advance(SECOND);
  assert.not(world.powered);
  powerUp(bench);
  const after = bench.firmware().readout();
  assert.ok(after.totalMilliWh >= before.totalMilliWh);
  // A tenth of a second before the cut was seen and another after the boot, at 4 kW.
  assert.ok(after.totalMilliWh - before.totalMilliWh < 250);
  assert.is(after.acceptedMilliWh, before.acceptedMilliWh);
  world.advance(3 * SECOND);
  assert.is(world.relay.position, 'closed');
});

test('a part without one whole record shows its memory fault, takes no token and keeps the relay open', () => {
  const image = new Uint8Array(32_768).fill(0x5a);
  const bench = makeBench({ memoryImage: image });
  powerUp(bench);
  assert.is(bench.world.display.text, 'EEEEE 01');
  assert.is(enter(bench, ownToken(MINUTE, 1))?.result, 'NotReady');
  bench.world.advance(5 * SECOND);
  assert.is(bench.world.relay.position, 'open');
  assert.is(bench.world.relay.faults.supplyTooLow, 0);
  bench.world.cutPower();
  bench.world.advance(SECOND);
  assert.equal(bench.world.eeprom.image(), image, 'nothing was written over what may still be saved');
});

test('outages shorter than the hold-up lose no energy, and no register falls when the supply is back', () => {
  const bench = makeBench({ load: { appliances: [{ kind: 'resistive', watt: 9_200 }] } });
  const { world } = bench;
  powerUp(bench);
  enter(bench, ownToken(MINUTE, 500));
  world.advance(3 * SECOND);
  const missing = (): number => world.energyTruthJoule() / 3.6 - bench.firmware().readout().totalMilliWh;
  const before = missing();
  const checker = new InvariantChecker();
  // Noticed after 10 ms and dead after 50, or a little before, for the saves draw from the capacitor too: some end in the
  // middle of the save, some follow before the last is over.
  for (let micros = 9_000; micros < 48_000; micros += 1_000) {
    world.cutPower();
    world.advance(micros);
    world.powerOn();
    world.advance(micros % 2_000 === 0 ? 300_000 : 4 * SECOND);
    checker.check(bench.firmware().readout(), world.relay.position);
  }
  world.advance(4 * SECOND);
  checker.check(bench.firmware().readout(), world.relay.position);
  assert.is(world.resets, 1);
  assert.is(world.relay.position, 'closed');
  assert.is(bench.firmware().readout().status, 'running');
  // Half a thousandth of gain error, and the last fraction of a mWh.
  assert.ok(Math.abs(missing() - before) < 0.0006 * bench.firmware().readout().totalMilliWh + 1);
  assert.is(world.relay.faults.supplyTooLow, 0);
});

test('a wrong token counts although its record joins one that waits: no power cut makes it free', () => {
  const bench = makeBench(
    { load: { appliances: [{ kind: 'resistive', watt: 9_200 }] } },
    // Each charge asks for a record, so that one is often in work and one waits.
    { ...DEFAULT_OPTIONS, checkpointMilliWh: 1 },
  );
  const { world } = bench;
  powerUp(bench);
  enter(bench, ownToken(MINUTE, 500));
  for (const tid of [1, 2]) assert.is(enter(bench, tokenOfAnotherMeter(tid))?.result, 'CRCError');
  for (let guess = 0; guess < 20; guess++) {
    // Nothing is drawn while the lockout passes: with a record for every mWh that would take long.
    world.setLoad({ appliances: [] });
    world.advance(1_300 * SECOND);
    world.setLoad({ appliances: [{ kind: 'resistive', watt: 9_200 }] });
    world.advance(1_000 * (guess % 7) + 100);
    bench.firmware().readout();
    let outcome: EntryOutcome | undefined;
    bench.firmware().enterToken(tokenOfAnotherMeter(10 + guess), (result) => {
      outcome = result;
    });
    while (outcome === undefined) world.advance(100);
    assert.is(outcome.result, 'CRCError');
    world.killMcu();
    powerUp(bench);
    assert.ok(bench.firmware().readout().lockedUntilSeconds > 0, `guess ${guess}`);
  }
});

test('a clock that was set back bars the door for the longest wait at most', () => {
  const bench = makeBench();
  powerUp(bench);
  for (const tid of [1, 2, 3]) enter(bench, tokenOfAnotherMeter(tid));
  const later = makeBench({ memoryImage: bench.world.eeprom.image(), rtcEpochSeconds: 1_700_000_000 });
  powerUp(later);
  assert.is(enter(later, ownToken(MINUTE, 1))?.result, 'Lockout');
  later.world.advance(1_281 * SECOND);
  assert.is(enter(later, ownToken(MINUTE, 1))?.result, 'Accept');
});

test('days of random tokens, loads and cuts keeps every invariant', () => {
  const seed = seedOf('days of a meter');
  const random = new RandomStream(seed, 'days');
  const bench = makeBench({ seed });
  const checker = new InvariantChecker();
  const { world } = bench;
  powerUp(bench);
  let tid = MINUTE;
  let bought = 0;
  let resets = 0;
  const steps = count(6_000, 300);
  for (let step = 0; step < steps; step++) {
    const action = random.integer(0, 19);
    if (action < 4) {
      tid += random.integer(1, 1_000);
      const amount = random.integer(1, 12);
      if (enter(bench, ownToken(tid, amount))?.result === 'Accept') bought += amount * 100_000;
    } else if (action < 8) {
      world.setLoad({ appliances: [{ kind: 'resistive', watt: random.integer(0, 20_000) }] });
    } else if (action === 8) {
      if (random.integer(0, 1) === 0) world.killMcu();
      else world.cutPower();
      world.advance(random.integer(0, 200_000));
      world.powerOn();
      world.advance(400_000);
      if (!world.powered) powerUp(bench);
      checker.powerLost();
      resets += 1;
    }
    world.advance(random.integer(1, 2 ** random.integer(1, 32)));
    world.advance(BOOTED);
    const readout = bench.firmware().readout();
    checker.check(readout, world.relay.position);
    assert.is(readout.acceptedMilliWh, bought);
  }
  const { days, energy } = { days: world.now() / 86_400e6, energy: bench.firmware().readout().totalMilliWh };
  report(
    `${checker.checks} checks of every invariant over ${days.toFixed(1)} days, ${resets} power cuts, ` +
      `${(energy / 1e6).toFixed(1)} kWh, ${world.relay.log.length} switchings`,
  );
  assert.is(world.relay.faults.supplyTooLow + world.relay.faults.otherCoilDriven, 0);
});

test.run();
