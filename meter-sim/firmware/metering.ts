/**
 * From the chip's energy register (mJ, modulo 2^48) to whole mWh, the remainder kept so that nothing is ever rounded away.
 *
 * The no-load cut and the starting threshold are the chip's: what it does not count is not charged.
 */
import type { MeteringChip } from './hardware-interface.ts';

export const MILLI_JOULE_PER_MILLI_WH = 3_600;
const REGISTER_MODULUS = 2 ** 48;

export class EnergyCounter {
  readonly #chip: MeteringChip;
  #last: number;
  #remainderMilliJoule: number;

  /** Energy that the chip counted before this moment is not charged: it was charged before a reset, or never seen. */
  constructor(chip: MeteringChip, remainderMilliJoule: number) {
    this.#chip = chip;
    this.#last = chip.energyMilliJoule();
    this.#remainderMilliJoule = remainderMilliJoule;
  }

  get remainderMilliJoule(): number {
    return this.#remainderMilliJoule;
  }

  /**
   * @param besides - mJ to take besides, for the mJ that the chip has counted since the last call.
   * @returns the whole mWh since the last call.
   */
  take(besides: (countedMilliJoule: number) => number = nothing): number {
    const register = this.#chip.energyMilliJoule();
    const counted = this.#milliJoule(register);
    const milliJoule = counted + besides(counted - this.#remainderMilliJoule);
    this.#last = register;
    this.#remainderMilliJoule = milliJoule % MILLI_JOULE_PER_MILLI_WH;
    return (milliJoule - this.#remainderMilliJoule) / MILLI_JOULE_PER_MILLI_WH;
  }

  /** Whole mWh that the next {@link take} would give; changes nothing. */
  peek(): number {
    return Math.floor(this.#milliJoule(this.#chip.energyMilliJoule()) / MILLI_JOULE_PER_MILLI_WH);
  }

  /** Energy in mJ from the last `take` until it would give `milliWh`; at least 1. */
  milliJouleUntil(milliWh: number): number {
    return Math.max(1, milliWh * MILLI_JOULE_PER_MILLI_WH - this.#remainderMilliJoule);
  }

  /** Not yet charged, the remainder included, when the chip's register stands at `register`. */
  #milliJoule(register: number): number {
    const advanced = register - this.#last;
    return this.#remainderMilliJoule + (advanced < 0 ? advanced + REGISTER_MODULUS : advanced);
  }
}

function nothing(): number {
  return 0;
}
