/** What a person sees and hears of the meter: the display's glass with the last text and icons, and the beeper. */
import type { Beep, DisplayGlass, DisplayIcon } from '../firmware/hardware-interface.ts';

/** Characters on the glass. */
export const GLASS_WIDTH = 16;

export class SimulatedGlass implements DisplayGlass {
  #text = '';
  #icons: readonly DisplayIcon[] = [];
  #changes = 0;

  get text(): string {
    return this.#text;
  }

  get icons(): readonly DisplayIcon[] {
    return this.#icons;
  }

  /** How often the firmware wrote to the glass. */
  get changes(): number {
    return this.#changes;
  }

  show(text: string, icons: readonly DisplayIcon[]): void {
    if (text.length > GLASS_WIDTH) {
      throw new RangeError(`"text" expected at most ${GLASS_WIDTH} characters, got ${text.length}`);
    }
    this.#text = text;
    this.#icons = [...icons];
    this.#changes++;
  }

  /** No power, no glass. */
  blank(): void {
    this.#text = '';
    this.#icons = [];
  }
}

export class SimulatedBeeper {
  readonly counts: Record<Beep, number> = { key: 0, accept: 0, reject: 0 };

  beep(kind: Beep): void {
    this.counts[kind]++;
  }
}
