/** Tamper traps against meter-hardware.md 5: what is seen, for how long, what it latches and what releases it. */
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import {
  DEFAULT_TAMPER_RULES,
  INITIAL_TAMPER,
  kindsIn,
  setOf,
  TAMPER_KINDS,
  TAMPER_SECTION,
  type TamperKind,
  type TamperState,
  tamperCleared,
  tamperCommissioned,
  tamperSeen,
  tamperTrips,
} from '../../../meter-sim/firmware/tamper.ts';
import { RandomStream } from '../../../meter-sim/world/random.ts';
import { count, report, seedOf } from '../../support/counts.ts';
import { TamperBench } from '../support/tamper-bench.ts';

const test = suite('meter-sim/firmware/tamper');

const MAGNET = { faceMilliTesla: 500, halfLengthMillimetre: 10, hertz: 0 } as const;

test('when a state is written then it reads back the same, whatever is latched', () => {
  for (let latched = 0; latched < 256; latched++) {
    for (const isCommissioned of [false, true]) {
      for (const reverseMilliJoule of [0, 1, 17_999_999, 0xffff_ffff]) {
        const state: TamperState = { latched, isCommissioned, reverseMilliJoule };
        const bytes = new Uint8Array(TAMPER_SECTION.bytes + 4).fill(0x55);
        TAMPER_SECTION.encode(state, bytes, 2);
        assert.equal(TAMPER_SECTION.decode(bytes, 2), state);
        assert.equal([...bytes.slice(0, 2), ...bytes.slice(-2)], [0x55, 0x55, 0x55, 0x55]);
      }
    }
  }
});

test('when anything is seen, cleared and commissioned in any order then a latch only ever goes by a release', () => {
  const random = new RandomStream(seedOf('tamper states'), 'tamper');
  const steps = count(2_000_000, 20_000);
  const model = new Set<TamperKind>();
  let state = INITIAL_TAMPER;
  let isCommissioned = false;
  let releases = 0;
  for (let step = 0; step < steps; step++) {
    const kind = TAMPER_KINDS[random.integer(0, TAMPER_KINDS.length - 1)] as TamperKind;
    const present = random.integer(0, 255);
    const isRelease = random.integer(0, 9) === 0;
    if (!isRelease) {
      model.add(kind);
      state = tamperSeen(state, kind, DEFAULT_TAMPER_RULES);
    } else if (random.integer(0, 1) === 0 || !isCommissioned) {
      const isToken = random.integer(0, 1) === 0;
      state = isToken ? tamperCleared(state, present) : tamperCommissioned(state, present);
      if (isToken || !isCommissioned)
        for (const other of [...model]) if (!kindsIn(present).includes(other)) model.delete(other);
      if (!isToken) isCommissioned = true;
      releases++;
    } else {
      state = tamperCommissioned(state, present);
    }
    assert.equal(
      kindsIn(state.latched),
      TAMPER_KINDS.filter((each) => model.has(each)),
    );
    assert.is(state.isCommissioned, isCommissioned);
    const tripping = tamperTrips(state, 0, DEFAULT_TAMPER_RULES);
    assert.is(tripping !== 0, model.has('meter-cover') || model.has('terminal-cover'));
  }
  report(`${steps} steps, ${releases} releases`);
});

test('when the cover is lifted for 100 ms then it latches through power cycles until the token, and not while it is open', () => {
  const bench = new TamperBench();
  const { covers, watch } = bench;
  covers.setOpen('meter', true);
  bench.seconds(0.09);
  assert.equal(bench.events, [], 'still bouncing for all the meter knows');
  bench.seconds(0.05);
  assert.equal(bench.events, ['+meter-cover']);
  assert.is(watch.text, 'OPEN');
  assert.is(watch.trips, setOf('meter-cover'));
  assert.is(
    watch.cleared(bench.state).latched,
    setOf('meter-cover'),
    'a token behind an open cover releases nothing',
  );
  covers.setOpen('meter', false);
  bench.seconds(1);
  assert.equal(bench.events, ['+meter-cover', '-meter-cover']);
  for (let cycle = 0; cycle < 3; cycle++) {
    bench.cutPower();
    bench.seconds(60);
    bench.powerUp();
    bench.seconds(60);
    assert.is(bench.watch.trips, setOf('meter-cover'));
    assert.is(bench.watch.text, 'OPEN');
    assert.ok(bench.watch.isShown);
  }
  assert.is(bench.events.length, 2, 'power cycles are no new events');
  bench.record(bench.watch.cleared(bench.state));
  bench.watch.released();
  assert.is(bench.watch.trips, 0);
  assert.is(bench.watch.text, undefined);
  bench.cutPower();
  bench.powerUp();
  bench.seconds(10);
  assert.is(bench.watch.trips, 0);
  assert.is(bench.events.length, 2);
});

