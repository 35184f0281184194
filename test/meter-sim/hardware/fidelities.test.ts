/** Sampled and next-event are one meter: the same energies over whatever happens (meter-hardware.md 9). */
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { type Fidelity, IDEAL_CHIP } from '../../../meter-sim/hardware/chip-config.ts';
import {
  type Appliance,
  CAPACITOR_INRUSH,
  LAMP_INRUSH,
  MOTOR_START,
} from '../../../meter-sim/hardware/load.ts';
import { LIMIT_HARMONICS } from '../../../meter-sim/hardware/mains.ts';
import { RandomStream } from '../../../meter-sim/world/random.ts';
import { count, report, seedOf } from '../../support/counts.ts';
import { type BareWorld, bareWorld } from '../support/bare-world.ts';

const test = suite('fidelities');

type Step = (bench: BareWorld) => void;

function anyAppliance(random: RandomStream): Appliance {
  const watt = random.integer(50, 3000);
  const powerFactor = 0.4 + 0.6 * random.uniform();
  const kinds: readonly Appliance[] = [
    { kind: 'resistive', watt },
    { kind: 'resistive', watt, start: LAMP_INRUSH },
    { kind: 'lagging', watt, powerFactor },
    { kind: 'lagging', watt, powerFactor, start: MOTOR_START },
    { kind: 'leading', watt, powerFactor },
    { kind: 'electronic', watt },
    { kind: 'electronic', watt, start: CAPACITOR_INRUSH },
    { kind: 'phase-controlled', watt, firingDegree: random.integer(0, 150) },
  ];
  return kinds[random.integer(0, kinds.length - 1)] as Appliance;
}

/** A story drawn once and told to both fidelities: steps with the time that passes after each. */
function story(random: RandomStream, steps: number, feeds: boolean): { step: Step; micros: number }[] {
  return Array.from({ length: steps }, () => {
    const what = random.integer(0, 9);
    const micros = random.integer(1, 60_000_000);
    if (what <= 3) {
      const appliances = Array.from({ length: random.integer(1, 4) }, () => anyAppliance(random));
      return { micros, step: ({ world }: BareWorld) => world.setLoad({ appliances }) };
    }
    if (what === 4 && feeds) {
      const appliances: Appliance[] = [{ kind: 'feed', watt: random.integer(500, 5000) }];
      return { micros, step: ({ world }: BareWorld) => world.setLoad({ appliances }) };
    }
    if (what <= 5) {
      const volt = random.integer(190, 264);
      return { micros, step: ({ world }: BareWorld) => world.setVoltage(volt) };
    }
    if (what === 6) {
      const dip = { residualPercent: random.integer(70, 90), micros: random.integer(10_000, 5_000_000) };
      return { micros, step: ({ world }: BareWorld) => world.grid.dip(dip) };
    }
    if (what === 7) {
      const ramp = { hertz: 49 + 2 * random.uniform(), hertzPerSecond: 0.5 };
      return { micros, step: ({ world }: BareWorld) => world.grid.ramp(ramp) };
    }
    if (what === 8) {
      const wiring = { bypassShare: random.uniform() * 0.5, earthShare: random.uniform() * 0.5 };
      return { micros, step: ({ world }: BareWorld) => world.setWiring(wiring) };
    }
    const closeAfter = random.integer(200_000, 3_000_000);
    return {
      micros: micros + closeAfter,
      step: ({ world, hardware }: BareWorld): void => {
        hardware().relay.pulse('open', 100_000);
        world.at(world.now() + closeAfter, () => hardware().relay.pulse('close', 100_000));
      },
    };
  });
}

interface Outcome {
  readonly imported: number;
  readonly exported: number;
  readonly truthImport: number;
  readonly truthExport: number;
}

