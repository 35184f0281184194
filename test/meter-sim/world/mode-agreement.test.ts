import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { PUBLIC_TEST_METER } from '../../../cli/public-test-values.ts';
import { readScenario } from '../../../meter-sim/scenario.ts';
import { RandomStream } from '../../../meter-sim/world/random.ts';
import { ScenarioPlayer, type ScenarioReport } from '../../../meter-sim/world/scenario-player.ts';
import type { ScenarioInput } from '../../../meter-sim/world/scenario-schema.ts';
import { count, report, seedOf } from '../../support/counts.ts';

const test = suite('meter-sim/world/modes');
const SECONDS = 60;
/** A contact whose moment hangs on a few samples of noise parts this much apart at most, µs: a half cycle and a sample. */
const SWITCHING_APART = 11_000;
/** A minute's register may end a remainder apart, and for each cut of the mains by what flowed within a sample of it. */
const MOST_MILLI_WH = 5;

/** Loads, tokens enough and too small, dips, cuts, covers, wrong tokens; nothing whose outcome hangs on a single sample. */
function randomScenario(seed: number, random: RandomStream): ScenarioInput {
  const load = (): NonNullable<ScenarioInput['load']> => {
    const watt = random.integer(20, 9_000);
    switch (random.integer(0, 3)) {
      case 0:
        return [{ kind: 'lagging', watt, powerFactor: 0.5 + 0.5 * random.uniform() }];
      case 1:
        return [{ kind: 'electronic', watt: Math.ceil(watt / 5) }];
      case 2:
        return [
          { kind: 'resistive', watt },
          { kind: 'leading', watt: 100, powerFactor: 0.9 },
        ];
      default:
        return watt;
    }
  };
  const steps: NonNullable<ScenarioInput['steps']> = [];
  for (let at = 2; at < SECONDS - 3; at += random.integer(2, 9)) {
    const moment = `${at}.${String(random.integer(0, 999)).padStart(3, '0')}s`;
    switch (random.integer(0, 7)) {
      case 0:
        steps.push({ at: moment, load: load() });
        break;
      case 1:
        steps.push({ at: moment, cut: `${random.integer(5, 3_000)}ms` });
        break;
      case 2:
        steps.push({ at: moment, token: { kwh: 5, foreign: true } });
        break;
      case 3:
        steps.push({ at: moment, keys: ['801#', '12345', '804#'][random.integer(0, 2)] as string });
        break;
      case 4:
        steps.push({ at: moment, volt: random.integer(180, 255) });
        break;
      default:
        steps.push({ at: moment, token: { kwh: random.integer(1, 50) / 10 } });
    }
  }
  return { name: `random ${seed}`, seed, lasts: SECONDS, load: load(), steps };
}

const play = (input: ScenarioInput, mode: 'sampled' | 'next-event'): ScenarioReport => {
  const { scenario, factory } = readScenario(JSON.stringify(input), PUBLIC_TEST_METER);
  return new ScenarioPlayer(scenario, factory, mode).report();
};

test('when random scenarios are played in both modes then the ledgers are the same and the energies within 1e-6', () => {
  const seed = seedOf('modes');
  const wanted = count(400, 12);
  const counts = { tokens: 0, accepted: 0, switchings: 0, events: 0, resets: 0 };
  let worstEnergy = 0;
  let worstRegister = 0;
  let worstApart = 0;
  for (let round = 0; round < wanted; round++) {
    const input = randomScenario(seed + round, new RandomStream(seed + round, 'scenario'));
    const [exact, fast] = [play(input, 'sampled'), play(input, 'next-event')];
    const what = `seed ${seed + round}`;
    const outcomes = ({ ledger }: ScenarioReport) =>
      ledger.tokens.map(({ result, creditMilliWh }) => [result, creditMilliWh]);
    assert.equal(outcomes(fast), outcomes(exact), `${what}: tokens`);
    assert.equal(fast.ledger.events, exact.ledger.events, `${what}: events`);
    assert.is(fast.ledger.resets, exact.ledger.resets, `${what}: resets`);
    const directions = ({ ledger }: ScenarioReport) => ledger.switchings.map(({ direction }) => direction);
    assert.equal(directions(fast), directions(exact), `${what}: switchings`);
    for (const [index, { at }] of exact.ledger.switchings.entries()) {
      worstApart = Math.max(worstApart, Math.abs(at - fast.ledger.switchings[index]!.at));
    }
    const [one, two] = [exact.ledger.registers, fast.ledger.registers];
    assert.is(one === null, two === null, what);
    if (one !== null && two !== null) {
      assert.is(one.acceptedMilliWh, two.acceptedMilliWh, `${what}: accepted`);
      worstRegister = Math.max(worstRegister, Math.abs(one.totalMilliWh - two.totalMilliWh));
    }
    worstEnergy = Math.max(worstEnergy, Math.abs(fast.energyJoule / exact.energyJoule - 1) || 0);
    counts.tokens += exact.ledger.tokens.length;
    counts.accepted += exact.ledger.tokens.filter(({ result }) => result === 'Accept').length;
    counts.switchings += exact.ledger.switchings.length;
    counts.events += exact.ledger.events.length;
    counts.resets += exact.ledger.resets;
  }
  report(`${wanted} scenarios of ${SECONDS} s in both modes: ${JSON.stringify(counts)}`);
  report(
    `energies ${worstEnergy.toExponential(1)} apart, registers ${worstRegister} mWh, switchings ${worstApart.toFixed(0)} us`,
  );
  assert.ok(counts.accepted > wanted && counts.switchings >= wanted / 2);
  assert.ok(worstApart <= SWITCHING_APART, `${worstApart} us`);
  assert.ok(worstEnergy <= 1e-6, `energy ${worstEnergy}`);
  assert.ok(worstRegister <= MOST_MILLI_WH, `register ${worstRegister} mWh`);
});

test('when half an hour of a large load is lived in both modes then the registers are within 1e-6', () => {
  const input: ScenarioInput = {
    name: 'long',
    lasts: '30m',
    load: [{ kind: 'lagging', watt: 9_000, powerFactor: 0.9 }],
    steps: [{ at: 2, token: { kwh: 100 } }],
  };
  const [one, two] = [play(input, 'sampled').ledger.registers, play(input, 'next-event').ledger.registers];
  assert.ok(one !== null && two !== null);
  const apart = Math.abs(one.totalMilliWh / two.totalMilliWh - 1);
  report(`${one.totalMilliWh} mWh sampled, ${two.totalMilliWh} by events: ${apart.toExponential(1)} apart`);
  assert.ok(apart <= 1e-6, `${apart}`);
});

test.run();