test('when a cover is lifted in the dark then the next power-up finds it once, also when it is cut short', () => {
  const bench = new TamperBench();
  bench.cutPower();
  bench.covers.setOpen('terminal', true);
  bench.seconds(5);
  bench.covers.setOpen('terminal', false);
  bench.seconds(5);
  bench.powerUp();
  assert.equal(bench.events, ['+terminal-cover', '-terminal-cover']);
  assert.is(bench.state.latched, setOf('terminal-cover'));
  bench.cutPower();
  bench.powerUp();
  bench.seconds(5);
  assert.is(bench.events.length, 2);
  // A record that was never written leaves the battery's latch as it is.
  const covers = bench.covers;
  bench.record(bench.watch.cleared(bench.state));
  bench.cutPower();
  covers.setOpen('meter', true);
  bench.seconds(1);
  covers.setOpen('meter', false);
  bench.seconds(1);
  assert.ok(covers.wasOpened('meter'));
});

test('when the terminal cover does not latch by choice then it trips for as long as it is open', () => {
  const rules = { ...DEFAULT_TAMPER_RULES, 'terminal-cover': { trips: true, latches: false } };
  const bench = new TamperBench({ rules });
  bench.covers.setOpen('terminal', true);
  bench.seconds(1);
  assert.is(bench.watch.trips, setOf('terminal-cover'));
  bench.covers.setOpen('terminal', false);
  bench.seconds(1);
  assert.is(bench.watch.trips, 0);
  assert.not(bench.watch.isShown);
  assert.equal(bench.events, ['+terminal-cover', '-terminal-cover']);
});

test('when a magnet stays for a second then it counts, and it must go below the release before it counts again', () => {
  const bench = new TamperBench();
  const bring = (millimetre: number): void =>
    bench.hall.setMagnet({ ...MAGNET, atMillimetre: [0, millimetre, 0] });
  bring(30);
  bench.seconds(0.9);
  bench.hall.setMagnet(undefined);
  bench.seconds(5);
  assert.equal(bench.events, [], 'passed by');
  bring(30);
  bench.seconds(0.99);
  assert.equal(bench.events, []);
  bench.seconds(0.02);
  assert.equal(bench.events, ['+magnet']);
  assert.is(bench.watch.text, 'DISTU');
  assert.is(bench.watch.trips, 0, 'trips only if configured');
  bring(48);
  bench.seconds(5);
  assert.equal(bench.events, ['+magnet'], 'between release and operate it is still there');
  bench.hall.setMagnet(undefined);
  bench.seconds(1);
  assert.equal(bench.events, ['+magnet', '-magnet']);
  assert.is(bench.watch.text, undefined);
  assert.ok(bench.watch.isShown, 'the hand stays');
  const tripping = new TamperBench({
    rules: { ...DEFAULT_TAMPER_RULES, magnet: { trips: true, latches: true } },
  });
  tripping.hall.setMagnet({ ...MAGNET, atMillimetre: [0, 30, 0] });
  tripping.seconds(2);
  assert.is(tripping.watch.trips, setOf('magnet'));
});

test('when a field influences the measurement and the utility says so then Imax is charged for its time', () => {
  const bench = new TamperBench({ billsInfluenceAtImax: true });
  const { watch } = bench;
  assert.is(watch.influenceMilliJoule(0), 0);
  bench.hall.setMagnet({ ...MAGNET, atMillimetre: [0, 20, 0] });
  bench.seconds(0);
  assert.ok(watch.isInfluenced);
  bench.seconds(10);
  // 23 kW for 10 s, of which the chip has counted 20 kJ itself.
  assert.is(watch.influenceMilliJoule(20_000_000), 230_000_000 - 20_000_000);
  bench.seconds(1);
  assert.is(watch.influenceMilliJoule(50_000_000), 0, 'what was measured is never charged twice');
  bench.hall.setMagnet(undefined);
  bench.seconds(10);
  assert.not(watch.isInfluenced);
  assert.is(watch.influenceMilliJoule(0), 0);
});

