/** What a person sees and hears of the meter: the display's glass with the last text and icons, and the buzzer. */
import { invariant } from '../../lib/assert.ts';
import type {
  Beep,
  DisplayGlass,
  DisplayIcon,
  GlassPicture,
  Micros,
} from '../firmware/hardware-interface.ts';
import type { Keeper } from '../firmware/keeper.ts';
import type { EventClock } from '../world/event-clock.ts';
import { litSegments } from './segment-font.ts';

/** Characters on the glass. */
export const GLASS_WIDTH = 16;

export class SimulatedGlass implements DisplayGlass {
  #picture: () => GlassPicture = darkness;
  /** What was written, where the program does not draw by itself. */
  #shown: GlassPicture | undefined;
  #changes = 0;

  /** A program that draws by itself has begun so again when a meter wakes. */
  keep(keeper: Keeper): void {
    const isDark = keeper.value(this.#picture === darkness);
    const shown = keeper.value(this.#shown);
    const changes = keeper.value(this.#changes);
    if (!keeper.isWaking) return;
    if (isDark) this.blank();
    else if (shown !== undefined) this.#write(shown);
    invariant(isDark === (this.#picture === darkness), 'a program that drew draws again');
    this.#changes = changes;
  }

  get text(): string {
    return this.#look().text;
  }

  get icons(): readonly DisplayIcon[] {
    return this.#look().icons;
  }

  /** How often the firmware wrote to the glass. */
  get changes(): number {
    return this.#changes;
  }

  /** The lit segments of every cell, left to right, as the bits of segment-font.ts. */
  get segments(): readonly number[] {
    return litSegments(this.text, GLASS_WIDTH);
  }

  show(text: string, icons: readonly DisplayIcon[]): void {
    const picture = { text, icons: [...icons] };
    assertFits(picture);
    this.#write(picture);
  }

  draw(picture: () => GlassPicture): void {
    this.#picture = picture;
    this.#shown = undefined;
    this.#changes++;
  }

  /** No power, no glass. */
  blank(): void {
    this.#picture = darkness;
    this.#shown = undefined;
  }

  #write(picture: GlassPicture): void {
    this.draw(() => picture);
    this.#shown = picture;
  }

  #look(): GlassPicture {
    const picture = this.#picture();
    assertFits(picture);
    return picture;
  }
}

const DARK: GlassPicture = { text: '', icons: [] };
const darkness = (): GlassPicture => DARK;

function assertFits({ text }: GlassPicture): void {
  if (text.length > GLASS_WIDTH) {
    throw new RangeError(`"text" expected at most ${GLASS_WIDTH} characters, got ${text.length}`);
  }
}

/** Sound, silence, sound…, µs each, beginning with sound. */
export type BeepPattern = readonly Micros[];

/** Short on a key, two short on an accepted token, one long on a refused one, three short for low credit (meter-hardware.md 6). */
export const BEEP_PATTERNS: Readonly<Record<Beep, BeepPattern>> = {
  key: [50_000],
  accept: [100_000, 100_000, 100_000],
  reject: [1_000_000],
  'low-credit': [100_000, 100_000, 100_000, 100_000, 100_000],
};

/** How long each is heard, its pauses included. */
export const BEEP_MICROS: Readonly<Record<Beep, Micros>> = {
  key: lengthOf('key'),
  accept: lengthOf('accept'),
  reject: lengthOf('reject'),
  'low-credit': lengthOf('low-credit'),
};

function lengthOf(beep: Beep): Micros {
  return BEEP_PATTERNS[beep].reduce((total, micros) => total + micros, 0);
}

/** One buzzer: a new pattern cuts off the one that sounds. */
export class SimulatedBeeper {
  readonly counts: Record<Beep, number>;
  /** Told at the beginning of every pattern: whoever is near. */
  onBeep: (kind: Beep) => void = () => {};
  readonly #clock: Pick<EventClock, 'now'>;
  readonly #patterns: Readonly<Record<Beep, BeepPattern>>;
  #pattern: BeepPattern = [];
  #last: Beep | undefined;
  #since: Micros = 0;

  constructor(clock: Pick<EventClock, 'now'>, patterns: Readonly<Record<Beep, BeepPattern>> = BEEP_PATTERNS) {
    this.#clock = clock;
    this.#patterns = patterns;
    this.counts = Object.fromEntries(Object.keys(patterns).map((kind) => [kind, 0])) as Record<Beep, number>;
  }

  keep(keeper: Keeper): void {
    Object.assign(this.counts, keeper.value(this.counts));
    this.#pattern = keeper.value(this.#pattern);
    this.#last = keeper.value(this.#last);
    this.#since = keeper.value(this.#since);
  }

  /** The last pattern that was asked for, also when it has ended. */
  get last(): Beep | undefined {
    return this.#last;
  }

  /** Whether a tone is heard at this instant. */
  get isSounding(): boolean {
    let left = this.#clock.now() - this.#since;
    for (const [index, micros] of this.#pattern.entries()) {
      if (left < micros) return index % 2 === 0;
      left -= micros;
    }
    return false;
  }

  beep(kind: Beep): void {
    this.counts[kind]++;
    this.#last = kind;
    this.#pattern = this.#patterns[kind];
    this.#since = this.#clock.now();
    this.onBeep(kind);
  }

  /** No power, no tone. */
  silence(): void {
    this.#pattern = [];
  }
}
