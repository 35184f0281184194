/**
 * The circuit as one channel of one unit measures it: its gains, its phase error, its noise floor; from that the closed form
 * of its registers. Made when asked for, after a change of the circuit.
 */
import type { CurrentPath } from '../firmware/hardware-interface.ts';
import type { Circuit } from './circuit.ts';
import type { Term } from './load.ts';
import { CombinedIntegral, TABLE_POINTS } from './waves.ts';

/** Errors that a unit keeps for life, of its voltage channel and of one current channel. */
export interface UnitErrors {
  readonly voltGain: number;
  readonly ampGain: number;
  /** Phase error of the current channel, table points. */
  readonly shift: number;
  readonly noiseAmp: number;
}

export class MeasuredWave {
  readonly #circuit: Circuit;
  readonly #path: CurrentPath;
  readonly #unit: UnitErrors;
  /** Of the circuit at which the values below were made. */
  #version = -1;
  #amps: Float64Array | null = null;
  #ampsVersion = -1;
  #power: CombinedIntegral | null = null;
  #rmsAmp = Number.NaN;
  #reactive = Number.NaN;

  constructor(circuit: Circuit, path: CurrentPath, unit: UnitErrors) {
    this.#circuit = circuit;
    this.#path = path;
    this.#unit = unit;
  }

  /** The load's current, A, with the unit's gain and phase error, whole; {@link share} of it passes the sensor. */
  amps(): Float64Array {
    const { terms, termsVersion } = this.#circuit;
    if (this.#amps !== null && this.#ampsVersion === termsVersion) return this.#amps;
    const amps = new Float64Array(TABLE_POINTS + 1);
    const { ampGain, shift } = this.#unit;
    const whole = Math.floor(shift);
    for (const { wave, amp } of terms) addShifted(amps, wave.table, whole, shift - whole, amp * ampGain);
    this.#amps = amps;
    this.#ampsVersion = termsVersion;
    return amps;
  }

  /** Share of the load's current that passes the sensor now, signed. */
  share(): number {
    return this.#circuit.share(this.#path);
  }

  /** Lets go of the table, which only samples need. */
  release(): void {
    this.#amps = null;
  }

  /** Measured power, W. */
  power(): CombinedIntegral {
    this.#refresh();
    if (this.#power !== null) return this.#power;
    const { voltGain, ampGain, shift } = this.#unit;
    const circuit = this.#circuit;
    const scale = voltGain * ampGain * circuit.meterVolt * circuit.share(this.#path);
    const whole = Math.floor(shift);
    const part = shift - whole;
    const power = new CombinedIntegral();
    for (const { wave, amp } of scale === 0 ? [] : circuit.terms) {
      power.add(scale * amp * (1 - part), wave.power(whole));
      if (part > 0) power.add(scale * amp * part, wave.power(whole + 1));
    }
    this.#power = power;
    return power;
  }

  /** Measured reactive power, var; the phase error of the unit is not in it. */
  reactiveVar(): number {
    this.#refresh();
    if (Number.isNaN(this.#reactive)) {
      const { voltGain, ampGain } = this.#unit;
      const circuit = this.#circuit;
      const scale = voltGain * ampGain * circuit.meterVolt * circuit.share(this.#path);
      this.#reactive = circuit.terms.reduce((sum, { wave, amp }) => sum + scale * amp * wave.reactive(), 0);
    }
    return this.#reactive;
  }

  /** RMS, A, noise included. */
  rmsAmp(): number {
    this.#refresh();
    if (Number.isNaN(this.#rmsAmp)) {
      const share = this.#circuit.share(this.#path) * this.#unit.ampGain;
      const { noiseAmp } = this.#unit;
      this.#rmsAmp = Math.sqrt(share * share * meanSquare(this.#circuit.terms) + noiseAmp * noiseAmp);
    }
    return this.#rmsAmp;
  }

  /** The circuit is another one than its number tells. */
  forget(): void {
    this.#version = -1;
    this.#ampsVersion = -1;
  }

  #refresh(): void {
    if (this.#version === this.#circuit.version) return;
    this.#version = this.#circuit.version;
    this.#power = null;
    this.#rmsAmp = Number.NaN;
    this.#reactive = Number.NaN;
  }
}

function meanSquare(terms: readonly Term[]): number {
  let sum = 0;
  for (const one of terms)
    for (const other of terms) sum += one.amp * other.amp * one.wave.product(other.wave);
  return Math.max(0, sum);
}

function addShifted(
  into: Float64Array,
  wave: Float64Array,
  whole: number,
  part: number,
  factor: number,
): void {
  const low = (1 - part) * factor;
  const high = part * factor;
  let from = ((whole % TABLE_POINTS) + TABLE_POINTS) % TABLE_POINTS;
  for (let index = 0; index < TABLE_POINTS; index++) {
    into[index] = (into[index] as number) + low * (wave[from] as number) + high * (wave[from + 1] as number);
    from++;
    if (from === TABLE_POINTS) from = 0;
  }
  into[TABLE_POINTS] = into[0] as number;
}
