import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import {
  type ActiveCommands,
  decideSwitch,
  hasCommand,
  latchedOf,
  NO_COMMANDS,
  SWITCH_COMMANDS,
  SWITCH_SECTION,
  SwitchBoard,
  type SwitchDecision,
  withCommand,
} from '../../../meter-sim/firmware/switch-commands.ts';
import { report } from '../../support/counts.ts';
import { makeBench, powerUp, SECOND } from '../../support/meter-bench.ts';
import { ownToken } from '../../support/public-meter.ts';

const test = suite('meter-sim/firmware/switch-commands');

const FIRST_TID = 6_600_000;

test('for every set of commands the one of the highest priority decides', () => {
  const sets = 2 ** (SWITCH_COMMANDS.length - 1);
  for (let active: ActiveCommands = 0; active < sets; active++) {
    const inForce = SWITCH_COMMANDS.filter(({ cause }) => hasCommand(active, cause));
    const highest = Math.min(...inForce.map(({ priority }) => priority));
    const decided = decideSwitch(active);
    assert.is(decided.priority, highest);
    assert.ok(inForce.includes(decided));
    assert.ok(
      inForce.every(({ priority, position }) => priority > highest || position === decided.position),
      'one priority, one position',
    );
  }
  report(`${sets} sets of commands resolved`);
});

test('the table has the reference’s order and no two rows of one name', () => {
  const priorities = SWITCH_COMMANDS.map(({ priority }) => priority);
  assert.equal(
    [...priorities],
    [...priorities].sort((a, b) => a - b),
  );
  assert.is(new Set(SWITCH_COMMANDS.map(({ cause }) => cause)).size, SWITCH_COMMANDS.length);
  for (const [cause, priority, position] of [
    ['remoteClose', 1, 'closed'],
    ['remoteOpen', 2, 'open'],
    ['closeTest', 3, 'closed'],
    ['openTest', 4, 'open'],
    ['overload', 5, 'open'],
    ['meterCover', 6, 'open'],
    ['terminalCover', 7, 'open'],
    ['emergencyAvailable', 8, 'open'],
    ['creditUsedUp', 9, 'open'],
    ['factoryOpen', 10, 'open'],
    ['normal', 11, 'closed'],
  ] as const) {
    const decided = decideSwitch(withCommand(NO_COMMANDS, cause, true));
    assert.equal([decided.cause, decided.priority, decided.position], [cause, priority, position]);
  }
});

test('when a command is raised and withdrawn then each change of cause is told once', () => {
  const told: SwitchDecision[] = [];
  let now = 0;
  const board = new SwitchBoard(
    () => ++now,
    (decision) => told.push(decision),
  );
  assert.is(board.decide(), 'closed');
  board.set('creditUsedUp', true);
  board.set('overload', true);
  assert.is(board.decide(), 'open');
  assert.is(board.decide(), 'open');
  board.set('overload', false);
  board.decide();
  assert.is(board.decide('closed'), 'closed');
  board.set('creditUsedUp', false);
  board.decide();
  assert.equal(
    told.map(({ cause }) => cause),
    ['normal', 'overload', 'creditUsedUp', 'productionTest', 'normal'],
  );
  assert.equal(board.log, told);
  for (let index = 0; index < 40; index++) {
    board.set('openTest', index % 2 === 0);
    board.decide();
  }
  assert.is(board.log.length, 16);
  assert.is(board.log.at(-1), told.at(-1));
});

test('of all commands a power cut keeps the utility’s own', () => {
  for (const { cause } of SWITCH_COMMANDS) {
    const active = withCommand(NO_COMMANDS, cause, true);
    const bytes = new Uint8Array(8).fill(0xff);
    SWITCH_SECTION.encode(active, bytes, 3);
    assert.is(bytes[2], 0xff);
    assert.is(bytes[3 + SWITCH_SECTION.bytes], 0xff);
    const kept = SWITCH_SECTION.decode(bytes, 3);
    assert.is(kept, latchedOf(active));
    assert.is(kept !== NO_COMMANDS, cause === 'remoteClose' || cause === 'remoteOpen');
  }
  assert.is(SWITCH_SECTION.initial, NO_COMMANDS);
});

test('when the utility commands the switch then neither credit nor its lack matters, and the cause is shown', () => {
  const bench = makeBench();
  const { world } = bench;
  powerUp(bench);
  assert.is(bench.firmware().readout().switchCause, 'emergencyAvailable');
  bench.firmware().commandSwitch('close');
  world.advance(5 * SECOND);
  assert.is(world.relay.position, 'closed');
  assert.is(bench.firmware().readout().switchCause, 'remoteClose');
  bench.firmware().enterToken(ownToken(FIRST_TID, 10), () => {});
  bench.firmware().commandSwitch('open');
  world.advance(5 * SECOND);
  assert.is(world.relay.position, 'open');
  assert.is(bench.firmware().readout().switchCause, 'remoteOpen');
  bench.firmware().commandSwitch('none');
  world.advance(5 * SECOND);
  assert.is(world.relay.position, 'closed');
  assert.equal(
    bench
      .firmware()
      .readout()
      .switchLog.map(({ cause, position }) => `${cause} ${position}`),
    ['emergencyAvailable open', 'remoteClose closed', 'remoteOpen open', 'normal closed'],
  );
});

test.run();
