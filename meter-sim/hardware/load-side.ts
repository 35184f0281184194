/**
 * The voltage behind the load contact (meter-hardware.md 5): the mains while the contact conducts, and otherwise whatever the
 * customer's side feeds in.
 */
import type { Cancellable, LoadSideSense } from '../firmware/hardware-interface.ts';
import type { Keeper } from '../firmware/keeper.ts';
import type { Contact } from './captures.ts';
import type { Circuit, CircuitListener } from './circuit.ts';

/** A wire around the meter, or a generator that runs by itself: it keeps no step with the mains. */
export type LoadSideSource =
  | { readonly kind: 'none' }
  | { readonly kind: 'bypass' }
  | { readonly kind: 'generator'; readonly voltRms: number };

export interface LoadSideConfig {
  /** RMS from which the comparator calls the load side live, V. */
  readonly liveVolt: number;
}

export const DEFAULT_LOAD_SIDE: LoadSideConfig = { liveVolt: 50 };

export class LoadSide implements LoadSideSense, Contact, CircuitListener {
  readonly #config: LoadSideConfig;
  readonly #circuit: Circuit;
  readonly #contact: Contact;
  readonly #post: (run: () => void) => void;
  readonly #listeners = new Set<(isLive: boolean) => void>();
  #source: LoadSideSource = { kind: 'none' };
  #wasLive = false;

  /** @param post - runs an interrupt after the present event. */
  constructor(circuit: Circuit, contact: Contact, config: LoadSideConfig, post: (run: () => void) => void) {
    this.#circuit = circuit;
    this.#contact = contact;
    this.#config = config;
    this.#post = post;
    circuit.listen(this);
  }

  keep(keeper: Keeper): void {
    this.#source = keeper.value(this.#source);
    this.#wasLive = keeper.value(this.#wasLive);
  }

  get source(): LoadSideSource {
    return this.#source;
  }

  /**
   * What feeds the customer's side besides the meter from now on.
   * @throws RangeError when the voltage is not from 0 to 1,000 V.
   */
  setSource(source: LoadSideSource): void {
    if (source.kind === 'generator' && !(source.voltRms >= 0 && source.voltRms <= 1000)) {
      throw new RangeError(`"voltRms" expected a number from 0 to 1000, got ${source.voltRms}`);
    }
    this.#source = source;
    this.changed();
  }

  milliVolt(): number {
    return Math.round(1000 * this.#voltRms());
  }

  onLive(run: (isLive: boolean) => void): Cancellable {
    this.#listeners.add(run);
    return { cancel: () => this.#listeners.delete(run) };
  }

  // What the metering chip sees of the contact.

  get isMoving(): boolean {
    return this.#contact.isMoving;
  }

  get touches(): number {
    return this.#contact.touches;
  }

  /** A wire around an open contact leaves no voltage across it. */
  dropVolt(volt: number, amp: number): number {
    if (this.#isBypassed && !this.#circuit.conducts) return 0;
    return this.#contact.dropVolt(volt, amp);
  }

  settle(): void {}

  changed(): void {
    const isLive = this.#voltRms() >= this.#config.liveVolt;
    if (isLive === this.#wasLive) return;
    this.#wasLive = isLive;
    for (const run of this.#listeners) {
      this.#post(() => {
        if (this.#listeners.has(run)) run(isLive);
      });
    }
  }

  /** The MCU died and its interrupts with it. */
  powerOff(): void {
    this.#listeners.clear();
  }

  get #isBypassed(): boolean {
    return this.#source.kind === 'bypass' || this.#circuit.wiring.bypassShare > 0;
  }

  #voltRms(): number {
    const { mains, conducts } = this.#circuit;
    if (conducts || this.#isBypassed) return mains.voltRms;
    return this.#source.kind === 'generator' ? this.#source.voltRms : 0;
  }
}
