/** RMS and power registers of the sampling chip, closed on a whole number of mains cycles (meter-hardware.md 2). */
import type { Keeper } from '../firmware/keeper.ts';

/** Without a zero crossing the registers close after a second of samples. */
const SAMPLES_WITHOUT_CYCLE = 4096;

export class CycleRegisters {
  readonly #cyclesPerRegister: number;
  #voltBefore = Number.NaN;
  #cycles = 0;
  #samples = 0;
  /** Share of a sample by which the zero that began the period lay before its sample. */
  #lateBefore = 0;
  #voltSquares = 0;
  #lineSquares = 0;
  #neutralSquares = 0;
  #powerSum = 0;
  #reactiveSum = 0;
  voltRms = 0;
  lineRms = 0;
  neutralRms = 0;
  powerWatt = 0;
  reactiveVar = 0;

  constructor(cyclesPerRegister: number) {
    this.#cyclesPerRegister = cyclesPerRegister;
  }

  keep(keeper: Keeper): void {
    this.#voltBefore = keeper.value(this.#voltBefore);
    this.#cycles = keeper.value(this.#cycles);
    this.#samples = keeper.value(this.#samples);
    this.#lateBefore = keeper.value(this.#lateBefore);
    this.#voltSquares = keeper.value(this.#voltSquares);
    this.#lineSquares = keeper.value(this.#lineSquares);
    this.#neutralSquares = keeper.value(this.#neutralSquares);
    this.#powerSum = keeper.value(this.#powerSum);
    this.#reactiveSum = keeper.value(this.#reactiveSum);
    this.voltRms = keeper.value(this.voltRms);
    this.lineRms = keeper.value(this.lineRms);
    this.neutralRms = keeper.value(this.neutralRms);
    this.powerWatt = keeper.value(this.powerWatt);
    this.reactiveVar = keeper.value(this.reactiveVar);
  }

  /** Reset of the chip. */
  reset(): void {
    this.restart();
    this.voltRms = 0;
    this.lineRms = 0;
    this.neutralRms = 0;
    this.powerWatt = 0;
    this.reactiveVar = 0;
  }

  /** Sampling begins anew; the registers keep their last values. */
  restart(): void {
    this.#voltBefore = Number.NaN;
    this.#lateBefore = 0;
    this.#clear();
  }

  /**
   * Takes one sample, V and A; true when the registers have just closed.
   * @param billed - the current that power is formed with, one of the two.
   * @param quarterVolt - the voltage of a quarter cycle before, for the reactive power.
   */
  add(volt: number, line: number, neutral: number, billed: number, quarterVolt: number): boolean {
    this.#voltSquares += volt * volt;
    this.#lineSquares += line * line;
    this.#neutralSquares += neutral * neutral;
    this.#powerSum += volt * billed;
    this.#reactiveSum += quarterVolt * billed;
    this.#samples++;
    const before = this.#voltBefore;
    this.#voltBefore = volt;
    if (before < 0 && volt >= 0) {
      this.#cycles++;
      if (this.#cycles < this.#cyclesPerRegister) return false;
      this.#close(volt / (volt - before));
      return true;
    }
    if (this.#samples < SAMPLES_WITHOUT_CYCLE) return false;
    this.#close(0);
    return true;
  }

  /** The time between the two zeros is no whole number of samples; the sums are divided by its true length. */
  #close(late: number): void {
    const length = this.#samples - late + this.#lateBefore;
    this.#lateBefore = late;
    this.voltRms = Math.sqrt(this.#voltSquares / length);
    this.lineRms = Math.sqrt(this.#lineSquares / length);
    this.neutralRms = Math.sqrt(this.#neutralSquares / length);
    this.powerWatt = this.#powerSum / length;
    this.reactiveVar = this.#reactiveSum / length;
    this.#clear();
  }

  #clear(): void {
    this.#cycles = 0;
    this.#samples = 0;
    this.#voltSquares = 0;
    this.#lineSquares = 0;
    this.#neutralSquares = 0;
    this.#powerSum = 0;
    this.#reactiveSum = 0;
  }
}
