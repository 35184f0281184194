/**
 * The running trace of the scope: four cycles at a time, from a rising zero of the voltage on, as an oscilloscope triggers. Nothing
 * is sampled but what somebody asked for, and a sweep costs the same at any speed.
 */
import type { MeterWorld } from '../world/meter-world.ts';
import { milli } from './milli.ts';
import { type Columns, SAMPLE_MICROS } from './scope.ts';

/** Up to this speed a sweep is a picture of now; beyond, what it shows is long gone when it is seen. */
export const FASTEST_SWEEP = 100;

/** Columns of one length, `stepMicros` apart. */
export interface RunningTrace extends Omit<Columns, 'atMicros' | 'arc'> {
  readonly fromMicros: number;
  readonly stepMicros: number;
  /** How many samples the whole sweep has: a slow meter is seen drawing. */
  readonly length: number;
}

/** Four cycles at 50 Hz. */
const SWEEP_SAMPLES = Math.round(80_000 / SAMPLE_MICROS);
/** Without a wave it starts by itself after a cycle of 45 Hz. */
const LONGEST_WAIT_MICROS = 22_222;

export class Sweep {
  readonly #world: MeterWorld;
  #fromMicros: number | undefined;
  #volt: number[] = [];
  #amp: number[] = [];
  #coil: boolean[] = [];
  #contact: boolean[] = [];
  #isWanted = false;
  #isRunning = false;

  constructor(world: MeterWorld) {
    this.#world = world;
  }

  /** From now on one sweep is taken, unless one is in work. */
  begin(): void {
    this.#isWanted = true;
    if (this.#isRunning) return;
    this.#isRunning = true;
    this.#fromMicros = undefined;
    this.#volt = [];
    this.#amp = [];
    this.#coil = [];
    this.#contact = [];
    const world = this.#world;
    const begunAt = world.now();
    let before = Number.POSITIVE_INFINITY;
    const look = (): void => {
      const now = world.now();
      const volt = world.voltageVolt();
      const isTriggered = (before < 0 && volt >= 0) || now - begunAt > LONGEST_WAIT_MICROS;
      before = volt;
      if (this.#fromMicros === undefined && isTriggered) this.#fromMicros = now;
      if (this.#fromMicros !== undefined) this.#take(volt);
      this.#isRunning = this.#isWanted && this.#volt.length < SWEEP_SAMPLES;
      if (this.#isRunning) world.at(now + SAMPLE_MICROS, look);
    };
    world.at(begunAt, look);
  }

  /** Nobody looks any more. */
  end(): void {
    this.#isWanted = false;
  }

  /** What the sweep in work, or the last one, has so far; undefined before its first sample. */
  get trace(): RunningTrace | undefined {
    if (this.#fromMicros === undefined) return undefined;
    return {
      fromMicros: this.#fromMicros,
      stepMicros: SAMPLE_MICROS,
      length: SWEEP_SAMPLES,
      volt: this.#volt,
      amp: this.#amp,
      coil: this.#coil,
      contact: this.#contact,
    };
  }

  get isRunning(): boolean {
    return this.#isRunning;
  }

  #take(volt: number): void {
    const { relay } = this.#world;
    this.#volt.push(milli(volt));
    this.#amp.push(milli(this.#world.currentAmp()));
    this.#coil.push(relay.isMoving);
    this.#contact.push(relay.contact === 'closed');
  }
}
