/**
 * The circuit as one unit of the chip measures it: its gains, its phase error, its noise floor; from that the closed form of
 * its registers. Tables are made when asked for, after a change of the circuit.
 */
import type { Circuit } from './circuit.ts';
import { PhaseIntegral } from './load.ts';
import { TABLE_POINTS } from './mains.ts';

/** Errors that a unit keeps for life. */
export interface UnitErrors {
  readonly voltGain: number;
  readonly ampGain: number;
  /** Phase error of the current channel, table points. */
  readonly shift: number;
  readonly noiseVolt: number;
  readonly noiseAmp: number;
}

export class MeasuredWave {
  readonly #circuit: Circuit;
  readonly #unit: UnitErrors;
  #amps: Float64Array | null = null;
  #power: PhaseIntegral | null = null;
  #rms: { readonly volt: number; readonly amp: number } | null = null;

  constructor(circuit: Circuit, unit: UnitErrors) {
    this.#circuit = circuit;
    this.#unit = unit;
  }

  /** The circuit changed. */
  forget(): void {
    this.#amps = null;
    this.#power = null;
    this.#rms = null;
  }

  /** The current while the contact conducts, A, with the unit's gain and phase error. */
  amps(): Float64Array {
    if (this.#amps !== null) return this.#amps;
    const { ampGain, shift } = this.#unit;
    const wave = this.#circuit.currentWave;
    const amps = new Float64Array(TABLE_POINTS + 1);
    const whole = Math.floor(shift);
    const part = shift - whole;
    for (let index = 0; index <= TABLE_POINTS; index++) {
      const low = wave[(index + whole + TABLE_POINTS) % TABLE_POINTS] as number;
      const high = wave[(index + whole + 1 + TABLE_POINTS) % TABLE_POINTS] as number;
      amps[index] = ampGain * (low + (high - low) * part);
    }
    this.#amps = amps;
    return amps;
  }

  /** Measured power while the contact conducts, W. */
  power(): PhaseIntegral {
    if (this.#power !== null) return this.#power;
    const amps = this.amps();
    const volts = this.#circuit.voltageWave;
    const { voltGain } = this.#unit;
    this.#power = new PhaseIntegral((index) => voltGain * (volts[index] as number) * (amps[index] as number));
    return this.#power;
  }

  /** RMS of both channels while the contact conducts, noise included. */
  rms(): { readonly volt: number; readonly amp: number } {
    if (this.#rms !== null) return this.#rms;
    const { voltGain, noiseVolt, noiseAmp } = this.#unit;
    this.#rms = {
      volt: voltGain * rmsOf(this.#circuit.voltageWave, noiseVolt),
      amp: rmsOf(this.amps(), noiseAmp),
    };
    return this.#rms;
  }
}

function rmsOf(wave: Float64Array, noise: number): number {
  let sum = 0;
  for (let index = 0; index < TABLE_POINTS; index++) sum += (wave[index] as number) ** 2;
  return Math.sqrt(sum / TABLE_POINTS + noise * noise);
}
