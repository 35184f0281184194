/**
 * What flows in a circuit of one voltage, one wave and one mix of appliances, per watt of them: tables over the phase of the
 * mains and what follows from them. Meters of the same circumstances share one, whatever the size of their loads, so that
 * ten thousand households with kettles cost the memory of one.
 */
import { currentTable, type LoadConfig, PhaseIntegral, zeroPhases } from './load.ts';
import { type Mains, TABLE_POINTS } from './mains.ts';

/** The means of products of samples that lie so many table points apart: what a small phase error turns power into. */
export interface Correlations {
  /** Mean of u(k) · i(k + lag), W, for lags -1, 0 and 1. */
  readonly power: readonly [number, number, number];
  /** Mean of i(k)², and of i(k) · i(k + 1), A². */
  readonly ampSquare: number;
  readonly ampNeighbours: number;
  readonly voltSquare: number;
}

export class CircuitWave {
  /** Voltage at the meter's input over one period, V. */
  readonly voltage: Float64Array;
  /** Current over one period while the contact conducts, A per watt of the appliances. */
  readonly current: Float64Array;
  #power: PhaseIntegral | null = null;
  #charge: PhaseIntegral | null = null;
  #zeros: Float64Array | null = null;
  #correlations: Correlations | null = null;

  constructor(voltage: Float64Array, current: Float64Array) {
    this.voltage = voltage;
    this.current = current;
  }

  /** True power per watt of the appliances (not 1 where the voltage is not the nominal one). */
  get power(): PhaseIntegral {
    const { voltage, current } = this;
    this.#power ??= new PhaseIntegral((index) => (voltage[index] as number) * (current[index] as number));
    return this.#power;
  }

  /** The integral of |i|, A per watt. */
  get charge(): PhaseIntegral {
    const { current } = this;
    this.#charge ??= new PhaseIntegral((index) => Math.abs(current[index] as number));
    return this.#charge;
  }

  /** Phases in [0, 1) at which the current is zero; none without a current. */
  get currentZeros(): Float64Array {
    this.#zeros ??= zeroPhases(this.current);
    return this.#zeros;
  }

  get correlations(): Correlations {
    this.#correlations ??= {
      power: [mean(this.voltage, this.current, -1), this.power.perCycle, mean(this.voltage, this.current, 1)],
      ampSquare: mean(this.current, this.current, 0),
      ampNeighbours: mean(this.current, this.current, 1),
      voltSquare: mean(this.voltage, this.voltage, 0),
    };
    return this.#correlations;
  }
}

function mean(left: Float64Array, right: Float64Array, lag: number): number {
  let sum = 0;
  for (let index = 0; index < TABLE_POINTS; index++) {
    sum += (left[index] as number) * (right[(index + lag + TABLE_POINTS) % TABLE_POINTS] as number);
  }
  return sum / TABLE_POINTS;
}

/** Waves beyond this number are forgotten, the longest unused first; a meter that still uses one keeps it. */
const KEPT = 128;
const shared = new Map<string, CircuitWave>();

/** The nominal power of all appliances together, W: what a {@link CircuitWave} is multiplied by. */
export function totalWatt(load: LoadConfig): number {
  return load.appliances.reduce((sum, { watt }) => sum + watt, 0);
}

/** @throws RangeError for an appliance with impossible figures. */
export function circuitWave(load: LoadConfig, mains: Mains): CircuitWave {
  const { voltRms, unitWave } = mains;
  const total = totalWatt(load);
  const mix =
    total > 0 ? load.appliances.map((one) => ({ ...one, watt: one.watt / total })) : load.appliances;
  const key = `${voltRms} ${JSON.stringify([mains.config.harmonics, load.nominalVolt, mix, load.electronicHarmonics])}`;
  let wave = shared.get(key);
  if (wave === undefined) {
    const current = currentTable({ ...load, appliances: mix }, voltRms, unitWave);
    wave = new CircuitWave(
      unitWave.map((value) => value * voltRms),
      current,
    );
  }
  shared.delete(key);
  shared.set(key, wave);
  if (shared.size > KEPT) shared.delete(shared.keys().next().value as string);
  return wave;
}
