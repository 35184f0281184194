import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { DEFAULT_OPTIONS } from '../../../meter-sim/firmware/options.ts';
import {
  CALM,
  DEFAULT_OVERLOAD,
  keptOf,
  NOTHING_KEPT,
  OVERLOAD_SECTION,
  type OverloadInputs,
  type OverloadState,
  overloadText,
  releaseOverload,
  restored,
  stepOverload,
} from '../../../meter-sim/firmware/overload.ts';
import { makeBench, powerUp, SECOND } from '../../support/meter-bench.ts';
import { ownToken } from '../../support/public-meter.ts';

const test = suite('meter-sim/firmware/overload');

const FIRST_TID = 6_600_000;
const QUIET: OverloadInputs = {
  isOver: false,
  isExtreme: false,
  isBreakable: true,
  isHigh: false,
  isCalm: true,
  energyMilliJoule: 0,
};
const OVER = { ...QUIET, isOver: true };
const LIMIT = 5_000;

/** Asks the machine at a change of inputs and then at each moment that it names itself. */
class Machine {
  state: OverloadState = CALM;
  now = 0;
  nextAt: number | undefined;
  asked = 0;
  readonly #options = DEFAULT_OVERLOAD;

  set(inputs: OverloadInputs): void {
    const step = stepOverload(this.state, inputs, this.now, LIMIT, this.#options);
    this.state = step.state;
    this.nextAt = step.nextAt;
    this.asked++;
  }

  runTo(second: number, inputs: OverloadInputs): void {
    const end = second * SECOND;
    while (this.nextAt !== undefined && this.nextAt <= end) {
      assert.ok(this.nextAt > this.now, 'the next moment lies ahead');
      this.now = this.nextAt;
      this.set(inputs);
    }
    this.now = end;
    this.set(inputs);
  }
}

test('when the limit is passed for B then the switch opens, closes after C, and the fifth trip locks it', () => {
  const machine = new Machine();
  const trips: number[] = [];
  for (let trip = 1; trip <= 5; trip++) {
    const from = machine.now / SECOND;
    machine.set(OVER);
    machine.runTo(from + 29, OVER);
    assert.is(machine.state.trip, undefined);
    machine.runTo(from + 30, OVER);
    assert.is(machine.state.trip, 'overload');
    assert.is(overloadText(machine.state), 'OVER PO');
    trips.push(machine.state.trips);
    machine.set(QUIET); // The open switch takes the load away.
    machine.runTo(from + (trip < 5 ? 60 : 30 + 1_799), QUIET);
    assert.is(machine.state.trip, trip < 5 ? undefined : 'overload');
    assert.is(machine.state.isLocked, trip === 5);
  }
  assert.equal(trips, [1, 2, 3, 4, 5]);
  machine.runTo(machine.now / SECOND + 1, QUIET);
  assert.equal([machine.state.trip, machine.state.trips, machine.state.isLocked], [undefined, 0, false]);
});

test('when E has passed without overload then the trips are forgotten', () => {
  const machine = new Machine();
  machine.set(OVER);
  machine.runTo(30, OVER);
  machine.set(QUIET);
  machine.runTo(60, QUIET);
  machine.runTo(60 + 1_799, QUIET);
  assert.is(machine.state.trips, 1);
  machine.runTo(60 + 1_800, QUIET);
  assert.is(machine.state.trips, 0);
  assert.is(machine.nextAt, undefined, 'and nothing is asked any more');
});

test('when the overload pauses then B begins anew', () => {
  const machine = new Machine();
  machine.set(OVER);
  machine.runTo(29, OVER);
  machine.set(QUIET);
  machine.runTo(30, QUIET);
  machine.set(OVER);
  machine.runTo(59, OVER);
  assert.is(machine.state.trip, undefined);
  machine.runTo(60, OVER);
  assert.is(machine.state.trip, 'overload');
});

test('when the current is extreme then the switch opens after a second, but never above what it can break', () => {
  const machine = new Machine();
  const extreme = { ...OVER, isExtreme: true, isBreakable: false };
  machine.set(extreme);
  machine.runTo(100, extreme);
  assert.is(machine.state.trip, undefined);
  assert.ok(machine.asked < 10, `waiting asked ${machine.asked} times`);
  machine.set({ ...extreme, isBreakable: true });
  assert.is(machine.state.trip, 'extremeCurrent');
  assert.is(overloadText(machine.state), 'CUR-OVER');
});

test('when the voltage is too high for 5 s then the switch opens, and closes when it has been good for a minute', () => {
  const machine = new Machine();
  const high = { ...QUIET, isHigh: true, isCalm: false };
  const between = { ...QUIET, isCalm: false };
  machine.set(high);
  machine.runTo(4, high);
  assert.not(machine.state.isVoltageTripped);
  machine.runTo(5, high);
  assert.ok(machine.state.isVoltageTripped);
  assert.is(overloadText(machine.state), 'VOL-OVER');
  machine.set(between);
  machine.runTo(200, between);
  assert.ok(machine.state.isVoltageTripped);
  machine.set(QUIET);
  machine.runTo(259, QUIET);
  assert.ok(machine.state.isVoltageTripped);
  machine.runTo(260, QUIET);
  assert.not(machine.state.isVoltageTripped);
});

test('demand: short peaks are borne, a mean above the limit is not', () => {
  const options = { ...DEFAULT_OVERLOAD, demandMicros: 300 * SECOND };
  const start = stepOverload(CALM, OVER, 0, LIMIT, options);
  const borne = LIMIT * 300 * 1_000;
  assert.is(start.alarmMilliJoule, borne);
  assert.is(start.nextAt, 300 * SECOND);
  const half = stepOverload(
    start.state,
    { ...OVER, energyMilliJoule: borne / 2 },
    100 * SECOND,
    LIMIT,
    options,
  );
  assert.is(half.state.trip, undefined);
  assert.is(half.alarmMilliJoule, borne / 2);
  const full = stepOverload(half.state, { ...OVER, energyMilliJoule: borne }, 290 * SECOND, LIMIT, options);
  assert.is(full.state.trip, 'overload');
  const next = stepOverload(
    half.state,
    { ...OVER, energyMilliJoule: borne - 5 },
    300 * SECOND,
    LIMIT,
    options,
  );
  assert.is(next.state.trip, undefined);
  assert.is(next.alarmMilliJoule, borne, 'a new window');
});

test('what a power cut leaves of a trip begins anew, and bytes bring it back', () => {
  const state = { ...CALM, trip: 'overload', isLocked: true, trips: 5, until: 100 * SECOND } as const;
  const kept = keptOf(state, 39.5 * SECOND);
  assert.is(kept.leftSeconds, 61);
  const bytes = new Uint8Array(12).fill(0xff);
  OVERLOAD_SECTION.encode(kept, bytes, 5);
  assert.equal(OVERLOAD_SECTION.decode(bytes, 5), kept);
  assert.equal([bytes[4], bytes[5 + OVERLOAD_SECTION.bytes]], [0xff, 0xff]);
  const again = restored(kept, 7 * SECOND);
  assert.equal([again.trip, again.isLocked, again.trips, again.until], ['overload', true, 5, 68 * SECOND]);
  assert.is(keptOf(CALM, 5), NOTHING_KEPT);
  const voltage = keptOf({ ...CALM, isVoltageTripped: true }, 0);
  OVERLOAD_SECTION.encode(voltage, bytes, 0);
  assert.equal(OVERLOAD_SECTION.decode(bytes, 0), voltage);
  assert.equal(releaseOverload(state, 1).trip, undefined);
});

test('a household above its limit is cut off, tried again, locked through a power cut, and supplied again', () => {
  const options = {
    ...DEFAULT_OPTIONS,
    overload: { ...DEFAULT_OPTIONS.overload, limitWatt: 5_000, lockMicros: 600 * SECOND },
  };
  const bench = makeBench({ load: { appliances: [{ kind: 'resistive', watt: 8_000 }] } }, options);
  const { world } = bench;
  powerUp(bench);
  bench.firmware().enterToken(ownToken(FIRST_TID, 10_000), () => {});
  world.advance(20 * SECOND);
  assert.is(world.relay.position, 'closed');
  world.advance(20 * SECOND);
  assert.is(world.relay.position, 'open');
  const tripped = bench.firmware().readout();
  assert.equal([tripped.switchCause, tripped.display.text], ['overload', 'OVER PO']);
  world.advance(30 * SECOND);
  assert.is(world.relay.position, 'closed');
  world.advance(4 * 65 * SECOND);
  const locked = bench.firmware().readout();
  assert.ok(locked.overload.isLocked, JSON.stringify(locked.overload));
  world.cutPower();
  world.advance(5 * SECOND);
  world.powerOn();
  world.advance(300 * SECOND);
  assert.is(world.relay.position, 'open');
  assert.is(bench.firmware().readout().switchCause, 'overload');
  world.setLoad({ appliances: [{ kind: 'resistive', watt: 2_000 }] });
  world.advance(400 * SECOND);
  assert.is(world.relay.position, 'closed');
  assert.is(bench.firmware().readout().switchCause, 'normal');
});

test('when the neutral is lost and the voltage rises then the switch opens and the glass says why', () => {
  const bench = makeBench({ load: { appliances: [{ kind: 'resistive', watt: 1_000 }] } });
  const { world } = bench;
  powerUp(bench);
  bench.firmware().enterToken(ownToken(FIRST_TID, 10_000), () => {});
  world.advance(5 * SECOND);
  world.setVoltage(300);
  world.advance(8 * SECOND);
  assert.is(world.relay.position, 'open');
  assert.is(bench.firmware().readout().display.text, 'VOL-OVER');
  world.setVoltage(240);
  world.advance(55 * SECOND);
  assert.is(world.relay.position, 'open');
  world.advance(10 * SECOND);
  assert.is(world.relay.position, 'closed');
});

test.run();
