/**
 * What somebody outside a meter means to do there and when. As plain data, not as closures on the clock, so that it can be put away
 * with the meter (world/rest.ts).
 */
import type { Cancellable, Micros } from '../firmware/hardware-interface.ts';
import type { Keeper, Kept } from '../firmware/keeper.ts';
import type { MeterWorld } from './meter-world.ts';

interface Entry<Errand> {
  readonly errand: Errand;
  event: Cancellable | undefined;
}

export class Agenda<Errand> implements Kept {
  readonly #world: MeterWorld;
  readonly #run: (errand: Errand) => void;
  readonly #entries = new Set<Entry<Errand>>();

  /** @param run - does an errand when its time has come. */
  constructor(world: MeterWorld, run: (errand: Errand) => void) {
    this.#world = world;
    this.#run = run;
  }

  /** @param errand - plain data. */
  at(time: Micros, errand: Errand): void {
    const entry: Entry<Errand> = { errand, event: undefined };
    entry.event = this.#plan(entry, time);
    this.#entries.add(entry);
  }

  after(micros: Micros, errand: Errand): void {
    this.at(this.#world.now() + micros, errand);
  }

  keep(keeper: Keeper): void {
    const errands = keeper.value([...this.#entries].map(({ errand }) => errand));
    if (keeper.isWaking) {
      this.#entries.clear();
      for (const errand of errands) this.#entries.add({ errand, event: undefined });
    }
    for (const entry of this.#entries)
      entry.event = keeper.handle(entry.event, () => this.#plan(entry, this.#world.now()));
  }

  #plan(entry: Entry<Errand>, time: Micros): Cancellable {
    return this.#world.at(time, () => {
      this.#entries.delete(entry);
      this.#run(entry.errand);
    });
  }
}
