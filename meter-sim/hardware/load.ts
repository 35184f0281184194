/**
 * What the household draws: a set of appliances folded into amplitudes of a few basis waves (waves.ts), and the currents with
 * which some of them start.
 */
import { assertInteger } from '../../lib/assert.ts';
import { type BasisWave, TABLE_POINTS, type WaveSet } from './waves.ts';

/** A current that begins at `ratio` times its running value and falls towards it, cycle by cycle. */
export interface Start {
  readonly ratio: number;
  readonly decayMicros: number;
}

export interface Starting {
  /** Without it the appliance draws its running current at once. */
  readonly start?: Start;
}

/** Watts are at the nominal voltage. */
export type Appliance = Starting &
  (
    | {
        /** Follows the voltage wave, harmonics and all. */
        readonly kind: 'resistive';
        readonly watt: number;
      }
    | {
        /** Motor or capacitor: a displaced sine of constant impedance; power factor above 0 to 1. */
        readonly kind: 'lagging' | 'leading';
        readonly watt: number;
        readonly powerFactor: number;
      }
    | {
        /** Switched-mode supplies: constant power, a fundamental in phase and harmonics that heap it at the crest. */
        readonly kind: 'electronic';
        readonly watt: number;
      }
    | {
        /** A resistance behind a triac, `watt` at full conduction; firing angle in whole degrees, 0 to 179. */
        readonly kind: 'phase-controlled';
        readonly watt: number;
        readonly firingDegree: number;
      }
    | {
        /** An inverter that feeds back: constant power, a sine in opposition to the fundamental. */
        readonly kind: 'feed';
        readonly watt: number;
      }
  );

/** A motor from rest (assumed), and the 10 times of cold lamps and empty capacitors (meter-hardware.md 1). */
export const MOTOR_START: Start = { ratio: 6, decayMicros: 200_000 };
export const LAMP_INRUSH: Start = { ratio: 10, decayMicros: 40_000 };
export const CAPACITOR_INRUSH: Start = { ratio: 10, decayMicros: 15_000 };

export interface LoadConfig {
  readonly nominalVolt: number;
  readonly appliances: readonly Appliance[];
  /** Harmonics of the current of electronic loads, as shares of the fundamental (meter-hardware.md 1). */
  readonly electronicHarmonics: readonly { readonly order: number; readonly ratio: number }[];
}

export const DEFAULT_LOAD: LoadConfig = {
  nominalVolt: 230,
  appliances: [],
  electronicHarmonics: [
    { order: 3, ratio: 0.7 },
    { order: 5, ratio: 0.4 },
    { order: 7, ratio: 0.2 },
  ],
};

/** Amplitude of one basis wave, A. */
export interface Term {
  readonly wave: BasisWave;
  amp: number;
}

/** @throws RangeError for a number that no appliance has. */
export function assertAppliance(appliance: Appliance): void {
  const { watt, start } = appliance;
  if (!(watt >= 0)) throw new RangeError(`"watt" expected 0 or more, got ${watt}`);
  if (appliance.kind === 'lagging' || appliance.kind === 'leading') {
    const { powerFactor } = appliance;
    if (!(powerFactor > 0 && powerFactor <= 1)) {
      throw new RangeError(`"powerFactor" expected a number above 0 to 1, got ${powerFactor}`);
    }
  }
  if (appliance.kind === 'phase-controlled') assertInteger(appliance.firingDegree, 0, 179, 'firingDegree');
  if (start === undefined) return;
  if (!(start.ratio >= 1 && start.ratio <= 100)) {
    throw new RangeError(`"ratio" expected a number from 1 to 100, got ${start.ratio}`);
  }
  if (!(start.decayMicros > 0))
    throw new RangeError(`"decayMicros" expected above 0, got ${start.decayMicros}`);
}

/**
 * The current at `voltRms` as amplitudes of basis waves.
 * @param factorOf - by how much an appliance that is starting exceeds its running current.
 */
export function currentTerms(
  load: LoadConfig,
  voltRms: number,
  waves: WaveSet,
  factorOf: (index: number) => number = () => 1,
): Term[] {
  const terms: Term[] = [];
  if (voltRms === 0) return terms;
  const add = (wave: BasisWave, amp: number): void => {
    const term = terms.find((other) => other.wave === wave);
    if (term === undefined) terms.push({ wave, amp });
    else term.amp += amp;
  };
  for (const [index, appliance] of load.appliances.entries()) {
    assertAppliance(appliance);
    addAppliance(add, appliance, factorOf(index), { nominalVolt: load.nominalVolt, voltRms, waves });
  }
  return terms;
}

function addAppliance(
  add: (wave: BasisWave, amp: number) => void,
  appliance: Appliance,
  factor: number,
  { nominalVolt, voltRms, waves }: { nominalVolt: number; voltRms: number; waves: WaveSet },
): void {
  const watt = factor * appliance.watt;
  const ofImpedance = (watt / (nominalVolt * nominalVolt)) * voltRms;
  switch (appliance.kind) {
    case 'resistive':
      add(waves.voltage, ofImpedance);
      return;
    case 'lagging':
    case 'leading': {
      const { powerFactor } = appliance;
      const quarter = Math.sqrt(1 - powerFactor * powerFactor) / powerFactor;
      add(waves.sine, ofImpedance);
      add(waves.cosine, appliance.kind === 'lagging' ? -ofImpedance * quarter : ofImpedance * quarter);
      return;
    }
    case 'electronic':
      add(waves.electronic, watt / voltRms);
      return;
    case 'phase-controlled':
      add(waves.chopped(appliance.firingDegree), ofImpedance);
      return;
    case 'feed':
      add(waves.sine, -watt / voltRms);
      return;
  }
}

/** The current over one period, A, first entry repeated at the end. */
export function currentTable(terms: readonly Term[]): Float64Array {
  const table = new Float64Array(TABLE_POINTS + 1);
  for (const { wave, amp } of terms) {
    const unit = wave.table;
    for (let index = 0; index <= TABLE_POINTS; index++) {
      table[index] = (table[index] as number) + amp * (unit[index] as number);
    }
  }
  return table;
}