function tell(
  seed: string,
  fidelity: Fidelity,
  steps: readonly { step: Step; micros: number }[],
  isWeak: boolean,
): Outcome {
  const bench = bareWorld({
    seed,
    fidelity,
    chip: IDEAL_CHIP,
    relay: { position: 'closed' },
    ...(isWeak ? { mains: { harmonics: LIMIT_HARMONICS, walkSigmaHertz: 0.15 } } : {}),
  });
  for (const { step, micros } of steps) {
    step(bench);
    bench.world.advance(micros);
  }
  // What a reactive load has lent back within its last cycle is used first; then a dead load closes both books.
  bench.world.setLoad({ appliances: [{ kind: 'resistive', watt: 2000 }] });
  bench.world.advance(1_000_000);
  bench.world.setLoad({ appliances: [] });
  bench.world.advance(1_000_000);
  const { metering } = bench.hardware();
  const { importJoule, exportJoule } = bench.world.energyTruth();
  return {
    imported: metering.energyMilliJoule() / 1000,
    exported: metering.exportMilliJoule() / 1000,
    truthImport: importJoule,
    truthExport: exportJoule,
  };
}

test('when both fidelities live the same random story then their energies agree to 1e-6', () => {
  const seed = seedOf('stories of both fidelities');
  const stories = count(300, 3);
  let worst = 0;
  let worstTruth = 0;
  let kwh = 0;
  for (let round = 0; round < stories; round++) {
    const random = new RandomStream(seed, `story ${round}`);
    const steps = story(random, 24, false);
    const outcomes = (['sampled', 'next-event'] as const).map((fidelity) =>
      tell(`${seed}/${round}`, fidelity, steps, round % 2 === 1),
    );
    const [sampled, closed] = outcomes as [Outcome, Outcome];
    const gap = Math.abs(sampled.imported / closed.imported - 1);
    const off = Math.abs(closed.imported / closed.truthImport - 1);
    assert.ok(
      gap <= 1e-6,
      `seed ${seed} story ${round}: ${sampled.imported} J sampled, ${closed.imported} J closed`,
    );
    assert.ok(off <= 1e-6, `seed ${seed} story ${round}: ${closed.imported} J of ${closed.truthImport} J`);
    worst = Math.max(worst, gap);
    worstTruth = Math.max(worstTruth, off);
    kwh += closed.imported / 3.6e6;
  }
  report(
    `${stories} stories of 24 changes, ${kwh.toFixed(1)} kWh: the fidelities differ by ${worst.toExponential(1)} at worst, ` +
      `next-event and truth by ${worstTruth.toExponential(1)}`,
  );
});

/** Two register periods prove a turn of the energy; one that is cut short within them stays with the other side, J. */
const LARGEST_TURN = 0.2 * 10_000;

test('when energy flows both ways then import less export agrees to 1e-6, and each side to a turn that was cut short', () => {
  const seed = seedOf('stories with feeds');
  const stories = count(200, 2);
  let worst = 0;
  let worstSide = 0;
  for (let round = 0; round < stories; round++) {
    const random = new RandomStream(seed, `feed ${round}`);
    const steps = story(random, 24, true);
    const [sampled, closed] = (['sampled', 'next-event'] as const).map((fidelity) =>
      tell(`${seed}/${round}`, fidelity, steps, false),
    ) as [Outcome, Outcome];
    const whole = closed.imported + closed.exported;
    const gap = Math.abs(sampled.imported - sampled.exported - (closed.imported - closed.exported)) / whole;
    assert.ok(gap <= 1e-6, `seed ${seed} story ${round}: ${JSON.stringify([sampled, closed])}`);
    const side = Math.max(
      Math.abs(sampled.imported - closed.imported),
      Math.abs(sampled.exported - closed.exported),
    );
    assert.ok(side <= LARGEST_TURN, `seed ${seed} story ${round}: ${side} J on one side`);
    worst = Math.max(worst, gap);
    worstSide = Math.max(worstSide, side);
  }
  report(
    `${stories} stories with feeds: net energies differ by ${worst.toExponential(1)} at worst, ` +
      `one side by ${worstSide.toFixed(3)} J`,
  );
});

test.run();
