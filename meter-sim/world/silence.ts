/** Nobody lives with a meter that beeps: whoever hears it presses the key that gives a day of silence. */
import type { Micros } from '../firmware/hardware-interface.ts';
import type { Keeper, Kept } from '../firmware/keeper.ts';
import { Agenda } from './agenda.ts';
import type { MeterWorld } from './meter-world.ts';

/** From the first warning that somebody hears to the key (assumed). */
const WALK_MICROS: Micros = 10 * 60_000_000;

export class Silencer implements Kept {
  readonly #world: MeterWorld;
  readonly #agenda: Agenda<'press'>;
  #isOnTheWay = false;

  /** Lives with this meter from now on. */
  constructor(world: MeterWorld) {
    this.#world = world;
    this.#agenda = new Agenda(world, () => this.#press());
    world.beeper.onBeep = (kind) => {
      if (kind === 'low-credit') this.#go();
    };
  }

  keep(keeper: Keeper): void {
    this.#isOnTheWay = keeper.value(this.#isOnTheWay);
    this.#agenda.keep(keeper);
  }

  #go(): void {
    if (this.#isOnTheWay) return;
    this.#isOnTheWay = true;
    this.#agenda.after(WALK_MICROS, 'press');
  }

  #press(): void {
    this.#isOnTheWay = false;
    this.#world.pressKey('backspace');
  }
}
