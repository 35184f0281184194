/**
 * The circuit as one unit of the chip measures it: its gains, its phase error, its noise floor; from that the closed form of
 * its registers, reckoned from what all meters of the same circumstances share. A table of its own exists only while it
 * takes samples.
 */
import type { Circuit } from './circuit.ts';
import { TABLE_POINTS } from './mains.ts';

/** Errors that a unit keeps for life. */
export interface UnitErrors {
  readonly voltGain: number;
  readonly ampGain: number;
  /** Phase error of the current channel, table points; at most one. */
  readonly shift: number;
  readonly noiseVolt: number;
  readonly noiseAmp: number;
}

export class MeasuredWave {
  readonly #circuit: Circuit;
  readonly #unit: UnitErrors;
  #amps: Float64Array | null = null;
  #meanWatt = Number.NaN;

  constructor(circuit: Circuit, unit: UnitErrors) {
    this.#circuit = circuit;
    this.#unit = unit;
  }

  /** The circuit changed. */
  forget(): void {
    this.#amps = null;
    this.#meanWatt = Number.NaN;
  }

  /** No more samples for a while. */
  dropTable(): void {
    this.#amps = null;
  }

  /** The current while the contact conducts, A, with the unit's gain and phase error. */
  amps(): Float64Array {
    if (this.#amps !== null) return this.#amps;
    const { ampGain, shift } = this.#unit;
    const { wave, watt } = this.#circuit;
    const { current } = wave;
    const gain = ampGain * watt;
    const amps = new Float64Array(TABLE_POINTS + 1);
    const whole = Math.floor(shift);
    const part = shift - whole;
    for (let index = 0; index <= TABLE_POINTS; index++) {
      const low = current[(index + whole + TABLE_POINTS) % TABLE_POINTS] as number;
      const high = current[(index + whole + 1 + TABLE_POINTS) % TABLE_POINTS] as number;
      amps[index] = gain * (low + (high - low) * part);
    }
    this.#amps = amps;
    return amps;
  }

  /** Measured mean power while the contact conducts, W. */
  meanWatt(): number {
    if (!Number.isNaN(this.#meanWatt)) return this.#meanWatt;
    const { voltGain, ampGain, shift } = this.#unit;
    const { wave, watt } = this.#circuit;
    this.#meanWatt = 0;
    if (watt > 0) {
      // The shifted current lies between two neighbours of the table, and so does its mean product with the voltage.
      const { power } = wave.correlations;
      const [low, high] = shift < 0 ? [power[0], power[1]] : [power[1], power[2]];
      const part = shift - Math.floor(shift);
      this.#meanWatt = voltGain * ampGain * watt * (low + (high - low) * part);
    }
    return this.#meanWatt;
  }

  /**
   * Measured energy for each joule that flows. The swing within a cycle is scaled with the mean: a phase error of a fiftieth
   * of a degree does not show in it.
   */
  ratio(): number {
    const { wave, watt } = this.#circuit;
    const trueWatt = watt * wave.power.perCycle;
    return trueWatt === 0 ? 0 : this.meanWatt() / trueWatt;
  }

  /** RMS of the voltage, V, noise included. */
  voltRms(): number {
    const { voltGain, noiseVolt } = this.#unit;
    return voltGain * Math.sqrt(this.#circuit.wave.correlations.voltSquare + noiseVolt * noiseVolt);
  }

  /** RMS of the current while the contact conducts, A, noise included. */
  ampRms(): number {
    const { ampGain, shift, noiseAmp } = this.#unit;
    const { wave, watt } = this.#circuit;
    const { ampSquare, ampNeighbours } = wave.correlations;
    const part = shift - Math.floor(shift);
    // The mean square of (1 - part) · low + part · high.
    const square = (1 - 2 * part * (1 - part)) * ampSquare + 2 * part * (1 - part) * ampNeighbours;
    return Math.sqrt((ampGain * watt) ** 2 * square + noiseAmp * noiseAmp);
  }
}
