/**
 * The load contact of the latching relay (meter-hardware.md 3): the arc when it parts under current, the bounces when it
 * closes, welding, and the resistance that rises with all the arcs it has seen.
 */
import type { Keeper } from '../firmware/keeper.ts';
import type { EventClock } from '../world/event-clock.ts';
import type { RandomStream } from '../world/random.ts';
import type { Circuit } from './circuit.ts';
import type { RelayConfig } from './relay-config.ts';

export type ContactState = 'closed' | 'arcing' | 'open';

/** True zeros around a moment, µs. */
export type Zeros = readonly [before: number, after: number] | null;

/** An inrush has its first crest within this, µs. */
const INRUSH_MICROS = 10_000;
const INRUSH_STEP_MICROS = 250;

export class LoadContact {
  readonly #config: RelayConfig;
  readonly #clock: EventClock;
  readonly #circuit: Circuit;
  readonly #random: RandomStream;
  #state: ContactState;
  #arcJoule: number;
  #isWelded: boolean;
  #touches = 0;
  /** Counts movements: what an earlier one has planned is void when the armature moves again. */
  #movement = 0;

  constructor(clock: EventClock, circuit: Circuit, random: RandomStream, config: RelayConfig) {
    this.#clock = clock;
    this.#circuit = circuit;
    this.#random = random;
    this.#config = config;
    this.#state = config.position;
    this.#arcJoule = config.arcJoule;
    this.#isWelded = config.isWelded && config.position === 'closed';
    circuit.setConducts(this.#state === 'closed');
  }

  /** What a movement has planned is not kept: it is over within milliseconds. */
  keep(keeper: Keeper): void {
    keeper.idle(this.#state !== 'arcing', 'an arc burns');
    this.#state = keeper.value(this.#state);
    this.#arcJoule = keeper.value(this.#arcJoule);
    this.#isWelded = keeper.value(this.#isWelded);
    this.#touches = keeper.value(this.#touches);
    this.#movement = keeper.value(this.#movement);
  }

  get state(): ContactState {
    return this.#state;
  }

  /** How often the contact has touched, bounces included. */
  get touches(): number {
    return this.#touches;
  }

  /** Sum of all arcs, J. */
  get arcJoule(): number {
    return this.#arcJoule;
  }

  get isWelded(): boolean {
    return this.#isWelded;
  }

  /** Contact resistance, Ohm: linear in the sum of all arcs up to the limit. */
  get ohm(): number {
    const { contactOhm, wornContactOhm, wornArcJoule } = this.#config;
    return contactOhm + (wornContactOhm - contactOhm) * Math.min(1, this.#arcJoule / wornArcJoule);
  }

  dropVolt(volt: number, amp: number): number {
    switch (this.#state) {
      case 'open':
        return volt;
      case 'arcing':
        return amp < 0 ? -this.#config.arcVolt : this.#config.arcVolt;
      case 'closed':
        return amp * this.ohm;
    }
  }

  /** A closed contact welds as it stands, as a fault plan wants it. */
  weld(): void {
    if (this.#state === 'closed') this.#isWelded = true;
  }

  /** A blow, or a current that blows the weld away. */
  breakWeld(): void {
    this.#isWelded = false;
  }

  /** Whether an opening pulse gets the contact loose; a welded one by chance only. */
  letsGo(): boolean {
    if (this.#isWelded && this.#random.uniform() < this.#config.tearChance) this.#isWelded = false;
    return !this.#isWelded;
  }

  /** Parts now; an arc burns to the next current zero. */
  part(): { amp: number; arcJoule: number; zeros: Zeros } {
    const now = this.#clock.now();
    const zeros = this.#circuit.currentZeros(now);
    const amp = this.#circuit.currentAt(now);
    const movement = ++this.#movement;
    if (Math.abs(amp) <= this.#config.arcAmp || zeros === null) {
      this.#interrupt();
      return { amp, arcJoule: 0, zeros };
    }
    const arcJoule = this.#arc(now, zeros[1]);
    this.#state = 'arcing';
    this.#at(movement, Math.ceil(zeros[1]), () => this.#interrupt());
    return { amp, arcJoule, zeros };
  }

  /** Touches now and bounces; `settled` is called when it lies still. */
  touch(settled: (arcJoule: number, welded: boolean) => void): void {
    const now = this.#clock.now();
    const movement = ++this.#movement;
    const arcBefore = this.#arcJoule;
    this.#make();
    const count = this.#random.integer(...this.#config.bounces);
    const [shortest, longest] = this.#config.bounceMillis;
    const whole = 1000 * (shortest + (longest - shortest) * this.#random.uniform());
    // Each bounce is a gap in the second part of its share of the time.
    let end = now;
    for (let bounce = 0; bounce < count; bounce++) {
      const from = now + Math.round((whole * (bounce + 0.2 + 0.6 * this.#random.uniform())) / count);
      end = now + Math.round((whole * (bounce + 1)) / count);
      const until = end;
      this.#at(movement, from, () => this.#bounce(until));
      this.#at(movement, until, () => this.#make());
    }
    this.#at(movement, end, () => {
      const arcJoule = this.#arcJoule - arcBefore;
      settled(arcJoule, this.#maybeWeld(arcJoule));
    });
  }

  /** One draw for every closing, so that a world's chance does not hang on what flows. */
  #maybeWeld(arcJoule: number): boolean {
    const { weldAmp, weldChance, weldChancePerJoule } = this.#config;
    const drawn = this.#random.uniform();
    const chance = this.#peakAmp() > weldAmp ? weldChance : weldChancePerJoule * arcJoule;
    if (drawn < chance) this.#isWelded = true;
    return drawn < chance;
  }

  /** Largest current of the half cycle to come, A. */
  #peakAmp(): number {
    let peak = 0;
    const now = this.#clock.now();
    for (let after = 0; after <= INRUSH_MICROS; after += INRUSH_STEP_MICROS) {
      peak = Math.max(peak, Math.abs(this.#circuit.currentAt(now + after)));
    }
    return peak;
  }

  /** A gap too short to put an arc out: with enough current it burns through, otherwise the circuit opens for a moment. */
  #bounce(until: number): void {
    const now = this.#clock.now();
    if (Math.abs(this.#circuit.currentAt(now)) > this.#config.arcAmp) {
      this.#arc(now, until);
      this.#state = 'arcing';
    } else {
      this.#interrupt();
    }
  }

  /** Energy of an arc over a stretch of time: its voltage times the charge that passes, J. */
  #arc(from: number, to: number): number {
    const joule = this.#config.arcVolt * this.#circuit.absoluteCharge(from, to);
    this.#arcJoule += joule;
    return joule;
  }

  #make(): void {
    this.#state = 'closed';
    this.#touches++;
    if (!this.#circuit.conducts) this.#circuit.setConducts(true);
  }

  #interrupt(): void {
    this.#state = 'open';
    if (this.#circuit.conducts) this.#circuit.setConducts(false);
  }

  #at(movement: number, time: number, run: () => void): void {
    this.#clock.at(time, () => {
      if (movement === this.#movement) run();
    });
  }
}
