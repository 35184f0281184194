/** Nobody lives with a meter that beeps: whoever hears it presses the key that gives a day of silence. */
import type { Keeper, Kept } from '../firmware/keeper.ts';
import type { MeterWorld } from './meter-world.ts';

/** Who listens now and then, and presses the key if the meter has warned of low credit since he last listened. */
export class Silencer implements Kept {
  readonly #world: MeterWorld;
  #heard = 0;

  constructor(world: MeterWorld) {
    this.#world = world;
  }

  listen(): void {
    const beeps = this.#world.beeper.counts['low-credit'];
    if (beeps > this.#heard) this.#world.pressKey('backspace');
    this.#heard = beeps;
  }

  keep(keeper: Keeper): void {
    this.#heard = keeper.value(this.#heard);
  }
}
