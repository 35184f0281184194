/**
 * Drives simulated time by the wall clock: every 20 ms the meter is run to wall time × speed. A machine that slept catches up
 * at most one second a step, so that a laptop opened in the morning shows a live meter at once; a speed beyond the machine's
 * falls behind instead of freezing the panel.
 */
import type { Speed } from './host.ts';

export interface Driven {
  /** Runs simulated time forward, µs. */
  advance(micros: number): void;
}

const STEP_MILLIS = 20;
const LONGEST_CATCH_UP_MILLIS = 1_000;
/** Wall time that one step may compute before the event loop has its turn. */
const BUDGET_MILLIS = 15;
/** Simulated time of one slice: short enough for the budget to be noticed. */
const SLICE_MICROS = 20_000;
/** At full speed a slice may be long: idle time costs per event. */
const FREE_SLICE_MICROS = 1_000_000;

export class LiveDriver {
  readonly #driven: Driven;
  #speed: Speed;
  readonly #failed: (error: unknown) => void;
  #timer: NodeJS.Timeout | undefined;
  #immediate: NodeJS.Immediate | undefined;
  #lastMillis = 0;
  #owed = 0;

  /** @param failed - called once when a step threw: a bug in the simulated meter. The driver has stopped then. */
  constructor(driven: Driven, speed: Speed, failed: (error: unknown) => void) {
    this.#driven = driven;
    this.#speed = speed;
    this.#failed = failed;
  }

  get speed(): Speed {
    return this.#speed;
  }

  get isPaused(): boolean {
    return this.#timer === undefined && this.#immediate === undefined;
  }

  /** From now on; a paused driver stays paused. */
  setSpeed(speed: Speed): void {
    const wasPaused = this.isPaused;
    this.stop();
    this.#speed = speed;
    this.#owed = 0;
    if (!wasPaused) this.start();
  }

  /** Starts, or goes on after {@link stop}. */
  start(): void {
    if (!this.isPaused) return;
    this.#lastMillis = performance.now();
    if (this.#speed === 'max') this.#runFreely();
    else this.#timer = setInterval(() => this.#guard(() => this.#step()), STEP_MILLIS);
  }

  stop(): void {
    clearInterval(this.#timer);
    if (this.#immediate !== undefined) clearImmediate(this.#immediate);
    this.#timer = undefined;
    this.#immediate = undefined;
  }

  #step(): void {
    if (this.#speed === 'max') return;
    const now = performance.now();
    const elapsed = Math.min(now - this.#lastMillis, LONGEST_CATCH_UP_MILLIS);
    this.#lastMillis = now;
    // At a hundredth of real time a step is 200 µs: what is less than a whole one is owed to the next.
    this.#owed += elapsed * 1_000 * this.#speed;
    let left = Math.floor(this.#owed);
    this.#owed -= left;
    const slice = Math.max(SLICE_MICROS, Math.ceil(left / 50));
    while (left > 0 && performance.now() - now < BUDGET_MILLIS) {
      const micros = Math.min(left, slice);
      this.#driven.advance(micros);
      left -= micros;
    }
  }

  #runFreely(): void {
    this.#immediate = setImmediate(() => {
      this.#guard(() => {
        const began = performance.now();
        while (performance.now() - began < BUDGET_MILLIS) this.#driven.advance(FREE_SLICE_MICROS);
        this.#runFreely();
      });
    });
  }

  #guard(work: () => void): void {
    try {
      work();
    } catch (error) {
      this.stop();
      this.#failed(error);
    }
  }
}
