import { readdirSync, readFileSync } from 'node:fs';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { PUBLIC_TEST_METER } from '../../../cli/public-test-values.ts';
import { isStsFault } from '../../../lib/faults.ts';
import { playScenario, readScenario, scenarioSchemaText } from '../../../meter-sim/scenario.ts';
import { durationText, microsOf } from '../../../meter-sim/world/duration.ts';
import { planFaults } from '../../../meter-sim/world/scenario-faults.ts';
import type { FaultRate } from '../../../meter-sim/world/scenario-schema.ts';
import { report } from '../../support/counts.ts';

const test = suite('meter-sim/world/scenario');
const FOLDER = new URL('../../../meter-sim/scenarios/', import.meta.url);
const samples = readdirSync(FOLDER).filter((file) => file.endsWith('.yaml'));

const read = (text: string) => readScenario(text, PUBLIC_TEST_METER);

for (const file of samples) {
  test(`when the sample ${file} is played then everything comes as it expects`, async () => {
    const scenario = read(readFileSync(new URL(file, FOLDER), 'utf8'));
    const played = await playScenario(scenario);
    const broken = played.findings.filter(({ held }) => !held);
    assert.equal(broken, []);
    assert.ok(played.findings.length > 0 && played.invariantChecks > 0);
    report(
      `${played.findings.length} expectations, ${played.eventsRun} events, ${played.invariantChecks} checks of every invariant`,
    );
  });
}

test('when the samples are counted then there are six or more', () => {
  assert.ok(samples.length >= 6, samples.join());
});

test('when something comes otherwise then the verdict is failed and says what was found', async () => {
  const text = `{ "name": "x", "lasts": "1m", "load": 1000, "steps": [{ "at": 5, "token": { "kwh": 1 } }],
    "expect": { "balanceKwh": [2, 3], "relay": "open", "display": "/^9/", "events": ["never"], "acceptedKwh": 1 } }`;
  const { verdict, findings } = await playScenario(read(text));
  assert.is(verdict, 'failed');
  assert.equal(
    findings.map(({ field, held }) => [field, held]),
    [
      ['balanceKwh', false],
      ['acceptedKwh', true],
      ['relay', false],
      ['display', false],
      ['events', false],
    ],
  );
  assert.match(findings[0]!.found, /^0\.98/);
});

test('when a scenario is played twice then the reports are equal to the bit, and another seed gives another', async () => {
  const text = `{ name: x, lasts: 6h, load: 1700, steps: [{ at: 5s, token: { kwh: 3 } }],
    faults: [{ kind: cut, perDay: 60 }, { kind: dip, perDay: 90, lasting: [10ms, 1s] }] }`;
  for (const mode of ['next-event', 'sampled'] as const) {
    const short =
      mode === 'sampled' ? text.replace('6h', '2m').replaceAll(/perDay: \d+/g, 'perDay: 3000') : text;
    const play = (seed: number) => playScenario(read(short), { seed, mode });
    const [one, two, other] = [await play(7), await play(7), await play(8)];
    assert.equal(one, two);
    assert.is.not(one.traceHash, other.traceHash);
    assert.ok((one.faults['cut'] ?? 0) > 0 && (one.faults['dip'] ?? 0) > 0, JSON.stringify(one.faults));
  }
});

const BAD: readonly [text: string, line: number, field: string][] = [
  ['name: x\nlasts: 1h\nload: [', 3, 'scenario'],
  ['name: x\nlast: 1h\n', 1, 'lasts'],
  ['name: x\nlasts: 1h\nsteps:\n  - at: 5s\n    tokn: 1\n', 4, 'steps.0'],
  ['name: x\nlasts: 1h\nsteps:\n  - at: 5s\n    power: on\n  - at: soon\n    power: on\n', 6, 'steps.1.at'],
  ['name: x\nlasts: 1h\nsteps:\n  - at: 5s\n', 4, 'steps.0'],
  ['name: x\nlasts: 1h\nload:\n  - { kind: kettle, watt: 5 }\n', 4, 'load.0.kind'],
  ['name: x\nlasts: 1h\nload: [{ kind: lagging, watt: 5, powerFactor: 2 }]\n', 3, 'load.0.powerFactor'],
  ['name: x\nlasts: 1h\nsteps:\n  - at: 1s\n    token: { kwh: 5, again: x }\n', 5, 'steps.0.token'],
  ['name: x\nlasts: 1h\nexpect: { balanceKwh: [3, 2] }\n', 3, 'expect.balanceKwh'],
  ['name: x\nlasts: 1h\nmode: fast\n', 3, 'mode'],
  ['name: x\nlasts: -1\n', 2, 'lasts'],
  ['name: x\nlasts: 1h\nfaults:\n  - { kind: cut, perDay: 0 }\n', 4, 'faults.0.perDay'],
  ['name: x\nlasts: 1h\nmeter: { drn: "1" }\n', 3, 'meter.encryptionAlgorithm'],
  ['', 1, 'scenario'],
  ['- 1\n- 2\n', 1, 'scenario'],
];