test('when the currents differ for ten seconds then the larger one is billed until they agree', () => {
  const bench = new TamperBench();
  const { chip } = bench;
  chip.line = 4_000;
  chip.neutral = 10_000;
  chip.raise('imbalance', true);
  bench.seconds(9);
  assert.is(chip.path, 'line');
  chip.raise('imbalance', false);
  bench.seconds(5);
  assert.equal(bench.events, []);
  chip.raise('imbalance', true);
  bench.seconds(10);
  assert.equal(bench.events, ['+bypass']);
  assert.is(chip.path, 'neutral');
  assert.is(bench.watch.text, 'CUR-UNB');
  chip.neutral = 2_000;
  bench.watch.chooseCurrent();
  assert.is(chip.path, 'line', 'the other one is larger now');
  chip.raise('imbalance', false);
  assert.equal(bench.events, ['+bypass', '-bypass']);
  assert.is(chip.path, 'line');
  assert.is(bench.state.latched, setOf('bypass'));
});

test('when energy is fed back then 5 Wh of it are one event, summed over power cycles, until it is released', () => {
  const bench = new TamperBench();
  bench.chip.feedBack(10_000_000);
  bench.record(bench.watch.broughtUp());
  bench.cutPower();
  bench.powerUp();
  bench.chip.feedBack(7_999_999);
  assert.equal(bench.events, []);
  bench.chip.feedBack(1);
  assert.equal(bench.events, ['+reverse-energy', '-reverse-energy']);
  const saves = bench.saves;
  for (let hour = 0; hour < 100; hour++) bench.chip.feedBack(18_000_000);
  assert.is(bench.events.length, 2);
  assert.is(bench.saves, saves, 'a roof of panels writes nothing more');
  bench.record(bench.watch.cleared(bench.state));
  bench.watch.released();
  bench.chip.feedBack(17_999_999);
  assert.is(bench.events.length, 2);
  bench.chip.feedBack(1);
  assert.is(bench.events.length, 4);
});

test('when the load side is live behind an open relay for a second then it is a bypass or a generator', () => {
  const bench = new TamperBench();
  bench.setLoadSide(230_000);
  bench.seconds(10);
  assert.equal(bench.events, [], 'behind a closed relay it is the mains');
  bench.isRelayOpen = true;
  bench.watch.switched();
  bench.seconds(0.5);
  bench.setLoadSide(0);
  bench.seconds(5);
  assert.equal(bench.events, [], 'a motor that ran down');
  bench.setLoadSide(120_000);
  bench.seconds(1.1);
  assert.equal(bench.events, ['+load-side-voltage']);
  bench.watch.switched();
  bench.seconds(5);
  bench.setLoadSide(0);
  assert.equal(bench.events, ['+load-side-voltage', '-load-side-voltage']);
  assert.ok(bench.watch.isShown);
});

test('when the supply sinks and the current flows on then the neutral is missing, and not when both go', () => {
  const bench = new TamperBench();
  bench.watch.powerFailing();
  bench.chip.raise('current', true);
  assert.equal(bench.events, [], 'the voltage is there');
  bench.watch.recovered();
  assert.is(bench.chip.levels.filter(({ quantity }) => quantity === 'current').length, 0);
  bench.chip.halfCycle = 92_000;
  bench.watch.powerFailing();
  bench.chip.raise('current', true);
  bench.watch.recovered();
  assert.equal(bench.events, [], 'a dip to 40 % in which the load draws on');
  bench.chip.halfCycle = 5_000;
  bench.watch.powerFailing();
  bench.seconds(0.04);
  assert.equal(bench.events, [], 'no register has closed with a current');
  bench.chip.raise('current', true);
  assert.equal(bench.events, ['+neutral-missing']);
  bench.chip.halfCycle = 230_000;
  bench.watch.recovered();
  assert.equal(bench.events, ['+neutral-missing', '-neutral-missing']);
  assert.is(bench.state.latched, setOf('neutral-missing'));
});

test('when the door is barred after wrong tokens then it is an event that stays, with the words of the lockout alone', () => {
  const bench = new TamperBench();
  bench.watch.lockedOut();
  assert.equal(bench.events, ['+brute-force', '-brute-force']);
  assert.ok(bench.watch.isShown);
  assert.is(bench.watch.text, undefined);
  assert.is(bench.watch.trips, 0);
});

test('when a new meter accepts its first token then what the fitter did is released, and nothing later', () => {
  const bench = new TamperBench();
  const openAndShut = (): void => {
    bench.covers.setOpen('terminal', true);
    bench.seconds(1);
    bench.covers.setOpen('terminal', false);
    bench.seconds(1);
  };
  openAndShut();
  assert.is(bench.watch.trips, setOf('terminal-cover'));
  bench.record(bench.watch.commissioned(bench.state));
  assert.is(bench.watch.trips, 0);
  openAndShut();
  bench.record(bench.watch.commissioned(bench.state));
  assert.is(bench.watch.trips, setOf('terminal-cover'), 'a second token is no commissioning');
});

test.run();
