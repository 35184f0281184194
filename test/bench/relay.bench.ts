/**
 * How long a contact lasts by the way it is switched: the meter's load switch, a fixed delay after a voltage zero, and any
 * moment at all, each on a relay of its own with the same unit spread, jitter, loads, temperature and coil voltage. Drawn
 * as life used over operations.
 */
import { RandomStream } from '../../meter-sim/world/random.ts';
import {
  type Conditions,
  drawConditions,
  drawHarmonics,
  type Strategy,
  SwitchRig,
} from '../support/switch-rig.ts';
import { printTable } from './harness.ts';

export interface RelayLife {
  readonly strategy: Strategy;
  /** Share of the contact's life used at each mark, of all units in the mean. */
  readonly used: readonly number[];
  readonly openingJoule: number;
}

const STRATEGIES: readonly Strategy[] = ['adaptive', 'fixed-phase', 'random-phase'];
const MARKS = 32;
const ROWS = 12;
const LETTERS: Readonly<Record<Strategy, string>> = {
  adaptive: 'a',
  'fixed-phase': 'f',
  'random-phase': 'r',
};

/** @param cycles - closings and openings of each unit, at least 32. */
export function relayBench(units: number, cycles: number): readonly RelayLife[] {
  const lives = STRATEGIES.map((strategy) => lifeOf(strategy, units, cycles));
  const blind = lives.at(-1)?.openingJoule ?? Number.NaN;
  printTable(`Life of a contact, ${units} units, ${cycles} closings and openings each, jitter 0.15 ms`, [
    ['', 'J an opening', 'of random phase', 'life used', 'operations to the end of life'],
    ...lives.map(({ strategy, openingJoule, used }) => [
      `${LETTERS[strategy]}  ${strategy}`,
      openingJoule.toFixed(4),
      `${((100 * openingJoule) / blind).toFixed(2)} %`,
      `${(100 * (used.at(-1) ?? 0)).toFixed(3)} %`,
      Math.round(cycles / (used.at(-1) ?? Number.NaN)).toLocaleString('en'),
    ]),
  ]);
  for (const line of figure(lives, cycles)) console.log(`  ${line}`);
  return lives;
}

function lifeOf(strategy: Strategy, units: number, cycles: number): RelayLife {
  const used = new Array<number>(MARKS).fill(0);
  let openingJoule = 0;
  for (let unit = 0; unit < units; unit++) {
    // The same draws for every strategy: the unit, its mains and what it meets.
    const random = new RandomStream(`relay bench ${unit}`, 'unit');
    const rig = new SwitchRig({
      seed: `relay bench ${unit}`,
      strategy,
      hertz: 50,
      walkSigmaHertz: 0.02,
      harmonics: drawHarmonics(random),
      relay: { jitterSigmaMillis: 0.15 },
    });
    for (let cycle = 1; cycle <= cycles; cycle++) {
      const conditions: Conditions = drawConditions(random);
      rig.operate('close', conditions);
      openingJoule += rig.operate('open', drawConditions(random)).arcJoule / (units * cycles);
      // A weld would end the comparison for one of the three.
      rig.world.relay.breakWeld();
      const mark = Math.ceil((cycle * MARKS) / cycles) - 1;
      const isMark = cycle === Math.floor(((mark + 1) * cycles) / MARKS);
      if (isMark) used[mark] = (used[mark] ?? 0) + rig.world.relay.lifeUsed / units;
    }
  }
  return { strategy, used, openingJoule };
}

/** Life used upwards on a logarithmic scale, operations to the right. */
function figure(lives: readonly RelayLife[], cycles: number): readonly string[] {
  const all = lives.flatMap(({ used }) => used).filter((share) => share > 0);
  const top = Math.log10(Math.max(...all));
  const bottom = Math.log10(Math.min(...all));
  const rows = Array.from({ length: ROWS }, () => new Array<string>(MARKS).fill(' '));
  for (const { strategy, used } of lives) {
    used.forEach((share, mark) => {
      if (share <= 0) return;
      const height = Math.round(((Math.log10(share) - bottom) / (top - bottom || 1)) * (ROWS - 1));
      const row = rows[ROWS - 1 - height];
      if (row !== undefined) row[mark] = LETTERS[strategy];
    });
  }
  const label = (row: number): string => {
    const share = 10 ** (top - ((top - bottom) * row) / (ROWS - 1));
    return `${(100 * share).toPrecision(2)} %`.padStart(10);
  };
  return [
    'life used',
    ...rows.map((row, index) => `${label(index)} |${row.join('')}`),
    `${' '.repeat(10)} +${'-'.repeat(MARKS)}`,
    `${' '.repeat(12)}0${String(cycles).padStart(MARKS - 1)} cycles`,
  ];
}