for (const [index, [text, line, field]] of BAD.entries()) {
  test(`when bad file ${index} is read then the refusal names line ${line} and field ${field}`, () => {
    let caught: unknown;
    try {
      read(text);
    } catch (error) {
      caught = error;
    }
    assert.ok(isStsFault(caught), String(caught));
    assert.is(caught.code, 'scenario_malformed', caught.message);
    assert.is(caught.param, field, caught.message);
    assert.match(caught.message, new RegExp(`line ${line}\\b`));
  });
}

test('when a step names a token that no step before has made then the play is refused', async () => {
  const scenario = read('{ name: x, lasts: 1m, steps: [{ at: 1s, token: { again: nobody } }] }');
  let code = '';
  await playScenario(scenario).catch((error: unknown) => {
    code = isStsFault(error) ? error.code : String(error);
  });
  assert.is(code, 'scenario_malformed');
});

test('when a trace is asked for then VCD and CSV show the closing, and the run is the same', async () => {
  const scenario = read('{ name: x, lasts: 20s, load: 2000, steps: [{ at: 2s, token: { kwh: 5 } }] }');
  const plain = await playScenario(scenario);
  let vcd = '';
  let csv = '';
  const request = { from: 1_900_000, to: 3_900_000, period: 244 };
  const traced = await playScenario(scenario, {
    traces: [
      { ...request, format: 'vcd', write: (text) => (vcd += text) },
      { ...request, format: 'csv', write: (text) => (csv += text) },
    ],
  });
  assert.equal(traced.ledger, plain.ledger);
  const rows = csv.trim().split('\n');
  assert.is(rows[0]!.split(',')[1], 'mains (V)');
  assert.ok(rows.length > 8_000, `${rows.length} rows`);
  const column = (name: string): number[] => {
    const at = rows[0]!.split(',').findIndex((head) => head.startsWith(name));
    return rows.slice(1).map((row) => Number(row.split(',')[at]));
  };
  assert.ok(Math.max(...column('mains')) > 310 && Math.min(...column('mains')) < -310);
  assert.ok(Math.max(...column('load')) > 11);
  assert.is(column('contact')[0], 0);
  assert.is(column('contact').at(-1), 1);
  assert.ok(column('coil').includes(1) && column('eeprom').includes(1));
  assert.match(vcd, /\$var real 64 ! mains \$end/);
  assert.match(vcd, /\n1\$\n/);
  const times = [...vcd.matchAll(/^#(\d+)$/gm)].map(([, time]) => Number(time));
  assert.ok(times.every((time, index) => index === 0 || time >= times[index - 1]!));
  assert.is(times.at(-1), 3_900_000);
});

test('when faults are planned then they come at their rate, within their bounds, whatever the order of asking', () => {
  const rates: readonly FaultRate[] = [
    { kind: 'cut', perDay: 10, lasting: [1_000, 1_000_000], from: 86_400e6 },
    { kind: 'dip', perDay: 100, lasting: [10, 10] },
  ];
  const plan = planFaults(rates, 101 * 86_400e6, 3);
  const cuts = plan.filter(({ kind }) => kind === 'cut');
  assert.ok(Math.abs(cuts.length - 1_000) < 150, `${cuts.length}`);
  assert.ok(cuts.every(({ at, lasting }) => at > 86_400e6 && lasting >= 1_000 && lasting <= 1_000_000));
  assert.ok(plan.every(({ at }, index) => index === 0 || at >= plan[index - 1]!.at));
  assert.equal(planFaults(rates, 101 * 86_400e6, 3), plan);
});

test('when a length of time is written then it is read, and shown again, to the microsecond', () => {
  for (const [text, micros] of [
    ['90s', 90e6],
    ['1.5h', 5_400e6],
    ['1h 30s', 3_630e6],
    ['250ms', 250_000],
    ['7us', 7],
    ['2d 3h 4m 5s', 183_845e6],
  ] as const) {
    assert.is(microsOf(text), micros);
    assert.is(microsOf(durationText(micros)), micros);
  }
  for (const text of ['', '5', '5 s', 'h', '1h30s', '-1s', '1e3s'])
    assert.throws(
      () => microsOf(text),
      (error: unknown) => error instanceof RangeError,
    );
});

test('when an editor asks then there is a JSON Schema that knows the fields', () => {
  const schema = JSON.parse(scenarioSchemaText()) as {
    properties: Record<string, unknown>;
    required: string[];
  };
  for (const field of ['name', 'lasts', 'steps', 'faults', 'expect', 'load'])
    assert.ok(field in schema.properties);
  assert.equal(schema.required, ['name', 'lasts']);
});

test.run();
