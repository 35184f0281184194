/** RMS and power registers of the sampling chip, closed on a whole number of mains cycles (meter-hardware.md 2). */

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
  #ampSquares = 0;
  #powerSum = 0;
  voltRms = 0;
  ampRms = 0;
  powerWatt = 0;

  constructor(cyclesPerRegister: number) {
    this.#cyclesPerRegister = cyclesPerRegister;
  }

  /** Reset of the chip. */
  reset(): void {
    this.restart();
    this.voltRms = 0;
    this.ampRms = 0;
    this.powerWatt = 0;
  }

  /** Sampling begins anew; the registers keep their last values. */
  restart(): void {
    this.#voltBefore = Number.NaN;
    this.#lateBefore = 0;
    this.#clear();
  }

  /** Takes one sample, V and A; true when the registers have just closed. */
  add(volt: number, amp: number): boolean {
    this.#voltSquares += volt * volt;
    this.#ampSquares += amp * amp;
    this.#powerSum += volt * amp;
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
    this.ampRms = Math.sqrt(this.#ampSquares / length);
    this.powerWatt = this.#powerSum / length;
    this.#clear();
  }

  #clear(): void {
    this.#cycles = 0;
    this.#samples = 0;
    this.#voltSquares = 0;
    this.#ampSquares = 0;
    this.#powerSum = 0;
  }
}
